/* SPDX-License-Identifier: MIT */
/* What a WebSocket peer says, good or bad, put together byte by byte. */
#ifndef WIRE_H
#define WIRE_H

#include "harness.h"
#include "ws.h"

#include <string.h>

#define MIB ((size_t)1 << 20)

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

#endif
