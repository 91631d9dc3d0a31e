/* SPDX-License-Identifier: MIT */
/*
 * Threads that wait at a channel: who is served when, what close does to them,
 * and what is theirs already while they still wake up.
 */
#include "chan_harness.h"

enum { CROWD = 6 };

/* ---- Waiting, and being served ---- */

START_TEST(a_receive_waits_for_a_send)
{
	struct chan *c = int_chan((size_t)_i);
	struct actor a;

	start_actor(&a, recv_it, c, 0);
	await_waiters(c, 0, 1);
	put(c, 42);
	join(a.thread);
	ck_assert_int_eq(a.status, CHAN_OK);
	ck_assert_int_eq(a.value, 42);
	ck_assert_uint_eq(chan_len(c), 0);
	chan_destroy(c);
}
END_TEST

/* Unbuffered that is: until a receiver has taken the value. */
START_TEST(a_send_waits_for_room)
{
	struct chan *c = int_chan((size_t)_i);
	struct actor a;

	for (int i = 0; i < _i; i++)
		put(c, i);
	start_actor(&a, send_it, c, _i);
	await_waiters(c, 1, 0);
	for (int i = 0; i <= _i; i++)
		ck_assert_int_eq(take(c), i);
	join(a.thread);
	ck_assert_int_eq(a.status, CHAN_OK);
	ck_assert(nothing_in(c));
	chan_destroy(c);
}
END_TEST

/* Caught: a queue that serves whoever came last. */
START_TEST(receivers_are_served_in_the_order_they_came)
{
	struct chan *c = int_chan((size_t)_i);
	struct actor crowd[CROWD];

	for (size_t i = 0; i < CROWD; i++) {
		start_actor(&crowd[i], recv_it, c, -1);
		await_waiters(c, 0, i + 1);
	}
	for (int i = 0; i < CROWD; i++)
		put(c, i);
	for (int i = 0; i < CROWD; i++) {
		join(crowd[i].thread);
		ck_assert_int_eq(crowd[i].status, CHAN_OK);
		ck_assert_int_eq(crowd[i].value, i);
	}
	chan_destroy(c);
}
END_TEST

/* Caught: no refill after a receive (the senders hang), a refill from the
 * wrong end, a queue that serves whoever came last. */
START_TEST(senders_are_served_in_the_order_they_came)
{
	struct chan *c = int_chan((size_t)_i);
	struct actor crowd[CROWD];

	for (int i = 0; i < _i; i++)
		put(c, i);
	for (size_t i = 0; i < CROWD; i++) {
		start_actor(&crowd[i], send_it, c, _i + (int)i);
		await_waiters(c, i + 1, 0);
	}
	for (int i = 0; i < _i + CROWD; i++)
		ck_assert_int_eq(take(c), i);
	for (int i = 0; i < CROWD; i++) {
		join(crowd[i].thread);
		ck_assert_int_eq(crowd[i].status, CHAN_OK);
	}
	chan_destroy(c);
}
END_TEST

static atomic_bool gave_up;

static void *recv_or_give_up(void *arg)
{
	(void)recv_it(arg);
	atomic_store(&gave_up, true);
	return NULL;
}

/* Returns once all n who were started wait, except one that gave up. */
static void await_all_but_one(struct chan *c, size_t n)
{
	for (;;) {
		bool one_less = atomic_load(&gave_up);
		size_t waiting;

		lock(&c->lock);
		waiting = length_of(&c->receivers);
		unlock(&c->lock);
		if (waiting == n - one_less)
			return;
		sched_yield();
	}
}

/* Three wait, one of them till a deadline; were all three seen together? */
static bool one_of_three_gives_up(struct chan *c, size_t quitter, int64_t t)
{
	struct actor all[3];
	bool together;
	int next = 1;

	atomic_store(&gave_up, false);
	for (size_t i = 0; i < 3; i++) {
		bool quits = i == quitter;

		all[i].chan = c;
		all[i].value = -1;
		all[i].deadline = quits ? t : CHAN_FOREVER;
		all[i].thread =
			start(quits ? recv_or_give_up : recv_it, &all[i]);
		await_all_but_one(c, i + 1);
	}
	together = !atomic_load(&gave_up);
	join(all[quitter].thread);
	MUST(all[quitter].status == CHAN_TIMEDOUT);
	MUST(all[quitter].value == -1);
	await_waiters(c, 0, 2);
	put(c, 1);
	put(c, 2);
	for (size_t i = 0; i < 3; i++) {
		if (i == quitter)
			continue;
		join(all[i].thread);
		MUST(all[i].status == CHAN_OK && all[i].value == next++);
	}
	return together;
}

/* Caught: one who gives up and stays in the queue. */
START_TEST(who_gives_up_leaves_the_others_in_order)
{
	struct chan *c = int_chan(0);
	int64_t patience = NS_PER_MS;

	/* On a slow machine it takes a longer deadline to see it. */
	while (!one_of_three_gives_up(c, (size_t)_i, chan_deadline(patience)))
		patience *= 2;
	chan_destroy(c);
}
END_TEST

/* ---- Close ---- */

START_TEST(close_wakes_every_blocked_receiver)
{
	struct chan *c = int_chan((size_t)_i);
	struct actor crowd[CROWD];

	for (size_t i = 0; i < CROWD; i++)
		start_actor(&crowd[i], recv_it, c, 77);
	await_waiters(c, 0, CROWD);
	chan_close(c);
	for (int i = 0; i < CROWD; i++) {
		join(crowd[i].thread);
		ck_assert_int_eq(crowd[i].status, CHAN_CLOSED);
		ck_assert_int_eq(crowd[i].value, 0);
	}
	chan_destroy(c);
}
END_TEST

/* Caught: a sender to whom close reports OK; one whom close forgets. */
START_TEST(close_wakes_every_blocked_sender_and_takes_nothing_from_it)
{
	struct chan *c = int_chan((size_t)_i);
	struct actor crowd[CROWD];
	int v;

	for (int i = 0; i < _i; i++)
		put(c, i + 1);
	for (size_t i = 0; i < CROWD; i++)
		start_actor(&crowd[i], send_it, c, 1000);
	await_waiters(c, CROWD, 0);
	chan_close(c);
	for (int i = 0; i < CROWD; i++) {
		join(crowd[i].thread);
		ck_assert_int_eq(crowd[i].status, CHAN_CLOSED);
		ck_assert_int_eq(crowd[i].value, 1000);
	}
	for (int i = 0; i < _i; i++)
		ck_assert_int_eq(take(c), i + 1);
	ck_assert_int_eq(try_take(c, &v), CHAN_CLOSED);
	chan_destroy(c);
}
END_TEST

static void *await_signal(void *arg)
{
	MUST(chan_recv_unit(arg, CHAN_FOREVER) == CHAN_CLOSED);
	return NULL;
}

/* What chatd's quit is. */
START_TEST(close_of_a_channel_of_signals_tells_everybody)
{
	struct chan *quit = chan_create(0, 0);
	pthread_t crowd[CROWD];

	for (size_t i = 0; i < CROWD; i++)
		crowd[i] = start(await_signal, quit);
	await_waiters(quit, 0, CROWD);
	chan_close(quit);
	for (size_t i = 0; i < CROWD; i++)
		join(crowd[i]);
	chan_destroy(quit);
}
END_TEST

/* ---- What was handed over can't be taken back ---- */

/* Caught: a receiver that is woken to look for itself, as with a plain
 * condition variable. */
START_TEST(what_a_waiting_receiver_got_cannot_be_taken_by_another)
{
	struct chan *c = int_chan((size_t)_i);
	unsigned long n = rounds(300);
	struct actor a;

	for (unsigned long i = 0; i < n; i++) {
		start_actor(&a, recv_it, c, 0);
		await_waiters(c, 0, 1);
		put(c, 42);
		MUST(nothing_in(c));
		join(a.thread);
		MUST(a.status == CHAN_OK && a.value == 42);
	}
	chan_destroy(c);
}
END_TEST

/* Caught: a sender that is woken to look for itself. */
START_TEST(the_room_a_waiting_sender_got_cannot_be_taken_by_another)
{
	struct chan *c = int_chan((size_t)_i);
	unsigned long n = rounds(300);
	struct actor a;

	for (int i = 0; i < _i; i++)
		put(c, 0);
	for (unsigned long i = 0; i < n; i++) {
		start_actor(&a, send_it, c, 0);
		await_waiters(c, 1, 0);
		MUST(take(c) == 0);
		MUST(chan_len(c) == (size_t)_i);
		MUST(try_put(c, 99) == CHAN_TIMEDOUT);
		join(a.thread);
		MUST(a.status == CHAN_OK);
	}
	chan_destroy(c);
}
END_TEST

static Suite *wait_suite(void)
{
	Suite *s = suite_create("chan_wait");
	TCase *t = tcase_create("chan_wait");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_receive_waits_for_a_send, 0, 3);
	tcase_add_loop_test(t, a_send_waits_for_room, 0, 4);
	tcase_add_loop_test(t, receivers_are_served_in_the_order_they_came, 0,
			    2);
	tcase_add_loop_test(t, senders_are_served_in_the_order_they_came, 0, 4);
	tcase_add_loop_test(t, who_gives_up_leaves_the_others_in_order, 0, 3);
	tcase_add_loop_test(t, close_wakes_every_blocked_receiver, 0, 3);
	tcase_add_loop_test(
		t, close_wakes_every_blocked_sender_and_takes_nothing_from_it,
		0, 3);
	tcase_add_test(t, close_of_a_channel_of_signals_tells_everybody);
	tcase_add_loop_test(
		t, what_a_waiting_receiver_got_cannot_be_taken_by_another, 0,
		2);
	tcase_add_loop_test(
		t, the_room_a_waiting_sender_got_cannot_be_taken_by_another, 1,
		3);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(wait_suite());
}
