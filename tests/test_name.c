/* SPDX-License-Identifier: MIT */
/*
 * Names and texts.
 *
 * Planted, and caught by: no NFC (é in two spellings is one name), no folding
 * or no NFKC (names_that_are_the_same), marks refused (Hindi and Thai names),
 * a mark first, 33 code points, bytes counted in place of code points.
 */
#include "name.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int make(struct name *n, const char *s)
{
	return name_make(n, s, strlen(s));
}

static const char *const good[] = {
	"a",
	"7",
	"ann",
	"Ann-Marie",
	"a_b.c-d",
	"\xc3\xa9ric",
	"\xe6\x9d\x8e\xe5\xb0\x8f\xe9\xbe\x99",             /* Chinese */
	"\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d", /* Hindi */
	"\xe0\xb8\x97\xe0\xb8\xb5\xe0\xb9\x88",             /* Thai */
	"\xd0\xb0nn",   /* a look-alike: it remains possible */
	"\xe2\x85\xa8", /* the Roman nine, a letter number */
	"12345678901234567890123456789012",
};

START_TEST(these_are_names)
{
	struct name n;

	ck_assert_int_eq(make(&n, good[_i]), 0);
	ck_assert_str_eq(n.shown, good[_i]); /* all in NFC already */
}
END_TEST

static const char *const bad[] = {
	"",
	" ",
	"a b",
	" a",
	"a ",
	"-a",
	"_a",
	".a",
	"~ann",
	"@ann",
	"a/b",
	"a\n",
	"a\xc2\xa0",        /* no-break space */
	"\xcc\x81-",        /* a mark first */
	"a\xe2\x80\xae",    /* a bidi control */
	"a\xe2\x80\x8b",    /* zero width space */
	"\xf0\x9f\x98\x80", /* a smiling face */
	"a!",
	"123456789012345678901234567890123",
};

START_TEST(these_are_none)
{
	struct name n;

	ck_assert_int_eq(make(&n, bad[_i]), -EINVAL);
}
END_TEST

static const char *const same[][2] = {
	{"Ann", "aNN"},
	{"\xc3\xa9", "e\xcc\x81"}, /* composed or not */
	{"stra\xc3\x9f"
	 "e",
	 "STRASSE"},
	{"\xef\xbc\xa1nn", "ann"}, /* full width */
	{"\xef\xac\x81x", "fix"},  /* a ligature */
	{"\xce\xa3\xce\xaf\xcf\x82", "\xcf\x83\xce\xaf\xcf\x83"}, /* sigmas */
};

START_TEST(names_that_are_the_same)
{
	struct name a, b;

	ck_assert_int_eq(make(&a, same[_i][0]), 0);
	ck_assert_int_eq(make(&b, same[_i][1]), 0);
	ck_assert_str_eq(a.key, b.key);
}
END_TEST

START_TEST(what_is_shown_is_composed_and_keeps_its_case)
{
	struct name n;

	ck_assert_int_eq(make(&n, "E\xcc\x81ric"), 0);
	ck_assert_str_eq(n.shown, "\xc3\x89ric");
}
END_TEST

START_TEST(names_that_differ)
{
	struct name a, b;

	ck_assert_int_eq(make(&a, "ann"), 0);
	ck_assert_int_eq(make(&b, "an"), 0);
	ck_assert_str_ne(a.key, b.key);
	ck_assert_int_eq(make(&b, "\xd0\xb0nn"), 0); /* Cyrillic a */
	ck_assert_str_ne(a.key, b.key);
}
END_TEST

/* 32 code points of NFC, each of which came as two or three. */
START_TEST(code_points_count_after_nfc)
{
	char text[512] = "";
	struct name n;

	for (int i = 0; i < 32; i++)
		strcat(text, "e\xcc\x81");
	ck_assert_int_eq(make(&n, text), 0);
	ck_assert_uint_eq(strlen(n.shown), 64);
	strcat(text, "e");
	ck_assert_int_eq(make(&n, text), -EINVAL);
}
END_TEST

START_TEST(keys_that_grow_fit_or_are_refused)
{
	char text[512] = "a";
	struct name n;

	/* U+FDFA becomes 18 code points, of 33 bytes. */
	for (int i = 0; i < 31; i++)
		strcat(text, "\xef\xb7\xba");
	ck_assert_int_eq(make(&n, text), -EINVAL);
	ck_assert_int_eq(make(&n, "a\xef\xb7\xba"), 0);
}
END_TEST

START_TEST(a_nul_is_no_part_of_a_name)
{
	struct name n;

	ck_assert_int_eq(name_make(&n, "a\0b", 3), -EINVAL);
}
END_TEST

START_TEST(texts_are_counted_in_code_points)
{
	ck_assert_uint_eq(text_points("", 0), 0);
	ck_assert_uint_eq(text_points("a\xc3\xa9\xf0\x9f\x98\x80", 7), 3);
	ck_assert(text_is_good("a", 1, 1));
	ck_assert(text_is_good(" a ", 3, 3));
	ck_assert(!text_is_good("ab", 2, 1));
	ck_assert(text_is_good("\xf0\x9f\x98\x80", 4, 1));
	ck_assert(!text_is_good("", 0, 9));
	ck_assert(!text_is_good(" \t\n\r\v\f", 6, 9));
	ck_assert(!text_is_good("\xc2\xa0\xe3\x80\x80\xe2\x80\xa8", 8, 9));
	ck_assert(text_is_good("\xe2\x80\x8b", 3, 9)); /* no White_Space */
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

int main(void)
{
	Suite *s = suite_create("name");
	TCase *t = tcase_create("name");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, these_are_names, 0, COUNT(good));
	tcase_add_loop_test(t, these_are_none, 0, COUNT(bad));
	tcase_add_loop_test(t, names_that_are_the_same, 0, COUNT(same));
	tcase_add_test(t, what_is_shown_is_composed_and_keeps_its_case);
	tcase_add_test(t, names_that_differ);
	tcase_add_test(t, code_points_count_after_nfc);
	tcase_add_test(t, keys_that_grow_fit_or_are_refused);
	tcase_add_test(t, a_nul_is_no_part_of_a_name);
	tcase_add_test(t, texts_are_counted_in_code_points);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
