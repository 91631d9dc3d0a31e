/* SPDX-License-Identifier: MIT */
/*
 * What the server did wrong, if anything.  Every line a client gets goes
 * through here, save those that are just what was due.
 */
#include "chatbench.h"

#include "check.h"

#include <stdlib.h>

/* The messages from..till of a sender hold up no window any longer: the client
 * has the last, and if those before it are lost, nobody should wait. */
static void passed(struct bench *b, const struct conn *c, uint32_t sender,
		   uint32_t from, uint32_t till)
{
	for (uint32_t seq = from; seq <= till; seq++) {
		struct said *said = script_said(&b->script, sender, seq);

		if (said)
			run_passed(b, c, sender, said);
	}
}

void verdict_line(struct bench *b, struct conn *c, const char *text, size_t len)
{
	struct script_line line;
	enum script_verdict v = script_read(&b->script, text, len, &line);
	uint32_t next;

	if (v == SCRIPT_FOREIGN) {
		b->tally.foreign++;
		return;
	}
	if (v == SCRIPT_HELLO) {
		c->greeted = true;
		b->arrivals++;
		return;
	}
	if (v != SCRIPT_INTACT)
		b->tally.corrupt++;
	if (v == SCRIPT_GARBLED)
		return;
	next = c->ledger.next[line.sender];
	switch (ledger_enter(&c->ledger, line.sender, line.seq)) {
	case LEDGER_REPEAT:
		b->tally.duplicates++;
		return;
	case LEDGER_LATE:
		b->tally.disorder++;
		break;
	case LEDGER_NEXT:
	case LEDGER_SKIPS:
		passed(b, c, line.sender, next, line.seq);
		break;
	}
	run_heard(b, c, line.at);
}

uint64_t verdict_owed(const struct bench *b)
{
	uint64_t owed = 0;

	for (uint32_t i = 0; i < b->conn_count; i++)
		if (b->conns[i].state == CONN_READY)
			owed += b->sent - b->conns[i].ledger.heard;
	return owed;
}

/* How many messages of a sender should have come.  Where it was dropped, those
 * at its end may never have reached the server: then up to the last that
 * anybody heard. */
static uint32_t should_come(const struct bench *b, uint32_t sender)
{
	uint32_t most = 0;

	if (b->sender[sender] && b->sender[sender]->stayed)
		return b->script.sent[sender];
	for (uint32_t i = 0; i < b->conn_count; i++)
		if (b->conns[i].ledger.next[sender] > most)
			most = b->conns[i].ledger.next[sender];
	return most;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void count_orders(struct bench *b)
{
	uint64_t *orders;
	size_t n = 0;

	CHECK(b->conn_count > 0);
	orders = malloc(b->conn_count * sizeof(*orders));
	CHECK(orders);
	for (uint32_t i = 0; i < b->conn_count; i++)
		if (b->conns[i].stayed)
			orders[n++] = b->conns[i].ledger.order;
	qsort(orders, n, sizeof(*orders), compare);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || orders[i] != orders[i - 1])
			b->tally.orders++;
	free(orders);
}

void verdict_final(struct bench *b)
{
	for (uint32_t i = 0; i < b->conn_count; i++)
		b->tally.lost += ledger_missing(&b->conns[i].ledger);
	for (uint32_t s = 0; s < b->sender_count; s++) {
		uint32_t all = should_come(b, s);

		for (uint32_t i = 0; i < b->conn_count; i++)
			if (b->conns[i].stayed)
				b->tally.lost +=
					all - b->conns[i].ledger.next[s];
	}
	count_orders(b);
}
