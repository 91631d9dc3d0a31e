/* SPDX-License-Identifier: MIT */
/*
 * The files of the page, compiled into the program (embed.py writes them).
 * Constant: any thread.  Go's counterpart: package embed.
 */
#ifndef NET_ASSETS_H
#define NET_ASSETS_H

#include <stddef.h>

struct asset {
	const char *target; /* "/", "/style.css" */
	const char *type;   /* its Content-Type */
	const char *etag;   /* quoted; changes with the bytes */
	const unsigned char *bytes;
	size_t len;
};

extern const struct asset assets[];
extern const size_t assets_count;

#endif
