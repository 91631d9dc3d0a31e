/* SPDX-License-Identifier: MIT */
/*
 * What a client asks for in the JSON dialect, read from its text and judged as
 * far as the text alone tells: kinds, bounds, names.  Source:
 * chatd.protocol(7). Who may ask, and whether it can be done, others judge.  No
 * I/O; each request belongs to one thread at a time, and passes on with the
 * references to it.
 */
#ifndef CHAT_REQUEST_H
#define CHAT_REQUEST_H

#include "name.h"
#include "refusal.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum request_type {
	REQUEST_REGISTER,
	REQUEST_LOGIN,
	REQUEST_RESUME,
	REQUEST_PASSWORD,
	REQUEST_LOGOUT,
	REQUEST_JOIN,
	REQUEST_LEAVE,
	REQUEST_PUBLISH,
	REQUEST_EDIT,
	REQUEST_DELETE,
	REQUEST_HISTORY,
	REQUEST_PRESENCE,
	REQUEST_ROOMS,
	REQUEST_TYPING,
	REQUEST_READ,
	REQUEST_MODERATE,
	REQUEST_PING,
	REQUEST_TYPES
};

enum request_op {
	OP_KICK,
	OP_BAN,
	OP_UNBAN,
	OP_MUTE,
	OP_UNMUTE,
	OP_OP,
	OP_DEOP,
};

/* A string of the client's; bytes NULL: it wasn't sent. */
struct request_text {
	const char *bytes; /* ends with a NUL that len doesn't count */
	size_t len;
};

/* A user's or a room's name, checked; shown NULL: it wasn't sent. */
struct request_name {
	const char *shown, *key; /* as in struct name */
	bool direct;             /* it was sent as "@user": the room of two */
	bool guest;              /* it was sent as "~user" */
};

#define REQUEST_ABSENT INT64_MIN

struct request {
	enum request_type type;
	int64_t id; /* 0: typing and read have none */

	struct request_name user;          /* register, login, moderate */
	struct request_name guest;         /* login */
	struct request_text jwt, token;    /* login; resume */
	struct request_text password, new; /* password: also the old one */
	struct request_name room;
	struct request_text after; /* rooms: in the order of keys */
	struct request_text epoch; /* join */
	struct request_text text, nonce, reason;
	enum request_op op;
	/* REQUEST_ABSENT where they weren't sent. */
	int64_t history, seq, before, limit, target, seconds;

	atomic_uint refs;
	char *strings; /* owned: names, and what the texts point to */
	struct json_object *json;
};

struct request_limits {
	size_t text;           /* code points: limits.text */
	int64_t page, recover; /* limits.page: limit and history are lowered */
};

/*
 * Reads a request from len bytes of valid UTF-8.  Returns NULL with *r, of
 * which the caller has the one reference; or the refusal, with *id: the id to
 * answer with, 0 where the request had none that is good.
 */
const struct refusal *request_parse(struct request **r, const char *text,
				    size_t len,
				    const struct request_limits *limits,
				    int64_t *id);

void request_retain(struct request *r);
void request_release(struct request *r);

/* "publish". */
const char *request_type_name(enum request_type type);
const char *request_op_name(enum request_op op);

#endif
