/* SPDX-License-Identifier: MIT */
/*
 * What the tests of libchan share: threads, knowing that somebody waits, calls
 * that must not return, and calls that must end the program.
 *
 * Order is never a matter of sleeping: await_waiters() looks into the queues
 * of a channel until those who should wait there do.  Inside threads and hot
 * loops MUST() takes the place of Check's assertions, each of which writes to
 * a pipe and may only be made by the main thread where nothing is forked.
 */
#ifndef CHAN_HARNESS_H
#define CHAN_HARNESS_H

#include "internal.h"

#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_OF(a) (sizeof(a) / sizeof(*(a)))
#define NS_PER_US   INT64_C(1000)
#define NS_PER_MS   INT64_C(1000000)

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#else
#define UNDER_TSAN 0
#endif

static inline _Noreturn void must_failed(const char *file, int line,
					 const char *what)
{
	fprintf(stderr, "%s:%d: this must hold: %s\n", file, line, what);
	abort();
}

#define MUST(cond)                                                             \
	do {                                                                   \
		if (!(cond))                                                   \
			must_failed(__FILE__, __LINE__, #cond);                \
	} while (0)

/* ---- How often ---- */

/* What the rounds of the suite quick are multiplied by, in the suite soak. */
static unsigned long soak_factor = 1;

/* With the argument "soak": a sample, or CHATD_SOAK times the long count, and
 * only Meson's own limit of time. */
static inline void use_soak_counts(int argc, char **argv)
{
	const char *soak = getenv("CHATD_SOAK");
	unsigned long times = soak ? strtoul(soak, NULL, 10) : 0;

	if (argc > 1 && strcmp(argv[1], "soak") == 0)
		soak_factor = times > 0 ? 100 * times : 3;
}

/* Valgrind runs one thread at a time and each of them slowly. */
static inline bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

/* How many rounds to make where n are enough at full speed. */
static inline unsigned long rounds(unsigned long n)
{
	unsigned long slower = under_valgrind() ? 20 : UNDER_TSAN ? 2 : 1;

	return soak_factor * n / slower + 1;
}

/* ---- Threads ---- */

static inline pthread_t start(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	MUST(pthread_create(&thread, NULL, run, arg) == 0);
	return thread;
}

static inline void join(pthread_t thread)
{
	MUST(pthread_join(thread, NULL) == 0);
}

static inline size_t length_of(const struct chan_queue *q)
{
	size_t n = 0;

	for (const struct chan_case *k = first_of(q); k; k = k->next_)
		n++;
	return n;
}

/* Returns once as many threads wait at c; the test fails if they don't. */
static inline void await_waiters(struct chan *c, size_t senders,
				 size_t receivers)
{
	int64_t give_up = chan_deadline(30000 * NS_PER_MS);
	size_t sending, receiving;

	do {
		lock(&c->lock);
		sending = length_of(&c->senders);
		receiving = length_of(&c->receivers);
		unlock(&c->lock);
		if (sending == senders && receiving == receivers)
			return;
		sched_yield();
	} while (chan__now() < give_up);
	fprintf(stderr,
		"%zu senders and %zu receivers wait; "
		"it should be %zu and %zu\n",
		sending, receiving, senders, receivers);
	abort();
}

/* Two threads or more that begin each round together, on different cores if
 * there are some. */
struct meeting {
	unsigned members;
	atomic_uint arrived;
};

static inline void meet(struct meeting *m)
{
	unsigned ticket = atomic_fetch_add(&m->arrived, 1);
	unsigned full = (ticket / m->members + 1) * m->members;

	for (unsigned spins = 1; atomic_load(&m->arrived) < full; spins++)
		if (spins % 64 == 0)
			sched_yield();
}

/* ---- Channels of int, where nothing else matters ---- */

static inline struct chan *int_chan(size_t capacity)
{
	struct chan *c = chan_create(sizeof(int), capacity);

	MUST(c != NULL);
	return c;
}

static inline void put(struct chan *c, int v)
{
	MUST(chan_send(c, &v) == CHAN_OK);
}

static inline int take(struct chan *c)
{
	int v;

	MUST(chan_recv(c, &v) == CHAN_OK);
	return v;
}

static inline enum chan_status try_put(struct chan *c, int v)
{
	return chan_send_until(c, &v, CHAN_NOW);
}

static inline enum chan_status try_take(struct chan *c, int *v)
{
	return chan_recv_until(c, v, CHAN_NOW);
}

/* Is there nothing to be had from c at the moment? */
static inline bool nothing_in(struct chan *c)
{
	int v;

	return try_take(c, &v) == CHAN_TIMEDOUT;
}

/* A thread that does one thing to a channel of int. */
struct actor {
	struct chan *chan;
	int value;
	int64_t deadline;
	enum chan_status status;
	pthread_t thread;
};

static inline void *send_it(void *arg)
{
	struct actor *a = arg;

	a->status = chan_send_until(a->chan, &a->value, a->deadline);
	return NULL;
}

static inline void *recv_it(void *arg)
{
	struct actor *a = arg;

	a->status = chan_recv_until(a->chan, &a->value, a->deadline);
	return NULL;
}

static inline void start_actor(struct actor *a, void *(*run)(void *),
			       struct chan *c, int value)
{
	a->chan = c;
	a->value = value;
	a->deadline = CHAN_FOREVER;
	a->thread = start(run, a);
}

/* ---- A random number generator of each thread's own ---- */

/* Marsaglia's xorshift; good enough to shake threads. */
static inline uint32_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

/* ---- Deadlines that are kept about every other time ---- */

struct patience {
	int64_t ns;      /* how far the deadlines lie ahead, on average */
	uint64_t random; /* not 0 */
	unsigned long in_time, too_late;
};

static inline int64_t next_deadline(struct patience *p)
{
	int64_t spread = imaxabs(p->ns) + NS_PER_US;

	return chan_deadline(p->ns - spread +
			     next_random(&p->random) % (2 * spread));
}

/* A patience may be negative: a wait whose deadline has just passed still goes
 * to sleep until the kernel's timer has fired, and where both threads share a
 * core that is when the partner comes and serves it, each time. */
static inline void tune(struct patience *p, bool in_time)
{
	int64_t step = imaxabs(p->ns) / 8 + 100;

	p->in_time += in_time;
	p->too_late += !in_time;
	p->ns += in_time ? -step : step;
	if (p->ns < -NS_PER_MS)
		p->ns = -NS_PER_MS;
	if (p->ns > 10 * NS_PER_MS)
		p->ns = 10 * NS_PER_MS;
}

/* ---- Calls that don't return ---- */

/* Runs it in a process of its own; what that says goes to said. */
static inline int run_apart(void (*run)(void), char *said, size_t size)
{
	struct rlimit no_core = {0, 0};
	int fds[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	MUST(pipe(fds) == 0);
	pid = fork();
	MUST(pid >= 0);
	if (pid == 0) {
		MUST(dup2(fds[1], STDERR_FILENO) >= 0);
		MUST(close(fds[0]) == 0 && close(fds[1]) == 0);
		MUST(setrlimit(RLIMIT_CORE, &no_core) == 0);
		MUST(signal(SIGALRM, SIG_DFL) != SIG_ERR);
		run();
		_exit(0);
	}
	MUST(close(fds[1]) == 0);
	while ((n = read(fds[0], said + len, size - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	MUST(close(fds[0]) == 0);
	MUST(waitpid(pid, &status, 0) == pid);
	return status;
}

/* The call ends the program, and this is part of what it says. */
static inline void dies_saying(void (*run)(void), const char *text)
{
	char said[4096];
	int status = run_apart(run, said, sizeof(said));

	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
		      "did not abort: status %x, \"%s\"", (unsigned)status,
		      said);
	ck_assert_msg(strstr(said, text) != NULL, "said \"%s\", not \"%s\"",
		      said, text);
}

/* The call waits, and nothing ends it but the alarm clock. */
static inline void blocks_for_ever(void (*run)(void))
{
	char said[4096];
	int status = run_apart(run, said, sizeof(said));

	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM,
		      "did not wait: status %x, \"%s\"", (unsigned)status,
		      said);
}

/* To be called by what blocks_for_ever() runs, just before it waits. */
static inline void set_alarm_clock(void)
{
	(void)ualarm(50000, 0);
}

/* ---- Running ---- */

static inline int run_suite(Suite *s)
{
	SRunner *r = srunner_create(s);
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
