/* SPDX-License-Identifier: MIT */
/* Heads of requests, parsed in pieces of any size. */
#ifndef HTTP_HARNESS_H
#define HTTP_HARNESS_H

#include "harness.h"
#include "http.h"

#include <string.h>

static struct http_limits limits = {1024, 4096};
static struct http_parser *parser;
static struct http_request request; /* valid where it was HTTP_DONE */
static size_t taken;                /* of what was parsed, altogether */
static int status;                  /* of HTTP_ERROR */

static inline void forget_parser(void)
{
	http_parser_destroy(parser);
	parser = NULL;
}

/* Parses it by pieces of that size, with a new parser. */
static inline enum http_progress parse_by(size_t piece, const char *bytes,
					  size_t len)
{
	enum http_progress progress = HTTP_MORE;

	forget_parser();
	parser = http_parser_create(&limits);
	MUST(parser != NULL);
	MUST(!http_parser_started(parser));
	taken = 0;
	status = 0;
	while (progress == HTTP_MORE && taken < len) {
		size_t n = piece < len - taken ? piece : len - taken, some;

		progress = http_parse(parser, bytes + taken, n, &some, &request,
				      &status);
		MUST(some <= n);
		if (progress == HTTP_MORE) {
			MUST(some == n);
			MUST(http_parser_started(parser));
		}
		taken += some;
	}
	return progress;
}

/* However it is cut, the head is whole at that byte; the request is as it came
 * in one piece. */
static inline void parses_up_to(const char *bytes, size_t len, size_t whole)
{
	for (size_t piece = 1; piece <= len; piece++) {
		enum http_progress p = parse_by(piece, bytes, len);

		ck_assert_msg(p == HTTP_DONE, "%d, status %d, by %zu: %s",
			      (int)p, status, piece, bytes);
		ck_assert_uint_eq(taken, whole);
	}
}

static inline void parses(const char *head)
{
	parses_up_to(head, strlen(head), strlen(head));
}

/* However it is cut, it is refused with that status. */
static inline void refused_with(int expected, const char *bytes, size_t len)
{
	for (size_t piece = 1; piece <= len; piece++) {
		enum http_progress p = parse_by(piece, bytes, len);

		ck_assert_msg(p == HTTP_ERROR && status == expected,
			      "%d, status %d and not %d, by %zu: %s", (int)p,
			      status, expected, piece, bytes);
	}
}

static inline void refused(int expected, const char *head)
{
	refused_with(expected, head, strlen(head));
}

/* A GET of / with these header lines. */
static inline void request_with(const char *lines)
{
	char head[4096];

	(void)snprintf(head, sizeof(head),
		       "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);
	parses(head);
}

#endif
