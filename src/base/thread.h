/* SPDX-License-Identifier: MIT */
/*
 * Threads with names and small stacks.  Go's counterpart: the go statement.
 * None is detached: whoever starts one sees to it that it is joined.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/*
 * Starts fn(arg) in a thread of the given name (printf's manner, cut to 15
 * bytes; ps -T shows it) and stack size in bytes (0: the system's default;
 * sanitizers get more).  Signals are blocked in it.  Returns 0, or -EAGAIN
 * where the system has no thread or memory left; then nothing was started.
 */
int thread_start(pthread_t *thread, size_t stack, void *(*fn)(void *),
		 void *arg, const char *name, ...)
	__attribute__((format(printf, 5, 6)));

/* Waits until the thread has ended. */
void thread_join(pthread_t thread);

/*
 * Tells the kernel how many threads there may be, all of them waiting.  From
 * 6.16 on Linux finds whom to wake in a table of each process's own, which it
 * sizes by the number of processors: with two of them and 20,000 threads over
 * a thousand share a slot, and each wake goes through them.  A kernel that
 * can't be told has one large table for all.  Main only, once it knows.
 */
void thread_expect(size_t threads);

#endif
