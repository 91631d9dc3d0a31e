/* SPDX-License-Identifier: MIT */
/*
 * Select as one thread sees it: which case, what status, default, deadlines,
 * NULL, the same channel twice.  Waiting is in test_chan_select_wait.c,
 * chance in test_chan_fair.c.
 */
#include "chan_harness.h"

START_TEST(the_case_that_can_proceed_is_chosen)
{
	struct chan *idle = int_chan(0), *full = int_chan(1);
	struct chan *with_value = int_chan(1), *with_room = int_chan(1);
	int v = 77, w = 5, x = 6;

	put(full, 1);
	put(with_value, 42);
	for (int round = 0; round < 20; round++) {
		struct chan_case cases[] = {
			CHAN_CASE_RECV(idle, &x), CHAN_CASE_SEND(idle, &x),
			CHAN_CASE_SEND(full, &x), CHAN_CASE_RECV(with_room, &x),
			CHAN_CASE_RECV(idle, &x),
		};
		size_t ready = (size_t)round % 5;
		bool sends = round % 2;

		cases[ready] = sends ? CHAN_CASE_SEND(with_room, &w)
				     : CHAN_CASE_RECV(with_value, &v);
		ck_assert_int_eq(chan_select(cases, 5, CHAN_FOREVER),
				 (int)ready);
		ck_assert_int_eq(cases[ready].status, CHAN_OK);
		ck_assert_int_eq(sends ? take(with_room) : v, sends ? w : 42);
		if (!sends)
			put(with_value, 42);
		v = 77;
	}
	ck_assert_int_eq(x, 6);
	chan_destroy(idle);
	chan_destroy(full);
	chan_destroy(with_value);
	chan_destroy(with_room);
}
END_TEST

START_TEST(status_is_written_for_the_chosen_case_only)
{
	struct chan *a = int_chan(1), *b = int_chan(0);
	int v = 0;
	struct chan_case cases[] = {
		CHAN_CASE_RECV(b, &v),
		CHAN_CASE_RECV(a, &v),
		CHAN_CASE_SEND(b, &v),
	};
	enum chan_status mark = (enum chan_status)99;

	put(a, 1);
	for (size_t i = 0; i < 3; i++)
		cases[i].status = mark;
	ck_assert_int_eq(chan_select(cases, 3, CHAN_FOREVER), 1);
	ck_assert_int_eq(cases[0].status, mark);
	ck_assert_int_eq(cases[1].status, CHAN_OK);
	ck_assert_int_eq(cases[2].status, mark);

	cases[1].status = mark;
	ck_assert_int_eq(chan_select(cases, 3, CHAN_NOW), -1);
	ck_assert_int_eq(chan_select(cases, 3, chan_deadline(NS_PER_MS)), -1);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(cases[i].status, mark);
	chan_destroy(a);
	chan_destroy(b);
}
END_TEST

/* Go's select.go: each of two channels takes one value, then nothing can
 * proceed; the caller takes out a case by NULL. */
START_TEST(null_takes_a_case_out)
{
	struct chan *a = int_chan(1), *b = int_chan(1);
	int v = 1, sent = 0, chosen;
	struct chan_case cases[] = {
		CHAN_CASE_SEND(a, &v),
		CHAN_CASE_SEND(b, &v),
	};

	while ((chosen = chan_select(cases, 2, CHAN_NOW)) >= 0) {
		cases[chosen].chan = NULL;
		v *= 2;
		sent++;
	}
	ck_assert_int_eq(sent, 2);
	ck_assert_int_eq(take(a) | take(b), 3);

	cases[0].chan = a; /* and back in */
	ck_assert_int_eq(chan_select(cases, 2, CHAN_NOW), 0);
	ck_assert_int_eq(chan_select(cases, 2, CHAN_NOW), -1);
	chan_destroy(a);
	chan_destroy(b);
}
END_TEST

START_TEST(default_is_taken_where_nothing_can_proceed)
{
	struct chan *c = int_chan(0), *full = int_chan(1);
	int v = 7;
	struct chan_case cases[] = {
		CHAN_CASE_RECV(c, &v),
		CHAN_CASE_SEND(c, &v),
		CHAN_CASE_SEND(full, &v),
		CHAN_CASE_RECV((struct chan *)NULL, &v),
		CHAN_CASE_SEND((struct chan *)NULL, &v),
	};

	put(full, 1);
	for (size_t n = 0; n <= 5; n++)
		ck_assert_int_eq(chan_select(cases, n, CHAN_NOW), -1);
	ck_assert_int_eq(chan_select(NULL, 0, CHAN_NOW), -1);
	ck_assert_int_eq(chan_select(cases, 5, -1), -1);
	ck_assert_int_eq(v, 7);
	ck_assert_uint_eq(chan_len(full), 1);
	chan_destroy(c);
	chan_destroy(full);
}
END_TEST

START_TEST(select_keeps_its_deadline)
{
	struct chan *c = int_chan(0);
	int v = 7;
	struct chan_case cases[] = {
		CHAN_CASE_RECV(c, &v),
		CHAN_CASE_SEND(c, &v),
		CHAN_CASE_RECV((struct chan *)NULL, &v),
	};

	/* None, one, two; with and without a channel. */
	for (size_t n = 0; n <= 3; n++) {
		int64_t t = chan_deadline(3 * NS_PER_MS);

		ck_assert_int_eq(chan_select(cases, n, t), -1);
		ck_assert_int_ge(chan__now(), t);
		t = chan_deadline(3 * NS_PER_MS);
		ck_assert_int_eq(chan_select(cases + 3 - n, n, t), -1);
		ck_assert_int_ge(chan__now(), t);
		await_waiters(c, 0, 0);
	}
	ck_assert_int_eq(v, 7);
	chan_destroy(c);
}
END_TEST

START_TEST(what_is_ready_wins_over_a_deadline_that_has_passed)
{
	static const int64_t passed[] = {CHAN_NOW, 1, -1, INT64_MIN};
	struct chan *c = int_chan(1), *idle = int_chan(0);
	int v = 4, got = 0, x;

	for (size_t n = 1; n <= 2; n++) {
		struct chan_case send[] = {CHAN_CASE_SEND(c, &v),
					   CHAN_CASE_RECV(idle, &x)};
		struct chan_case recv[] = {CHAN_CASE_RECV(c, &got),
					   CHAN_CASE_RECV(idle, &x)};

		ck_assert_int_eq(chan_select(send, n, passed[_i]), 0);
		ck_assert_int_eq(chan_select(send, n, passed[_i]), -1);
		ck_assert_int_eq(chan_select(recv, n, passed[_i]), 0);
		ck_assert_int_eq(chan_select(recv, n, passed[_i]), -1);
		ck_assert_int_eq(got, 4);
	}
	chan_destroy(c);
	chan_destroy(idle);
}
END_TEST

START_TEST(a_case_on_a_closed_channel_can_always_proceed)
{
	struct chan *c = int_chan(2), *idle = int_chan(0);
	int v = 77, x;
	struct chan_case recv[] = {CHAN_CASE_RECV(idle, &x),
				   CHAN_CASE_RECV(c, &v)};
	struct chan_case send[] = {CHAN_CASE_SEND(c, &v),
				   CHAN_CASE_RECV(idle, &x)};

	put(c, 5);
	chan_close(c);
	ck_assert_int_eq(chan_select(recv, 2, CHAN_FOREVER), 1);
	ck_assert_int_eq(recv[1].status, CHAN_OK); /* what it holds, first */
	ck_assert_int_eq(v, 5);
	for (int i = 0; i < 3; i++) {
		v = 77;
		ck_assert_int_eq(chan_select(send, 2, CHAN_FOREVER), 0);
		ck_assert_int_eq(send[0].status, CHAN_CLOSED);
		ck_assert_int_eq(v, 77);
		ck_assert_int_eq(chan_select(recv, 2, CHAN_FOREVER), 1);
		ck_assert_int_eq(recv[1].status, CHAN_CLOSED);
		ck_assert_int_eq(v, 0);
		v = 77;
		ck_assert_int_eq(chan_select(recv + 1, 1, CHAN_NOW), 0);
		ck_assert_int_eq(recv[1].status, CHAN_CLOSED);
		ck_assert_int_eq(v, 0);
	}
	chan_destroy(c);
	chan_destroy(idle);
}
END_TEST

START_TEST(signals_are_selected_on)
{
	struct chan *c = chan_create(0, 1);
	struct chan_case cases[] = {CHAN_CASE_SEND_UNIT(c),
				    CHAN_CASE_RECV_UNIT(c)};

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(chan_select(cases, 2, CHAN_FOREVER), 0);
		ck_assert_uint_eq(chan_len(c), 1);
		ck_assert_int_eq(chan_select(cases, 2, CHAN_FOREVER), 1);
		ck_assert_uint_eq(chan_len(c), 0);
	}
	chan_close(c);
	ck_assert_int_ge(chan_select(cases, 2, CHAN_FOREVER), 0);
	ck_assert_int_eq(chan_select(cases, 1, CHAN_FOREVER), 0);
	ck_assert_int_eq(cases[0].status, CHAN_CLOSED);
	chan_destroy(c);
}
END_TEST

START_TEST(a_buffered_channel_can_be_sent_to_and_received_from_in_one)
{
	struct chan *c = int_chan(3);
	int in = 0, out = 0, v;

	for (int i = 0; i < 1000; i++) {
		struct chan_case cases[] = {CHAN_CASE_SEND(c, &in),
					    CHAN_CASE_RECV(c, &v)};

		if (chan_select(cases, 2, CHAN_FOREVER) == 0)
			in++;
		else
			MUST(v == out++);
		MUST(chan_len(c) == (size_t)(in - out));
	}
	chan_destroy(c);
}
END_TEST

/* Caught: channels locked once for each case (a deadlock), a choice that is
 * always the first or the last. */
START_TEST(the_same_channel_may_stand_in_several_cases)
{
	struct chan *c = int_chan(4), *other = int_chan(1);
	int first, second, third, x;
	int seen[4] = {0};

	for (int i = 0; i < 300; i++) {
		struct chan_case cases[] = {
			CHAN_CASE_RECV(c, &first),
			CHAN_CASE_RECV(other, &x),
			CHAN_CASE_RECV(c, &second),
			CHAN_CASE_RECV(c, &third),
		};
		int chosen;

		first = second = third = -1;
		MUST(chan_select(cases, 4, CHAN_NOW) == -1);
		put(c, i);
		chosen = chan_select(cases, 4, CHAN_FOREVER);
		MUST(chosen == 0 || chosen == 2 || chosen == 3);
		MUST(first == (chosen == 0 ? i : -1));
		MUST(second == (chosen == 2 ? i : -1));
		MUST(third == (chosen == 3 ? i : -1));
		seen[chosen]++;
	}
	ck_assert(seen[0] && seen[2] && seen[3]);
	chan_destroy(c);
	chan_destroy(other);
}
END_TEST

/* The thread sanitizer can't watch more than 64 locks that are held. */
START_TEST(there_may_be_any_number_of_cases)
{
	enum { MANY = 500, CHANNELS = UNDER_TSAN ? 50 : MANY };
	static struct chan_case cases[MANY];
	struct chan *channels[CHANNELS];
	int values[MANY];

	for (size_t i = 0; i < CHANNELS; i++)
		channels[i] = int_chan(1);
	for (size_t i = 0; i < MANY; i++)
		cases[i] =
			CHAN_CASE_RECV(channels[i * 7 % CHANNELS], &values[i]);
	ck_assert_int_eq(chan_select(cases, MANY, chan_deadline(NS_PER_MS)),
			 -1);
	for (size_t i = 0; i < CHANNELS; i++) {
		int chosen;

		put(channels[i], (int)i);
		chosen = chan_select(cases, MANY, CHAN_FOREVER);
		MUST(chosen >= 0 && cases[chosen].chan == channels[i]);
		MUST(values[chosen] == (int)i);
		MUST(chan_select(cases, MANY, CHAN_NOW) == -1);
	}
	for (size_t i = 0; i < CHANNELS; i++)
		chan_destroy(channels[i]);
}
END_TEST

/* ---- For ever, and never ---- */

static void select_nothing(void)
{
	set_alarm_clock();
	(void)!chan_select(NULL, 0, CHAN_FOREVER);
}

static void select_null(void)
{
	int v = 0;
	struct chan_case cases[] = {CHAN_CASE_RECV((struct chan *)NULL, &v),
				    CHAN_CASE_SEND((struct chan *)NULL, &v)};

	set_alarm_clock();
	(void)!chan_select(cases, 2, CHAN_FOREVER);
}

/* Both sides of an unbuffered channel in one select are no pair. */
static void select_itself(void)
{
	struct chan *c = int_chan(0);
	int v = 1, w;
	struct chan_case cases[] = {CHAN_CASE_SEND(c, &v),
				    CHAN_CASE_RECV(c, &w)};

	set_alarm_clock();
	(void)!chan_select(cases, 2, CHAN_FOREVER);
}

START_TEST(what_can_never_fire_waits_for_ever)
{
	blocks_for_ever(select_nothing);
	blocks_for_ever(select_null);
	blocks_for_ever(select_itself);
}
END_TEST

static void select_another_size(void)
{
	int v = 0;
	char w = 0;
	struct chan_case cases[] = {CHAN_CASE_RECV(int_chan(1), &v),
				    CHAN_CASE_SEND(int_chan(1), &w)};

	(void)!chan_select(cases, 2, CHAN_NOW);
}

static void *select_two(void *arg)
{
	struct chan **c = arg;
	int v;
	struct chan_case cases[] = {CHAN_CASE_RECV(c[0], &v),
				    CHAN_CASE_RECV(c[1], &v)};

	(void)!chan_select(cases, 2, CHAN_FOREVER);
	return NULL;
}

static void destroy_under_a_select(void)
{
	struct chan *c[] = {int_chan(1), int_chan(1)};

	(void)start(select_two, c);
	await_waiters(c[1], 0, 1);
	chan_destroy(c[1]);
}

START_TEST(mistakes_end_the_program)
{
	dies_saying(select_another_size, "libchan: a value of another size");
	dies_saying(destroy_under_a_select, "destroyed while a thread waits");
}
END_TEST

static Suite *select_suite(void)
{
	Suite *s = suite_create("chan_select");
	TCase *t = tcase_create("chan_select");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_case_that_can_proceed_is_chosen);
	tcase_add_test(t, status_is_written_for_the_chosen_case_only);
	tcase_add_test(t, null_takes_a_case_out);
	tcase_add_test(t, default_is_taken_where_nothing_can_proceed);
	tcase_add_test(t, select_keeps_its_deadline);
	tcase_add_loop_test(
		t, what_is_ready_wins_over_a_deadline_that_has_passed, 0, 4);
	tcase_add_test(t, a_case_on_a_closed_channel_can_always_proceed);
	tcase_add_test(t, signals_are_selected_on);
	tcase_add_test(
		t, a_buffered_channel_can_be_sent_to_and_received_from_in_one);
	tcase_add_test(t, the_same_channel_may_stand_in_several_cases);
	tcase_add_test(t, there_may_be_any_number_of_cases);
	tcase_add_test(t, what_can_never_fire_waits_for_ever);
	tcase_add_test(t, mistakes_end_the_program);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(select_suite());
}
