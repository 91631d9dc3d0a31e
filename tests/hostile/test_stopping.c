/* SPDX-License-Identifier: MIT */
/*
 * Stopping, where the peer never pauses: its reader always finds something
 * more to read, and so never the end that main has made of the stream.
 *
 * Planted, and caught by: readers that look for nothing but that end (both
 * tests).
 */
#include "check.h"
#include "client.h"
#include "harness.h"
#include "thread.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES 5000

static const struct client_rules rules = {.queue = 256,
					  .plain_message = 512,
					  .echo_message = 1 << 20,
					  .write_through = true};

static struct farewell farewell;

static void *echo_run(void *arg)
{
	farewell = client_echo(arg);
	return NULL;
}

static void *chat_run(void *arg)
{
	client_read_pump(arg);
	return NULL;
}

/* All that the peer will ever say, in one go, and it doesn't end its side. */
static void speak(int fd)
{
	static const unsigned char frame[] = {0x81, 0x81, 0, 0, 0, 0, 'x'};
	static unsigned char all[FRAMES * sizeof(frame)];

	for (size_t i = 0; i < FRAMES; i++)
		memcpy(all + i * sizeof(frame), frame, sizeof(frame));
	ck_assert_int_eq(send(fd, all, sizeof(all), MSG_DONTWAIT), sizeof(all));
}

struct peer {
	int fd;
	size_t heard; /* bytes */
};

/* Reads till the end, or until it has heard so much that nobody can have
 * stopped. */
static void *hear(void *arg)
{
	struct peer *p = arg;
	char bytes[4096];
	ssize_t n;

	while ((n = recv(p->fd, bytes, sizeof(bytes), 0)) > 0) {
		p->heard += (size_t)n;
		if (p->heard > (size_t)2 * FRAMES)
			(void)shutdown(p->fd, SHUT_WR);
	}
	return NULL;
}

/* One client, told to stop before it has read anything.  Returns how many
 * bytes its peer heard. */
static size_t run_stopped(void *(*run)(void *), struct hub *hub)
{
	struct chan *quit = chan_create(0, 0);
	struct message *answer = message_bytes(0, NULL, 0);
	pthread_t reader, hearer;
	struct client *c;
	struct peer peer = {0};
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	peer.fd = fds[1];
	speak(fds[1]);
	chan_close(quit);
	c = client_create(&rules, hub, quit, (struct stream){.fd = fds[0]}, 1,
			  "peer");
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(client_send(c, answer), 0); /* starts the writer */
	ck_assert_int_eq(thread_start(&hearer, 0, hear, &peer, "peer"), 0);
	ck_assert_int_eq(thread_start(&reader, 0, run, c, "reader"), 0);
	thread_join(reader);
	if (!hub)
		member_close(&c->member, farewell);
	chan_close(c->gone);
	thread_join(c->writer);
	farewell = c->member.farewell; /* the hub's, where there is one */
	stream_close(&c->stream);
	thread_join(hearer);
	ck_assert_int_eq(close(fds[1]), 0);
	client_release(c);
	chan_destroy(quit);
	return peer.heard;
}

START_TEST(an_echo_that_never_pauses_is_stopped)
{
	/* One read's worth, of 3 bytes each. */
	ck_assert_uint_lt(run_stopped(echo_run, NULL), FRAMES);
	ck_assert_uint_eq(farewell.code, WS_CODE_GOING_AWAY);
	ck_assert_uint_eq(message_live(), 0);
}
END_TEST

START_TEST(a_speaker_who_never_pauses_is_stopped)
{
	const struct hub_limits limits = {256, SIZE_MAX / 2, true, true};
	struct chan *never = chan_create(0, 0);
	pthread_t hub_thread;
	struct hub hub;

	ck_assert_int_eq(hub_init(&hub, never, &limits), 0);
	ck_assert_int_eq(thread_start(&hub_thread, 0, hub_run, &hub, "hub"), 0);
	ck_assert_uint_lt(run_stopped(chat_run, &hub), FRAMES);
	ck_assert_uint_eq(farewell.code, WS_CODE_GOING_AWAY);
	chan_close(hub.broadcast);
	thread_join(hub_thread);
	hub_fini(&hub);
	chan_destroy(never);
	ck_assert_uint_eq(message_live(), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stopping");
	TCase *c = tcase_create("stopping");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, an_echo_that_never_pauses_is_stopped);
	tcase_add_test(c, a_speaker_who_never_pauses_is_stopped);
	suite_add_tcase(s, c);
	return run_all(s);
}
