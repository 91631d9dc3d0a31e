/* SPDX-License-Identifier: MIT */
/*
 * Giving root away.  Each test is a process of its own, so that what one gives
 * away the next one has.  Who isn't root can only try what needs no root.
 */
#include "harness.h"
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#define USER "nobody"

static const struct passwd *user(void)
{
	const struct passwd *p = getpwnam(USER);

	MUST(p != NULL && p->pw_uid != 0);
	return p;
}

START_TEST(no_user_changes_nothing)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	ck_assert_int_eq(privileges_drop(""), 0);
	ck_assert_uint_eq(geteuid(), uid);
	ck_assert_uint_eq(getegid(), gid);
}
END_TEST

START_TEST(an_unknown_user_is_no_such_user)
{
	ck_assert_int_eq(privileges_drop("no-such-user-here"), -ENOENT);
}
END_TEST

START_TEST(who_is_that_user_already_stays)
{
	const struct passwd *p = getpwuid(geteuid());

	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(privileges_drop(p->pw_name), 0);
}
END_TEST

/* ---- For root ---- */

static gid_t group_before; /* one that the user has no part in */

static void be_in_a_group(void)
{
	group_before = 54321;
	MUST(setgroups(1, &group_before) == 0);
}

START_TEST(it_becomes_that_user_whole)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;
	const struct passwd *p = user();

	be_in_a_group();
	ck_assert_int_eq(privileges_drop(USER), 0);
	MUST(getresuid(&real, &effective, &saved) == 0);
	MUST(getresgid(&real_group, &effective_group, &saved_group) == 0);
	ck_assert(real == p->pw_uid && effective == real && saved == real);
	ck_assert(real_group == p->pw_gid && effective_group == real_group &&
		  saved_group == real_group);
}
END_TEST

/* Caught: groups that stayed root's. */
START_TEST(it_has_that_users_groups_and_no_others)
{
	gid_t groups[100];
	int n;

	be_in_a_group();
	ck_assert_int_eq(privileges_drop(USER), 0);
	n = getgroups(COUNT_OF(groups), groups);
	ck_assert_int_ge(n, 0);
	for (int i = 0; i < n; i++)
		ck_assert(groups[i] != group_before && groups[i] != 0);
}
END_TEST

START_TEST(there_is_no_way_back)
{
	ck_assert_int_eq(privileges_drop(USER), 0);
	ck_assert_int_eq(setuid(0), -1);
	ck_assert_int_eq(seteuid(0), -1);
	ck_assert_int_eq(setgid(0), -1);
	ck_assert_int_eq(access("/etc/shadow", R_OK), -1);
}
END_TEST

START_TEST(who_is_not_root_becomes_nobody_else)
{
	ck_assert_int_eq(privileges_drop(USER), 0);
	ck_assert_int_eq(privileges_drop("root"), -EPERM);
	ck_assert_uint_eq(geteuid(), user()->pw_uid);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("privileges");
	TCase *t = tcase_create("privileges");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, no_user_changes_nothing);
	tcase_add_test(t, an_unknown_user_is_no_such_user);
	tcase_add_test(t, who_is_that_user_already_stays);
	if (geteuid() == 0 && getpwnam(USER)) {
		tcase_add_test(t, it_becomes_that_user_whole);
		tcase_add_test(t, it_has_that_users_groups_and_no_others);
		tcase_add_test(t, there_is_no_way_back);
		tcase_add_test(t, who_is_not_root_becomes_nobody_else);
	}
	suite_add_tcase(s, t);
	return run_all(s);
}
