/* SPDX-License-Identifier: MIT */
/*
 * A connection's reader, from the first byte to the last: reads request heads,
 * answers pages, upgrades, and hands over to the client's pumps.  Go's
 * counterpart: net/http's conn.serve, and serveWs in the chat demo.
 *
 * The reader blocks on the socket, on its own writer (client_send, join), and
 * on the hub; at its very end on main, which takes its thread's id.
 */
#include "server.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "site.h"
#include "thread.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define READ_BYTES 4096
#define HEAD_BYTES 1024 /* of an answer's head */

struct connection {
	struct server *s;
	struct client *client;
	struct roster_entry entry;
	bool registered;          /* the hub closes `send` */
	bool ended;               /* the peer sends no more */
	bool starved;             /* of memory or threads, it can't go on */
	struct farewell farewell; /* where it isn't registered */

	/* What was read and not used yet; gone before frames are spoken. */
	char *bytes;
	size_t at, len;
};

static struct log_about about(const struct connection *conn)
{
	return (struct log_about){conn->client->member.id, conn->client->peer};
}

/* ---- Answers ---- */

/* Bodies shorter than this are copied: a text made up for one answer goes away
 * with it.  Longer ones are the page's, and constant. */
#define COPIED 512

/* NULL: no memory. */
static struct message *make_answer(struct http_answer a)
{
	size_t body_len = a.head_only ? 0 : a.body_len;
	size_t copied = body_len < COPIED ? body_len : 0;
	struct message *m = message_bytes(HEAD_BYTES + copied, a.body,
					  copied ? 0 : body_len);

	if (!m)
		return NULL;
	m->len = http_write_head(&a, (char *)m->bytes, HEAD_BYTES);
	CHECK(m->len > 0);
	if (copied > 0)
		memcpy(m->bytes + m->len, a.body, copied);
	m->len += copied;
	return m;
}

/* False: there is no writer, and no way to say anything. */
static bool answer(struct connection *conn, struct http_answer a)
{
	conn->starved = client_send(conn->client, make_answer(a)) != 0;
	return !conn->starved;
}

static bool refuse(struct connection *conn, const struct http_request *r,
		   int status, const char *headers, const char *text)
{
	struct log_about who = about(conn);

	log_info(&who, "answered %d %s", status, http_reason(status));
	return answer(conn, site_refuse(r, status, headers, text));
}

/* A head that can't be taken; nothing behind it can be understood.  r: what
 * is known of the request, or NULL. */
static void refuse_head(struct connection *conn, const struct http_request *r,
			int status)
{
	struct http_answer a;
	char text[64];
	struct log_about who = about(conn);

	(void)snprintf(text, sizeof(text), "%s\n", http_reason(status));
	log_warn(&who, "answered %d %s: a request that can't be taken", status,
		 http_reason(status));
	a = site_refuse(r, status, status == 503 ? "Retry-After: 5\r\n" : NULL,
			text);
	a.keep_alive = false;
	(void)answer(conn, a);
}

/* ---- Reading a head ---- */

/* Waits for bytes and reads them; false: none will come.  *started: a part of
 * a request has come before. */
static bool fill(struct connection *conn, int64_t deadline, bool started)
{
	struct client *c = conn->client;
	ssize_t n;
	int err;

	for (;;) {
		n = stream_read(&c->stream, conn->bytes, READ_BYTES);
		if (n != -EAGAIN)
			break;
		err = stream_wait(&c->stream, deadline);
		if (err == -ETIMEDOUT) {
			conn->farewell = client_on_timeout(
				c, started ? TIMEOUT_HEAD : TIMEOUT_IDLE);
			if (started)
				refuse_head(conn, NULL, 408);
		}
		if (err)
			return false;
	}
	if (n <= 0) {
		conn->ended = true;
		return false;
	}
	conn->at = 0;
	conn->len = (size_t)n;
	return true;
}

static bool is_quitting(const struct connection *conn)
{
	return chan_recv_unit(conn->s->quit, CHAN_NOW) == CHAN_CLOSED;
}

/* Reads one head; false: there is none, and all is said that can be. */
static bool read_head(struct connection *conn, struct http_parser *parser,
		      struct http_request *request)
{
	int64_t deadline = clock_deadline(conn->s->rules.timeouts.head);
	enum http_progress progress;
	size_t taken;
	int status;

	for (;;) {
		progress = http_parse(parser, conn->bytes + conn->at,
				      conn->len - conn->at, &taken, request,
				      &status);
		conn->at += taken;
		if (progress == HTTP_DONE)
			return true;
		if (progress == HTTP_ERROR) {
			refuse_head(conn, NULL, status);
			return false;
		}
		if (!fill(conn, deadline, http_parser_started(parser)))
			return false;
	}
}

/* While it waits for a request, main may wake it, by which it sees the peer's
 * end; and after main has done so, it must not begin to wait, for that end
 * neither. */
static bool wait_for_head(struct connection *conn, struct http_parser *parser,
			  struct http_request *request)
{
	bool read = false;

	roster_set_waits(&conn->s->roster, &conn->entry, true);
	if (is_quitting(conn)) {
		(void)stream_discard(&conn->client->stream);
		conn->ended = true;
	} else {
		read = read_head(conn, parser, request);
	}
	roster_set_waits(&conn->s->roster, &conn->entry, false);
	return read;
}

/* ---- Upgrading ---- */

/* The frames that came in one segment with the head are the first messages. */
static bool keep_early(struct connection *conn)
{
	struct client *c = conn->client;

	c->early_len = conn->len - conn->at;
	if (c->early_len > 0) {
		c->early_bytes = malloc(c->early_len);
		if (!c->early_bytes)
			return false;
		memcpy(c->early_bytes, conn->bytes + conn->at, c->early_len);
	}
	return true;
}

/* What follows a request. */
enum next { NEXT_REQUEST, NEXT_END, NEXT_CHAT, NEXT_ECHO };

static enum next keep_alive(bool answered, const struct http_request *r)
{
	return answered && r->keep_alive ? NEXT_REQUEST : NEXT_END;
}

/* Answers the request; where it agrees, what follows is `agreed`. */
static enum next upgrade(struct connection *conn, const struct http_request *r,
			 const struct handshake_rules *rules, enum next agreed)
{
	struct handshake h;
	struct message *m;

	handshake_judge(&h, r, rules);
	if (h.status != 101)
		return keep_alive(refuse(conn, r, h.status, h.headers, h.text),
				  r);
	if (!keep_early(conn)) {
		refuse_head(conn, r, 503);
		return NEXT_END;
	}
	atomic_store(&conn->client->upgraded, true);
	m = make_answer(
		(struct http_answer){.status = 101, .headers = h.headers});
	conn->starved =
		(agreed == NEXT_CHAT ? client_welcome(conn->client, m)
				     : client_send(conn->client, m)) != 0;
	return conn->starved ? NEXT_END : agreed;
}

/* ---- One request after the other ---- */

static enum next serve_request(struct connection *conn,
			       const struct http_request *r)
{
	struct server *s = conn->s;

	if (r->has_body) {
		refuse_head(conn, r, 413);
		return NEXT_END;
	}
	if (site_path_is(r, "/ws"))
		return upgrade(conn, r, &s->chat_rules, NEXT_CHAT);
	if (s->rules.echo_message > 0 && site_path_is(r, "/echo"))
		return upgrade(conn, r, &s->echo_rules, NEXT_ECHO);
	return keep_alive(answer(conn, site_answer(r)), r);
}

/* Serves requests until one changes what is spoken, or was the last. */
static enum next serve(struct connection *conn)
{
	enum next next = NEXT_REQUEST;

	while (next == NEXT_REQUEST) {
		struct http_parser *parser = http_parser_create(&conn->s->http);
		struct http_request request;

		next = NEXT_END;
		conn->starved = !parser;
		if (parser && wait_for_head(conn, parser, &request))
			next = serve_request(conn, &request);
		http_parser_destroy(parser);
	}
	free(conn->bytes);
	conn->bytes = NULL;
	return next;
}

/* ---- Frames ---- */

static void chat(struct connection *conn)
{
	conn->registered = true;
	conn->starved = client_read_pump(conn->client) != 0;
}

static void echo(struct connection *conn)
{
	struct client *c = conn->client;

	roster_set_waits(&conn->s->roster, &conn->entry, true);
	if (is_quitting(conn))
		conn->farewell = (struct farewell){WS_CODE_GOING_AWAY,
						   "stopping", false};
	else
		conn->farewell = client_echo(c);
	roster_set_waits(&conn->s->roster, &conn->entry, false);
}

/* ---- The end ---- */

/* Reads and forgets until the peer ends its side, or the writer has waited
 * long enough for that and cuts the stream. */
static void discard(struct connection *conn)
{
	struct stream *s = &conn->client->stream;

	while (!conn->ended)
		conn->ended =
			!stream_discard(s) || stream_wait(s, CLOCK_NEVER) != 0;
}

/* There was no memory or thread for a writer: then nobody else writes. */
static void finish_without_writer(struct connection *conn)
{
	struct client *c = conn->client;
	struct log_about who = about(conn);
	int64_t deadline = clock_now() + CLOCK_SECOND;

	if (!conn->starved)
		return;
	log_warn(&who, "refused with 503: no thread or memory is left");
	atomic_fetch_add(&conn->s->refused, 1);
	listener_refuse(c->stream.fd);
	while (stream_wait(&c->stream, deadline) == 0 &&
	       stream_discard(&c->stream))
		continue;
}

static void finish(struct connection *conn)
{
	struct client *c = conn->client;
	struct log_about who = about(conn);

	if (c->has_writer) {
		if (!conn->registered)
			member_close(&c->member, conn->farewell);
		discard(conn);
		chan_close(c->gone);
		thread_join(c->writer);
	} else {
		finish_without_writer(conn);
	}
	roster_remove(&conn->s->roster, &conn->entry);
	stream_close(&c->stream);
	if (atomic_load(&c->upgraded))
		log_info(&who, "disconnected");
	client_release(c);
}

static void *connection_run(void *arg)
{
	struct connection *conn = arg;
	struct chan *ended = conn->s->ended;
	pthread_t self = pthread_self();

	roster_add(&conn->s->roster, &conn->entry, &conn->client->stream);
	conn->bytes = malloc(READ_BYTES);
	conn->starved = !conn->bytes;
	if (conn->bytes) {
		/* The pumps run for hours: not on top of what a handshake
		 * needs of the stack. */
		enum next next = serve(conn);
		struct log_about who = about(conn);

		if (next != NEXT_END)
			log_info(&who, "connected");
		if (next == NEXT_CHAT)
			chat(conn);
		else if (next == NEXT_ECHO)
			echo(conn);
	}
	finish(conn);
	free(conn);
	CHECK(chan_send(ended, &self) == CHAN_OK);
	return NULL;
}

int connection_start(struct server *s, int fd, uint64_t id, const char *peer)
{
	struct stream stream = {fd};
	struct connection *conn = calloc(1, sizeof(*conn));
	pthread_t thread;
	int err = -ENOMEM;

	if (!conn)
		return err;
	conn->s = s;
	conn->client =
		client_create(&s->rules, s->hub, s->quit, stream, id, peer);
	if (conn->client)
		err = thread_start(&thread, s->rules.stack, connection_run,
				   conn, "reader-%" PRIu64, id);
	if (err) {
		if (conn->client)
			client_release(conn->client);
		free(conn);
	}
	return err;
}
