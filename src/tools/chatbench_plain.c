/* SPDX-License-Identifier: MIT */
/*
 * The plain dialect: every WebSocket message is text, and holds one message of
 * the chat or several, joined by newlines.
 */
#include "chatbench.h"

static size_t plain_frame(struct bench *b, char *out, const char *text)
{
	return ws_write_frame(out, WS_TEXT, text, b->o->size, &b->random);
}

/* The message that a healthy server sends next: compared, entered, done. */
static inline bool expected(struct bench *b, struct conn *c, const char *text)
{
	uint32_t sender = script_sender(text), seq;
	struct said *said;

	if (sender >= b->script.senders)
		return false;
	seq = c->ledger.next[sender];
	said = script_match(&b->script, sender, seq, text);
	if (!said)
		return false;
	ledger_next(&c->ledger, sender, seq);
	run_passed(b, c, sender, said);
	run_heard(b, c, said->at);
	return true;
}

static size_t plain_take(struct bench *b, struct conn *c, const char *text,
			 size_t len, bool last)
{
	const char *at = text, *end = text + len, *eol;
	size_t size = b->o->size;
	bool more = true; /* a line follows, if only an empty one */

	while (at < end || (last && more)) {
		size_t left = (size_t)(end - at);

		/* All of ours have one length, so there is no searching. */
		if (!c->skipping &&
		    ((left > size && at[size] == '\n') ||
		     (left == size && last)) &&
		    expected(b, c, at)) {
			more = left > size;
			at += size + more;
			continue;
		}
		eol = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
		if (!eol && !last) {
			if (!c->skipping && left <= SCRIPT_LONGEST)
				break;
			c->skipping = true; /* too long to be ours */
			return len;
		}
		if (!c->skipping)
			verdict_line(b, c, at, eol ? (size_t)(eol - at) : left);
		else
			b->tally.foreign++;
		c->skipping = false;
		if (!eol)
			break;
		at = eol + 1;
	}
	return last ? len : (size_t)(at - text);
}

const struct dialect dialect_plain = {
	.open = run_ready,
	.frame = plain_frame,
	.take = plain_take,
};
