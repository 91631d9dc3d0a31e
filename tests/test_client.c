/* SPDX-License-Identifier: MIT */
/*
 * Clients of the plain chat: reader, hub and writer together, each client one
 * end of a socket pair.  All of it runs twice, hub.write_through off and on.
 */
#include "server_harness.h"

#include <linux/sockios.h>

#define WS "GET /ws" UPGRADE

/* ---- Talking ---- */

START_TEST(everybody_hears_everything_the_speaker_included)
{
	int a, b, c;

	start_server();
	a = chatter();
	b = chatter();
	hears_texts(a, "hello-1"); /* b's own first word */
	c = chatter();
	hears_texts(a, "hello-2");
	hears_texts(b, "hello-2");
	says(a, "one");
	hears_texts(b, "one");
	says(b, "two");
	says(c, "three");
	hears_texts(a, "one");
	hears_texts(c, "one");
	leave(a);
	leave(b);
	leave(c);
	stop_server();
}
END_TEST

/* As Go's demo does: newlines are spaces, and the ends are trimmed. */
START_TEST(what_is_said_is_trimmed_and_of_one_line)
{
	static const struct {
		const char *said, *heard;
	} table[] = {
		{"plain", "plain"},
		{"  both ends \t", "both ends"},
		{"two\nlines", "two lines"},
		{"\n\na\n\nb\n", "a  b"},
		{"a\r\nb", "a\r b"},
		{"\xe3\x80\x80wide\xc2\xa0", "wide"},
		{"", ""},
		{" \n ", ""},
		{"<b>\"'&", "<b>\"'&"},
	};
	int fd;

	start_server();
	fd = chatter();
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		says(fd, table[i].said);
		hears(fd, TEXT, table[i].heard, strlen(table[i].heard));
	}
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(a_burst_arrives_whole_and_in_order)
{
	static char all[40000];
	char text[16];
	size_t at = 0;
	int a, b;

	start_server();
	b = chatter();
	a = chatter();
	hears_texts(b, "hello-1");
	for (int i = 0; i < 200; i++) {
		(void)snprintf(text, sizeof(text), "message-%d", i);
		say(TEXT, text);
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s",
				       i ? " " : "", text);
	}
	send_wire(a);
	hears_texts(b, all);
	hears_texts(a, all);
	leave(a);
	leave(b);
	stop_server();
}
END_TEST

START_TEST(without_coalescing_each_message_is_a_frame)
{
	int fd;

	limits.coalesce = false;
	start_server();
	fd = chatter();
	for (int i = 0; i < 100; i++)
		say(TEXT, "x");
	send_wire(fd);
	for (int i = 0; i < 100; i++)
		hears(fd, TEXT, "x", 1);
	leave(fd);
	stop_server();
}
END_TEST

/* ---- What comes with the head ---- */

START_TEST(frames_behind_the_head_are_the_first_messages)
{
	int fd;

	start_server();
	fd = visit();
	say_bytes(WS, strlen(WS));
	say(TEXT, "early");
	say(TEXT, "bird");
	say(PING, "p");
	send_wire(fd);
	(void)hears_status(fd, 101, false);
	/* The pong doesn't wait for the hub. */
	hears(fd, PONG, "p", 1);
	hears_texts(fd, "early bird");
	leave(fd);
	stop_server();
}
END_TEST

/* Wherever the head's segment ends, also in mid-frame. */
START_TEST(a_frame_may_be_cut_where_the_heads_segment_ends)
{
	start_server();
	for (size_t cut = 0; cut < 11; cut++) {
		int fd = visit();

		say_bytes(WS, strlen(WS));
		say(TEXT, "early");
		send_bytes(fd, wire.bytes, wire.len - cut);
		(void)hears_status(fd, 101, false);
		send_bytes(fd, wire.bytes + wire.len - cut, cut);
		wire.len = 0;
		hears_texts(fd, "early");
		say_close(1000, "");
		send_wire(fd);
		hears_close(fd, 1000);
		leave(fd);
		join_readers(1);
	}
	stop_server();
}
END_TEST

/* More than one read's worth came with it. */
START_TEST(a_long_message_may_come_with_the_head)
{
	static char text[16000];
	int fd;

	memset(text, 'x', sizeof(text));
	server.rules.plain_message = sizeof(text);
	start_server();
	fd = visit();
	say_bytes(WS, strlen(WS));
	say_frame(TEXT, text, sizeof(text));
	send_wire(fd);
	(void)hears_status(fd, 101, false);
	hears(fd, TEXT, text, sizeof(text));
	leave(fd);
	stop_server();
}
END_TEST

/* ---- Control frames ---- */

START_TEST(pings_are_answered_with_what_they_carry)
{
	int fd;

	start_server();
	fd = chatter();
	say(PING, "");
	say(PING, "payload");
	say(PONG, "unasked");
	send_wire(fd);
	hears(fd, PONG, "", 0);
	hears(fd, PONG, "payload", 7);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(a_close_is_answered_with_its_code_and_the_end)
{
	static const unsigned codes[] = {1000, 1001, 1005, 1011, 3000, 4999};
	int a, b;

	start_server();
	a = chatter();
	b = chatter();
	hears_texts(a, "hello-1");
	if (codes[_i] == 1005)
		say(CLOSE, "");
	else
		say_close(codes[_i], "bye");
	say(TEXT, "nobody hears this");
	send_wire(a);
	hears_close(a, codes[_i]);
	leave(a);
	join_readers(1);
	says(b, "still here");
	hears_texts(b, "still here");
	leave(b);
	stop_server();
}
END_TEST

/* ---- Broken frames ---- */

static void say_broken(int i)
{
	static char text[600];

	memset(text, 'x', sizeof(text));
	switch (i) {
	case 0:
		say(TEXT | RSV1, "x");
		break;
	case 1:
		RAW(0x81, 0x01, 'x'); /* not masked */
		break;
	case 2:
		say(BINARY, "x");
		break;
	case 3:
		say(TEXT, "\xff");
		break;
	case 4:
		say_frame(TEXT, text, 513);
		break;
	case 5:
		say_close(1006, "");
		break;
	case 6:
		say(CLOSE, "x");
		break;
	}
}

/* What he said before is heard, by him too; the others chat on. */
START_TEST(who_breaks_the_rules_is_told_which_and_nobody_else_is_disturbed)
{
	static const unsigned codes[] = {1002, 1002, 1003, 1007,
					 1009, 1002, 1002};
	int a, b;

	start_server();
	a = chatter();
	b = chatter();
	hears_texts(a, "hello-1");
	say(TEXT, "before");
	say_broken(_i);
	say(TEXT, "after");
	send_wire(a);
	hears_texts(a, "before");
	hears_close(a, codes[_i]);
	hears_texts(b, "before");
	leave(a);
	join_readers(1);
	says(b, "good");
	hears_texts(b, "good");
	leave(b);
	stop_server();
}
END_TEST

START_TEST(a_message_may_be_as_long_as_the_limit)
{
	char text[512];
	int fd;

	memset(text, 'x', sizeof(text));
	start_server();
	fd = chatter();
	say_frame(TEXT, text, sizeof(text));
	send_wire(fd);
	hears(fd, TEXT, text, sizeof(text));
	leave(fd);
	stop_server();
}
END_TEST

/* ---- Going away ---- */

START_TEST(who_vanishes_is_forgotten)
{
	int a, b;

	start_server();
	a = chatter();
	b = chatter();
	hears_texts(a, "hello-1");
	if (_i) {
		say(TEXT, "half a fra");
		wire.len -= 3;
		send_wire(b);
	}
	leave(b);
	join_readers(1);
	says(a, "alone");
	hears_texts(a, "alone");
	leave(a);
	stop_server();
}
END_TEST

START_TEST(who_only_ends_his_side_gets_the_end)
{
	int fd;

	start_server();
	fd = chatter();
	MUST(shutdown(fd, SHUT_WR) == 0);
	hears_end(fd);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(at_the_end_all_get_what_waits_and_then_1001)
{
	int a, b;

	start_server();
	a = chatter();
	b = chatter();
	hears_texts(a, "hello-1");
	says(a, "last");
	hears_texts(b, "last"); /* so it has been with the hub */
	begin_to_stop();
	hears_texts(a, "last");
	hears_close(a, 1001);
	hears_close(b, 1001);
	leave(a);
	leave(b);
	stop_server();
}
END_TEST

/* Returns once the other side has read all that was sent to it. */
static void await_read(int fd)
{
	int unread;

	do {
		sched_yield();
		MUST(ioctl(fd, SIOCOUTQ, &unread) == 0);
	} while (unread > 0);
}

START_TEST(who_comes_while_it_stops_gets_1001_too)
{
	static const char *const half = "GET /ws HTTP/1.1\r\nHost: a\r\n";
	int fd, chats;

	start_server();
	fd = visit();
	chats = chatter();
	send_text(fd, half);
	/* Who has read of a request waits for its end; who hasn't yet may look
	 * first whether all is over. */
	await_read(fd);
	/* Not by begin_to_stop(), which would wake it from its wait. */
	stopping = true;
	chan_close(quit);
	hears_close(chats, 1001);
	send_text(fd, &UPGRADE[strlen(" HTTP/1.1\r\nHost: a\r\n")]);
	(void)hears_status(fd, 101, false);
	hears_close(fd, 1001);
	leave(fd);
	leave(chats);
	stop_server();
}
END_TEST

static Suite *client_suite(void)
{
	Suite *s = suite_create(with_write_through ? "client, write-through"
						   : "client");
	TCase *t = tcase_create("client");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, usual_rules, NULL);
	tcase_add_test(t, everybody_hears_everything_the_speaker_included);
	tcase_add_test(t, what_is_said_is_trimmed_and_of_one_line);
	tcase_add_test(t, a_burst_arrives_whole_and_in_order);
	tcase_add_test(t, without_coalescing_each_message_is_a_frame);
	tcase_add_test(t, frames_behind_the_head_are_the_first_messages);
	tcase_add_test(t, a_frame_may_be_cut_where_the_heads_segment_ends);
	tcase_add_test(t, a_long_message_may_come_with_the_head);
	tcase_add_test(t, pings_are_answered_with_what_they_carry);
	tcase_add_loop_test(t, a_close_is_answered_with_its_code_and_the_end, 0,
			    6);
	tcase_add_loop_test(
		t,
		who_breaks_the_rules_is_told_which_and_nobody_else_is_disturbed,
		0, 7);
	tcase_add_test(t, a_message_may_be_as_long_as_the_limit);
	tcase_add_loop_test(t, who_vanishes_is_forgotten, 0, 2);
	tcase_add_test(t, who_only_ends_his_side_gets_the_end);
	tcase_add_test(t, at_the_end_all_get_what_waits_and_then_1001);
	tcase_add_test(t, who_comes_while_it_stops_gets_1001_too);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_both_ways(client_suite);
}
