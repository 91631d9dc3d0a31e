/* SPDX-License-Identifier: MIT */
/*
 * A client's writer: the only thread that writes to its socket, save the steps
 * that write_through.h lets the hub take in its place.  It takes all that waits
 * in `send` and writes it with one call.  Go's counterpart:
 * writePump in client.go of gorilla/websocket's chat.
 *
 * The writer blocks on `send`, on the socket (never longer than the timeout
 * for writes), and at the end on the reader's `gone`.  Whoever owns `send`
 * closes it; the writer receives until then, also where it can't write any
 * more, so that nobody who sends waits for nothing.
 */
#include "client.h"

#include "check.h"
#include "clock.h"
#include "log.h"

#include <errno.h>

/* Messages taken at once, of up to two pieces each. */
#define TAKE 32

/* How long the peer may take to end its side where writes have no timeout. */
#define GOODBYE (10 * CLOCK_SECOND)

struct writing {
	struct client *c;
	bool broken;     /* the socket takes nothing any more */
	int64_t ping_at; /* when the next ping is due */
};

static int64_t next_ping(const struct client *c)
{
	return atomic_load(&c->upgraded)
		       ? clock_deadline(c->rules->timeouts.ping)
		       : CLOCK_NEVER;
}

/* With the pen. */
static void write_now(struct writing *w, struct iovec *pieces, size_t n)
{
	struct client *c = w->c;
	int err;

	if (w->broken || n == 0)
		return;
	err = stream_write(&c->stream, pieces, n, c->rules->timeouts.write,
			   &c->member.stuck);
	if (!err)
		return;
	if (err == -ETIMEDOUT)
		(void)client_on_timeout(c, TIMEOUT_WRITE);
	w->broken = true;
	stream_cut(&c->stream); /* the reader sees the end, and unregisters */
}

/* Writes what the hub began, if it did, and then the pieces; nothing once that
 * has failed. */
static void write_pieces(struct writing *w, struct iovec *pieces, size_t n)
{
	struct member *m = &w->c->member;
	struct iovec rest[2];

	pen_take(&m->pen);
	write_now(w, rest, pen_rest(&m->pen, rest));
	pen_forget_rest(m);
	write_now(w, pieces, n);
	pen_lay_down(&m->pen);
}

static void write_frame(struct writing *w, void *frame, size_t len)
{
	struct iovec piece = {frame, len};

	write_pieces(w, &piece, 1);
}

static void ping(struct writing *w)
{
	unsigned char frame[WS_HEAD_MAX];

	write_frame(w, frame, ws_frame_head(frame, WS_PING, 0));
	w->ping_at = next_ping(w->c);
}

/* Who waits for his message to be written learns it, written or not. */
static void answer_written(struct client *c, const struct message *m)
{
	/* Only an echo's reader sends frames itself, and it makes `written`
	 * before the first. */
	if (m->count > 0 && c->written)
		CHECK(chan_send_unit(c->written, CHAN_NOW) == CHAN_OK);
}

static void write_all(struct writing *w, struct message **messages, size_t n)
{
	struct client *c = w->c;
	struct iovec pieces[2 * TAKE];
	size_t filled = 0, count = 0, bytes = 0;

	for (size_t i = 0; i < n; i++) {
		filled += message_pieces(messages[i], pieces + filled);
		count += messages[i]->count;
		bytes += message_size(messages[i]);
	}
	member_took(&c->member, count, bytes);
	/* Of one who was dropped only what was begun is ended. */
	write_pieces(w, pieces, atomic_load(&c->member.dropped) ? 0 : filled);
	member_wrote(&c->member, n);
	for (size_t i = 0; i < n; i++) {
		answer_written(c, messages[i]);
		message_release(messages[i], 1);
	}
}

/* ---- The end ---- */

/* RFC 6455, 7.1.1: our Close, then nothing from us; the peer ends its side,
 * and what it still says is read and forgotten, since closing a socket with
 * unread bytes would reset the connection and eat the Close. */
static void part(struct writing *w)
{
	struct client *c = w->c;
	const struct farewell *f = &c->member.farewell;
	int64_t patience =
		c->rules->timeouts.write ? c->rules->timeouts.write : GOODBYE;
	unsigned char frame[2 + WS_CONTROL_MAX];

	if (atomic_load(&c->upgraded) && f->code != WS_CODE_NONE)
		write_frame(w, frame,
			    ws_close_frame(frame, f->code, f->reason));
	if (w->broken)
		return;
	stream_end(&c->stream);
	if (chan_recv_unit(c->gone, clock_deadline(patience)) ==
	    CHAN_TIMEDOUT) {
		(void)client_on_timeout(c, TIMEOUT_GOODBYE);
		stream_cut(&c->stream);
	}
}

void *client_write_pump(void *arg)
{
	struct client *c = arg;
	struct writing w = {.c = c, .ping_at = CLOCK_NEVER};
	struct message *messages[TAKE];
	size_t n;

	for (;;) {
		switch (chan_recv_some(c->member.send, messages, TAKE, &n,
				       w.ping_at)) {
		case CHAN_OK:
			write_all(&w, messages, n);
			if (w.ping_at == CLOCK_NEVER)
				w.ping_at = next_ping(c); /* just upgraded */
			break;
		case CHAN_TIMEDOUT:
			break;
		case CHAN_CLOSED:
			part(&w);
			client_release(c);
			return NULL;
		}
		/* Looked at here, since under traffic nothing times out. */
		if (w.ping_at <= clock_now())
			ping(&w);
	}
}
