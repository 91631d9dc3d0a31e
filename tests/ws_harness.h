/* SPDX-License-Identifier: MIT */
/*
 * A peer that says what a test wants, in pieces of any size, and a transcript
 * of what a ws_reader makes of it: "text(Hello) ping() failed 1002".
 */
#ifndef WS_HARNESS_H
#define WS_HARNESS_H

#include "wire.h"

#include <errno.h>
#include <stdarg.h>

static size_t limit; /* of a message */
static bool text_only;
static ssize_t at_end; /* what the source says behind all that: -EAGAIN */

static inline void nothing_said(void)
{
	wire.len = 0;
	limit = MIB;
	text_only = false;
	at_end = -EAGAIN;
}

/* ---- What comes of it ---- */

struct mouth {
	size_t at;
	size_t piece;    /* the most it gives at a time; 0: at random */
	uint64_t random; /* its state */
	unsigned asked;  /* since WS_AGAIN */
};

static inline ssize_t speak(void *arg, void *to, size_t len)
{
	struct mouth *m = arg;
	size_t left = wire.len - m->at;
	size_t piece = m->piece ? m->piece : 1 + next_random(&m->random) % 40;

	/* Twice would be a read that nobody waited for: it may block. */
	MUST(m->asked++ == 0);
	if (left == 0)
		return at_end;
	if (len > piece)
		len = piece;
	if (len > left)
		len = left;
	memcpy(to, wire.bytes + m->at, len);
	m->at += len;
	return (ssize_t)len;
}

static char transcript[8192];

__attribute__((format(printf, 1, 2))) static inline void
note(const char *format, ...)
{
	size_t len = strlen(transcript);
	va_list ap;

	MUST(len < sizeof(transcript) - 64);
	va_start(ap, format);
	(void)vsnprintf(transcript + len, sizeof(transcript) - len, format, ap);
	va_end(ap);
}

/* Long payloads are known by their length and their sum (FNV-1a). */
static inline void note_payload(const unsigned char *data, size_t len)
{
	uint32_t sum = 2166136261;

	if (len > 40) {
		for (size_t i = 0; i < len; i++)
			sum = (sum ^ data[i]) * 16777619;
		note("%zu bytes %08x", len, (unsigned)sum);
		return;
	}
	for (size_t i = 0; i < len; i++)
		note(data[i] >= ' ' && data[i] <= '~' ? "%c" : "\\x%02x",
		     data[i]);
}

static inline void note_item(const struct ws_item *item)
{
	const char *name = item->opcode == WS_TEXT     ? "text"
			   : item->opcode == WS_BINARY ? "binary"
			   : item->opcode == WS_PING   ? "ping"
			   : item->opcode == WS_PONG   ? "pong"
			   : item->opcode == WS_CLOSE  ? "close"
						       : "?";

	if (*transcript)
		note(" ");
	if (item->opcode == WS_CLOSE) {
		note("close %u(", item->code);
		if (item->len > 2)
			note_payload(item->data + 2, item->len - 2);
	} else {
		note("%s(", name);
		note_payload(item->data, item->len);
	}
	note(")");
}

/* Notes all that happens, until the end or until there is nothing more. */
static inline void listen_to(struct ws_reader *w, struct mouth *m)
{
	struct ws_item item;

	*transcript = '\0';
	for (;;) {
		switch (ws_next(w, &item)) {
		case WS_AGAIN:
			m->asked = 0;
			if (m->at == wire.len && at_end == -EAGAIN)
				return;
			break;
		case WS_MESSAGE:
			note_item(&item);
			break;
		case WS_CONTROL:
			note_item(&item);
			if (item.opcode == WS_CLOSE)
				return;
			break;
		case WS_FRAME:
			break;
		case WS_FAILED:
			MUST(item.text && *item.text);
			note("%sfailed %u", *transcript ? " " : "", item.code);
			return;
		case WS_ENDED:
			note("%sended", *transcript ? " " : "");
			return;
		}
	}
}

/* The transcript of a new reader that hears it in pieces of that size. */
static inline const char *heard(size_t piece, uint64_t seed)
{
	struct mouth m = {.piece = piece, .random = seed};
	struct ws_reader *w = ws_reader_create(speak, &m, limit, text_only);

	MUST(w != NULL);
	listen_to(w, &m);
	ws_reader_destroy(w);
	return transcript;
}

/* However it comes in pieces, this is what a reader makes of it. */
static inline void means(const char *expected)
{
	for (size_t piece = 1; piece <= 24; piece++)
		if (strcmp(heard(piece, 0), expected) != 0)
			ck_abort_msg("\"%s\", not \"%s\", by %zu bytes",
				     transcript, expected, piece);
	for (uint64_t seed = 1; seed <= 20; seed++)
		ck_assert_str_eq(heard(0, seed), expected);
	ck_assert_str_eq(heard(SIZE_MAX, 0), expected);
}

static inline void fails_with(unsigned code)
{
	char expected[64];

	(void)snprintf(expected, sizeof(expected), "failed %u", code);
	means(expected);
}

#endif
