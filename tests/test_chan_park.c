/* SPDX-License-Identifier: MIT */
/*
 * What libchan stands on, park.h: the lock, and the place to sleep.
 */
#include "chan_harness.h"

#include <errno.h>

/* ---- The parker ---- */

START_TEST(a_wake_that_comes_first_is_not_lost)
{
	struct parker p;

	parker_init(&p);
	unpark(&p);
	ck_assert(park(&p, CHAN_FOREVER));
	parker_fini(&p);
}
END_TEST

/* What is there already wins over a deadline that has passed. */
START_TEST(a_wake_that_comes_first_is_in_time)
{
	struct parker p;

	parker_init(&p);
	unpark(&p);
	ck_assert(park(&p, CHAN_NOW));
	parker_fini(&p);
}
END_TEST

static void *wake_it(void *arg)
{
	unpark((struct parker *)arg);
	return NULL;
}

/* Caught: a parker that after a deadline is not seen asleep any more. */
START_TEST(who_was_too_late_may_park_again)
{
	struct parker p;
	pthread_t waker;

	for (unsigned long i = rounds(200); i > 0; i--) {
		parker_init(&p);
		ck_assert(!park(&p, CHAN_NOW));
		ck_assert(!park(&p, chan_deadline(NS_PER_US)));
		waker = start(wake_it, &p);
		MUST(park(&p, CHAN_FOREVER));
		join(waker);
		parker_fini(&p);
	}
}
END_TEST

START_TEST(a_deadline_is_waited_for)
{
	struct parker p;
	int64_t deadline = chan_deadline(20 * NS_PER_MS);

	parker_init(&p);
	ck_assert(!park(&p, deadline));
	ck_assert(chan__now() >= deadline);
	parker_fini(&p);
}
END_TEST

START_TEST(errno_is_left_alone)
{
	struct parker p;
	pthread_t waker;

	errno = EXDEV;
	parker_init(&p);
	ck_assert(!park(&p, chan_deadline(NS_PER_US)));
	waker = start(wake_it, &p);
	ck_assert(park(&p, CHAN_FOREVER));
	ck_assert_int_eq(errno, EXDEV);
	join(waker);
	parker_fini(&p);
}
END_TEST

/* Two threads that wake each other in turn.  Each parker is another one, on
 * the stack of who sleeps, and is gone when that one goes on; the word before
 * the wake comes with it. */
struct seesaw {
	_Atomic(struct parker *) up[2];
	unsigned long rounds, turns;
};

static void swing(struct seesaw *s, int me)
{
	struct parker mine, *other;

	parker_init(&mine);
	atomic_store(&s->up[me], &mine);
	if (me == 0) {
		while (!(other = atomic_exchange(&s->up[1], NULL)))
			sched_yield();
		s->turns++;
		unpark(other);
	}
	MUST(park(&mine, CHAN_FOREVER));
	if (me == 1) {
		while (!(other = atomic_exchange(&s->up[0], NULL)))
			sched_yield();
		s->turns++;
		unpark(other);
	}
	parker_fini(&mine);
}

static void *swing_along(void *arg)
{
	struct seesaw *s = arg;

	for (unsigned long i = 0; i < s->rounds; i++)
		swing(s, 1);
	return NULL;
}

/* Caught, by TSan: a wake that publishes nothing. */
START_TEST(each_wake_arrives_and_brings_what_was_written_before)
{
	struct seesaw s = {.rounds = rounds(20000)};
	pthread_t other = start(swing_along, &s);

	for (unsigned long i = 0; i < s.rounds; i++)
		swing(&s, 0);
	join(other);
	ck_assert_uint_eq(s.turns, 2 * s.rounds);
}
END_TEST

/* ---- The lock ---- */

enum { CROWD = 4 };

struct counter {
	chan_lock lock;
	unsigned long rounds, value; /* guarded by lock */
};

/* Now and then who has it lets the others run into it. */
static void *count_up(void *arg)
{
	struct counter *c = arg;

	for (unsigned long i = 0; i < c->rounds; i++) {
		unsigned long v;

		lock(&c->lock);
		v = c->value;
		if (i % 64 == 0)
			sched_yield();
		c->value = v + 1;
		unlock(&c->lock);
	}
	return NULL;
}

/* Caught: an unlock that wakes nobody, one that forgets that others wait, and
 * a lock that lets two in. */
START_TEST(the_lock_lets_in_one_at_a_time_and_everybody_in_the_end)
{
	struct counter c = {.rounds = rounds(20000)};
	pthread_t threads[CROWD];

	MUST(lock_init(&c.lock) == 0);
	for (size_t i = 0; i < CROWD; i++)
		threads[i] = start(count_up, &c);
	for (size_t i = 0; i < CROWD; i++)
		join(threads[i]);
	lock(&c.lock);
	ck_assert_uint_eq(c.value, CROWD * c.rounds);
	unlock(&c.lock);
	lock_fini(&c.lock);
}
END_TEST

static Suite *park_suite(void)
{
	Suite *s = suite_create("chan_park");
	TCase *t = tcase_create("chan_park");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_wake_that_comes_first_is_not_lost);
	tcase_add_test(t, a_wake_that_comes_first_is_in_time);
	tcase_add_test(t, who_was_too_late_may_park_again);
	tcase_add_test(t, a_deadline_is_waited_for);
	tcase_add_test(t, errno_is_left_alone);
	tcase_add_test(t, each_wake_arrives_and_brings_what_was_written_before);
	tcase_add_test(t,
		       the_lock_lets_in_one_at_a_time_and_everybody_in_the_end);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(park_suite());
}
