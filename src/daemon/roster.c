/* SPDX-License-Identifier: MIT */
/*
 * Readers come and go here, main walks the list when it stops the server.
 * Nobody blocks while he holds the mutex: shutdown(2) doesn't wait.
 */
#include "roster.h"

#include "check.h"

#include <utlist.h>

static void lock(struct roster *r)
{
	CHECK(pthread_mutex_lock(&r->mu) == 0);
}

static void unlock(struct roster *r)
{
	CHECK(pthread_mutex_unlock(&r->mu) == 0);
}

int roster_init(struct roster *r)
{
	r->first = NULL;
	return -pthread_mutex_init(&r->mu, NULL);
}

void roster_fini(struct roster *r)
{
	CHECK(r->first == NULL);
	CHECK(pthread_mutex_destroy(&r->mu) == 0);
}

void roster_add(struct roster *r, struct roster_entry *e, struct stream *stream)
{
	e->stream = stream;
	e->waits = false;
	lock(r);
	DL_APPEND(r->first, e);
	unlock(r);
}

void roster_remove(struct roster *r, struct roster_entry *e)
{
	lock(r);
	DL_DELETE(r->first, e);
	unlock(r);
}

void roster_set_waits(struct roster *r, struct roster_entry *e, bool waits)
{
	lock(r);
	e->waits = waits;
	unlock(r);
}

void roster_wake_waiting(struct roster *r)
{
	struct roster_entry *e;

	lock(r);
	DL_FOREACH (r->first, e)
		if (e->waits)
			stream_wake_reader(e->stream);
	unlock(r);
}

size_t roster_cut_all(struct roster *r)
{
	struct roster_entry *e;
	size_t n = 0;

	lock(r);
	DL_FOREACH (r->first, e) {
		stream_cut(e->stream);
		n++;
	}
	unlock(r);
	return n;
}
