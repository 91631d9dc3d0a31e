/* SPDX-License-Identifier: MIT */
/*
 * Two threads that do the one thing while the other does the other: select
 * judges one moment, and of two who could both be served only one is.
 */
#include "chan_harness.h"

/* ---- Rounds that two threads begin together ---- */

struct duel {
	struct meeting meeting;
	unsigned long rounds;
	struct chan *a, *b, *idle;
	int chosen; /* by the select of this round; between the meetings */
};

static void init_duel(struct duel *d, unsigned long n)
{
	d->meeting.members = 2;
	atomic_init(&d->meeting.arrived, 0);
	d->rounds = rounds(n);
	d->chosen = -2;
}

/* ---- Default is taken at one moment ---- */

/* The looks at b and at a lie far apart, so that who believes in them without
 * holding the locks is seen doing so. */
static void *select_b_or_a(void *arg)
{
	enum { APART = 60 };
	struct duel *d = arg;
	struct chan_case cases[APART + 2];

	for (unsigned long i = 0; i < d->rounds; i++) {
		int v = 0;

		cases[0] = CHAN_CASE_RECV(d->b, &v);
		for (size_t k = 1; k <= APART; k++)
			cases[k] = CHAN_CASE_RECV(d->idle, &v);
		cases[APART + 1] = CHAN_CASE_RECV(d->a, &v);
		meet(&d->meeting); /* a has a value, b has none */
		d->chosen = chan_select(cases, COUNT_OF(cases), CHAN_NOW);
		meet(&d->meeting);
		meet(&d->meeting); /* it was looked at */
	}
	return NULL;
}

/* Go's TestNonblockSelectRace: first b is made ready, then a no more, so at
 * each moment one of them is.  Caught: default taken after looks without
 * locks, or with one lock after the other. */
START_TEST(default_is_not_taken_while_one_case_after_another_is_ready)
{
	struct duel d;
	pthread_t selector;
	bool by_close = _i;

	init_duel(&d, 20000);
	d.a = int_chan(1);
	d.b = int_chan(1);
	d.idle = int_chan(0);
	selector = start(select_b_or_a, &d);
	for (unsigned long i = 0; i < d.rounds; i++) {
		int v;

		put(d.a, 1);
		meet(&d.meeting);
		for (uint32_t n = (uint32_t)i % 64; n > 0; n--)
			atomic_signal_fence(memory_order_seq_cst);
		if (by_close)
			chan_close(d.b);
		else
			put(d.b, 2);
		MUST(try_take(d.a, &v) != CHAN_CLOSED);
		meet(&d.meeting);
		MUST(d.chosen >= 0);
		if (!by_close) {
			(void)!try_take(d.a, &v);
			(void)!try_take(d.b, &v);
		} else {
			chan_destroy(d.b);
			d.b = int_chan(1);
		}
		meet(&d.meeting);
	}
	join(selector);
	chan_destroy(d.a);
	chan_destroy(d.b);
	chan_destroy(d.idle);
}
END_TEST

/* ---- Selects against selects ---- */

/* One sends on a or receives from b, or from a to b in the other thread, so
 * that each round one value crosses; which, the two must agree on. */
static void *select_across(void *arg)
{
	struct duel *d = arg;

	for (unsigned long i = 0; i < d->rounds; i++) {
		int sent = (int)i, got = -1;
		struct chan_case cases[] = {CHAN_CASE_RECV(d->a, &got),
					    CHAN_CASE_SEND(d->b, &sent)};

		meet(&d->meeting);
		d->chosen = chan_select(cases, 2, CHAN_FOREVER);
		MUST(cases[d->chosen].status == CHAN_OK);
		MUST(d->chosen == 1 || got == (int)i);
		meet(&d->meeting);
		meet(&d->meeting);
	}
	return NULL;
}

/* Caught: locks taken in the order of the cases (a deadlock), a partner that
 * two claim. */
START_TEST(two_selects_that_meet_on_two_channels_agree_on_one)
{
	struct duel d;
	pthread_t other;

	init_duel(&d, 10000);
	d.a = int_chan(0);
	d.b = int_chan(0);
	other = start(select_across, &d);
	for (unsigned long i = 0; i < d.rounds; i++) {
		int sent = (int)i, got = -1, chosen;
		struct chan_case cases[] = {CHAN_CASE_RECV(d.b, &got),
					    CHAN_CASE_SEND(d.a, &sent)};

		meet(&d.meeting);
		chosen = chan_select(cases, 2, CHAN_FOREVER);
		MUST(cases[chosen].status == CHAN_OK);
		MUST(chosen == 1 || got == (int)i);
		meet(&d.meeting);
		MUST(chosen != d.chosen);
		meet(&d.meeting);
	}
	join(other);
	chan_destroy(d.a);
	chan_destroy(d.b);
}
END_TEST

struct self {
	struct chan *chan;
	int id;
	unsigned long sent, received;
};

static void *send_or_receive(void *arg)
{
	struct self *me = arg;

	for (unsigned long i = 0, n = rounds(5000); i < n; i++) {
		int v = -1, mine = me->id;
		struct chan_case cases[] = {CHAN_CASE_SEND(me->chan, &mine),
					    CHAN_CASE_RECV(me->chan, &v)};

		/* The other order every third time. */
		if (i % 3 == 0) {
			cases[0] = CHAN_CASE_RECV(me->chan, &v);
			cases[1] = CHAN_CASE_SEND(me->chan, &mine);
		}
		if (cases[chan_select(cases, 2, CHAN_FOREVER)].direction ==
		    CHAN_SENDS) {
			MUST(v == -1);
			me->sent++;
		} else {
			/* Unbuffered, it's never one's own. */
			MUST(v == 1 - me->id || chan_cap(me->chan) > 0);
			me->received++;
		}
	}
	return NULL;
}

/* Go's TestSelfSelect.  Both make the same number of moves, and unbuffered
 * each move has two sides, so neither is left alone.  Caught: a select that
 * meets itself. */
START_TEST(a_select_never_meets_itself)
{
	struct chan *c = int_chan((size_t)_i);
	struct self one = {.chan = c, .id = 0}, other = {.chan = c, .id = 1};
	pthread_t threads[] = {start(send_or_receive, &one),
			       start(send_or_receive, &other)};

	join(threads[0]);
	join(threads[1]);
	ck_assert_uint_eq(one.sent + other.sent,
			  one.received + other.received + chan_len(c));
	chan_destroy(c);
}
END_TEST

/* ---- Go's doubleselect.go ---- */

enum { OUTLETS = 4 };

static void *count_up(void *arg)
{
	struct chan **out = arg;

	for (int i = 0, n = (int)rounds(20000); i < n; i++) {
		struct chan_case cases[OUTLETS];

		for (size_t k = 0; k < OUTLETS; k++)
			cases[k] = CHAN_CASE_SEND(out[k], &i);
		MUST(chan_select(cases, OUTLETS, CHAN_FOREVER) >= 0);
	}
	for (size_t k = 0; k < OUTLETS; k++)
		chan_close(out[k]);
	return NULL;
}

struct pipe {
	struct chan *from, *to;
};

static void *pass_on(void *arg)
{
	struct pipe *p = arg;
	int v;

	while (chan_recv(p->from, &v) == CHAN_OK)
		put(p->to, v);
	return NULL;
}

/* Caught: a select two of whose cases are served; a double hand-over, by a
 * claim that looks and then writes. */
START_TEST(a_select_sends_its_value_once)
{
	struct chan *out[OUTLETS], *all = int_chan(0);
	struct pipe pipes[OUTLETS];
	pthread_t sender, passers[OUTLETS];
	int n = (int)rounds(20000);
	bool *seen = calloc((size_t)n, 1);

	MUST(seen != NULL);
	for (size_t k = 0; k < OUTLETS; k++) {
		out[k] = int_chan(0);
		pipes[k] = (struct pipe){out[k], all};
		passers[k] = start(pass_on, &pipes[k]);
	}
	sender = start(count_up, out);
	for (int i = 0; i < n; i++) {
		int v = take(all);

		MUST(v >= 0 && v < n && !seen[v]);
		seen[v] = true;
	}
	join(sender);
	for (size_t k = 0; k < OUTLETS; k++) {
		join(passers[k]);
		chan_destroy(out[k]);
	}
	ck_assert(nothing_in(all));
	chan_destroy(all);
	free(seen);
}
END_TEST

static Suite *race_suite(void)
{
	Suite *s = suite_create("chan_race");
	TCase *t = tcase_create("chan_race");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(
		t, default_is_not_taken_while_one_case_after_another_is_ready,
		0, 2);
	tcase_add_test(t, two_selects_that_meet_on_two_channels_agree_on_one);
	tcase_add_loop_test(t, a_select_never_meets_itself, 0, 2);
	tcase_add_test(t, a_select_sends_its_value_once);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(race_suite());
}
