/* SPDX-License-Identifier: MIT */
/*
 * What a reader refuses, and with which code: one broken rule of RFC 6455 in
 * each test.  However the bytes are cut, what came before is still heard.
 */
#include "ws_harness.h"

/* ---- 5.2: heads ---- */

START_TEST(reserved_bits_are_refused_in_every_frame)
{
	static const int bits[] = {RSV1, RSV2, RSV3, RSV1 | RSV2 | RSV3};
	static const int opcodes[] = {TEXT, BINARY, PING, PONG, CLOSE, WS_TEXT};

	for (size_t i = 0; i < COUNT_OF(opcodes); i++) {
		nothing_said();
		say(TEXT, "before");
		say(opcodes[i] | bits[_i], "");
		means("text(before) failed 1002");
	}
	nothing_said();
	say(WS_TEXT, "a");
	say(FIN | CONTINUATION | bits[_i], "b");
	fails_with(1002);
}
END_TEST

START_TEST(reserved_opcodes_are_refused)
{
	static const int opcodes[] = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15};

	say(TEXT, "before");
	say(opcodes[_i] | FIN, "x");
	means("text(before) failed 1002");
	nothing_said();
	say(WS_TEXT, "a");
	say(opcodes[_i], "");
	fails_with(1002);
}
END_TEST

/* 5.1: "a server MUST close the connection upon receiving a frame that is not
 * masked". */
START_TEST(frames_without_a_mask_are_refused)
{
	RAW(0x81, 0x05, 'H', 'e', 'l', 'l', 'o');
	fails_with(1002);
	nothing_said();
	say(TEXT, "before");
	RAW(0x89, 0x00);
	means("text(before) failed 1002");
	nothing_said();
	RAW(0x88, 0x02, 0x03, 0xe8);
	fails_with(1002);
}
END_TEST

START_TEST(lengths_not_in_their_shortest_form_are_refused)
{
	static const struct {
		size_t len;
		unsigned form;
	} table[] = {{0, 2},   {1, 2},   {125, 2},  {0, 8},
		     {125, 8}, {126, 8}, {65535, 8}};
	static const char payload[65535];

	say(TEXT, "before");
	say_frame_in_form(BINARY, payload, table[_i].len, table[_i].form);
	means("text(before) failed 1002");
}
END_TEST

START_TEST(a_length_with_its_top_bit_set_is_refused)
{
	static const uint64_t lengths[] = {UINT64_C(1) << 63, UINT64_MAX,
					   (UINT64_C(1) << 63) + 5};

	limit = SIZE_MAX;
	say(TEXT, "before");
	RAW(0x82);
	say_length(lengths[_i], 8, 0x80);
	RAW(1, 2, 3, 4, 'x');
	means("text(before) failed 1002");
}
END_TEST

/* ---- 5.4: fragments ---- */

START_TEST(a_continuation_of_nothing_is_refused)
{
	say(CONTINUATION | (_i ? FIN : 0), "x");
	fails_with(1002);
	nothing_said();
	say(TEXT, "before");
	say(CONTINUATION | (_i ? FIN : 0), "x");
	means("text(before) failed 1002");
	nothing_said();
	say(WS_TEXT, "be");
	say(FIN | CONTINUATION, "fore");
	say(PING, "");
	say(CONTINUATION | (_i ? FIN : 0), "");
	means("text(before) ping() failed 1002");
}
END_TEST

START_TEST(a_new_message_inside_a_fragmented_one_is_refused)
{
	static const int firsts[] = {TEXT, BINARY, WS_TEXT, WS_BINARY};

	say(WS_TEXT, "a");
	say(PING, "b");
	say(firsts[_i], "c");
	means("ping(b) failed 1002");
	nothing_said();
	say(WS_BINARY, "");
	say(firsts[_i], "");
	fails_with(1002);
}
END_TEST

/* ---- 5.5: control frames ---- */

START_TEST(fragmented_control_frames_are_refused)
{
	static const int opcodes[] = {WS_PING, WS_PONG, WS_CLOSE};

	say(TEXT, "before");
	say(opcodes[_i], "");
	say(FIN | CONTINUATION, "");
	means("text(before) failed 1002");
	nothing_said();
	say(opcodes[_i], "\x03\xe8");
	fails_with(1002);
}
END_TEST

START_TEST(control_frames_of_more_than_125_bytes_are_refused)
{
	static const int opcodes[] = {PING, PONG, CLOSE};
	char payload[300];

	memset(payload, 'x', sizeof(payload));
	memcpy(payload, "\x03\xe8", 2);
	say(TEXT, "before");
	say_frame(opcodes[_i], payload, 126);
	means("text(before) failed 1002");
	nothing_said();
	say_frame(opcodes[_i], payload, 300);
	fails_with(1002);
	nothing_said();
	RAW((unsigned char)opcodes[_i]);
	say_length(65536, 8, 0x80);
	RAW(1, 2, 3, 4, 'x');
	fails_with(1002);
}
END_TEST

/* ---- 5.5.1 and 7.4: Close ---- */

START_TEST(a_close_of_one_byte_is_refused)
{
	say(TEXT, "before");
	say(CLOSE, "\x03");
	means("text(before) failed 1002");
	nothing_said();
	say(PING, "?\xe8"); /* whose bytes are not the other half of 1000 */
	say(CLOSE, "\x03");
	means("ping(?\\xe8) failed 1002");
}
END_TEST

START_TEST(a_close_code_that_may_not_be_sent_is_refused)
{
	static const unsigned codes[] = {0,    1,    999,  1004, 1005,
					 1006, 1015, 1016, 1100, 2000,
					 2999, 5000, 5001, 65535};

	say(TEXT, "before");
	say_close(codes[_i], "");
	means("text(before) failed 1002");
	nothing_said();
	say_close(codes[_i], "reason");
	fails_with(1002);
}
END_TEST

START_TEST(a_close_reason_that_is_not_utf8_is_refused)
{
	static const char *const reasons[] = {"\xff", "good, then \xc0\xaf",
					      "in mid-character \xe2\x82",
					      "\xed\xa0\x80"};

	say(TEXT, "before");
	say_close(1000, reasons[_i]);
	means("text(before) failed 1007");
}
END_TEST

/* ---- 8.1: text ---- */

static const char *const not_utf8[] = {
	"\x80",             /* a continuation of nothing */
	"\xc3(",            /* none where one should be */
	"\xc0\xaf",         /* overlong */
	"\xc1\xbf",         /* overlong */
	"\xe0\x9f\xbf",     /* overlong */
	"\xf0\x8f\xbf\xbf", /* overlong */
	"\xed\xa0\x80",     /* a surrogate */
	"\xed\xbf\xbf",     /* a surrogate */
	"\xf4\x90\x80\x80", /* above U+10FFFF */
	"\xf5\x80\x80\x80", /* above U+10FFFF */
	"\xf8\x88\x80\x80\x80",
	"\xfe",
	"\xff",
	"\xf0\x9f\x98",     /* ends in mid-character */
	"\xe2\x82",         /* ends in mid-character */
	"\xc3",             /* ends in mid-character */
	"\xe2\x82\xac\xac", /* one too many */
};

START_TEST(text_that_is_not_utf8_is_refused)
{
	char longer[200];

	say(TEXT, "before");
	say(TEXT, not_utf8[_i]);
	means("text(before) failed 1007");
	nothing_said();
	(void)snprintf(longer, sizeof(longer), "%0150d%s", 0, not_utf8[_i]);
	say(TEXT, longer);
	fails_with(1007);
}
END_TEST

START_TEST(text_that_is_not_utf8_is_refused_also_in_fragments)
{
	const char *text = not_utf8[_i];

	/* Cut everywhere, also in mid-character, with a ping in the cut. */
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		nothing_said();
		say_frame(WS_TEXT, text, cut);
		say(PING, "p");
		say(FIN | CONTINUATION, text + cut);
		(void)heard(1, 0);
		ck_assert_msg(strcmp(transcript, "ping(p) failed 1007") == 0 ||
				      strcmp(transcript, "failed 1007") == 0,
			      "%s", transcript);
		means(transcript[0] == 'p' ? "ping(p) failed 1007"
					   : "failed 1007");
	}
	nothing_said();
	say(WS_TEXT, "");
	for (const char *p = text; *p; p++)
		say_frame(CONTINUATION, p, 1);
	say(FIN | CONTINUATION, "");
	fails_with(1007);
}
END_TEST

/* A peer that goes on talking shall not be listened to in vain. */
START_TEST(bad_text_is_refused_before_its_frame_ends)
{
	RAW(TEXT);
	say_length(1000, 2, 0x80);
	RAW(0, 0, 0, 0, 'g', 'o', 'o', 'd', 0xed, 0xa0);
	fails_with(1007);
	nothing_said();
	RAW(WS_TEXT);
	say_length(2, 0, 0x80);
	RAW(0, 0, 0, 0, 0xf4, 0x90);
	fails_with(1007);
}
END_TEST

/* ---- 7.4.1: 1003 and 1009 ---- */

START_TEST(where_only_text_is_taken_binary_is_refused_at_once)
{
	text_only = true;
	say(TEXT, "before");
	say(BINARY, "x");
	means("text(before) failed 1003");
	nothing_said();
	text_only = true;
	say(WS_BINARY, ""); /* its first fragment will do */
	fails_with(1003);
	nothing_said();
	text_only = true;
	RAW(BINARY);
	say_length(1000, 2, 0x80);
	RAW(1, 2, 3, 4, 'x'); /* and so will its first byte */
	fails_with(1003);
}
END_TEST

START_TEST(a_message_over_the_limit_is_refused)
{
	limit = 10;
	say(TEXT, "0123456789");
	say(_i ? TEXT : BINARY, "0123456789a");
	means("text(0123456789) failed 1009");
}
END_TEST

/* Caught: a limit that held for each fragment by itself. */
START_TEST(fragments_that_add_up_to_more_than_the_limit_are_refused)
{
	limit = 10;
	say(WS_TEXT, "01234");
	say(CONTINUATION, "56789");
	say(PING, "");
	say(CONTINUATION, "a");
	means("ping() failed 1009");
	nothing_said();
	limit = 10;
	for (int i = 0; i < 11; i++)
		say(i ? CONTINUATION : WS_BINARY, "x");
	fails_with(1009);
}
END_TEST

/* Nobody waits for four gigabytes in order to refuse them. */
START_TEST(a_message_over_the_limit_is_refused_when_it_begins)
{
	static const uint64_t lengths[] = {MIB + 1, UINT64_C(1) << 32,
					   INT64_MAX};

	RAW(TEXT);
	say_length(lengths[_i], 8, 0x80);
	RAW(1, 2, 3, 4, 'x');
	fails_with(1009);
	nothing_said();
	limit = SIZE_MAX - 1;
	say(WS_TEXT, "a");
	RAW(FIN | CONTINUATION);
	say_length(INT64_MAX, 8, 0x80);
	RAW(0, 0, 0, 0, 'x');
	means(""); /* that one it has to wait for */
}
END_TEST

/* ---- Garbage ---- */

/* Whatever comes it neither crashes nor hangs, and it says a valid code. */
START_TEST(garbage_is_refused_or_waited_for)
{
	uint64_t random = 1 + (uint64_t)_i;
	unsigned code = 0;

	for (int i = 0; i < 200; i++) {
		nothing_said();
		for (unsigned n = next_random(&random) % 100; n > 0; n--)
			RAW((unsigned char)next_random(&random));
		(void)heard(0, random);
		if (strstr(transcript, "failed"))
			(void)sscanf(strstr(transcript, "failed"), "failed %u",
				     &code);
		ck_assert(code == 0 || code == 1002 || code == 1007 ||
			  code == 1009);
	}
}
END_TEST

static void add_heads(TCase *t)
{
	tcase_add_loop_test(t, reserved_bits_are_refused_in_every_frame, 0, 4);
	tcase_add_loop_test(t, reserved_opcodes_are_refused, 0, 10);
	tcase_add_test(t, frames_without_a_mask_are_refused);
	tcase_add_loop_test(t, lengths_not_in_their_shortest_form_are_refused,
			    0, 7);
	tcase_add_loop_test(t, a_length_with_its_top_bit_set_is_refused, 0, 3);
	tcase_add_loop_test(t, a_continuation_of_nothing_is_refused, 0, 2);
	tcase_add_loop_test(t, a_new_message_inside_a_fragmented_one_is_refused,
			    0, 4);
}

static void add_control_frames(TCase *t)
{
	tcase_add_loop_test(t, fragmented_control_frames_are_refused, 0, 3);
	tcase_add_loop_test(
		t, control_frames_of_more_than_125_bytes_are_refused, 0, 3);
	tcase_add_test(t, a_close_of_one_byte_is_refused);
	tcase_add_loop_test(t, a_close_code_that_may_not_be_sent_is_refused, 0,
			    14);
	tcase_add_loop_test(t, a_close_reason_that_is_not_utf8_is_refused, 0,
			    4);
}

static void add_messages(TCase *t)
{
	const int texts = (int)COUNT_OF(not_utf8);

	tcase_add_loop_test(t, text_that_is_not_utf8_is_refused, 0, texts);
	tcase_add_loop_test(t,
			    text_that_is_not_utf8_is_refused_also_in_fragments,
			    0, texts);
	tcase_add_test(t, bad_text_is_refused_before_its_frame_ends);
	tcase_add_test(t, where_only_text_is_taken_binary_is_refused_at_once);
	tcase_add_loop_test(t, a_message_over_the_limit_is_refused, 0, 2);
	tcase_add_test(
		t, fragments_that_add_up_to_more_than_the_limit_are_refused);
	tcase_add_loop_test(
		t, a_message_over_the_limit_is_refused_when_it_begins, 0, 3);
	tcase_add_loop_test(t, garbage_is_refused_or_waited_for, 0, 20);
}

int main(void)
{
	Suite *s = suite_create("ws_broken");
	TCase *t = tcase_create("ws_broken");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, nothing_said, NULL);
	add_heads(t);
	add_control_frames(t);
	add_messages(t);
	suite_add_tcase(s, t);
	return run_all(s);
}
