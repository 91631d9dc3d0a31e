/* SPDX-License-Identifier: MIT */
/* Reading, writing and waiting on one socket. */
#include "clock.h"
#include "harness.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct stream s; /* ours, non-blocking */
static int peer;
static atomic_bool stuck; /* the writer waits for the peer */

static void connect_both(void)
{
	int fds[2], small = 4096;

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	s.fd = fds[0];
	peer = fds[1];
	MUST(fcntl(s.fd, F_SETFL, O_NONBLOCK) == 0);
	MUST(setsockopt(s.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) ==
	     0);
}

static void close_both(void)
{
	if (s.fd >= 0)
		stream_close(&s);
	if (peer >= 0)
		MUST(close(peer) == 0);
}

static void peer_leaves(void)
{
	MUST(close(peer) == 0);
	peer = -1;
}

static int64_t soon(void)
{
	return clock_now() + 10 * CLOCK_SECOND;
}

/* ---- A kernel of our own, where scripted ---- */

static bool scripted;
static int64_t fake_now;
static int polls, last_timeout;

int __real_poll(struct pollfd *p, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *p, nfds_t n, int timeout);
ssize_t __real_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
int __real_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);

#define TIMEOUT (10 * CLOCK_SECOND)

/* Each wait takes nine seconds of the ten. */
int __wrap_poll(struct pollfd *p, nfds_t n, int timeout)
{
	if (!scripted)
		return __real_poll(p, n, timeout);
	polls++;
	last_timeout = timeout;
	fake_now += 9 * CLOCK_SECOND;
	if (polls % 3 == 0) {
		errno = EINTR;
		return -1;
	}
	p->revents = p->events;
	return 1;
}

/* Takes a byte each second time. */
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
	static bool takes;

	if (!scripted)
		return __real_send(fd, bytes, len, flags);
	takes = !takes;
	if (!takes) {
		errno = EAGAIN;
		return -1;
	}
	return 1;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	if (!scripted)
		return __real_clock_gettime(id, t);
	t->tv_sec = fake_now / CLOCK_SECOND;
	t->tv_nsec = fake_now % CLOCK_SECOND;
	return 0;
}

/* ---- Reading ---- */

START_TEST(reading_gives_what_there_is_or_says_that_there_is_nothing)
{
	char to[10];

	ck_assert_int_eq(stream_read(&s, to, sizeof(to)), -EAGAIN);
	MUST(write(peer, "Hello", 5) == 5);
	ck_assert_int_eq(stream_read(&s, to, 3), 3);
	ck_assert_mem_eq(to, "Hel", 3);
	ck_assert_int_eq(stream_read(&s, to, sizeof(to)), 2);
	ck_assert_mem_eq(to, "lo", 2);
	ck_assert_int_eq(stream_read(&s, to, sizeof(to)), -EAGAIN);
	MUST(write(peer, "!", 1) == 1);
	peer_leaves();
	ck_assert_int_eq(stream_read(&s, to, sizeof(to)), 1);
	ck_assert_int_eq(stream_read(&s, to, sizeof(to)), 0);
}
END_TEST

/* Caught: one that goes on for as long as the peer does. */
START_TEST(discarding_reads_what_there_is_and_a_bounded_amount)
{
	static char much[128 * 1024];
	char byte;
	int large = sizeof(much);

	ck_assert(stream_discard(&s)); /* nothing is there, and may come */
	MUST(setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large)) ==
	     0);
	MUST(send(peer, "0123456789", 10, 0) == 10);
	ck_assert(stream_discard(&s));
	ck_assert_int_eq(stream_read(&s, &byte, 1), -EAGAIN);
	MUST(send(peer, much, sizeof(much), 0) == sizeof(much));
	ck_assert(stream_discard(&s));
	ck_assert_int_eq(stream_read(&s, &byte, 1), 1); /* more is there */
	peer_leaves();
	while (stream_read(&s, much, sizeof(much)) > 0)
		continue;
	ck_assert(!stream_discard(&s));
}
END_TEST

START_TEST(a_reset_is_an_error)
{
	char to[10];

	MUST(write(s.fd, "unread", 6) == 6);
	peer_leaves();
	ck_assert_int_eq(stream_read(&s, to, sizeof(to)), -ECONNRESET);
}
END_TEST

/* ---- Waiting ---- */

START_TEST(waiting_ends_with_bytes_the_end_or_the_deadline)
{
	int64_t deadline = clock_now() + CLOCK_SECOND / 50;

	ck_assert_int_eq(stream_wait(&s, 0), -ETIMEDOUT);
	ck_assert_int_eq(stream_wait(&s, deadline), -ETIMEDOUT);
	ck_assert_int_ge(clock_now(), deadline);
	MUST(write(peer, "x", 1) == 1);
	ck_assert_int_eq(stream_wait(&s, soon()), 0);
	ck_assert_int_eq(stream_wait(&s, 0), 0); /* what is ready wins */
	ck_assert_int_eq(stream_wait(&s, CLOCK_NEVER), 0);
	(void)stream_read(&s, (char[1]){0}, 1);
	peer_leaves();
	ck_assert_int_eq(stream_wait(&s, CLOCK_NEVER), 0);
}
END_TEST

static void *wait_for_ever(void *arg)
{
	char byte;

	(void)arg;
	MUST(stream_wait(&s, CLOCK_NEVER) == 0);
	MUST(stream_read(&s, &byte, 1) == 0);
	return NULL;
}

START_TEST(a_waiting_reader_is_woken_and_the_writer_goes_on)
{
	struct iovec piece = {(char[]){"x"}, 1};
	pthread_t reader;
	char byte;

	MUST(pthread_create(&reader, NULL, wait_for_ever, NULL) == 0);
	stream_wake_reader(&s);
	MUST(pthread_join(reader, NULL) == 0);
	ck_assert_int_eq(stream_write(&s, &piece, 1, 0, &stuck), 0);
	ck_assert_int_eq(read(peer, &byte, 1), 1);
}
END_TEST

START_TEST(cutting_ends_both_directions)
{
	struct iovec piece = {(char[]){"x"}, 1};
	pthread_t reader;
	char byte;

	MUST(pthread_create(&reader, NULL, wait_for_ever, NULL) == 0);
	stream_cut(&s);
	MUST(pthread_join(reader, NULL) == 0);
	ck_assert_int_eq(stream_write(&s, &piece, 1, 0, &stuck), -EPIPE);
	ck_assert_int_eq(read(peer, &byte, 1), 0);
	stream_cut(&s); /* again is harmless, as it is without a peer */
	peer_leaves();
	stream_cut(&s);
	stream_end(&s);
	stream_wake_reader(&s);
}
END_TEST

START_TEST(ending_lets_the_peer_go_on)
{
	struct iovec piece = {(char[]){"last"}, 4};
	char to[10];

	ck_assert_int_eq(stream_write(&s, &piece, 1, 0, &stuck), 0);
	stream_end(&s);
	ck_assert_int_eq(read(peer, to, sizeof(to)), 4);
	ck_assert_int_eq(read(peer, to, sizeof(to)), 0);
	MUST(write(peer, "more", 4) == 4);
	ck_assert_int_eq(stream_read(&s, to, sizeof(to)), 4);
}
END_TEST

/* ---- Writing ---- */

struct hearing {
	const unsigned char *expected;
	size_t len;
	uint64_t random;
};

/* Reads by small amounts, so that the writer has to wait and to go on in the
 * middle of a piece. */
static void *hear(void *arg)
{
	struct hearing *h = arg;
	unsigned char some[700];
	size_t at = 0;
	ssize_t n;

	while ((n = read(peer, some,
			 1 + next_random(&h->random) % sizeof(some))) > 0) {
		MUST((size_t)n <= h->len - at);
		MUST(memcmp(some, h->expected + at, (size_t)n) == 0);
		at += (size_t)n;
	}
	MUST(n == 0 && at == h->len);
	return NULL;
}

START_TEST(all_pieces_arrive_in_order_however_slow_the_peer)
{
	static unsigned char bytes[300000];
	struct hearing h = {bytes, 0, 1 + (uint64_t)_i};
	struct iovec pieces[60];
	uint64_t random = 77 + (uint64_t)_i;
	pthread_t peer_thread;
	size_t count;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)next_random(&random);
	for (count = 0; count < COUNT_OF(pieces); count++) {
		size_t len = next_random(&random) %
			     (next_random(&random) % 2 ? 8 : 9000);

		pieces[count] = (struct iovec){bytes + h.len, len};
		h.len += len;
	}
	MUST(h.len <= sizeof(bytes));
	MUST(pthread_create(&peer_thread, NULL, hear, &h) == 0);
	ck_assert_int_eq(stream_write(&s, pieces, count, 0, &stuck), 0);
	stream_end(&s);
	MUST(pthread_join(peer_thread, NULL) == 0);
}
END_TEST

START_TEST(trying_to_write_takes_what_goes_and_never_waits)
{
	static char bytes[1 << 20];
	struct iovec pieces[] = {{(char[]){"Hel"}, 3}, {(char[]){"lo"}, 2}};
	struct iovec piece = {bytes, sizeof(bytes)};
	char to[5];
	ssize_t n;

	ck_assert_int_eq(stream_try_write(&s, pieces, 2), 5);
	ck_assert_int_eq(read(peer, to, 5), 5);
	ck_assert_mem_eq(to, "Hello", 5);
	n = stream_try_write(&s, &piece, 1);
	ck_assert(n > 0 && n < (ssize_t)sizeof(bytes));
	ck_assert_int_eq(stream_try_write(&s, &piece, 1), -EAGAIN);
	peer_leaves();
	ck_assert_int_eq(stream_try_write(&s, &piece, 1), -EPIPE);
}
END_TEST

START_TEST(nothing_is_written_at_once)
{
	struct iovec pieces[] = {{NULL, 0}, {NULL, 0}};

	ck_assert_int_eq(stream_write(&s, pieces, 0, 0, &stuck), 0);
	ck_assert_int_eq(stream_write(&s, pieces, 2, 0, &stuck), 0);
}
END_TEST

START_TEST(as_many_pieces_as_the_kernel_takes_go_at_once)
{
	struct iovec pieces[IOV_MAX];
	static char got[2 * IOV_MAX];
	char x[] = "x";

	for (size_t i = 0; i < IOV_MAX; i++)
		pieces[i] = (struct iovec){x, 1};
	ck_assert_int_eq(
		stream_write(&s, pieces, IOV_MAX, CLOCK_SECOND, &stuck), 0);
	ck_assert_int_eq(
		recv(peer, got, sizeof(got), MSG_WAITALL | MSG_DONTWAIT),
		IOV_MAX);
}
END_TEST

START_TEST(a_peer_that_takes_nothing_times_out)
{
	static char bytes[1 << 20];
	struct iovec piece = {bytes, sizeof(bytes)};
	int64_t before = clock_now();

	ck_assert_int_eq(stream_write(&s, &piece, 1, CLOCK_SECOND / 20, &stuck),
			 -ETIMEDOUT);
	ck_assert_int_ge(clock_now(), before + CLOCK_SECOND / 20);
}
END_TEST

/* In a time of the test's own: it took 9 of 10 seconds for each byte, and
 * interrupted waits in between.  Caught: one deadline for all of it. */
START_TEST(the_timeout_counts_from_the_last_byte_that_was_taken)
{
	char bytes[20];
	struct iovec piece = {bytes, sizeof(bytes)};
	int err;

	fake_now = 1000 * CLOCK_SECOND;
	scripted = true;
	err = stream_write(&s, &piece, 1, TIMEOUT, &stuck);
	scripted = false;
	ck_assert_int_eq(err, 0);
	ck_assert_int_ge(polls, 20);
}
END_TEST

/* Caught: a timeout that began anew where a signal came. */
START_TEST(an_interrupted_wait_keeps_its_deadline)
{
	fake_now = 1000 * CLOCK_SECOND;
	polls = 2; /* the next one is interrupted */
	scripted = true;
	(void)stream_wait(&s, fake_now + TIMEOUT);
	scripted = false;
	ck_assert_int_eq(polls, 4);
	ck_assert_int_eq(last_timeout, 1000);
}
END_TEST

/* Without MSG_NOSIGNAL the test would end by SIGPIPE. */
START_TEST(a_peer_that_is_gone_is_an_error_and_no_signal)
{
	struct iovec piece = {(char[]){"x"}, 1};

	peer_leaves();
	ck_assert_int_eq(stream_write(&s, &piece, 1, 0, &stuck), -EPIPE);
}
END_TEST

START_TEST(closing_gives_the_descriptor_back)
{
	int fd = s.fd;

	stream_close(&s);
	ck_assert_int_eq(s.fd, -1);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST(closing_what_is_not_open_ends_the_program)
{
	struct stream wrong = {9999};

	stream_close(&wrong);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream");
	TCase *t = tcase_create("stream");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, connect_both, close_both);
	tcase_add_test(
		t, reading_gives_what_there_is_or_says_that_there_is_nothing);
	tcase_add_test(t, discarding_reads_what_there_is_and_a_bounded_amount);
	tcase_add_test(t, a_reset_is_an_error);
	tcase_add_test(t, waiting_ends_with_bytes_the_end_or_the_deadline);
	tcase_add_test(t, a_waiting_reader_is_woken_and_the_writer_goes_on);
	tcase_add_test(t, cutting_ends_both_directions);
	tcase_add_test(t, ending_lets_the_peer_go_on);
	tcase_add_loop_test(t, all_pieces_arrive_in_order_however_slow_the_peer,
			    0, 10);
	tcase_add_test(t, trying_to_write_takes_what_goes_and_never_waits);
	tcase_add_test(t, nothing_is_written_at_once);
	tcase_add_test(t, as_many_pieces_as_the_kernel_takes_go_at_once);
	tcase_add_test(t, a_peer_that_takes_nothing_times_out);
	tcase_add_test(t, the_timeout_counts_from_the_last_byte_that_was_taken);
	tcase_add_test(t, an_interrupted_wait_keeps_its_deadline);
	tcase_add_test(t, a_peer_that_is_gone_is_an_error_and_no_signal);
	tcase_add_test(t, closing_gives_the_descriptor_back);
	tcase_add_test_raise_signal(
		t, closing_what_is_not_open_ends_the_program, SIGABRT);
	suite_add_tcase(suite, t);
	return run_all(suite);
}
