/* SPDX-License-Identifier: MIT */
/* The only file that includes utf8proc. */
#include "name.h"

#include "utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static bool is_letter_or_number(utf8proc_category_t category)
{
	switch (category) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return true;
	default:
		return false;
	}
}

static bool is_mark(utf8proc_category_t category)
{
	return category == UTF8PROC_CATEGORY_MN ||
	       category == UTF8PROC_CATEGORY_MC ||
	       category == UTF8PROC_CATEGORY_ME;
}

static bool is_good(utf8proc_int32_t point, bool first)
{
	utf8proc_category_t category = utf8proc_category(point);

	if (is_letter_or_number(category))
		return true;
	return !first && (is_mark(category) || point == '_' || point == '-' ||
			  point == '.');
}

/* Every code point of the name, in NFC. */
static bool all_good(const char *s, size_t len)
{
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)s;
	size_t left = len, points = 0;

	while (left > 0) {
		utf8proc_int32_t point;
		utf8proc_ssize_t n =
			utf8proc_iterate(at, (utf8proc_ssize_t)left, &point);

		if (n <= 0 || ++points > NAME_POINTS ||
		    !is_good(point, points == 1))
			return false;
		at += n;
		left -= (size_t)n;
	}
	return points > 0;
}

/* s in another form, into to; -EINVAL where it has no room. */
static int convert(const char *s, size_t len, utf8proc_option_t options,
		   char *to, size_t room)
{
	utf8proc_uint8_t *made = NULL;
	utf8proc_ssize_t n;
	int err = 0;

	n = utf8proc_map((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)len,
			 &made, options | UTF8PROC_STABLE);
	if (n == UTF8PROC_ERROR_NOMEM)
		return -ENOMEM;
	if (n < 0 || (size_t)n >= room)
		err = -EINVAL;
	else
		memcpy(to, made, (size_t)n + 1);
	free(made);
	return err;
}

int name_make(struct name *n, const char *s, size_t len)
{
	int err;

	/* More bytes than the longest name in its longest spelling are none,
	 * and cost no work. */
	if (len == 0 || len > NAME_KEY_BYTES || memchr(s, '\0', len))
		return -EINVAL;
	err = convert(s, len, UTF8PROC_COMPOSE, n->shown, sizeof(n->shown));
	if (err)
		return err;
	if (!all_good(n->shown, strlen(n->shown)))
		return -EINVAL;
	err = convert(n->shown, strlen(n->shown),
		      UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
			      UTF8PROC_IGNORE,
		      n->key, sizeof(n->key));
	return err ? err : n->key[0] ? 0 : -EINVAL;
}

size_t text_points(const char *s, size_t len)
{
	size_t points = 0;

	for (size_t i = 0; i < len; i++)
		points += ((unsigned char)s[i] & 0xc0) != 0x80;
	return points;
}

bool text_is_good(const char *s, size_t len, size_t max)
{
	size_t rest = len;

	(void)utf8_trim(s, &rest);
	return rest > 0 && text_points(s, len) <= max;
}
