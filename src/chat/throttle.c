/* SPDX-License-Identifier: MIT */
/*
 * Three keys a try: the address, the pair of account and address, the account.
 * All lie in one table, told apart by their first letter.
 */
#include "throttle.h"

#include "check.h"
#include "clock.h"
#include "name.h"

#include <stdio.h>

/* Who mistypes waits not at all, then a second, two, four, ... */
#define PAIR_FREE    3
#define ADDRESS_FREE 10
#define LONGEST      (300 * CLOCK_SECOND)

/* After so long without a failure it counts anew. */
#define FORGOTTEN (900 * CLOCK_SECOND)

#define KEY_BYTES (NAME_KEY_BYTES + 160)

struct key {
	char text[KEY_BYTES];
	size_t len;
};

/* An address has no newline in it. */
static struct key key(char kind, const char *address, const char *account)
{
	struct key k;
	int n = snprintf(k.text, sizeof(k.text), "%c%s\n%s", kind, address,
			 account);

	CHECK(n > 0);
	k.len = (size_t)n < sizeof(k.text) ? (size_t)n : sizeof(k.text) - 1;
	return k;
}

static void lock(struct throttle *t)
{
	CHECK(pthread_mutex_lock(&t->mu) == 0);
}

static void unlock(struct throttle *t)
{
	CHECK(pthread_mutex_unlock(&t->mu) == 0);
}

int throttle_init(struct throttle *t, int64_t per_minute, size_t entries)
{
	recent_init(&t->seen, entries);
	t->account = bucket_rule(per_minute, per_minute, 60 * CLOCK_SECOND);
	return -pthread_mutex_init(&t->mu, NULL);
}

void throttle_fini(struct throttle *t)
{
	recent_fini(&t->seen);
	CHECK(pthread_mutex_destroy(&t->mu) == 0);
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t wait_of(const struct throttle *t, struct key k, int64_t now)
{
	const struct recent_entry *e = recent_find(&t->seen, k.text, k.len);

	return e ? longer(e->until - now, 0) : 0;
}

int64_t throttle_wait(struct throttle *t, const char *address,
		      const char *account, int64_t now)
{
	struct key whole = key('n', "", account);
	const struct recent_entry *e;
	int64_t wait;

	if (t->account.interval == 0)
		return 0;
	lock(t);
	wait = longer(wait_of(t, key('a', address, ""), now),
		      wait_of(t, key('p', address, account), now));
	e = recent_find(&t->seen, whole.text, whole.len);
	if (e)
		wait = longer(wait, bucket_wait(&e->bucket, &t->account, now));
	unlock(t);
	return wait;
}

/* One failure more; beyond those that are free the wait doubles. */
static void count(struct throttle *t, struct key k, int64_t free, int64_t now)
{
	struct recent_entry *e = recent_see(&t->seen, k.text, k.len);
	int64_t wait = CLOCK_SECOND;

	if (!e)
		return;
	if (e->last + FORGOTTEN < now)
		e->failures = 0;
	e->last = now;
	if (++e->failures <= free)
		return;
	for (int64_t i = free + 1; i < e->failures && wait < LONGEST; i++)
		wait *= 2;
	e->until = now + (wait < LONGEST ? wait : LONGEST);
}

void throttle_failed(struct throttle *t, const char *address,
		     const char *account, int64_t now)
{
	struct key whole = key('n', "", account);
	struct recent_entry *e;

	if (t->account.interval == 0)
		return;
	lock(t);
	count(t, key('a', address, ""), ADDRESS_FREE, now);
	count(t, key('p', address, account), PAIR_FREE, now);
	e = recent_see(&t->seen, whole.text, whole.len);
	if (e)
		bucket_take(&e->bucket, &t->account, now);
	unlock(t);
}

void throttle_succeeded(struct throttle *t, const char *address,
			const char *account)
{
	struct key k = key('p', address, account);

	lock(t);
	recent_forget(&t->seen, k.text, k.len);
	unlock(t);
}
