/* SPDX-License-Identifier: MIT */
/*
 * Choosing the answer to a request.  Runs in reader threads; what it answers
 * with is constant or lies in the answer.
 */
#include "site.h"

#include "assets.h"

#include <string.h>
#include <strings.h>

/* The page runs our scripts and styles, talks to us, and stands in nobody's
 * frame. */
#define PAGE_HEADERS                                                           \
	"Cache-Control: no-cache\r\n"                                          \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; "     \
	"style-src 'self'; img-src 'self' data:; connect-src 'self'; "         \
	"manifest-src 'self'; base-uri 'none'; form-action 'none'; "           \
	"frame-ancestors 'none'\r\n"                                           \
	"X-Content-Type-Options: nosniff\r\n"                                  \
	"Referrer-Policy: no-referrer\r\n"

const char *site_path(const char *target, size_t *len)
{
	const char *path = target;

	if (strncasecmp(target, "http://", 7) == 0 ||
	    strncasecmp(target, "https://", 8) == 0) {
		path = strstr(target, "//") + 2;
		path += strcspn(path, "/?");
		if (*path != '/') {
			*len = 1;
			return "/";
		}
	}
	*len = strcspn(path, "?");
	return path;
}

bool site_path_is(const struct http_request *r, const char *path)
{
	size_t len;
	const char *p = site_path(r->target, &len);

	return len == strlen(path) && memcmp(p, path, len) == 0;
}

struct http_answer site_refuse(const struct http_request *r, int status,
			       const char *headers, const char *text)
{
	return (struct http_answer){
		.status = status,
		.type = "text/plain; charset=utf-8",
		.body = text,
		.body_len = strlen(text),
		.headers = "X-Content-Type-Options: nosniff\r\n",
		.more_headers = headers,
		.head_only = r && r->method == HTTP_METHOD_HEAD,
		.keep_alive = r && r->keep_alive,
	};
}

/* RFC 9110, 13.1.2: a list of tags, compared weakly, or "*". */
static bool client_has(const struct http_request *r, const char *etag)
{
	const char *at = NULL, *t;
	size_t len;

	while ((t = http_next_token(r, "If-None-Match", &at, &len))) {
		if (len > 2 && memcmp(t, "W/", 2) == 0) {
			t += 2;
			len -= 2;
		}
		if ((len == 1 && *t == '*') ||
		    (len == strlen(etag) && memcmp(t, etag, len) == 0))
			return true;
	}
	return false;
}

static struct http_answer serve(const struct http_request *r,
				const struct asset *asset)
{
	bool cached = client_has(r, asset->etag);

	return (struct http_answer){
		.status = cached ? 304 : 200,
		.type = cached ? NULL : asset->type,
		.body = cached ? NULL : asset->bytes,
		.body_len = cached ? 0 : asset->len,
		.etag = asset->etag,
		.headers = PAGE_HEADERS,
		.head_only = r->method == HTTP_METHOD_HEAD,
		.keep_alive = r->keep_alive,
	};
}

static const struct asset *find(const struct http_request *r)
{
	bool index = site_path_is(r, "/index.html");

	for (size_t i = 0; i < assets_count; i++)
		if (index ? strcmp(assets[i].target, "/") == 0
			  : site_path_is(r, assets[i].target))
			return &assets[i];
	return NULL;
}

struct http_answer site_answer(const struct http_request *r)
{
	const struct asset *asset = find(r);
	bool health = site_path_is(r, "/healthz");

	if (!asset && !health)
		return site_refuse(r, 404, NULL, "There is nothing here.\n");
	if (r->method == HTTP_METHOD_OTHER)
		return site_refuse(r, 405, "Allow: GET, HEAD\r\n",
				   "Only GET and HEAD are possible here.\n");
	if (health)
		return site_refuse(r, 200, "Cache-Control: no-store\r\n",
				   "ok\n");
	return serve(r, asset);
}
