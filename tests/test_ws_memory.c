/* SPDX-License-Identifier: MIT */
/*
 * What a reader costs: nothing while it is idle, never more than what has
 * come, and where memory is short a Close with 1011.
 */
#include "memory_harness.h"
#include "ws_harness.h"

static struct mouth mouth;
static struct ws_reader *reader;

static void begin(void)
{
	mouth = (struct mouth){.piece = 4096};
	WATCHED(reader = ws_reader_create(speak, &mouth, limit, text_only));
	MUST(reader != NULL);
	memory_fail(0);
}

/* What it holds beside itself. */
static size_t blocks_held(void)
{
	return memory_blocks - 1;
}

static void end(void)
{
	WATCHED(ws_reader_destroy(reader));
	ck_assert_uint_eq(memory_blocks, 0);
	ck_assert_uint_eq(memory_bytes, 0);
	ck_assert_uint_eq(parsers, 0);
}

/* What the wire says from here on is new. */
static void listen_for(const char *expected)
{
	WATCHED(listen_to(reader, &mouth));
	ck_assert_str_eq(transcript, expected);
}

/* ---- Idle ---- */

/* Caught: a buffer kept from one message to the next; bytes of a long head
 * that weren't counted, so that the parser stayed. */
START_TEST(an_idle_reader_holds_nothing)
{
	static const size_t lengths[] = {0, 1, 125, 126, 5000, 65535, 65536};
	static char text[65536];

	memset(text, 'x', sizeof(text));
	begin();
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		say_frame(TEXT, text, lengths[i]);
		WATCHED(listen_to(reader, &mouth));
		ck_assert_uint_eq(blocks_held() + parsers, 0);
		say(PING, "?");
		listen_for("ping(?)");
		ck_assert_uint_eq(blocks_held() + parsers, 0);
		say(WS_TEXT, "a");
		say(PING, "!");
		say(FIN | CONTINUATION, "b");
		listen_for("ping(!) text(ab)");
		ck_assert_uint_eq(blocks_held() + parsers, 0);
	}
	end();
}
END_TEST

START_TEST(between_fragments_it_holds_what_came)
{
	begin();
	say(WS_TEXT, "Hello");
	listen_for("");
	ck_assert_uint_eq(blocks_held(), 1);
	ck_assert_uint_eq(parsers, 0);
	say(FIN | CONTINUATION, "!");
	listen_for("text(Hello!)");
	ck_assert_uint_eq(blocks_held(), 0);
	end();
}
END_TEST

/* In whichever place of a frame the bytes end for a while, what was heard of
 * it must still be there.  Caught: a parser given back in mid-head. */
START_TEST(half_a_frame_survives_a_pause)
{
	size_t whole;

	say(TEXT, "Hello");
	say(WS_TEXT, "a");
	say(PING, "b");
	say(FIN | CONTINUATION, "c");
	whole = wire.len;
	for (size_t cut = 1; cut < whole; cut++) {
		char both[100];

		wire.len = cut;
		begin();
		WATCHED(listen_to(reader, &mouth));
		strcpy(both, transcript);
		listen_for(""); /* and again there is nothing */
		wire.len = whole;
		WATCHED(listen_to(reader, &mouth));
		if (*both && *transcript)
			strcat(both, " ");
		strcat(both, transcript);
		ck_assert_str_eq(both, "text(Hello) ping(b) text(ac)");
		ck_assert_uint_eq(parsers, 0);
		end();
	}
}
END_TEST

/* ---- Never more than what has come ---- */

START_TEST(a_length_that_is_only_said_takes_no_memory)
{
	limit = 1000 * MIB;
	begin();
	RAW(BINARY);
	say_length(1000 * MIB, 8, 0x80);
	RAW(1, 2, 3, 4, 'x', 'y', 'z');
	listen_for("");
	ck_assert_uint_le(memory_peak, 2048);
	end();
}
END_TEST

static void say_in_fragments(size_t fragments, size_t each)
{
	static const char payload[16] = "abcdefghijklmno";

	for (size_t i = 0; i < fragments; i++)
		say_frame((i ? CONTINUATION : WS_TEXT) |
				  (i == fragments - 1 ? FIN : 0),
			  payload, each);
}

static const struct {
	size_t fragments, each;
} many[] = {{65537, 0}, {65537, 1}, {65537, 15}, {1000000, 1}};

/* Each fragment is a few bytes on the wire and must not be a record here. */
START_TEST(a_message_in_many_fragments_costs_no_more_than_its_bytes)
{
	size_t len = many[_i].fragments * many[_i].each;
	struct ws_item item = {0};

	say_in_fragments(many[_i].fragments, many[_i].each);
	begin();
	for (;;) {
		enum ws_event e;

		WATCHED(e = ws_next(reader, &item));
		if (e == WS_MESSAGE)
			break;
		MUST(e == WS_AGAIN || e == WS_FRAME);
		if (e == WS_AGAIN)
			mouth.asked = 0;
	}
	ck_assert_uint_eq(item.len, len);
	for (size_t i = 0; i < len; i++)
		MUST(item.data[i] == 'a' + i % many[_i].each);
	/* While the buffer grows by half, the old one may be there too. */
	ck_assert_uint_le(memory_peak, 3 * len + 4096);
	listen_for("");
	ck_assert_uint_eq(blocks_held(), 0);
	end();
}
END_TEST

/* ---- No memory ---- */

START_TEST(no_memory_for_a_reader_is_null)
{
	memory_fail(1);
	WATCHED(reader = ws_reader_create(speak, &mouth, 1, false));
	ck_assert_ptr_null(reader);
	ws_reader_destroy(NULL);
	ck_assert_uint_eq(memory_blocks, 0);
}
END_TEST

START_TEST(no_memory_is_1011_wherever_it_runs_out)
{
	char text[3000];
	size_t nth = 1, failures = 0;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	say(TEXT, "Hello");
	say(PING, "");
	say(WS_TEXT, text);
	say(PING, "!");
	say(FIN | CONTINUATION, text);
	for (bool failed = true; failed; nth++) {
		begin();
		mouth.piece = 100;
		memory_fail(nth);
		WATCHED(listen_to(reader, &mouth));
		failed = memory_failed();
		memory_fail(0);
		failures += failed;
		if (failed)
			ck_assert_ptr_nonnull(
				strstr(transcript, "failed 1011"));
		else
			ck_assert_ptr_null(strstr(transcript, "failed"));
		end();
	}
	ck_assert_uint_gt(failures, 5);
}
END_TEST

/* ---- Taking a message over ---- */

static void next_message(struct ws_item *item)
{
	enum ws_event e;

	do {
		mouth.asked = 0;
		WATCHED(e = ws_next(reader, item));
	} while (e == WS_AGAIN);
	ck_assert_int_eq(e, WS_MESSAGE);
}

static unsigned char *taken_over(void)
{
	unsigned char *taken;

	WATCHED(taken = ws_take(reader));
	return taken;
}

static void give_back(void *taken)
{
	WATCHED(free(taken));
}

START_TEST(a_message_that_was_taken_is_the_callers)
{
	struct ws_item item;
	unsigned char *first, *second;

	say(TEXT, "first");
	say(TEXT, "second");
	say(TEXT, "third");
	begin();
	next_message(&item);
	first = taken_over();
	next_message(&item);
	second = taken_over();
	listen_for("text(third)");
	ck_assert_mem_eq(first, "first", 5);
	ck_assert_mem_eq(second, "second", 6);
	/* The room to grow was given back. */
	ck_assert_uint_le(malloc_usable_size(first), 64);
	ck_assert_uint_eq(blocks_held(), 2);
	give_back(first);
	give_back(second);
	end();
}
END_TEST

START_TEST(an_empty_message_can_be_taken)
{
	struct ws_item item;

	say(TEXT, "");
	say(TEXT, "next");
	begin();
	next_message(&item);
	ck_assert_uint_eq(item.len, 0);
	ck_assert_ptr_nonnull(item.data); /* memchr() wants one, too */
	give_back(taken_over());
	listen_for("text(next)");
	end();
}
END_TEST

START_TEST(a_message_is_taken_as_it_is_where_it_cannot_shrink)
{
	struct ws_item item;
	unsigned char *taken;

	say(TEXT, "Hello");
	begin();
	next_message(&item);
	memory_fail(1);
	taken = taken_over();
	ck_assert(memory_failed());
	ck_assert_mem_eq(taken, "Hello", 5);
	give_back(taken);
	memory_fail(0);
	listen_for("");
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ws_memory");
	TCase *t = tcase_create("ws_memory");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, nothing_said, NULL);
	tcase_add_test(t, an_idle_reader_holds_nothing);
	tcase_add_test(t, between_fragments_it_holds_what_came);
	tcase_add_test(t, half_a_frame_survives_a_pause);
	tcase_add_test(t, a_length_that_is_only_said_takes_no_memory);
	tcase_add_loop_test(
		t, a_message_in_many_fragments_costs_no_more_than_its_bytes, 0,
		(int)COUNT_OF(many));
	tcase_add_test(t, no_memory_for_a_reader_is_null);
	tcase_add_test(t, no_memory_is_1011_wherever_it_runs_out);
	tcase_add_test(t, a_message_that_was_taken_is_the_callers);
	tcase_add_test(t, an_empty_message_can_be_taken);
	tcase_add_test(t, a_message_is_taken_as_it_is_where_it_cannot_shrink);
	suite_add_tcase(s, t);
	return run_all(s);
}
