/* SPDX-License-Identifier: MIT */
/*
 * What the senders say: numbered messages of one length, each different from
 * every other, kept for a while so that checking one that comes back is a
 * single memcmp.  Those no longer kept are worked out again from their head.
 *
 * A message is letters and digits only, which no server trims and no JSON
 * escapes: "cb", the run, the sender, the number, when it was sent, a sum over
 * these, and filler that depends on sender and number.
 */
#ifndef CHATBENCH_SCRIPT_H
#define CHATBENCH_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SCRIPT_HEAD    34 /* bytes before the filler: the shortest message */
#define SCRIPT_LONGEST 65536
#define SCRIPT_SENDERS 65536 /* at most */
#define SCRIPT_KEPT    1024  /* messages a sender that are kept, at most */
#define SCRIPT_TURNS   256   /* ways in which the filler can begin */

struct said {
	uint32_t seq;
	uint32_t heard; /* the caller's: by how many clients */
	int64_t at;     /* when, in ns of CLOCK_MONOTONIC */
};

struct script {
	size_t size, stride;
	uint32_t senders, slots; /* slots a sender: a power of two */
	uint32_t run;            /* tells this run's messages from others' */
	int64_t begun;           /* what the times in messages count from */
	uint32_t *sent;          /* per sender: messages so far */
	struct said *said;       /* senders * slots */
	char *texts;             /* senders * slots * stride */
	char filler[SCRIPT_LONGEST + SCRIPT_TURNS];
	char hello[SCRIPT_LONGEST]; /* a message that nobody counts */
};

/* Returns 0 or -ENOMEM.  keep: how many messages a sender are kept at least;
 * run: any number, for instance a random one. */
int script_init(struct script *s, size_t size, uint32_t senders, uint32_t keep,
		uint32_t run, int64_t begun);
void script_fini(struct script *s);

/* The sender's next message, said at that time: size bytes, valid until it
 * has said many more. */
const char *script_say(struct script *s, uint32_t sender, int64_t at);

/* Decodes count letters; a value out of range where they aren't ours. */
static inline uint32_t script_letters(const char *text, size_t count)
{
	uint32_t v = 0;

	for (size_t i = 0; i < count; i++)
		v = v << 4 ^ (uint32_t)(unsigned char)(text[i] - 'a');
	return v;
}

/* Who says that this text of size bytes is theirs; not to be trusted. */
static inline uint32_t script_sender(const char *text)
{
	return script_letters(text + 8, 4);
}

/* The message's place; NULL: it wasn't said, or is no longer kept. */
static inline struct said *script_said(const struct script *s, uint32_t sender,
				       uint32_t seq)
{
	struct said *said =
		&s->said[(size_t)sender * s->slots + (seq & (s->slots - 1))];

	return seq < s->sent[sender] && said->seq == seq ? said : NULL;
}

/* The same where the text is that message to the byte; NULL: not so, or not
 * kept, and script_read says more. */
static inline struct said *script_match(const struct script *s, uint32_t sender,
					uint32_t seq, const char *text)
{
	struct said *said = script_said(s, sender, seq);

	if (!said || memcmp(s->texts + (size_t)(said - s->said) * s->stride,
			    text, s->size) != 0)
		return NULL;
	return said;
}

enum script_verdict {
	SCRIPT_FOREIGN, /* not a message of this run */
	SCRIPT_HELLO,   /* the one that nobody counts */
	SCRIPT_GARBLED, /* of this run, but which one can't be told */
	SCRIPT_DAMAGED, /* it is the message that was read, but altered */
	SCRIPT_INTACT,
};

struct script_line {
	uint32_t sender, seq;
	int64_t at;
};

/* Reads any line, however old; *line is set for DAMAGED and INTACT. */
enum script_verdict script_read(const struct script *s, const char *text,
				size_t len, struct script_line *line);

#endif
