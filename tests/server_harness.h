/* SPDX-License-Identifier: MIT */
/*
 * Connections without an acceptor: each is one end of a socket pair, and the
 * test has the other.  The hub runs as in the program.
 */
#ifndef SERVER_HARNESS_H
#define SERVER_HARNESS_H

#include "clock.h"
#include "log.h"
#include "server.h"
#include "thread.h"
#include "wire.h"

#include <dirent.h>
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MS  (CLOCK_SECOND / 1000)
#define KIB ((size_t)1024)

static struct server server; /* rules may be changed before start_server() */
static struct hub hub;
static struct hub_limits limits;
static struct chan *quit, *ended;
static pthread_t hub_thread;
static bool stopping;

/* Both ways through the hub: main() runs all tests with either. */
static bool with_write_through;

static size_t threads_before, descriptors_before;

static inline size_t entries_of(const char *directory)
{
	DIR *d = opendir(directory);
	size_t n = 0;

	MUST(d != NULL);
	while (readdir(d))
		n++;
	MUST(closedir(d) == 0);
	return n;
}

static inline void usual_rules(void)
{
	static const char *const none[] = {NULL};

	limits = (struct hub_limits){256, 256 * KIB, true, with_write_through};
	server = (struct server){
		.rules = {.timeouts = {60 * CLOCK_SECOND, 60 * CLOCK_SECOND, 0,
				       60 * CLOCK_SECOND},
			  .stack = 64 * KIB,
			  .queue = 256,
			  .plain_message = 512,
			  .echo_message = 16 * MIB,
			  .write_through = with_write_through},
		.http = {8 * KIB, 32 * KIB},
		.chat_rules = {"", none},
		.echo_rules = {"", NULL},
		.drain = 5 * CLOCK_SECOND,
		.hub = &hub,
		.spare = -1,
	};
	wire.len = 0;
}

static inline void start_server(void)
{
	/* Sanitizers may open something, or start a thread of their own, with
	 * the first thread. */
	MUST(log_start(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT) == 0);
	threads_before = entries_of("/proc/self/task");
	descriptors_before = entries_of("/proc/self/fd");
	quit = server.quit = chan_create(0, 0);
	ended = server.ended = chan_create(sizeof(pthread_t), 64);
	MUST(quit && ended);
	MUST(roster_init(&server.roster) == 0);
	MUST(hub_init(&hub, quit, &limits) == 0);
	MUST(thread_start(&hub_thread, 0, hub_run, &hub, "hub") == 0);
	stopping = false;
}

/* What main does first when it stops. */
static inline void begin_to_stop(void)
{
	if (stopping)
		return;
	stopping = true;
	chan_close(quit);
	roster_wake_waiting(&server.roster);
}

/* Joins n more readers, who must come to their end. */
static inline void join_readers(size_t n)
{
	pthread_t reader;

	for (; n > 0; n--) {
		MUST(chan_recv_until(ended, &reader,
				     clock_now() + 30 * CLOCK_SECOND) ==
		     CHAN_OK);
		thread_join(reader);
		server.joined++;
	}
}

/* A thread that was joined may stay in /proc for a moment. */
static inline void await_threads(void)
{
	int64_t give_up = clock_now() + 10 * CLOCK_SECOND;

	while (entries_of("/proc/self/task") > threads_before)
		MUST(clock_now() < give_up);
}

/* When the test has closed its ends.  Nothing may be left. */
static inline void stop_server(void)
{
	begin_to_stop();
	join_readers(server.started - server.joined);
	chan_close(hub.broadcast);
	thread_join(hub_thread);
	hub_fini(&hub);
	server_close(&server);
	chan_destroy(ended);
	chan_destroy(quit);
	ck_assert_uint_eq(message_live(), 0);
	await_threads();
	ck_assert_uint_eq(entries_of("/proc/self/fd"), descriptors_before);
	log_stop(clock_now() + CLOCK_SECOND);
}

/* ---- A peer ---- */

/* Connects; the test's end.  Nothing of it waits for ever. */
static inline int visit(void)
{
	struct timeval patience = {.tv_sec = 30};
	int fds[2], on = 1;

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	MUST(ioctl(fds[1], FIONBIO, &on) == 0);
	MUST(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &patience,
			sizeof(patience)) == 0);
	MUST(setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &patience,
			sizeof(patience)) == 0);
	server.started++;
	MUST(connection_start(&server, fds[1], server.started, "peer") == 0);
	return fds[0];
}

static inline void send_bytes(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		MUST(n > 0);
		p += n;
		len -= (size_t)n;
	}
}

static inline void send_text(int fd, const char *text)
{
	send_bytes(fd, text, strlen(text));
}

/* Sends what was said to the wire. */
static inline void send_wire(int fd)
{
	send_bytes(fd, wire.bytes, wire.len);
	wire.len = 0;
}

static inline void read_bytes(int fd, void *to, size_t len)
{
	/* Of 0 bytes it would wait for the first. */
	MUST(len == 0 || recv(fd, to, len, MSG_WAITALL) == (ssize_t)len);
}

/* The stream ends here; also by a reset, where the peer was cut off. */
static inline bool at_end(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	MUST(n >= 0 || errno == ECONNRESET);
	return n <= 0;
}

static inline void hears_end(int fd)
{
	ck_assert(at_end(fd));
}

static inline void leave(int fd)
{
	MUST(close(fd) == 0);
}

/* ---- HTTP ---- */

/* Reads the head of an answer; valid until the next. */
static inline const char *read_head(int fd)
{
	static char head[4096];
	size_t n = 0;

	do {
		MUST(n < sizeof(head) - 1);
		read_bytes(fd, head + n, 1);
		head[++n] = '\0';
	} while (n < 4 || strcmp(head + n - 4, "\r\n\r\n") != 0);
	return head;
}

/* Reads an answer with that status, and its body unless it was for HEAD. */
static inline const char *hears_status(int fd, int status, bool has_body)
{
	const char *head = read_head(fd), *length;
	size_t n;

	ck_assert_msg(atoi(head + strlen("HTTP/1.1 ")) == status, "%s", head);
	length = strstr(head, "Content-Length: ");
	if (has_body && length) {
		n = strtoul(length + 16, NULL, 10);
		while (n-- > 0)
			read_bytes(fd, (char[1]){0}, 1);
	}
	return head;
}

/* ---- WebSocket ---- */

#define UPGRADE                                                                \
	" HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"                      \
	"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                  \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static inline int upgraded(const char *request)
{
	int fd = visit();

	send_text(fd, request);
	(void)hears_status(fd, 101, false);
	return fd;
}

/* Reads a frame's head; its first byte. */
static inline int read_frame_head(int fd, uint64_t *len)
{
	unsigned char head[10];
	size_t more;

	read_bytes(fd, head, 2);
	MUST(!(head[1] & 0x80)); /* no server masks */
	*len = head[1];
	more = head[1] == 127 ? 8 : head[1] == 126 ? 2 : 0;
	if (more > 0) {
		read_bytes(fd, head + 2, more);
		*len = 0;
		for (size_t i = 0; i < more; i++)
			*len = *len << 8 | head[2 + i];
	}
	return head[0];
}

/* A client of the chat that the hub knows: else it may miss what others say.
 * It knows by hearing itself; what came before is passed over. */
static inline int chatter(void)
{
	static unsigned calls;
	static char got[MIB];
	char hello[16];
	uint64_t len;
	int fd = upgraded("GET /ws" UPGRADE);

	(void)snprintf(hello, sizeof(hello), "hello-%u", calls++);
	say(TEXT, hello);
	send_wire(fd);
	do {
		MUST(read_frame_head(fd, &len) == TEXT);
		MUST(len < sizeof(got));
		read_bytes(fd, got, len);
		got[len] = '\0';
	} while (!strstr(got, hello));
	return fd;
}

static inline void hears(int fd, int first, const void *payload, size_t len)
{
	static unsigned char got[MIB + 1];
	uint64_t got_len;
	int got_first = read_frame_head(fd, &got_len);

	MUST(got_len < sizeof(got));
	read_bytes(fd, got, got_len);
	got[got_len] = '\0';
	ck_assert_msg(got_first == first && got_len == len &&
			      memcmp(got, payload, len) == 0,
		      "%02x with %zu bytes, not %02x with %zu: %.100s",
		      got_first, (size_t)got_len, first, len, got);
}

/* Hears these texts, which may come as one, with newlines for spaces. */
static inline void hears_texts(int fd, const char *texts)
{
	static char got[MIB];
	size_t at = 0;

	while (at < strlen(texts)) {
		uint64_t len;
		int first = read_frame_head(fd, &len);

		ck_assert_int_eq(first, TEXT);
		if (at > 0)
			got[at++] = ' ';
		MUST(len < sizeof(got) - at);
		read_bytes(fd, got + at, len);
		for (; len > 0; len--, at++)
			if (got[at] == '\n')
				got[at] = ' ';
	}
	got[at] = '\0';
	ck_assert_str_eq(got, texts);
}

/* Hears a Close with that code and then the end; 1005: without a code. */
static inline void hears_close(int fd, unsigned code)
{
	unsigned char payload[125] = {0};
	uint64_t len;
	int first = read_frame_head(fd, &len);

	ck_assert_int_eq(first, CLOSE);
	ck_assert_uint_ne(len, 1);
	MUST(len <= sizeof(payload));
	read_bytes(fd, payload, len);
	if (code == WS_CODE_NO_STATUS)
		ck_assert_uint_eq(len, 0);
	else
		ck_assert_uint_eq((unsigned)payload[0] << 8 | payload[1], code);
	hears_end(fd);
}

static inline void says(int fd, const char *text)
{
	say(TEXT, text);
	send_wire(fd);
}

/* ---- Running ---- */

/* Runs the suite twice: hub.write_through off, and on. */
static inline int run_both_ways(Suite *(*make)(void))
{
	int failed = 0;

	for (int on = 0; on < 2; on++) {
		with_write_through = on;
		failed |= run_all(make());
	}
	return failed;
}

#endif
