/* SPDX-License-Identifier: MIT */
/*
 * Write-through: the hub takes the step of a writer that has nothing to do.
 *
 * By the textbook each delivery wakes a writer, and the wake costs more than
 * the write.  Where a member's queue is empty and its writer waits, the hub
 * may as well write the message itself: once, without waiting.  What the
 * kernel doesn't take is the writer's, as ever.  Switched off (hub.
 * write_through), none of this runs.
 *
 * What keeps it safe:
 * - The pen, a lock.  A connection's socket is written to by whoever holds it.
 *   The writer waits for it, never longer than one write that doesn't wait;
 *   the hub takes it only where it lies there.  So bytes never mix, and the
 *   hub never blocks.  (A channel of capacity one would do the same, and does
 *   in Go; here it would be most of what the step costs beside its write.)
 * - The count of what was sent to the member and isn't written yet.  It
 *   includes what the writer has in its hand.  The hub writes only where it is
 *   zero.  So nothing is overtaken.
 * - The rest of a message that the kernel took in part.  Who takes the pen
 *   next is the writer, and it writes the rest before anything else.
 * - The budget.  A turn in which the hub has written for this long wakes
 *   writers from then on: where there are processors they share the work, and
 *   register and unregister don't wait.
 */
#ifndef CHAT_WRITE_THROUGH_H
#define CHAT_WRITE_THROUGH_H

#include "message.h"

#include <chan.h>
#include <pthread.h>

struct member;

/* A member's part; all zero: switched off. */
struct pen {
	bool on;
	pthread_mutex_t mu;
	struct message *rest; /* guarded by the pen, a reference; or NULL */
	size_t rest_from;     /* its first byte that isn't written; likewise */

	/* Writes what the socket takes of the pieces, without waiting; returns
	 * how many bytes, or -errno. */
	ssize_t (*try_write)(struct member *m, struct iovec *pieces, size_t n);
};

/* The hub's part. */
struct write_through {
	bool on;
	int64_t budget; /* ns of one turn */
	int64_t until;  /* the end of this turn's */
};

/* Main only. */
void write_through_init(struct write_through *w, bool on);

/* A turn of the hub begins, and its budget with it. */
void write_through_turn(struct write_through *w);

/*
 * Writes the message to the member now, if that may be done; false: it has to
 * go through the queue.  Keeps no reference of the caller's.  A writer that
 * has to write the rest is added to *wakes.  Hub only.
 */
bool write_through(struct write_through *w, struct member *m,
		   struct message *msg, struct chan_wakes *wakes);

/* Before threads know of it, and when none does any more; fini also of one
 * that is all zero. */
void pen_init(struct pen *p,
	      ssize_t (*try_write)(struct member *, struct iovec *, size_t));
void pen_fini(struct pen *p);

/* Waits for the pen, and lays it down.  Writer only. */
void pen_take(struct pen *p);
void pen_lay_down(struct pen *p);

/* With the pen: the pieces that have to be written before anything else, of
 * which there may be none.  pen_forget_rest() afterwards, written or not. */
size_t pen_rest(const struct pen *p, struct iovec pieces[2]);
void pen_forget_rest(struct member *m);

#endif
