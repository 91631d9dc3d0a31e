/* SPDX-License-Identifier: MIT */
/*
 * What the acceptor and all connections share: constant once threads run,
 * save the counts.
 */
#ifndef DAEMON_SERVER_H
#define DAEMON_SERVER_H

#include "client.h"
#include "config.h"
#include "handshake.h"
#include "listener.h"
#include "roster.h"

#define SERVER_LISTENERS 16

struct server {
	struct client_rules rules;
	struct http_limits http;
	struct handshake_rules chat_rules, echo_rules;
	int64_t drain; /* ns that stopping may take */

	struct hub *hub;
	struct chan *quit;  /* units; closed once it's time to stop */
	struct chan *ended; /* of pthread_t: readers that main may join */

	struct listener listeners[SERVER_LISTENERS];
	size_t listeners_count;
	pthread_t acceptor;
	int spare; /* a descriptor given up where none is left */
	struct roster roster;

	size_t max_clients;    /* connections at a time */
	atomic_size_t started; /* readers, ever; acceptor writes */
	atomic_size_t joined;  /* of them; main writes */
	atomic_size_t refused; /* connections, for want of something */
};

/* What the configuration lets wait for a member.  Main only. */
struct hub_limits server_hub_limits(const struct config *config);

/*
 * Makes all of it from the configuration: opens the listeners, drops the
 * privileges, sets the limits; errors are logged.  The strings of *config must
 * outlive it.  Returns 0 or -errno; then there is nothing to close.  Main only.
 */
int server_open(struct server *s, const struct config *config, struct hub *hub,
		struct chan *quit, struct chan *ended);

/* Starts the acceptor, and says in the log where to reach it.  Returns 0, or
 * -EAGAIN or -ENOMEM.  Main only. */
int server_start(struct server *s);

/* True where err isn't 0: then the log says what is lacking.  Main only. */
bool server_lacks(int err);

/* Joins readers that have ended until quit is closed.  Main only. */
void server_wait(struct server *s);

/*
 * Stops: nobody comes in any more, who waits for a request is woken, all
 * others get nine tenths of the drain time, then they are cut; joins the
 * acceptor and all readers.  Returns when everything has to be at its end.
 * Main only, after server_wait().
 */
int64_t server_stop(struct server *s);

/* Logs what it holds: connections, threads, live messages.  Any thread. */
void server_log_counts(const struct server *s);

/* Closes what is left.  Main only, after all threads were joined. */
void server_close(struct server *s);

/* The acceptor's thread; arg is the struct server. */
void *acceptor_run(void *arg);

/*
 * Starts the reader of an accepted descriptor, which is closed by whoever has
 * it: by the reader, and by the caller where this fails.  Returns 0, or
 * -EAGAIN or -ENOMEM.  The acceptor's thread.
 */
int connection_start(struct server *s, int fd, uint64_t id, const char *peer);

#endif
