/* SPDX-License-Identifier: MIT */
/*
 * How many clients this machine can hold: each takes two threads, a
 * descriptor, and four mappings of memory.
 */
#ifndef DAEMON_CAPACITY_H
#define DAEMON_CAPACITY_H

#include <stddef.h>

struct capacity {
	size_t clients;     /* that fit */
	char why[160];      /* what there is of the scarcest, in words */
	const char *remedy; /* how an administrator gets more of it */
};

/*
 * Raises the soft limit of descriptors to the hard one, then looks at all
 * limits there are.  Main only, before threads start.
 */
void capacity_find(struct capacity *c);

#endif
