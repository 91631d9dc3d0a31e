/* SPDX-License-Identifier: MIT */
/*
 * Heads that are made to hurt: to take for ever, to be read in two ways, to
 * name a host that isn't one.
 *
 * Planted, and caught by: a walk that looks for its header from the beginning
 * each time (thousands_of_headers_take_no_time); no look at folded lines
 * (folded_lines_are_refused); no look at the Host's value
 * (a_host_is_a_host); keys in their canonical form only
 * (the_key_of_the_rfc_is_taken); an Origin compared with Host whatever the
 * target is (an_absolute_target_names_the_host).
 */
#include "handshake.h"
#include "harness.h"
#include "http.h"

#include <string.h>

static struct http_limits limits = {8192, 1 << 20};
static struct http_parser *parser;
static struct http_request request;

/* Parses a head in pieces of so many bytes; 0, or the refusal's status. */
static int parse_by(size_t piece, const char *head)
{
	size_t len = strlen(head), taken;
	int status = 0;

	http_parser_destroy(parser);
	parser = http_parser_create(&limits);
	ck_assert_ptr_nonnull(parser);
	for (size_t at = 0; at < len; at += piece) {
		switch (http_parse(parser, head + at,
				   piece < len - at ? piece : len - at, &taken,
				   &request, &status)) {
		case HTTP_MORE:
			break;
		case HTTP_DONE:
			return 0;
		case HTTP_ERROR:
			return status;
		}
	}
	return -1;
}

static int parse(const char *head)
{
	int status = parse_by(1, head);

	ck_assert_int_eq(parse_by(SIZE_MAX / 2, head), status);
	return status;
}

/* A head that fills 1 MiB with one line; it takes a walk from the beginning
 * hours, and the right one milliseconds. */
START_TEST(thousands_of_headers_take_no_time)
{
	static const char *const lines[] = {"Connection:x\r\n",
					    "Connection:,,,,,,,,,,,,,,,,\r\n"};
	static const char first[] = "GET / HTTP/1.1\r\nHost: a\r\n";
	char *head = malloc(limits.head + 1);
	size_t len = strlen(lines[_i]), n = strlen(first);

	ck_assert_ptr_nonnull(head);
	memcpy(head, first, n);
	for (; n + len + 30 < limits.head; n += len)
		memcpy(head + n, lines[_i], len);
	strcpy(head + n, "Connection: close\r\n\r\n");
	ck_assert_int_eq(parse_by(4096, head), 0);
	ck_assert(!request.keep_alive); /* it found the last */
	free(head);
}
END_TEST

START_TEST(folded_lines_are_refused)
{
	static const char *const folded[] = {
		"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX:\r\n c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n \r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: clo\r\n se\r\n\r\n",
	};

	for (size_t i = 0; i < COUNT_OF(folded); i++)
		ck_assert_int_eq(parse(folded[i]), 400);
	/* White space that begins no line is harmless. */
	ck_assert_int_eq(
		parse("GET / HTTP/1.1\r\nHost: a\r\nX: \t b \t\r\n\r\n"), 0);
	/* Nor is what follows the head a part of it. */
	ck_assert_int_eq(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n x"), 0);
}
END_TEST

static int parse_host(const char *host)
{
	char head[200];

	(void)snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
		       host);
	return parse(head);
}

START_TEST(a_host_is_a_host)
{
	static const char *const good[] = {
		"",      "a",        "a:",    "a.example.:8080", "127.0.0.1:1",
		"[::1]", "[::1]:80", "a_b-c", "a%20b",
	};
	static const char *const bad[] = {
		"a b",     "a/b",  "u@a",   "a:b",  "a:80:90",  "http://a",
		"a?b",     "a#b",  "a,b c", "[::1", "[::1]x",   "[::1]:x",
		"[a/b]:1", "a\"b", "<a>",   "a\\b", "\xc3\xa4", "::1",
	};

	for (size_t i = 0; i < COUNT_OF(good); i++)
		ck_assert_msg(parse_host(good[i]) == 0, "%s", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_msg(parse_host(bad[i]) == 400, "%s", bad[i]);
}
END_TEST

/* ---- Upgrades ---- */

static int judge(const char *target, const char *key, const char *origin)
{
	static const struct handshake_rules rules = {"", NULL};
	struct handshake h;
	char head[600];

	(void)snprintf(head, sizeof(head),
		       "GET %s HTTP/1.1\r\n"
		       "Host: host:8080\r\n"
		       "Connection: Upgrade\r\n"
		       "Upgrade: websocket\r\n"
		       "Sec-WebSocket-Version: 13\r\n"
		       "Sec-WebSocket-Key: %s\r\n"
		       "Origin: %s\r\n\r\n",
		       target, key, origin);
	ck_assert_int_eq(parse(head), 0);
	handshake_judge(&h, &request, &rules);
	return h.status;
}

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

/* RFC 6455, 4.1 ("as an example"): its spare bits aren't 0. */
START_TEST(the_key_of_the_rfc_is_taken)
{
	ck_assert_int_eq(
		judge("/", "AQIDBAUGBwgJCgsMDQ4PEC==", "http://host:8080"),
		101);
	ck_assert_int_eq(
		judge("/", "AQIDBAUGBwgJCgsMDQ4PE===", "http://host:8080"),
		400);
	ck_assert_int_eq(
		judge("/", "AQIDBAUGBwgJCgsMDQ4PECA=", "http://host:8080"),
		400);
}
END_TEST

/* RFC 9112, 3.2.2. */
START_TEST(an_absolute_target_names_the_host)
{
	ck_assert_int_eq(judge("/ws", KEY, "http://host:8080"), 101);
	ck_assert_int_eq(judge("http://other/ws", KEY, "http://other"), 101);
	ck_assert_int_eq(judge("http://other/ws", KEY, "http://host:8080"),
			 403);
	ck_assert_int_eq(judge("http://other", KEY, "http://other:80"), 101);
	ck_assert_int_eq(judge("http://x@other/ws", KEY, "http://other"), 403);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("heads");
	TCase *c = tcase_create("heads");

	tcase_set_timeout(c, 20);
	tcase_add_loop_test(c, thousands_of_headers_take_no_time, 0, 2);
	tcase_add_test(c, folded_lines_are_refused);
	tcase_add_test(c, a_host_is_a_host);
	tcase_add_test(c, the_key_of_the_rfc_is_taken);
	tcase_add_test(c, an_absolute_target_names_the_host);
	suite_add_tcase(s, c);
	return run_all(s);
}
