/* SPDX-License-Identifier: MIT */
/*
 * A client's life, and its reader's pump.  The writer is in writer.c.
 *
 * The reader blocks on the socket, and on the hub's three channels.
 */
#include "client.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "thread.h"
#include "utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Messages of one read that are published together. */
#define PUBLISH 64

static struct log_about about(const struct client *c)
{
	return (struct log_about){c->member.id, c->peer};
}

/* ---- Life ---- */

static void let_go(struct member *m)
{
	client_release((struct client *)m);
}

static ssize_t try_write(struct member *m, struct iovec *pieces, size_t n)
{
	return stream_try_write(&((struct client *)m)->stream, pieces, n);
}

_Static_assert(offsetof(struct client, member) == 0, "these two cast");

struct client *client_create(const struct client_rules *rules, struct hub *hub,
			     struct chan *quit, struct stream stream,
			     uint64_t id, const char *peer)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	atomic_init(&c->refs, 1);
	c->stream = stream;
	c->rules = rules;
	c->hub = hub;
	c->quit = quit;
	(void)snprintf(c->peer, sizeof(c->peer), "%s", peer);
	c->member.id = id;
	c->member.peer = c->peer;
	c->member.let_go = let_go;
	c->gone = chan_create(0, 0);
	c->member.send = chan_create(sizeof(struct message *), rules->queue);
	if (rules->write_through)
		pen_init(&c->member.pen, try_write);
	if (!c->gone || !c->member.send) {
		client_release(c);
		return NULL;
	}
	chan_set_name(c->member.send, "send");
	chan_set_spin(c->member.send, 0); /* thousands of writers wait there */
	chan_set_name(c->gone, "gone");
	chan_set_spin(c->gone, 0);
	return c;
}

static void client_retain(struct client *c)
{
	atomic_fetch_add(&c->refs, 1);
}

void client_release(struct client *c)
{
	if (atomic_fetch_sub(&c->refs, 1) > 1)
		return;
	chan_destroy(c->member.send);
	pen_fini(&c->member.pen);
	chan_destroy(c->gone);
	chan_destroy(c->written);
	free(c->early_bytes);
	free(c);
}

struct farewell client_on_timeout(struct client *c, enum timeout which)
{
	static const struct {
		enum log_level level;
		const char *what;
		struct farewell farewell;
	} table[] = {
		[TIMEOUT_IDLE] = {LOG_LEVEL_DEBUG,
				  "it asked for nothing",
				  {WS_CODE_NONE, "", false}},
		[TIMEOUT_HEAD] = {LOG_LEVEL_INFO,
				  "no whole request came",
				  {WS_CODE_NONE, "", false}},
		[TIMEOUT_SILENCE] = {LOG_LEVEL_INFO,
				     "nothing was heard of it",
				     {WS_CODE_POLICY, "timed out", false}},
		[TIMEOUT_WRITE] = {LOG_LEVEL_INFO,
				   "it took nothing of what is written to it",
				   {WS_CODE_NONE, "", true}},
		[TIMEOUT_GOODBYE] = {LOG_LEVEL_INFO,
				     "it didn't end its side",
				     {WS_CODE_NONE, "", true}},
	};
	struct log_about a = about(c);

	log_line(table[which].level, &a, "timed out: %s", table[which].what);
	return table[which].farewell;
}

/* ---- Sending, while the reader owns `send` ---- */

static int start_writer(struct client *c)
{
	int err;

	if (c->has_writer)
		return 0;
	client_retain(c);
	err = thread_start(&c->writer, c->rules->stack, client_write_pump, c,
			   "writer-%" PRIu64, c->member.id);
	if (err)
		(void)atomic_fetch_sub(&c->refs, 1); /* ours isn't the last */
	else
		c->has_writer = true;
	return err;
}

int client_send(struct client *c, struct message *m)
{
	int err = m ? start_writer(c) : -ENOMEM;

	if (err)
		message_release(m, 1);
	else
		CHECK(member_send(&c->member, m, CHAN_FOREVER) == CHAN_OK);
	return err;
}

int client_welcome(struct client *c, struct message *m)
{
	/* Where answers were sent before, a writer is there. */
	if (!m || c->has_writer)
		return client_send(c, m);
	CHECK(member_send(&c->member, m, CHAN_NOW) == CHAN_OK);
	return 0;
}

/* In place of a writer: what waits, and what comes until the hub closes. */
static void drain(struct client *c)
{
	struct message *m;

	while (chan_recv(c->member.send, &m) == CHAN_OK)
		message_release(m, 1);
}

/* ---- Reading frames ---- */

/* A ws_source: first what came with the head, then the stream. */
static ssize_t read_bytes(void *arg, void *to, size_t len)
{
	struct client *c = arg;

	size_t left = c->early_len - c->early_at;

	if (left > 0) {
		if (len > left)
			len = left;
		memcpy(to, c->early_bytes + c->early_at, len);
		c->early_at += len;
		return (ssize_t)len;
	}
	free(c->early_bytes);
	c->early_bytes = NULL;
	return stream_read(&c->stream, to, len);
}

/* Where what was asked of the stream is gone, the farewell says why. */
struct reading {
	struct ws_reader *ws;
	int64_t deadline;         /* of the next whole frame */
	struct farewell farewell; /* how to part, once it is over */
};

static bool is_quitting(const struct client *c)
{
	return chan_recv_unit(c->quit, CHAN_NOW) == CHAN_CLOSED;
}

static struct farewell stopped(const struct client *c)
{
	/* main wakes readers that no hub closes; to the rest it's an end. */
	if (is_quitting(c))
		return (struct farewell){WS_CODE_GOING_AWAY, "stopping", false};
	return (struct farewell){WS_CODE_NONE, "", true};
}

/* The pong goes behind what waits.  Where `send` is full, of pongs for one, the
 * reader waits for the writer, which takes from it whatever the peer does: the
 * newest ping at least has to be answered (RFC 6455, 5.5.3). */
static void pong(struct client *c, struct reading *r,
		 const struct ws_item *item)
{
	struct message *m = message_frame(WS_PONG, item->data, item->len, 0);

	if (m && member_send(&c->member, m, CHAN_FOREVER) != CHAN_OK)
		message_release(m, 1); /* the hub has closed it */
	/* That wait was ours, not the peer's silence. */
	r->deadline = clock_deadline(c->rules->timeouts.silence);
}

/*
 * The next event that isn't for this file alone: WS_MESSAGE, WS_AGAIN, or the
 * end (WS_ENDED, with the farewell filled).  Pings are answered till then.
 */
static enum ws_event next_event(struct client *c, struct reading *r,
				struct ws_item *item)
{
	for (;;) {
		enum ws_event e = ws_next(r->ws, item);
		struct log_about a = about(c);

		if (e != WS_AGAIN)
			r->deadline =
				clock_deadline(c->rules->timeouts.silence);
		switch (e) {
		case WS_AGAIN:
		case WS_MESSAGE:
			return e;
		case WS_FRAME:
			continue;
		case WS_FAILED:
			log_warn(&a, "closed with %u: %s", item->code,
				 item->text);
			r->farewell = (struct farewell){item->code, item->text,
							false};
			return WS_ENDED;
		case WS_ENDED:
			r->farewell = stopped(c);
			return e;
		case WS_CONTROL:
			if (item->opcode == WS_PING)
				pong(c, r, item);
			if (item->opcode != WS_CLOSE)
				continue;
			log_debug(&a, "the peer closes with %u", item->code);
			r->farewell = (struct farewell){item->code, "", false};
			return WS_ENDED;
		}
	}
}

/* Waits for more; false: it is over, and the farewell says why. */
static bool wait_for_more(struct client *c, struct reading *r)
{
	int err;

	if (c->early_at < c->early_len)
		return true;
	err = stream_wait(&c->stream, r->deadline);
	if (err == -ETIMEDOUT)
		r->farewell = client_on_timeout(c, TIMEOUT_SILENCE);
	else if (err)
		r->farewell = (struct farewell){WS_CODE_NONE, "", true};
	return err == 0;
}

static bool begin_reading(struct client *c, struct reading *r, size_t limit,
			  bool text_only)
{
	*r = (struct reading){
		.ws = ws_reader_create(read_bytes, c, limit, text_only),
		.deadline = clock_deadline(c->rules->timeouts.silence),
		.farewell = {WS_CODE_INTERNAL, "no memory", false},
	};
	return r->ws != NULL;
}

/* Who speaks without a pause never lets the reader see the end that main makes
 * of the stream, and would keep it busy beyond all deadlines. */
static bool is_stopping(const struct client *c, struct reading *r)
{
	if (!is_quitting(c))
		return false;
	r->farewell = stopped(c);
	return true;
}

/* ---- The plain dialect ---- */

/* What a plain client said, as all hear it: newlines are spaces, and the ends
 * are trimmed.  NULL: no memory. */
static struct message *plain_message(struct ws_item *item)
{
	char *text = (char *)item->data;
	const char *trimmed;
	size_t len = item->len;

	for (char *p = text; (p = memchr(p, '\n', len - (size_t)(p - text)));)
		*p = ' ';
	trimmed = utf8_trim(text, &len);
	return message_frame(WS_TEXT, trimmed, len, 1);
}

static void publish(struct client *c, struct message **messages, size_t n)
{
	size_t sent;

	if (n == 0)
		return;
	/* Who was dropped is heard no more, though he may go on to speak. */
	if (atomic_load(&c->member.dropped)) {
		for (size_t i = 0; i < n; i++)
			message_release(messages[i], 1);
		return;
	}
	/* The hub takes until all readers have ended. */
	CHECK(chan_send_some(c->hub->broadcast, messages, n, &sent,
			     CHAN_FOREVER) == CHAN_OK);
}

/* Publishes all messages of one read; false: it is over. */
static bool publish_one_read(struct client *c, struct reading *r)
{
	struct message *messages[PUBLISH];
	struct ws_item item;
	enum ws_event e;
	size_t n = 0;

	while ((e = next_event(c, r, &item)) == WS_MESSAGE) {
		messages[n] = plain_message(&item);
		if (!messages[n]) {
			r->farewell = (struct farewell){WS_CODE_INTERNAL,
							"no memory", false};
			e = WS_ENDED;
			break;
		}
		if (++n == PUBLISH) {
			publish(c, messages, n);
			n = 0;
		}
	}
	publish(c, messages, n);
	return e == WS_AGAIN;
}

int client_read_pump(struct client *c)
{
	struct member *m = &c->member;
	struct leave leave = {.member = m};
	struct reading r = {.ws = NULL};
	int err;

	client_retain(c); /* for the hub, until it has handled `unregister` */
	CHECK(chan_send(c->hub->register_, &m) == CHAN_OK);
	err = start_writer(c);
	if (!err && begin_reading(c, &r, c->rules->plain_message, true))
		while (publish_one_read(c, &r) && !atomic_load(&m->dropped) &&
		       !is_stopping(c, &r) && wait_for_more(c, &r))
			continue;
	ws_reader_destroy(r.ws);
	leave.farewell = r.farewell;
	CHECK(chan_send(c->hub->unregister, &leave) == CHAN_OK);
	if (err)
		drain(c);
	return err;
}

/* ---- Echo ---- */

/* Sends one message back once the one before it was written: so there are two
 * at most, this one and the one that is being read next. */
static int echo_one(struct client *c, struct reading *r, struct ws_item *item)
{
	unsigned char *body = ws_take(r->ws);
	int err;

	CHECK(chan_recv_unit(c->written, CHAN_FOREVER) == CHAN_OK);
	/* That wait was ours, not the peer's silence. */
	r->deadline = clock_deadline(c->rules->timeouts.silence);
	err = client_send(c,
			  message_frame_around(item->opcode, body, item->len));
	if (err)
		r->farewell =
			(struct farewell){WS_CODE_INTERNAL, "no memory", false};
	return err;
}

static bool echo_one_read(struct client *c, struct reading *r)
{
	struct ws_item item;
	enum ws_event e;

	while ((e = next_event(c, r, &item)) == WS_MESSAGE)
		if (echo_one(c, r, &item))
			return false;
	return e == WS_AGAIN;
}

struct farewell client_echo(struct client *c)
{
	struct reading r;

	c->written = chan_create(0, 1);
	/* Nothing is being written yet. */
	if (!c->written || chan_send_unit(c->written, CHAN_NOW) != CHAN_OK)
		return (struct farewell){WS_CODE_INTERNAL, "no memory", false};
	if (begin_reading(c, &r, c->rules->echo_message, false))
		while (echo_one_read(c, &r) && !is_stopping(c, &r) &&
		       wait_for_more(c, &r))
			continue;
	ws_reader_destroy(r.ws);
	return r.farewell;
}
