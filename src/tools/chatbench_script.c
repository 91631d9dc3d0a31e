/* SPDX-License-Identifier: MIT */
/* Messages that can be told apart, checked and timed. */
#include "chatbench_script.h"

#include <errno.h>
#include <stdlib.h>

/* Where things are in a message; all but the first are letters a to p, four
 * bits each, since comparing is what must be fast and not writing. */
enum { RUN = 2, SENDER = 8, SEQ = 12, TIME = 20, SUM = 32 };

#define KEPT_BYTES ((size_t)16 << 20) /* of messages, all senders together */

static void put(char *to, uint64_t value, size_t count)
{
	while (count-- > 0) {
		to[count] = (char)('a' + (value & 15));
		value >>= 4;
	}
}

/* True where these are count letters from a to p; *value: what they say. */
static bool get(const char *from, size_t count, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned digit = (unsigned char)from[i] - (unsigned)'a';

		if (digit > 15)
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

static void put_run(const struct script *s, char *text)
{
	memcpy(text, "cb", RUN);
	put(text + RUN, s->run, SENDER - RUN);
}

/* Eight bits over a message's head, in which places count. */
static uint64_t head_sum(const char *text)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < SUM; i++)
		sum = sum * 31 + (unsigned char)text[i];
	return (sum ^ sum >> 8) & 0xff;
}

static const char *filler(const struct script *s, uint32_t sender, uint32_t seq)
{
	return s->filler + (seq * 37 + sender * 11) % SCRIPT_TURNS;
}

int script_init(struct script *s, size_t size, uint32_t senders, uint32_t keep,
		uint32_t run, int64_t begun)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	uint32_t random = 1;
	size_t kept;

	*s = (struct script){.size = size,
			     .stride = (size + 63) / 64 * 64,
			     .senders = senders,
			     .slots = SCRIPT_KEPT,
			     .run = run & 0xffffff,
			     .begun = begun};
	while (s->slots / 2 >= keep &&
	       s->slots * s->stride * senders > KEPT_BYTES)
		s->slots /= 2;
	kept = (size_t)senders * s->slots;
	s->sent = calloc(senders, sizeof(*s->sent));
	s->said = calloc(kept, sizeof(*s->said));
	s->texts = aligned_alloc(64, kept * s->stride);
	if (!s->sent || !s->said || !s->texts) {
		script_fini(s);
		return -ENOMEM;
	}
	for (size_t i = 0; i < sizeof(s->filler); i++) {
		random = random * 1103515245 + 12345;
		s->filler[i] = letters[(random >> 16) % (sizeof(letters) - 1)];
	}
	/* Letters beyond p make no number, so this is no sender's message. */
	memset(s->hello, 'z', size);
	put_run(s, s->hello);
	return 0;
}

void script_fini(struct script *s)
{
	free(s->sent);
	free(s->said);
	free(s->texts);
}

const char *script_say(struct script *s, uint32_t sender, int64_t at)
{
	uint32_t seq = s->sent[sender]++;
	size_t slot = (size_t)sender * s->slots + (seq & (s->slots - 1));
	char *text = s->texts + slot * s->stride;

	s->said[slot] = (struct said){seq, 0, at};
	put_run(s, text);
	put(text + SENDER, sender, SEQ - SENDER);
	put(text + SEQ, seq, TIME - SEQ);
	put(text + TIME, (uint64_t)(at - s->begun), SUM - TIME);
	put(text + SUM, head_sum(text), SCRIPT_HEAD - SUM);
	memcpy(text + SCRIPT_HEAD, filler(s, sender, seq),
	       s->size - SCRIPT_HEAD);
	return text;
}

enum script_verdict script_read(const struct script *s, const char *text,
				size_t len, struct script_line *line)
{
	uint64_t run, sender, seq, time, sum;

	if (len < SENDER || memcmp(text, "cb", RUN) != 0 ||
	    !get(text + RUN, SENDER - RUN, &run) || run != s->run)
		return SCRIPT_FOREIGN;
	if (len == s->size && memcmp(text, s->hello, len) == 0)
		return SCRIPT_HELLO;
	if (len < SCRIPT_HEAD || !get(text + SENDER, SEQ - SENDER, &sender) ||
	    !get(text + SEQ, TIME - SEQ, &seq) ||
	    !get(text + TIME, SUM - TIME, &time) ||
	    !get(text + SUM, SCRIPT_HEAD - SUM, &sum) ||
	    sum != head_sum(text) || sender >= s->senders ||
	    seq >= s->sent[sender])
		return SCRIPT_GARBLED;
	*line = (struct script_line){(uint32_t)sender, (uint32_t)seq,
				     s->begun + (int64_t)time};
	if (len != s->size ||
	    memcmp(text + SCRIPT_HEAD, filler(s, line->sender, line->seq),
		   len - SCRIPT_HEAD) != 0)
		return SCRIPT_DAMAGED;
	return SCRIPT_INTACT;
}
