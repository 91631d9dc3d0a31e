/* SPDX-License-Identifier: MIT */
/*
 * WebSocket after the handshake, the server's side: from bytes to messages,
 * and the heads of our own frames.  Source: RFC 6455, sections 5 to 7.  wslay
 * parses the frames; messages, their limits and their UTF-8 are kept here.  It
 * does no I/O.  Go's counterpart: gorilla/websocket's Conn.
 */
#ifndef NET_WS_H
#define NET_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum ws_opcode {
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
};

/* Codes of Close frames; RFC 6455, 7.4.1. */
enum ws_code {
	WS_CODE_NONE = 0, /* no Close frame at all */
	WS_CODE_NORMAL = 1000,
	WS_CODE_GOING_AWAY = 1001,
	WS_CODE_PROTOCOL = 1002,
	WS_CODE_UNSUPPORTED = 1003,
	WS_CODE_NO_STATUS = 1005, /* a Close frame without a code */
	WS_CODE_ENCODING = 1007,
	WS_CODE_POLICY = 1008,
	WS_CODE_TOO_BIG = 1009,
	WS_CODE_INTERNAL = 1011,
};

#define WS_CONTROL_MAX 125 /* bytes of a control frame's payload */
#define WS_HEAD_MAX    10  /* bytes of a server's frame head */

/* ---- Reading ---- */

/*
 * Where bytes come from: up to len of them into to.  Returns how many, 0 at
 * the end of the stream, -EAGAIN where nothing waits now, -errno.
 */
typedef ssize_t (*ws_source)(void *arg, void *to, size_t len);

struct ws_reader;

enum ws_event {
	WS_AGAIN,   /* nothing more for now: wait until something can be read */
	WS_MESSAGE, /* a whole text or binary message */
	WS_CONTROL, /* a ping, a pong, or the peer's Close */
	WS_FRAME,   /* a fragment that doesn't end its message */
	WS_FAILED,  /* the peer broke the protocol: close with item.code */
	WS_ENDED,   /* the stream ended, or failed, without a Close */
};

struct ws_item {
	enum ws_opcode opcode;
	unsigned char *data; /* valid until the next call; not terminated */
	size_t len;
	uint16_t code;    /* of WS_FAILED, and of a Close (else 1005) */
	const char *text; /* of WS_FAILED: why, in words */
};

/*
 * Messages over max_message bytes fail with 1009.  With text_only, binary
 * ones fail with 1003 at their first frame.  NULL: no memory.
 */
struct ws_reader *ws_reader_create(ws_source source, void *arg,
				   size_t max_message, bool text_only);
void ws_reader_destroy(struct ws_reader *w);

/*
 * The next thing that happened; asks the source for bytes at most once
 * between two WS_AGAIN, so that a call never waits and one read's worth is
 * parsed whole.  After WS_FAILED, WS_ENDED or a Close it must not be called
 * again.  Where nothing is half read, WS_AGAIN gives all memory back.
 */
enum ws_event ws_next(struct ws_reader *w, struct ws_item *item);

/* Takes over the data of the WS_MESSAGE just given, to be freed by free(); NULL
 * is possible where it is empty. */
unsigned char *ws_take(struct ws_reader *w);

/* ---- Writing ---- */

/* Writes the head of an unfragmented, unmasked frame of len bytes of payload
 * into head; returns its length.  Any thread. */
size_t ws_frame_head(unsigned char head[WS_HEAD_MAX], enum ws_opcode opcode,
		     size_t len);

/* Writes a whole Close frame (code WS_CODE_NO_STATUS: without one); the reason
 * is cut to what fits.  Returns its length, at most 2 + WS_CONTROL_MAX. */
size_t ws_close_frame(unsigned char frame[2 + WS_CONTROL_MAX], uint16_t code,
		      const char *reason);

#endif
