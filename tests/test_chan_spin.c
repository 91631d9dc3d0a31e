/* SPDX-License-Identifier: MIT */
/*
 * Before it sleeps a thread looks for a while whether it can proceed.  What it
 * finds is what it would have been woken for, and where looking doesn't pay it
 * ceases to.
 *
 * Planted, and caught by: a thread that looks with the lock in its hand, or
 * doesn't look at its parker, a find or a service that isn't learned from
 * (a_find_is_learned_from); a look that doesn't see what is there, or the close
 * (those of that name); looks that never cease, or are never tried again
 * (where_looking_does_not_pay_threads_cease_to), or end with no deadline
 * (who_looked_in_vain_times_out); a parker let go on is_awake()'s word (TSan,
 * on condvar).
 */
#include "chan_harness.h"

#include <limits.h>

/* Long enough that who looks mostly need not sleep, where there are two
 * processors to be had. */
#define LONG 20000

struct other {
	struct chan *chan;
	struct meeting meeting;
	int value;
	enum chan_status status;
};

static void *receive_one(void *arg)
{
	struct other *o = arg;

	meet(&o->meeting);
	o->status = chan_recv(o->chan, &o->value);
	return NULL;
}

static void *send_one(void *arg)
{
	struct other *o = arg;

	meet(&o->meeting);
	o->status = chan_send(o->chan, &o->value);
	return NULL;
}

static void begin(struct other *o, size_t capacity, int value)
{
	*o = (struct other){.chan = int_chan(capacity),
			    .meeting = {.members = 2},
			    .value = value};
	chan_set_spin(o->chan, LONG);
}

static void end(struct other *o, pthread_t thread, enum chan_status expected)
{
	join(thread);
	ck_assert_int_eq(o->status, expected);
	chan_destroy(o->chan);
}

START_TEST(who_looks_for_a_value_finds_it)
{
	for (unsigned long i = 0; i < rounds(40); i++) {
		struct other o;
		pthread_t thread;

		begin(&o, (size_t)_i, 0);
		thread = start(receive_one, &o);
		meet(&o.meeting);
		put(o.chan, 7);
		end(&o, thread, CHAN_OK);
		ck_assert_int_eq(o.value, 7);
	}
}
END_TEST

START_TEST(who_looks_for_room_finds_it)
{
	for (unsigned long i = 0; i < rounds(40); i++) {
		struct other o;
		pthread_t thread;

		begin(&o, (size_t)_i, 8);
		for (int full = 0; full < _i; full++)
			put(o.chan, full);
		thread = start(send_one, &o);
		meet(&o.meeting);
		for (int full = 0; full < _i; full++)
			ck_assert_int_eq(take(o.chan), full);
		ck_assert_int_eq(take(o.chan), 8);
		end(&o, thread, CHAN_OK);
	}
}
END_TEST

START_TEST(a_close_ends_the_looking)
{
	for (unsigned long i = 0; i < rounds(40); i++) {
		bool sends = i % 2 == 1;
		struct other o;
		pthread_t thread;

		begin(&o, (size_t)_i, 8);
		if (i < 2)
			chan_set_spin(o.chan, UINT_MAX); /* it never sleeps */
		for (int full = 0; sends && full < _i; full++)
			put(o.chan, full);
		thread = start(sends ? send_one : receive_one, &o);
		meet(&o.meeting);
		chan_close(o.chan);
		end(&o, thread, CHAN_CLOSED);
		ck_assert_int_eq(o.value, sends ? 8 : 0);
	}
}
END_TEST

/* Caught: values that a sender of many had sent before it looked, again. */
START_TEST(who_sends_many_goes_on_where_it_was)
{
	struct chan *c = int_chan(3);
	struct other o = {.chan = c, .meeting = {.members = 2}};
	size_t n;

	for (int round = 0; round < 30; round++) {
		const int values[] = {1, 2, 3, 4, 5, 6, 7};
		pthread_t thread;
		int first;

		thread = start(receive_one, &o);
		meet(&o.meeting);
		ck_assert_int_eq(chan_send_some(c, values, 4, &n, CHAN_FOREVER),
				 CHAN_OK);
		ck_assert_uint_eq(n, 4);
		join(thread);
		ck_assert_int_eq(o.value, 1);
		for (first = 2; first <= 4; first++)
			ck_assert_int_eq(take(c), first);
	}
	chan_destroy(c);
}
END_TEST

START_TEST(who_looked_in_vain_times_out)
{
	struct chan *c = int_chan((size_t)_i);
	int v = 3;

	for (int full = 0; full < _i; full++)
		put(c, full);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(chan_send_until(c, &v, chan_deadline(1000)),
				 CHAN_TIMEDOUT);
	for (int full = 0; full < _i; full++)
		ck_assert_int_eq(take(c), full);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(chan_recv_until(c, &v, chan_deadline(1000)),
				 CHAN_TIMEDOUT);
	ck_assert_int_eq(v, 3);
	chan_destroy(c);
}
END_TEST

/* ---- Learning ---- */

static unsigned times_that_look(struct chan *c, unsigned waits)
{
	unsigned n = 0;

	for (unsigned i = 0; i < waits; i++)
		n += looks_for(c) > 0;
	return n;
}

START_TEST(where_looking_does_not_pay_threads_cease_to)
{
	struct chan *c = int_chan(1);

	ck_assert_uint_eq(times_that_look(c, LUCK), LUCK);
	ck_assert_uint_eq(times_that_look(c, 100 * PROBE_EVERY), 100);
	looks_paid(c);
	ck_assert_uint_eq(times_that_look(c, LUCK + PROBE_EVERY), LUCK + 1);
	ck_assert_uint_eq(looks_for(c), 0);
	chan_destroy(c);
}
END_TEST

START_TEST(with_none_allowed_nobody_looks)
{
	struct chan *c = int_chan(1);

	chan_set_spin(c, 0);
	for (unsigned i = 0; i < 3 * PROBE_EVERY; i++)
		ck_assert_uint_eq(looks_for(c), 0);
	looks_paid(c);
	for (unsigned i = 0; i < LUCK; i++)
		ck_assert_uint_eq(looks_for(c), 0);
	chan_set_spin(c, 5); /* whatever was learned before */
	ck_assert_uint_eq(looks_for(c), 5);
	chan_set_spin(NULL, 5);
	chan_destroy(c);
}
END_TEST

/* Both ways to meet: in the ring, and at the parker of one who waits. */
START_TEST(a_find_is_learned_from)
{
	for (int capacity = 0; capacity < 2; capacity++) {
		struct other o;
		pthread_t thread;

		begin(&o, (size_t)capacity, 0);
		o.chan->spin = UINT_MAX; /* it never sleeps */
		o.chan->luck = 1;
		thread = start(receive_one, &o);
		meet(&o.meeting);
		while (atomic_load(&o.chan->count) == 0 &&
		       !first_of(&o.chan->receivers) && capacity == 0)
			sched_yield();
		put(o.chan, 1);
		join(thread);
		ck_assert_uint_ge(o.chan->luck, capacity == 0 ? LUCK : 1);
		chan_destroy(o.chan);
	}
}
END_TEST

static Suite *spin_suite(void)
{
	Suite *s = suite_create("chan_spin");
	TCase *t = tcase_create("chan_spin");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, who_looks_for_a_value_finds_it, 0, 3);
	tcase_add_loop_test(t, who_looks_for_room_finds_it, 0, 3);
	tcase_add_loop_test(t, a_close_ends_the_looking, 0, 3);
	tcase_add_test(t, who_sends_many_goes_on_where_it_was);
	tcase_add_loop_test(t, who_looked_in_vain_times_out, 0, 3);
	tcase_add_test(t, where_looking_does_not_pay_threads_cease_to);
	tcase_add_test(t, with_none_allowed_nobody_looks);
	tcase_add_test(t, a_find_is_learned_from);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(spin_suite());
}
