/* SPDX-License-Identifier: MIT */
/*
 * chan_send_some() and chan_recv_some() where threads wait: who gets how much,
 * in which order, and how many are woken.
 */
#include "chan_harness.h"

/* ---- Receivers wait ---- */

struct batch {
	struct chan *chan;
	int values[8];
	size_t count, n;
	int64_t deadline;
	enum chan_status status;
	pthread_t thread;
};

static void *send_batch(void *arg)
{
	struct batch *b = arg;

	b->status = chan_send_some(b->chan, b->values, b->count, &b->n,
				   b->deadline);
	return NULL;
}

static void *recv_batch(void *arg)
{
	struct batch *b = arg;

	b->status = chan_recv_some(b->chan, b->values, b->count, &b->n,
				   b->deadline);
	return NULL;
}

/* Values from first on where it sends, 77 where it receives. */
static void start_batch(struct batch *b, void *(*run)(void *), struct chan *c,
			size_t count, int first)
{
	*b = (struct batch){
		.chan = c, .count = count, .n = 99, .deadline = CHAN_FOREVER};
	for (size_t i = 0; i < COUNT_OF(b->values); i++)
		b->values[i] = run == send_batch ? first + (int)i : 77;
	b->thread = start(run, b);
}

START_TEST(receivers_that_wait_share_what_comes)
{
	struct chan *c = int_chan((size_t)_i);
	struct actor one;
	struct batch two, last;
	int vs[] = {1, 2, 3, 4, 5, 6};
	size_t n;

	start_actor(&one, recv_it, c, 0);
	await_waiters(c, 0, 1);
	start_batch(&two, recv_batch, c, 2, 0);
	await_waiters(c, 0, 2);
	start_batch(&last, recv_batch, c, 8, 0);
	await_waiters(c, 0, 3);
	ck_assert_int_eq(chan_send_some(c, vs, 6, &n, CHAN_NOW), CHAN_OK);
	ck_assert_uint_eq(n, 6);
	join(one.thread);
	join(two.thread);
	join(last.thread);
	ck_assert_int_eq(one.value, 1);
	ck_assert_uint_eq(two.n, 2);
	ck_assert_int_eq(two.values[0], 2);
	ck_assert_int_eq(two.values[1], 3);
	ck_assert_int_eq(two.values[2], 77);
	ck_assert_uint_eq(last.n, 3);
	ck_assert_int_eq(last.values[0], 4);
	ck_assert_int_eq(last.values[2], 6);
	ck_assert_int_eq(last.values[3], 77);
	ck_assert_uint_eq(chan_len(c), 0);
	chan_destroy(c);
}
END_TEST

/* It is served with the first value, and before it wakes up others come.
 * Caught: a receiver that goes off with one value. */
START_TEST(a_woken_recv_some_takes_what_came_meanwhile)
{
	struct chan_wakes wakes = CHAN_WAKES_NONE;
	struct chan *c = int_chan(8);
	struct batch b;
	int first = 0;

	start_batch(&b, recv_batch, c, 5, 0);
	await_waiters(c, 0, 1);
	ck_assert_int_eq(chan_send_deferred(c, &first, &wakes), CHAN_OK);
	for (int v = 1; v < 7; v++)
		put(c, v);
	chan_wake(&wakes);
	join(b.thread);
	ck_assert_int_eq(b.status, CHAN_OK);
	ck_assert_uint_eq(b.n, 5);
	for (int v = 0; v < 5; v++)
		ck_assert_int_eq(b.values[v], v);
	ck_assert_int_eq(take(c), 5);
	ck_assert_int_eq(take(c), 6);
	chan_destroy(c);
}
END_TEST

START_TEST(recv_some_is_told_of_close_and_deadline)
{
	struct chan *c = int_chan((size_t)_i);
	struct batch b;

	start_batch(&b, recv_batch, c, 3, 0);
	await_waiters(c, 0, 1);
	chan_close(c);
	join(b.thread);
	ck_assert_int_eq(b.status, CHAN_CLOSED);
	ck_assert_uint_eq(b.n, 0);
	ck_assert_int_eq(b.values[0], 0);
	ck_assert_int_eq(b.values[1], 77);
	chan_destroy(c);

	c = int_chan((size_t)_i);
	b.values[0] = 77;
	ck_assert_int_eq(
		chan_recv_some(c, b.values, 3, &b.n, chan_deadline(NS_PER_MS)),
		CHAN_TIMEDOUT);
	ck_assert_uint_eq(b.n, 0);
	ck_assert_int_eq(b.values[0], 77);
	chan_destroy(c);
}
END_TEST

/* ---- Senders wait ---- */

START_TEST(send_some_waits_till_the_last_has_gone)
{
	struct chan *c = int_chan((size_t)_i);
	struct batch b;

	start_batch(&b, send_batch, c, 8, 0);
	await_waiters(c, 1, 0);
	for (int i = 0; i < 8; i++) {
		/* Its last values may lie in the ring: it needn't wait on. */
		if (i + _i < 8)
			await_waiters(c, 1, 0);
		ck_assert_int_eq(take(c), i);
	}
	join(b.thread);
	ck_assert_int_eq(b.status, CHAN_OK);
	ck_assert_uint_eq(b.n, 8);
	chan_destroy(c);
}
END_TEST

/* Caught: a sender that goes to the end of the queue after each value. */
START_TEST(no_value_of_another_comes_between_those_that_wait)
{
	struct chan *c = int_chan((size_t)_i);
	struct batch a, b;
	struct actor last;

	start_batch(&a, send_batch, c, 6, 0);
	await_waiters(c, 1, 0);
	start_batch(&b, send_batch, c, 4, 6);
	await_waiters(c, 2, 0);
	start_actor(&last, send_it, c, 10);
	await_waiters(c, 3, 0);
	for (int i = 0; i < 11; i++)
		ck_assert_int_eq(take(c), i);
	join(a.thread);
	join(b.thread);
	join(last.thread);
	chan_destroy(c);
}
END_TEST

/* Takes from the ring, then from the senders, and fills the ring again.
 * Caught: a refill of one, a refill before the senders' own turn. */
START_TEST(recv_some_lets_as_many_senders_go_as_it_made_room_for)
{
	enum { SENDERS = 6 };
	struct chan *c = int_chan(4);
	struct actor senders[SENDERS];
	int got[7];
	size_t n;

	for (int i = 0; i < 4; i++)
		put(c, i);
	for (size_t i = 0; i < SENDERS; i++) {
		start_actor(&senders[i], send_it, c, 4 + (int)i);
		await_waiters(c, i + 1, 0);
	}
	ck_assert_int_eq(chan_recv_some(c, got, 3, &n, CHAN_FOREVER), CHAN_OK);
	ck_assert_uint_eq(n, 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(got[i], i);
		join(senders[i].thread);
		ck_assert_int_eq(senders[i].status, CHAN_OK);
	}
	ck_assert_uint_eq(chan_len(c), 4);
	await_waiters(c, 3, 0);

	ck_assert_int_eq(chan_recv_some(c, got, 6, &n, CHAN_FOREVER), CHAN_OK);
	ck_assert_uint_eq(n, 6);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(got[i], 3 + i);
	await_waiters(c, 0, 0);
	ck_assert_uint_eq(chan_len(c), 1);
	ck_assert_int_eq(take(c), 9);
	for (int i = 3; i < SENDERS; i++)
		join(senders[i].thread);
	chan_destroy(c);
}
END_TEST

START_TEST(recv_some_empties_the_hands_of_senders_without_a_buffer)
{
	struct chan *c = int_chan(0);
	struct actor a, d;
	struct batch b;
	int got[8];
	size_t n;

	start_actor(&a, send_it, c, 0);
	await_waiters(c, 1, 0);
	start_batch(&b, send_batch, c, 4, 1);
	await_waiters(c, 2, 0);
	start_actor(&d, send_it, c, 5);
	await_waiters(c, 3, 0);
	ck_assert_int_eq(chan_recv_some(c, got, 3, &n, CHAN_NOW), CHAN_OK);
	ck_assert_uint_eq(n, 3);
	await_waiters(c, 2, 0); /* the second still holds two */
	ck_assert_int_eq(chan_recv_some(c, got + 3, 5, &n, CHAN_NOW), CHAN_OK);
	ck_assert_uint_eq(n, 3);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(got[i], i);
	join(a.thread);
	join(b.thread);
	join(d.thread);
	ck_assert_uint_eq(b.n, 4);
	chan_destroy(c);
}
END_TEST

/* Caught: a count that forgets what went before the wait, or during it. */
START_TEST(send_some_that_is_closed_on_knows_how_many_went)
{
	struct chan *c = int_chan((size_t)_i);
	struct batch b;
	int v;

	start_batch(&b, send_batch, c, 8, 0);
	await_waiters(c, 1, 0);
	ck_assert_int_eq(take(c), 0);
	ck_assert_int_eq(take(c), 1);
	chan_close(c);
	join(b.thread);
	ck_assert_int_eq(b.status, CHAN_CLOSED);
	ck_assert_uint_eq(b.n, 2 + (size_t)_i);
	for (int i = 2; i < 2 + _i; i++)
		ck_assert_int_eq(take(c), i);
	ck_assert_int_eq(try_take(c, &v), CHAN_CLOSED);
	chan_destroy(c);
}
END_TEST

/* The deadline is far enough for the receives before it, or else they see no
 * sender; either way the count is what was received. */
START_TEST(send_some_that_times_out_knows_how_many_went)
{
	struct chan *c = int_chan((size_t)_i);
	struct batch b = {
		.chan = c, .count = 8, .deadline = chan_deadline(NS_PER_MS)};
	size_t received = 0;
	int64_t end = chan_deadline(200 * NS_PER_MS);
	int v;

	for (int i = 0; i < 8; i++)
		b.values[i] = i;
	b.thread = start(send_batch, &b);
	while (received < 3 && chan_recv_until(c, &v, end) == CHAN_OK)
		ck_assert_int_eq(v, (int)received++);
	join(b.thread);
	ck_assert_int_eq(b.status, CHAN_TIMEDOUT);
	for (; try_take(c, &v) == CHAN_OK; received++)
		ck_assert_int_eq(v, (int)received);
	ck_assert_uint_eq(b.n, received);
	chan_destroy(c);
}
END_TEST

static Suite *some_wait_suite(void)
{
	Suite *s = suite_create("chan_some_wait");
	TCase *t = tcase_create("chan_some_wait");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, receivers_that_wait_share_what_comes, 0, 2);
	tcase_add_test(t, a_woken_recv_some_takes_what_came_meanwhile);
	tcase_add_loop_test(t, recv_some_is_told_of_close_and_deadline, 0, 2);
	tcase_add_loop_test(t, send_some_waits_till_the_last_has_gone, 0, 4);
	tcase_add_loop_test(
		t, no_value_of_another_comes_between_those_that_wait, 0, 4);
	tcase_add_test(t,
		       recv_some_lets_as_many_senders_go_as_it_made_room_for);
	tcase_add_test(t,
		       recv_some_empties_the_hands_of_senders_without_a_buffer);
	tcase_add_loop_test(t, send_some_that_is_closed_on_knows_how_many_went,
			    0, 4);
	tcase_add_loop_test(t, send_some_that_times_out_knows_how_many_went, 0,
			    4);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(some_wait_suite());
}
