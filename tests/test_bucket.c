/* SPDX-License-Identifier: MIT */
/*
 * Token buckets, and the table that remembers a bounded number of them.
 *
 * Planted, and caught by: a bucket that refills at one a second whatever its
 * rule says (the_sustained_rate_is_the_rules), a burst of one more
 * (a_burst_is_taken_and_no_more), a bucket that fills beyond its burst
 * (what_is_full_stays_full), a wait too short by 1 ns
 * (after_the_wait_it_passes), the youngest forgotten in place of the oldest
 * (the_oldest_goes_first).
 */
#include "recent.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)

/* Takes one if there is one. */
static int64_t try(struct bucket *b, const struct bucket_rule *rule,
		   int64_t now)
{
	int64_t wait = bucket_wait(b, rule, now);

	if (wait == 0)
		bucket_take(b, rule, now);
	return wait;
}

START_TEST(a_burst_is_taken_and_no_more)
{
	const struct bucket_rule rule = bucket_rule(10, 5, S);
	struct bucket b = {0};
	int64_t now = 77 * S;

	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(try(&b, &rule, now), 0);
	ck_assert_int_eq(try(&b, &rule, now), S / 5);
}
END_TEST

START_TEST(after_the_wait_it_passes)
{
	const struct bucket_rule rule = bucket_rule(3, 7, S);
	struct bucket b = {0};
	int64_t now = 5 * S, wait;

	for (int i = 0; i < 1000; i++) {
		wait = try(&b, &rule, now);
		if (wait == 0)
			continue;
		ck_assert_int_gt(try(&b, &rule, now + wait - 1), 0);
		now += wait;
		ck_assert_int_eq(try(&b, &rule, now), 0);
	}
}
END_TEST

/* Asked for ten times as often, an hour long. */
START_TEST(the_sustained_rate_is_the_rules)
{
	static const int64_t rates[] = {1, 5, 16, 50, 1000};
	const struct bucket_rule rule = bucket_rule(10, rates[_i], S);
	struct bucket b = {0};
	int64_t passed = 0, seconds = 3600000 / (rates[_i] * 10);

	for (int64_t i = 0; i < seconds * rates[_i] * 10; i++)
		passed += try(&b, &rule, 9 * S + i * (rule.interval / 10)) == 0;
	ck_assert_int_ge(passed, seconds * rates[_i] + 8);
	ck_assert_int_le(passed, seconds * rates[_i] + 11);
}
END_TEST

START_TEST(what_is_full_stays_full)
{
	const struct bucket_rule rule = bucket_rule(4, 1, S);
	struct bucket b = {0};

	ck_assert_int_eq(try(&b, &rule, S), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(try(&b, &rule, 1000 * S), 0);
	ck_assert_int_eq(try(&b, &rule, 1000 * S), S);
}
END_TEST

START_TEST(a_rate_of_nothing_is_no_limit)
{
	const struct bucket_rule rule = bucket_rule(1, 0, S);
	struct bucket b = {0};

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(try(&b, &rule, 1), 0);
	ck_assert_int_eq(b.full_at, 0);
}
END_TEST

START_TEST(a_burst_of_nothing_is_one)
{
	const struct bucket_rule rule = bucket_rule(0, 1, 3600 * S);
	struct bucket b = {0};

	ck_assert_int_eq(try(&b, &rule, S), 0);
	ck_assert_int_eq(try(&b, &rule, S), 3600 * S);
}
END_TEST

/* ---- The table ---- */

START_TEST(the_oldest_goes_first)
{
	struct recent r;

	recent_init(&r, 3);
	recent_see(&r, "a", 1)->failures = 1;
	recent_see(&r, "b", 1)->failures = 2;
	recent_see(&r, "c", 1)->failures = 3;
	ck_assert_int_eq(recent_see(&r, "a", 1)->failures, 1);
	recent_see(&r, "d", 1)->failures = 4; /* b goes */
	ck_assert_uint_eq(recent_count(&r), 3);
	ck_assert_ptr_null(recent_find(&r, "b", 1));
	ck_assert_int_eq(recent_find(&r, "a", 1)->failures, 1);
	ck_assert_int_eq(recent_find(&r, "c", 1)->failures, 3);
	ck_assert_int_eq(recent_find(&r, "d", 1)->failures, 4);
	recent_forget(&r, "a", 1);
	recent_forget(&r, "a", 1);
	ck_assert_uint_eq(recent_count(&r), 2);
	ck_assert_int_eq(recent_see(&r, "a", 1)->failures, 0);
	recent_fini(&r);
}
END_TEST

START_TEST(a_look_makes_nobody_younger)
{
	struct recent r;

	recent_init(&r, 2);
	(void)recent_see(&r, "a", 1);
	(void)recent_see(&r, "b", 1);
	ck_assert_ptr_nonnull(recent_find(&r, "a", 1));
	(void)recent_see(&r, "c", 1);
	ck_assert_ptr_null(recent_find(&r, "a", 1));
	ck_assert_ptr_nonnull(recent_find(&r, "b", 1));
	recent_fini(&r);
}
END_TEST

/* Strangers come by the hundred thousand; it holds what it may. */
START_TEST(it_never_grows_beyond_its_size)
{
	struct recent r;
	char key[16];

	recent_init(&r, 100);
	for (int i = 0; i < 100000; i++) {
		int len = snprintf(key, sizeof(key), "%d", i);

		recent_see(&r, key, (size_t)len)->failures = i;
		ck_assert_uint_le(recent_count(&r), 100);
	}
	ck_assert_int_eq(recent_find(&r, "99900", 5)->failures, 99900);
	ck_assert_ptr_null(recent_find(&r, "99899", 5));
	recent_fini(&r);
}
END_TEST

/* ---- No memory ---- */

static int allocations_left = -1;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static int fails(void)
{
	return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

START_TEST(want_of_memory_leaves_the_table_whole)
{
	bool seen = false;

	for (int n = 0; !seen; n++) {
		struct recent r;

		recent_init(&r, 10);
		allocations_left = n;
		seen = recent_see(&r, "a", 1) != NULL;
		allocations_left = -1;
		ck_assert_uint_eq(recent_count(&r), seen ? 1 : 0);
		ck_assert_ptr_nonnull(recent_see(&r, "b", 1));
		recent_fini(&r);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bucket");
	TCase *t = tcase_create("bucket");
	SRunner *r;
	int failed;

	tcase_add_test(t, a_burst_is_taken_and_no_more);
	tcase_add_test(t, after_the_wait_it_passes);
	tcase_add_loop_test(t, the_sustained_rate_is_the_rules, 0, 5);
	tcase_add_test(t, what_is_full_stays_full);
	tcase_add_test(t, a_rate_of_nothing_is_no_limit);
	tcase_add_test(t, a_burst_of_nothing_is_one);
	tcase_add_test(t, the_oldest_goes_first);
	tcase_add_test(t, a_look_makes_nobody_younger);
	tcase_add_test(t, it_never_grows_beyond_its_size);
	tcase_add_test(t, want_of_memory_leaves_the_table_whole);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
