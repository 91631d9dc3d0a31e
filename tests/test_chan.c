/* SPDX-License-Identifier: MIT */
/*
 * Channels as one thread sees them: life, order, closing, deadlines, NULL.
 * test_chan_wait.c has two threads and more.
 */
#include "chan_harness.h"

/* ---- Memory, watched and withheld ---- */

static unsigned allocations;
static bool no_memory;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return no_memory ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return no_memory ? NULL : __real_calloc(n, size);
}

/* ---- Life ---- */

START_TEST(a_new_channel_is_open_and_empty)
{
	for (size_t capacity = 0; capacity < 20; capacity++) {
		struct chan *c = int_chan(capacity);

		ck_assert_uint_eq(chan_len(c), 0);
		ck_assert_uint_eq(chan_cap(c), capacity);
		ck_assert(nothing_in(c));
		chan_destroy(c);
	}
}
END_TEST

START_TEST(create_refuses_sizes_that_overflow)
{
	static const size_t sizes[][2] = {
		{1, SIZE_MAX},
		{SIZE_MAX, 1},
		{SIZE_MAX, SIZE_MAX},
		{2, SIZE_MAX / 2 + 1},
		{SIZE_MAX / 2 + 1, 2},
		{16, SIZE_MAX / 16 + 1},
		{1, SIZE_MAX - sizeof(struct chan) + 1},
		{3, SIZE_MAX / 3},
	};

	allocations = 0;
	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		MUST(chan_create(sizes[i][0], sizes[i][1]) == NULL);
	/* It was libchan that refused, it didn't leave it to malloc. */
	MUST(allocations == 0);
}
END_TEST

START_TEST(create_returns_null_where_there_is_no_memory)
{
	struct chan *c;

	no_memory = true;
	c = chan_create(sizeof(int), 4);
	no_memory = false;
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(destroy_forgets_what_the_channel_holds)
{
	struct chan *c = int_chan(3);

	put(c, 1);
	put(c, 2);
	chan_destroy(c);
	chan_destroy(NULL);
}
END_TEST

START_TEST(len_counts_what_is_buffered_and_cap_stays)
{
	struct chan *c = int_chan(5);

	for (int i = 0; i < 5; i++) {
		ck_assert_uint_eq(chan_len(c), (size_t)i);
		put(c, i);
	}
	ck_assert_uint_eq(chan_len(c), 5);
	ck_assert_int_eq(take(c), 0);
	ck_assert_uint_eq(chan_len(c), 4);
	ck_assert_uint_eq(chan_cap(c), 5);
	chan_close(c);
	ck_assert_uint_eq(chan_len(c), 4);
	ck_assert_uint_eq(chan_cap(c), 5);
	chan_destroy(c);
	ck_assert_uint_eq(chan_len(NULL), 0);
	ck_assert_uint_eq(chan_cap(NULL), 0);
}
END_TEST

/* ---- Values ---- */

/* Caught: a ring that wraps one place too late (FIFO broken). */
START_TEST(values_come_out_in_the_order_they_went_in)
{
	for (size_t capacity = 1; capacity < 12; capacity++) {
		struct chan *c = int_chan(capacity);
		int in = 0, out = 0;

		/* Fills by ever other amounts, so that each place of the ring
		 * is the first once. */
		for (int round = 0; round < 100; round++) {
			int n = round % (int)capacity + 1;

			for (int i = 0; i < n; i++)
				put(c, in++);
			for (int i = 0; i < n; i++)
				MUST(take(c) == out++);
		}
		chan_destroy(c);
	}
}
END_TEST

START_TEST(values_of_any_size_arrive_unharmed)
{
	static const size_t sizes[] = {1, 2, 3, 4, 7, 8, 9, 16, 31, 64, 4099};
	size_t size = sizes[_i], capacity = 3;
	unsigned char in[4099], out[4099 + 1];
	struct chan *c = chan_create(size, capacity);

	ck_assert_ptr_nonnull(c);
	for (int round = 0; round < 10; round++) {
		for (size_t k = 0; k < capacity; k++) {
			memset(in, round * 16 + (int)k, size);
			in[size - 1] = 0xee;
			ck_assert_int_eq(
				chan_send_sized(c, in, size, CHAN_FOREVER),
				CHAN_OK);
		}
		for (size_t k = 0; k < capacity; k++) {
			memset(in, round * 16 + (int)k, size);
			in[size - 1] = 0xee;
			memset(out, 0x55, sizeof(out));
			ck_assert_int_eq(
				chan_recv_sized(c, out, size, CHAN_FOREVER),
				CHAN_OK);
			ck_assert_mem_eq(in, out, size);
			ck_assert_uint_eq(out[size], 0x55);
		}
	}
	chan_destroy(c);
}
END_TEST

START_TEST(a_channel_can_go_through_a_channel)
{
	struct chan *inner = int_chan(1), *got;
	struct chan *outer = chan_create(sizeof(struct chan *), 1);

	ck_assert_int_eq(chan_send(outer, &inner), CHAN_OK);
	ck_assert_int_eq(chan_recv(outer, &got), CHAN_OK);
	put(got, 2);
	ck_assert_int_eq(take(inner), 2);
	chan_destroy(inner);
	chan_destroy(outer);
}
END_TEST

START_TEST(signals_are_counted_without_memory)
{
	struct chan *c = chan_create(0, 3);
	struct chan *endless = chan_create(0, SIZE_MAX);

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(chan_send_unit(c, CHAN_NOW), CHAN_OK);
	ck_assert_int_eq(chan_send_unit(c, CHAN_NOW), CHAN_TIMEDOUT);
	ck_assert_uint_eq(chan_len(c), 3);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(chan_recv_unit(c, CHAN_NOW), CHAN_OK);
	ck_assert_int_eq(chan_recv_unit(c, CHAN_NOW), CHAN_TIMEDOUT);
	chan_close(c);
	ck_assert_int_eq(chan_send_unit(c, CHAN_NOW), CHAN_CLOSED);
	ck_assert_int_eq(chan_recv_unit(c, CHAN_NOW), CHAN_CLOSED);
	chan_destroy(c);

	ck_assert_ptr_nonnull(endless);
	ck_assert_uint_eq(chan_cap(endless), SIZE_MAX);
	for (int i = 0; i < 1000; i++)
		MUST(chan_send_unit(endless, CHAN_NOW) == CHAN_OK);
	ck_assert_uint_eq(chan_len(endless), 1000);
	chan_destroy(endless);
}
END_TEST

START_TEST(a_full_channel_refuses_and_an_empty_one_has_nothing)
{
	for (size_t capacity = 0; capacity < 4; capacity++) {
		struct chan *c = int_chan(capacity);
		int v = 77;

		ck_assert_int_eq(try_take(c, &v), CHAN_TIMEDOUT);
		for (size_t i = 0; i < capacity; i++)
			ck_assert_int_eq(try_put(c, (int)i), CHAN_OK);
		ck_assert_int_eq(try_put(c, 99), CHAN_TIMEDOUT);
		ck_assert_int_eq(v, 77); /* left alone */
		for (size_t i = 0; i < capacity; i++)
			ck_assert_int_eq(take(c), (int)i);
		ck_assert_int_eq(try_take(c, &v), CHAN_TIMEDOUT);
		ck_assert_int_eq(v, 77);
		chan_destroy(c);
	}
}
END_TEST

/* ---- Close ---- */

START_TEST(a_closed_channel_gives_what_it_holds_and_then_zero)
{
	for (size_t capacity = 0; capacity < 5; capacity++) {
		struct chan *c = int_chan(capacity);
		int v;

		for (size_t i = 0; i < capacity; i++)
			put(c, (int)i + 1);
		chan_close(c);
		for (size_t i = 0; i < capacity; i++)
			ck_assert_int_eq(take(c), (int)i + 1);
		for (int i = 0; i < 3; i++) { /* and it stays so */
			v = 77;
			ck_assert_int_eq(chan_recv(c, &v), CHAN_CLOSED);
			ck_assert_int_eq(v, 0);
			v = 77;
			ck_assert_int_eq(try_take(c, &v), CHAN_CLOSED);
			ck_assert_int_eq(v, 0);
		}
		chan_destroy(c);
	}
}
END_TEST

/* In Go this panics. */
START_TEST(a_send_on_a_closed_channel_says_so)
{
	for (size_t capacity = 0; capacity < 3; capacity++) {
		struct chan *c = int_chan(capacity);
		int v = 5;

		chan_close(c);
		ck_assert_int_eq(chan_send(c, &v), CHAN_CLOSED);
		ck_assert_int_eq(try_put(c, 5), CHAN_CLOSED);
		ck_assert_uint_eq(chan_len(c), 0);
		ck_assert_int_eq(v, 5);
		chan_destroy(c);
	}
}
END_TEST

/* ---- Deadlines ---- */

/* Caught: the clock being looked at before the channel. */
START_TEST(what_is_ready_wins_over_a_deadline_that_has_passed)
{
	static const int64_t passed[] = {CHAN_NOW, 1, -1, INT64_MIN};
	int64_t t = passed[_i];
	struct chan *c = int_chan(1);
	int v = 4, got = 0;

	ck_assert_int_eq(chan_send_until(c, &v, t), CHAN_OK);
	ck_assert_int_eq(chan_send_until(c, &v, t), CHAN_TIMEDOUT);
	ck_assert_int_eq(chan_recv_until(c, &got, t), CHAN_OK);
	ck_assert_int_eq(got, 4);
	ck_assert_int_eq(chan_recv_until(c, &got, t), CHAN_TIMEDOUT);
	chan_close(c);
	ck_assert_int_eq(chan_send_until(c, &v, t), CHAN_CLOSED);
	ck_assert_int_eq(chan_recv_until(c, &got, t), CHAN_CLOSED);
	chan_destroy(c);
}
END_TEST

START_TEST(deadlines_are_kept_and_never_early)
{
	struct chan *c = int_chan(1), *nil = NULL;
	int v = 1;
	size_t n;

	for (int i = 0; i < 6; i++) {
		int64_t t = chan_deadline(3 * NS_PER_MS);
		enum chan_status status =
			i == 0   ? chan_recv_until(c, &v, t)
			: i == 1 ? chan_recv_some(c, &v, 1, &n, t)
			: i == 2 ? chan_recv_until(nil, &v, t)
			: i == 3 ? (put(c, 1), chan_send_until(c, &v, t))
			: i == 4 ? chan_send_some(c, &v, 1, &n, t)
				 : chan_send_until(nil, &v, t);

		ck_assert_int_eq(status, CHAN_TIMEDOUT);
		ck_assert_int_ge(chan__now(), t);
		ck_assert_int_lt(chan__now(), t + 10000 * NS_PER_MS);
	}
	ck_assert_int_eq(v, 1);
	chan_destroy(c);
}
END_TEST

START_TEST(deadlines_saturate)
{
	int64_t before = chan__now(), t = chan_deadline(1000);

	ck_assert_int_ge(t, before + 1000);
	ck_assert_int_le(t, chan__now() + 1000);
	ck_assert_int_eq(chan_deadline(INT64_MAX), CHAN_FOREVER);
	ck_assert_int_eq(chan_deadline(INT64_MAX - 1), CHAN_FOREVER);
	ck_assert_int_eq(chan_deadline(INT64_MIN), CHAN_NOW);
	ck_assert_int_eq(chan_deadline(-chan__now() - NS_PER_MS), CHAN_NOW);
	ck_assert_int_gt(chan_deadline(-1), CHAN_NOW);
	/* One that is nearly for ever is one that the system can be asked
	 * for; here, something is ready. */
	t = chan_deadline(INT64_MAX - chan__now() - 60000 * NS_PER_MS);
	ck_assert_int_lt(t, CHAN_FOREVER);
}
END_TEST

/* ---- NULL ---- */

START_TEST(nothing_goes_through_a_null_channel)
{
	struct chan *c = NULL;
	int v = 7;
	size_t n = 9;

	ck_assert_int_eq(chan_send_until(c, &v, CHAN_NOW), CHAN_TIMEDOUT);
	ck_assert_int_eq(chan_recv_until(c, &v, CHAN_NOW), CHAN_TIMEDOUT);
	ck_assert_int_eq(chan_send_unit(c, CHAN_NOW), CHAN_TIMEDOUT);
	ck_assert_int_eq(chan_recv_unit(c, CHAN_NOW), CHAN_TIMEDOUT);
	ck_assert_int_eq(chan_send_some(c, &v, 1, &n, CHAN_NOW), CHAN_TIMEDOUT);
	ck_assert_uint_eq(n, 0);
	n = 9;
	ck_assert_int_eq(chan_recv_some(c, &v, 1, &n, CHAN_NOW), CHAN_TIMEDOUT);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(v, 7);
	chan_set_name(c, "nobody's");
}
END_TEST

static Suite *chan_suite(void)
{
	Suite *s = suite_create("chan");
	TCase *t = tcase_create("chan");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_new_channel_is_open_and_empty);
	tcase_add_test(t, create_refuses_sizes_that_overflow);
	tcase_add_test(t, create_returns_null_where_there_is_no_memory);
	tcase_add_test(t, destroy_forgets_what_the_channel_holds);
	tcase_add_test(t, len_counts_what_is_buffered_and_cap_stays);
	tcase_add_test(t, values_come_out_in_the_order_they_went_in);
	tcase_add_loop_test(t, values_of_any_size_arrive_unharmed, 0, 11);
	tcase_add_test(t, a_channel_can_go_through_a_channel);
	tcase_add_test(t, signals_are_counted_without_memory);
	tcase_add_test(t, a_full_channel_refuses_and_an_empty_one_has_nothing);
	tcase_add_test(t, a_closed_channel_gives_what_it_holds_and_then_zero);
	tcase_add_test(t, a_send_on_a_closed_channel_says_so);
	tcase_add_loop_test(
		t, what_is_ready_wins_over_a_deadline_that_has_passed, 0, 4);
	tcase_add_test(t, deadlines_are_kept_and_never_early);
	tcase_add_test(t, deadlines_saturate);
	tcase_add_test(t, nothing_goes_through_a_null_channel);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(chan_suite());
}
