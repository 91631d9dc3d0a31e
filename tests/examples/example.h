/* SPDX-License-Identifier: MIT */
/*
 * What these programs borrow from Go's runtime: go, make, and an end with a
 * message where something fails that can't be helped.  A thread that was
 * started is joined in the end, which Go's programs leave to the exit.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <chan.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(cond)                                                             \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(stderr, "must hold: %s\n", #cond);             \
			abort();                                               \
		}                                                              \
	} while (0)

/* Go: go run(arg) */
static inline pthread_t go(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	MUST(pthread_create(&thread, NULL, run, arg) == 0);
	return thread;
}

static inline void wait_for(pthread_t thread)
{
	MUST(pthread_join(thread, NULL) == 0);
}

/* Go: make(chan T, capacity), where elem_size is sizeof(T) */
static inline struct chan *make(size_t elem_size, size_t capacity)
{
	struct chan *c = chan_create(elem_size, capacity);

	MUST(c != NULL);
	return c;
}

#endif
