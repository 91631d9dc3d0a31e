/* SPDX-License-Identifier: MIT */
/*
 * The program in a thread of the test, on a Unix socket, and its visitors.
 * src/main.c is compiled with its main() called chatd_main().
 */
#ifndef FAULT_SERVER_H
#define FAULT_SERVER_H

#include "clock.h"
#include "message.h"
#include "wire.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/un.h>
#include <unistd.h>

int chatd_main(int argc, char **argv);

#define UPGRADE                                                                \
	" HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"                      \
	"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                  \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

/* ---- What is being tried, should the test end there ---- */

static char current_round[80];

static inline void round_is(const char *what, size_t n)
{
	(void)snprintf(current_round, sizeof(current_round), "%s, call %zu",
		       what, n);
}

static inline bool holds(bool condition)
{
	if (!condition)
		fprintf(stderr, "in the round of %s:\n", current_round);
	return condition;
}

#define HOLDS(cond) MUST(holds(cond))

/* ---- The program ---- */

static char directory[64];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char command_line[512];
static pthread_t program;
static size_t threads_at_first, descriptors_at_first;
static size_t threads_held, descriptors_held;

static inline size_t entries_of(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	MUST(d != NULL);
	while (readdir(d))
		n++;
	MUST(closedir(d) == 0);
	return n;
}

static inline size_t count_threads(void)
{
	return entries_of("/proc/self/task");
}

static inline size_t count_descriptors(void)
{
	return entries_of("/proc/self/fd");
}

/* Runs it with those arguments; its status. */
static inline int run_program(void)
{
	static char copy[sizeof(command_line)];
	char *argv[32], *rest;
	int argc = 0;

	memcpy(copy, command_line, sizeof(copy));
	for (char *word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		MUST(argc < 31);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return chatd_main(argc, argv);
}

static inline void *run_in_thread(void *arg)
{
	int *status = arg;

	*status = run_program();
	return NULL;
}

/* All signals are for the program's own thread. */
static inline void block_signals(void)
{
	sigset_t all;

	MUST(sigfillset(&all) == 0);
	MUST(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
}

static inline void set_command_line(const char *options)
{
	strcpy(directory, "/tmp/chatd-faults-XXXXXX");
	MUST(mkdtemp(directory) != NULL);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket",
		       directory);
	(void)snprintf(
		command_line, sizeof(command_line),
		"chatd --set server.listen=unix:%s --set log.level=error "
		"%s",
		address.sun_path, options);
}

static int program_status;

static inline void *do_nothing(void *arg)
{
	return arg;
}

/* With the first thread of a process TSan starts one of its own, which stays:
 * it is counted with those that were there before the program. */
static inline void start_first_thread(void)
{
	pthread_t first;

	MUST(pthread_create(&first, NULL, do_nothing, NULL) == 0);
	MUST(pthread_join(first, NULL) == 0);
}

static inline void start_program(const char *options)
{
	block_signals();
	spare_me();
	set_command_line(options);
	start_first_thread();
	threads_at_first = count_threads();
	descriptors_at_first = count_descriptors();
	MUST(pthread_create(&program, NULL, run_in_thread, &program_status) ==
	     0);
}

static inline void begin_to_end(void)
{
	MUST(kill(getpid(), SIGTERM) == 0);
}

/* Everything is as at that time, or will be soon. */
static inline void await_counts(size_t threads, size_t descriptors)
{
	int64_t give_up = clock_now() + 30 * CLOCK_SECOND;

	while (count_threads() > threads || count_descriptors() > descriptors ||
	       message_live() > 0) {
		if (clock_now() > give_up)
			fprintf(stderr,
				"%zu threads (%zu), %zu descriptors (%zu), %zu "
				"messages\n",
				count_threads(), threads, count_descriptors(),
				descriptors, message_live());
		HOLDS(clock_now() <= give_up);
		(void)sched_yield();
	}
	HOLDS(count_descriptors() == descriptors);
}

/* Its status, when it was told to end; nothing may be left of it. */
static inline int end_of_program(void)
{
	MUST(pthread_join(program, NULL) == 0);
	await_counts(threads_at_first, descriptors_at_first);
	HOLDS(access(address.sun_path, F_OK) != 0);
	MUST(rmdir(directory) == 0);
	return program_status;
}

static inline void note_what_is_held(void)
{
	threads_held = count_threads();
	descriptors_held = count_descriptors();
}

static inline void await_what_was_held(void)
{
	await_counts(threads_held, descriptors_held);
}

/* ---- Visitors ---- */

static inline void say_text(const char *text)
{
	say_bytes(text, strlen(text));
}

/* Connects, as soon as there is somebody to connect to. */
static inline int come(void)
{
	int64_t give_up = clock_now() + 30 * CLOCK_SECOND;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	MUST(fd >= 0);
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		HOLDS(errno == ENOENT || errno == ECONNREFUSED);
		HOLDS(clock_now() < give_up);
		(void)sched_yield();
	}
	return fd;
}

static inline void leave(int fd)
{
	MUST(close(fd) == 0);
}

static inline void send_wire(int fd)
{
	size_t sent = 0;

	while (sent < wire.len) {
		ssize_t n = send(fd, wire.bytes + sent, wire.len - sent,
				 MSG_NOSIGNAL);

		HOLDS(n > 0);
		sent += (size_t)n;
	}
}

/* Reads what comes within half a minute; 0: the end. */
static inline size_t hear(int fd, char *to, size_t room)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	HOLDS(poll(&p, 1, 30000) == 1);
	n = recv(fd, to, room, 0);
	HOLDS(n >= 0 || errno == ECONNRESET);
	return n > 0 ? (size_t)n : 0;
}

/* Says what is on the wire, as far as the server listens, and nothing more;
 * and then the server must end it.  True: it was served, not refused. */
static inline bool tell_and_leave(int fd)
{
	char first[12] = "", scratch[4096];
	size_t n = 0, some;

	(void)send(fd, wire.bytes, wire.len, MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
	while ((some = hear(fd, scratch, sizeof(scratch))) > 0)
		for (size_t i = 0; i < some && n < sizeof(first); i++)
			first[n++] = scratch[i];
	leave(fd);
	return memcmp(first, "HTTP/1.1 503", sizeof(first)) != 0;
}

/* Reads until it has heard that text, whatever comes before. */
static inline void await_text(int fd, const char *text)
{
	static char heard[2 * MIB];
	size_t n = 0;

	do {
		size_t some = hear(fd, heard + n, sizeof(heard) - n);

		HOLDS(some > 0);
		n += some;
	} while (!memmem(heard, n, text, strlen(text)));
}

/* A client that the hub knows.  Who is refused comes again: those before may
 * have left and not be counted out yet. */
static inline int come_to_chat(void)
{
	int64_t give_up = clock_now() + 30 * CLOCK_SECOND;
	char first[12];

	for (;;) {
		int fd = come();

		wire.len = 0;
		say_text("GET /ws" UPGRADE);
		say(TEXT, "here I am");
		send_wire(fd);
		HOLDS(recv(fd, first, sizeof(first), MSG_WAITALL) ==
		      (ssize_t)sizeof(first));
		if (memcmp(first, "HTTP/1.1 503", sizeof(first)) != 0) {
			await_text(fd, "here I am");
			return fd;
		}
		leave(fd);
		HOLDS(clock_now() < give_up);
	}
}

#endif
