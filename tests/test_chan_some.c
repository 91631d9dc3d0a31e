/* SPDX-License-Identifier: MIT */
/*
 * chan_send_some() and chan_recv_some(): as much as goes, under one lock, and
 * always an exact count of it.  Here nobody waits; see test_chan_some_wait.c.
 */
#include "chan_harness.h"

START_TEST(none_is_ok_at_once_whatever_the_channel)
{
	struct chan *channels[] = {NULL, int_chan(0), int_chan(2), int_chan(2)};
	int v = 7;
	size_t n;

	chan_close(channels[3]);
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		struct chan *c = channels[i];

		n = 9;
		ck_assert_int_eq(chan_send_some(c, &v, 0, &n, CHAN_FOREVER),
				 CHAN_OK);
		ck_assert_uint_eq(n, 0);
		n = 9;
		ck_assert_int_eq(chan_recv_some(c, &v, 0, &n, CHAN_FOREVER),
				 CHAN_OK);
		ck_assert_uint_eq(n, 0);
		chan_destroy(c);
	}
	ck_assert_int_eq(v, 7);
}
END_TEST

/* In amounts that hit each place of the ring.  Caught: a copy that doesn't
 * wrap, a count that forgets the second half. */
START_TEST(some_keep_the_order)
{
	for (size_t capacity = 1; capacity < 9; capacity++) {
		struct chan *c = int_chan(capacity);
		int in = 0, out = 0, vs[8], got[8];

		for (size_t round = 0; round < 100; round++) {
			size_t count = round % capacity + 1, n = 0;

			for (size_t i = 0; i < count; i++)
				vs[i] = in++;
			MUST(chan_send_some(c, vs, count, &n, CHAN_NOW) ==
			     CHAN_OK);
			MUST(n == count && chan_len(c) == count);
			MUST(chan_recv_some(c, got, 8, &n, CHAN_NOW) ==
			     CHAN_OK);
			MUST(n == count && chan_len(c) == 0);
			for (size_t i = 0; i < count; i++)
				MUST(got[i] == out++);
		}
		chan_destroy(c);
	}
}
END_TEST

START_TEST(what_does_not_fit_stays_with_the_caller)
{
	static const int vs[] = {1, 2, 3, 4, 5};
	struct chan *c = int_chan(3);
	size_t n = 9;

	ck_assert_int_eq(chan_send_some(c, vs, 5, &n, CHAN_NOW), CHAN_TIMEDOUT);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(chan_send_some(c, vs, 5, &n, CHAN_NOW), CHAN_TIMEDOUT);
	ck_assert_uint_eq(n, 0);
	for (int i = 1; i <= 3; i++)
		ck_assert_int_eq(take(c), i);
	ck_assert(nothing_in(c));
	chan_destroy(c);
}
END_TEST

START_TEST(recv_some_takes_what_is_there_up_to_max)
{
	struct chan *c = int_chan(5);
	int got[5] = {0};
	size_t n = 9;

	ck_assert_int_eq(chan_recv_some(c, got, 5, &n, CHAN_NOW),
			 CHAN_TIMEDOUT);
	ck_assert_uint_eq(n, 0);
	for (int i = 1; i <= 5; i++)
		put(c, i);
	ck_assert_int_eq(chan_recv_some(c, got, 2, &n, CHAN_FOREVER), CHAN_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(got[0], 1);
	ck_assert_int_eq(got[1], 2);
	ck_assert_int_eq(got[2], 0); /* not touched */
	ck_assert_int_eq(chan_recv_some(c, got, 5, &n, CHAN_FOREVER), CHAN_OK);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(got[0], 3);
	ck_assert_int_eq(got[2], 5);
	chan_destroy(c);
}
END_TEST

START_TEST(a_closed_channel_gives_some_and_then_zeroes_the_first)
{
	struct chan *c = int_chan(3);
	int vs[] = {1, 2}, got[3] = {77, 77, 77};
	size_t n = 9;

	put(c, 5);
	put(c, 6);
	chan_close(c);
	ck_assert_int_eq(chan_send_some(c, vs, 2, &n, CHAN_FOREVER),
			 CHAN_CLOSED);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(chan_recv_some(c, got, 3, &n, CHAN_FOREVER), CHAN_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(chan_recv_some(c, got, 3, &n, CHAN_FOREVER),
			 CHAN_CLOSED);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(got[0], 0);
	ck_assert_int_eq(got[1], 6);
	ck_assert_int_eq(got[2], 77);
	chan_destroy(c);
}
END_TEST

START_TEST(signals_go_by_the_dozen_too)
{
	struct chan *c = chan_create(0, 12);
	size_t n;

	ck_assert_int_eq(chan_send_some_sized(c, NULL, 15, &n, 0, CHAN_NOW),
			 CHAN_TIMEDOUT);
	ck_assert_uint_eq(n, 12);
	ck_assert_int_eq(chan_recv_some_sized(c, NULL, 5, &n, 0, CHAN_NOW),
			 CHAN_OK);
	ck_assert_uint_eq(n, 5);
	ck_assert_uint_eq(chan_len(c), 7);
	chan_destroy(c);
}
END_TEST

static Suite *some_suite(void)
{
	Suite *s = suite_create("chan_some");
	TCase *t = tcase_create("chan_some");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, none_is_ok_at_once_whatever_the_channel);
	tcase_add_test(t, some_keep_the_order);
	tcase_add_test(t, what_does_not_fit_stays_with_the_caller);
	tcase_add_test(t, recv_some_takes_what_is_there_up_to_max);
	tcase_add_test(t,
		       a_closed_channel_gives_some_and_then_zeroes_the_first);
	tcase_add_test(t, signals_go_by_the_dozen_too);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(some_suite());
}
