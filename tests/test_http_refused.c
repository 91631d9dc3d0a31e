/* SPDX-License-Identifier: MIT */
/* Heads that are too long, malformed, or meant for somebody else. */
#include "http_harness.h"
#include "memory_harness.h"

#define HOST "Host: a\r\n"

/* ---- Limits ---- */

/* A head whose request line and whole have these lengths. */
static const char *head_of_lengths(const char *method, size_t line, size_t all)
{
	static char head[9000];
	size_t n;

	n = (size_t)snprintf(head, sizeof(head), "%s /", method);
	while (n < line - strlen(" HTTP/1.1"))
		head[n++] = 'x';
	n += (size_t)snprintf(head + n, sizeof(head) - n,
			      " HTTP/1.1\r\n" HOST "Pad: ");
	while (n < all - 4)
		head[n++] = 'p';
	strcpy(head + n, "\r\n\r\n");
	MUST(strlen(head) == all);
	return head;
}

/* Caught: a limit that counted no spaces, one that ended a byte early. */
START_TEST(a_request_line_may_be_as_long_as_the_limit)
{
	static const char *const methods[] = {"GET", "OPTIONS"};

	limits = (struct http_limits){100, 4096};
	parses(head_of_lengths(methods[_i], 99, 200));
	parses(head_of_lengths(methods[_i], 100, 200));
	refused(414, head_of_lengths(methods[_i], 101, 200));
	refused(414, head_of_lengths(methods[_i], 150, 200));
}
END_TEST

START_TEST(a_request_line_that_never_ends_is_refused_at_its_limit)
{
	char line[200] = "GET /";

	limits = (struct http_limits){100, 4096};
	memset(line + 5, 'x', sizeof(line) - 5);
	/* 4 bytes before the target, and 9 that must come behind it. */
	ck_assert_int_eq(parse_by(1, line, 91), HTTP_MORE);
	ck_assert_int_eq(parse_by(1, line, 92), HTTP_ERROR);
	ck_assert_int_eq(status, 414);
	refused_with(414, line, sizeof(line));
}
END_TEST

START_TEST(a_head_may_be_as_long_as_the_limit)
{
	limits = (struct http_limits){100, 300};
	parses(head_of_lengths("GET", 20, 299));
	parses(head_of_lengths("GET", 20, 300));
	refused(431, head_of_lengths("GET", 20, 301));
	refused(431, head_of_lengths("GET", 20, 500));
}
END_TEST

START_TEST(what_follows_a_head_of_full_length_does_not_count)
{
	char bytes[400];

	limits = (struct http_limits){100, 300};
	(void)snprintf(bytes, sizeof(bytes), "%sGET / HTTP/1.1\r\n",
		       head_of_lengths("GET", 20, 300));
	parses_up_to(bytes, strlen(bytes), 300);
}
END_TEST

START_TEST(a_head_that_never_ends_is_refused_at_its_limit)
{
	const char *head = head_of_lengths("GET", 20, 500);

	limits = (struct http_limits){100, 300};
	ck_assert_int_eq(parse_by(1, head, 299), HTTP_MORE);
	ck_assert_int_eq(parse_by(1, head, 300), HTTP_ERROR);
	ck_assert_int_eq(status, 431);
}
END_TEST

START_TEST(the_defaults_are_taken_to_the_last_byte)
{
	limits = (struct http_limits){8192, 8800};
	ck_assert_int_eq(
		parse_by(4096, head_of_lengths("GET", 8192, 8800), 8800),
		HTTP_DONE);
	ck_assert_uint_eq(strlen(request.target), 8192 - 13);
	ck_assert_int_eq(
		parse_by(4096, head_of_lengths("GET", 8193, 8800), 8800),
		HTTP_ERROR);
	ck_assert_int_eq(status, 414);
}
END_TEST

/* ---- Malformed ---- */

static const char *const malformed[] = {
	/* no HTTP at all */
	"hello\r\n\r\n",
	"\x16\x03\x01\x02\x05\x01\r\n\r\n",
	"\xff\xfe\xfd\r\n\r\n",
	/* the request line */
	"get / HTTP/1.1\r\n" HOST "\r\n",
	"GE T / HTTP/1.1\r\n" HOST "\r\n",
	"FOO / HTTP/1.1\r\n" HOST "\r\n",
	"GET  HTTP/1.1\r\n" HOST "\r\n",
	"GET / x HTTP/1.1\r\n" HOST "\r\n",
	"GET /\x01 HTTP/1.1\r\n" HOST "\r\n",
	"GET x HTTP/1.1\r\n" HOST "\r\n",
	"GET / HTTP\r\n" HOST "\r\n",
	"GET / HTTP/\r\n" HOST "\r\n",
	"GET / HTTP/1.\r\n" HOST "\r\n",
	"GET / HTTP/1.1x\r\n" HOST "\r\n",
	"GET / HTTP/1.9\r\n" HOST "\r\n",
	"GET / HTTP/3.0\r\n" HOST "\r\n",
	"GET / http/1.1\r\n" HOST "\r\n",
	"GET / XTTP/1.1\r\n" HOST "\r\n",
	/* Host; RFC 9112, 3.2 */
	"GET / HTTP/1.1\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhost: b\r\n\r\n",
	"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
	/* header lines */
	"GET / HTTP/1.1\r\n" HOST "Name\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "Name : x\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "Na me: x\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "N(me: x\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "Name: x\ry\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "Name: x\x01y\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "Name: x\x7fy\r\n\r\n",
	"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
	/* two opinions on where the body ends; RFC 9112, 6 */
	"POST / HTTP/1.1\r\n" HOST
	"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST
	"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST
	"Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 4\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST
	"Content-Length: 99999999999999999999\r\n\r\n",
};

START_TEST(a_malformed_head_is_refused)
{
	refused(400, malformed[_i]);
}
END_TEST

START_TEST(a_nul_is_refused_wherever_it_stands)
{
	static const char good[] = "GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
	char bytes[sizeof(good)];

	for (size_t at = 0; at < sizeof(good) - 1; at++) {
		memcpy(bytes, good, sizeof(good));
		bytes[at] = '\0';
		refused_with(400, bytes, sizeof(good) - 1);
	}
}
END_TEST

START_TEST(another_major_version_is_refused_by_name)
{
	refused(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	refused(505, "GET / HTTP/2.0\r\n" HOST "\r\n");
	refused(505, "GET / HTTP/0.9\r\n" HOST "\r\n");
}
END_TEST

/* Nothing that comes makes it crash, hang, or take more than there is. */
START_TEST(damaged_heads_are_refused_or_taken)
{
	static const char good[] = "GET /x?y HTTP/1.1\r\nHost: a:80\r\n"
				   "Connection: a, b\r\nContent-Length: 0\r\n"
				   "Upgrade: websocket\r\n\r\nrest";
	uint64_t random = 1 + (uint64_t)_i;

	for (int i = 0; i < 2000; i++) {
		char bytes[sizeof(good)];
		enum http_progress p;

		memcpy(bytes, good, sizeof(good));
		for (unsigned n = 1 + next_random(&random) % 3; n > 0; n--)
			bytes[next_random(&random) % (sizeof(good) - 1)] =
				(char)next_random(&random);
		p = parse_by(1 + next_random(&random) % 50, bytes,
			     sizeof(good) - 1);
		if (p == HTTP_ERROR)
			MUST(status == 400 || status == 505);
		if (p == HTTP_DONE)
			(void)http_has_token(&request, "Connection", "b");
	}
}
END_TEST

/* ---- No memory ---- */

START_TEST(no_memory_for_a_parser_is_null)
{
	memory_fail(1);
	WATCHED(parser = http_parser_create(&limits));
	ck_assert_ptr_null(parser);
}
END_TEST

/* Of 512 bytes the target alone fills the first buffer, and its NUL needs the
 * next.  Caught: a callback whose refusal llhttp calls by another name. */
START_TEST(no_memory_for_a_head_is_503)
{
	const char *head = head_of_lengths("GET", 512 + 13, 4096);
	size_t nth = 2, failures = 0;
	enum http_progress p;

	limits = (struct http_limits){1024, 4096};
	for (;; nth++) {
		memory_fail(nth);
		WATCHED(p = parse_by(100, head, strlen(head)));
		WATCHED(forget_parser());
		ck_assert_uint_eq(memory_blocks, 0);
		if (!memory_failed())
			break;
		failures++;
		ck_assert_int_eq(p, HTTP_ERROR);
		ck_assert_int_eq(status, 503);
	}
	ck_assert_int_eq(p, HTTP_DONE);
	ck_assert_uint_gt(failures, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_refused");
	TCase *t = tcase_create("http_refused");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, NULL, forget_parser);
	tcase_add_loop_test(t, a_request_line_may_be_as_long_as_the_limit, 0,
			    2);
	tcase_add_test(t,
		       a_request_line_that_never_ends_is_refused_at_its_limit);
	tcase_add_test(t, a_head_may_be_as_long_as_the_limit);
	tcase_add_test(t, what_follows_a_head_of_full_length_does_not_count);
	tcase_add_test(t, a_head_that_never_ends_is_refused_at_its_limit);
	tcase_add_test(t, the_defaults_are_taken_to_the_last_byte);
	tcase_add_loop_test(t, a_malformed_head_is_refused, 0,
			    (int)COUNT_OF(malformed));
	tcase_add_test(t, a_nul_is_refused_wherever_it_stands);
	tcase_add_test(t, another_major_version_is_refused_by_name);
	tcase_add_loop_test(t, damaged_heads_are_refused_or_taken, 0, 10);
	tcase_add_test(t, no_memory_for_a_parser_is_null);
	tcase_add_test(t, no_memory_for_a_head_is_503);
	suite_add_tcase(s, t);
	return run_all(s);
}
