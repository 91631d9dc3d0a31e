/* SPDX-License-Identifier: MIT */
/*
 * What is served besides WebSocket: the page, its files, /healthz, and errors
 * in words.  Source: RFC 9110.  Go's counterpart: http.FileServer.
 */
#ifndef NET_SITE_H
#define NET_SITE_H

#include "http.h"

#define SITE_TEXT_BYTES 320

/* An answer together with the text of its body where that is made up. */
struct site_answer {
	struct http_answer http;
	char text[SITE_TEXT_BYTES];
	char headers[512];
};

/* The part of a target before its query; *len bytes.  An absolute target
 * ("http://host/path", RFC 9112, 3.2.2) counts from its path on. */
const char *site_path(const char *target, size_t *len);

/* True where the request's path is this one. */
bool site_path_is(const struct http_request *r, const char *path);

/* Answers a request for anything but a WebSocket. */
void site_answer(struct site_answer *a, const struct http_request *r);

/* An answer that is a status and a line of text; r may be NULL (then it
 * closes), headers too. */
void site_refuse(struct site_answer *a, const struct http_request *r,
		 int status, const char *headers, const char *text);

#endif
