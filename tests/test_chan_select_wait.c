/* SPDX-License-Identifier: MIT */
/*
 * Selects that wait: what wakes them, what they leave behind in the queues of
 * the channels that weren't chosen, and their place among others who wait.
 */
#include "chan_harness.h"

/* ---- Waiting needs no memory ---- */

static atomic_uint allocations;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_malloc(size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __real_calloc(n, size);
}

/* ---- A thread that selects ---- */

enum { CASES = 4 };

struct selector {
	struct chan_case cases[CASES];
	int values[CASES];
	size_t n;
	int64_t deadline;
	int chosen;
	pthread_t thread;
};

static void *select_once(void *arg)
{
	struct selector *s = arg;

	s->chosen = chan_select(s->cases, s->n, s->deadline);
	return NULL;
}

static void init_selector(struct selector *s)
{
	s->n = 0;
	s->deadline = CHAN_FOREVER;
	s->chosen = -2;
}

static void add_recv(struct selector *s, struct chan *c)
{
	s->values[s->n] = 77;
	s->cases[s->n] = CHAN_CASE_RECV(c, &s->values[s->n]);
	s->n++;
}

static void add_send(struct selector *s, struct chan *c, int v)
{
	s->values[s->n] = v;
	s->cases[s->n] = CHAN_CASE_SEND(c, &s->values[s->n]);
	s->n++;
}

static void start_selector(struct selector *s)
{
	s->thread = start(select_once, s);
}

/* ---- What wakes it ---- */

/* In each place of the array.  Caught: a wake that is lost, the wrong index,
 * a case that stays in the queue of a channel that wasn't chosen. */
START_TEST(a_select_waits_for_the_first_partner)
{
	struct chan *c[CASES];

	for (int i = 0; i < CASES; i++)
		c[i] = int_chan((size_t)i);
	for (int i = 0; i < CASES; i++) {
		struct selector s;

		init_selector(&s);
		for (int k = 0; k < CASES; k++)
			add_recv(&s, c[k]);
		start_selector(&s);
		for (int k = 0; k < CASES; k++)
			await_waiters(c[k], 0, 1);
		put(c[i], i);
		join(s.thread);
		ck_assert_int_eq(s.chosen, i);
		ck_assert_int_eq(s.cases[i].status, CHAN_OK);
		for (int k = 0; k < CASES; k++) {
			ck_assert_int_eq(s.values[k], k == i ? i : 77);
			ck_assert_uint_eq(chan_len(c[k]), 0);
			await_waiters(c[k], 0, 0);
		}

		/* The array is used again as it is. */
		for (int k = 0; k < CASES; k++)
			for (int n = 0; n < k; n++)
				put(c[k], n);
		for (int k = 0; k < CASES; k++) {
			s.cases[k].direction = CHAN_SENDS;
			s.values[k] = k;
		}
		start_selector(&s);
		for (int k = 0; k < CASES; k++)
			await_waiters(c[k], 1, 0);
		for (int n = 0; n <= i; n++)
			ck_assert_int_eq(take(c[i]), n);
		join(s.thread);
		ck_assert_int_eq(s.chosen, i);
		for (int k = 0; k < CASES; k++) {
			await_waiters(c[k], 0, 0);
			for (int n = 0; n < k && k != i; n++)
				ck_assert_int_eq(take(c[k]), n);
			ck_assert(nothing_in(c[k]));
		}
	}
	for (int i = 0; i < CASES; i++)
		chan_destroy(c[i]);
}
END_TEST

/* Caught: a close that reports OK, or forgets a direction. */
START_TEST(close_wakes_a_select_on_either_side)
{
	for (size_t i = 0; i < CASES; i++) {
		struct chan *c[CASES];
		struct selector s;

		init_selector(&s);
		for (size_t k = 0; k < CASES; k++) {
			c[k] = int_chan(0);
			if (k % 2)
				add_send(&s, c[k], 77);
			else
				add_recv(&s, c[k]);
		}
		start_selector(&s);
		for (size_t k = 0; k < CASES; k++)
			await_waiters(c[k], k % 2, 1 - k % 2);
		chan_close(c[i]);
		join(s.thread);
		ck_assert_int_eq(s.chosen, (int)i);
		ck_assert_int_eq(s.cases[i].status, CHAN_CLOSED);
		ck_assert_int_eq(s.values[i], i % 2 ? 77 : 0);
		for (size_t k = 0; k < CASES; k++)
			chan_destroy(c[k]);
	}
}
END_TEST

/* A pair of one, one alone of two, or one twice, against the same. */
static void add_side(struct selector *s, struct chan *c, struct chan *idle,
		     int way, bool sends)
{
	if (way >= 1)
		add_recv(s, idle);
	for (int i = way == 2 ? 0 : 1; i < 2; i++) {
		if (sends)
			add_send(s, c, 42);
		else
			add_recv(s, c);
	}
}

START_TEST(whoever_waits_and_whoever_comes_they_meet)
{
	int way_s = _i % 3, way_r = _i / 3 % 3;
	bool sender_waits = _i / 9;
	struct chan *c = int_chan(0), *idle = int_chan(0);
	struct selector s, r, *first = sender_waits ? &s : &r;

	init_selector(&s);
	init_selector(&r);
	add_side(&s, c, idle, way_s, true);
	add_side(&r, c, idle, way_r, false);
	start_selector(first);
	await_waiters(c, sender_waits ? s.n - (way_s > 0) : 0,
		      sender_waits ? 0 : r.n - (way_r > 0));
	start_selector(first == &s ? &r : &s);
	join(s.thread);
	join(r.thread);
	ck_assert_ptr_eq(s.cases[s.chosen].chan, c);
	ck_assert_ptr_eq(r.cases[r.chosen].chan, c);
	ck_assert_int_eq(r.values[r.chosen], 42);
	for (size_t i = 0; i < r.n; i++)
		if ((int)i != r.chosen)
			ck_assert_int_eq(r.values[i], 77);
	await_waiters(c, 0, 0);
	await_waiters(idle, 0, 0);
	chan_destroy(c);
	chan_destroy(idle);
}
END_TEST

/* ---- What it leaves behind ---- */

/* Go's select6.go: one waits before, one behind the select.  Caught: a case
 * taken out of the end of a queue whose end is not moved. */
START_TEST(a_select_that_goes_leaves_the_others_in_order)
{
	struct chan *c = int_chan(0), *d = int_chan(0);
	struct actor others[2];
	struct selector s;
	size_t place = (size_t)_i, waiting = 0;

	init_selector(&s);
	add_recv(&s, c);
	add_recv(&s, d);
	for (size_t i = 0; i < 3; i++) {
		if (i == place)
			start_selector(&s);
		else
			start_actor(&others[waiting - (i > place)], recv_it, c,
				    0);
		await_waiters(c, 0, ++waiting);
	}
	put(d, 1);
	join(s.thread);
	ck_assert_int_eq(s.chosen, 1);
	await_waiters(c, 0, 2);
	put(c, 5);
	put(c, 6);
	for (int i = 0; i < 2; i++) {
		join(others[i].thread);
		ck_assert_int_eq(others[i].value, 5 + i);
	}
	chan_destroy(c);
	chan_destroy(d);
}
END_TEST

/* Go's TestSelectDuplicateChannel.  Caught: one of two cases on a channel
 * that stays in the queue when the other, or neither, was served. */
START_TEST(a_select_twice_on_one_channel_goes_from_it_twice)
{
	struct chan *c = int_chan(0), *d = int_chan(0);
	struct actor behind;
	struct selector s;

	for (int round = 0; round < 2; round++) {
		struct chan *chosen = round == 0 ? d : c;

		init_selector(&s);
		add_recv(&s, c);
		add_recv(&s, c);
		add_recv(&s, d);
		start_selector(&s);
		await_waiters(c, 0, 2);
		await_waiters(d, 0, 1);
		start_actor(&behind, recv_it, c, 0);
		await_waiters(c, 0, 3);
		put(chosen, 7);
		join(s.thread);
		ck_assert_ptr_eq(s.cases[s.chosen].chan, chosen);
		await_waiters(c, 0, 1);
		await_waiters(d, 0, 0);
		put(c, 8);
		join(behind.thread);
		ck_assert_int_eq(behind.value, 8);
	}
	chan_destroy(c);
	chan_destroy(d);
}
END_TEST

START_TEST(a_select_that_times_out_leaves_nothing_behind)
{
	struct chan *c[CASES];
	struct selector s;

	init_selector(&s);
	for (size_t k = 0; k < CASES; k++) {
		c[k] = int_chan(0);
		if (k % 2)
			add_send(&s, c[k], 77);
		else
			add_recv(&s, c[k]);
	}
	s.deadline = chan_deadline(NS_PER_MS);
	(void)select_once(&s);
	ck_assert_int_eq(s.chosen, -1);
	for (size_t k = 0; k < CASES; k++) {
		ck_assert_int_eq(try_put(c[k], 1), CHAN_TIMEDOUT);
		ck_assert(nothing_in(c[k]));
		await_waiters(c[k], 0, 0);
		ck_assert_int_eq(s.values[k], 77);
		chan_destroy(c[k]);
	}
}
END_TEST

/* ---- Its place among others ---- */

/* A thread in a select stands in the line like any other. */
START_TEST(selects_are_served_in_the_order_they_came)
{
	struct chan *c = int_chan((size_t)_i), *idle = int_chan(0);
	struct selector s[4];
	struct actor a[4];

	for (size_t i = 0; i < 4; i++) {
		init_selector(&s[i]);
		add_recv(&s[i], idle);
		add_recv(&s[i], c);
		start_selector(&s[i]);
		await_waiters(c, 0, 2 * i + 1);
		start_actor(&a[i], recv_it, c, 0);
		await_waiters(c, 0, 2 * i + 2);
	}
	for (int i = 0; i < 8; i++)
		put(c, i);
	for (int i = 0; i < 4; i++) {
		join(s[i].thread);
		join(a[i].thread);
		ck_assert_int_eq(s[i].chosen, 1);
		ck_assert_int_eq(s[i].values[1], 2 * i);
		ck_assert_int_eq(a[i].value, 2 * i + 1);
	}
	chan_destroy(c);
	chan_destroy(idle);
}
END_TEST

/* Caught: a hand-over to a select that leaves the value in the ring too. */
START_TEST(what_a_waiting_select_got_cannot_be_taken_by_another)
{
	struct chan *c = int_chan((size_t)_i), *idle = int_chan(0);

	for (unsigned long i = 0, n = rounds(200); i < n; i++) {
		struct selector s;

		init_selector(&s);
		add_recv(&s, c);
		add_recv(&s, idle);
		start_selector(&s);
		await_waiters(c, 0, 1);
		put(c, 42);
		MUST(nothing_in(c));
		/* Nor is the select to be had any more. */
		MUST(try_put(idle, 1) == CHAN_TIMEDOUT);
		MUST(_i > 0 || try_put(c, 1) == CHAN_TIMEDOUT);
		join(s.thread);
		MUST(s.chosen == 0 && s.values[0] == 42);
	}
	chan_destroy(c);
	chan_destroy(idle);
}
END_TEST

START_TEST(waiting_needs_no_memory)
{
	struct chan *c = int_chan(0), *d = int_chan(0);
	struct selector s;
	struct actor a, b;
	unsigned before;

	init_selector(&s);
	for (int i = 0; i < 2; i++) {
		add_recv(&s, c);
		add_recv(&s, d);
	}
	before = atomic_load(&allocations);
	start_selector(&s);
	await_waiters(d, 0, 2);
	start_actor(&a, recv_it, c, 0);
	await_waiters(c, 0, 3);
	put(d, 1);
	put(c, 2);
	join(s.thread);
	join(a.thread);
	start_actor(&b, send_it, d, 0);
	(void)take(d);
	join(b.thread);
	before = atomic_load(&allocations) - before;
	ck_assert_uint_eq(before, 0);
	chan_destroy(c);
	chan_destroy(d);
}
END_TEST

static Suite *select_wait_suite(void)
{
	Suite *s = suite_create("chan_select_wait");
	TCase *t = tcase_create("chan_select_wait");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_select_waits_for_the_first_partner);
	tcase_add_test(t, close_wakes_a_select_on_either_side);
	tcase_add_loop_test(t, whoever_waits_and_whoever_comes_they_meet, 0,
			    18);
	tcase_add_loop_test(t, a_select_that_goes_leaves_the_others_in_order, 0,
			    3);
	tcase_add_test(t, a_select_twice_on_one_channel_goes_from_it_twice);
	tcase_add_test(t, a_select_that_times_out_leaves_nothing_behind);
	tcase_add_loop_test(t, selects_are_served_in_the_order_they_came, 0, 3);
	tcase_add_loop_test(
		t, what_a_waiting_select_got_cannot_be_taken_by_another, 0, 2);
	tcase_add_test(t, waiting_needs_no_memory);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(select_wait_suite());
}
