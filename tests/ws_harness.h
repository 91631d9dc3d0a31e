/* SPDX-License-Identifier: MIT */
/*
 * A peer that says what a test wants, in pieces of any size, and a transcript
 * of what a ws_reader makes of it: "text(Hello) ping() failed 1002".
 */
#ifndef WS_HARNESS_H
#define WS_HARNESS_H

#include "harness.h"
#include "ws.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

/* ---- What the peer says ---- */

/* First bytes of frames: FIN and opcode. */
enum {
	FIN = 0x80,
	RSV1 = 0x40,
	RSV2 = 0x20,
	RSV3 = 0x10,
	CONTINUATION = 0,
	TEXT = FIN | WS_TEXT,
	BINARY = FIN | WS_BINARY,
	CLOSE = FIN | WS_CLOSE,
	PING = FIN | WS_PING,
	PONG = FIN | WS_PONG,
};

/* Not from malloc(), which some tests count. */
static struct {
	unsigned char bytes[8 * MIB];
	size_t len;
} wire;

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

static inline void say_bytes(const void *bytes, size_t len)
{
	MUST(len <= sizeof(wire.bytes) - wire.len);
	if (len > 0)
		memcpy(wire.bytes + wire.len, bytes, len);
	wire.len += len;
}

/* Bytes as they are: RAW(0x81, 0x80, ...). */
#define RAW(...)                                                               \
	say_bytes((const unsigned char[]){__VA_ARGS__},                        \
		  sizeof((const unsigned char[]){__VA_ARGS__}))

/* A length in so many bytes: 0 (in the second one), 2 or 8. */
static inline void say_length(uint64_t len, unsigned form, unsigned char mask)
{
	unsigned char head[9] = {mask};

	head[0] |= (unsigned char)(form == 8 ? 127 : form == 2 ? 126 : len);
	for (unsigned i = 0; i < form; i++)
		head[1 + i] = (unsigned char)(len >> 8 * (form - 1 - i));
	say_bytes(head, 1 + form);
}

/* A masked frame whose length stands in that form. */
static inline void say_frame_in_form(int first, const void *payload, size_t len,
				     unsigned form)
{
	static unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
	const unsigned char *p = payload;
	unsigned char byte = (unsigned char)first;

	say_bytes(&byte, 1);
	say_length(len, form, 0x80);
	key[wire.len % 4] += 113;
	say_bytes(key, 4);
	for (size_t i = 0; i < len; i++) {
		byte = p[i] ^ key[i % 4];
		say_bytes(&byte, 1);
	}
}

static inline void say_frame(int first, const void *payload, size_t len)
{
	say_frame_in_form(first, payload, len,
			  len > 65535 ? 8
			  : len > 125 ? 2
				      : 0);
}

/* A frame of text up to the first NUL. */
static inline void say(int first, const char *payload)
{
	say_frame(first, payload, strlen(payload));
}

/* A Close frame with a code and a reason. */
static inline void say_close(unsigned code, const char *reason)
{
	char payload[WS_CONTROL_MAX] = {(char)(code >> 8), (char)code};

	MUST(strlen(reason) <= sizeof(payload) - 2);
	memcpy(payload + 2, reason, strlen(reason));
	say_frame(CLOSE, payload, 2 + strlen(reason));
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
