/* SPDX-License-Identifier: MIT */
/*
 * Channels: send and receive.  Go's counterpart: src/runtime/chan.go.
 *
 * A channel is a ring of values under one lock, and two queues of cases that
 * wait: senders who found no room, receivers who found nothing.  Whoever comes
 * and finds a partner waiting gives it its value, or takes it, at once: what
 * was handed over can't be taken by somebody who comes later.  So a ring with
 * room has no sender waiting, and one with values no receiver.
 */
#include "internal.h"

#include <string.h>

/* ---- Time ---- */

int64_t chan__now(void)
{
	struct timespec t;

	CHAN_CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t chan_deadline(int64_t ns_from_now)
{
	int64_t t = chan__now();

	if (ns_from_now > CHAN_FOREVER - t)
		return CHAN_FOREVER;
	return ns_from_now < -t ? CHAN_NOW : t + ns_from_now;
}

static _Noreturn void wait_for_ever(void)
{
	struct parker p;

	parker_init(&p);
	for (;;)
		(void)park(&p, CHAN_FOREVER);
}

void chan__wait_till(int64_t deadline)
{
	struct parker p;

	if (deadline == CHAN_FOREVER)
		wait_for_ever();
	if (deadline <= CHAN_NOW)
		return;
	parker_init(&p);
	(void)park(&p, deadline);
	parker_fini(&p);
}

/* ---- Moving values; all under the lock ---- */

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static unsigned char *nth(const struct chan *c, const void *values, size_t i)
{
	/* Where elem_size is 0, values may be NULL. */
	return (unsigned char *)((uintptr_t)values + i * c->elem_size);
}

static void copy(const struct chan *c, void *to, const void *from, size_t n)
{
	if (n == 1 && c->elem_size == sizeof(void *))
		memcpy(to, from, sizeof(void *)); /* the usual case, inlined */
	else if (c->elem_size > 0)
		memcpy(to, from, n * c->elem_size);
}

/* Appends as many of the n values as there is room for; returns how many. */
static size_t push(struct chan *c, const void *values, size_t n)
{
	size_t count = count_of(c), tail = c->head + count, straight;

	n = min(n, c->capacity - count);
	if (n == 0)
		return 0;
	if (tail >= c->capacity)
		tail -= c->capacity;
	straight = min(n, c->capacity - tail);
	copy(c, nth(c, c->ring, tail), values, straight);
	if (straight < n)
		copy(c, c->ring, nth(c, values, straight), n - straight);
	set_count(c, count + n);
	return n;
}

/* Takes the oldest n values off the ring; the count is left to the caller. */
static void pop(struct chan *c, void *values, size_t n)
{
	size_t straight = min(n, c->capacity - c->head);

	if (n == 0)
		return;
	copy(c, values, nth(c, c->ring, c->head), straight);
	if (straight < n)
		copy(c, nth(c, values, straight), c->ring, n - straight);
	c->head += n;
	if (c->head >= c->capacity)
		c->head -= c->capacity;
}

/* Gives values to receivers that wait, then to the ring. */
size_t chan__put(struct chan *c, const void *values, size_t n,
		 struct chan_wakes *to_wake)
{
	size_t sent = 0;
	struct chan_case *k;

	while (sent < n && (k = claim_first(&c->receivers))) {
		k->done_ = min(n - sent, k->count_);
		copy(c, k->value, nth(c, values, sent), k->done_);
		sent += k->done_;
		served(k, CHAN_OK, to_wake);
	}
	return sent + push(c, nth(c, values, sent), n - sent);
}

/* The next values of the senders that wait, in their order; up to max. */
static size_t take_from_senders(struct chan *c, void *values, size_t max,
				struct chan_wakes *to_wake)
{
	size_t got = 0, n;
	struct chan_case *k;

	while (got < max && (k = claim_first(&c->senders))) {
		n = min(max - got, k->count_ - k->done_);
		copy(c, nth(c, values, got), nth(c, k->value, k->done_), n);
		k->done_ += n;
		got += n;
		if (k->done_ == k->count_)
			served(k, CHAN_OK, to_wake);
		else if (!unclaim(k->waiter_))
			served(k, CHAN_TIMEDOUT, to_wake);
	}
	return got;
}

/* Lets senders that wait have the room in a ring of count values; returns how
 * many it holds then. */
static size_t refill(struct chan *c, size_t count, struct chan_wakes *to_wake)
{
	while (count < c->capacity) {
		size_t tail = (c->head + count) % c->capacity;
		size_t room = min(c->capacity - count, c->capacity - tail);
		size_t n = take_from_senders(c, nth(c, c->ring, tail), room,
					     to_wake);

		if (n == 0)
			break;
		count += n;
	}
	return count;
}

/* Takes what is in the ring, then what senders that wait hold.  The count is
 * written once: who looks at it without the lock must not find it at 0 where
 * a sender was about to fill the room. */
size_t chan__get(struct chan *c, void *values, size_t max,
		 struct chan_wakes *to_wake)
{
	size_t count = count_of(c), got = min(max, count);

	pop(c, values, got);
	count -= got;
	if (first_of(&c->senders)) {
		got += take_from_senders(c, nth(c, values, got), max - got,
					 to_wake);
		count = refill(c, count, to_wake);
	}
	set_count(c, count);
	return got;
}

void chan__zero(void *value, size_t size)
{
	if (size > 0)
		memset(value, 0, size);
}

/* ---- Send and receive ---- */

/* Sleeps until the case, which was enqueued alone, is served, or the deadline
 * has passed: then it is out of the queue, perhaps served in part. */
static enum chan_status wait_alone(struct chan_waiter *w, struct chan_case *k,
				   int64_t deadline)
{
	if (!await_partner(w, deadline)) {
		k->status = CHAN_TIMEDOUT;
		lock(&k->chan->lock);
		if (k->queue_)
			dequeue(k);
		unlock(&k->chan->lock);
	}
	parker_fini(&w->parker);
	return k->status;
}

/*
 * Nothing can go now, and the lock is held: looks for a while whether it can,
 * without the lock.  False: one has to wait.  At a channel without a buffer
 * one has to be in the queue to be seen, and looks there, at one's parker.
 */
static bool can_soon(struct chan *c, bool (*may)(const struct chan *c))
{
	unsigned looks = c->capacity > 0 ? looks_for(c) : 0;
	bool can = false;

	if (looks == 0)
		return false;
	unlock(&c->lock);
	while (looks-- > 0 && !(can = may(c)))
		pause_a_moment();
	lock(&c->lock);
	if (can)
		looks_paid(c);
	return true;
}

/* Waits in the queue, with the lock, which it gives up. */
static void wait_in(struct chan_queue *q, struct chan_waiter *self,
		    struct chan_case *k)
{
	struct chan *c = k->chan;

	k->waiter_ = self;
	if (c->capacity == 0)
		atomic_init(&self->looks, looks_for(c));
	enqueue(q, k);
	unlock(&c->lock);
}

/* size comes from the caller's sizeof: a channel of another type is a bug. */
void chan__check_size(const struct chan *c, size_t size)
{
	CHECK_NAMED(c->elem_size == size, c,
		    "a value of another size than the channel's elements");
}

static enum chan_status send_many(struct chan *c, const void *values,
				  size_t count, size_t *sent, int64_t deadline)
{
	struct chan_wakes to_wake = CHAN_WAKES_NONE;
	struct chan_waiter self;
	struct chan_case k;
	enum chan_status status;
	bool looked = false;

	*sent = 0;
	if (deadline <= CHAN_NOW && !may_send(c))
		return CHAN_TIMEDOUT;
	lock(&c->lock);
	do {
		if (is_closed(c)) {
			unlock(&c->lock);
			return CHAN_CLOSED;
		}
		*sent += chan__put(c, nth(c, values, *sent), count - *sent,
				   &to_wake);
		if (*sent == count || deadline <= CHAN_NOW) {
			unlock(&c->lock);
			wake(&to_wake);
			return *sent == count ? CHAN_OK : CHAN_TIMEDOUT;
		}
		/* Who was served isn't kept waiting. */
		looked = !looked && !to_wake.first_ && can_soon(c, may_send);
	} while (looked);
	waiter_init(&self, &k, 1);
	k = chan_case_send(c, nth(c, values, *sent), c->elem_size);
	k.count_ = count - *sent;
	wait_in(&c->senders, &self, &k);
	wake(&to_wake);
	status = wait_alone(&self, &k, deadline);
	*sent += k.done_;
	return status;
}

static enum chan_status recv_many(struct chan *c, void *values, size_t max,
				  size_t *got, int64_t deadline)
{
	struct chan_wakes to_wake = CHAN_WAKES_NONE;
	struct chan_waiter self;
	struct chan_case k;
	enum chan_status status;
	bool looked = false;

	*got = 0;
	if (deadline <= CHAN_NOW && !may_receive(c))
		return CHAN_TIMEDOUT;
	lock(&c->lock);
	do {
		*got = chan__get(c, values, max, &to_wake);
		if (*got > 0 || is_closed(c) || deadline <= CHAN_NOW) {
			status = *got > 0       ? CHAN_OK
				 : is_closed(c) ? CHAN_CLOSED
						: CHAN_TIMEDOUT;
			unlock(&c->lock);
			wake(&to_wake);
			if (status == CHAN_CLOSED)
				chan__zero(values, c->elem_size);
			return status;
		}
		looked = !looked && can_soon(c, may_receive);
	} while (looked);
	waiter_init(&self, &k, 1);
	k = chan_case_recv(c, values, c->elem_size);
	k.count_ = max;
	wait_in(&c->receivers, &self, &k);
	status = wait_alone(&self, &k, deadline);
	if (status == CHAN_CLOSED)
		chan__zero(values, c->elem_size);
	*got = k.done_;
	if (status == CHAN_OK && *got < max) {
		/* More may have come while this thread woke up. */
		lock(&c->lock);
		*got += chan__get(c, nth(c, values, *got), max - *got,
				  &to_wake);
		unlock(&c->lock);
		wake(&to_wake);
	}
	return status;
}

enum chan_status chan_send_some_sized(struct chan *c, const void *vs,
				      size_t count, size_t *n, size_t size,
				      int64_t deadline)
{
	*n = 0;
	if (c)
		chan__check_size(c, size);
	if (count == 0)
		return CHAN_OK;
	if (c)
		return send_many(c, vs, count, n, deadline);
	chan__wait_till(deadline);
	return CHAN_TIMEDOUT;
}

enum chan_status chan_recv_some_sized(struct chan *c, void *vs, size_t max,
				      size_t *n, size_t size, int64_t deadline)
{
	*n = 0;
	if (c)
		chan__check_size(c, size);
	if (max == 0)
		return CHAN_OK;
	if (c)
		return recv_many(c, vs, max, n, deadline);
	chan__wait_till(deadline);
	return CHAN_TIMEDOUT;
}

/* What a try costs where it is in vain is felt by those who poll, so its look
 * comes first, before anything that needs a frame of its own. */

static CHAN_NOINLINE enum chan_status send_one(struct chan *c, const void *v,
					       size_t size, int64_t deadline)
{
	size_t n;

	return chan_send_some_sized(c, v, 1, &n, size, deadline);
}

static CHAN_NOINLINE enum chan_status recv_one(struct chan *c, void *v,
					       size_t size, int64_t deadline)
{
	size_t n;

	return chan_recv_some_sized(c, v, 1, &n, size, deadline);
}

enum chan_status chan_send_sized(struct chan *c, const void *v, size_t size,
				 int64_t deadline)
{
	if (deadline <= CHAN_NOW && c && c->elem_size == size && !may_send(c))
		return CHAN_TIMEDOUT;
	return send_one(c, v, size, deadline);
}

enum chan_status chan_recv_sized(struct chan *c, void *v, size_t size,
				 int64_t deadline)
{
	if (deadline <= CHAN_NOW && c && c->elem_size == size &&
	    !may_receive(c))
		return CHAN_TIMEDOUT;
	return recv_one(c, v, size, deadline);
}

/* The receiver that is served sleeps on, also past its own deadline, which
 * wait_alone() and select see: its record stays where the list points. */
enum chan_status chan_send_deferred_sized(struct chan *c, const void *v,
					  size_t size, struct chan_wakes *wakes)
{
	enum chan_status status = CHAN_TIMEDOUT;

	if (!c)
		return status;
	chan__check_size(c, size);
	if (!may_send(c))
		return status;
	lock(&c->lock);
	if (is_closed(c))
		status = CHAN_CLOSED;
	else if (chan__put(c, v, 1, wakes) == 1)
		status = CHAN_OK;
	unlock(&c->lock);
	return status;
}

void chan_wake(struct chan_wakes *wakes)
{
	wake(wakes);
	*wakes = (struct chan_wakes)CHAN_WAKES_NONE;
}

enum chan_status chan_send_unit(struct chan *c, int64_t deadline)
{
	return chan_send_sized(c, NULL, 0, deadline);
}

enum chan_status chan_recv_unit(struct chan *c, int64_t deadline)
{
	return chan_recv_sized(c, NULL, 0, deadline);
}
