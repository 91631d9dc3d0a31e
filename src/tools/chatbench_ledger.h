/* SPDX-License-Identifier: MIT */
/*
 * What one client has heard: of each sender the next number expected, and the
 * numbers that were skipped.  A number that comes later after all was out of
 * order, one that was never missing is a duplicate, one that stays missing is
 * lost: exactly, however late or many.
 */
#ifndef CHATBENCH_LEDGER_H
#define CHATBENCH_LEDGER_H

#include <stdint.h>

struct ledger_gap {
	uint32_t sender, from, till; /* numbers from..till - 1 */
};

struct ledger {
	uint32_t *next;          /* per sender; the caller's */
	struct ledger_gap *gaps; /* owned */
	uint32_t gap_count, gap_room;
	uint64_t heard; /* messages, each counted once */
	uint64_t order; /* a hash over them in the order they came */
};

enum ledger_verdict {
	LEDGER_NEXT,   /* as it should be */
	LEDGER_SKIPS,  /* new, but others were skipped */
	LEDGER_LATE,   /* one that had been skipped */
	LEDGER_REPEAT, /* it came before */
};

/* The message is the next one: what a healthy server always does. */
static inline void ledger_next(struct ledger *l, uint32_t sender, uint32_t seq)
{
	l->next[sender] = seq + 1;
	l->heard++;
	l->order = (l->order ^ ((uint64_t)sender << 32 | seq)) *
		   UINT64_C(0x9e3779b97f4a7c15);
	l->order ^= l->order >> 29;
}

/* Enters any message. */
enum ledger_verdict ledger_enter(struct ledger *l, uint32_t sender,
				 uint32_t seq);

/* How many messages were skipped and have not come. */
uint64_t ledger_missing(const struct ledger *l);

void ledger_fini(struct ledger *l);

#endif
