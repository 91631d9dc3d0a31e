/* SPDX-License-Identifier: MIT */
/*
 * Deadlines that pass at the very moment of a hand-over: the value is given
 * and both report it, or neither does.
 *
 * A sender and a receiver, each in one of three manners, meet while the
 * patience of each is tuned until it runs out about every other time.  Each
 * value is written down by both.  A scheduler can keep two threads in step for
 * a while, none of them ever late; so it goes on until both has been seen.
 *
 * With the argument "soak" it makes more rounds: CHATD_SOAK=n multiplies.
 */
#include "chan_harness.h"

enum manner { PLAIN, SOME, SELECT, MANNERS };

enum {
	BATCH = 3,
	ENOUGH = 20, /* moments on either side of the deadline: else no test */
};

struct ledger {
	struct chan *chan, *idle;
	enum manner sends, receives;
	int n; /* values: 0 .. n-1 */
	bool *sent, *received;
	struct patience sender, receiver;
	atomic_bool over;
};

/* Sends up to BATCH values from first on; returns how many went. */
static size_t send_values(struct ledger *l, int first)
{
	int64_t t = next_deadline(&l->sender);
	int values[BATCH], idle;
	struct chan_case cases[] = {CHAN_CASE_RECV(l->idle, &idle),
				    CHAN_CASE_SEND(l->chan, values)};
	size_t n;

	for (int i = 0; i < BATCH; i++)
		values[i] = first + i;
	switch (l->sends) {
	case PLAIN:
		return chan_send_until(l->chan, values, t) == CHAN_OK;
	case SOME:
		(void)!chan_send_some(l->chan, values, BATCH, &n, t);
		return n;
	default:
		return chan_select(cases, 2, t) == 1;
	}
}

static void *send_all(void *arg)
{
	struct ledger *l = arg;

	for (int i = 0; i + BATCH <= l->n; i += BATCH) {
		size_t went = send_values(l, i);

		tune(&l->sender, went > 0);
		for (size_t k = 0; k < went; k++)
			l->sent[i + (int)k] = true;
	}
	atomic_store(&l->over, true);
	return NULL;
}

static size_t receive_values(struct ledger *l, int *values)
{
	int64_t t = next_deadline(&l->receiver);
	int idle;
	struct chan_case cases[] = {CHAN_CASE_RECV(l->chan, values),
				    CHAN_CASE_RECV(l->idle, &idle)};
	size_t n = 0;

	switch (l->receives) {
	case PLAIN:
		return chan_recv_until(l->chan, values, t) == CHAN_OK;
	case SOME:
		return chan_recv_some(l->chan, values, 2, &n, t) == CHAN_OK ? n
									    : 0;
	default:
		return chan_select(cases, 2, t) == 0;
	}
}

static void *receive_all(void *arg)
{
	struct ledger *l = arg;

	while (!atomic_load(&l->over) || chan_len(l->chan) > 0) {
		int values[2];
		size_t got = receive_values(l, values);

		tune(&l->receiver, got > 0);
		for (size_t k = 0; k < got; k++) {
			MUST(values[k] >= 0 && values[k] < l->n);
			MUST(!l->received[values[k]]);
			l->received[values[k]] = true;
		}
	}
	return NULL;
}

static void play(struct ledger *l)
{
	pthread_t threads[2];

	memset(l->sent, 0, (size_t)l->n * sizeof(*l->sent));
	memset(l->received, 0, (size_t)l->n * sizeof(*l->received));
	atomic_store(&l->over, false);
	threads[0] = start(send_all, l);
	threads[1] = start(receive_all, l);
	join(threads[0]);
	join(threads[1]);
	for (int i = 0; i < l->n; i++)
		MUST(l->sent[i] == l->received[i]);
	await_waiters(l->chan, 0, 0);
	await_waiters(l->idle, 0, 0);
}

/* Caught: a wait that reports its deadline though it was served, a partner
 * that serves one who has given up, a count that forgets the last moment. */
START_TEST(at_the_deadline_a_value_is_given_and_reported_or_neither)
{
	struct ledger l = {
		.sends = (enum manner)(_i % MANNERS),
		.receives = (enum manner)(_i / MANNERS % MANNERS),
		.n = (int)rounds(3000) + 900,
		.sender = {.ns = 20 * NS_PER_US, .random = 1},
		.receiver = {.ns = 20 * NS_PER_US, .random = 2},
	};

	l.chan = int_chan((size_t)_i / MANNERS / MANNERS);
	l.idle = int_chan(0);
	l.sent = calloc((size_t)l.n, sizeof(*l.sent));
	l.received = calloc((size_t)l.n, sizeof(*l.received));
	ck_assert(l.sent && l.received);
	do
		play(&l);
	while (l.sender.in_time < ENOUGH ||
	       l.sender.too_late + l.receiver.too_late < ENOUGH);
	chan_destroy(l.chan);
	chan_destroy(l.idle);
	free(l.sent);
	free(l.received);
}
END_TEST

static Suite *deadline_suite(void)
{
	Suite *s = suite_create("chan_deadline");
	TCase *t = tcase_create("chan_deadline");

	tcase_set_timeout(t, soak_factor > 1 ? 0 : 60);
	tcase_add_loop_test(
		t, at_the_deadline_a_value_is_given_and_reported_or_neither, 0,
		2 * MANNERS * MANNERS);
	suite_add_tcase(s, t);
	return s;
}

int main(int argc, char **argv)
{
	use_soak_counts(argc, argv);
	return run_suite(deadline_suite());
}
