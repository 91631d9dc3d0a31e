/* SPDX-License-Identifier: MIT */
/*
 * What travels through the server: bytes that are made once, ready for the
 * socket, and never change; shared by all who deliver them, and counted.
 * Go's counterpart: the []byte in the demo's channels, and its collector.
 */
#ifndef CHAT_MESSAGE_H
#define CHAT_MESSAGE_H

#include "ws.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct message {
	atomic_size_t refs;
	size_t count;     /* chat messages in it; 0: an answer, a pong, ... */
	size_t head_len;  /* of the frame's head, where it is one frame */
	size_t len;       /* of bytes */
	const void *body; /* goes behind bytes; NULL: nothing */
	size_t body_len;
	void *owned; /* body, where it has to be freed with us */
	unsigned char bytes[];
};

/* A frame of that opcode with a copy of the payload.  One reference, the
 * caller's.  NULL: no memory.  count: as above.  Any thread. */
struct message *message_frame(enum ws_opcode opcode, const void *payload,
			      size_t len, size_t count);

/* A frame around a body that isn't copied: message_release() frees it, also
 * where this returns NULL for want of memory. */
struct message *message_frame_around(enum ws_opcode opcode, void *body,
				     size_t len);

/* Plain bytes (an HTTP answer) that the caller writes, up to room of them, and
 * counts in len, before anybody else sees the message; and a constant body
 * behind them that outlives it, or NULL. */
struct message *message_bytes(size_t room, const void *body, size_t body_len);

/* The empty message, with a reference, which says nothing and wakes a writer.
 * There is but one, always. */
struct message *message_nudge(void);

/*
 * One message out of n that wait together, each a text frame.  With coalesce
 * they become one frame, their texts joined by newlines; else their frames
 * stand behind one another.  The n stay as they are.  NULL: no memory.
 */
struct message *message_join(struct message *const *messages, size_t n,
			     bool coalesce);

/* Adds n references.  Any thread that has one. */
void message_retain(struct message *m, size_t n);

/* Gives n references back; the last one frees.  NULL: nothing. */
void message_release(struct message *m, size_t n);

/* How many bytes it takes in a queue, and on the wire. */
size_t message_size(const struct message *m);

/* Fills up to two pieces for the socket; returns how many. */
size_t message_pieces(const struct message *m, struct iovec pieces[2]);

/* How many there are, for those who look for leaks. */
size_t message_live(void);

#endif
