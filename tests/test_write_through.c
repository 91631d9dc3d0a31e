/* SPDX-License-Identifier: MIT */
/*
 * Write-through: the hub's step in place of a writer that waits.  First the
 * step alone, with a member whose socket is a buffer; then hub, reader and
 * writer together, with a peer that reads in fits and a socket that takes
 * little, so that writes end in mid-frame.
 *
 * Planted, and caught by: no look at what is unwritten
 * (nothing_is_overtaken_that_waits, the_stream_stays_whole); a writer that
 * takes no pen, or never says what it has written (the_stream_stays_whole); a
 * rest that is forgotten, or written from its beginning
 * (every_cut_leaves_the_rest, the_stream_stays_whole).
 */
#include "check.h"
#include "client.h"
#include "clock.h"
#include "thread.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- A member whose socket is a buffer ---- */

static struct {
	struct member member;
	struct write_through wt;
	struct chan_wakes wakes;
	size_t takes; /* bytes that its socket takes at once */
	int err;      /* or the error that it gives */
	char bytes[256];
	size_t len;
} it;

static ssize_t take_some(struct member *m, struct iovec *pieces, size_t n)
{
	size_t taken = 0;

	ck_assert_ptr_eq(m, &it.member);
	if (it.err)
		return -it.err;
	for (size_t i = 0; i < n; i++) {
		size_t left = it.takes - taken;
		size_t len =
			pieces[i].iov_len < left ? pieces[i].iov_len : left;

		memcpy(it.bytes + it.len, pieces[i].iov_base, len);
		it.len += len;
		taken += len;
	}
	return (ssize_t)taken;
}

static void set_up(void)
{
	memset(&it, 0, sizeof(it));
	it.takes = SIZE_MAX;
	it.member.send = chan_create(sizeof(struct message *), 4);
	ck_assert_ptr_nonnull(it.member.send);
	pen_init(&it.member.pen, take_some);
	write_through_init(&it.wt, true);
	write_through_turn(&it.wt);
}

static void tear_down(void)
{
	pen_fini(&it.member.pen);
	chan_destroy(it.member.send);
	ck_assert_uint_eq(message_live(), 0);
}

static struct message *text(const char *s)
{
	struct message *m = message_frame(WS_TEXT, s, strlen(s), 1);

	ck_assert_ptr_nonnull(m);
	return m;
}

/* The hub's try; it keeps its reference. */
static bool try(struct message *m)
{
	return write_through(&it.wt, &it.member, m, &it.wakes);
}

static size_t references(struct message *m)
{
	return atomic_load(&m->refs);
}

START_TEST(what_nothing_waits_before_is_written_at_once)
{
	struct message *m = text("hello");

	ck_assert(try(m));
	ck_assert_uint_eq(it.len, message_size(m));
	ck_assert_mem_eq(it.bytes, m->bytes, it.len);
	ck_assert_uint_eq(chan_len(it.member.send), 0);
	ck_assert_uint_eq(references(m), 1);
	ck_assert(!member_has_unwritten(&it.member));
	ck_assert(try(m)); /* the pen lies there again */
	message_release(m, 1);
}
END_TEST

START_TEST(nothing_is_overtaken_that_waits)
{
	struct message *first = text("first"), *second = text("second");

	ck_assert(member_send_deferred(&it.member, first, &it.wakes) ==
		  CHAN_OK);
	ck_assert(!try(second));
	ck_assert_uint_eq(it.len, 0);
	ck_assert(chan_recv(it.member.send, &first) == CHAN_OK);
	/* Nor what the writer has in its hand. */
	ck_assert(!try(second));
	ck_assert_uint_eq(it.len, 0);
	member_wrote(&it.member, 1);
	ck_assert(try(second));
	message_release(first, 1);
	message_release(second, 1);
}
END_TEST

START_TEST(who_has_not_the_pen_does_not_write)
{
	struct message *m = text("hello");

	pen_take(&it.member.pen);
	ck_assert(!try(m));
	pen_lay_down(&it.member.pen);
	ck_assert(try(m));
	message_release(m, 1);
}
END_TEST

START_TEST(a_full_or_broken_socket_is_the_writers)
{
	struct message *m = text("hello");

	it.err = EAGAIN;
	ck_assert(!try(m));
	it.err = EPIPE;
	ck_assert(!try(m));
	it.err = 0;
	it.takes = 0;
	ck_assert(!try(m));
	ck_assert_ptr_null(it.member.pen.rest);
	ck_assert_uint_eq(chan_len(it.member.send), 0);
	ck_assert_uint_eq(references(m), 1);
	message_release(m, 1);
}
END_TEST

/* A message of one piece, and one of two, cut after each byte. */
static void cut_after(struct message *m, size_t n)
{
	struct iovec rest[2];
	struct message *nudge;
	size_t pieces;

	it.takes = n;
	it.len = 0;
	ck_assert(try(m));
	ck_assert_uint_eq(it.len, n);
	ck_assert_uint_eq(references(m), 2);
	ck_assert_uint_eq(atomic_load(&it.member.waiting), 1);
	ck_assert_uint_eq(atomic_load(&it.member.waiting_bytes),
			  message_size(m) - n);
	ck_assert(!try(m)); /* behind the rest, by way of the queue */

	/* The writer's side. */
	ck_assert(chan_recv_until(it.member.send, &nudge, CHAN_NOW) == CHAN_OK);
	ck_assert_uint_eq(message_size(nudge), 0);
	pen_take(&it.member.pen);
	pieces = pen_rest(&it.member.pen, rest);
	it.takes = SIZE_MAX;
	(void)take_some(&it.member, rest, pieces);
	pen_forget_rest(&it.member);
	ck_assert_uint_eq(pen_rest(&it.member.pen, rest), 0);
	pen_lay_down(&it.member.pen);
	member_wrote(&it.member, 1);
	message_release(nudge, 1);

	ck_assert_uint_eq(it.len, message_size(m));
	ck_assert_mem_eq(it.bytes, m->bytes, m->len);
	if (m->body)
		ck_assert_mem_eq(it.bytes + m->len, m->body, m->body_len);
	ck_assert_uint_eq(atomic_load(&it.member.waiting), 0);
	ck_assert_uint_eq(atomic_load(&it.member.waiting_bytes), 0);
	ck_assert_uint_eq(references(m), 1);
}

START_TEST(every_cut_leaves_the_rest)
{
	char *body = strdup("a body of its own");
	struct message *m =
		_i ? message_frame_around(WS_TEXT, body, 17) : text("hello");

	ck_assert_ptr_nonnull(m);
	for (size_t n = 1; n < message_size(m); n++)
		cut_after(m, n);
	message_release(m, 1);
	if (!_i)
		free(body);
}
END_TEST

/* Pongs may have filled the queue; the writer comes for them, and finds it. */
START_TEST(a_rest_needs_no_room_in_the_queue)
{
	struct message *m = text("hello"), *pong, *taken[4];
	struct iovec rest[2];
	size_t n;

	chan_destroy(it.member.send);
	it.member.send = chan_create(sizeof(struct message *), 1);
	pong = message_frame(WS_PONG, "", 0, 0);
	it.takes = 3;
	/* As if it came between the hub's look and its nudge. */
	ck_assert(chan_send(it.member.send, &pong) == CHAN_OK);
	ck_assert(try(m));
	ck_assert(chan_recv_some(it.member.send, taken, 4, &n, CHAN_NOW) ==
		  CHAN_OK);
	ck_assert_uint_eq(n, 1);
	pen_take(&it.member.pen);
	ck_assert_uint_eq(pen_rest(&it.member.pen, rest), 1);
	ck_assert_uint_eq(rest[0].iov_len, message_size(m) - 3);
	pen_forget_rest(&it.member);
	pen_lay_down(&it.member.pen);
	message_release(pong, 1);
	message_release(m, 1);
}
END_TEST

START_TEST(a_turn_that_has_used_its_budget_wakes_writers)
{
	struct message *m = text("hello");

	it.wt.budget = 0;
	write_through_turn(&it.wt);
	ck_assert(!try(m));
	it.wt.budget = CLOCK_SECOND * 3600;
	write_through_turn(&it.wt);
	ck_assert(try(m));
	message_release(m, 1);
}
END_TEST

START_TEST(switched_off_nothing_happens)
{
	struct message *m = text("hello");
	struct pen none = {0};

	it.wt.on = false;
	ck_assert(!try(m));
	pen_take(&none); /* and waits for nobody */
	pen_lay_down(&none);
	message_release(m, 1);
}
END_TEST

/* ---- All the threads, and a peer ---- */

#define MESSAGES 20000
#define WINDOW   500

struct peer {
	int fd;
	atomic_ulong next; /* number; 0: none came yet */
	atomic_ulong seen;
	unsigned char buffer[65536];
	size_t len;
	uint64_t random;
};

/* Handles one frame at the buffer's beginning; 0: it isn't whole. */
static size_t one_frame(struct peer *p)
{
	size_t head = 2, len;

	if (p->len < 2)
		return 0;
	len = p->buffer[1];
	if (len == 126) {
		head = 4;
		len = (size_t)(p->buffer[2] << 8 | p->buffer[3]);
	}
	CHECK(len <= sizeof(p->buffer) - 4);
	if (p->len < head + len)
		return 0;
	if (p->buffer[0] == (0x80 | WS_PONG))
		return head + len;
	CHECK(p->buffer[0] == (0x80 | WS_TEXT));
	/* Numbers, with newlines between them, each one more than before. */
	for (char *s = (char *)p->buffer + head, *end = s + len; s < end;) {
		unsigned long n = strtoul(s, &s, 10), next = p->next;

		CHECK(next == 0 || n == next);
		atomic_store(&p->next, n + 1);
		atomic_fetch_add(&p->seen, 1);
		while (s < end && *s == '.')
			s++;
		s += s < end; /* the newline */
	}
	return head + len;
}

static unsigned random_below(struct peer *p, unsigned n)
{
	p->random = p->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(p->random >> 33) % n;
}

/* An empty ping, masked; the peer's side of the socket may be full. */
static void ping(struct peer *p)
{
	static const unsigned char frame[] = {0x80 | WS_PING, 0x80, 1, 2, 3, 4};

	(void)send(p->fd, frame, sizeof(frame), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Reads in fits, and pings now and then, till the end. */
static void *peer_run(void *arg)
{
	struct peer *p = arg;

	for (;;) {
		size_t want = 1 + random_below(p, 600);
		size_t room = sizeof(p->buffer) - p->len, used;
		ssize_t n = recv(p->fd, p->buffer + p->len,
				 want < room ? want : room, 0);

		if (n <= 0)
			return NULL;
		p->len += (size_t)n;
		while ((used = one_frame(p)) > 0) {
			p->len -= used;
			memmove(p->buffer, p->buffer + used, p->len);
		}
		if (random_below(p, 8) == 0)
			ping(p);
	}
}

static void *read_pump(void *arg)
{
	struct client *c = arg;
	struct message *answer = message_bytes(0, NULL, 0);

	CHECK(client_send(c, answer) == 0); /* it starts the writer */
	client_read_pump(c);
	chan_close(c->gone);
	thread_join(c->writer);
	return NULL;
}

/* Numbers with 1 to 200 dots behind them. */
static struct message *numbered(unsigned long i)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%lu", i);
	size_t dots = 1 + (size_t)(i * 37 % 200);

	memset(line + n, '.', dots);
	return message_frame(WS_TEXT, line, (size_t)n + dots, 1);
}

START_TEST(the_stream_stays_whole)
{
	const struct client_rules rules = {.timeouts = {.write = 0},
					   .queue = 65536,
					   .plain_message = 512,
					   .write_through = true};
	const struct hub_limits limits = {65536, SIZE_MAX / 2, true, true};
	struct peer peer = {.random = (uint64_t)_i + 1};
	struct chan *quit = chan_create(0, 0);
	pthread_t hub_thread, reader, peer_thread;
	struct client *c;
	struct hub hub;
	int fds[2], small = 1;

	ck_assert_int_eq(hub_init(&hub, quit, &limits), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small,
				    sizeof(small)),
			 0);
	peer.fd = fds[1];
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	c = client_create(&rules, &hub, quit, (struct stream){fds[0]}, 1,
			  "peer");
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(thread_start(&hub_thread, 0, hub_run, &hub, "hub"), 0);
	ck_assert_int_eq(thread_start(&reader, 0, read_pump, c, "reader"), 0);
	ck_assert_int_eq(thread_start(&peer_thread, 0, peer_run, &peer, "peer"),
			 0);
	/* Those before the register are nobody's. */
	for (unsigned long i = 1; atomic_load(&peer.seen) < MESSAGES;) {
		unsigned long next = atomic_load(&peer.next);
		struct message *m;

		if (next > 0 && i > next + WINDOW) {
			sched_yield();
			continue;
		}
		m = numbered(i++);
		ck_assert(chan_send(hub.broadcast, &m) == CHAN_OK);
	}
	stream_cut(&c->stream);
	thread_join(reader);
	thread_join(peer_thread);
	ck_assert(!member_has_unwritten(&c->member));
	chan_close(hub.broadcast);
	thread_join(hub_thread);
	stream_close(&c->stream);
	ck_assert_int_eq(close(fds[1]), 0);
	client_release(c);
	hub_fini(&hub);
	chan_destroy(quit);
	ck_assert_uint_eq(message_live(), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("write_through");
	TCase *step = tcase_create("step"), *all = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(step, set_up, tear_down);
	tcase_add_test(step, what_nothing_waits_before_is_written_at_once);
	tcase_add_test(step, nothing_is_overtaken_that_waits);
	tcase_add_test(step, who_has_not_the_pen_does_not_write);
	tcase_add_test(step, a_full_or_broken_socket_is_the_writers);
	tcase_add_loop_test(step, every_cut_leaves_the_rest, 0, 2);
	tcase_add_test(step, a_rest_needs_no_room_in_the_queue);
	tcase_add_test(step, a_turn_that_has_used_its_budget_wakes_writers);
	tcase_add_test(step, switched_off_nothing_happens);
	suite_add_tcase(s, step);
	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, the_stream_stays_whole, 0, 4);
	suite_add_tcase(s, all);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
