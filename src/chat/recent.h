/* SPDX-License-Identifier: MIT */
/*
 * A bounded table of what was seen lately, by key: where it is full, what was
 * not seen for the longest time goes.  So that strangers can't make it grow,
 * and who tries hard is remembered.  Its owner calls; no locks here.
 */
#ifndef CHAT_RECENT_H
#define CHAT_RECENT_H

#include "bucket.h"

#include <stddef.h>

/* What is remembered of a key; all zero at first, and its user's. */
struct recent_entry {
	struct bucket bucket;
	int64_t failures;
	int64_t last, until; /* ns */
};

struct recent {
	struct recent_node *nodes; /* oldest first */
	size_t max;
};

/* A table of at most max keys, 1 at least.  It needs no memory yet. */
void recent_init(struct recent *r, size_t max);
void recent_fini(struct recent *r);

/*
 * The entry of the key of len bytes, made if there is none, and now the
 * youngest; valid until the next call.  NULL: no memory.
 */
struct recent_entry *recent_see(struct recent *r, const void *key, size_t len);

/* The entry, or NULL; it doesn't become younger by that. */
const struct recent_entry *recent_find(const struct recent *r, const void *key,
				       size_t len);

/* Forgets the key, if it is there. */
void recent_forget(struct recent *r, const void *key, size_t len);

/* How many there are. */
size_t recent_count(const struct recent *r);

#endif
