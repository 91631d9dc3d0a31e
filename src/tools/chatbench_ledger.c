/* SPDX-License-Identifier: MIT */
/* What came, what is missing, what came twice. */
#include "chatbench_ledger.h"

#include "check.h"

#include <stdlib.h>

/* Tells of numbers that were skipped.  Without memory for it there is no
 * telling losses from disorder, so there is nothing to measure either. */
static void add_gap(struct ledger *l, struct ledger_gap gap)
{
	if (l->gap_count == l->gap_room) {
		l->gap_room = l->gap_room ? 2 * l->gap_room : 8;
		l->gaps = realloc(l->gaps, l->gap_room * sizeof(*l->gaps));
		CHECK(l->gaps);
	}
	l->gaps[l->gap_count++] = gap;
}

/* Takes a number out of the gap it is in; false: it is in none. */
static int fill_gap(struct ledger *l, uint32_t sender, uint32_t seq)
{
	for (uint32_t i = 0; i < l->gap_count; i++) {
		struct ledger_gap *g = &l->gaps[i], rest = *g;

		if (g->sender != sender || seq < g->from || seq >= g->till)
			continue;
		g->till = seq;
		rest.from = seq + 1;
		if (g->from == g->till)
			*g = l->gaps[--l->gap_count];
		if (rest.from < rest.till)
			add_gap(l, rest);
		return 1;
	}
	return 0;
}

enum ledger_verdict ledger_enter(struct ledger *l, uint32_t sender,
				 uint32_t seq)
{
	uint32_t next = l->next[sender], after = next;

	if (seq < next && !fill_gap(l, sender, seq))
		return LEDGER_REPEAT;
	if (seq > next)
		add_gap(l, (struct ledger_gap){sender, next, seq});
	if (seq >= next)
		after = seq + 1;
	ledger_next(l, sender, seq);
	l->next[sender] = after;
	return seq == next  ? LEDGER_NEXT
	       : seq > next ? LEDGER_SKIPS
			    : LEDGER_LATE;
}

uint64_t ledger_missing(const struct ledger *l)
{
	uint64_t missing = 0;

	for (uint32_t i = 0; i < l->gap_count; i++)
		missing += l->gaps[i].till - l->gaps[i].from;
	return missing;
}

void ledger_fini(struct ledger *l)
{
	free(l->gaps);
}
