/* SPDX-License-Identifier: MIT */
/*
 * park.h's lock and parker on what POSIX has: the textbook's, and the reference
 * for the other one.
 *
 * POSIX lets a mutex go as soon as another thread has unlocked it ("mutex may
 * be destroyed immediately after it is unlocked"), a condition variable only
 * when nobody is blocked on it or about to signal it.  So unpark() signals
 * while it holds the parker's mutex.
 */
#ifndef CHAN_PARK_CONDVAR_H
#define CHAN_PARK_CONDVAR_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

typedef pthread_mutex_t chan_lock;

struct parker {
	pthread_mutex_t mu;
	pthread_cond_t woken;
	atomic_bool awake; /* guarded by mu, hint without */
};

static inline int lock_init(chan_lock *l)
{
	return pthread_mutex_init(l, NULL);
}

static inline void lock_fini(chan_lock *l)
{
	CHAN_CHECK(pthread_mutex_destroy(l) == 0);
}

static inline void lock(chan_lock *l)
{
	CHAN_CHECK(pthread_mutex_lock(l) == 0);
}

static inline void unlock(chan_lock *l)
{
	CHAN_CHECK(pthread_mutex_unlock(l) == 0);
}

static inline void parker_init(struct parker *p)
{
	pthread_condattr_t attr;

	/* glibc and musl allocate nothing here, so nothing can fail. */
	CHAN_CHECK(pthread_mutex_init(&p->mu, NULL) == 0);
	CHAN_CHECK(pthread_condattr_init(&attr) == 0);
	CHAN_CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	CHAN_CHECK(pthread_cond_init(&p->woken, &attr) == 0);
	CHAN_CHECK(pthread_condattr_destroy(&attr) == 0);
	atomic_init(&p->awake, false);
}

static inline void parker_fini(struct parker *p)
{
	CHAN_CHECK(pthread_cond_destroy(&p->woken) == 0);
	CHAN_CHECK(pthread_mutex_destroy(&p->mu) == 0);
}

static inline bool is_awake(struct parker *p)
{
	return atomic_load_explicit(&p->awake, memory_order_relaxed);
}

static inline bool park(struct parker *p, int64_t deadline)
{
	struct timespec t;
	int err = 0;
	bool awake;

	if (deadline < 0)
		deadline = 0;
	t.tv_sec = (time_t)(deadline / 1000000000);
	t.tv_nsec = (long)(deadline % 1000000000);
	lock(&p->mu);
	while (!is_awake(p) && err == 0) {
		if (deadline == CHAN_FOREVER)
			err = pthread_cond_wait(&p->woken, &p->mu);
		else
			err = pthread_cond_timedwait(&p->woken, &p->mu, &t);
	}
	CHAN_CHECK(err == 0 || err == ETIMEDOUT);
	awake = is_awake(p);
	unlock(&p->mu);
	return awake;
}

static inline void unpark(struct parker *p)
{
	lock(&p->mu);
	atomic_store_explicit(&p->awake, true, memory_order_relaxed);
	CHAN_CHECK(pthread_cond_signal(&p->woken) == 0);
	unlock(&p->mu);
}

#endif
