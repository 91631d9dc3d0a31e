/* SPDX-License-Identifier: MIT */
/*
 * The checker against a decoder written from the definition: by code points,
 * where the checker goes by ranges of bytes.
 */
#include "harness.h"
#include "utf8.h"

#include <string.h>

/* ---- The definition; RFC 3629, section 3 ---- */

/* Encodes a code point; 0: it is none that may be encoded. */
static size_t encode(uint32_t c, unsigned char *to)
{
	if (c < 0x80) {
		to[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (unsigned char)(0xc0 | c >> 6);
		to[1] = (unsigned char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (unsigned char)(0xe0 | c >> 12);
		to[1] = (unsigned char)(0x80 | (c >> 6 & 63));
		to[2] = (unsigned char)(0x80 | (c & 63));
		return c >= 0xd800 && c < 0xe000 ? 0 : 3;
	}
	to[0] = (unsigned char)(0xf0 | c >> 18);
	to[1] = (unsigned char)(0x80 | (c >> 12 & 63));
	to[2] = (unsigned char)(0x80 | (c >> 6 & 63));
	to[3] = (unsigned char)(0x80 | (c & 63));
	return c > 0x10ffff ? 0 : 4;
}

/* Whether the bytes are a character, could become one, or neither: known from
 * all there are. */
enum kind { NEITHER, BEGINNING, CHARACTER };

static unsigned char kinds[1 << 24]; /* by the first three bytes */

/* Of fewer than three bytes the others count as 0, which no character has
 * behind its first byte. */
static size_t index_of(const unsigned char *p, size_t n)
{
	return (size_t)p[0] << 16 | (size_t)(n > 1 ? p[1] : 0) << 8 |
	       (n > 2 ? p[2] : 0);
}

static void list_all_characters(void)
{
	unsigned char p[4];

	for (uint32_t c = 0; c < 0x110000; c++) {
		size_t n = encode(c, p);

		for (size_t k = 1; k < n && k < 4; k++)
			kinds[index_of(p, k)] = BEGINNING;
		if (n > 0 && n < 4)
			kinds[index_of(p, n)] = CHARACTER;
	}
}

/* ---- Everything up to three bytes, and all that begins four ---- */

static enum kind judged(const unsigned char *p, size_t n)
{
	struct utf8_check check = {0};

	for (size_t i = 0; i < n; i++) {
		/* A character that ends before is another test's. */
		if (i > 0 && utf8_complete(&check))
			return NEITHER;
		if (!utf8_feed(&check, p + i, 1))
			return NEITHER;
	}
	return utf8_complete(&check) ? CHARACTER : BEGINNING;
}

/* 16,843,008 strings.  Caught: each of the four special second bytes left out,
 * C0 and C1 taken, F5 taken. */
START_TEST(every_string_of_up_to_three_bytes_is_judged_rightly)
{
	unsigned char p[3];

	list_all_characters();
	for (unsigned a = 0; a < 256; a++) {
		p[0] = (unsigned char)a;
		MUST(judged(p, 1) == kinds[index_of(p, 1)]);
		for (unsigned b = 1; b < 256; b++) {
			p[1] = (unsigned char)b;
			MUST(judged(p, 2) == kinds[index_of(p, 2)]);
			for (unsigned c = 1; c < 256; c++) {
				p[2] = (unsigned char)c;
				MUST(judged(p, 3) == kinds[index_of(p, 3)]);
			}
		}
	}
}
END_TEST

START_TEST(every_character_is_taken_and_no_other_end_of_it)
{
	unsigned char p[4];

	for (uint32_t c = 0; c < 0x110000; c++) {
		size_t n = encode(c, p);
		struct utf8_check check = {0};

		if (n == 0)
			continue;
		MUST(utf8_feed(&check, p, n));
		MUST(utf8_complete(&check));
		if (n < 4 || c % 64 != 0)
			continue;
		for (unsigned last = 0; last < 256; last++) {
			p[3] = (unsigned char)last;
			check = (struct utf8_check){0};
			MUST(utf8_feed(&check, p, 4) == (last >> 6 == 2));
		}
	}
}
END_TEST

START_TEST(a_nul_is_a_character)
{
	struct utf8_check check = {0};

	ck_assert(utf8_feed(&check, "\0\0a", 3) && utf8_complete(&check));
	ck_assert(utf8_feed(&check, "", 0) && utf8_complete(&check));
	ck_assert(utf8_feed(&check, "\xc3", 1));
	ck_assert(!utf8_feed(&check, "\0", 1));
}
END_TEST

/* ---- In pieces ---- */

START_TEST(text_may_be_cut_anywhere)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"
				   "\xed\x9f\xbf\xf4\x8f\xbf\xbf z";
	static const char whole_at[] =
		"\1\1\0\1\0\0\1\0\0\0\1\0\0\1\0\0\0\1\1\1";
	size_t len = sizeof(text) - 1;

	ck_assert_uint_eq(sizeof(whole_at) - 1, len + 1);
	for (size_t a = 0; a <= len; a++) {
		for (size_t b = a; b <= len; b++) {
			struct utf8_check check = {0};

			MUST(utf8_feed(&check, text, a));
			MUST(utf8_complete(&check) == whole_at[a]);
			MUST(utf8_feed(&check, text + a, b - a));
			MUST(utf8_complete(&check) == whole_at[b]);
			MUST(utf8_feed(&check, text + b, len - b));
			MUST(utf8_complete(&check));
		}
	}
}
END_TEST

/* ---- White space ---- */

/* PropList.txt: White_Space. */
static bool is_white_space(uint32_t c)
{
	static const uint32_t all[] = {0x09,   0x0a,   0x0b,   0x0c,   0x0d,
				       0x20,   0x85,   0xa0,   0x1680, 0x2000,
				       0x2001, 0x2002, 0x2003, 0x2004, 0x2005,
				       0x2006, 0x2007, 0x2008, 0x2009, 0x200a,
				       0x2028, 0x2029, 0x202f, 0x205f, 0x3000};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (all[i] == c)
			return true;
	return false;
}

START_TEST(every_character_is_trimmed_at_both_ends_or_at_none)
{
	for (uint32_t c = 0; c < 0x110000; c++) {
		unsigned char p[4];
		char text[20];
		size_t n = encode(c, p), len = 0, was;
		const char *trimmed;

		if (n == 0)
			continue;
		for (int i = 0; i < 2; i++) {
			memcpy(text + len, p, n);
			len += n;
			if (i == 0)
				text[len++] = 'x';
		}
		was = len;
		trimmed = utf8_trim(text, &len);
		if (is_white_space(c))
			MUST(len == 1 && *trimmed == 'x');
		else
			MUST(len == was && trimmed == text);
		/* And alone. */
		len = n;
		(void)utf8_trim((const char *)p, &len);
		MUST(len == (is_white_space(c) ? 0 : n));
	}
}
END_TEST

START_TEST(trimming_leaves_what_is_inside)
{
	static const struct {
		const char *text, *trimmed;
	} table[] = {
		{"", ""},
		{" ", ""},
		{" \t\r\n \xe3\x80\x80\xc2\xa0 ", ""},
		{"a", "a"},
		{"  a  b  ", "a  b"},
		{"\xe2\x80\xa8 a\xc2\x85", "a"},
		{"\xe3\x80\x80\xe4\xbd\xa0 \xe5\xa5\xbd\xe3\x80\x80",
		 "\xe4\xbd\xa0 \xe5\xa5\xbd"},
		{" \xf0\x9f\x98\x80 ", "\xf0\x9f\x98\x80"},
		{"\xe2\x80\x8b", "\xe2\x80\x8b"}, /* no space by name only */
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		size_t len = strlen(table[i].text);
		const char *trimmed = utf8_trim(table[i].text, &len);

		ck_assert_uint_eq(len, strlen(table[i].trimmed));
		ck_assert_mem_eq(trimmed, table[i].trimmed, len);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("utf8");
	TCase *t = tcase_create("utf8");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_string_of_up_to_three_bytes_is_judged_rightly);
	tcase_add_test(t, every_character_is_taken_and_no_other_end_of_it);
	tcase_add_test(t, a_nul_is_a_character);
	tcase_add_test(t, text_may_be_cut_anywhere);
	tcase_add_test(t, every_character_is_trimmed_at_both_ends_or_at_none);
	tcase_add_test(t, trimming_leaves_what_is_inside);
	suite_add_tcase(s, t);
	return run_all(s);
}
