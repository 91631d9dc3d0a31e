/* SPDX-License-Identifier: MIT */
/* The list of open connections, by which main wakes them. */
#include "harness.h"
#include "roster.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { N = 4 };

static struct roster roster;
static struct roster_entry entries[N];
static struct stream streams[N];
static int peers[N];

static void open_all(void)
{
	MUST(roster_init(&roster) == 0);
	for (size_t i = 0; i < N; i++) {
		int fds[2];

		MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) ==
		     0);
		MUST(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
		streams[i].fd = fds[0];
		peers[i] = fds[1];
		roster_add(&roster, &entries[i], &streams[i]);
	}
}

static void close_all(void)
{
	for (size_t i = 0; i < N; i++) {
		stream_close(&streams[i]);
		MUST(close(peers[i]) == 0);
	}
	roster_fini(&roster);
}

/* Does its reader see the end of its stream? */
static bool is_woken(size_t i)
{
	char byte;
	ssize_t n = stream_read(&streams[i], &byte, 1);

	MUST(n == 0 || n == -EAGAIN);
	return n == 0;
}

static bool peer_sees_the_end(size_t i)
{
	char byte;
	ssize_t n = recv(peers[i], &byte, 1, MSG_DONTWAIT);

	MUST(n == 0 || (n < 0 && errno == EAGAIN));
	return n == 0;
}

static void remove_all(void)
{
	for (size_t i = 0; i < N; i++)
		roster_remove(&roster, &entries[i]);
}

START_TEST(waking_ends_the_reading_of_those_that_wait_and_no_others)
{
	roster_set_waits(&roster, &entries[0], true);
	roster_set_waits(&roster, &entries[1], true);
	roster_set_waits(&roster, &entries[1], false);
	roster_set_waits(&roster, &entries[3], true);
	roster_wake_waiting(&roster);
	ck_assert(is_woken(0) && !is_woken(1) && !is_woken(2) && is_woken(3));
	/* What is being written to them goes on. */
	for (size_t i = 0; i < N; i++) {
		ck_assert(!peer_sees_the_end(i));
		ck_assert_int_eq(write(streams[i].fd, "x", 1), 1);
	}
	remove_all();
}
END_TEST

START_TEST(cutting_ends_all_in_both_directions_and_counts_them)
{
	roster_set_waits(&roster, &entries[2], true);
	ck_assert_uint_eq(roster_cut_all(&roster), N);
	for (size_t i = 0; i < N; i++)
		ck_assert(is_woken(i) && peer_sees_the_end(i));
	remove_all();
	ck_assert_uint_eq(roster_cut_all(&roster), 0);
	roster_wake_waiting(&roster);
}
END_TEST

/* So that no stranger's descriptor is hit.  In any order. */
START_TEST(who_has_left_is_left_alone)
{
	static const size_t orders[][N] = {
		{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};

	for (size_t gone = 0; gone < 2; gone++)
		roster_remove(&roster, &entries[orders[_i][gone]]);
	ck_assert_uint_eq(roster_cut_all(&roster), N - 2);
	for (size_t i = 0; i < N; i++)
		ck_assert(is_woken(orders[_i][i]) == (i >= 2));
	for (size_t left = 2; left < N; left++)
		roster_remove(&roster, &entries[orders[_i][left]]);
}
END_TEST

START_TEST(who_comes_again_does_not_wait_yet)
{
	roster_set_waits(&roster, &entries[0], true);
	roster_remove(&roster, &entries[0]);
	roster_add(&roster, &entries[0], &streams[0]);
	roster_wake_waiting(&roster);
	ck_assert(!is_woken(0));
	remove_all();
}
END_TEST

static void *come_and_go(void *arg)
{
	struct roster_entry *e = arg;
	struct stream *s = e->stream;

	for (int i = 0; i < 2000; i++) {
		roster_remove(&roster, e);
		roster_add(&roster, e, s);
		roster_set_waits(&roster, e, i % 2);
	}
	return NULL;
}

/* TSan looks on.  Caught there: a list without its mutex. */
START_TEST(readers_may_come_and_go_while_main_walks)
{
	pthread_t readers[N];

	for (size_t i = 0; i < N; i++)
		MUST(pthread_create(&readers[i], NULL, come_and_go,
				    &entries[i]) == 0);
	for (int i = 0; i < 500; i++) {
		roster_wake_waiting(&roster);
		MUST(roster_cut_all(&roster) <= N);
	}
	for (size_t i = 0; i < N; i++)
		MUST(pthread_join(readers[i], NULL) == 0);
	ck_assert_uint_eq(roster_cut_all(&roster), N);
	remove_all();
}
END_TEST

START_TEST(a_list_that_is_not_empty_in_the_end_ends_the_program)
{
	roster_fini(&roster);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("roster");
	TCase *t = tcase_create("roster");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, open_all, close_all);
	tcase_add_test(
		t, waking_ends_the_reading_of_those_that_wait_and_no_others);
	tcase_add_test(t, cutting_ends_all_in_both_directions_and_counts_them);
	tcase_add_loop_test(t, who_has_left_is_left_alone, 0, 4);
	tcase_add_test(t, who_comes_again_does_not_wait_yet);
	tcase_add_test(t, readers_may_come_and_go_while_main_walks);
	tcase_add_test_raise_signal(
		t, a_list_that_is_not_empty_in_the_end_ends_the_program,
		SIGABRT);
	suite_add_tcase(s, t);
	return run_all(s);
}
