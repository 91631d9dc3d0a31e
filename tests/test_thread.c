/* SPDX-License-Identifier: MIT */
/*
 * How many threads the kernel is told to expect.  Planted, and caught here: a
 * number of slots that is no power of two, which the kernel refuses.
 */
#include "harness.h"
#include "thread.h"

#include <limits.h>
#include <sys/prctl.h>

#define GET_SLOTS 78, 2, 0UL, 0UL, 0UL /* PR_FUTEX_HASH, ..._GET_SLOTS */

START_TEST(the_kernel_makes_room_for_all_who_may_wait)
{
	static const struct {
		size_t threads;
		int slots;
	} table[] = {{34, 32},
		     {2 * 5000, 8192},
		     {2 * 16000, 16384},
		     {40000, 32768},
		     {SIZE_MAX, 1 << 16}};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		thread_expect(table[i].threads);
		if (prctl(GET_SLOTS) < 0)
			return; /* before Linux 6.16 there is no such thing */
		ck_assert_int_eq(prctl(GET_SLOTS), table[i].slots);
	}
}
END_TEST

START_TEST(few_threads_are_no_matter)
{
	int before = prctl(GET_SLOTS);

	thread_expect(0);
	thread_expect(32);
	ck_assert_int_eq(prctl(GET_SLOTS), before);
}
END_TEST

static Suite *thread_suite(void)
{
	Suite *s = suite_create("thread");
	TCase *t = tcase_create("thread");

	tcase_add_test(t, the_kernel_makes_room_for_all_who_may_wait);
	tcase_add_test(t, few_threads_are_no_matter);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_all(thread_suite());
}
