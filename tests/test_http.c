/* SPDX-License-Identifier: MIT */
/*
 * Heads that are taken, what is found in them, and heads of answers.
 * test_http_refused.c has those that are not taken.
 */
#include "http_harness.h"

#include <signal.h>
#include <time.h>

/* ---- Requests ---- */

START_TEST(a_request_has_its_parts)
{
	parses("GET /a/b?c=d HTTP/1.1\r\nHost: example.org\r\nX: y\r\n\r\n");
	ck_assert_int_eq(request.method, HTTP_METHOD_GET);
	ck_assert_int_eq(request.minor, 1);
	ck_assert_str_eq(request.target, "/a/b?c=d");
	ck_assert_str_eq(http_header(&request, "Host", 0), "example.org");
	ck_assert_str_eq(http_header(&request, "X", 0), "y");
	ck_assert(request.keep_alive);
	ck_assert(!request.has_body);
}
END_TEST

START_TEST(methods_are_get_head_and_all_others)
{
	static const struct {
		const char *name;
		enum http_method method;
	} table[] = {
		{"GET", HTTP_METHOD_GET},        {"HEAD", HTTP_METHOD_HEAD},
		{"POST", HTTP_METHOD_OTHER},     {"PUT", HTTP_METHOD_OTHER},
		{"DELETE", HTTP_METHOD_OTHER},   {"OPTIONS", HTTP_METHOD_OTHER},
		{"PROPFIND", HTTP_METHOD_OTHER}, {"PATCH", HTTP_METHOD_OTHER},
	};
	char head[100];

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		(void)snprintf(head, sizeof(head),
			       "%s / HTTP/1.1\r\nHost: a\r\n\r\n",
			       table[i].name);
		parses(head);
		ck_assert_int_eq(request.method, table[i].method);
	}
}
END_TEST

START_TEST(absolute_targets_and_the_asterisk_are_kept_as_sent)
{
	parses("GET http://a:80/x HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(request.target, "http://a:80/x");
	parses("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(request.target, "*");
}
END_TEST

/* RFC 9112, 2.2 */
START_TEST(empty_lines_before_a_request_are_passed_over)
{
	parses("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(request.target, "/");
}
END_TEST

START_TEST(version_1_0_needs_no_host)
{
	parses("GET / HTTP/1.0\r\n\r\n");
	ck_assert_int_eq(request.minor, 0);
	ck_assert_ptr_null(http_header(&request, "Host", 0));
}
END_TEST

/* RFC 9112, 9.3 */
START_TEST(connections_persist_in_1_1_unless_somebody_says_close)
{
	request_with("");
	ck_assert(request.keep_alive);
	request_with("Connection: keep-alive\r\n");
	ck_assert(request.keep_alive);
	request_with("Connection: close\r\n");
	ck_assert(!request.keep_alive);
	request_with("Connection: x, CLOSE , y\r\n");
	ck_assert(!request.keep_alive);
	request_with("Connection: x\r\nConnection: close\r\n");
	ck_assert(!request.keep_alive);
	request_with("Connection: closed\r\n");
	ck_assert(request.keep_alive);
	parses("GET / HTTP/1.0\r\n\r\n");
	ck_assert(!request.keep_alive);
	parses("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	ck_assert(!request.keep_alive);
}
END_TEST

START_TEST(a_body_is_announced_by_its_length_or_its_encoding)
{
	request_with("Content-Length: 0\r\n");
	ck_assert(!request.has_body);
	request_with("Content-Length: 1\r\n");
	ck_assert(request.has_body);
	request_with("Transfer-Encoding: chunked\r\n");
	ck_assert(request.has_body);
}
END_TEST

/* ---- What follows a head ---- */

START_TEST(a_head_ends_where_the_next_one_begins)
{
	static const char first[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
	static const char both[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
				   "HEAD /2 HTTP/1.1\r\nHost: b\r\n\r\n";

	parses_up_to(both, strlen(both), strlen(first));
	ck_assert_str_eq(request.target, "/1");
	parses(both + taken);
	ck_assert_int_eq(request.method, HTTP_METHOD_HEAD);
	ck_assert_str_eq(request.target, "/2");
	ck_assert_str_eq(http_header(&request, "Host", 0), "b");
}
END_TEST

/* llhttp goes other ways where the head says Upgrade or has a body. */
START_TEST(nothing_behind_a_head_is_taken)
{
	static const char *const heads[] = {
		"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
		"Upgrade: websocket\r\n\r\n",
		"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\n"
		"Transfer-Encoding: chunked\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
	};
	char bytes[300];
	size_t len = strlen(heads[_i]);

	memcpy(bytes, heads[_i], len);
	memcpy(bytes + len, "\x81\x83\0\0\0\0abc\r\n\r\n", 13);
	parses_up_to(bytes, len + 13, len);
}
END_TEST

/* ---- Headers ---- */

START_TEST(headers_are_found_in_any_case_and_by_number)
{
	request_with("Aa: 1\r\nB: 2\r\nAA: 3\r\naA: 4\r\n");
	ck_assert_str_eq(http_header(&request, "aa", 0), "1");
	ck_assert_str_eq(http_header(&request, "aa", 1), "3");
	ck_assert_str_eq(http_header(&request, "aa", 2), "4");
	ck_assert_ptr_null(http_header(&request, "aa", 3));
	ck_assert_ptr_null(http_header(&request, "a", 0));
	ck_assert_ptr_null(http_header(&request, "1", 0));
	ck_assert_str_eq(http_header(&request, "b", 0), "2");
}
END_TEST

START_TEST(values_have_no_white_space_around_them)
{
	request_with("A:x\r\nB: \t x y \t \r\nC:\r\nD: \t \r\nE:last\r\n");
	ck_assert_str_eq(http_header(&request, "A", 0), "x");
	ck_assert_str_eq(http_header(&request, "B", 0), "x y");
	ck_assert_str_eq(http_header(&request, "C", 0), "");
	ck_assert_str_eq(http_header(&request, "D", 0), "");
	ck_assert_str_eq(http_header(&request, "E", 0), "last");
}
END_TEST

START_TEST(a_thousand_headers_are_found)
{
	static char head[40000];
	char name[16];

	limits = (struct http_limits){1024, sizeof(head)};
	strcpy(head, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < 1000; i++)
		(void)snprintf(head + strlen(head), 32, "X-%d: value %d\r\n", i,
			       i);
	strcat(head, "\r\n");
	ck_assert_int_eq(parse_by(1000, head, strlen(head)), HTTP_DONE);
	for (int i = 0; i < 1000; i++) {
		char value[16];

		(void)snprintf(name, sizeof(name), "x-%d", i);
		(void)snprintf(value, sizeof(value), "value %d", i);
		ck_assert_str_eq(http_header(&request, name, 0), value);
	}
}
END_TEST

/* All elements of the lists of that name, each in brackets. */
static const char *elements(const char *name)
{
	static char all[512];
	const char *at = NULL, *t;
	size_t len;

	*all = '\0';
	while ((t = http_next_token(&request, name, &at, &len)))
		(void)snprintf(all + strlen(all), 64, "[%.*s]", (int)len, t);
	return all;
}

/* RFC 9110, 5.6.1: empty elements are nothing. */
START_TEST(lists_go_over_commas_blanks_and_several_headers)
{
	request_with("L: a\r\n");
	ck_assert_str_eq(elements("L"), "[a]");
	request_with("L: a,b , c d\t,\te\r\n");
	ck_assert_str_eq(elements("l"), "[a][b][c d][e]");
	request_with("L: ,, a ,, ,b,\r\n");
	ck_assert_str_eq(elements("L"), "[a][b]");
	request_with("L:\r\nL: ,\r\nL: a\r\nM: no\r\nL: b,\r\nL: \r\nL: c\r\n");
	ck_assert_str_eq(elements("L"), "[a][b][c]");
	request_with("L: \r\n");
	ck_assert_str_eq(elements("L"), "");
	ck_assert_str_eq(elements("M"), "");
}
END_TEST

START_TEST(a_list_has_an_element_or_only_a_part_of_one)
{
	request_with("L: one, two\r\nL: Three\r\n");
	ck_assert(http_has_token(&request, "L", "one"));
	ck_assert(http_has_token(&request, "l", "TWO"));
	ck_assert(http_has_token(&request, "L", "three"));
	ck_assert(!http_has_token(&request, "L", "on"));
	ck_assert(!http_has_token(&request, "L", "ones"));
	ck_assert(!http_has_token(&request, "L", "one, two"));
	ck_assert(!http_has_token(&request, "L", ""));
	ck_assert(!http_has_token(&request, "M", "one"));
}
END_TEST

/* ---- Answers ---- */

static char written[1024];

/* The head with its Date line, checked, taken out. */
static const char *head_of(struct http_answer a)
{
	size_t len = http_write_head(&a, written, sizeof(written));
	char *date = strstr(written, "Date: "), *end;
	struct tm said, t;
	time_t then;

	ck_assert_uint_eq(len, strlen(written));
	ck_assert_ptr_nonnull(date);
	end = strptime(date, "Date: %a, %d %b %Y %T GMT", &said);
	ck_assert_ptr_nonnull(end);
	ck_assert_mem_eq(end, "\r\n", 2);
	ck_assert_int_eq(end - date, 35);
	t = said;
	then = timegm(&t);
	ck_assert_int_eq(said.tm_wday, t.tm_wday);
	ck_assert_int_le(then, time(NULL));
	ck_assert_int_ge(then, time(NULL) - 60);
	memmove(date, end + 2, strlen(end + 2) + 1);
	return written;
}

START_TEST(an_answer_has_its_lines)
{
	ck_assert_str_eq(
		head_of((struct http_answer){.status = 200,
					     .type = "text/plain",
					     .body_len = 12345,
					     .etag = "\"tag\"",
					     .headers = "A: b\r\n",
					     .more_headers = "C: d\r\nE: f\r\n",
					     .keep_alive = true}),
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: text/plain\r\n"
		"Content-Length: 12345\r\n"
		"ETag: \"tag\"\r\n"
		"A: b\r\nC: d\r\nE: f\r\n\r\n");
}
END_TEST

START_TEST(an_answer_says_when_it_is_the_last)
{
	ck_assert_str_eq(head_of((struct http_answer){.status = 304}),
			 "HTTP/1.1 304 Not Modified\r\n"
			 "Connection: close\r\n\r\n");
	ck_assert_str_eq(head_of((struct http_answer){.status = 304,
						      .keep_alive = true}),
			 "HTTP/1.1 304 Not Modified\r\n\r\n");
	ck_assert_str_eq(head_of((struct http_answer){.status = 101}),
			 "HTTP/1.1 101 Switching Protocols\r\n\r\n");
}
END_TEST

START_TEST(an_answer_that_finds_no_room_is_not_written)
{
	struct http_answer a = {.status = 200, .headers = "A: b\r\n"};
	size_t len = http_write_head(&a, written, sizeof(written));

	ck_assert_uint_gt(len, 0);
	ck_assert_uint_eq(http_write_head(&a, written, len + 1), len);
	ck_assert_uint_eq(http_write_head(&a, written, len), 0);
	ck_assert_uint_eq(http_write_head(&a, written, 1), 0);
}
END_TEST

START_TEST(a_status_that_nobody_answers_ends_the_program)
{
	(void)http_reason(299);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("http");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, NULL, forget_parser);
	tcase_add_test(t, a_request_has_its_parts);
	tcase_add_test(t, methods_are_get_head_and_all_others);
	tcase_add_test(t, absolute_targets_and_the_asterisk_are_kept_as_sent);
	tcase_add_test(t, empty_lines_before_a_request_are_passed_over);
	tcase_add_test(t, version_1_0_needs_no_host);
	tcase_add_test(t,
		       connections_persist_in_1_1_unless_somebody_says_close);
	tcase_add_test(t, a_body_is_announced_by_its_length_or_its_encoding);
	tcase_add_test(t, a_head_ends_where_the_next_one_begins);
	tcase_add_loop_test(t, nothing_behind_a_head_is_taken, 0, 5);
	tcase_add_test(t, headers_are_found_in_any_case_and_by_number);
	tcase_add_test(t, values_have_no_white_space_around_them);
	tcase_add_test(t, a_thousand_headers_are_found);
	tcase_add_test(t, lists_go_over_commas_blanks_and_several_headers);
	tcase_add_test(t, a_list_has_an_element_or_only_a_part_of_one);
	tcase_add_test(t, an_answer_has_its_lines);
	tcase_add_test(t, an_answer_says_when_it_is_the_last);
	tcase_add_test(t, an_answer_that_finds_no_room_is_not_written);
	tcase_add_test_raise_signal(
		t, a_status_that_nobody_answers_ends_the_program, SIGABRT);
	suite_add_tcase(s, t);
	return run_all(s);
}
