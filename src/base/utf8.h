/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 as it arrives, in any pieces, and white space at the ends of text.
 * Source: RFC 3629, section 4; The Unicode Standard, table 3-7.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Where a check stands between two pieces; all zero at the beginning. */
struct utf8_check {
	unsigned char needed;    /* bytes that the character still wants */
	unsigned char low, high; /* what the next of them may be */
};

/*
 * Goes on with the next len bytes; false as soon as they can't be UTF-8,
 * however they go on.  The check must not be used after that.
 */
bool utf8_feed(struct utf8_check *check, const void *bytes, size_t len);

/* True where the text may end here, not in mid-character. */
bool utf8_complete(const struct utf8_check *check);

/*
 * Cuts white space (Unicode's White_Space) off both ends of valid UTF-8 and
 * returns where the rest begins; *len becomes its length.  Go's counterpart:
 * bytes.TrimSpace.
 */
const char *utf8_trim(const char *text, size_t *len);

#endif
