/* SPDX-License-Identifier: MIT */
/*
 * chan_send_deferred(): one sender serves many channels and wakes all those
 * who waited there afterwards.
 *
 * Planted: a wake at once in chan_send_deferred() (caught by
 * who_is_served_sleeps_until_the_wake); a waiter that leaves at its deadline
 * though it was served (who_is_served_keeps_it_past_his_deadline); only the
 * first of the list woken (by all that join).
 */
#include "chan_harness.h"

#define RECEIVERS 8

struct sleeper {
	struct chan *chan;
	int64_t deadline;
	bool selects;
	int value;
	enum chan_status status;
	atomic_uint *returned;
	pthread_t thread;
};

static void *sleep_until_served(void *arg)
{
	struct sleeper *s = arg;
	struct chan_case cases[] = {
		CHAN_CASE_RECV(s->chan, &s->value),
		CHAN_CASE_RECV((struct chan *)NULL, &s->value),
	};

	if (!s->selects)
		s->status = chan_recv_until(s->chan, &s->value, s->deadline);
	else if (chan_select(cases, 2, s->deadline) == 0)
		s->status = cases[0].status;
	else
		s->status = CHAN_TIMEDOUT;
	atomic_fetch_add(s->returned, 1);
	return NULL;
}

/* Every other one selects. */
static void start_sleepers(struct sleeper sleepers[RECEIVERS],
			   atomic_uint *returned)
{
	atomic_init(returned, 0);
	for (int i = 0; i < RECEIVERS; i++) {
		sleepers[i] = (struct sleeper){
			.chan = int_chan(0),
			.deadline = CHAN_FOREVER,
			.selects = i % 2,
			.value = -1,
			.returned = returned,
		};
		sleepers[i].thread = start(sleep_until_served, &sleepers[i]);
	}
	for (int i = 0; i < RECEIVERS; i++)
		await_waiters(sleepers[i].chan, 0, 1);
}

/* Whoever was woken by mistake has time to return. */
static void give_time(int64_t until)
{
	until += 20 * NS_PER_MS;
	while (chan__now() < until)
		sched_yield();
}

/* Caught: a lost wake-up, of every second one in the list. */
START_TEST(who_is_served_sleeps_until_the_wake)
{
	struct chan_wakes wakes = CHAN_WAKES_NONE;
	struct sleeper sleepers[RECEIVERS];
	atomic_uint returned;

	start_sleepers(sleepers, &returned);
	for (int i = 0; i < RECEIVERS; i++)
		ck_assert(chan_send_deferred(sleepers[i].chan, &i, &wakes) ==
			  CHAN_OK);
	give_time(chan__now());
	ck_assert_uint_eq(atomic_load(&returned), 0);

	chan_wake(&wakes);
	for (int i = 0; i < RECEIVERS; i++) {
		join(sleepers[i].thread);
		ck_assert(sleepers[i].status == CHAN_OK);
		ck_assert_int_eq(sleepers[i].value, i);
		chan_destroy(sleepers[i].chan);
	}
	ck_assert_ptr_null(wakes.first_);
}
END_TEST

/* One that was served before its deadline, and woken after it.  Caught: an
 * early free, of a waiter that goes at its deadline though a list points to
 * it. */
START_TEST(who_is_served_keeps_it_past_his_deadline)
{
	struct chan_wakes wakes = CHAN_WAKES_NONE;
	struct sleeper s = {.chan = int_chan(0), .selects = _i == 1};
	enum chan_status status;
	atomic_uint returned;
	int v = 5;

	s.returned = &returned;
	for (int64_t ms = 10;; ms *= 2) {
		atomic_init(&returned, 0);
		s.value = -1;
		s.deadline = chan_deadline(ms * NS_PER_MS);
		s.thread = start(sleep_until_served, &s);
		do
			status = chan_send_deferred(s.chan, &v, &wakes);
		while (status != CHAN_OK && atomic_load(&returned) == 0);
		if (status == CHAN_OK)
			break;
		join(s.thread); /* it was too late for this one */
	}
	give_time(s.deadline);
	ck_assert_uint_eq(atomic_load(&returned), 0);
	chan_wake(&wakes);
	join(s.thread);
	ck_assert(s.status == CHAN_OK);
	ck_assert_int_eq(s.value, 5);
	chan_destroy(s.chan);
}
END_TEST

START_TEST(a_list_that_was_woken_serves_again)
{
	struct chan_wakes wakes = CHAN_WAKES_NONE;
	struct sleeper sleepers[RECEIVERS];
	atomic_uint returned;

	for (int round = 0; round < 3; round++) {
		start_sleepers(sleepers, &returned);
		for (int i = 0; i < RECEIVERS; i++)
			ck_assert(chan_send_deferred(sleepers[i].chan, &i,
						     &wakes) == CHAN_OK);
		chan_wake(&wakes);
		for (int i = 0; i < RECEIVERS; i++) {
			join(sleepers[i].thread);
			ck_assert_int_eq(sleepers[i].value, i);
			chan_destroy(sleepers[i].chan);
		}
	}
}
END_TEST

/* What was handed over stays so, whatever happens to the channel. */
START_TEST(a_close_before_the_wake_takes_nothing_back)
{
	struct chan_wakes wakes = CHAN_WAKES_NONE;
	struct chan *c = int_chan(0);
	struct actor a;
	int v = 5;

	start_actor(&a, recv_it, c, 0);
	await_waiters(c, 0, 1);
	ck_assert(chan_send_deferred(c, &v, &wakes) == CHAN_OK);
	chan_close(c);
	chan_wake(&wakes);
	join(a.thread);
	ck_assert(a.status == CHAN_OK);
	ck_assert_int_eq(a.value, 5);
	chan_destroy(c);
}
END_TEST

START_TEST(where_nobody_waits_it_is_a_send_with_the_deadline_now)
{
	struct chan_wakes wakes = CHAN_WAKES_NONE;
	struct chan *c = int_chan(1);
	int v = 1, w = 2;

	ck_assert(chan_send_deferred(c, &v, &wakes) == CHAN_OK);
	ck_assert(chan_send_deferred(c, &w, &wakes) == CHAN_TIMEDOUT);
	ck_assert_int_eq(take(c), 1);
	ck_assert(nothing_in(c));
	chan_close(c);
	ck_assert(chan_send_deferred(c, &v, &wakes) == CHAN_CLOSED);
	ck_assert(chan_send_deferred((struct chan *)NULL, &v, &wakes) ==
		  CHAN_TIMEDOUT);
	ck_assert_ptr_null(wakes.first_);
	chan_wake(&wakes); /* nobody */
	chan_destroy(c);
}
END_TEST

static void send_another_type(void)
{
	struct chan_wakes wakes = CHAN_WAKES_NONE;
	long v = 1;

	(void)!chan_send_deferred(int_chan(1), &v, &wakes);
}

START_TEST(a_value_of_another_size_ends_the_program)
{
	dies_saying(send_another_type, "another size");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chan_deferred");
	TCase *t = tcase_create("deferred");

	tcase_add_test(t, who_is_served_sleeps_until_the_wake);
	tcase_add_loop_test(t, who_is_served_keeps_it_past_his_deadline, 0, 2);
	tcase_add_test(t, a_list_that_was_woken_serves_again);
	tcase_add_test(t, a_close_before_the_wake_takes_nothing_back);
	tcase_add_test(t,
		       where_nobody_waits_it_is_a_send_with_the_deadline_now);
	tcase_add_test(t, a_value_of_another_size_ends_the_program);
	suite_add_tcase(s, t);
	return run_suite(s);
}
