/* SPDX-License-Identifier: MIT */
/*
 * The hub's loop.  Everything here runs in the hub's thread unless it says
 * otherwise, so nothing here needs a lock.
 *
 * Who may block on whom: readers on the hub (all three channels); the hub on
 * nobody: where a member's `send` is full, that member is dropped.  It closes
 * each member's `send` once.  Every member that registered unregisters, also
 * when it was dropped before, and with that the hub lets go of it.
 */
#include "hub.h"

#include "check.h"
#include "clock.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>

/* How many messages one turn takes at most: enough that a burst becomes one
 * write a member, few enough that an empty queue of the default length (256)
 * can take it. */
#define TURN 128

/* Bytes of one turn that become one frame; a longer message goes alone. */
#define JOINED ((size_t)64 * 1024)

/* Readers wait for the hub only when this many messages do. */
#define BROADCAST_WAITING 256

/* How long a turn may wait for writers that lack but a processor, and how long
 * it sleeps at a time. */
#define PATIENCE CLOCK_SECOND
#define NAP      (CLOCK_SECOND / 10000)

int hub_init(struct hub *h, struct chan *quit, const struct hub_limits *limits)
{
	*h = (struct hub){.quit = quit, .limits = *limits};
	h->register_ = chan_create(sizeof(struct member *), 0);
	h->unregister = chan_create(sizeof(struct leave), 0);
	h->broadcast = chan_create(sizeof(struct message *), BROADCAST_WAITING);
	write_through_init(&h->write_through, limits->write_through);
	if (!h->register_ || !h->unregister || !h->broadcast) {
		hub_fini(h);
		return -ENOMEM;
	}
	chan_set_name(h->register_, "register");
	chan_set_name(h->unregister, "unregister");
	chan_set_name(h->broadcast, "broadcast");
	/* Readers are many, and their processor is the hub's. */
	chan_set_spin(h->register_, 0);
	chan_set_spin(h->unregister, 0);
	chan_set_spin(h->broadcast, 0);
	return 0;
}

void hub_fini(struct hub *h)
{
	CHECK(h->count == 0);
	chan_destroy(h->register_);
	chan_destroy(h->unregister);
	chan_destroy(h->broadcast);
	free(h->members);
}

/* ---- Members ---- */

static void remove_member(struct hub *h, struct member *m,
			  struct farewell farewell)
{
	struct member *last = h->members[--h->count];

	CHECK(m->joined && h->members[m->place] == m);
	h->members[m->place] = last;
	last->place = m->place;
	m->joined = false;
	member_close(m, farewell);
}

static bool make_room(struct hub *h)
{
	size_t room = h->room ? 2 * h->room : 64;
	struct member **grown;

	if (h->count < h->room)
		return true;
	grown = realloc(h->members, room * sizeof(*grown));
	if (!grown)
		return false;
	h->members = grown;
	h->room = room;
	return true;
}

static void add_member(struct hub *h, struct member *m)
{
	if (h->stopping) {
		member_close(m, (struct farewell){WS_CODE_GOING_AWAY,
						  "stopping", 0});
	} else if (!make_room(h)) {
		member_close(
			m, (struct farewell){WS_CODE_INTERNAL, "no memory", 0});
	} else {
		m->place = h->count;
		m->joined = true;
		h->members[h->count++] = m;
	}
}

static void goodbye_to_all(struct hub *h)
{
	h->stopping = true;
	while (h->count > 0)
		remove_member(h, h->members[h->count - 1],
			      (struct farewell){WS_CODE_GOING_AWAY, "stopping",
						false});
}

/* ---- Messages ---- */

static bool has_room(const struct hub *h, struct member *m, size_t count,
		     size_t bytes)
{
	size_t waiting =
		atomic_load_explicit(&m->waiting, memory_order_relaxed);
	size_t waiting_bytes =
		atomic_load_explicit(&m->waiting_bytes, memory_order_relaxed);

	return waiting == 0 || (waiting + count <= h->limits.queue &&
				waiting_bytes + bytes <= h->limits.queue_bytes);
}

/* Puts a message, with one reference, into the member's queue; false: it is
 * full. */
static bool offer(struct hub *h, struct member *m, struct message *msg)
{
	return has_room(h, m, msg->count, message_size(msg)) &&
	       member_send_deferred(m, msg, &h->wakes) == CHAN_OK;
}

/*
 * The queue is full, but not since its client is slow: the writer hasn't had a
 * processor since the hub has filled it.  One who speaks without end, or many
 * messages in one segment, would make the hub outrun all writers, and drop
 * everybody.  So the hub lets them catch up; a writer that waits for its peer
 * is none of them, and their number sets how long it can take.
 */
static bool offer_later(struct hub *h, struct member *m, struct message *msg)
{
	if (h->patient_until == 0)
		h->patient_until = clock_now() + PATIENCE;
	chan_wake(&h->wakes);
	while (!atomic_load(&m->stuck) && clock_now() < h->patient_until) {
		clock_sleep(NAP);
		if (offer(h, m, msg))
			return true;
	}
	return false;
}

static void drop(struct hub *h, struct member *m, const struct message *msg)
{
	const struct log_about about = {m->id, m->peer};

	log_warn(&about,
		 "dropped: it reads too slowly, %zu messages of %zu bytes wait "
		 "and there is no room for %zu of %zu",
		 atomic_load(&m->waiting), atomic_load(&m->waiting_bytes),
		 msg->count, message_size(msg));
	atomic_fetch_add(&h->drops, 1);
	remove_member(h, m,
		      (struct farewell){WS_CODE_POLICY, "too slow", true});
}

/* Gives the message to everybody, and the caller's reference with it. */
static void fan_out(struct hub *h, struct message *msg)
{
	size_t kept = 1;

	message_retain(msg, h->count);
	kept += h->count;
	/* Backwards: who is dropped leaves his place to the last. */
	for (size_t i = h->count; i-- > 0;) {
		struct member *m = h->members[i];

		if (write_through(&h->write_through, m, msg, &h->wakes))
			continue;
		if (offer(h, m, msg) || offer_later(h, m, msg))
			kept--;
		else
			drop(h, m, msg);
	}
	message_release(msg, kept);
}

/* How many of the n messages, at least one, go into one frame. */
static size_t run_length(struct message *const *messages, size_t n)
{
	size_t bytes = 0, i = 0;

	while (i < n && (i == 0 || bytes + message_size(messages[i]) <= JOINED))
		bytes += message_size(messages[i++]);
	return i;
}

/* Gives n messages to everybody: as one, or singly where memory is short. */
static void fan_out_all(struct hub *h, struct message **messages, size_t n)
{
	struct message *joined = NULL;

	if (n > 1 && h->count > 0)
		joined = message_join(messages, n, h->limits.coalesce);
	for (size_t i = 0; i < n; i++) {
		if (joined)
			message_release(messages[i], 1);
		else
			fan_out(h, messages[i]);
	}
	if (joined)
		fan_out(h, joined);
}

/* Takes what waits in `broadcast`, one turn's worth, behind the first that
 * the select may have brought.  Returns how many messages it gave out. */
static size_t take_broadcast(struct hub *h, struct message *first)
{
	struct message *messages[TURN] = {first};
	size_t max = TURN < h->limits.queue ? TURN : h->limits.queue;
	size_t have = first ? 1 : 0, n = 0;

	write_through_turn(&h->write_through);
	h->patient_until = 0;
	if (chan_recv_some(h->broadcast, messages + have, max - have, &n,
			   CHAN_NOW) == CHAN_OK)
		have += n;
	for (size_t i = 0; i < have; i += n) {
		n = run_length(messages + i, have - i);
		fan_out_all(h, messages + i, n);
	}
	/* Now that all were served: a writer that was woken before would take
	 * the processor from the hub, and from the others. */
	chan_wake(&h->wakes);
	return have;
}

/* What was sent before somebody went is given out before: he hears it.  Bounded
 * by what waits now. */
static void settle(struct hub *h)
{
	size_t left = chan_len(h->broadcast);

	while (left > 0) {
		size_t n = take_broadcast(h, NULL);

		CHECK(n > 0); /* nobody else takes from it */
		left = n < left ? left - n : 0;
	}
}

/* ---- The loop ---- */

void *hub_run(void *arg)
{
	enum { REGISTER, UNREGISTER, BROADCAST, QUIT };
	struct hub *h = arg;
	struct member *member;
	struct leave leave;
	struct message *message;
	struct chan_case cases[] = {
		[REGISTER] = CHAN_CASE_RECV(h->register_, &member),
		[UNREGISTER] = CHAN_CASE_RECV(h->unregister, &leave),
		[BROADCAST] = CHAN_CASE_RECV(h->broadcast, &message),
		[QUIT] = CHAN_CASE_RECV_UNIT(h->quit),
	};

	for (;;) {
		switch (chan_select(cases, 4, CHAN_FOREVER)) {
		case REGISTER:
			/* Not settled: what waits may be what he himself has
			 * said since, and he is to hear that. */
			add_member(h, member);
			break;
		case UNREGISTER:
			settle(h);
			if (leave.member->joined)
				remove_member(h, leave.member, leave.farewell);
			leave.member->let_go(leave.member);
			break;
		case BROADCAST:
			if (cases[BROADCAST].status == CHAN_CLOSED)
				return NULL;
			(void)take_broadcast(h, message);
			break;
		case QUIT:
			settle(h);
			goodbye_to_all(h);
			cases[QUIT].chan = NULL;
			break;
		}
	}
}
