/* SPDX-License-Identifier: MIT */
/*
 * See the header for why this is safe.  The hub's thread runs the first part,
 * writers the second; nobody here waits but pen_take().
 */
#include "write_through.h"

#include "check.h"
#include "clock.h"
#include "hub.h"

#include <sched.h>

/* Of one turn, on a machine with one other processor.  A write costs five to
 * ten microseconds, so this is more than ten thousand members; left to the
 * writers, half of these cost three times as much. */
#define BUDGET (150 * CLOCK_SECOND / 1000)

/* ---- The hub ---- */

/* The more processors there are for the writers, the sooner they are let. */
static int64_t find_budget(void)
{
	cpu_set_t set;
	int others = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 2)
		others = CPU_COUNT(&set) - 1;
	return BUDGET / others;
}

void write_through_init(struct write_through *w, bool on)
{
	*w = (struct write_through){.on = on, .budget = find_budget()};
}

void write_through_turn(struct write_through *w)
{
	if (w->on)
		w->until = clock_now() + w->budget;
}

/* The writer must write what the kernel didn't take, and hear of it. */
static void leave_rest(struct member *m, struct message *msg, size_t from,
		       struct chan_wakes *wakes)
{
	struct message *nudge = message_nudge();

	message_retain(msg, 1);
	m->pen.rest = msg;
	m->pen.rest_from = from;
	member_adds(m, msg->count, message_size(msg) - from);

	/* Where a pong has just filled the queue, the writer comes anyway. */
	if (member_send_deferred(m, nudge, wakes) != CHAN_OK)
		message_release(nudge, 1);
}

/* With the pen in hand. */
static bool take_step(struct member *m, struct message *msg,
		      struct chan_wakes *wakes)
{
	struct iovec pieces[2];
	ssize_t n;

	n = m->pen.try_write(m, pieces, message_pieces(msg, pieces));
	/* A socket that is broken, the writer finds out for itself. */
	if (n <= 0)
		return false;
	if ((size_t)n < message_size(msg))
		leave_rest(m, msg, (size_t)n, wakes);
	return true;
}

bool write_through(struct write_through *w, struct member *m,
		   struct message *msg, struct chan_wakes *wakes)
{
	bool done;

	/* Messages come from this thread alone, so that nothing unwritten now
	 * is nothing still when the pen was taken; a pong has no order. */
	if (!w->on || !m->pen.on || member_has_unwritten(m) ||
	    clock_now() >= w->until || pthread_mutex_trylock(&m->pen.mu) != 0)
		return false;
	done = take_step(m, msg, wakes);
	pen_lay_down(&m->pen);
	return done;
}

/* ---- The pen ---- */

void pen_init(struct pen *p,
	      ssize_t (*try_write)(struct member *, struct iovec *, size_t))
{
	*p = (struct pen){.on = true, .try_write = try_write};
	/* Without attributes it needs nothing that could be wanting. */
	CHECK(pthread_mutex_init(&p->mu, NULL) == 0);
}

void pen_fini(struct pen *p)
{
	CHECK(p->rest == NULL);
	if (p->on)
		CHECK(pthread_mutex_destroy(&p->mu) == 0);
}

void pen_take(struct pen *p)
{
	if (p->on)
		CHECK(pthread_mutex_lock(&p->mu) == 0);
}

void pen_lay_down(struct pen *p)
{
	if (p->on)
		CHECK(pthread_mutex_unlock(&p->mu) == 0);
}

size_t pen_rest(const struct pen *p, struct iovec pieces[2])
{
	size_t n, from = p->rest_from;

	if (!p->rest)
		return 0;
	n = message_pieces(p->rest, pieces);
	if (from >= pieces[0].iov_len) {
		from -= pieces[0].iov_len;
		pieces[0] = pieces[1];
		n--;
	}
	pieces[0].iov_base = (char *)pieces[0].iov_base + from;
	pieces[0].iov_len -= from;
	return n;
}

void pen_forget_rest(struct member *m)
{
	struct pen *p = &m->pen;

	if (!p->rest)
		return;
	member_took(m, p->rest->count, message_size(p->rest) - p->rest_from);
	message_release(p->rest, 1);
	p->rest = NULL;
}
