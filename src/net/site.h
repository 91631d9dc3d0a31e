/* SPDX-License-Identifier: MIT */
/*
 * What is served besides WebSocket: the page, its files, /healthz, and errors
 * in words.  Source: RFC 9110.  Go's counterpart: http.FileServer.
 */
#ifndef NET_SITE_H
#define NET_SITE_H

#include "http.h"

/* The part of a target before its query; *len bytes.  An absolute target
 * ("http://host/path", RFC 9112, 3.2.2) counts from its path on. */
const char *site_path(const char *target, size_t *len);

/* True where the request's path is this one. */
bool site_path_is(const struct http_request *r, const char *path);

/* The answer to a request for anything but a WebSocket. */
struct http_answer site_answer(const struct http_request *r);

/*
 * An answer that is a status and a line of text.  r may be NULL (then it
 * closes), headers too; all strings must live until the answer was written.
 */
struct http_answer site_refuse(const struct http_request *r, int status,
			       const char *headers, const char *text);

#endif
