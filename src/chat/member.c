/* SPDX-License-Identifier: MIT */
/*
 * The account of what waits for a member.  The hub and the member's reader add
 * to it, its writer subtracts.  Counts may run ahead of the queue, never
 * behind it: who sends adds before, so that nothing is subtracted that wasn't
 * added.
 */
#include "hub.h"

#include "check.h"

void member_adds(struct member *m, size_t count, size_t bytes)
{
	atomic_fetch_add_explicit(&m->waiting, count, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->waiting_bytes, bytes,
				  memory_order_relaxed);
}

void member_took(struct member *m, size_t count, size_t bytes)
{
	atomic_fetch_sub_explicit(&m->waiting, count, memory_order_relaxed);
	atomic_fetch_sub_explicit(&m->waiting_bytes, bytes,
				  memory_order_relaxed);
}

void member_wrote(struct member *m, size_t n)
{
	CHECK(atomic_fetch_sub(&m->unwritten, n) >= n);
}

bool member_has_unwritten(const struct member *m)
{
	return atomic_load(&m->unwritten) > 0;
}

static void add(struct member *m, const struct message *msg)
{
	atomic_fetch_add(&m->unwritten, 1);
	member_adds(m, msg->count, message_size(msg));
}

static void take_back(struct member *m, const struct message *msg)
{
	member_took(m, msg->count, message_size(msg));
	member_wrote(m, 1);
}

enum chan_status member_send(struct member *m, struct message *msg,
			     int64_t deadline)
{
	enum chan_status status;

	add(m, msg);
	status = chan_send_until(m->send, &msg, deadline);
	if (status != CHAN_OK)
		take_back(m, msg);
	return status;
}

enum chan_status member_send_deferred(struct member *m, struct message *msg,
				      struct chan_wakes *wakes)
{
	enum chan_status status;

	add(m, msg);
	status = chan_send_deferred(m->send, &msg, wakes);
	if (status != CHAN_OK)
		take_back(m, msg);
	return status;
}

void member_close(struct member *m, struct farewell farewell)
{
	m->farewell = farewell;
	if (farewell.at_once)
		atomic_store(&m->dropped, true);
	chan_close(m->send);
}
