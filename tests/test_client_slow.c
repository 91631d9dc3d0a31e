/* SPDX-License-Identifier: MIT */
/*
 * Clients that are silent, don't read, or don't end; each with deadlines of a
 * few milliseconds, and all of it with hub.write_through off and on.
 */
#include "server_harness.h"

/* ---- Silence ---- */

START_TEST(who_is_silent_for_too_long_is_told_so)
{
	int fd;

	server.rules.timeouts.silence = 50 * MS;
	start_server();
	fd = upgraded("GET /ws" UPGRADE);
	hears_close(fd, 1008);
	leave(fd);
	stop_server();
}
END_TEST

/* Half a frame is no sign of life: it could go on for ever. */
START_TEST(a_frame_that_comes_slowly_is_silence)
{
	char byte;
	int fd;

	server.rules.timeouts.silence = 100 * MS;
	start_server();
	fd = upgraded("GET /ws" UPGRADE);
	RAW(TEXT);
	say_length(500, 2, 0x80);
	send_wire(fd);
	while (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0) {
		(void)send(fd, "x", 1, MSG_NOSIGNAL);
		(void)usleep(5000);
	}
	hears_close(fd, 1008);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(pings_go_out_and_pongs_are_signs_of_life)
{
	int64_t until;
	int fd;

	server.rules.timeouts.silence = 2 * CLOCK_SECOND;
	server.rules.timeouts.ping = 100 * MS;
	start_server();
	fd = upgraded("GET /ws" UPGRADE);
	until = clock_now() + 2 * CLOCK_SECOND + CLOCK_SECOND / 2;
	while (clock_now() < until) {
		hears(fd, PING, "", 0);
		say(PONG, "");
		send_wire(fd);
	}
	says(fd, "alive");
	for (;;) {
		uint64_t len;
		int first = read_frame_head(fd, &len);

		if (first == TEXT)
			break;
		ck_assert_int_eq(first, PING);
	}
	leave(fd);
	stop_server();
}
END_TEST

/* Under traffic nothing times out in the writer.  Caught: pings only where it
 * waited in vain. */
START_TEST(pings_go_out_under_traffic_too)
{
	int fd;

	server.rules.timeouts.ping = 20 * MS;
	start_server();
	fd = upgraded("GET /ws" UPGRADE);
	for (bool pinged = false; !pinged;) {
		unsigned char payload[600];
		uint64_t len;

		for (int i = 0; i < 20; i++)
			say(TEXT, "x");
		send_wire(fd);
		pinged = read_frame_head(fd, &len) == PING;
		read_bytes(fd, payload, len);
	}
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(before_an_upgrade_nobody_is_pinged)
{
	int fd;

	server.rules.timeouts.ping = 10 * MS;
	start_server();
	fd = visit();
	for (int i = 0; i < 5; i++) {
		send_text(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
		(void)hears_status(fd, 200, true);
		(void)usleep(15000);
	}
	leave(fd);
	stop_server();
}
END_TEST

/* ---- Not reading ---- */

/* Says numbers until everybody who is dropped was dropped. */
static void say_until_dropped(int fd, int *said)
{
	static char text[500];

	while (hub.drops == 0) {
		memset(text, 'x', sizeof(text) - 1);
		(void)snprintf(text, 12, "%010d-", *said);
		text[11] = 'x';
		++*said;
		says(fd, text);
		hears(fd, TEXT, text, strlen(text));
	}
}

/* Reads numbers up to the Close, which must be 1008; how many. */
static int read_numbers(int fd)
{
	static char payload[MIB];
	uint64_t len;
	int n = 0;

	for (;;) {
		int first = read_frame_head(fd, &len);

		MUST(len < sizeof(payload));
		read_bytes(fd, payload, len);
		payload[len] = '\0';
		if (first == CLOSE)
			break;
		ck_assert_int_eq(first, TEXT);
		for (char *p = payload; p; p = strchr(p, '\n')) {
			p += *p == '\n';
			ck_assert_int_eq(atoi(p), n++);
		}
	}
	ck_assert_mem_eq(payload, "\x03\xf0", 2); /* 1008 */
	return n;
}

/* Its neighbour hears all; it reads, in the end, what it got until then
 * without a gap, and why.  What it says after that is heard by nobody.  Caught:
 * one who was dropped and is heard on, or gets what waited for him. */
START_TEST(who_does_not_read_is_dropped_and_reads_why)
{
	int slow, quick, said = 0, n;

	if (_i)
		limits.queue_bytes = 20 * KIB;
	else
		limits.queue = 40;
	start_server();
	slow = chatter();
	quick = chatter();
	hears_texts(slow, "hello-1");
	say_until_dropped(quick, &said);
	says(slow, "so what");
	n = read_numbers(slow);
	ck_assert_int_gt(n, 0);
	ck_assert_int_lt(n, said - 20); /* twice as many waited */
	hears_end(slow);
	leave(slow);
	join_readers(1);
	says(quick, "still here");
	hears_texts(quick, "still here");
	ck_assert_uint_eq(hub.drops, 1);
	leave(quick);
	stop_server();
}
END_TEST

START_TEST(who_takes_nothing_for_too_long_is_cut_off)
{
	static char text[500];
	int slow, quick;

	memset(text, 'x', sizeof(text));
	limits.queue = limits.queue_bytes = SIZE_MAX / 2;
	server.rules.timeouts.write = 50 * MS;
	server.rules.queue = 1 << 16;
	start_server();
	slow = chatter();
	quick = chatter();
	/* It has to be more than its socket holds. */
	for (int i = 0; i < 2000; i++) {
		say_frame(TEXT, text, sizeof(text));
		send_wire(quick);
		hears(quick, TEXT, text, sizeof(text));
	}
	join_readers(1);
	ck_assert_uint_eq(hub.drops, 0);
	says(quick, "still here");
	hears_texts(quick, "still here");
	leave(slow);
	leave(quick);
	stop_server();
}
END_TEST

/* A reader that floods pings and reads nothing: pongs that find no room are
 * not sent, and nobody waits for him. */
START_TEST(who_pings_and_does_not_read_stops_nobody)
{
	static char payload[125];
	int rude, other;

	server.rules.timeouts.write = 100 * MS;
	start_server();
	rude = chatter();
	other = chatter();
	for (int i = 0; i < 5000; i++) {
		say_frame(PING, payload, sizeof(payload));
		if (send(rude, wire.bytes, wire.len,
			 MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			ck_assert(errno == EAGAIN || errno == EPIPE ||
				  errno == ECONNRESET);
			(void)usleep(100);
		}
		wire.len = 0;
	}
	says(other, "still here");
	hears_texts(other, "still here");
	leave(rude);
	leave(other);
	stop_server();
}
END_TEST

/* ---- Not ending ---- */

START_TEST(who_does_not_end_his_side_after_the_close_is_cut_off)
{
	int fd;

	server.rules.timeouts.write = 50 * MS;
	start_server();
	fd = chatter();
	say_close(1000, "");
	send_wire(fd);
	hears_close(fd, 1000);
	join_readers(1); /* though our end is open */
	leave(fd);
	stop_server();
}
END_TEST

/* What he still says is read and forgotten, or a reset would eat the Close. */
START_TEST(who_talks_on_after_our_close_still_reads_it)
{
	static char more[500000];
	int fd;

	start_server();
	fd = chatter();
	say(TEXT | RSV2, "broken");
	send_wire(fd);
	send_bytes(fd, more, sizeof(more));
	hears_close(fd, 1002);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(who_does_not_end_at_the_end_is_cut_off_by_main)
{
	int fd;

	start_server();
	fd = chatter();
	begin_to_stop();
	hears_close(fd, 1001);
	ck_assert_uint_eq(roster_cut_all(&server.roster), 1);
	join_readers(1);
	leave(fd);
	stop_server();
}
END_TEST

static Suite *client_slow_suite(void)
{
	Suite *s =
		suite_create(with_write_through ? "client_slow, write-through"
						: "client_slow");
	TCase *t = tcase_create("client_slow");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, usual_rules, NULL);
	tcase_add_test(t, who_is_silent_for_too_long_is_told_so);
	tcase_add_test(t, a_frame_that_comes_slowly_is_silence);
	tcase_add_test(t, pings_go_out_and_pongs_are_signs_of_life);
	tcase_add_test(t, pings_go_out_under_traffic_too);
	tcase_add_test(t, before_an_upgrade_nobody_is_pinged);
	tcase_add_loop_test(t, who_does_not_read_is_dropped_and_reads_why, 0,
			    2);
	tcase_add_test(t, who_takes_nothing_for_too_long_is_cut_off);
	tcase_add_test(t, who_pings_and_does_not_read_stops_nobody);
	tcase_add_test(t, who_does_not_end_his_side_after_the_close_is_cut_off);
	tcase_add_test(t, who_talks_on_after_our_close_still_reads_it);
	tcase_add_test(t, who_does_not_end_at_the_end_is_cut_off_by_main);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_both_ways(client_slow_suite);
}
