/* SPDX-License-Identifier: MIT */
/*
 * Select.  Go's counterpart: src/runtime/select.go.
 *
 * Three attempts, each dearer than the one before.  Look at all cases without
 * a lock and try one that seems ready under its lock alone.  Else take all
 * locks, in address order, so that "none is ready" is true at one moment, and
 * choose among those that are.  Else, before the locks are let go, leave a
 * case in each channel's queue and sleep; the partner that claims this waiter
 * serves one of them, and the others are taken back.
 */
#include "internal.h"

#include <limits.h>

static bool may_proceed(const struct chan_case *k)
{
	return k->chan && (k->direction == CHAN_SENDS ? may_send(k->chan)
						      : may_receive(k->chan));
}

/* Does the case if it can be done now; its channel's lock is held. */
static bool try_case(struct chan_case *k, struct chan_wakes *to_wake)
{
	struct chan *c = k->chan;
	bool closed = is_closed(c);

	if (k->direction == CHAN_SENDS) {
		if (!closed && chan__put(c, k->value, 1, to_wake) == 0)
			return false;
	} else {
		if (chan__get(c, k->value, 1, to_wake) > 0)
			closed = false; /* not yet, for this receiver */
		else if (!closed)
			return false;
		else
			chan__zero(k->value, k->size);
	}
	k->status = closed ? CHAN_CLOSED : CHAN_OK;
	return true;
}

/* ---- First attempt: one lock ---- */

/* A number below n, all equally likely.  xorshift64*: Vigna, "An experimental
 * exploration of Marsaglia's xorshift generators, scrambled" (2016); mapped
 * onto 0..n-1 as in Lemire, "Fast random integer generation" (2019). */
static size_t random_below(size_t n)
{
	static _Thread_local uint64_t state;

	if (state == 0)
		state = ((uint64_t)chan__now() ^ (uint64_t)(uintptr_t)&state) |
			1;
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (size_t)((((state * 0x2545F4914F6CDD1D) >> 32) * n) >> 32);
}

/* A random one among the cases that look ready, or n.  Each is chosen with
 * the same probability: the i-th found replaces the choice in 1 of i cases
 * ("reservoir sampling"). */
static size_t choose_by_look(const struct chan_case *cases, size_t n)
{
	size_t chosen = n, found = 0;

	for (size_t i = 0; i < n; i++)
		if (may_proceed(&cases[i]) &&
		    (++found == 1 || random_below(found) == 0))
			chosen = i;
	return chosen;
}

static bool try_alone(struct chan_case *k)
{
	struct chan_wakes to_wake = CHAN_WAKES_NONE;
	bool done;

	lock(&k->chan->lock);
	done = try_case(k, &to_wake);
	unlock(&k->chan->lock);
	wake(&to_wake);
	return done;
}

/* ---- Second attempt: all locks ---- */

static uintptr_t address(const struct chan_case *cases, size_t i)
{
	return (uintptr_t)cases[cases[i].order_].chan;
}

static void swap_order(struct chan_case *cases, size_t i, size_t j)
{
	size_t t = cases[i].order_;

	cases[i].order_ = cases[j].order_;
	cases[j].order_ = t;
}

static void sift_down(struct chan_case *cases, size_t root, size_t n)
{
	size_t child;

	while ((child = 2 * root + 1) < n) {
		if (child + 1 < n &&
		    address(cases, child + 1) > address(cases, child))
			child++;
		if (address(cases, root) >= address(cases, child))
			return;
		swap_order(cases, root, child);
		root = child;
	}
}

/* Makes .order_ the permutation that sorts the cases by channel.  Heapsort:
 * no memory, no recursion, and no bad case. */
static void sort_by_address(struct chan_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cases[i].order_ = i;
	for (size_t i = n / 2; i-- > 0;)
		sift_down(cases, i, n);
	for (size_t end = n; end-- > 1;) {
		swap_order(cases, 0, end);
		sift_down(cases, 0, end);
	}
}

/* The channel to be locked i-th, or NULL: none, or it was locked before. */
static struct chan *nth_to_lock(const struct chan_case *cases, size_t i)
{
	struct chan *c = cases[cases[i].order_].chan;

	if (i > 0 && c == cases[cases[i - 1].order_].chan)
		return NULL;
	return c;
}

static void lock_all(const struct chan_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct chan *c = nth_to_lock(cases, i);

		if (c)
			lock(&c->lock);
	}
}

static void unlock_all(const struct chan_case *cases, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		struct chan *c = nth_to_lock(cases, i);

		if (c)
			unlock(&c->lock);
	}
}

/* ---- Third: wait ---- */

static void enqueue_all(struct chan_case *cases, size_t n,
			struct chan_waiter *self)
{
	for (size_t i = 0; i < n; i++) {
		struct chan_case *k = &cases[i];

		k->queue_ = NULL;
		if (!k->chan)
			continue;
		k->count_ = 1;
		k->waiter_ = self;
		enqueue(k->direction == CHAN_SENDS ? &k->chan->senders
						   : &k->chan->receivers,
			k);
	}
}

/* Takes back what no partner took.  The chosen case's channel may be gone, and
 * the partner took out all that stood there. */
static void dequeue_all(struct chan_case *cases, size_t n,
			const struct chan_case *chosen)
{
	for (size_t i = 0; i < n; i++) {
		struct chan_case *k = &cases[i];

		if (!k->chan || (chosen && k->chan == chosen->chan))
			continue;
		lock(&k->chan->lock);
		if (k->queue_)
			dequeue(k);
		unlock(&k->chan->lock);
	}
}

static int wait_for_partner(struct chan_case *cases, size_t n,
			    struct chan_waiter *self, int64_t deadline)
{
	struct chan_case *chosen;

	chosen = await_partner(self, deadline) ? self->chosen : NULL;
	dequeue_all(cases, n, chosen);
	parker_fini(&self->parker);
	if (!chosen)
		return -1;
	if (chosen->status == CHAN_CLOSED && chosen->direction == CHAN_RECEIVES)
		chan__zero(chosen->value, chosen->size);
	return (int)(chosen - cases);
}

int chan_select(struct chan_case *cases, size_t n, int64_t deadline)
{
	struct chan_wakes to_wake = CHAN_WAKES_NONE;
	struct chan_waiter self;
	size_t chosen;

	CHAN_CHECK(n <= INT_MAX);
	for (size_t i = 0; i < n; i++)
		if (cases[i].chan)
			chan__check_size(cases[i].chan, cases[i].size);

	chosen = choose_by_look(cases, n);
	if (chosen < n && try_alone(&cases[chosen]))
		return (int)chosen;
	if (n == 0 || (n == 1 && chosen == n && deadline <= CHAN_NOW)) {
		chan__wait_till(deadline);
		return -1;
	}

	sort_by_address(cases, n);
	lock_all(cases, n);
	/* "Ready" may still be an illusion, a waiter whom somebody else has
	 * claimed; trying such a case drops it from the queue. */
	do
		chosen = choose_by_look(cases, n);
	while (chosen < n && !try_case(&cases[chosen], &to_wake));
	if (chosen < n || deadline <= CHAN_NOW) {
		unlock_all(cases, n);
		wake(&to_wake);
		return chosen < n ? (int)chosen : -1;
	}
	waiter_init(&self, cases, n);
	enqueue_all(cases, n, &self);
	unlock_all(cases, n);
	return wait_for_partner(cases, n, &self, deadline);
}
