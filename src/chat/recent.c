/* SPDX-License-Identifier: MIT */
/* uthash keeps the order in which keys were added: the first is the oldest. */
#include "recent.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A failed allocation leaves the key out of the table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct recent_node {
	struct recent_entry entry;
	UT_hash_handle hh;
	size_t len;
	unsigned char key[];
};

void recent_init(struct recent *r, size_t max)
{
	*r = (struct recent){.max = max < 1 ? 1 : max};
}

static void forget(struct recent *r, struct recent_node *n)
{
	HASH_DEL(r->nodes, n);
	free(n);
}

void recent_fini(struct recent *r)
{
	while (r->nodes)
		forget(r, r->nodes);
}

static struct recent_node *find(const struct recent *r, const void *key,
				size_t len)
{
	struct recent_node *n;

	HASH_FIND(hh, r->nodes, key, len, n);
	return n;
}

/* At the end of the order; false: no memory, and it isn't in the table. */
static bool add(struct recent *r, struct recent_node *n)
{
	HASH_ADD_KEYPTR(hh, r->nodes, n->key, n->len, n);
	return n->hh.tbl != NULL;
}

static struct recent_node *create(const void *key, size_t len)
{
	struct recent_node *n = calloc(1, sizeof(*n) + len);

	if (!n)
		return NULL;
	n->len = len;
	memcpy(n->key, key, len);
	return n;
}

struct recent_entry *recent_see(struct recent *r, const void *key, size_t len)
{
	struct recent_node *n = find(r, key, len);

	if (n) {
		HASH_DEL(r->nodes, n);
	} else {
		if (recent_count(r) >= r->max)
			forget(r, r->nodes);
		n = create(key, len);
	}
	if (!n)
		return NULL;
	n->hh.tbl = NULL;
	if (add(r, n))
		return &n->entry;
	free(n);
	return NULL;
}

const struct recent_entry *recent_find(const struct recent *r, const void *key,
				       size_t len)
{
	const struct recent_node *n = find(r, key, len);

	return n ? &n->entry : NULL;
}

void recent_forget(struct recent *r, const void *key, size_t len)
{
	struct recent_node *n = find(r, key, len);

	if (n)
		forget(r, n);
}

size_t recent_count(const struct recent *r)
{
	return HASH_COUNT(r->nodes);
}
