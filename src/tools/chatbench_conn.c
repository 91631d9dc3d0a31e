/* SPDX-License-Identifier: MIT */
/*
 * One connection of the load: connects, upgrades, takes all that waits with
 * one read, gives it to the dialect, and writes what is to go with one send.
 */
#include "chatbench.h"

#include "check.h"
#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

void reasons_add(struct reasons *r, int what)
{
	unsigned i = 0;

	r->total++;
	while (i < r->used && r->list[i].what != what)
		i++;
	if (i == r->used) {
		if (i == sizeof(r->list) / sizeof(*r->list))
			return; /* counted in the total alone */
		r->list[r->used++] = (struct reason){what, 0};
	}
	r->list[i].count++;
}

/* Makes room behind what is there.  A load generator without memory has
 * nothing to say. */
static char *bytes_room(struct bytes *b, size_t more)
{
	if (b->room - b->len < more) {
		b->room = (b->len + more) * 3 / 2;
		b->at = realloc(b->at, b->room);
		CHECK(b->at);
	}
	return b->at + b->len;
}

static void bytes_free(struct bytes *b)
{
	free(b->at);
	*b = (struct bytes){0};
}

/* ---- Beginning and end ---- */

void conn_watch(struct bench *b, struct conn *c, uint32_t events)
{
	struct epoll_event e = {events, {.ptr = c}};

	CHECK(epoll_ctl(b->epoll, EPOLL_CTL_MOD, c->fd, &e) == 0);
}

static int start_connecting(struct bench *b, struct conn *c)
{
	struct sockaddr_in source = {.sin_family = AF_INET};
	int on = 1, small = 4096;

	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* Who reads nothing should fill the server's queue, not the kernel. */
	if (c->kind == CONN_STALLED)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small,
				 sizeof(small));
	if (b->o->sources > 1) {
		(void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT,
				 &on, sizeof(on));
		source.sin_addr.s_addr =
			htonl(INADDR_LOOPBACK + c->source % b->o->sources);
		if (bind(c->fd, (struct sockaddr *)&source, sizeof(source)))
			return -errno;
	}
	if (connect(c->fd, (struct sockaddr *)&b->addr, b->addr_len) &&
	    errno != EINPROGRESS)
		return -errno;
	return 0;
}

int conn_open(struct bench *b, struct conn *c, enum conn_kind kind)
{
	struct epoll_event e = {EPOLLOUT, {.ptr = c}};
	int err;

	c->kind = (uint8_t)kind;
	c->state = CONN_CONNECTING;
	c->sender = -1;
	c->since = clock_now();
	c->fd = socket(b->addr.ss_family,
		       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		c->state = CONN_UNUSED;
		return -errno;
	}
	err = start_connecting(b, c);
	if (!err && epoll_ctl(b->epoll, EPOLL_CTL_ADD, c->fd, &e))
		err = -errno;
	if (err) {
		(void)close(c->fd);
		c->state = CONN_UNUSED;
	}
	return err;
}

void conn_end(struct bench *b, struct conn *c, int why)
{
	CHECK(c->state != CONN_UNUSED);
	(void)close(c->fd); /* which takes it out of epoll */
	run_over(b, c, why);
	bytes_free(&c->in);
	bytes_free(&c->out);
	c->state = CONN_UNUSED;
	c->left = c->partial = 0;
	c->fin = c->in_message = c->skipping = c->cut = c->blocked = false;
	c->code = 0;
}

/* ---- Writing ---- */

void conn_flush(struct bench *b, struct conn *c)
{
	bool blocked;
	ssize_t n;

	if (c->out.len == 0)
		return;
	n = send(c->fd, c->out.at, c->out.len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		c->out.len = 0; /* a read finds the end, after what came */
		return;
	}
	if (n > 0) {
		c->out.len -= (size_t)n;
		memmove(c->out.at, c->out.at + n, c->out.len);
	}
	blocked = c->out.len > 0;
	if (blocked != c->blocked)
		conn_watch(b, c, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
	c->blocked = blocked;
}

static void queue_frame(struct bench *b, struct conn *c, enum ws_opcode opcode,
			const char *payload, size_t len)
{
	char *to = bytes_room(&c->out, len + WS_HEAD_MAX);

	c->out.len += ws_write_frame(to, opcode, payload, len, &b->random);
}

static void queue_close(struct bench *b, struct conn *c, int code)
{
	char payload[2] = {(char)(code >> 8), (char)code};

	queue_frame(b, c, WS_CLOSE, payload, sizeof(payload));
}

void conn_say(struct bench *b, struct conn *c, int64_t at)
{
	char *to = bytes_room(&c->out, b->o->size + DIALECT_ROOM);
	const char *text = script_say(&b->script, (uint32_t)c->sender, at);

	c->out.len += b->dialect->frame(b, to, text);
	b->sent++;
}

void conn_hello(struct bench *b, struct conn *c)
{
	char *to = bytes_room(&c->out, b->o->size + DIALECT_ROOM);

	c->out.len += b->dialect->frame(b, to, b->script.hello);
	conn_flush(b, c);
}

void conn_leave(struct bench *b, struct conn *c)
{
	c->state = CONN_LEAVING;
	c->since = clock_now();
	queue_close(b, c, 1000);
	conn_flush(b, c);
}

/* ---- Reading ---- */

/* The peer broke the protocol: it is told so, and that was that. */
static char *violation(struct bench *b, struct conn *c)
{
	queue_close(b, c, 1002);
	conn_flush(b, c);
	conn_end(b, c, REASON_VIOLATION);
	return NULL;
}

/* False: the connection is over. */
static bool control_frame(struct bench *b, struct conn *c,
			  const struct ws_head *h, const char *payload)
{
	switch (h->opcode) {
	case WS_PING:
		queue_frame(b, c, WS_PONG, payload, (size_t)h->length);
		return true;
	case WS_PONG:
		return true;
	default:
		c->code = h->length < 2 ? 1005
					: (unsigned char)payload[0] << 8 |
						  (unsigned char)payload[1];
		if (c->state == CONN_LEAVING)
			return true; /* the server ends it, we wait */
		queue_frame(b, c, WS_CLOSE, payload,
			    h->length < 2 ? 0 : (size_t)2);
		conn_flush(b, c);
		conn_end(b, c, c->code);
		return false;
	}
}

/* Enters a data frame; false: it can't come here. */
static bool data_frame(struct bench *b, struct conn *c, const struct ws_head *h)
{
	if (h->opcode != (c->in_message ? WS_CONTINUATION : WS_TEXT))
		return false;
	c->left = h->length;
	c->fin = h->fin;
	c->in_message = !h->fin;
	b->frames++;
	return true;
}

/*
 * Goes through what came, at..end, of which the first c->partial bytes are
 * text that the dialect left before.  Returns where what is not used yet
 * begins; NULL: the connection is over.
 *
 * text..raw is text without a gap: a frame's head that comes in between is
 * closed over by moving the text up to the payload behind it.  That text is
 * the beginning of one message, and mostly there is none.
 */
static char *frames(struct bench *b, struct conn *c, char *at, char *end)
{
	char *text = at, *raw = at + c->partial;

	while (raw < end) {
		bool last;

		if (c->left == 0) {
			struct ws_head h;
			int head = ws_read_head(raw, (size_t)(end - raw), &h);
			size_t skip = (size_t)head;

			if (head < 0)
				return violation(b, c);
			if (head == 0)
				break;
			if (h.opcode & 8) {
				skip += (size_t)h.length;
				if ((size_t)(end - raw) < skip)
					break;
				if (!control_frame(b, c, &h, raw + head))
					return NULL;
			} else if (!data_frame(b, c, &h)) {
				return violation(b, c);
			}
			memmove(text + skip, text, (size_t)(raw - text));
			text += skip;
			raw += skip;
			if (h.opcode & 8)
				continue;
		}
		if (c->left < (size_t)(end - raw)) {
			raw += c->left;
			c->left = 0;
		} else {
			c->left -= (size_t)(end - raw);
			raw = end;
		}
		last = c->left == 0 && c->fin;
		text += c->kind == CONN_CHURN
				? (size_t)(raw - text)
				: b->dialect->take(b, c, text,
						   (size_t)(raw - text), last);
	}
	c->partial = (size_t)(raw - text);
	return text;
}

/* The same for the answer to the request. */
static char *answer(struct bench *b, struct conn *c, char *at, char *end)
{
	size_t used;
	int status = ws_answer(at, (size_t)(end - at), c->key,
			       b->dialect->protocol, &used);

	switch (status) {
	case WS_MORE:
		return at;
	case WS_UPGRADED:
		c->state = CONN_OPENING;
		b->dialect->open(b, c);
		return c->state == CONN_UNUSED ? NULL : at + used;
	case WS_NO_HTTP:
		status = REASON_NO_HTTP;
		break;
	case WS_BAD_101:
		status = REASON_BAD_UPGRADE;
		break;
	default:
		break;
	}
	conn_end(b, c, status);
	return NULL;
}

static void ended(struct bench *b, struct conn *c)
{
	if (c->state == CONN_LEAVING)
		conn_end(b, c, 0);
	else if (c->state < CONN_OPENING)
		conn_end(b, c, -ECONNRESET);
	else
		conn_end(b, c, 1006); /* RFC 6455: gone without a Close */
}

static void conn_read(struct bench *b, struct conn *c)
{
	char *read_at = b->buffer + CONN_CARRY, *at = read_at - c->in.len, *end;
	ssize_t n = recv(c->fd, read_at, CONN_READ, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		ended(b, c);
		return;
	}
	b->now = clock_now();
	if (c->in.len > 0)
		memcpy(at, c->in.at, c->in.len);
	c->in.len = 0;
	end = read_at + n;
	if (c->state == CONN_UPGRADING)
		at = answer(b, c, at, end);
	if (at && c->state != CONN_UPGRADING)
		at = frames(b, c, at, end);
	if (!at)
		return;
	CHECK((size_t)(end - at) <= CONN_CARRY);
	if (at < end)
		memcpy(bytes_room(&c->in, (size_t)(end - at)), at,
		       (size_t)(end - at));
	c->in.len = (size_t)(end - at);
	conn_flush(b, c);
}

/* ---- Events ---- */

static void connected(struct bench *b, struct conn *c)
{
	char request[2048];
	socklen_t len = sizeof(int);
	int err = 0;
	size_t n;

	CHECK(getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0);
	if (err) {
		conn_end(b, c, -err);
		return;
	}
	ws_key(&b->random, c->key);
	n = ws_request(request, sizeof(request), b->o->authority, b->o->path,
		       c->key, b->dialect->protocol);
	CHECK(n > 0); /* the options saw to it */
	c->state = CONN_UPGRADING;
	memcpy(bytes_room(&c->out, n), request, n);
	c->out.len = n;
	conn_watch(b, c, EPOLLIN);
	conn_flush(b, c);
}

void conn_event(struct bench *b, struct conn *c, uint32_t events)
{
	if (c->state == CONN_CONNECTING) {
		connected(b, c);
	} else if (c->kind == CONN_STALLED && c->state == CONN_READY &&
		   b->phase > PHASE_GREET && b->phase < PHASE_DRAIN) {
		/* It was reset, but what came before can still be read. */
		CHECK(epoll_ctl(b->epoll, EPOLL_CTL_DEL, c->fd, NULL) == 0);
		c->cut = true;
	} else {
		if (events & EPOLLOUT)
			conn_flush(b, c);
		if (events & ~(uint32_t)EPOLLOUT)
			conn_read(b, c);
	}
}
