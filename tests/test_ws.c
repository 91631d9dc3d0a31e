/* SPDX-License-Identifier: MIT */
/*
 * What a reader takes, in whatever pieces it comes, and frames of our own.
 * test_ws_broken.c has what it refuses, test_ws_memory.c what it costs.
 */
#include "ws_harness.h"

/* A payload of any length, different in all places. */
static const void *pattern(size_t len)
{
	static char *bytes;

	bytes = realloc(bytes, len + 1);
	MUST(bytes != NULL);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)('!' + i % 89);
	bytes[len] = '\0';
	return bytes;
}

/* ---- Messages ---- */

START_TEST(the_samples_of_the_rfc_are_understood)
{
	RAW(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58);
	RAW(0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58);
	means("text(Hello) pong(Hello)");
}
END_TEST

START_TEST(a_frame_of_every_form_of_length_arrives_whole)
{
	static const size_t lengths[] = {
		0,   1,    2,    124,  125,   126,   127,   128,   255,
		256, 4095, 4096, 4097, 65534, 65535, 65536, 65537, 200000};
	size_t len = lengths[_i];
	char expected[64];

	say_frame(_i % 2 ? TEXT : BINARY, pattern(len), len);
	say(TEXT, "next");
	*transcript = '\0';
	note(_i % 2 ? "text(" : "binary(");
	note_payload(pattern(len), len);
	note(") text(next)");
	(void)snprintf(expected, sizeof(expected), "%s", transcript);
	means(expected);
}
END_TEST

START_TEST(text_of_every_width_of_character_is_taken)
{
	say(TEXT, "\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf");
	say(TEXT,
	    "\xee\x80\x80 \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf");
	means("text(\\x7f \\xc2\\x80 \\xdf\\xbf \\xe0\\xa0\\x80 "
	      "\\xed\\x9f\\xbf) "
	      "text(\\xee\\x80\\x80 \\xef\\xbf\\xbf \\xf0\\x90\\x80\\x80 "
	      "\\xf4\\x8f\\xbf\\xbf)");
}
END_TEST

START_TEST(a_nul_is_a_character_as_any_other)
{
	say_frame(TEXT, "a\0b", 3);
	means("text(a\\x00b)");
}
END_TEST

START_TEST(binary_is_any_bytes)
{
	say(BINARY, "\xff\xfe\x80\xc0");
	means("binary(\\xff\\xfe\\x80\\xc0)");
}
END_TEST

START_TEST(fragments_are_joined_to_one_message)
{
	say(WS_TEXT, "He");
	say(CONTINUATION, "l");
	say(CONTINUATION, "");
	say(FIN | CONTINUATION, "lo");
	say(WS_BINARY, "");
	say(FIN | CONTINUATION, "");
	say(TEXT, "!");
	means("text(Hello) binary() text(!)");
}
END_TEST

/* Caught: a check that began anew with each fragment. */
START_TEST(a_character_may_be_cut_by_fragments)
{
	say(WS_TEXT, "\xf0");
	say(CONTINUATION, "\x9f\x98");
	say(CONTINUATION, "");
	say(FIN | CONTINUATION, "\x80.");
	means("text(\\xf0\\x9f\\x98\\x80.)");
}
END_TEST

START_TEST(control_frames_may_stand_between_fragments)
{
	say(WS_TEXT, "a");
	say(PING, "1");
	say(CONTINUATION, "b");
	say(PONG, "2");
	say(PING, "");
	say(FIN | CONTINUATION, "c");
	means("ping(1) pong(2) ping() text(abc)");
}
END_TEST

/* Caught: pings whose bytes went through the check of the message. */
START_TEST(control_frames_may_stand_within_a_character)
{
	say(WS_TEXT, "\xe2\x82");
	say(PING, "\xff\xc0");
	say(FIN | CONTINUATION, "\xac");
	means("ping(\\xff\\xc0) text(\\xe2\\x82\\xac)");
}
END_TEST

START_TEST(a_close_between_fragments_is_the_end)
{
	say(WS_TEXT, "a");
	say_close(1001, "bye");
	say(FIN | CONTINUATION, "b");
	means("close 1001(bye)");
}
END_TEST

START_TEST(control_frames_carry_up_to_125_bytes)
{
	char expected[128];

	say_frame(PING, pattern(125), 125);
	say_frame(PONG, pattern(125), 125);
	*transcript = '\0';
	note("ping(");
	note_payload(pattern(125), 125);
	note(") pong(");
	note_payload(pattern(125), 125);
	note(")");
	(void)snprintf(expected, sizeof(expected), "%s", transcript);
	means(expected);
}
END_TEST

/* ---- Close ---- */

START_TEST(a_close_code_that_may_be_sent_is_taken)
{
	static const unsigned codes[] = {1000, 1001, 1002, 1003, 1007, 1008,
					 1009, 1010, 1011, 1012, 1013, 1014,
					 3000, 3999, 4000, 4999};
	char expected[64];

	say_close(codes[_i], "");
	(void)snprintf(expected, sizeof(expected), "close %u()", codes[_i]);
	means(expected);
}
END_TEST

START_TEST(a_close_without_a_code_is_1005)
{
	say(CLOSE, "");
	means("close 1005()");
}
END_TEST

START_TEST(a_close_has_up_to_123_bytes_of_reason_in_utf8)
{
	char reason[WS_CONTROL_MAX - 1];
	char expected[64];

	for (size_t i = 0; i < 123; i += 3)
		memcpy(reason + i, "\xe2\x82\xac", 3);
	reason[123] = '\0';
	say_close(1000, reason);
	*transcript = '\0';
	note("close 1000(");
	note_payload((const unsigned char *)reason, 123);
	note(")");
	(void)snprintf(expected, sizeof(expected), "%s", transcript);
	means(expected);
}
END_TEST

/* ---- Limits ---- */

START_TEST(a_message_may_be_as_long_as_the_limit)
{
	limit = 10;
	say(TEXT, "0123456789");
	say(WS_TEXT, "01234");
	say(PING, "this one does not count");
	say(CONTINUATION, "56789");
	say(FIN | CONTINUATION, "");
	say(BINARY, "0123456789");
	means("text(0123456789) ping(this one does not count) "
	      "text(0123456789) binary(0123456789)");
}
END_TEST

START_TEST(a_limit_of_nothing_takes_empty_messages)
{
	limit = 0;
	say(TEXT, "");
	means("text()");
}
END_TEST

START_TEST(where_only_text_is_taken_text_and_control_frames_are)
{
	text_only = true;
	say(WS_TEXT, "a");
	say(PING, "b");
	say(FIN | CONTINUATION, "c");
	say(TEXT, "d");
	means("ping(b) text(ac) text(d)");
}
END_TEST

/* ---- The stream's end ---- */

START_TEST(the_end_of_the_stream_is_told_wherever_it_comes)
{
	say(TEXT, "Hello");
	say(WS_TEXT, "unfinished");
	at_end = _i ? -ECONNRESET : 0;
	for (; wire.len > 0; wire.len--)
		means(wire.len >= 11 ? "text(Hello) ended" : "ended");
	means("ended");
}
END_TEST

/* ---- Anything, against a list of what was said ---- */

static const char *random_text(uint64_t *random, size_t max)
{
	static const char *const characters[] = {
		"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\n"};
	static char text[4 * 300 + 1];
	size_t n = next_random(random) % max;

	*text = '\0';
	for (size_t i = 0; i < n; i++)
		strcat(text, characters[next_random(random) % 5]);
	return text;
}

static void note_said(const char *name, const char *text)
{
	note("%s%s(", *transcript ? " " : "", name);
	note_payload((const unsigned char *)text, strlen(text));
	note(")");
}

/* A message in fragments cut at random places, with pings between them. */
static void say_something(uint64_t *random)
{
	size_t max = next_random(random) % 4 ? 12 : 300;
	const char *text = random_text(random, max), *rest = text;
	int opcode = next_random(random) % 2 ? WS_TEXT : WS_BINARY;
	int first = opcode;

	while (next_random(random) % 3) {
		size_t n = next_random(random) % (strlen(rest) + 1);

		say_frame(first, rest, n);
		rest += n;
		first = CONTINUATION;
		if (next_random(random) % 4 == 0) {
			say(PING, "?");
			note_said("ping", "?");
		}
	}
	say(FIN | first, rest);
	note_said(opcode == WS_TEXT ? "text" : "binary", text);
}

START_TEST(any_conversation_is_understood_in_any_pieces)
{
	uint64_t random = 1 + (uint64_t)_i * 7919;
	char expected[sizeof(transcript)];

	*transcript = '\0';
	for (int i = 0; i < 12; i++)
		say_something(&random);
	strcpy(expected, transcript);
	means(expected);
}
END_TEST

/* ---- Frames of our own; RFC 6455, 5.2 ---- */

START_TEST(heads_are_in_their_shortest_form_and_unmasked)
{
	static const struct {
		size_t len, bytes;
		const char *head;
	} table[] = {
		{0, 2, "\x81\x00"},
		{125, 2, "\x81\x7d"},
		{126, 4, "\x81\x7e\x00\x7e"},
		{256, 4, "\x81\x7e\x01\x00"},
		{65535, 4, "\x81\x7e\xff\xff"},
		{65536, 10, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"},
		{0x123456789a, 10, "\x81\x7f\x00\x00\x00\x12\x34\x56\x78\x9a"},
	};
	unsigned char head[WS_HEAD_MAX];

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		ck_assert_uint_eq(ws_frame_head(head, WS_TEXT, table[i].len),
				  table[i].bytes);
		ck_assert_mem_eq(head, table[i].head, table[i].bytes);
	}
	ck_assert_uint_eq(ws_frame_head(head, WS_PONG, 3), 2);
	ck_assert_mem_eq(head, "\x8a\x03", 2);
}
END_TEST

START_TEST(a_close_frame_has_its_code_and_reason)
{
	unsigned char frame[2 + WS_CONTROL_MAX];

	ck_assert_uint_eq(ws_close_frame(frame, 1001, "bye"), 7);
	ck_assert_mem_eq(frame,
			 "\x88\x05\x03\xe9"
			 "bye",
			 7);
	ck_assert_uint_eq(ws_close_frame(frame, 1000, ""), 4);
	ck_assert_mem_eq(frame, "\x88\x02\x03\xe8", 4);
	ck_assert_uint_eq(ws_close_frame(frame, WS_CODE_NO_STATUS, "why"), 2);
	ck_assert_mem_eq(frame, "\x88\x00", 2);
}
END_TEST

/* Caught: a cut that looked at the last byte kept, not at the first lost. */
START_TEST(a_reason_is_cut_to_what_fits_but_not_in_mid_character)
{
	unsigned char frame[2 + WS_CONTROL_MAX];
	char reason[200];

	for (size_t before = 110; before < 126; before++) {
		size_t kept = before > 123 ? 123 : before;

		memset(reason, 'x', before);
		strcpy(reason + before, "\xf0\x9f\x98\x80\xe2\x82\xac!");
		if (before + 4 <= 123)
			kept += before + 7 > 123 ? 4 : before + 8 > 123 ? 7 : 8;
		ck_assert_uint_eq(ws_close_frame(frame, 1008, reason),
				  4 + kept);
		ck_assert_uint_eq(frame[1], 2 + kept);
		ck_assert_mem_eq(frame + 4, reason, kept);
	}
}
END_TEST

static Suite *ws_suite(void)
{
	Suite *s = suite_create("ws");
	TCase *t = tcase_create("ws");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, nothing_said, NULL);
	tcase_add_test(t, the_samples_of_the_rfc_are_understood);
	tcase_add_loop_test(t, a_frame_of_every_form_of_length_arrives_whole, 0,
			    18);
	tcase_add_test(t, text_of_every_width_of_character_is_taken);
	tcase_add_test(t, a_nul_is_a_character_as_any_other);
	tcase_add_test(t, binary_is_any_bytes);
	tcase_add_test(t, fragments_are_joined_to_one_message);
	tcase_add_test(t, a_character_may_be_cut_by_fragments);
	tcase_add_test(t, control_frames_may_stand_between_fragments);
	tcase_add_test(t, control_frames_may_stand_within_a_character);
	tcase_add_test(t, a_close_between_fragments_is_the_end);
	tcase_add_test(t, control_frames_carry_up_to_125_bytes);
	tcase_add_loop_test(t, a_close_code_that_may_be_sent_is_taken, 0, 16);
	tcase_add_test(t, a_close_without_a_code_is_1005);
	tcase_add_test(t, a_close_has_up_to_123_bytes_of_reason_in_utf8);
	tcase_add_test(t, a_message_may_be_as_long_as_the_limit);
	tcase_add_test(t, a_limit_of_nothing_takes_empty_messages);
	tcase_add_test(t, where_only_text_is_taken_text_and_control_frames_are);
	tcase_add_loop_test(t, the_end_of_the_stream_is_told_wherever_it_comes,
			    0, 2);
	tcase_add_loop_test(t, any_conversation_is_understood_in_any_pieces, 0,
			    30);
	tcase_add_test(t, heads_are_in_their_shortest_form_and_unmasked);
	tcase_add_test(t, a_close_frame_has_its_code_and_reason);
	tcase_add_test(t,
		       a_reason_is_cut_to_what_fits_but_not_in_mid_character);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_all(ws_suite());
}
