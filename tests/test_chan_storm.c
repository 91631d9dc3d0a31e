/* SPDX-License-Identifier: MIT */
/*
 * Storms: senders, receivers, relays (which do both) and a closer over a few
 * channels, each in every manner that libchan has.  In the end each value that
 * was reported as sent was received once, each other never, and what went
 * through one channel from one sender to one receiver kept its order.
 *
 * With the argument "soak" it makes more of them: CHATD_SOAK=n multiplies.
 */
#include "chan_harness.h"

enum {
	CHANNELS = 3,
	SENDERS = 3,
	RECEIVERS = 3,
	RELAYS = 2,
	VALUES = 1500, /* of each sender */
	BATCH = 5,
};

/* Torn or stale values are seen by their second half. */
struct value {
	uint32_t id, opposite;
};

enum manner { PLAIN, TIMED, SOME, SELECT, MANNERS };

struct storm {
	struct chan *channels[CHANNELS];
	bool relayed;
	uint64_t seed;
	bool sent[SENDERS * VALUES];             /* its sender only */
	atomic_uchar received[SENDERS * VALUES]; /* how often */
	atomic_uint received_total, senders_done;
};

struct member {
	struct storm *storm;
	uint32_t index;
	uint64_t random;
	struct chan *open[CHANNELS]; /* NULL: seen closed */
	uint32_t next[SENDERS][CHANNELS];
	pthread_t thread;
};

static bool any_open(const struct member *m)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (m->open[i])
			return true;
	return false;
}

/* One that was not yet seen closed; there is one. */
static size_t some_open(struct member *m)
{
	size_t i = next_random(&m->random) % CHANNELS;

	while (!m->open[i])
		i = (i + 1) % CHANNELS;
	return i;
}

static int64_t soon(struct member *m)
{
	switch (next_random(&m->random) % 4) {
	case 0:
		return CHAN_NOW;
	case 1:
		return chan_deadline(5000 * NS_PER_US);
	default:
		return chan_deadline(next_random(&m->random) %
				     (100 * NS_PER_US));
	}
}

/* ---- Senders ---- */

/* Sends up to n values in some manner; returns how many went. */
static size_t send_somehow(struct member *m, const struct value *values,
			   size_t n)
{
	size_t i = some_open(m), went = 0;
	enum chan_status status;
	struct chan_case cases[CHANNELS];
	int chosen;

	switch (next_random(&m->random) % MANNERS) {
	case PLAIN:
		status = chan_send(m->open[i], values);
		MUST(status != CHAN_TIMEDOUT);
		went = status == CHAN_OK;
		break;
	case TIMED:
		status = chan_send_until(m->open[i], values, soon(m));
		went = status == CHAN_OK;
		break;
	case SOME:
		status = chan_send_some(m->open[i], values, n, &went, soon(m));
		MUST((status == CHAN_OK) == (went == n));
		break;
	default:
		for (size_t k = 0; k < CHANNELS; k++)
			cases[k] = CHAN_CASE_SEND(m->open[k], values);
		chosen = chan_select(cases, CHANNELS,
				     next_random(&m->random) % 2 ? CHAN_FOREVER
								 : soon(m));
		if (chosen < 0)
			return 0;
		i = (size_t)chosen;
		status = cases[i].status;
		went = status == CHAN_OK;
	}
	if (status == CHAN_CLOSED)
		m->open[i] = NULL;
	return went;
}

static void *send_storm(void *arg)
{
	struct member *m = arg;
	uint32_t sent = 0;

	while (sent < VALUES && any_open(m)) {
		uint32_t n = next_random(&m->random) % BATCH + 1;
		struct value values[BATCH];

		n = n < VALUES - sent ? n : VALUES - sent;
		for (uint32_t i = 0; i < n; i++) {
			values[i].id = m->index * VALUES + sent + i;
			values[i].opposite = ~values[i].id;
		}
		n = (uint32_t)send_somehow(m, values, n);
		for (uint32_t i = 0; i < n; i++)
			m->storm->sent[values[i].id] = true;
		sent += n;
	}
	atomic_fetch_add(&m->storm->senders_done, 1);
	return NULL;
}

/* ---- Receivers ---- */

static void note(struct member *m, const struct value *v, size_t channel)
{
	uint32_t sender = v->id / VALUES, number = v->id % VALUES;

	MUST(v->opposite == ~v->id && sender < SENDERS);
	MUST(atomic_fetch_add(&m->storm->received[v->id], 1) == 0);
	if (!m->storm->relayed) {
		MUST(number >= m->next[sender][channel]);
		m->next[sender][channel] = number + 1;
	}
	atomic_fetch_add(&m->storm->received_total, 1);
}

/* Receives up to BATCH values; returns how many, and from where. */
static size_t receive_somehow(struct member *m, struct value *values, size_t *i)
{
	size_t got = 0;
	enum chan_status status;
	struct chan_case cases[CHANNELS];
	/* One receiver looks at all channels always, so that no sender waits
	 * at a channel which the others have left alone. */
	enum manner manner =
		m->index == 0 ? SELECT : next_random(&m->random) % MANNERS;

	*i = some_open(m);
	switch (manner) {
	case PLAIN:
		status = chan_recv(m->open[*i], values);
		MUST(status != CHAN_TIMEDOUT);
		got = status == CHAN_OK;
		break;
	case TIMED:
		status = chan_recv_until(m->open[*i], values, soon(m));
		got = status == CHAN_OK;
		break;
	case SOME:
		status = chan_recv_some(m->open[*i], values, BATCH, &got,
					soon(m));
		MUST((status == CHAN_OK) == (got > 0));
		break;
	default:
		for (size_t k = 0; k < CHANNELS; k++)
			cases[k] = CHAN_CASE_RECV(m->open[k], values);
		*i = (size_t)chan_select(cases, CHANNELS, CHAN_FOREVER);
		MUST(*i < CHANNELS);
		status = cases[*i].status;
		got = status == CHAN_OK;
	}
	if (status == CHAN_CLOSED) {
		MUST(values[0].id == 0 && values[0].opposite == 0);
		m->open[*i] = NULL;
	}
	return got;
}

static void *receive_storm(void *arg)
{
	struct member *m = arg;

	while (any_open(m)) {
		struct value values[BATCH];
		size_t from, got = receive_somehow(m, values, &from);

		for (size_t i = 0; i < got; i++)
			note(m, &values[i], from);
	}
	return NULL;
}

/* Receives and sends in one select: what it holds goes to any channel, what
 * comes is kept until it has gone. */
static void *relay_storm(void *arg)
{
	enum { HOLDS = 2 };
	struct member *m = arg;
	struct value held[HOLDS] = {{0}}, incoming;
	size_t n = 0;

	while (any_open(m)) {
		struct chan_case cases[2 * CHANNELS];
		int chosen;

		for (size_t k = 0; k < CHANNELS; k++) {
			cases[k] = CHAN_CASE_RECV(n < HOLDS ? m->open[k] : NULL,
						  &incoming);
			cases[CHANNELS + k] = CHAN_CASE_SEND(
				n > 0 ? m->open[k] : NULL, &held[0]);
		}
		chosen = chan_select(cases, 2 * CHANNELS, CHAN_FOREVER);
		MUST(chosen >= 0);
		if (cases[chosen].status == CHAN_CLOSED)
			m->open[chosen % CHANNELS] = NULL;
		else if (chosen < CHANNELS)
			held[n++] = incoming;
		else
			held[0] = held[--n];
	}
	for (size_t i = 0; i < n; i++)
		note(m, &held[i], 0);
	return NULL;
}

/* ---- The storm ---- */

static void start_member(struct member *m, void *(*run)(void *),
			 struct storm *s, uint32_t index, uint64_t salt)
{
	memset(m, 0, sizeof(*m));
	m->storm = s;
	m->index = index;
	m->random = s->seed * 1000 + salt + index + 1;
	memcpy(m->open, s->channels, sizeof(m->open));
	m->thread = start(run, m);
}

/* Closes one channel after another in the midst, or as all is sent. */
static void close_in_the_midst(struct storm *s)
{
	uint64_t random = s->seed + 7;

	for (size_t i = 0; i < CHANNELS; i++) {
		uint32_t when = next_random(&random) % (SENDERS * VALUES);

		while (atomic_load(&s->received_total) < when &&
		       atomic_load(&s->senders_done) < SENDERS)
			(void)usleep(100);
		chan_close(s->channels[i]);
	}
}

static void rage(uint64_t seed)
{
	static const size_t capacities[][CHANNELS] = {
		{0, 0, 0}, {0, 1, 4}, {1, 1, 1}, {2, 0, 9}, {100, 3, 0}};
	static struct storm s;
	static struct member senders[SENDERS], receivers[RECEIVERS],
		relays[RELAYS];

	memset(&s, 0, sizeof(s));
	s.seed = seed;
	s.relayed = seed % 2;
	for (size_t i = 0; i < CHANNELS; i++) {
		s.channels[i] = chan_create(
			sizeof(struct value),
			capacities[seed / 2 % COUNT_OF(capacities)][i]);
		MUST(s.channels[i] != NULL);
	}
	for (uint32_t i = 0; i < RECEIVERS; i++)
		start_member(&receivers[i], receive_storm, &s, i, 100);
	for (uint32_t i = 0; i < RELAYS && s.relayed; i++)
		start_member(&relays[i], relay_storm, &s, i, 200);
	for (uint32_t i = 0; i < SENDERS; i++)
		start_member(&senders[i], send_storm, &s, i, 300);
	close_in_the_midst(&s);
	for (size_t i = 0; i < SENDERS; i++)
		join(senders[i].thread);
	for (size_t i = 0; i < RECEIVERS; i++)
		join(receivers[i].thread);
	for (size_t i = 0; i < RELAYS && s.relayed; i++)
		join(relays[i].thread);
	for (size_t i = 0; i < SENDERS * VALUES; i++)
		if (atomic_load(&s.received[i]) != s.sent[i])
			ck_abort_msg("storm %llu: value %zu: sent %d times, "
				     "received %d times",
				     (unsigned long long)seed, i, s.sent[i],
				     atomic_load(&s.received[i]));
	for (size_t i = 0; i < CHANNELS; i++)
		chan_destroy(s.channels[i]);
}

/* Caught: values handed over twice or to nobody, a close that reports OK, a
 * wake that is lost (it hangs), a claim that isn't one, and in general what
 * the other tests catch, later and without saying why. */
START_TEST(each_value_arrives_once)
{
	for (unsigned long i = 0, n = rounds(4); i < n; i++)
		rage((uint64_t)_i + 10 * i);
}
END_TEST

static Suite *storm_suite(void)
{
	Suite *s = suite_create("chan_storm");
	TCase *t = tcase_create("chan_storm");

	tcase_set_timeout(t, soak_factor > 1 ? 0 : 100);
	tcase_add_loop_test(t, each_value_arrives_once, 0, 10);
	suite_add_tcase(s, t);
	return s;
}

int main(int argc, char **argv)
{
	use_soak_counts(argc, argv);
	return run_suite(storm_suite());
}
