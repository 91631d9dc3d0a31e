/* SPDX-License-Identifier: MIT */
/*
 * Clients that come and go beside the chat: as soon as one is in it leaves,
 * every other one with a Close, the rest without a word.
 */
#include "chatbench.h"

#include "check.h"
#include "clock.h"

#include <errno.h>
#include <stdlib.h>

#define PATIENCE (10 * CLOCK_SECOND) /* for each of them */

/* As many as come in two seconds: a server that takes longer than that
 * doesn't get more. */
uint32_t churn_most(const struct options *o)
{
	return o->churn > 0 ? (uint32_t)(2 * o->churn) + 16 : 0;
}

void churn_init(struct bench *b)
{
	b->churn_room = churn_most(b->o);
	if (b->churn_room == 0)
		return;
	b->churners = calloc(b->churn_room, sizeof(*b->churners));
	b->churn_unused = calloc(b->churn_room, sizeof(*b->churn_unused));
	CHECK(b->churners && b->churn_unused);
	while (b->churn_unused_count < b->churn_room) {
		b->churn_unused[b->churn_unused_count] = b->churn_unused_count;
		b->churn_unused_count++;
	}
}

static void open_one(struct bench *b)
{
	uint32_t i = b->churn_unused[--b->churn_unused_count];
	struct conn *c = &b->churners[i];
	int err;

	c->source = (uint32_t)b->churn_opened++;
	err = conn_open(b, c, CONN_CHURN);
	if (err) {
		reasons_add(&b->tally.churn_failed, err);
		b->churn_unused[b->churn_unused_count++] = i;
	}
}

static void sweep(struct bench *b, int64_t now)
{
	for (uint32_t i = 0; i < b->churn_room; i++) {
		struct conn *c = &b->churners[i];

		if (c->state != CONN_UNUSED && now - c->since > PATIENCE)
			conn_end(b, c, -ETIMEDOUT);
	}
}

int64_t churn_tick(struct bench *b, int64_t now)
{
	int64_t due;

	if (b->churn_room == 0 || b->phase == PHASE_CONNECT)
		return CLOCK_NEVER;
	if (now >= b->sweep_at) {
		b->sweep_at = now + CLOCK_SECOND;
		sweep(b, now);
	}
	if (!b->speaking)
		return b->sweep_at;
	for (;;) {
		due = b->begun + (int64_t)((double)b->churn_opened /
					   b->o->churn * CLOCK_SECOND);
		if (due > now || b->churn_unused_count == 0)
			break;
		open_one(b);
	}
	return due > now ? due : b->sweep_at;
}

void churn_ready(struct bench *b, struct conn *c)
{
	if (b->churn_ready++ % 2)
		conn_leave(b, c);
	else
		conn_end(b, c, 0);
}

void churn_over(struct bench *b, struct conn *c, int why)
{
	if (why)
		reasons_add(&b->tally.churn_failed, why);
	b->churn_unused[b->churn_unused_count++] = (uint32_t)(c - b->churners);
}
