/* SPDX-License-Identifier: MIT */
/*
 * Select chooses uniformly among the cases that can proceed, whichever they
 * are.  The counts may be off by six standard deviations, which chance alone
 * does once in 500 million.
 */
#include "chan_harness.h"

#include <math.h>

enum { CASES = 5 };

/* Was each of k alternatives taken in about 1 of k of the trials? */
static void expect_uniform(const unsigned long *counts, size_t n,
			   unsigned ready, unsigned long trials)
{
	double p = 1.0 / __builtin_popcount(ready);
	double margin = 6 * sqrt((double)trials * p * (1 - p));

	for (size_t i = 0; i < n; i++) {
		double off = fabs((double)counts[i] - (double)trials * p);

		if (!(ready >> i & 1))
			ck_assert_uint_eq(counts[i], 0);
		else
			ck_assert_msg(off <= margin,
				      "case %zu was chosen %lu times of %lu "
				      "where %x were ready",
				      i, counts[i], trials, ready);
	}
}

/* Cases with even numbers receive, those with odd ones send. */
static void make_ready(struct chan *const *c, unsigned ready)
{
	for (size_t i = 0; i < CASES; i++) {
		bool is_ready = ready >> i & 1;
		bool is_full = is_ready != (i % 2 == 1);
		int v;

		if (is_full && chan_len(c[i]) == 0)
			put(c[i], (int)i);
		else if (!is_full && chan_len(c[i]) == 1)
			MUST(try_take(c[i], &v) == CHAN_OK);
	}
}

/* Every subset of five cases.  Caught: a choice that begins at a random case
 * and takes the next that is ready; one of the first that is ready. */
START_TEST(each_case_that_can_proceed_is_as_likely_as_the_others)
{
	unsigned long trials = rounds(4000);

	for (unsigned ready = 1; ready < 1U << CASES; ready++) {
		unsigned long counts[CASES] = {0};
		struct chan *c[CASES];
		int v = 0;

		for (size_t i = 0; i < CASES; i++)
			c[i] = int_chan(1);
		for (unsigned long t = 0; t < trials; t++) {
			struct chan_case cases[CASES];
			int chosen;

			make_ready(c, ready);
			for (size_t i = 0; i < CASES; i++)
				cases[i] = i % 2 ? CHAN_CASE_SEND(c[i], &v)
						 : CHAN_CASE_RECV(c[i], &v);
			chosen = chan_select(cases, CASES, CHAN_FOREVER);
			MUST(chosen >= 0 && chosen < CASES);
			counts[chosen]++;
		}
		expect_uniform(counts, CASES, ready, trials);
		for (size_t i = 0; i < CASES; i++)
			chan_destroy(c[i]);
	}
}
END_TEST

/* Two cases send to one channel, as Go's pseudo-random bits are made. */
START_TEST(cases_on_one_channel_are_as_likely_as_each_other)
{
	unsigned long trials = rounds(20000), counts[2] = {0};
	struct chan *c = int_chan(1);
	int zero = 0, one = 1;
	struct chan_case cases[] = {CHAN_CASE_SEND(c, &zero),
				    CHAN_CASE_SEND(c, &one)};

	for (unsigned long t = 0; t < trials; t++) {
		int chosen = chan_select(cases, 2, CHAN_FOREVER);

		MUST(take(c) == chosen);
		counts[chosen]++;
	}
	expect_uniform(counts, 2, 3, trials);
	chan_destroy(c);
}
END_TEST

struct choice {
	struct chan *zero, *one;
	int chosen;
};

static void *choose_once(void *arg)
{
	struct choice *a = arg;
	int v;
	struct chan_case cases[] = {CHAN_CASE_RECV(a->zero, &v),
				    CHAN_CASE_RECV(a->one, &v)};

	a->chosen = chan_select(cases, 2, CHAN_FOREVER);
	return NULL;
}

/* A generator for each thread could begin at the same place in each. */
START_TEST(the_first_choice_of_a_thread_is_fair_too)
{
	unsigned long trials = rounds(2000), counts[2] = {0};
	struct choice a = {int_chan(1), int_chan(1), -1};

	put(a.zero, 0);
	put(a.one, 1);
	for (unsigned long t = 0; t < trials; t++) {
		join(start(choose_once, &a));
		MUST(a.chosen == 0 || a.chosen == 1);
		counts[a.chosen]++;
		put(a.chosen ? a.one : a.zero, a.chosen);
	}
	expect_uniform(counts, 2, 3, trials);
	chan_destroy(a.zero);
	chan_destroy(a.one);
}
END_TEST

/* What is always ready doesn't starve what is ready now and then. */
START_TEST(a_rare_event_is_not_starved_by_a_flood)
{
	struct chan *flood = int_chan(1), *quit = chan_create(0, 0);
	unsigned long longest = 0;

	chan_close(quit);
	for (unsigned long i = 0, n = rounds(2000); i < n; i++) {
		unsigned long waited = 0;
		int v = 0;

		for (;;) {
			struct chan_case cases[] = {
				CHAN_CASE_SEND(flood, &v),
				CHAN_CASE_RECV_UNIT(quit),
			};

			if (chan_select(cases, 2, CHAN_FOREVER) == 1)
				break;
			(void)take(flood);
			waited++;
		}
		longest = waited > longest ? waited : longest;
	}
	/* 1 of 2 each time: 60 in a row come once in 10^18. */
	ck_assert_uint_lt(longest, 60);
	chan_destroy(flood);
	chan_destroy(quit);
}
END_TEST

static Suite *fair_suite(void)
{
	Suite *s = suite_create("chan_fair");
	TCase *t = tcase_create("chan_fair");

	tcase_set_timeout(t, 60);
	tcase_add_test(t,
		       each_case_that_can_proceed_is_as_likely_as_the_others);
	tcase_add_test(t, cases_on_one_channel_are_as_likely_as_each_other);
	tcase_add_test(t, the_first_choice_of_a_thread_is_fair_too);
	tcase_add_test(t, a_rare_event_is_not_starved_by_a_flood);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(fair_suite());
}
