/* SPDX-License-Identifier: MIT */
/* The small rooms of base: checks, the clock, threads. */
#include "check.h"
#include "clock.h"
#include "harness.h"
#include "memory_harness.h"
#include "thread.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)

/* ---- Checks ---- */

START_TEST(a_check_that_holds_does_nothing)
{
	int evaluated = 0;

	CHECK(++evaluated == 1);
	ck_assert_int_eq(evaluated, 1);
}
END_TEST

static int fds[2];

START_TEST(a_check_that_fails_says_where_and_ends_the_program)
{
	char said[512];
	ssize_t n;
	int line, status;
	pid_t pid;

	MUST(pipe(fds) == 0);
	pid = fork();
	MUST(pid >= 0);
	line = __LINE__ + 3; /* the CHECK() below */
	if (pid == 0) {
		MUST(dup2(fds[1], STDERR_FILENO) >= 0);
		CHECK(1 + 1 == 3);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0) == pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	n = read(fds[0], said, sizeof(said) - 1);
	MUST(n > 0);
	said[n] = '\0';
	ck_assert_ptr_nonnull(strstr(said, "test_base.c:"));
	ck_assert_int_eq(atoi(strstr(said, "test_base.c:") + 12), line);
	ck_assert_ptr_nonnull(
		strstr(said, "CHECK failed in thread test_base: 1 + 1 == 3\n"));
}
END_TEST

/* ---- The clock ---- */

START_TEST(now_is_the_monotonic_clock_in_nanoseconds)
{
	struct timespec t;
	int64_t before = clock_now(), after;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	after = clock_now();
	ck_assert_int_le(before, t.tv_sec * CLOCK_SECOND + t.tv_nsec);
	ck_assert_int_ge(after, t.tv_sec * CLOCK_SECOND + t.tv_nsec);
}
END_TEST

START_TEST(a_deadline_lies_a_timeout_ahead)
{
	int64_t before = clock_now();
	int64_t deadline = clock_deadline(5 * CLOCK_SECOND);

	ck_assert_int_ge(deadline, before + 5 * CLOCK_SECOND);
	ck_assert_int_le(deadline, clock_now() + 5 * CLOCK_SECOND);
}
END_TEST

START_TEST(a_timeout_of_nothing_never_comes_and_a_huge_one_saturates)
{
	ck_assert_int_eq(clock_deadline(0), CLOCK_NEVER);
	ck_assert_int_eq(clock_deadline(INT64_MAX), CLOCK_NEVER);
	ck_assert_int_eq(clock_deadline(INT64_MAX - 1), CLOCK_NEVER);
	ck_assert_int_lt(clock_deadline(INT64_MAX / 2), CLOCK_NEVER);
}
END_TEST

/* Caught: rounding down, with which poll() spins through the last one. */
START_TEST(poll_gets_milliseconds_rounded_up)
{
	ck_assert_int_eq(clock_poll_timeout(CLOCK_NEVER), -1);
	ck_assert_int_eq(clock_poll_timeout(0), 0);
	ck_assert_int_eq(clock_poll_timeout(clock_now()), 0);
	ck_assert_int_eq(clock_poll_timeout(clock_now() + 1000 * CLOCK_SECOND -
					    NS_PER_MS / 2),
			 1000000);
	ck_assert_int_eq(clock_poll_timeout(CLOCK_NEVER - 1), INT_MAX);
	/* Never 0 before the time has come. */
	for (int64_t until = clock_now() + 2 * NS_PER_MS;;) {
		int timeout = clock_poll_timeout(until);
		bool over = clock_now() >= until;

		MUST(timeout > 0 || over);
		MUST(timeout <= 2);
		if (over)
			break;
	}
}
END_TEST

/* ---- Threads ---- */

struct seen {
	char name[16];
	size_t stack;
	sigset_t blocked;
	void *arg;
};

static void *look(void *arg)
{
	struct seen *s = arg;
	pthread_attr_t attr;

	s->arg = arg;
	MUST(pthread_getname_np(pthread_self(), s->name, sizeof(s->name)) == 0);
	MUST(pthread_getattr_np(pthread_self(), &attr) == 0);
	MUST(pthread_attr_getstacksize(&attr, &s->stack) == 0);
	MUST(pthread_attr_destroy(&attr) == 0);
	MUST(pthread_sigmask(SIG_BLOCK, NULL, &s->blocked) == 0);
	return NULL;
}

START_TEST(a_thread_has_its_name_argument_and_stack)
{
	struct seen s = {.stack = 0};
	pthread_t thread;

	ck_assert_int_eq(thread_start(&thread, (size_t)128 * 1024, look, &s,
				      "reader-%d", 17),
			 0);
	thread_join(thread);
	ck_assert_str_eq(s.name, "reader-17");
	ck_assert_ptr_eq(s.arg, &s);
	ck_assert_uint_ge(s.stack, 128 * 1024);
	ck_assert_uint_le(s.stack, 8 * 144 * 1024); /* sanitizers get more */
}
END_TEST

START_TEST(a_long_name_is_cut)
{
	struct seen s;
	pthread_t thread;

	ck_assert_int_eq(thread_start(&thread, 0, look, &s, "%s",
				      "a-name-of-more-than-fifteen"),
			 0);
	thread_join(thread);
	ck_assert_str_eq(s.name, "a-name-of-more-");
}
END_TEST

START_TEST(without_a_size_or_below_the_least_the_systems_own_holds)
{
	pthread_attr_t attr;
	size_t usual;
	struct seen s;
	pthread_t thread;

	MUST(pthread_attr_init(&attr) == 0);
	MUST(pthread_attr_getstacksize(&attr, &usual) == 0);
	MUST(pthread_attr_destroy(&attr) == 0);
	for (size_t stack = 0; stack < 2; stack++) {
		ck_assert_int_eq(thread_start(&thread, stack, look, &s, "t"),
				 0);
		thread_join(thread);
		ck_assert_uint_ge(s.stack, usual);
	}
}
END_TEST

/* Signals are for the thread in sigwait(); who starts others keeps his own
 * mask. */
START_TEST(all_signals_are_blocked_in_a_thread_and_none_in_its_starter)
{
	sigset_t mine;
	struct seen s;
	pthread_t thread;

	MUST(pthread_sigmask(SIG_BLOCK, NULL, &mine) == 0);
	ck_assert_int_eq(sigismember(&mine, SIGTERM), 0);
	ck_assert_int_eq(thread_start(&thread, 0, look, &s, "t"), 0);
	MUST(pthread_sigmask(SIG_BLOCK, NULL, &mine) == 0);
	ck_assert_int_eq(sigismember(&mine, SIGTERM), 0);
	thread_join(thread);
	ck_assert_int_eq(sigismember(&s.blocked, SIGTERM), 1);
	ck_assert_int_eq(sigismember(&s.blocked, SIGINT), 1);
	ck_assert_int_eq(sigismember(&s.blocked, SIGUSR1), 1);
	ck_assert_int_eq(sigismember(&s.blocked, SIGALRM), 1);
}
END_TEST

START_TEST(where_there_is_no_memory_no_thread_is_started)
{
	struct seen s;
	pthread_t thread;
	int err;

	memory_fail(1);
	WATCHED(err = thread_start(&thread, 0, look, &s, "t"));
	ck_assert_int_eq(err, -EAGAIN);
	ck_assert_uint_eq(memory_blocks, 0);
}
END_TEST

/* A stack that no machine has: the kernel refuses. */
START_TEST(where_the_system_has_no_thread_none_is_started)
{
	struct seen s;
	pthread_t thread;
	int err;

	WATCHED(err = thread_start(&thread, (size_t)1 << 46, look, &s, "t"));
	ck_assert_int_eq(err, -EAGAIN);
	ck_assert_uint_eq(memory_blocks, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base");
	TCase *t = tcase_create("base");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_check_that_holds_does_nothing);
	tcase_add_test(t, a_check_that_fails_says_where_and_ends_the_program);
	tcase_add_test(t, now_is_the_monotonic_clock_in_nanoseconds);
	tcase_add_test(t, a_deadline_lies_a_timeout_ahead);
	tcase_add_test(
		t, a_timeout_of_nothing_never_comes_and_a_huge_one_saturates);
	tcase_add_test(t, poll_gets_milliseconds_rounded_up);
	tcase_add_test(t, a_thread_has_its_name_argument_and_stack);
	tcase_add_test(t, a_long_name_is_cut);
	tcase_add_test(t,
		       without_a_size_or_below_the_least_the_systems_own_holds);
	tcase_add_test(
		t, all_signals_are_blocked_in_a_thread_and_none_in_its_starter);
	tcase_add_test(t, where_there_is_no_memory_no_thread_is_started);
	tcase_add_test(t, where_the_system_has_no_thread_none_is_started);
	suite_add_tcase(s, t);
	return run_all(s);
}
