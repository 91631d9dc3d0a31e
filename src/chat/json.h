/* SPDX-License-Identifier: MIT */
/*
 * JSON as the protocol speaks it: one flat object a message.  Source: RFC 8259
 * and the rules of chatd.protocol(7).  The only file that includes cJSON is
 * json.c.  No I/O, no shared state: any thread, each with its own objects.
 * Go's counterpart: encoding/json.
 */
#ifndef CHAT_JSON_H
#define CHAT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Reading ---- */

#define JSON_DEPTH  8  /* of nested arrays and objects, the outermost counted */
#define JSON_NUMBER 32 /* characters of a number */

/* Integers that every language can hold exactly: RFC 8259, section 6. */
#define JSON_INTEGER_MAX INT64_C(9007199254740991)

struct json_object;

/*
 * Reads one object, with nothing but white space around it.  text is valid
 * UTF-8 of len bytes, and isn't kept.  Returns 0 and *o, which the caller
 * ends by json_destroy(); -EINVAL for what is no JSON, no object, is nested
 * deeper than JSON_DEPTH, has a number of more than JSON_NUMBER characters, a
 * key twice in an object, a NUL or half a surrogate pair anywhere; -ENOMEM.
 * Takes time in proportion to len and stack for JSON_DEPTH levels at most.
 */
int json_parse(struct json_object **o, const char *text, size_t len);
void json_destroy(struct json_object *o);

/* The part of json_parse() that looks at the text alone: true where it may be
 * an object, so that nothing but its keys is left to be judged. */
bool json_check(const char *text, size_t len);

enum json_field {
	JSON_ABSENT,
	JSON_GOOD,
	JSON_WRONG, /* of another kind, or out of bounds */
};

/* The string of that key, with its length in bytes; it lives as long as *o.
 * Keys are compared to the letter. */
enum json_field json_string(const struct json_object *o, const char *key,
			    const char **s, size_t *len);

/* The integer of that key, if it is one exactly and lies in min..max (within
 * +-JSON_INTEGER_MAX). */
enum json_field json_integer(const struct json_object *o, const char *key,
			     int64_t min, int64_t max, int64_t *n);

/* The strings of the array of that key: their number in *n, each to be had by
 * json_element(); JSON_WRONG where anything else is in it. */
enum json_field json_strings(const struct json_object *o, const char *key,
			     size_t *n);
const char *json_element(const struct json_object *o, const char *key,
			 size_t i);

/* ---- Writing ---- */

/*
 * Text that grows.  After a failure (no memory) everything does nothing, and
 * json_failed() tells; so that who writes asks once, at the end.
 */
struct json_out {
	char *bytes;
	size_t len, room;
	bool failed;
	bool comma; /* one goes before the next key or element */
};

#define JSON_OUT_NONE                                                          \
	{                                                                      \
		NULL, 0, 0, false, false                                       \
	}

bool json_failed(const struct json_out *out);
void json_fini(struct json_out *out);

/* Takes the bytes over, to be freed by free(); NULL where it failed.  The
 * writer is empty afterwards. */
char *json_take(struct json_out *out, size_t *len);

/* Braces and brackets.  key NULL: the outermost, or an element. */
void json_open(struct json_out *out, const char *key, char bracket);
void json_close(struct json_out *out, char bracket);

/* Values under a key, or elements (key NULL).  s is valid UTF-8 without NUL;
 * raw is JSON that was made before. */
void json_put_string(struct json_out *out, const char *key, const char *s,
		     size_t len);
void json_put_text(struct json_out *out, const char *key, const char *s);
void json_put_integer(struct json_out *out, const char *key, int64_t n);
void json_put_bool(struct json_out *out, const char *key, bool b);
void json_put_raw(struct json_out *out, const char *key, const char *raw,
		  size_t len);

#endif
