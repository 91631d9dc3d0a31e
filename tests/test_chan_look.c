/* SPDX-License-Identifier: MIT */
/*
 * Who only tries gets a true answer: "not now" is said where there was a
 * moment at which it was so.  libchan looks before it locks, and what it sees
 * there may be half of what another thread is doing.
 */
#include "chan_harness.h"

/* ---- Never empty ---- */

enum way { BY_RECV, BY_RECV_SOME, BY_SELECT, WAYS };

static enum chan_status try_somehow(struct chan *c, enum way way)
{
	int v;
	size_t n;
	struct chan_case k = CHAN_CASE_RECV(c, &v);

	switch (way) {
	case BY_RECV:
		return try_take(c, &v);
	case BY_RECV_SOME:
		return chan_recv_some(c, &v, 1, &n, CHAN_NOW);
	default:
		return chan_select(&k, 1, CHAN_NOW) < 0 ? CHAN_TIMEDOUT
							: k.status;
	}
}

enum { PLENTY = 30000 };

struct source {
	struct chan *chan;
	size_t n;
	enum way way;
	struct meeting meeting;
};

static void *send_plenty(void *arg)
{
	static int values[PLENTY + 100];
	struct source *s = arg;
	size_t n;

	MUST(chan_send_some(s->chan, values, s->n, &n, CHAN_FOREVER) ==
	     CHAN_OK);
	return NULL;
}

static void *take_half(void *arg)
{
	struct source *s = arg;
	size_t half = (s->n + chan_cap(s->chan)) / 2;

	meet(&s->meeting);
	for (size_t i = 0; i < half; i++)
		MUST(try_somehow(s->chan, s->way) == CHAN_OK);
	return NULL;
}

/* The ring is full and a sender waits with all the values that two receivers
 * will take, so whenever they look something is there.  Caught: a ring seen
 * empty between its last value's going and the sender's coming in. */
START_TEST(a_channel_that_is_never_empty_is_never_found_empty)
{
	size_t capacity = (size_t)_i % 3;
	struct source s = {.chan = int_chan(capacity),
			   .n = 2 * (rounds(PLENTY / 2 - 1) / 2),
			   .way = (enum way)(_i / 3)};
	pthread_t sender, takers[2];

	s.meeting.members = 2;
	s.n += capacity % 2; /* in all it's even */
	for (size_t i = 0; i < capacity; i++)
		put(s.chan, 1);
	sender = start(send_plenty, &s);
	await_waiters(s.chan, 1, 0);
	takers[0] = start(take_half, &s);
	takers[1] = start(take_half, &s);
	join(takers[0]);
	join(takers[1]);
	join(sender);
	ck_assert(nothing_in(s.chan));
	chan_destroy(s.chan);
}
END_TEST

/* ---- Closed meanwhile ---- */

struct duel {
	struct meeting meeting;
	unsigned long rounds;
	struct chan *chan;
};

static void init_duel(struct duel *d, unsigned long n)
{
	d->meeting.members = 2;
	atomic_init(&d->meeting.arrived, 0);
	d->rounds = rounds(n);
}

static void *try_to_receive(void *arg)
{
	struct duel *d = arg;

	for (unsigned long i = 0; i < d->rounds; i++) {
		int v;

		meet(&d->meeting);
		MUST(try_take(d->chan, &v) != CHAN_TIMEDOUT);
		meet(&d->meeting);
	}
	return NULL;
}

/* Go's TestNonblockRecvRace.  Caught: empty looked at after open. */
START_TEST(a_channel_that_holds_a_value_and_is_closed_is_never_not_ready)
{
	struct duel d;
	pthread_t receiver;

	init_duel(&d, 20000);
	d.chan = int_chan(1);
	receiver = start(try_to_receive, &d);
	for (unsigned long i = 0; i < d.rounds; i++) {
		int v;

		put(d.chan, 1);
		meet(&d.meeting);
		chan_close(d.chan);
		MUST(try_take(d.chan, &v) != CHAN_TIMEDOUT);
		meet(&d.meeting);
		chan_destroy(d.chan);
		d.chan = int_chan(1);
	}
	join(receiver);
	chan_destroy(d.chan);
}
END_TEST

static void *try_to_send(void *arg)
{
	struct duel *d = arg;

	for (unsigned long i = 0; i < d->rounds; i++) {
		meet(&d->meeting);
		MUST(try_put(d->chan, 1) != CHAN_TIMEDOUT);
		meet(&d->meeting);
	}
	return NULL;
}

/* First a receiver waits, then the channel is closed: a send can always
 * proceed.  Caught: open looked at before whether somebody waits. */
START_TEST(a_send_finds_the_receiver_or_the_closed_channel)
{
	struct duel d;
	struct actor receiver;
	pthread_t sender;

	init_duel(&d, 2000);
	d.chan = int_chan(0);
	sender = start(try_to_send, &d);
	for (unsigned long i = 0; i < d.rounds; i++) {
		start_actor(&receiver, recv_it, d.chan, 0);
		await_waiters(d.chan, 0, 1);
		meet(&d.meeting);
		for (unsigned long n = i % 32; n > 0; n--)
			atomic_signal_fence(memory_order_seq_cst);
		chan_close(d.chan);
		join(receiver.thread);
		meet(&d.meeting);
		chan_destroy(d.chan);
		d.chan = int_chan(0);
	}
	join(sender);
	chan_destroy(d.chan);
}
END_TEST

static Suite *look_suite(void)
{
	Suite *s = suite_create("chan_look");
	TCase *t = tcase_create("chan_look");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t,
			    a_channel_that_is_never_empty_is_never_found_empty,
			    0, 3 * WAYS);
	tcase_add_test(
		t,
		a_channel_that_holds_a_value_and_is_closed_is_never_not_ready);
	tcase_add_test(t, a_send_finds_the_receiver_or_the_closed_channel);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(look_suite());
}
