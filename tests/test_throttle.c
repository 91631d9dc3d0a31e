/* SPDX-License-Identifier: MIT */
/*
 * Who fails waits, twice as long each time; and nobody else does.
 *
 * Planted, and caught by: no doubling, or no bound on it
 * (the_wait_doubles_to_a_bound), a success that forgets nothing
 * (a_success_forgets), failures of one address counted for another
 * (others_do_not_wait), an account locked as a whole for longer than its rate
 * (a_crowd_has_twenty_a_minute).
 */
#include "throttle.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define S INT64_C(1000000000)

static struct throttle t;
static int64_t now;

static void set_up(void)
{
	ck_assert_int_eq(throttle_init(&t, 20, 1000), 0);
	now = 1000 * S;
}

static void tear_down(void)
{
	throttle_fini(&t);
}

static int64_t wait_of(const char *address, const char *account)
{
	return throttle_wait(&t, address, account, now);
}

static void mistype(const char *address, const char *account)
{
	throttle_failed(&t, address, account, now);
}

START_TEST(who_mistypes_thrice_does_not_wait)
{
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(wait_of("1.2.3.4", "ann"), 0);
		mistype("1.2.3.4", "ann");
	}
	ck_assert_int_eq(wait_of("1.2.3.4", "ann"), 0);
	mistype("1.2.3.4", "ann");
	ck_assert_int_eq(wait_of("1.2.3.4", "ann"), S);
	now += S - 1;
	ck_assert_int_eq(wait_of("1.2.3.4", "ann"), 1);
	now += 1;
	ck_assert_int_eq(wait_of("1.2.3.4", "ann"), 0);
}
END_TEST

START_TEST(the_wait_doubles_to_a_bound)
{
	int64_t expected = S;

	for (int i = 0; i < 3; i++)
		mistype("1.2.3.4", "ann");
	for (int i = 0; i < 20; i++) {
		mistype("1.2.3.4", "ann");
		ck_assert_int_eq(wait_of("1.2.3.4", "ann"), expected);
		now += expected;
		ck_assert_int_eq(wait_of("1.2.3.4", "ann"), 0);
		expected = 2 * expected < 300 * S ? 2 * expected : 300 * S;
	}
}
END_TEST

START_TEST(a_success_forgets)
{
	for (int i = 0; i < 5; i++)
		mistype("1.2.3.4", "ann");
	ck_assert_int_gt(wait_of("1.2.3.4", "ann"), 0);
	throttle_succeeded(&t, "1.2.3.4", "ann");
	ck_assert_int_eq(wait_of("1.2.3.4", "ann"), 0);
}
END_TEST

START_TEST(a_quarter_of_an_hour_forgets)
{
	for (int i = 0; i < 5; i++)
		mistype("1.2.3.4", "ann");
	now += 901 * S;
	mistype("1.2.3.4", "ann");
	ck_assert_int_eq(wait_of("1.2.3.4", "ann"), 0);
}
END_TEST

START_TEST(others_do_not_wait)
{
	for (int i = 0; i < 8; i++)
		mistype("1.2.3.4", "ann");
	ck_assert_int_gt(wait_of("1.2.3.4", "ann"), 0);
	ck_assert_int_eq(wait_of("1.2.3.5", "ann"), 0);
	ck_assert_int_eq(wait_of("1.2.3.4", "bob"), 0);
	ck_assert_int_eq(wait_of("1.2.3.4\nann", ""), 0);
}
END_TEST

/* Many names from one address: at the eleventh it waits, whoever it asks for.
 */
START_TEST(an_address_waits_for_all_its_failures)
{
	char account[8];

	for (int i = 0; i < 11; i++) {
		ck_assert_int_eq(wait_of("1.2.3.4", "next"), 0);
		(void)snprintf(account, sizeof(account), "u%d", i);
		mistype("1.2.3.4", account);
	}
	ck_assert_int_eq(wait_of("1.2.3.4", "next"), S);
	ck_assert_int_eq(wait_of("1.2.3.5", "next"), 0);
}
END_TEST

/* A crowd, each from an address of its own: twenty at once, then one in three
 * seconds; and the owner waits no longer than that. */
START_TEST(a_crowd_has_twenty_a_minute)
{
	char address[16];
	int tries = 0;

	for (int second = 0; second < 600; second++, now += S) {
		for (int i = 0; i < 5; i++) {
			(void)snprintf(address, sizeof(address), "a%d", tries);
			if (wait_of(address, "ann") > 0)
				continue;
			mistype(address, "ann");
			tries++;
		}
	}
	ck_assert_int_ge(tries, 200);
	ck_assert_int_le(tries, 221);
	ck_assert_int_le(wait_of("owner", "ann"), 3 * S);
	ck_assert_int_eq(wait_of("owner", "bob"), 0);
}
END_TEST

START_TEST(switched_off_nobody_waits)
{
	struct throttle off;

	ck_assert_int_eq(throttle_init(&off, 0, 10), 0);
	for (int i = 0; i < 100; i++)
		throttle_failed(&off, "1.2.3.4", "ann", now);
	ck_assert_int_eq(throttle_wait(&off, "1.2.3.4", "ann", now), 0);
	throttle_fini(&off);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("throttle");
	TCase *c = tcase_create("throttle");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, who_mistypes_thrice_does_not_wait);
	tcase_add_test(c, the_wait_doubles_to_a_bound);
	tcase_add_test(c, a_success_forgets);
	tcase_add_test(c, a_quarter_of_an_hour_forgets);
	tcase_add_test(c, others_do_not_wait);
	tcase_add_test(c, an_address_waits_for_all_its_failures);
	tcase_add_test(c, a_crowd_has_twenty_a_minute);
	tcase_add_test(c, switched_off_nobody_waits);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
