/* SPDX-License-Identifier: MIT */
/*
 * Heads of HTTP/1.1 requests, and answers.  Source: RFC 9110, RFC 9112.
 * llhttp parses; this room keeps what it finds and applies the limits.  It
 * does no I/O.  Go's counterpart: net/http's readRequest and response.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct http_limits {
	size_t line; /* of the request line, bytes without CRLF: else 414 */
	size_t head; /* of all up to the empty line, bytes: else 431 */
};

enum http_method { HTTP_METHOD_GET, HTTP_METHOD_HEAD, HTTP_METHOD_OTHER };

/* A request's head.  Owned by the reader that parses it. */
struct http_request {
	enum http_method method;
	int minor;       /* the version is 1.minor */
	bool keep_alive; /* the peer may send another on this connection */
	bool has_body;
	const char *target;  /* as sent */
	const char *headers; /* name NUL value NUL ..., to headers_end */
	const char *headers_end;
};

struct http_parser;

/* Returns NULL where there is no memory.  The limits are copied. */
struct http_parser *http_parser_create(const struct http_limits *limits);
void http_parser_destroy(struct http_parser *p);

enum http_progress {
	HTTP_MORE,  /* all was taken, the head isn't whole yet */
	HTTP_DONE,  /* *request is filled, valid until the parser goes */
	HTTP_ERROR, /* answer *status and close */
};

/*
 * Goes on with len bytes.  *taken says how many belong to the head; what
 * follows is the next request's, or the first frames.
 */
enum http_progress http_parse(struct http_parser *p, const char *bytes,
			      size_t len, size_t *taken,
			      struct http_request *request, int *status);

/* True once any byte of a request has come. */
bool http_parser_started(const struct http_parser *p);

/*
 * The value of the nth (from 0) header of that name, in any case, or NULL.
 */
const char *http_header(const struct http_request *r, const char *name,
			unsigned nth);

/*
 * Walks the comma-separated elements of all headers of that name (RFC 9110,
 * 5.6.1).  Start with *at NULL.  Returns the next element, not terminated,
 * without white space around it, *len bytes long; NULL: no more.
 */
const char *http_next_token(const struct http_request *r, const char *name,
			    const char **at, size_t *len);

/* True where the list has that element, in any case. */
bool http_has_token(const struct http_request *r, const char *name,
		    const char *token);

/* ---- Answers ---- */

struct http_answer {
	int status;
	const char *type; /* of the body; NULL: no body's headers at all */
	const void *body; /* not owned; NULL: none */
	size_t body_len;
	const char *etag;                   /* quoted; NULL: none */
	const char *headers, *more_headers; /* lines, each with CRLF; or NULL */
	bool head_only;                     /* the request was HEAD */
	bool keep_alive;
};

/* "Not Found" for 404, as in RFC 9110 and RFC 6585. */
const char *http_reason(int status);

/*
 * Writes the answer's head into to[room]; returns its length, or 0 where
 * there is no room.
 */
size_t http_write_head(const struct http_answer *a, char *to, size_t room);

#endif
