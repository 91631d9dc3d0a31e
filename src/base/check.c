/* SPDX-License-Identifier: MIT */
/*
 * The end of a program that found itself broken.  It writes to stderr itself:
 * the log's thread may be the one that is broken.  Go's counterpart: panic.
 */
#include "check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *file, int line, const char *what)
{
	char name[16] = "?";

	(void)pthread_getname_np(pthread_self(), name, sizeof(name));
	fprintf(stderr, "%s:%d: CHECK failed in thread %s: %s\n", file, line,
		name, what);
	abort();
}
