/* SPDX-License-Identifier: MIT */
/*
 * What libchan's operations cost: chan_bench [--time MS] [NAME...] prints a
 * line "NAME NANOSECONDS" for each loop below, or for those named.  One
 * operation is what the comment of its loop says.  gochan/ holds the same
 * loops in Go; chan_bench.py runs both in turns.
 */
#include <chan.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT_OF(a) (sizeof(a) / sizeof(*(a)))
#define MUST(cond)                                                             \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(stderr, "chan_bench: %s\n", #cond);            \
			abort();                                               \
		}                                                              \
	} while (0)

enum { CAPACITY = 128, BATCH = 64, SENDERS = 4 };

static int64_t now_ns(void)
{
	struct timespec t;

	MUST(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct chan *make(size_t capacity)
{
	struct chan *c = chan_create(sizeof(long), capacity);

	MUST(c != NULL);
	return c;
}

static pthread_t start(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	MUST(pthread_create(&thread, NULL, run, arg) == 0);
	return thread;
}

static void send(struct chan *c, long v)
{
	MUST(chan_send(c, &v) == CHAN_OK);
}

static long receive(struct chan *c)
{
	long v;

	MUST(chan_recv(c, &v) == CHAN_OK);
	return v;
}

/* ---- One thread ---- */

/* A send and a receive. */
static void uncontended(long n)
{
	struct chan *c = make(CAPACITY);

	for (long i = 0; i < n; i++) {
		send(c, i);
		MUST(receive(c) == i);
	}
	chan_destroy(c);
}

/* A select over three channels that hold something, and a send which puts
 * that back. */
static void select_ready(long n)
{
	struct chan *c[3];
	struct chan_case cases[3];
	long v;

	for (size_t i = 0; i < 3; i++) {
		c[i] = make(CAPACITY);
		cases[i] = CHAN_CASE_RECV(c[i], &v);
		send(c[i], 1);
	}
	for (long i = 0; i < n; i++) {
		int chosen = chan_select(cases, 3, CHAN_FOREVER);

		MUST(chosen >= 0);
		send(c[chosen], v);
	}
	for (size_t i = 0; i < 3; i++)
		chan_destroy(c[i]);
}

/* A receive that doesn't wait, of nothing. */
static void try_empty(long n)
{
	struct chan *c = make(CAPACITY);
	long v;

	for (long i = 0; i < n; i++)
		MUST(chan_recv_until(c, &v, CHAN_NOW) == CHAN_TIMEDOUT);
	chan_destroy(c);
}

/* A send that doesn't wait, where there is no room. */
static void try_full(long n)
{
	struct chan *c = make(1);
	const long v = 1;

	send(c, 0);
	for (long i = 0; i < n; i++)
		MUST(chan_send_until(c, &v, CHAN_NOW) == CHAN_TIMEDOUT);
	chan_destroy(c);
}

/* ---- Senders, and one receiver ---- */

struct sender {
	struct chan *c;
	long n;
	bool in_batches;
};

static void *send_all(void *arg)
{
	struct sender *s = arg;
	long values[BATCH];
	size_t sent;

	if (!s->in_batches) {
		for (long i = 0; i < s->n; i++)
			send(s->c, i);
		return NULL;
	}
	for (long i = 0; i < BATCH; i++)
		values[i] = i;
	for (long left = s->n; left > 0; left -= (long)sent)
		MUST(chan_send_some(s->c, values,
				    (size_t)(left < BATCH ? left : BATCH),
				    &sent, CHAN_FOREVER) == CHAN_OK);
	return NULL;
}

static void receive_all(struct chan *c, long n, bool in_batches)
{
	long values[CAPACITY];
	size_t got;

	if (!in_batches)
		for (; n > 0; n--)
			(void)receive(c);
	for (; n > 0; n -= (long)got)
		MUST(chan_recv_some(c, values, CAPACITY, &got, CHAN_FOREVER) ==
		     CHAN_OK);
}

static void many_to_one(size_t senders, long n, bool in_batches)
{
	struct chan *c = make(CAPACITY);
	struct sender each = {c, n / (long)senders + 1, in_batches};
	pthread_t threads[SENDERS];

	for (size_t i = 0; i < senders; i++)
		threads[i] = start(send_all, &each);
	receive_all(c, each.n * (long)senders, in_batches);
	for (size_t i = 0; i < senders; i++)
		MUST(pthread_join(threads[i], NULL) == 0);
	chan_destroy(c);
}

/* A value from one thread to another through a buffer of 128. */
static void one_to_one(long n)
{
	many_to_one(1, n, false);
}

/* The same, sent and received as many at once. */
static void one_to_one_some(long n)
{
	many_to_one(1, n, true);
}

/* A value from one of four threads to a fifth. */
static void four_to_one(long n)
{
	many_to_one(SENDERS, n, false);
}

static void four_to_one_some(long n)
{
	many_to_one(SENDERS, n, true);
}

/* ---- Back and forth ---- */

struct table {
	struct chan *there, *back;
	long n;
};

static void *play(void *arg)
{
	struct table *t = arg;

	for (long i = 0; i < t->n; i++)
		send(t->back, receive(t->there));
	return NULL;
}

/* A value to another thread and back, unbuffered. */
static void ping_pong(long n)
{
	struct table t = {make(0), make(0), n};
	pthread_t other = start(play, &t);

	for (long i = 0; i < n; i++) {
		send(t.there, i);
		MUST(receive(t.back) == i);
	}
	MUST(pthread_join(other, NULL) == 0);
	chan_destroy(t.there);
	chan_destroy(t.back);
}

/* ---- Measuring ---- */

static const struct loop {
	const char *name;
	void (*run)(long n);
} loops[] = {
	{"uncontended", uncontended}, {"select", select_ready},
	{"try-empty", try_empty},     {"try-full", try_full},
	{"1:1", one_to_one},          {"1:1-some", one_to_one_some},
	{"4:1", four_to_one},         {"4:1-some", four_to_one_some},
	{"ping-pong", ping_pong},
};

/* Runs it ever longer until it takes a fifth of the time, then for all of it;
 * returns the nanoseconds of one operation. */
static double measure(const struct loop *l, int64_t time)
{
	long n = 16;

	for (;;) {
		int64_t begin = now_ns(), took;
		bool enough;

		l->run(n);
		took = now_ns() - begin + 1;
		enough = took >= time / 2;
		if (enough)
			return (double)took / (double)n;
		if (took < time / 5)
			n *= took < time / 50 ? 8 : 2;
		else
			n = (long)((double)n * (double)time / (double)took);
	}
}

static bool is_wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static void *wait_for_the_end(void *arg)
{
	MUST(chan_recv_unit((struct chan *)arg, CHAN_FOREVER) == CHAN_CLOSED);
	return NULL;
}

int main(int argc, char **argv)
{
	struct chan *end = chan_create(0, 0);
	int64_t time = 200;
	pthread_t other;

	(void)argc;
	/* glibc's locks are cheaper as long as there is but one thread, which
	 * is no measure for channels. */
	MUST(end != NULL);
	other = start(wait_for_the_end, end);
	argv++;
	if (*argv && strncmp(*argv, "--time=", 7) == 0)
		time = strtol(*argv++ + 7, NULL, 10);
	for (size_t i = 0; i < COUNT_OF(loops); i++)
		if (is_wanted(loops[i].name, argv)) {
			printf("%s %.2f\n", loops[i].name,
			       measure(&loops[i], time * 1000000));
			fflush(stdout);
		}
	chan_close(end);
	MUST(pthread_join(other, NULL) == 0);
	chan_destroy(end);
	return 0;
}
