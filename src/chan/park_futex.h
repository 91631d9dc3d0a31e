/* SPDX-License-Identifier: MIT */
/*
 * park.h's lock and parker on Linux's futex(2), which sleeps while a word in
 * memory has a certain value and wakes those who sleep at an address.
 *
 * A futex call names an address and touches nothing there but to compare, so
 * a wake that comes late, for memory that is gone or serves somebody else, is
 * at worst a wake for nothing; who sleeps looks again.  That is why the wakes
 * below may come after the store that lets the other one go, and why a wake
 * costs one call here and a sleeper's waking no second one, where a condition
 * variable makes the sleeper queue for its mutex.
 */
#ifndef CHAN_PARK_FUTEX_H
#define CHAN_PARK_FUTEX_H

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleeps while *word is value, or till the deadline if there is one; false: it
 * has passed.  May wake for nothing.  Like POSIX's locks, libchan leaves errno
 * alone. */
static inline bool futex_wait(atomic_uint *word, unsigned value,
			      const struct timespec *deadline)
{
	int saved = errno;
	bool in_time = true;

	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, deadline,
		    NULL, FUTEX_BITSET_MATCH_ANY) != 0) {
		CHAN_CHECK(errno == EAGAIN || errno == EINTR ||
			   errno == ETIMEDOUT);
		in_time = errno != ETIMEDOUT;
	}
	errno = saved;
	return in_time;
}

static inline void futex_wake_one(atomic_uint *word)
{
	int saved = errno;

	/* Fails only where the memory is gone, and then nobody sleeps there. */
	(void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
	errno = saved;
}

/* ---- The lock ----
 *
 * As in Ulrich Drepper, "Futexes Are Tricky" (2011), mutex2: who can't have it
 * says so in the word, and then the unlock wakes one of those. */

enum { LOCK_FREE, LOCK_HELD, LOCK_WANTED };

/* Take about as long as the calls to sleep and to wake. */
#define LOCK_LOOKS 100

typedef struct {
	atomic_uint word;
} chan_lock;

static inline int lock_init(chan_lock *l)
{
	atomic_init(&l->word, LOCK_FREE);
	return 0;
}

static inline void lock_fini(chan_lock *l)
{
	CHAN_CHECK(atomic_load_explicit(&l->word, memory_order_relaxed) ==
		   LOCK_FREE);
}

static inline bool try_lock(chan_lock *l)
{
	unsigned was = LOCK_FREE;

	return atomic_compare_exchange_strong_explicit(
		&l->word, &was, LOCK_HELD, memory_order_acquire,
		memory_order_relaxed);
}

/* It is held for less time than a system call takes, where the thread that
 * holds it runs: so one looks for about that long, unless others sleep. */
static inline bool lock_soon(chan_lock *l)
{
	unsigned word = LOCK_HELD;

	for (int i = 0; i < LOCK_LOOKS && word != LOCK_WANTED; i++) {
		pause_a_moment();
		word = atomic_load_explicit(&l->word, memory_order_relaxed);
		if (word == LOCK_FREE && try_lock(l))
			return true;
	}
	return false;
}

/* Who slept can't know whether others do, so it takes the lock as wanted; the
 * unlock may wake for nothing. */
static CHAN_NOINLINE void lock_slowly(chan_lock *l)
{
	if (lock_soon(l))
		return;
	while (atomic_exchange_explicit(&l->word, LOCK_WANTED,
					memory_order_acquire) != LOCK_FREE)
		(void)futex_wait(&l->word, LOCK_WANTED, NULL);
}

static inline void lock(chan_lock *l)
{
	if (!try_lock(l))
		lock_slowly(l);
}

static inline void unlock(chan_lock *l)
{
	if (atomic_exchange_explicit(&l->word, LOCK_FREE,
				     memory_order_release) == LOCK_WANTED)
		futex_wake_one(&l->word);
}

/* ---- The parker ---- */

enum { PARKER_EMPTY, PARKER_SLEEPS, PARKER_AWAKE };

struct parker {
	atomic_uint state;
};

static inline void parker_init(struct parker *p)
{
	atomic_init(&p->state, PARKER_EMPTY);
}

static inline void parker_fini(struct parker *p)
{
	(void)p;
}

static inline bool is_awake(struct parker *p)
{
	return atomic_load_explicit(&p->state, memory_order_acquire) ==
	       PARKER_AWAKE;
}

static inline bool park(struct parker *p, int64_t deadline)
{
	unsigned was = PARKER_EMPTY;
	struct timespec t;
	bool in_time = true;

	if (deadline < 0)
		deadline = 0;
	t.tv_sec = (time_t)(deadline / 1000000000);
	t.tv_nsec = (long)(deadline % 1000000000);
	(void)atomic_compare_exchange_strong_explicit(
		&p->state, &was, PARKER_SLEEPS, memory_order_relaxed,
		memory_order_relaxed);
	while (!is_awake(p) && in_time)
		in_time = futex_wait(&p->state, PARKER_SLEEPS,
				     deadline == CHAN_FOREVER ? NULL : &t);
	return is_awake(p);
}

static inline void unpark(struct parker *p)
{
	if (atomic_exchange_explicit(&p->state, PARKER_AWAKE,
				     memory_order_release) == PARKER_SLEEPS)
		futex_wake_one(&p->state);
}

#endif
