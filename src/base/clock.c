/* SPDX-License-Identifier: MIT */
/* Time and deadlines.  Any thread.  Go's counterpart: package time. */
#include "clock.h"

#include "check.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

int64_t clock_now(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

int64_t clock_deadline(int64_t timeout)
{
	int64_t now;

	if (timeout == 0)
		return CLOCK_NEVER;
	now = clock_now();
	return timeout > CLOCK_NEVER - now ? CLOCK_NEVER : now + timeout;
}

void clock_sleep(int64_t ns)
{
	struct timespec t = {(time_t)(ns / CLOCK_SECOND),
			     (long)(ns % CLOCK_SECOND)};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		continue;
}

int clock_poll_timeout(int64_t deadline)
{
	int64_t left;

	if (deadline == CLOCK_NEVER)
		return -1;
	left = deadline - clock_now();
	if (left <= 0)
		return 0;
	left = left / 1000000 + (left % 1000000 != 0);
	return left > INT_MAX ? INT_MAX : (int)left;
}
