/* SPDX-License-Identifier: MIT */
/*
 * A checker that remembers, between two pieces, how many bytes the character
 * still wants and what the next may be.  No memory, any thread.
 */
#include "utf8.h"

#include <stdint.h>

/* The first byte says how many follow; E0, ED, F0 and F4 say more of the
 * second, so that overlong forms, surrogates and what lies above U+10FFFF are
 * refused there. */
static bool begin(struct utf8_check *check, unsigned char c)
{
	check->low = 0x80;
	check->high = 0xbf;
	if (c < 0xc2 || c > 0xf4)
		return false;
	check->needed = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	if (c == 0xe0)
		check->low = 0xa0;
	else if (c == 0xed)
		check->high = 0x9f;
	else if (c == 0xf0)
		check->low = 0x90;
	else if (c == 0xf4)
		check->high = 0x8f;
	return true;
}

bool utf8_feed(struct utf8_check *check, const void *bytes, size_t len)
{
	const unsigned char *p = bytes, *end = p + len;

	for (; p < end; p++) {
		if (check->needed > 0) {
			if (*p < check->low || *p > check->high)
				return false;
			check->low = 0x80;
			check->high = 0xbf;
			check->needed--;
		} else if (*p >= 0x80 && !begin(check, *p)) {
			return false;
		}
	}
	return true;
}

bool utf8_complete(const struct utf8_check *check)
{
	return check->needed == 0;
}

/* The code points of White_Space; PropList.txt of the Unicode database. */
static bool is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 ||
	       c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
	       c == 0x3000;
}

/* The code point at p, of valid UTF-8; all spaces have at most 3 bytes, so
 * that longer ones need no true answer. */
static uint32_t decode(const unsigned char *p, size_t *size)
{
	if (p[0] < 0x80) {
		*size = 1;
		return p[0];
	}
	if (p[0] < 0xe0) {
		*size = 2;
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	}
	if (p[0] < 0xf0) {
		*size = 3;
		return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 |
		       (p[2] & 0x3fu);
	}
	*size = 4;
	return UINT32_MAX;
}

const char *utf8_trim(const char *text, size_t *len)
{
	const unsigned char *p = (const unsigned char *)text, *last;
	const unsigned char *end = p + *len;
	size_t size;

	while (p < end && is_space(decode(p, &size)))
		p += size;
	while (p < end) {
		last = end - 1;
		while (last > p && (*last & 0xc0) == 0x80)
			last--;
		if (!is_space(decode(last, &size)))
			break;
		end = last;
	}
	*len = (size_t)(end - p);
	return (const char *)p;
}
