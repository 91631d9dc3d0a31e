/* SPDX-License-Identifier: MIT */
/*
 * Failed logins, and how long one has to wait after them.  An address waits
 * for its failures, and longer for those at one account; an account as a whole
 * may fail a number of times in a minute, so that a crowd can't guess its
 * password, and yet nobody locks a stranger out.  Names that don't exist are
 * throttled like those that do.  Has a lock of its own: any thread.
 */
#ifndef CHAT_THROTTLE_H
#define CHAT_THROTTLE_H

#include "recent.h"

#include <pthread.h>

struct throttle {
	pthread_mutex_t mu;
	struct recent seen; /* guarded by mu */
	struct bucket_rule account;
};

/* per_minute: failures of one account in a minute; 0: no throttle at all.
 * entries: how many addresses and accounts are remembered.  0 or -errno. */
int throttle_init(struct throttle *t, int64_t per_minute, size_t entries);
void throttle_fini(struct throttle *t);

/*
 * How long, in ns, this address has to wait before it may try that account
 * again; 0: not at all.  address is as coarse as it shall count (of IPv6 its
 * /64), account the name's key.  now: ns of CLOCK_MONOTONIC.
 */
int64_t throttle_wait(struct throttle *t, const char *address,
		      const char *account, int64_t now);

/* The try failed; or it succeeded, and what was between the two is forgotten.
 */
void throttle_failed(struct throttle *t, const char *address,
		     const char *account, int64_t now);
void throttle_succeeded(struct throttle *t, const char *address,
			const char *account);

#endif
