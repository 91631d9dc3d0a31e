/* SPDX-License-Identifier: MIT */
/* A connection's reader, as long as HTTP is spoken. */
#include "server_harness.h"

#define GET(target)  "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"
#define HEAD(target) "HEAD " target " HTTP/1.1\r\nHost: a\r\n\r\n"

/* ---- One request after the other ---- */

START_TEST(requests_follow_one_another_on_one_connection)
{
	int fd;

	start_server();
	fd = visit();
	for (int i = 0; i < 3; i++) {
		send_text(fd, GET("/healthz"));
		(void)hears_status(fd, 200, true);
		send_text(fd, GET("/nothing"));
		(void)hears_status(fd, 404, true);
		send_text(fd, "POST / HTTP/1.1\r\nHost: a\r\n\r\n");
		(void)hears_status(fd, 405, true);
		send_text(fd, HEAD("/"));
		(void)hears_status(fd, 200, false);
		send_text(fd, GET("/"));
		(void)hears_status(fd, 200, true);
	}
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(the_answer_to_the_last_request_is_the_last)
{
	static const char *const last[] = {
		"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		"GET /healthz HTTP/1.0\r\n\r\n"};
	int fd;

	start_server();
	fd = visit();
	send_text(fd, last[_i]);
	ck_assert_ptr_nonnull(strstr(hears_status(fd, 200, true),
				     "\r\nConnection: close\r\n"));
	hears_end(fd);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_their_order)
{
	char all[4000] = "";
	int fd;

	for (int i = 0; i < 20; i++) {
		strcat(all, GET("/healthz"));
		strcat(all, HEAD("/"));
		strcat(all, GET("/nothing"));
	}
	start_server();
	fd = visit();
	send_text(fd, all);
	for (int i = 0; i < 20; i++) {
		(void)hears_status(fd, 200, true);
		(void)hears_status(fd, 200, false);
		(void)hears_status(fd, 404, true);
	}
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte)
{
	const char *request = GET("/healthz") GET("/nothing");
	int fd;

	start_server();
	fd = visit();
	for (; *request; request++)
		send_bytes(fd, request, 1);
	(void)hears_status(fd, 200, true);
	(void)hears_status(fd, 404, true);
	leave(fd);
	stop_server();
}
END_TEST

/* ---- Refusals ---- */

/* Whatever the peer goes on saying, it reads the answer whole: no reset eats
 * it.  Caught: a close with unread bytes. */
static void is_refused(const char *request, int status)
{
	static char more[200000];
	int fd = visit();

	send_text(fd, request);
	send_bytes(fd, more, sizeof(more));
	ck_assert_ptr_nonnull(strstr(hears_status(fd, status, true),
				     "\r\nConnection: close\r\n"));
	hears_end(fd);
	leave(fd);
	join_readers(1);
}

static const struct {
	int status;
	const char *request;
} refused[] = {
	{400, "hello\r\n\r\n"},
	{400, "GET / HTTP/1.1\r\n\r\n"},
	{413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"},
	{413, "GET /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"},
	{413, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
	      "\r\n\r\n"},
	{400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	      "Content-Length: 9\r\n\r\n"},
	{505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
	{414, "GET /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx HTTP/1.1"
	      "\r\nHost: a\r\n\r\n"},
	{431, "GET / HTTP/1.1\r\nHost: a\r\nX: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	      "\r\n\r\n"},
};

START_TEST(what_cannot_be_understood_or_taken_ends_the_connection)
{
	server.http = (struct http_limits){50, 100};
	start_server();
	is_refused(refused[_i].request, refused[_i].status);
	stop_server();
}
END_TEST

START_TEST(an_upgrade_that_is_refused_leaves_the_connection)
{
	int fd;

	start_server();
	fd = visit();
	send_text(fd, GET("/ws"));
	(void)hears_status(fd, 426, true);
	send_text(fd, GET("/echo"));
	(void)hears_status(fd, 426, true);
	send_text(fd, "POST /ws" UPGRADE);
	(void)hears_status(fd, 405, true);
	send_text(fd, "GET /ws?x" UPGRADE);
	(void)hears_status(fd, 101, true);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(there_is_no_echo_unless_it_is_wanted)
{
	int fd;

	server.rules.echo_message = 0;
	start_server();
	fd = visit();
	send_text(fd, "GET /echo" UPGRADE);
	(void)hears_status(fd, 404, true);
	leave(fd);
	stop_server();
}
END_TEST

/* ---- The end, early ---- */

START_TEST(a_peer_that_ends_in_the_middle_gets_the_end)
{
	static const char *const parts[] = {"", "G", "GET / HTTP/1.1\r\nHost:"};
	int fd;

	start_server();
	fd = visit();
	send_text(fd, parts[_i]);
	MUST(shutdown(fd, SHUT_WR) == 0);
	hears_end(fd);
	leave(fd);
	join_readers(1);
	stop_server();
}
END_TEST

START_TEST(answers_reach_a_peer_that_has_ended_its_side)
{
	int fd;

	start_server();
	fd = visit();
	send_text(fd, GET("/healthz") GET("/nothing"));
	MUST(shutdown(fd, SHUT_WR) == 0);
	(void)hears_status(fd, 200, true);
	(void)hears_status(fd, 404, true);
	hears_end(fd);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(at_the_end_connections_that_wait_for_a_request_end)
{
	int idle, half;

	start_server();
	idle = visit();
	send_text(idle, GET("/healthz"));
	(void)hears_status(idle, 200, true);
	half = visit();
	send_text(half, "GET / HTTP/1.1\r\n");
	begin_to_stop();
	hears_end(idle);
	hears_end(half);
	join_readers(2); /* before the test closes its ends */
	leave(idle);
	leave(half);
	stop_server();
}
END_TEST

/* ---- Deadlines ---- */

START_TEST(half_a_head_and_silence_is_408)
{
	int fd;

	server.rules.timeouts.head = 50 * MS;
	start_server();
	fd = visit();
	send_text(fd, "GET / HTTP/1.1\r\nHost: a\r\n");
	(void)hears_status(fd, 408, true);
	hears_end(fd);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(a_head_that_comes_slowly_has_one_deadline)
{
	char byte = 'x';
	int fd;

	server.rules.timeouts.head = 100 * MS;
	start_server();
	fd = visit();
	send_text(fd, "GET /");
	/* Until it answers; what is sent after that, nobody minds. */
	while (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0) {
		(void)send(fd, "x", 1, MSG_NOSIGNAL);
		(void)usleep(5000);
	}
	(void)hears_status(fd, 408, true);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(a_connection_without_a_request_ends_in_silence)
{
	int fd;

	server.rules.timeouts.head = 50 * MS;
	server.rules.timeouts.write = 50 * MS; /* for our end, too */
	start_server();
	fd = visit();
	if (_i) {
		send_text(fd, GET("/healthz"));
		(void)hears_status(fd, 200, true);
	}
	hears_end(fd);
	join_readers(1);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(a_peer_that_takes_no_answers_is_cut_off)
{
	int fd;

	server.rules.timeouts.write = 50 * MS;
	start_server();
	fd = visit();
	/* The page is longer than what a socket holds. */
	for (int i = 0; i < 2000; i++)
		if (send(fd, GET("/"), strlen(GET("/")),
			 MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
	join_readers(1);
	leave(fd);
	stop_server();
}
END_TEST

/* Caught: a writer that waited for the peer's end without a deadline. */
START_TEST(a_peer_that_does_not_end_its_side_is_cut_off)
{
	int fd;

	server.rules.timeouts.write = 50 * MS;
	start_server();
	fd = visit();
	send_text(fd, "GET /healthz HTTP/1.0\r\n\r\n");
	(void)hears_status(fd, 200, true);
	join_readers(1);
	leave(fd);
	stop_server();
}
END_TEST

static Suite *connection_suite(void)
{
	Suite *s = suite_create("connection");
	TCase *t = tcase_create("connection");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, usual_rules, NULL);
	tcase_add_test(t, requests_follow_one_another_on_one_connection);
	tcase_add_loop_test(t, the_answer_to_the_last_request_is_the_last, 0,
			    2);
	tcase_add_test(t, pipelined_requests_are_answered_in_their_order);
	tcase_add_test(t, a_request_may_come_byte_by_byte);
	tcase_add_loop_test(
		t, what_cannot_be_understood_or_taken_ends_the_connection, 0,
		(int)COUNT_OF(refused));
	tcase_add_test(t, an_upgrade_that_is_refused_leaves_the_connection);
	tcase_add_test(t, there_is_no_echo_unless_it_is_wanted);
	tcase_add_loop_test(t, a_peer_that_ends_in_the_middle_gets_the_end, 0,
			    3);
	tcase_add_test(t, answers_reach_a_peer_that_has_ended_its_side);
	tcase_add_test(t, at_the_end_connections_that_wait_for_a_request_end);
	tcase_add_test(t, half_a_head_and_silence_is_408);
	tcase_add_test(t, a_head_that_comes_slowly_has_one_deadline);
	tcase_add_loop_test(t, a_connection_without_a_request_ends_in_silence,
			    0, 2);
	tcase_add_test(t, a_peer_that_takes_no_answers_is_cut_off);
	tcase_add_test(t, a_peer_that_does_not_end_its_side_is_cut_off);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_all(connection_suite());
}
