/* SPDX-License-Identifier: MIT */
/*
 * Token buckets, by the generic cell rate algorithm (ITU-T I.371, annex A):
 * the whole state of a bucket is the time at which it will be full again.
 * Whoever owns a bucket calls; no locks here.  Go's counterpart:
 * golang.org/x/time/rate.
 */
#ifndef CHAT_BUCKET_H
#define CHAT_BUCKET_H

#include <stdint.h>

/* What a bucket holds, and how long a token takes to come; interval 0: the
 * limit is off. */
struct bucket_rule {
	int64_t burst;    /* tokens, at least 1 */
	int64_t interval; /* ns */
};

/* All zero: full. */
struct bucket {
	int64_t full_at; /* ns of CLOCK_MONOTONIC */
};

/* The rule of burst tokens, of which per come in each period of ns; per 0: off.
 * burst 0 counts as 1. */
struct bucket_rule bucket_rule(int64_t burst, int64_t per, int64_t period);

/*
 * How long until a token can be taken, in ns; 0: now.  Takes none, so that of
 * several buckets all can be asked before any is drawn on.
 */
int64_t bucket_wait(const struct bucket *b, const struct bucket_rule *rule,
		    int64_t now);

/* Takes a token, whether there is one or not. */
void bucket_take(struct bucket *b, const struct bucket_rule *rule, int64_t now);

#endif
