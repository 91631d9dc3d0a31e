/* SPDX-License-Identifier: MIT */
/*
 * One walk over a text before cJSON sees it: is it an object to the letter of
 * RFC 8259, within the bounds of the protocol?  No recursion, no memory; what
 * is open lies in an array of JSON_DEPTH.
 */
#include "json.h"

#include <string.h>

/* Where the walk stands. */
struct walk {
	const char *at, *end;
	char open[JSON_DEPTH]; /* '{' or '[', the outermost first */
	size_t depth;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_space(struct walk *w)
{
	while (w->at < w->end && strchr(" \t\n\r", *w->at) && *w->at)
		w->at++;
}

static bool next_is(struct walk *w, char c)
{
	if (w->at == w->end || *w->at != c)
		return false;
	w->at++;
	return true;
}

static bool digits(struct walk *w)
{
	const char *from = w->at;

	while (w->at < w->end && is_digit(*w->at))
		w->at++;
	return w->at > from;
}

/* RFC 8259, section 6. */
static bool number(struct walk *w)
{
	const char *from = w->at;

	(void)next_is(w, '-');
	if (!next_is(w, '0') && !digits(w))
		return false;
	if (next_is(w, '.') && !digits(w))
		return false;
	if (next_is(w, 'e') || next_is(w, 'E')) {
		if (!next_is(w, '+'))
			(void)next_is(w, '-');
		if (!digits(w))
			return false;
	}
	return w->at - from <= JSON_NUMBER;
}

/* Four hexadecimal digits; -1: they aren't. */
static int hex4(struct walk *w)
{
	int value = 0;

	if (w->end - w->at < 4)
		return -1;
	for (int i = 0; i < 4; i++, w->at++) {
		char c = *w->at;
		int digit = is_digit(c)            ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* Behind \u: a character of the basic plane, or both halves of another. */
static bool unicode_escape(struct walk *w)
{
	int unit = hex4(w);

	if (unit < 0xd800 || unit > 0xdfff)
		return unit > 0;
	if (unit > 0xdbff || !next_is(w, '\\') || !next_is(w, 'u'))
		return false;
	unit = hex4(w);
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* RFC 8259, section 7; behind the opening quote. */
static bool string(struct walk *w)
{
	while (w->at < w->end) {
		char c = *w->at++;

		if (c == '"')
			return true;
		if ((unsigned char)c < 0x20)
			return false;
		if (c != '\\')
			continue;
		if (w->at == w->end)
			return false;
		c = *w->at++;
		if (c == 'u' ? !unicode_escape(w)
			     : !c || !strchr("\"\\/bfnrt", c))
			return false;
	}
	return false;
}

static bool literal(struct walk *w, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(w->end - w->at) < len || memcmp(w->at, word, len) != 0)
		return false;
	w->at += len;
	return true;
}

/* What stands between structural characters. */
static bool scalar(struct walk *w)
{
	if (next_is(w, '"'))
		return string(w);
	return literal(w, "true") || literal(w, "false") ||
	       literal(w, "null") || number(w);
}

static bool key(struct walk *w)
{
	skip_space(w);
	if (!next_is(w, '"') || !string(w))
		return false;
	skip_space(w);
	return next_is(w, ':');
}

/* Opens what begins here; false: it begins nothing, or lies too deep.  *value:
 * a value has to follow. */
static bool open_one(struct walk *w, bool *value)
{
	char bracket = *w->at++;

	if (w->depth == JSON_DEPTH)
		return false;
	w->open[w->depth++] = bracket;
	skip_space(w);
	*value = w->at < w->end && *w->at != (bracket == '{' ? '}' : ']');
	return !*value || bracket == '[' || key(w);
}

/* Closes all that ends here; *value: another value has to follow. */
static bool close_some(struct walk *w, bool *value)
{
	*value = false;
	while (w->depth > 0) {
		bool object = w->open[w->depth - 1] == '{';

		skip_space(w);
		if (next_is(w, ',')) {
			*value = true;
			return !object || key(w);
		}
		if (!next_is(w, object ? '}' : ']'))
			return false;
		w->depth--;
	}
	return true;
}

bool json_check(const char *text, size_t len)
{
	struct walk w = {.at = text, .end = text + len};
	bool value = true;

	skip_space(&w);
	if (w.at == w.end || *w.at != '{')
		return false;
	while (value) {
		skip_space(&w);
		if (w.at < w.end && (*w.at == '{' || *w.at == '[')) {
			if (!open_one(&w, &value))
				return false;
			if (value)
				continue;
		} else if (!scalar(&w)) {
			return false;
		}
		if (!close_some(&w, &value))
			return false;
	}
	skip_space(&w);
	return w.at == w.end;
}
