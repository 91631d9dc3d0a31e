/* SPDX-License-Identifier: MIT */
/*
 * Time as everybody here counts it: nanoseconds of CLOCK_MONOTONIC, the same
 * that channels take as deadlines.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND INT64_C(1000000000)
#define CLOCK_NEVER  INT64_MAX /* a deadline that never comes: CHAN_FOREVER */

/* Nanoseconds of CLOCK_MONOTONIC.  Any thread. */
int64_t clock_now(void);

/* now + timeout; a timeout of 0 is never.  Any thread. */
int64_t clock_deadline(int64_t timeout);

/* Sleeps for ns nanoseconds, or a little longer. */
void clock_sleep(int64_t ns);

/* What poll(2) takes for a wait until then: milliseconds rounded up, so that
 * it doesn't spin through the last one; -1 for never. */
int clock_poll_timeout(int64_t deadline);

#endif
