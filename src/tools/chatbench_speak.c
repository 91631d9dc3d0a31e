/* SPDX-License-Identifier: MIT */
/*
 * When the senders speak: as soon as their window has room, or to a schedule.
 * A message is under way till all clients have heard it, so that a server can't
 * get far ahead of its slowest client; with --own, till its sender has.
 */
#include "chatbench.h"

#include "clock.h"

#define UNSENT_AT_MOST ((size_t)1 << 20) /* of a sender whose peer lags */

bool speak_allowed(const struct bench *b)
{
	return !b->o->messages || b->sent < b->o->messages;
}

void speak_fill(struct bench *b, uint32_t sender, int64_t now)
{
	struct conn *c = b->sender[sender];
	uint32_t *done = &b->done[sender], sent = b->script.sent[sender];

	if (!c || !b->speaking || b->o->window == 0)
		return;
	if (b->o->own)
		*done = c->ledger.next[sender];
	else
		while (*done < sent &&
		       script_said(&b->script, sender, *done)->heard >=
			       b->listeners)
			++*done;
	for (; sent - *done < b->o->window && speak_allowed(b); sent++)
		conn_say(b, c, now);
	conn_flush(b, c);
}

void speak_on(struct bench *b)
{
	int64_t now = b->settled_count ? clock_now() : 0;

	for (uint32_t i = 0; i < b->settled_count; i++) {
		b->is_settled[b->settled[i]] = false;
		speak_fill(b, b->settled[i], now);
	}
	b->settled_count = 0;
}

void speak_recount(struct bench *b, const struct conn *gone)
{
	b->listeners--;
	for (uint32_t s = 0; s < b->sender_count; s++) {
		for (uint32_t n = b->done[s]; n < b->script.sent[s]; n++) {
			struct said *said = script_said(&b->script, s, n);

			if (!said)
				continue;
			said->heard = 0;
			for (uint32_t i = 0; i < b->o->clients; i++) {
				const struct conn *c = &b->conns[i];

				said->heard += c != gone &&
					       c->state == CONN_READY &&
					       c->ledger.next[s] > n;
			}
		}
		run_settle(b, s);
	}
}

static int64_t due_at(const struct bench *b, uint64_t message)
{
	return b->begun +
	       (int64_t)((double)message / b->o->rate * CLOCK_SECOND);
}

uint64_t speak_unsaid(const struct bench *b, int64_t now)
{
	uint64_t n = b->paced;

	while (b->o->rate > 0 && due_at(b, n) < now &&
	       due_at(b, n) < b->till_at)
		n++;
	return n - b->paced;
}

/* A message counts as said when it was due: were it the time when we got to
 * it, a server that holds us up would look better than one that doesn't. */
int64_t speak_paced(struct bench *b, int64_t now)
{
	while (b->senders_left > 0 && speak_allowed(b)) {
		uint32_t s = (uint32_t)(b->paced % b->sender_count);
		int64_t due = due_at(b, b->paced);

		if (b->phase == PHASE_MEASURE && due >= b->till_at)
			return CLOCK_NEVER;
		if (due > now)
			return due;
		while (!b->sender[s])
			s = (s + 1) % b->sender_count;
		if (b->sender[s]->out.len > UNSENT_AT_MOST)
			return CLOCK_NEVER; /* it is told when there's room */
		b->paced++;
		conn_say(b, b->sender[s], due);
		conn_flush(b, b->sender[s]);
	}
	return CLOCK_NEVER;
}
