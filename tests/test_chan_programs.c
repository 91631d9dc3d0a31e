/* SPDX-License-Identifier: MIT */
/*
 * Small programs whose results are known, with many threads and channels: as
 * Go's own tests have them, sieve, chain, fifo and the like.
 *
 * Planted, and caught by: a close that forgets senders
 * (the_sieve_finds_the_primes); one that reports OK, a list of which only the
 * first two are woken (close_opens_a_gate_for_all); a value handed over and
 * left in the ring too (many_consumers_lose_nothing); a waiter looked at after
 * its wake (the first and the third of these); a claim that isn't one, a wake
 * that select keeps to itself (a_proxy_takes_all_before_anybody_asks_for_it).
 */
#include "chan_harness.h"

enum { MANY = 400 };

/* ---- A sieve: each thread filters the multiples of its prime ---- */

struct filter {
	struct chan *in, *out;
	int prime;
};

static void *count_from_two(void *arg)
{
	for (int v = 2; chan_send((struct chan *)arg, &v) == CHAN_OK; v++)
		;
	return NULL;
}

/* Go's program leaves its goroutines alone in the end; threads are told. */
static void *filter(void *arg)
{
	struct filter *f = arg;
	int v;

	while (chan_recv(f->in, &v) == CHAN_OK)
		if (v % f->prime != 0 && chan_send(f->out, &v) != CHAN_OK)
			break;
	chan_close(f->in);
	return NULL;
}

START_TEST(the_sieve_finds_the_primes)
{
	static const int primes[] = {2,  3,  5,  7,  11, 13, 17, 19, 23,
				     29, 31, 37, 41, 43, 47, 53, 59, 61,
				     67, 71, 73, 79, 83, 89, 97};
	struct filter filters[COUNT_OF(primes)];
	pthread_t threads[COUNT_OF(primes)], source;
	struct chan *c = int_chan((size_t)_i);

	source = start(count_from_two, c);
	for (size_t i = 0; i < COUNT_OF(primes); i++) {
		filters[i].in = c;
		filters[i].out = c = int_chan((size_t)_i);
		filters[i].prime = take(filters[i].in);
		ck_assert_int_eq(filters[i].prime, primes[i]);
		threads[i] = start(filter, &filters[i]);
	}
	chan_close(c);
	/* Each closes what it receives from, so the one before it ends. */
	for (size_t i = COUNT_OF(primes); i-- > 0;)
		join(threads[i]);
	join(source);
	for (size_t i = 0; i < COUNT_OF(primes); i++)
		chan_destroy(filters[i].in);
	chan_destroy(c);
}
END_TEST

/* ---- A chain: each adds one to what comes from the right ---- */

struct link {
	struct chan *left, *right;
};

static void *add_one(void *arg)
{
	struct link *l = arg;

	put(l->left, take(l->right) + 1);
	return NULL;
}

START_TEST(a_value_goes_through_a_chain_of_many_threads)
{
	static struct link links[MANY];
	static pthread_t threads[MANY];
	size_t n = rounds(MANY - 1);
	struct chan *leftmost = int_chan(0), *left = leftmost;

	for (size_t i = 0; i < n; i++) {
		links[i].left = left;
		links[i].right = left = int_chan(0);
		threads[i] = start(add_one, &links[i]);
	}
	put(left, 0);
	ck_assert_int_eq(take(leftmost), (int)n);
	for (size_t i = 0; i < n; i++) {
		join(threads[i]);
		chan_destroy(links[i].right);
	}
	chan_destroy(leftmost);
}
END_TEST

/* ---- Fifo: a baton says whose turn to receive it is ---- */

struct runner {
	struct chan *values, *baton, *next;
	int expected;
};

static void *run_leg(void *arg)
{
	struct runner *r = arg;

	(void)take(r->baton);
	MUST(take(r->values) == r->expected);
	put(r->next, 1);
	return NULL;
}

START_TEST(an_unbuffered_channel_is_a_pure_fifo)
{
	enum { LEGS = 10 };
	struct runner legs[LEGS];
	pthread_t threads[LEGS];
	struct chan *values = int_chan(0), *start_line = int_chan(0);
	struct chan *baton = start_line;

	for (int i = 0; i < LEGS; i++) {
		struct chan *next = int_chan(0);

		legs[i] = (struct runner){values, baton, next, i};
		threads[i] = start(run_leg, &legs[i]);
		baton = next;
	}
	put(start_line, 1);
	for (int i = 0; i < LEGS; i++)
		put(values, i);
	ck_assert_int_eq(take(baton), 1);
	for (int i = 0; i < LEGS; i++) {
		join(threads[i]);
		chan_destroy(legs[i].next);
	}
	chan_destroy(start_line);
	chan_destroy(values);
}
END_TEST

/* ---- Many who range over one channel ---- */

static const int numbers[] = {2, 3, 7, 11, 13, 17, 19, 23, 27, 31};

struct work {
	struct chan *questions, *answers;
};

static void *pass_on(void *arg)
{
	struct work *w = arg;
	int v;

	while (chan_recv(w->questions, &v) == CHAN_OK) {
		if (v % 3 == 0)
			sched_yield(); /* some lose their place */
		put(w->answers, v);
	}
	return NULL;
}

static void *feed(void *arg)
{
	struct work *w = arg;

	for (size_t i = 0, n = rounds(20000); i < n; i++)
		put(w->questions, numbers[i % COUNT_OF(numbers)]);
	chan_close(w->questions);
	return NULL;
}

START_TEST(many_consumers_lose_nothing)
{
	enum { WORKERS = 23 };
	struct work w = {int_chan(WORKERS * 3), int_chan(WORKERS * 3)};
	pthread_t workers[WORKERS], feeder;
	size_t n = rounds(20000);
	long sum = 0;

	for (size_t i = 0; i < WORKERS; i++)
		workers[i] = start(pass_on, &w);
	feeder = start(feed, &w);
	for (size_t i = 0; i < n; i++)
		sum += take(w.answers) - numbers[i % COUNT_OF(numbers)];
	join(feeder);
	for (size_t i = 0; i < WORKERS; i++)
		join(workers[i]);
	ck_assert_int_eq(sum, 0);
	ck_assert(nothing_in(w.answers));
	chan_destroy(w.questions);
	chan_destroy(w.answers);
}
END_TEST

/* ---- A proxy without bounds: NULL takes a case out and in ---- */

static void *keep_and_pass_on(void *arg)
{
	struct work *w = arg;
	size_t head = 0, tail = 0, size = rounds(5000);
	int *kept = calloc(size, sizeof(*kept)), v;
	struct chan *in = w->questions;

	MUST(kept != NULL);
	while (in || head < tail) {
		struct chan_case cases[] = {
			CHAN_CASE_RECV(in, &v),
			CHAN_CASE_SEND(head < tail ? w->answers : NULL,
				       &kept[head]),
		};

		if (chan_select(cases, 2, CHAN_FOREVER) == 1)
			head++;
		else if (cases[0].status == CHAN_OK)
			kept[tail++] = v;
		else
			in = NULL;
	}
	chan_close(w->answers);
	free(kept);
	return NULL;
}

START_TEST(a_proxy_takes_all_before_anybody_asks_for_it)
{
	struct work w = {int_chan((size_t)_i), int_chan((size_t)_i)};
	pthread_t proxy = start(keep_and_pass_on, &w);
	int n = (int)rounds(5000), v;

	for (int i = 0; i < n; i++)
		put(w.questions, i);
	chan_close(w.questions);
	for (int i = 0; i < n; i++)
		MUST(take(w.answers) == i);
	ck_assert_int_eq(chan_recv(w.answers, &v), CHAN_CLOSED);
	join(proxy);
	chan_destroy(w.questions);
	chan_destroy(w.answers);
}
END_TEST

/* ---- A barrier: who comes late finds the door open ---- */

static void *pass_gate(void *arg)
{
	struct work *w = arg;

	put(w->answers, 1); /* I'm here */
	MUST(chan_recv_unit(w->questions, CHAN_FOREVER) == CHAN_CLOSED);
	put(w->answers, 2); /* and through */
	return NULL;
}

START_TEST(close_opens_a_gate_for_all)
{
	enum { CROWD = 20 };
	struct work w = {chan_create(0, 0), int_chan(CROWD)};
	pthread_t crowd[CROWD];

	for (size_t i = 0; i < CROWD; i++)
		crowd[i] = start(pass_gate, &w);
	for (size_t i = 0; i < CROWD; i++)
		ck_assert_int_eq(take(w.answers), 1);
	ck_assert(nothing_in(w.answers));
	chan_close(w.questions);
	for (size_t i = 0; i < CROWD; i++)
		ck_assert_int_eq(take(w.answers), 2);
	for (size_t i = 0; i < CROWD; i++)
		join(crowd[i]);
	chan_destroy(w.questions);
	chan_destroy(w.answers);
}
END_TEST

static Suite *programs_suite(void)
{
	Suite *s = suite_create("chan_programs");
	TCase *t = tcase_create("chan_programs");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, the_sieve_finds_the_primes, 0, 3);
	tcase_add_test(t, a_value_goes_through_a_chain_of_many_threads);
	tcase_add_test(t, an_unbuffered_channel_is_a_pure_fifo);
	tcase_add_test(t, many_consumers_lose_nothing);
	tcase_add_loop_test(t, a_proxy_takes_all_before_anybody_asks_for_it, 0,
			    3);
	tcase_add_test(t, close_opens_a_gate_for_all);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(programs_suite());
}
