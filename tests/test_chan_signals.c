/* SPDX-License-Identifier: MIT */
/*
 * POSIX signals come to threads that wait, by the thousand, and nothing comes
 * of it.
 */
#include "chan_harness.h"

static void interrupted(int signal)
{
	(void)signal;
}

static void interrupt_waits(void)
{
	struct sigaction how = {.sa_handler = interrupted}; /* no SA_RESTART */

	MUST(sigaction(SIGUSR1, &how, NULL) == 0);
}

static void *select_it(void *arg)
{
	struct actor *a = arg;
	struct chan *never = int_chan(0);
	int nothing;
	struct chan_case cases[] = {
		CHAN_CASE_RECV(never, &nothing),
		CHAN_CASE_RECV(a->chan, &a->value),
	};
	int chosen = chan_select(cases, 2, a->deadline);

	MUST(chosen == 1 || chosen == -1);
	a->status = chosen == 1 ? cases[1].status : CHAN_TIMEDOUT;
	chan_destroy(never);
	return NULL;
}

static void *(*const waits[])(void *) = {recv_it, select_it, send_it};

/* Caught: a wait that takes EINTR, or any wake, for what it waits for. */
START_TEST(signals_interrupt_no_wait)
{
	struct chan *c = int_chan(0);
	bool receives = waits[_i] != send_it;
	struct actor a;

	interrupt_waits();
	start_actor(&a, waits[_i], c, receives ? 0 : 42);
	for (unsigned long i = 0, n = rounds(2000); i < n; i++) {
		await_waiters(c, !receives, receives);
		MUST(pthread_kill(a.thread, SIGUSR1) == 0);
	}
	if (receives)
		put(c, 42);
	else
		ck_assert_int_eq(take(c), 42);
	join(a.thread);
	ck_assert_int_eq(a.status, CHAN_OK);
	ck_assert_int_eq(a.value, 42);
	chan_destroy(c);
}
END_TEST

START_TEST(signals_move_no_deadline)
{
	struct chan *c = int_chan(0);
	int64_t patience = 30 * NS_PER_MS;
	struct actor a = {.chan = c, .value = 42};

	interrupt_waits();
	a.deadline = chan_deadline(patience);
	a.thread = start(waits[_i], &a);
	while (chan__now() < a.deadline - patience / 10) {
		MUST(pthread_kill(a.thread, SIGUSR1) == 0);
		sched_yield();
	}
	join(a.thread);
	ck_assert_int_ge(chan__now(), a.deadline);
	ck_assert_int_lt(chan__now(), a.deadline + 10000 * NS_PER_MS);
	ck_assert_int_eq(a.status, CHAN_TIMEDOUT);
	ck_assert_int_eq(a.value, 42);
	chan_destroy(c);
}
END_TEST

static Suite *signals_suite(void)
{
	Suite *s = suite_create("chan_signals");
	TCase *t = tcase_create("chan_signals");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, signals_interrupt_no_wait, 0, COUNT_OF(waits));
	tcase_add_loop_test(t, signals_move_no_deadline, 0, COUNT_OF(waits));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(signals_suite());
}
