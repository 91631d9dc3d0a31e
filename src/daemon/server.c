/* SPDX-License-Identifier: MIT */
/*
 * Opening, waiting, stopping.  Runs in main, which joins every reader: a
 * reader sends its thread's id to `ended` as its last act.
 */
#include "server.h"

#include "capacity.h"
#include "check.h"
#include "clock.h"
#include "log.h"
#include "privileges.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ECHO_MESSAGE ((size_t)16 * 1024 * 1024)

/* In the plain dialect no subprotocol is spoken: who offers any is refused. */
static const char *const subprotocols[] = {NULL};

/* ---- Opening ---- */

static int open_listener(struct server *s, const char *address)
{
	const char *what;
	int err;

	if (s->listeners_count == SERVER_LISTENERS) {
		log_error(NULL, "server.listen: more than %d addresses",
			  SERVER_LISTENERS);
		return -E2BIG;
	}
	err = listener_open(&s->listeners[s->listeners_count], address, &what);
	if (err)
		log_error(NULL, "can't listen on %s: %s: %s", address, what,
			  strerror(-err));
	else
		s->listeners_count++;
	return err;
}

static int open_listeners(struct server *s, const char *list)
{
	char address[LISTENER_NAME_BYTES];
	int err = 0;

	while (!err && *list) {
		size_t n = strcspn(list, " ");

		(void)snprintf(address, sizeof(address), "%.*s", (int)n, list);
		err = open_listener(s, address);
		list += n;
		list += strspn(list, " ");
	}
	return err;
}

struct hub_limits server_hub_limits(const struct config *c)
{
	return (struct hub_limits){
		.queue = (size_t)c->plain_queue,
		.queue_bytes = (size_t)c->plain_queue_bytes,
		.coalesce = c->plain_coalesce,
		.write_through = c->hub_write_through,
	};
}

static void set_rules(struct server *s, const struct config *c)
{
	s->rules = (struct client_rules){
		.timeouts = {.head = c->timeouts_head,
			     .silence = c->timeouts_silence,
			     .ping = c->timeouts_ping,
			     .write = c->timeouts_write},
		.stack = (size_t)c->stack,
		.queue = (size_t)c->plain_queue,
		.plain_message = (size_t)c->plain_message,
		.echo_message = c->echo ? ECHO_MESSAGE : 0,
		.write_through = c->hub_write_through,
	};
	s->http = (struct http_limits){(size_t)c->http_line,
				       (size_t)c->http_head};
	s->chat_rules = (struct handshake_rules){c->origins, subprotocols};
	s->echo_rules = (struct handshake_rules){c->origins, NULL};
	s->drain = c->timeouts_drain;
}

static void set_max_clients(struct server *s, size_t wanted)
{
	struct capacity c;

	capacity_find(&c);
	s->max_clients = wanted > 0 && wanted < c.clients ? wanted : c.clients;
	thread_expect(2 * s->max_clients); /* a reader and a writer each */
	if (wanted > c.clients)
		log_warn(NULL,
			 "server.max_clients is lowered from %zu to %zu: %s; "
			 "to raise it: %s",
			 wanted, c.clients, c.why, c.remedy);
	else
		log_info(NULL,
			 "takes up to %zu clients; this machine holds %zu: "
			 "%s; to raise it: %s",
			 s->max_clients, c.clients, c.why, c.remedy);
}

int server_open(struct server *s, const struct config *config, struct hub *hub,
		struct chan *quit, struct chan *ended)
{
	int err;

	*s = (struct server){
		.hub = hub, .quit = quit, .ended = ended, .spare = -1};
	set_rules(s, config);
	err = roster_init(&s->roster);
	if (server_lacks(err))
		return err;
	err = open_listeners(s, config->listen);
	if (err)
		goto fail;
	err = privileges_drop(config->user);
	if (err) {
		log_error(NULL, "can't become server.user %s: %s", config->user,
			  err == -ENOENT ? "no such user" : strerror(-err));
		goto fail;
	}
	set_max_clients(s, (size_t)config->max_clients);
	s->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return 0;

fail:
	server_close(s);
	return err;
}

static void announce(const struct server *s)
{
	for (size_t i = 0; i < s->listeners_count; i++) {
		const char *name = s->listeners[i].name;

		log_info(NULL, "listening on %s%s%s",
			 strncmp(name, "unix:", 5) == 0 ? "" : "http://", name,
			 strncmp(name, "unix:", 5) == 0 ? "" : "/");
	}
}

int server_start(struct server *s)
{
	int err = thread_start(&s->acceptor, 0, acceptor_run, s, "acceptor");

	if (!err)
		announce(s);
	return err;
}

bool server_lacks(int err)
{
	if (err)
		log_error(NULL, "can't start: no %s is left",
			  err == -ENOMEM ? "memory" : "thread");
	return err != 0;
}

void server_close(struct server *s)
{
	for (size_t i = 0; i < s->listeners_count; i++)
		listener_close(&s->listeners[i]);
	if (s->spare >= 0)
		(void)close(s->spare);
	roster_fini(&s->roster);
}

/* ---- Waiting ---- */

static void join(struct server *s, pthread_t reader)
{
	thread_join(reader);
	atomic_fetch_add(&s->joined, 1);
}

void server_wait(struct server *s)
{
	enum { ENDED, QUIT };
	pthread_t reader;
	struct chan_case cases[] = {
		[ENDED] = CHAN_CASE_RECV(s->ended, &reader),
		[QUIT] = CHAN_CASE_RECV_UNIT(s->quit),
	};

	while (chan_select(cases, 2, CHAN_FOREVER) == ENDED)
		join(s, reader);
}

/* ---- Stopping ---- */

/* Joins readers until the last one, or the deadline; true: it was the last. */
static bool join_until(struct server *s, int64_t deadline)
{
	pthread_t reader;

	while (atomic_load(&s->joined) < atomic_load(&s->started)) {
		if (chan_recv_until(s->ended, &reader, deadline) != CHAN_OK)
			return false;
		join(s, reader);
	}
	return true;
}

int64_t server_stop(struct server *s)
{
	int64_t deadline = clock_now() + s->drain;
	size_t cut;

	for (size_t i = 0; i < s->listeners_count; i++)
		listener_shut(&s->listeners[i]);
	thread_join(s->acceptor); /* from now on nobody is started */
	roster_wake_waiting(&s->roster);
	if (join_until(s, deadline - s->drain / 10))
		return deadline;
	cut = roster_cut_all(&s->roster);
	log_warn(NULL, "cut %zu connections that took too long to end", cut);
	(void)join_until(s, CHAN_FOREVER);
	return deadline;
}

void server_log_counts(const struct server *s)
{
	size_t connections = atomic_load(&s->started) - atomic_load(&s->joined);

	log_info(NULL,
		 "holds %zu connections, %zu live messages; ever: %zu "
		 "connections, %zu refused, %zu dropped as too slow",
		 connections, message_live(), atomic_load(&s->started),
		 atomic_load(&s->refused), atomic_load(&s->hub->drops));
}
