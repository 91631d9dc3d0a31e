/* SPDX-License-Identifier: MIT */
/*
 * What chan.c and select.c share: the channel, those who wait at it, and how
 * exactly one partner gets each of them.
 *
 * A waiter is a thread that sleeps; its cases stand in one queue (send,
 * receive) or in several (select).  Exactly one partner may have it: the one
 * whose claim() succeeds.  The partner copies the value from or to the case's
 * own memory, takes the case out of the queue under the channel's lock, and
 * wakes the waiter after the unlock, so that who wakes up may destroy the
 * channel.  tests/model/select.pml proves it.
 */
#ifndef CHAN_INTERNAL_H
#define CHAN_INTERNAL_H

#include "chan.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static inline _Noreturn void check_failed(const char *what, const char *name)
{
	fprintf(stderr, "libchan: %s%s%s\n", what, *name ? ": channel " : "",
		name);
	abort();
}

#define STRING_(x) #x
#define STRING(x)  STRING_(x)
#define CHAN_CHECK(cond)                                                       \
	do {                                                                   \
		if (!(cond))                                                   \
			check_failed(__FILE__ ":" STRING(                      \
					     __LINE__) ": "                    \
						       "CHECK failed: " #cond, \
				     "");                                      \
	} while (0)
#define CHECK_NAMED(cond, c, what)                                             \
	do {                                                                   \
		if (!(cond))                                                   \
			check_failed(what, (c)->name);                         \
	} while (0)

#include "park.h"

#define NAME_MAX_BYTES 15

/* Cases that wait, first come first.  Guarded by the channel's lock, though
 * first is looked at without it, as a hint. */
struct chan_queue {
	_Atomic(struct chan_case *) first;
	struct chan_case *last;
};

struct chan {
	chan_lock lock;
	size_t elem_size, capacity;    /* never change */
	atomic_size_t count;           /* in the ring; guarded, hint without */
	size_t head;                   /* index of the oldest; guarded */
	atomic_bool closed;            /* guarded, hint without */
	char name[NAME_MAX_BYTES + 1]; /* guarded */
	struct chan_queue senders, receivers;
	_Alignas(max_align_t) unsigned char ring[];
};

/* A thread that sleeps.  Lies on its stack; gone once it was woken. */
struct chan_waiter {
	atomic_bool claimed;      /* set once, by the one partner, or by itself
				     where its deadline passed */
	struct chan_case *chosen; /* written by the partner before it wakes */
	struct chan_waiter *next; /* in the partner's struct chan_wakes */
	struct parker parker;
};

/* ---- What is looked at, with the lock or without ---- */

static inline struct chan_case *first_of(const struct chan_queue *q)
{
	return atomic_load_explicit(&q->first, memory_order_acquire);
}

static inline void set_first(struct chan_queue *q, struct chan_case *k)
{
	atomic_store_explicit(&q->first, k, memory_order_release);
}

static inline size_t count_of(const struct chan *c)
{
	return atomic_load_explicit(&c->count, memory_order_acquire);
}

static inline void set_count(struct chan *c, size_t n)
{
	atomic_store_explicit(&c->count, n, memory_order_release);
}

static inline bool is_closed(const struct chan *c)
{
	return atomic_load_explicit(&c->closed, memory_order_acquire);
}

/*
 * May it proceed?  "Yes" is only a hint.  "No" can be believed, where it is
 * about one channel: there was a moment when it was so.  Whether it is open is
 * looked at last: it was open then at the moment when it was full or empty
 * too, and at that moment nobody waited at the other end, for nobody does
 * while a ring has room, or holds something.  (A buffer of 0 is always full
 * and empty, and the moment is the look at the queue.)
 */
static inline bool may_send(const struct chan *c)
{
	return count_of(c) < c->capacity || first_of(&c->receivers) ||
	       is_closed(c);
}

static inline bool may_receive(const struct chan *c)
{
	return count_of(c) > 0 || first_of(&c->senders) || is_closed(c);
}

/* ---- Queues ---- */

static inline void enqueue(struct chan_queue *q, struct chan_case *k)
{
	k->done_ = 0;
	k->queue_ = q;
	k->next_ = NULL;
	k->prev_ = q->last;
	if (k->prev_)
		k->prev_->next_ = k;
	else
		set_first(q, k);
	q->last = k;
}

static inline void dequeue(struct chan_case *k)
{
	struct chan_queue *q = k->queue_;

	if (k->prev_)
		k->prev_->next_ = k->next_;
	else
		set_first(q, k->next_);
	if (k->next_)
		k->next_->prev_ = k->prev_;
	else
		q->last = k->prev_;
	k->queue_ = NULL;
}

static inline bool claim(struct chan_waiter *w)
{
	return !atomic_exchange_explicit(&w->claimed, true,
					 memory_order_acq_rel);
}

/* The first case of q whose waiter is ours now; those of selects that another
 * channel was quicker to serve are dropped on the way. */
static inline struct chan_case *claim_first(struct chan_queue *q)
{
	struct chan_case *k;

	while ((k = first_of(q))) {
		/* A sender of many is ours since its first value went. */
		if (k->done_ > 0 || claim(k->waiter_))
			return k;
		dequeue(k);
	}
	return NULL;
}

/* The case is served: whoever holds the list wakes its waiter later. */
static inline void served(struct chan_case *k, enum chan_status status,
			  struct chan_wakes *to_wake)
{
	struct chan_waiter *w = k->waiter_;

	dequeue(k);
	k->status = status;
	w->chosen = k;
	w->next = NULL;
	if (to_wake->last_)
		to_wake->last_->next = w;
	else
		to_wake->first_ = w;
	to_wake->last_ = w;
}

/* Never under a channel's lock.  A waiter is gone once it is awake. */
static inline void wake(const struct chan_wakes *to_wake)
{
	struct chan_waiter *w = to_wake->first_;

	while (w) {
		struct chan_waiter *next = w->next;

		unpark(&w->parker);
		w = next;
	}
}

static inline void waiter_init(struct chan_waiter *w)
{
	atomic_init(&w->claimed, false);
	w->chosen = NULL;
	parker_init(&w->parker);
}

/* ---- chan.c ---- */

#define CHAN_HIDDEN __attribute__((visibility("hidden")))

CHAN_HIDDEN int64_t chan__now(void);

/* Sleeps; there is no channel that could end it sooner. */
CHAN_HIDDEN void chan__wait_till(int64_t deadline);

/* Ends the program where the caller's type is not the channel's. */
CHAN_HIDDEN void chan__check_size(const struct chan *c, size_t size);

/* Moves as many of the n values as can go now; returns how many.  The lock is
 * held; for put, the channel is open. */
CHAN_HIDDEN size_t chan__put(struct chan *c, const void *values, size_t n,
			     struct chan_wakes *to_wake);
CHAN_HIDDEN size_t chan__get(struct chan *c, void *values, size_t max,
			     struct chan_wakes *to_wake);

/* What a receive from a closed channel gives. */
CHAN_HIDDEN void chan__zero(void *value, size_t size);

#endif
