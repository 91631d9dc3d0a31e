/* SPDX-License-Identifier: MIT */
/*
 * What the files of libchan share: the channel, those who wait at it, and how
 * exactly one partner gets each of them.
 *
 * A waiter is a thread that sleeps; its cases stand in one queue (send,
 * receive) or in several (select).  Exactly one partner may have it: the one
 * whose claim() succeeds.  The partner copies the value from or to the case's
 * own memory, takes the waiter's cases out of the channel's queues under its
 * lock, and wakes the waiter after the unlock.  From the claim on the waiter
 * leaves that channel alone, so that who was handed a value may destroy it
 * though the other is still on its way out.  The models in tests/model prove
 * it, select.pml and hand_over.pml.
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

#define CHAN_HIDDEN   __attribute__((visibility("hidden")))
#define CHAN_NOINLINE __attribute__((noinline))

/* Between two looks: lets the processor's other half work, and saves power. */
static inline void pause_a_moment(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
	__asm__ __volatile__("yield");
#endif
}

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
	unsigned spin;   /* looks before a thread sleeps; guarded */
	unsigned luck;   /* looks in vain till threads cease to; guarded */
	unsigned sleeps; /* since they ceased; guarded */
	struct chan_queue senders, receivers;
	_Alignas(max_align_t) unsigned char ring[];
};

enum { WAITING, CLAIMED, GAVE_UP };

/* A thread that sleeps.  Lies on its stack; gone once it was woken. */
struct chan_waiter {
	atomic_int state;        /* whoever moves it from WAITING has it */
	atomic_uint looks;       /* left to it before it sleeps */
	struct chan_case *cases; /* where it waits */
	size_t n;
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
 * and empty, and the moment is the look at the queue.)  See
 * tests/model/look.pml.
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
	int was = WAITING;

	return atomic_compare_exchange_strong_explicit(&w->state, &was, CLAIMED,
						       memory_order_acq_rel,
						       memory_order_relaxed);
}

/* A sender of many of whom the partner took some waits on.  False: its
 * deadline passed meanwhile, and it sleeps until this partner wakes it. */
static inline bool unclaim(struct chan_waiter *w)
{
	int was = CLAIMED;

	return atomic_compare_exchange_strong_explicit(&w->state, &was, WAITING,
						       memory_order_acq_rel,
						       memory_order_relaxed);
}

/* By the waiter itself, at its deadline.  False: a partner was quicker. */
static inline bool give_up(struct chan_waiter *w)
{
	return atomic_exchange_explicit(&w->state, GAVE_UP,
					memory_order_acq_rel) == WAITING;
}

/* The first case of q whose waiter is ours now; those of waiters that another
 * channel was quicker to serve, or that gave up, are dropped on the way. */
static inline struct chan_case *claim_first(struct chan_queue *q)
{
	struct chan_case *k;

	while ((k = first_of(q))) {
		if (claim(k->waiter_))
			return k;
		dequeue(k);
	}
	return NULL;
}

/* Takes the waiter out of c, where it may stand several times. */
static inline void leave(struct chan_waiter *w, const struct chan *c)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->cases[i].chan == c && w->cases[i].queue_)
			dequeue(&w->cases[i]);
}

/* ---- Looking before sleeping ----
 *
 * To sleep and be woken costs two threads several microseconds each; where the
 * other end is running, on another processor, what one waits for is there
 * sooner.  So a thread looks for a while first.  Whether that pays is learned
 * by the channel: after LUCK times in vain, threads there go to sleep at once,
 * but for one in PROBE_EVERY, which tries. */

#define LUCK        8
#define PROBE_EVERY 256

/* How often to look now.  Taken for in vain until looks_paid(). */
static inline unsigned looks_for(struct chan *c)
{
	if (c->luck > 0)
		c->luck--;
	else if (++c->sleeps % PROBE_EVERY != 0)
		return 0;
	return c->spin;
}

static inline void looks_paid(struct chan *c)
{
	c->luck = LUCK;
}

/* The case is served: whoever holds the list wakes its waiter later. */
static inline void served(struct chan_case *k, enum chan_status status,
			  struct chan_wakes *to_wake)
{
	struct chan_waiter *w = k->waiter_;

	leave(w, k->chan);
	if (atomic_load_explicit(&w->looks, memory_order_relaxed) > 0)
		looks_paid(k->chan);
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

static inline void waiter_init(struct chan_waiter *w, struct chan_case *cases,
			       size_t n)
{
	atomic_init(&w->state, WAITING);
	atomic_init(&w->looks, 0);
	w->cases = cases;
	w->n = n;
	w->chosen = NULL;
	parker_init(&w->parker);
}

/* Sleeps until a partner has served one of the cases: w->chosen.  False: none
 * did before the deadline, and none will. */
static inline bool await_partner(struct chan_waiter *w, int64_t deadline)
{
	unsigned left = atomic_load_explicit(&w->looks, memory_order_relaxed);

	while (left > 0 && !is_awake(&w->parker)) {
		pause_a_moment();
		atomic_store_explicit(&w->looks, --left, memory_order_relaxed);
	}
	if (park(&w->parker, deadline))
		return true;
	if (give_up(w))
		return false;
	return park(&w->parker, CHAN_FOREVER); /* the wake is under way */
}

/* ---- chan.c ---- */

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
