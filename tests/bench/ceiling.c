/* SPDX-License-Identifier: MIT */
/*
 * What the machine gives: a chat in one thread and one epoll loop that does
 * nothing but move messages.  No limits, no timeouts, no checks; a peer that
 * errs is on its own.  It takes all input that waits, joins it into one frame
 * and writes all that is there for a client with one call: about as fast as
 * a chat on this kernel can be.  With --single it writes each message to each
 * client by itself: what it costs not to batch.
 *
 *   usage: ceiling [--single]      (it says where it listens)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define GUID   "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */
#define EVENTS 512
#define READ   ((size_t)256 * 1024)

struct bytes {
	unsigned char *at;
	size_t len, room;
};

struct client {
	int fd;
	bool upgraded, over, watched; /* watched: till it takes more */
	size_t place;
	struct bytes in, out; /* what is incomplete; what wasn't taken */
};

static struct client **clients;
static size_t count, room;
static int epoll;
static bool single;
static struct bytes turn; /* all that was said, with a newline behind each */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static unsigned char *more(struct bytes *b, size_t len)
{
	if (b->room - b->len < len) {
		b->room = 2 * (b->len + len);
		b->at = realloc(b->at, b->room);
		must(b->at != NULL, "realloc");
	}
	return b->at + b->len;
}

static void append(struct bytes *b, const void *from, size_t len)
{
	if (len > 0)
		memcpy(more(b, len), from, len);
	b->len += len;
}

static void consume(struct bytes *b, size_t len)
{
	b->len -= len;
	if (b->len > 0)
		memmove(b->at, b->at + len, b->len);
}

/* ---- Clients ---- */

static void watch(struct client *c, int op, uint32_t events)
{
	struct epoll_event e = {events, {.ptr = c}};

	must(epoll_ctl(epoll, op, c->fd, &e) == 0, "epoll_ctl");
}

static void accept_all(int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct client *c = calloc(1, sizeof(*c));

		if (count == room) {
			room = room ? 2 * room : 64;
			clients = realloc(clients, room * sizeof(*clients));
		}
		must(c && clients, "memory");
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		c->fd = fd;
		c->place = count;
		clients[count++] = c;
		watch(c, EPOLL_CTL_ADD, EPOLLIN);
	}
}

static void end(struct client *c)
{
	clients[c->place] = clients[--count];
	clients[c->place]->place = c->place;
	(void)close(c->fd);
	free(c->in.at);
	free(c->out.at);
	free(c);
}

/* Writes what there is, and keeps what isn't taken. */
static void give(struct client *c, const void *from, size_t len)
{
	ssize_t n = 0;

	if (c->out.len == 0) {
		n = send(c->fd, from, len, MSG_NOSIGNAL);
		if (n < 0) {
			c->over = errno != EAGAIN;
			n = c->over ? (ssize_t)len : 0;
		}
	}
	append(&c->out, (const char *)from + n, len - (size_t)n);
	if (c->out.len > 0 && !c->watched) {
		c->watched = true;
		watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
	}
}

static void give_rest(struct client *c)
{
	ssize_t n = send(c->fd, c->out.at, c->out.len, MSG_NOSIGNAL);

	if (n > 0)
		consume(&c->out, (size_t)n);
	else
		c->over = errno != EAGAIN;
	if (c->out.len > 0)
		return;
	c->watched = false;
	watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

/* ---- What is said ---- */

/* A frame's head in front of len bytes of text; its size. */
static size_t frame_head(unsigned char head[10], size_t len)
{
	size_t bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;

	head[0] = 0x81;
	head[1] = (unsigned char)(bytes == 0 ? len : bytes == 2 ? 126 : 127);
	for (size_t i = 0; i < bytes; i++)
		head[2 + i] = (unsigned char)(len >> (8 * (bytes - 1 - i)));
	return 2 + bytes;
}

static void give_to_all(const unsigned char *text, size_t len)
{
	static struct bytes frame;
	unsigned char head[10];
	size_t n = frame_head(head, len);

	frame.len = 0;
	append(&frame, head, n);
	append(&frame, text, len);
	for (size_t i = 0; i < count; i++)
		if (clients[i]->upgraded)
			give(clients[i], frame.at, frame.len);
}

static void end_turn(void)
{
	const unsigned char *at = turn.at, *till = at + turn.len, *eol;

	if (turn.len > 0 && !single)
		give_to_all(at, turn.len - 1);
	for (; single && at < till; at = eol + 1) {
		eol = memchr(at, '\n', (size_t)(till - at));
		give_to_all(at, (size_t)(eol - at));
	}
	turn.len = 0;
}

/* ---- What comes ---- */

static void upgrade(struct client *c)
{
	static const char name[] = "Sec-WebSocket-Key: ";
	char answer[256], accept[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)];
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx sha1;
	unsigned char *key, *eoh;
	int n;

	eoh = memmem(c->in.at, c->in.len, "\r\n\r\n", 4);
	if (!eoh)
		return;
	key = memmem(c->in.at, (size_t)(eoh - c->in.at), name, strlen(name));
	if (!key || eoh - key < (ptrdiff_t)strlen(name) + 24) {
		c->over = true;
		return;
	}
	sha1_init(&sha1);
	sha1_update(&sha1, 24, key + strlen(name));
	sha1_update(&sha1, strlen(GUID), (const uint8_t *)GUID);
	sha1_digest(&sha1, sizeof(digest), digest);
	base64_encode_raw(accept, sizeof(digest), digest);
	n = snprintf(answer, sizeof(answer),
		     "HTTP/1.1 101 Switching Protocols\r\n"
		     "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		     "Sec-WebSocket-Accept: %.*s\r\n\r\n",
		     (int)sizeof(accept), accept);
	give(c, answer, (size_t)n);
	c->upgraded = true;
	consume(&c->in, (size_t)(eoh + 4 - c->in.at));
}

/* Takes a frame off the front; false: it isn't whole. */
static bool take_frame(struct client *c)
{
	unsigned char *b = c->in.at, close_frame[] = {0x88, 0}, *to;
	size_t len, head = 6;

	if (c->in.len < 6)
		return false;
	len = b[1] & 0x7f;
	if (len == 126) {
		len = (size_t)b[2] << 8 | b[3];
		head = 8;
	}
	if (c->in.len < head + len)
		return false;
	if ((b[0] & 0x0f) == 8) {
		give(c, close_frame, sizeof(close_frame));
		(void)shutdown(c->fd, SHUT_WR);
	}
	if ((b[0] & 0x0f) == 1) {
		to = more(&turn, len + 1);
		for (size_t i = 0; i < len; i++)
			to[i] = b[head + i] ^ b[head - 4 + i % 4];
		to[len] = '\n';
		turn.len += len + 1;
	}
	consume(&c->in, head + len);
	return true;
}

static void take(struct client *c)
{
	ssize_t n = recv(c->fd, more(&c->in, READ), READ, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		c->over = true;
	if (n <= 0)
		return;
	c->in.len += (size_t)n;
	if (!c->upgraded)
		upgrade(c);
	while (c->upgraded && take_frame(c))
		continue;
	if (c->in.len == 0) { /* few say anything, so few need a buffer */
		free(c->in.at);
		c->in = (struct bytes){0};
	}
}

/* ---- The loop ---- */

static int listen_anywhere(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	must(fd >= 0 && bind(fd, (struct sockaddr *)&a, len) == 0 &&
		     listen(fd, 4096) == 0 &&
		     getsockname(fd, (struct sockaddr *)&a, &len) == 0,
	     "listen");
	printf("listening on 127.0.0.1:%d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS], e = {EPOLLIN, {.ptr = NULL}};
	struct rlimit limit;
	int listener = listen_anywhere();

	single = argc > 1 && strcmp(argv[1], "--single") == 0;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	epoll = epoll_create1(EPOLL_CLOEXEC);
	must(epoll >= 0, "epoll_create1");
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e) == 0, "epoll_ctl");
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			struct client *c = events[i].data.ptr;

			if (!c)
				accept_all(listener);
			else if (events[i].events & EPOLLOUT)
				give_rest(c);
			else
				take(c);
		}
		end_turn();
		for (size_t i = count; i-- > 0;)
			if (clients[i]->over)
				end(clients[i]);
	}
}
