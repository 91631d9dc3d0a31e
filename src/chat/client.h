/* SPDX-License-Identifier: MIT */
/*
 * A client: one connection, with the thread that reads it and the one that
 * writes it.  Go's counterpart: client.go of gorilla/websocket's chat.
 *
 * A client is freed when its reader, its writer and the hub have all let go
 * of it.
 */
#ifndef CHAT_CLIENT_H
#define CHAT_CLIENT_H

#include "hub.h"
#include "stream.h"

/* Nanoseconds; 0: never. */
struct timeouts {
	int64_t head;    /* for a whole request head */
	int64_t silence; /* without a message or pong; more than ping */
	int64_t ping;    /* between two of our pings; less than silence */
	int64_t write;   /* without the kernel taking a byte */
};

/* What all clients have in common; constant once threads run. */
struct client_rules {
	struct timeouts timeouts;
	size_t stack;         /* of their threads, bytes */
	size_t queue;         /* capacity of `send` */
	size_t plain_message; /* bytes of a message in the plain dialect */
	size_t echo_message;  /* bytes of a message at /echo; 0: no echo */
	bool write_through;   /* the hub may write, too */
};

struct client {
	struct member member;
	struct stream stream;
	char peer[128]; /* its address in words */
	const struct client_rules *rules;
	struct hub *hub;
	struct chan *quit;
	struct chan *gone;    /* closed by the reader: the peer sends no more */
	struct chan *written; /* units; the writer's answer at /echo, else
				 NULL */
	pthread_t writer;
	bool has_writer;      /* reader only */
	atomic_bool upgraded; /* frames are spoken; written by the reader */
	atomic_uint refs;

	/* Reader only: what came behind the request's head; owned. */
	char *early_bytes;
	size_t early_at, early_len;
};

/* What didn't happen in time. */
enum timeout {
	TIMEOUT_IDLE,    /* no request at all */
	TIMEOUT_HEAD,    /* no whole request head */
	TIMEOUT_SILENCE, /* no message or pong */
	TIMEOUT_WRITE,   /* the kernel took nothing */
	TIMEOUT_GOODBYE, /* the peer didn't end its side */
};

/*
 * What happens at a timeout: says so in the log, and returns how to part.
 * Reader or writer.
 */
struct farewell client_on_timeout(struct client *c, enum timeout which);

/* A client around an accepted stream, with one reference, or NULL: no memory.
 * The acceptor's thread. */
struct client *client_create(const struct client_rules *rules, struct hub *hub,
			     struct chan *quit, struct stream stream,
			     uint64_t id, const char *peer);

/* Gives a reference back; the last one frees.  Any thread that has one. */
void client_release(struct client *c);

/*
 * Puts a message, with its reference, into `send` and waits for room there;
 * starts the writer at the first.  Returns 0, or -EAGAIN or -ENOMEM where
 * there is no writer to be had: the message is gone then.  NULL is taken as
 * -ENOMEM.  Reader only, while it owns `send`.
 */
int client_send(struct client *c, struct message *m);

/*
 * The same for the answer that agrees to an upgrade, which is only written
 * once the hub knows of the client: so that who has read it hears all that is
 * said from then on.  client_read_pump() has to follow.
 */
int client_welcome(struct client *c, struct message *m);

/*
 * The plain dialect, from the upgrade to the end: registers, publishes what
 * the peer says, and unregisters.  Returns 0, or -EAGAIN where there is no
 * writer to be had.  Reader only.
 */
int client_read_pump(struct client *c);

/* Sends every message back.  Returns how to part.  Reader only. */
struct farewell client_echo(struct client *c);

/* The writer's thread; arg is the client.  client_send() starts it. */
void *client_write_pump(void *arg);

#endif
