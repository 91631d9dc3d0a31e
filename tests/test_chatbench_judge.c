/* SPDX-License-Identifier: MIT */
/*
 * What chatbench judges by: times, messages, and what each client has heard.
 *
 * Planted, and caught here: a slot that begins one too late
 * (a_time_is_found_again_to_three_digits), `>` for `>=` at a percentile
 * (percentiles_are_those_of_the_sorted_times), a gap that is not split
 * (what_was_skipped_may_come_in_any_order), a repeat taken for one that is
 * late (a_repeat_is_no_news), a sum that doesn't cover the number and filler
 * that isn't compared (a_changed_byte_is_seen_wherever_it_is).
 */
#include "chatbench_hist.h"
#include "chatbench_ledger.h"
#include "chatbench_script.h"
#include "harness.h"

#include <math.h>

/* ---- Times ---- */

static struct hist hist;

START_TEST(a_time_is_found_again_to_three_digits)
{
	int64_t top = INT64_C(1) << HIST_TOP_BITS;
	unsigned before = 0;

	for (int64_t ns = 1; ns < top; ns += 1 + ns / 3001) {
		unsigned slot = hist_slot(ns);
		int64_t highest = hist_highest(slot);

		ck_assert_uint_lt(slot, HIST_SLOTS);
		ck_assert_int_ge(slot, before);
		ck_assert_int_ge(highest, ns);
		ck_assert_int_lt(highest - ns, 256 + ns / 1000);
		ck_assert_uint_eq(hist_slot(highest), slot);
		ck_assert_uint_eq(hist_slot(highest + 1),
				  highest + 1 < top ? slot + 1 : slot);
		before = slot;
	}
	ck_assert_uint_eq(hist_slot(0), 0);
	ck_assert_uint_eq(hist_slot(-5), 0);
	ck_assert_uint_eq(hist_slot(top - 1), HIST_SLOTS - 1);
	ck_assert_uint_eq(hist_slot(INT64_MAX), HIST_SLOTS - 1);
}
END_TEST

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

START_TEST(percentiles_are_those_of_the_sorted_times)
{
	static const double percents[] = {0, 1, 50, 90, 99, 99.9, 100};
	static int64_t times[10000];
	uint64_t random = 7;

	hist = (struct hist){0};
	for (size_t i = 0; i < COUNT_OF(times); i++) {
		/* From microseconds to seconds, all sizes as likely. */
		times[i] = (int64_t)(1000 * pow(10, next_random(&random) %
							    6000 / 1000.0));
		hist_record(&hist, times[i]);
	}
	qsort(times, COUNT_OF(times), sizeof(*times), by_size);
	for (size_t i = 0; i < COUNT_OF(percents); i++) {
		size_t rank = (size_t)ceil(percents[i] * COUNT_OF(times) / 100);
		int64_t exact = times[rank ? rank - 1 : 0];
		int64_t found = hist_percentile(&hist, percents[i]);

		ck_assert_int_ge(found, exact);
		ck_assert_int_le(found, exact + 256 + exact / 1000);
	}
	ck_assert_int_eq(hist.max, times[COUNT_OF(times) - 1]);
	ck_assert_int_eq(hist_percentile(&hist, 100), hist.max);
	ck_assert_uint_eq(hist.total, COUNT_OF(times));
}
END_TEST

START_TEST(a_percentile_falls_between_two_times_as_it_should)
{
	hist = (struct hist){0};
	ck_assert_int_eq(hist_percentile(&hist, 50), 0);
	for (int i = 1; i <= 4; i++)
		hist_record(&hist, i * INT64_C(1048576)); /* slots begin here */
	ck_assert_int_lt(hist_percentile(&hist, 50), 2200000);
	ck_assert_int_gt(hist_percentile(&hist, 51), 3000000);
	ck_assert_int_eq(hist_percentile(&hist, 76), 4194304);
}
END_TEST

/* ---- The ledger ---- */

static uint32_t next[3];
static struct ledger ledger;

static void setup(void)
{
	memset(next, 0, sizeof(next));
	ledger = (struct ledger){.next = next};
}

static void teardown(void)
{
	ledger_fini(&ledger);
}

/* Sender 1 is heard; n, s, l, r: next, skips, late, repeat. */
static void hear(uint32_t seq, char expected)
{
	ck_assert_int_eq("nslr"[ledger_enter(&ledger, 1, seq)], expected);
}

START_TEST(numbers_in_a_row_are_as_they_should_be)
{
	hear(0, 'n');
	hear(1, 'n');
	ck_assert_int_eq(ledger_enter(&ledger, 2, 0), LEDGER_NEXT);
	hear(2, 'n');
	ck_assert_uint_eq(ledger.heard, 4);
	ck_assert_uint_eq(next[1], 3);
	ck_assert_uint_eq(next[2], 1);
	ck_assert_uint_eq(ledger_missing(&ledger), 0);
}
END_TEST

START_TEST(what_was_skipped_is_missing_till_it_comes)
{
	hear(3, 's');
	ck_assert_uint_eq(ledger_missing(&ledger), 3);
	hear(1, 'l');
	ck_assert_uint_eq(ledger_missing(&ledger), 2);
	hear(4, 'n');
	ck_assert_uint_eq(next[1], 5);
	/* Another sender's are not these. */
	ck_assert_int_eq(ledger_enter(&ledger, 2, 0), LEDGER_NEXT);
	ck_assert_int_eq(ledger_enter(&ledger, 0, 2), LEDGER_SKIPS);
	ck_assert_uint_eq(ledger_missing(&ledger), 4);
}
END_TEST

START_TEST(a_repeat_is_no_news)
{
	hear(0, 'n');
	hear(0, 'r');
	hear(5, 's');
	hear(5, 'r');
	hear(2, 'l');
	hear(2, 'r');
	ck_assert_uint_eq(ledger.heard, 3);
	ck_assert_uint_eq(next[1], 6);
	ck_assert_uint_eq(ledger_missing(&ledger), 3);
}
END_TEST

START_TEST(what_was_skipped_may_come_in_any_order)
{
	enum { N = 500 };
	uint32_t order[N];
	uint64_t random = 3;

	for (uint32_t i = 0; i < N; i++)
		order[i] = i;
	for (uint32_t i = N - 1; i > 0; i--) {
		uint32_t j = next_random(&random) % (i + 1), x = order[i];

		order[i] = order[j];
		order[j] = x;
	}
	for (uint32_t i = 0; i < N; i++)
		ck_assert_int_ne(ledger_enter(&ledger, 1, order[i]),
				 LEDGER_REPEAT);
	ck_assert_uint_eq(ledger_missing(&ledger), 0);
	ck_assert_uint_eq(ledger.heard, N);
	ck_assert_uint_eq(next[1], N);
	for (uint32_t i = 0; i < N; i++)
		hear(i, 'r');
}
END_TEST

START_TEST(two_orders_differ)
{
	uint32_t other_next[3] = {0};
	struct ledger other = {.next = other_next};

	ledger_next(&ledger, 0, 0);
	ledger_next(&ledger, 1, 0);
	ledger_next(&other, 1, 0);
	ledger_next(&other, 0, 0);
	ck_assert_uint_ne(ledger.order, other.order);
}
END_TEST

/* ---- Messages ---- */

static struct script script;

#define BEGUN INT64_C(5000000000)

static void begin(size_t size)
{
	ck_assert_int_eq(script_init(&script, size, 3, 8, 0x123456, BEGUN), 0);
}

START_TEST(a_message_says_whose_it_is)
{
	static const size_t sizes[] = {SCRIPT_HEAD, 64, 512, SCRIPT_LONGEST};
	struct script_line line;
	const char *text;

	begin(sizes[_i]);
	(void)script_say(&script, 2, BEGUN);
	text = script_say(&script, 2, BEGUN + 123456789);
	ck_assert_uint_eq(script_sender(text), 2);
	ck_assert_ptr_nonnull(script_match(&script, 2, 1, text));
	ck_assert_ptr_null(script_match(&script, 2, 0, text));
	ck_assert_ptr_null(script_match(&script, 1, 1, text));
	ck_assert_ptr_null(script_match(&script, 2, 2, text));
	ck_assert_int_eq(script_read(&script, text, sizes[_i], &line),
			 SCRIPT_INTACT);
	ck_assert_uint_eq(line.sender, 2);
	ck_assert_uint_eq(line.seq, 1);
	ck_assert_int_eq(line.at, BEGUN + 123456789);
	script_fini(&script);
}
END_TEST

START_TEST(a_message_that_is_no_longer_kept_is_read_all_the_same)
{
	struct script_line line;
	char old[64];

	begin(sizeof(old));
	memcpy(old, script_say(&script, 0, BEGUN + 42), sizeof(old));
	for (unsigned i = 0; i < 3 * SCRIPT_KEPT; i++)
		(void)script_say(&script, 0, BEGUN + 43);
	ck_assert_ptr_null(script_match(&script, 0, 0, old));
	ck_assert_int_eq(script_read(&script, old, sizeof(old), &line),
			 SCRIPT_INTACT);
	ck_assert_uint_eq(line.seq, 0);
	ck_assert_int_eq(line.at, BEGUN + 42);
	script_fini(&script);
}
END_TEST

START_TEST(a_changed_byte_is_seen_wherever_it_is)
{
	struct script_line line;
	char text[100];

	begin(sizeof(text));
	for (unsigned i = 0; i < 40; i++)
		memcpy(text, script_say(&script, 1, BEGUN + i), sizeof(text));
	for (size_t i = 0; i < sizeof(text); i++) {
		for (int bit = 1; bit < 256; bit *= 2) {
			text[i] = (char)(text[i] ^ bit);
			ck_assert_int_ne(
				script_read(&script, text, sizeof(text), &line),
				SCRIPT_INTACT);
			ck_assert_ptr_null(script_match(&script, 1, 39, text));
			text[i] = (char)(text[i] ^ bit);
		}
	}
	/* Behind the head one knows still whose it is. */
	text[50]++;
	ck_assert_int_eq(script_read(&script, text, sizeof(text), &line),
			 SCRIPT_DAMAGED);
	ck_assert_uint_eq(line.seq, 39);
	text[50]--;
	for (size_t len = 0; len < sizeof(text); len++)
		ck_assert_int_eq(script_read(&script, text, len, &line),
				 len < 8             ? SCRIPT_FOREIGN
				 : len < SCRIPT_HEAD ? SCRIPT_GARBLED
						     : SCRIPT_DAMAGED);
	script_fini(&script);
}
END_TEST

START_TEST(what_others_say_is_foreign)
{
	struct script_line line;
	struct script other;
	const char *text;
	char longer[65];

	begin(64);
	ck_assert_int_eq(script_init(&other, 64, 3, 8, 0x123457, BEGUN), 0);
	text = script_say(&other, 0, BEGUN);
	ck_assert_int_eq(script_read(&script, text, 64, &line), SCRIPT_FOREIGN);
	ck_assert_int_eq(script_read(&script, "hello", 5, &line),
			 SCRIPT_FOREIGN);
	/* Said by nobody yet. */
	(void)script_say(&script, 0, BEGUN);
	(void)script_say(&other, 0, BEGUN);
	script_fini(&other);
	/* The hello belongs to the run, and is no sender's. */
	ck_assert_int_eq(script_read(&script, script.hello, 64, &line),
			 SCRIPT_HELLO);
	ck_assert_uint_ge(script_sender(script.hello), SCRIPT_SENDERS);
	memcpy(longer, script.hello, 64);
	longer[64] = 'z';
	ck_assert_int_eq(script_read(&script, longer, 65, &line),
			 SCRIPT_GARBLED);
	script_fini(&script);
}
END_TEST

START_TEST(no_two_messages_are_alike)
{
	enum { N = 300 };
	static char texts[3 * N][80];

	begin(80);
	for (unsigned i = 0; i < COUNT_OF(texts); i++)
		memcpy(texts[i], script_say(&script, i % 3, BEGUN), 80);
	for (unsigned i = 0; i < COUNT_OF(texts); i++) {
		ck_assert_ptr_null(memchr(texts[i], '\n', 80));
		for (unsigned j = 0; j < i; j++)
			ck_assert_int_ne(memcmp(texts[i], texts[j], 80), 0);
	}
	script_fini(&script);
}
END_TEST

static Suite *chatbench_judge_suite(void)
{
	Suite *s = suite_create("chatbench_judge");
	TCase *t = tcase_create("chatbench_judge");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, a_time_is_found_again_to_three_digits);
	tcase_add_test(t, percentiles_are_those_of_the_sorted_times);
	tcase_add_test(t, a_percentile_falls_between_two_times_as_it_should);
	tcase_add_test(t, numbers_in_a_row_are_as_they_should_be);
	tcase_add_test(t, what_was_skipped_is_missing_till_it_comes);
	tcase_add_test(t, a_repeat_is_no_news);
	tcase_add_test(t, what_was_skipped_may_come_in_any_order);
	tcase_add_test(t, two_orders_differ);
	tcase_add_loop_test(t, a_message_says_whose_it_is, 0, 4);
	tcase_add_test(t,
		       a_message_that_is_no_longer_kept_is_read_all_the_same);
	tcase_add_test(t, a_changed_byte_is_seen_wherever_it_is);
	tcase_add_test(t, what_others_say_is_foreign);
	tcase_add_test(t, no_two_messages_are_alike);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_all(chatbench_judge_suite());
}
