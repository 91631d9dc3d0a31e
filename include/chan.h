/* SPDX-License-Identifier: MIT */
/*
 * libchan: Go's channels for POSIX threads.
 *
 * A channel is a queue of values of one size which any number of threads may
 * send to and receive from; chan_select() waits for the first of several such
 * operations that can proceed.  The semantics are those of the Go programming
 * language specification ("Channel types", "Send statements", "Receive
 * operator", "Select statements", "Close"); where this library differs, the
 * comment says so.  Every function may be called by any thread at any time
 * unless its comment says otherwise.  See chan(3).
 */
#ifndef CHAN_H
#define CHAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define CHAN_PUBLIC   __attribute__((visibility("default")))
#define CHAN_MUST_USE __attribute__((warn_unused_result))
#else
#define CHAN_PUBLIC
#define CHAN_MUST_USE
#endif

/* ---- What operations return, and when they give up ---- */

/* A channel; opaque.  Go: chan T. */
struct chan;

enum chan_status {
	CHAN_OK,       /* the value went over */
	CHAN_CLOSED,   /* it didn't and never will: the channel is closed */
	CHAN_TIMEDOUT, /* it didn't: the deadline passed */
};

/*
 * Deadlines are absolute times of CLOCK_MONOTONIC in nanoseconds.  What is
 * ready wins over a deadline that has passed.
 */
#define CHAN_NOW     0         /* don't wait: Go's select with a default */
#define CHAN_FOREVER INT64_MAX /* no deadline */

/*
 * The deadline that lies ns nanoseconds from now; saturates at CHAN_FOREVER,
 * and at CHAN_NOW where ns is so negative that the time would be.
 */
CHAN_PUBLIC int64_t chan_deadline(int64_t ns_from_now);

/* ---- Life ---- */

/*
 * Makes a channel of elements of elem_size bytes (0: a channel of signals)
 * which holds up to capacity of them (0: unbuffered, each send meets its
 * receive).  Returns NULL where there is no memory or the size overflows.
 * The caller owns it and ends it by chan_destroy().  Go: make(chan T, n).
 */
CHAN_PUBLIC CHAN_MUST_USE struct chan *chan_create(size_t elem_size,
						   size_t capacity);

/*
 * Closes the channel: every later send, and every send that waits, returns
 * CHAN_CLOSED; receives get what is buffered, then CHAN_CLOSED.  The program
 * ends with a message where c is NULL or closed already, as Go panics.
 */
CHAN_PUBLIC void chan_close(struct chan *c);

/*
 * Frees the channel; what it still holds is forgotten, and NULL does nothing.
 * No thread may be waiting on it or call anything on it any more; the program
 * ends with a message where one is found waiting.  A receiver may destroy the
 * channel as soon as its receive has returned, though the sender may not have
 * returned yet: that is what a reply channel needs.  (Go's collector does it.)
 */
CHAN_PUBLIC void chan_destroy(struct chan *c);

/* How many values are buffered at the moment; 0 of NULL.  Go: len(c). */
CHAN_PUBLIC size_t chan_len(const struct chan *c);

/* How many it can hold; 0 of NULL.  Go: cap(c). */
CHAN_PUBLIC size_t chan_cap(const struct chan *c);

/*
 * Names the channel, for people who read messages about it.  The name is
 * copied, and cut to 15 bytes; NULL takes it away.  c may be NULL.
 */
CHAN_PUBLIC void chan_set_name(struct chan *c, const char *name);

/* How often a thread looks, at most, before it goes to sleep in a send or a
 * receive: some tens of microseconds. */
#define CHAN_SPIN 2000

/*
 * Sets how often a thread may look whether it can proceed before it goes to
 * sleep at this channel; 0: never.  At first it is CHAN_SPIN.  Looking pays
 * where the other end runs on another processor at that moment; how often it
 * did pay is learned, and where it doesn't threads soon cease to look.  For
 * channels at which hundreds of threads wait for what comes rarely 0 is right.
 * Select never looks.  Who still looks doesn't wait yet, in the order in which
 * those who wait are served.  c may be NULL.
 */
CHAN_PUBLIC void chan_set_spin(struct chan *c, unsigned looks);

/* ---- Send and receive ---- */

/*
 * Sends *v, of the channel's element size, and waits while the channel is
 * full (unbuffered: until a receiver has taken it).  Unlike Go's, a send on a
 * closed channel doesn't panic but returns CHAN_CLOSED.  Whatever is not
 * CHAN_OK leaves the value with the caller.  On NULL it waits for ever, or
 * till the deadline.  A size other than the channel's ends the program.
 *
 *	enum chan_status chan_send(struct chan *c, const T *v);
 *	enum chan_status chan_send_until(struct chan *c, const T *v, int64_t t);
 */
#define chan_send(c, v)          chan_send_sized((c), (v), sizeof *(v), CHAN_FOREVER)
#define chan_send_until(c, v, t) chan_send_sized((c), (v), sizeof *(v), (t))

/*
 * Receives into *v; waits while there is nothing.  CHAN_CLOSED (closed, and
 * nothing left) zeroes *v; CHAN_TIMEDOUT leaves it alone.  On NULL it waits
 * for ever, or till the deadline.  Go: v, ok = <-c.
 *
 *	enum chan_status chan_recv(struct chan *c, T *v);
 *	enum chan_status chan_recv_until(struct chan *c, T *v, int64_t t);
 */
#define chan_recv(c, v)          chan_recv_sized((c), (v), sizeof *(v), CHAN_FOREVER)
#define chan_recv_until(c, v, t) chan_recv_sized((c), (v), sizeof *(v), (t))

/*
 * Sends the count values of the array vs in order, as many as fit under one
 * lock and with one wake, and waits for the rest to go; no other sender's
 * value comes between those that are waiting.  *n says how many went, also
 * where the result is not CHAN_OK; vs[*n] and what follows stay with the
 * caller.  count 0: CHAN_OK at once.  Go has nothing like it.
 *
 *	enum chan_status chan_send_some(struct chan *c, const T *vs,
 *					size_t count, size_t *n, int64_t t);
 */
#define chan_send_some(c, vs, count, n, t)                                     \
	chan_send_some_sized((c), (vs), (count), (n), sizeof *(vs), (t))

/*
 * Waits for one value, then takes all that waits, up to max, under one lock,
 * and lets as many senders go on as this made room for.  *n says how many it
 * took, at least 1 with CHAN_OK; CHAN_CLOSED zeroes vs[0].  max 0: CHAN_OK
 * and 0 at once.  Go has nothing like it.
 *
 *	enum chan_status chan_recv_some(struct chan *c, T *vs, size_t max,
 *					size_t *n, int64_t t);
 */
#define chan_recv_some(c, vs, max, n, t)                                       \
	chan_recv_some_sized((c), (vs), (max), (n), sizeof *(vs), (t))

/*
 * The same for channels of signals (elem_size 0): Go's chan struct{}.  Results
 * are those of chan_send_until() and chan_recv_until().
 */
CHAN_PUBLIC CHAN_MUST_USE enum chan_status chan_send_unit(struct chan *c,
							  int64_t deadline);
CHAN_PUBLIC CHAN_MUST_USE enum chan_status chan_recv_unit(struct chan *c,
							  int64_t deadline);

/* ---- One sender, many channels ---- */

/*
 * Receivers that were given a value and still sleep.  Starts as
 * CHAN_WAKES_NONE; its members are libchan's own, and it must not be copied
 * while it holds somebody.
 */
struct chan_wakes {
	struct chan_waiter *first_, *last_;
};

#define CHAN_WAKES_NONE                                                        \
	{                                                                      \
		NULL, NULL                                                     \
	}

/*
 * Sends *v without waiting, as chan_send_until(c, v, CHAN_NOW) does, but does
 * not wake the receiver that it serves: that one is added to *wakes, and the
 * caller wakes all of them by one chan_wake() when he has served everybody.
 * Else the first to be woken takes the processor from him who still has the
 * others to serve.  Until then such a receiver has its value and sleeps,
 * whatever its deadline.  *wakes belongs to one thread.  Go's scheduler does
 * this for its own: a goroutine made ready waits till the others stop.
 *
 *	enum chan_status chan_send_deferred(struct chan *c, const T *v,
 *					    struct chan_wakes *wakes);
 */
#define chan_send_deferred(c, v, wakes)                                        \
	chan_send_deferred_sized((c), (v), sizeof *(v), (wakes))

/* Wakes those in *wakes, in the order they were served, and empties it. */
CHAN_PUBLIC void chan_wake(struct chan_wakes *wakes);

/* ---- Select ---- */

enum chan_direction { CHAN_SENDS, CHAN_RECEIVES };

/*
 * One case of a select.  Make it by the macros below, which serve as
 * initialisers and as assigned values.  cases[i].chan = NULL takes a case out:
 * it never fires.  The array also is what the waiting thread leaves in the
 * channels' queues, so that waiting needs no memory; members that end in _
 * are libchan's own.
 */
struct chan_case {
	struct chan *chan;
	void *value; /* read by a send, written by a receive */
	size_t size; /* of *value, checked */
	enum chan_direction direction;
	enum chan_status status;     /* afterwards, of the chosen case only */
	size_t count_;               /* how many values it offers or takes */
	size_t done_;                /* how many of them went over */
	size_t order_;               /* a permutation: the order of locking */
	struct chan_waiter *waiter_; /* whose case this is */
	struct chan_queue *queue_; /* where it waits; guarded by chan's lock */
	struct chan_case *prev_, *next_;
};

/*
 *	struct chan_case CHAN_CASE_SEND(struct chan *c, const T *v);
 *	struct chan_case CHAN_CASE_RECV(struct chan *c, T *v);
 *	struct chan_case CHAN_CASE_SEND_UNIT(struct chan *c);
 *	struct chan_case CHAN_CASE_RECV_UNIT(struct chan *c);
 */
#define CHAN_CASE_SEND(c, v)   chan_case_send((c), (v), sizeof *(v))
#define CHAN_CASE_RECV(c, v)   chan_case_recv((c), (v), sizeof *(v))
#define CHAN_CASE_SEND_UNIT(c) chan_case_send((c), NULL, 0)
#define CHAN_CASE_RECV_UNIT(c) chan_case_recv((c), NULL, 0)

/*
 * Waits until one of the n cases can proceed, does it, and returns its index;
 * .status there is CHAN_OK or CHAN_CLOSED (a case on a closed channel can
 * always proceed).  Among several that can, the choice is uniformly random.
 * Returns -1 where none could until the deadline: CHAN_NOW is Go's default.
 * The same channel may stand in several cases.  With no case that can ever
 * fire it waits for the deadline, or for ever.  The array must not be touched
 * by others while this runs; afterwards it may be used again as it is.
 */
CHAN_PUBLIC CHAN_MUST_USE int chan_select(struct chan_case *cases, size_t n,
					  int64_t deadline);

/* ---- What the macros call ---- */

CHAN_PUBLIC CHAN_MUST_USE enum chan_status
chan_send_sized(struct chan *c, const void *v, size_t size, int64_t deadline);
CHAN_PUBLIC CHAN_MUST_USE enum chan_status chan_recv_sized(struct chan *c,
							   void *v, size_t size,
							   int64_t deadline);
CHAN_PUBLIC CHAN_MUST_USE enum chan_status
chan_send_some_sized(struct chan *c, const void *vs, size_t count, size_t *n,
		     size_t size, int64_t deadline);
CHAN_PUBLIC CHAN_MUST_USE enum chan_status
chan_recv_some_sized(struct chan *c, void *vs, size_t max, size_t *n,
		     size_t size, int64_t deadline);
CHAN_PUBLIC CHAN_MUST_USE enum chan_status chan_send_deferred_sized(
	struct chan *c, const void *v, size_t size, struct chan_wakes *wakes);

static inline struct chan_case chan_case_make(struct chan *c, void *v,
					      size_t size,
					      enum chan_direction direction)
{
	struct chan_case made = {c, v, size, direction, CHAN_TIMEDOUT, 1,
				 0, 0, NULL, NULL,      NULL,          NULL};
	return made;
}

static inline struct chan_case chan_case_send(struct chan *c, const void *v,
					      size_t size)
{
	/* The value is only read; one member serves both directions. */
	return chan_case_make(c, (void *)(uintptr_t)v, size, CHAN_SENDS);
}

static inline struct chan_case chan_case_recv(struct chan *c, void *v,
					      size_t size)
{
	return chan_case_make(c, v, size, CHAN_RECEIVES);
}

#ifdef __cplusplus
}
#endif

#endif
