/* SPDX-License-Identifier: MIT */
/*
 * Starting and joining threads.  All have all signals blocked: the thread in
 * sigwait() hears them.
 */
#include "thread.h"

#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef PR_FUTEX_HASH /* linux/prctl.h, as of Linux 6.16 */
#define PR_FUTEX_HASH           78
#define PR_FUTEX_HASH_SET_SLOTS 1
#endif

/* Of the kernel's table: 64 bytes each. */
#define MOST_SLOTS (1UL << 16)

/* Instrumented frames are several times larger. */
#ifdef SANITIZED
#define STACK_FACTOR 8
#else
#define STACK_FACTOR 1
#endif

/* What a new thread needs before it runs its own function.  It names itself:
 * it may have ended and been joined before its starter gets to it again. */
struct beginning {
	void *(*fn)(void *);
	void *arg;
	char name[16];
};

static void *begin(void *arg)
{
	struct beginning b = *(struct beginning *)arg;

	free(arg);
	(void)pthread_setname_np(pthread_self(), b.name);
	return b.fn(b.arg);
}

static int start(pthread_t *thread, size_t stack, struct beginning *b)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int err;

	if (pthread_attr_init(&attr) != 0)
		return -EAGAIN;
	if (stack > 0) /* below the system's minimum: its default remains */
		(void)pthread_attr_setstacksize(&attr, stack * STACK_FACTOR);
	CHECK(sigfillset(&all) == 0);
	CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
	err = pthread_create(thread, &attr, begin, b);
	CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
	CHECK(pthread_attr_destroy(&attr) == 0);
	CHECK(err == 0 || err == EAGAIN || err == ENOMEM);
	return err ? -EAGAIN : 0;
}

int thread_start(pthread_t *thread, size_t stack, void *(*fn)(void *),
		 void *arg, const char *name, ...)
{
	struct beginning *b = malloc(sizeof(*b));
	va_list ap;
	int err;

	if (!b)
		return -EAGAIN;
	b->fn = fn;
	b->arg = arg;
	va_start(ap, name);
	(void)vsnprintf(b->name, sizeof(b->name), name, ap);
	va_end(ap);
	err = start(thread, stack, b);
	if (err)
		free(b);
	return err;
}

void thread_join(pthread_t thread)
{
	CHECK(pthread_join(thread, NULL) == 0);
}

void thread_expect(size_t threads)
{
	unsigned long slots = 16; /* what the kernel has at least */

	while (slots < threads / 2 && slots < MOST_SLOTS)
		slots *= 2;
	if (slots > 16) /* an older kernel doesn't know it, and needs it not */
		(void)prctl(PR_FUTEX_HASH, PR_FUTEX_HASH_SET_SLOTS, slots, 0UL,
			    0UL);
}
