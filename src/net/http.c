/* SPDX-License-Identifier: MIT */
/*
 * From bytes to a request's head by llhttp's callbacks, and from an answer to
 * bytes.  Runs in reader threads; no state but the parser's own.
 */
#include "http.h"

#include "check.h"

#include <llhttp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct http_parser {
	llhttp_t llhttp;
	struct http_limits limits;
	size_t taken;  /* bytes of the head so far */
	size_t target; /* bytes of the target so far */
	int status;    /* why a callback refused to go on */
	bool whole;    /* the empty line was seen */
	char last;     /* byte of the head so far */
	char *text;    /* target NUL name NUL value NUL ... */
	size_t len, room;
	size_t headers; /* where in text they begin */
};

/* ---- Keeping text ---- */

static int refuse(struct http_parser *p, int status)
{
	p->status = status;
	return HPE_USER;
}

/* text never outgrows the head's limit by more than the NULs, which stand
 * where the head has ": " and CRLF. */
static int keep(struct http_parser *p, const char *bytes, size_t len)
{
	if (p->room - p->len < len) {
		size_t room = p->room ? p->room : 512;
		char *grown;

		while (room - p->len < len)
			room *= 2;
		grown = realloc(p->text, room);
		if (!grown)
			return refuse(p, 503);
		p->text = grown;
		p->room = room;
	}
	memcpy(p->text + p->len, bytes, len);
	p->len += len;
	return HPE_OK;
}

static int keep_end(struct http_parser *p)
{
	return keep(p, "", 1);
}

/* ---- llhttp's callbacks ---- */

static int on_url(llhttp_t *l, const char *at, size_t len)
{
	struct http_parser *p = l->data;
	const char *method = llhttp_method_name((llhttp_method_t)l->method);

	p->target += len;
	if (strlen(method) + p->target + strlen("  HTTP/1.1") > p->limits.line)
		return refuse(p, 414);
	return keep(p, at, len);
}

static int on_url_complete(llhttp_t *l)
{
	struct http_parser *p = l->data;
	int err = keep_end(p);

	p->headers = p->len;
	return err;
}

static int on_header_field(llhttp_t *l, const char *at, size_t len)
{
	return keep(l->data, at, len);
}

static int on_header_field_complete(llhttp_t *l)
{
	struct http_parser *p = l->data;

	/* llhttp lets a header without a name pass. */
	if (p->text[p->len - 1] == '\0')
		return refuse(p, 400);
	return keep_end(p);
}

static int on_header_value(llhttp_t *l, const char *at, size_t len)
{
	return keep(l->data, at, len);
}

static int on_header_value_complete(llhttp_t *l)
{
	struct http_parser *p = l->data;

	while (p->len > 0 &&
	       (p->text[p->len - 1] == ' ' || p->text[p->len - 1] == '\t'))
		p->len--;
	return keep_end(p);
}

static int on_headers_complete(llhttp_t *l)
{
	struct http_parser *p = l->data;

	p->whole = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_url = on_url,
	.on_url_complete = on_url_complete,
	.on_header_field = on_header_field,
	.on_header_field_complete = on_header_field_complete,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
};

struct http_parser *http_parser_create(const struct http_limits *limits)
{
	struct http_parser *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	llhttp_init(&p->llhttp, HTTP_REQUEST, &settings);
	p->llhttp.data = p;
	p->limits = *limits;
	return p;
}

void http_parser_destroy(struct http_parser *p)
{
	if (!p)
		return;
	free(p->text);
	free(p);
}

bool http_parser_started(const struct http_parser *p)
{
	return p->taken > 0;
}

/* ---- The whole head ---- */

/* uri-host [ ":" port ] of RFC 9110, 7.2, as far as characters go. */
static bool host_is_valid(const char *host)
{
#define NAME_CHARS                                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"       \
	"-._~!$&'()*+,;=%"
	if (*host == '[') {
		host += 1 + strspn(host + 1, NAME_CHARS ":");
		if (*host++ != ']')
			return false;
	} else {
		host += strspn(host, NAME_CHARS);
	}
	if (*host == ':')
		host += 1 + strspn(host + 1, "0123456789");
	return *host == '\0';
}

static int check(const struct http_parser *p, const struct http_request *r)
{
	const char *host = http_header(r, "Host", 0);

	if (p->llhttp.http_major != 1)
		return 505;
	/* RFC 9112, 3.2: exactly one Host in HTTP/1.1, and a valid one. */
	if (http_header(r, "Host", 1) || (r->minor >= 1 && !host) ||
	    (host && !host_is_valid(host)))
		return 400;
	return 0;
}

static int finish(struct http_parser *p, struct http_request *r)
{
	const llhttp_t *l = &p->llhttp;

	r->method = l->method == HTTP_GET    ? HTTP_METHOD_GET
		    : l->method == HTTP_HEAD ? HTTP_METHOD_HEAD
					     : HTTP_METHOD_OTHER;
	r->minor = l->http_minor;
	r->target = p->text;
	r->headers = p->text + p->headers;
	r->headers_end = p->text + p->len;
	/* HTTP/1.0's keep-alive needs words of its own; who speaks it now
	 * (health checks) can do with one request a connection. */
	r->keep_alive =
		r->minor >= 1 && !http_has_token(r, "Connection", "close");
	r->has_body =
		l->content_length > 0 || http_header(r, "Transfer-Encoding", 0);
	return check(p, r);
}

/* True where a line of the head goes on in the next one, which begins with
 * white space (obs-fold); llhttp glues the two together.  RFC 9112, 5.2:
 * refuse it, or make it a space. */
static bool is_folded(struct http_parser *p, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p->last == '\n' && (bytes[i] == ' ' || bytes[i] == '\t'))
			return true;
		p->last = bytes[i];
	}
	return false;
}

static int status_of(const struct http_parser *p, llhttp_errno_t err)
{
	/* Not err == HPE_USER: some callbacks get an error of their own. */
	if (p->status)
		return p->status;
	if (err == HPE_PAUSED_H2_UPGRADE)
		return 505;
	return 400;
}

enum http_progress http_parse(struct http_parser *p, const char *bytes,
			      size_t len, size_t *taken,
			      struct http_request *request, int *status)
{
	size_t left = p->limits.head - p->taken;
	llhttp_errno_t err;

	*taken = 0;
	if (len == 0)
		return HTTP_MORE;
	err = llhttp_execute(&p->llhttp, bytes, len < left ? len : left);
	if (!p->whole && err != HPE_OK) {
		*status = status_of(p, err);
		return HTTP_ERROR;
	}
	*taken = p->whole ? (size_t)(llhttp_get_error_pos(&p->llhttp) - bytes)
			  : len;
	if (is_folded(p, bytes, *taken)) {
		*status = 400;
		return HTTP_ERROR;
	}
	if (p->whole) {
		*status = finish(p, request);
		return *status ? HTTP_ERROR : HTTP_DONE;
	}
	p->taken += len < left ? len : left;
	if (len >= left) {
		*status = 431;
		return HTTP_ERROR;
	}
	return HTTP_MORE;
}

/* ---- Looking things up ---- */

/* The value of the first header of that name at or behind the one whose name
 * is at p. */
static const char *find(const struct http_request *r, const char *p,
			const char *name)
{
	while (p < r->headers_end) {
		const char *value = p + strlen(p) + 1;

		if (strcasecmp(p, name) == 0)
			return value;
		p = value + strlen(value) + 1;
	}
	return NULL;
}

const char *http_header(const struct http_request *r, const char *name,
			unsigned nth)
{
	const char *value = find(r, r->headers, name);

	while (value && nth-- > 0)
		value = find(r, value + strlen(value) + 1, name);
	return value;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

/* *at points into the value where the last element ended.  The walk goes on
 * from there and never back: a head may hold thousands of such headers. */
const char *http_next_token(const struct http_request *r, const char *name,
			    const char **at, size_t *len)
{
	const char *p = *at ? *at : find(r, r->headers, name);

	while (p) {
		const char *stop;

		while (blank(*p))
			p++;
		if (*p == '\0') {
			p = find(r, p + 1, name);
			continue;
		}
		stop = p + strcspn(p, ",");
		*at = stop;
		while (blank(stop[-1]))
			stop--;
		*len = (size_t)(stop - p);
		return p;
	}
	return NULL;
}

bool http_has_token(const struct http_request *r, const char *name,
		    const char *token)
{
	const char *at = NULL, *t;
	size_t len;

	while ((t = http_next_token(r, name, &at, &len)))
		if (len == strlen(token) && strncasecmp(t, token, len) == 0)
			return true;
	return false;
}

/* ---- Answers ---- */

const char *http_reason(int status)
{
	switch (status) {
	case 101:
		return "Switching Protocols";
	case 200:
		return "OK";
	case 304:
		return "Not Modified";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 426:
		return "Upgrade Required";
	case 431:
		return "Request Header Fields Too Large";
	case 500:
		return "Internal Server Error";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	}
	check_failed(__FILE__, __LINE__, "a status without a reason");
}

/* What is written of a head; longer than its room: too long. */
struct head {
	char *to;
	size_t room, len;
};

__attribute__((format(printf, 2, 3))) static void add(struct head *h,
						      const char *format, ...)
{
	size_t left = h->len < h->room ? h->room - h->len : 0;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(left ? h->to + h->len : NULL, left, format, args);
	va_end(args);
	CHECK(n >= 0);
	h->len += (size_t)n;
}

/* RFC 9110, 5.6.7.  Not strftime(): its names follow the locale. */
static void add_date(struct head *h)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed",
					"Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr",
					   "May", "Jun", "Jul", "Aug",
					   "Sep", "Oct", "Nov", "Dec"};
	time_t now = time(NULL);
	struct tm t;

	CHECK(gmtime_r(&now, &t) != NULL);
	add(h, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[t.tm_wday],
	    t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min,
	    t.tm_sec);
}

size_t http_write_head(const struct http_answer *a, char *to, size_t room)
{
	struct head h = {to, room, 0};

	CHECK(room > 0);
	*to = '\0';
	add(&h, "HTTP/1.1 %d %s\r\n", a->status, http_reason(a->status));
	add_date(&h);
	if (a->type)
		add(&h, "Content-Type: %s\r\nContent-Length: %zu\r\n", a->type,
		    a->body_len);
	if (a->etag)
		add(&h, "ETag: %s\r\n", a->etag);
	add(&h, "%s%s%s\r\n", a->headers ? a->headers : "",
	    a->more_headers ? a->more_headers : "",
	    a->status == 101 || a->keep_alive ? "" : "Connection: close\r\n");
	return h.len < room ? h.len : 0;
}
