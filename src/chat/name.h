/* SPDX-License-Identifier: MIT */
/*
 * Names of people and rooms, and texts: what they may be, and when two names
 * are the same.  Source: rule 11 of chatd.protocol(7); Unicode Standard Annex
 * 15 (normalization) and section 3.13 (NFKC_Casefold).  The only file that
 * includes utf8proc is name.c.  No state: any thread.  Go's counterpart:
 * golang.org/x/text/unicode/norm and cases.
 */
#ifndef CHAT_NAME_H
#define CHAT_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_POINTS 32 /* code points of a name, after NFC */

/* A code point has at most 4 bytes, and NFKC makes at most 18 of one
 * (U+FDFA); a name whose key gets longer than this is refused. */
#define NAME_BYTES     (4 * NAME_POINTS + 1)
#define NAME_KEY_BYTES 512

struct name {
	char shown[NAME_BYTES];   /* NFC: as it is spelled everywhere */
	char key[NAME_KEY_BYTES]; /* NFKC_Casefold: equal for equal names */
};

/*
 * Makes a name of len bytes of valid UTF-8.  Returns 0; -EINVAL: it has no or
 * too many code points, begins with another than a letter or number, or has
 * one in it that is neither letter, mark, number, '_', '-' nor '.'; -ENOMEM.
 */
int name_make(struct name *n, const char *s, size_t len);

/* True where the text is 1 to max code points and not White_Space only. */
bool text_is_good(const char *s, size_t len, size_t max);

/* How many code points len bytes of valid UTF-8 are. */
size_t text_points(const char *s, size_t len);

#endif
