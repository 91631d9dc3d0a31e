/* SPDX-License-Identifier: MIT */
/* A bucket that lacks n tokens is full n intervals from now. */
#include "bucket.h"

struct bucket_rule bucket_rule(int64_t burst, int64_t per, int64_t period)
{
	if (per <= 0)
		return (struct bucket_rule){1, 0};
	return (struct bucket_rule){burst < 1 ? 1 : burst,
				    per > period ? 1 : period / per};
}

/* When it will be full if a token is taken now. */
static int64_t full_after(const struct bucket *b,
			  const struct bucket_rule *rule, int64_t now)
{
	return (b->full_at > now ? b->full_at : now) + rule->interval;
}

int64_t bucket_wait(const struct bucket *b, const struct bucket_rule *rule,
		    int64_t now)
{
	int64_t wait;

	if (rule->interval == 0)
		return 0;
	wait = full_after(b, rule, now) - now - rule->burst * rule->interval;
	return wait > 0 ? wait : 0;
}

void bucket_take(struct bucket *b, const struct bucket_rule *rule, int64_t now)
{
	if (rule->interval > 0)
		b->full_at = full_after(b, rule, now);
}
