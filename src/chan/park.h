/* SPDX-License-Identifier: MIT */
/*
 * The two things libchan needs from the system: a lock, and a place where one
 * thread sleeps until another wakes it.  There are two ways to have them, and
 * Meson's option chan chooses: park_futex.h, on Linux's futex(2), and
 * park_condvar.h, on POSIX's mutex and condition variable, which is the
 * reference for the other.  The tests run on either.
 *
 *	int lock_init(chan_lock *l);	0, or an errno
 *	void lock_fini(chan_lock *l);	it is not held; its memory may go
 *	void lock(chan_lock *l);
 *	void unlock(chan_lock *l);
 *
 *	void parker_init(struct parker *p);
 *	void parker_fini(struct parker *p);
 *	bool park(struct parker *p, int64_t deadline);
 *	void unpark(struct parker *p);
 *	bool is_awake(struct parker *p);	unpark() was called, or is
 *
 * park() sleeps until unpark() or the deadline; true: it was unpark().  Who
 * was too late for the deadline may park again.  unpark() is called once, and
 * what was written before it is seen after park().  is_awake() is for the
 * sleeper, who mustn't let the parker go on its word, but by park().
 *
 * Two things must hold of them.  Who got the lock may free its memory at once,
 * though the thread that has unlocked it hasn't returned from unlock() yet
 * (the receiver of a reply destroys the channel).  A parker lies on the stack
 * of the thread that sleeps there, and may be gone as soon as that thread can
 * see that it was woken, though unpark() hasn't returned yet.
 */
#ifndef CHAN_PARK_H
#define CHAN_PARK_H

#ifdef CHAN_FUTEX
#include "park_futex.h"
#else
#include "park_condvar.h"
#endif

#endif
