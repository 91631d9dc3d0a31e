/* SPDX-License-Identifier: MIT */
/*
 * The client's side of WebSocket (RFC 6455), as much as a load generator
 * needs, on bytes alone: the request to upgrade and its answer, the heads of
 * frames that come, masked frames that go.  No I/O, no memory of its own.
 */
#ifndef CHATBENCH_WS_H
#define CHATBENCH_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WS_KEY_SIZE   25   /* 16 bytes in base64, and a NUL */
#define WS_CONTROL    125  /* longest payload of a control frame */
#define WS_HEAD_MAX   14   /* longest head, with the key of a mask */
#define WS_ANSWER_MAX 8192 /* longest answer to a request to upgrade */

enum ws_opcode {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
};

struct ws_head {
	uint64_t length;
	uint8_t opcode;
	bool fin;
};

/* A generator of keys, for requests and masks: fast, not for secrets. */
struct ws_random {
	uint64_t state; /* not 0 */
};

uint64_t ws_random(struct ws_random *r);

/* Makes the Sec-WebSocket-Key of a request. */
void ws_key(struct ws_random *r, char key[WS_KEY_SIZE]);

/* Writes the request into out; its length, or 0 where it doesn't fit.
 * protocol: the subprotocol asked for, NULL: none. */
size_t ws_request(char *out, size_t room, const char *host, const char *path,
		  const char *key, const char *protocol);

#define WS_MORE     0  /* the answer isn't whole yet */
#define WS_NO_HTTP  -1 /* no answer in HTTP, or too long a one */
#define WS_BAD_101  -2 /* upgraded, but not as asked */
#define WS_UPGRADED 101

/*
 * Reads the answer to a request with that key and subprotocol: WS_UPGRADED,
 * another status from 100 to 999, or one of the above.  *used: where what
 * follows the head begins.
 */
int ws_answer(const char *bytes, size_t len, const char *key,
	      const char *protocol, size_t *used);

/*
 * Reads the head of a frame from a server.  Returns its size; 0: more bytes
 * are needed; -1: no server may send this (a mask, reserved bits, an unknown
 * opcode, a control frame that is long or in pieces, a length with its top
 * bit set or not in its shortest form).
 */
int ws_read_head(const char *bytes, size_t len, struct ws_head *head);

/*
 * Writes a whole frame, masked as a client must, and returns its size: at
 * most len + WS_HEAD_MAX.
 */
size_t ws_write_frame(char *out, enum ws_opcode opcode, const char *payload,
		      size_t len, struct ws_random *r);

#endif
