/* SPDX-License-Identifier: MIT */
/*
 * The list of all open connections, under a mutex: so that main can wake
 * readers that sit in poll(), where no channel reaches them.  A connection
 * leaves the list before its descriptor is closed, so that never a stranger's
 * is hit.
 */
#ifndef DAEMON_ROSTER_H
#define DAEMON_ROSTER_H

#include "stream.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct roster_entry {
	struct stream *stream;
	bool waits; /* for a request or an echo: nothing is owed to it */
	struct roster_entry *next, *prev;
};

struct roster {
	pthread_mutex_t mu;
	struct roster_entry *first; /* guarded by mu, as all entries are */
};

/* Main only, before and after all threads.  roster_init: 0 or -errno. */
int roster_init(struct roster *r);
void roster_fini(struct roster *r);

/* The reader's thread.  Not while it holds anything else. */
void roster_add(struct roster *r, struct roster_entry *e,
		struct stream *stream);
void roster_remove(struct roster *r, struct roster_entry *e);
void roster_set_waits(struct roster *r, struct roster_entry *e, bool waits);

/* Lets those that wait for a request see the end of their stream. */
void roster_wake_waiting(struct roster *r);

/* Ends all streams in both directions; returns how many there were. */
size_t roster_cut_all(struct roster *r);

#endif
