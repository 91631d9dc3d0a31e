/* SPDX-License-Identifier: MIT */
/*
 * Values of the configuration: from text into the field, and in words for
 * people.  Runs in main before any thread starts; what it allocates belongs to
 * the struct config.
 */
#include "config_internal.h"

#include "check.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a value in a complaint; the rest of the line needs room as well. */
#define QUOTED_BYTES 64

struct unit {
	const char *suffix;
	int64_t factor;
};

/* The largest first, the one with factor 1 last. */
static const struct unit size_units[] = {
	{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}, {NULL, 0}};
static const struct unit duration_units[] = {
	{"d", INT64_C(86400000000000)}, {"h", INT64_C(3600000000000)},
	{"m", INT64_C(60000000000)},    {"s", INT64_C(1000000000)},
	{"ms", INT64_C(1000000)},       {NULL, 0}};
static const struct unit count_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(const struct config_key *key)
{
	if (key->type == CONFIG_SIZE)
		return size_units;
	return key->type == CONFIG_DURATION ? duration_units : count_units;
}

/* The table sees to it that the field is of the key's type. */
static void *field(struct config *c, const struct config_key *key)
{
	return (char *)c + key->offset;
}

static void set_owned(struct config *c, const struct config_key *key,
		      char *string)
{
	char **owned = field(c, key);

	free(*owned);
	*owned = string;
}

/* ---- In words ---- */

void config_quote(const char *text, char out[CONFIG_WORDS_BYTES])
{
	const char *end = text + strlen(text);
	size_t n = 0;

	out[n++] = '"';
	for (; *text && n < QUOTED_BYTES; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= ' ' && c != 0x7f)
			out[n++] = *text;
		else
			n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
	}
	/* Not in the middle of a character of UTF-8. */
	for (; ((unsigned char)*text & 0xc0) == 0x80 && n > 1; text--)
		n--;
	(void)snprintf(out + n, CONFIG_WORDS_BYTES - n,
		       text < end ? "...\"" : "\"");
}

void config_say_number(const struct config_key *key, int64_t value,
		       char out[CONFIG_WORDS_BYTES])
{
	const struct unit *u = units_of(key);

	if (value == 0) {
		(void)snprintf(out, CONFIG_WORDS_BYTES, "0");
		return;
	}
	while (u[1].suffix && value % u->factor != 0)
		u++;
	(void)snprintf(out, CONFIG_WORDS_BYTES, "%" PRId64 "%s",
		       value / u->factor, u->suffix);
}

static void say_words(const struct config_key *key,
		      char out[CONFIG_WORDS_BYTES])
{
	size_t n = 0;

	for (const char *const *w = key->words; *w; w++) {
		const char *between = w == key->words ? ""
				      : w[1]          ? ", "
						      : " or ";

		n += (size_t)snprintf(out + n, CONFIG_WORDS_BYTES - n, "%s%s",
				      between, *w);
		CHECK(n < CONFIG_WORDS_BYTES);
	}
}

void config_say_range(const struct config_key *key,
		      char out[CONFIG_WORDS_BYTES])
{
	char low[CONFIG_WORDS_BYTES], high[CONFIG_WORDS_BYTES];

	switch (key->type) {
	case CONFIG_SWITCH:
		(void)snprintf(out, CONFIG_WORDS_BYTES, "on or off");
		return;
	case CONFIG_CHOICE:
		say_words(key, out);
		return;
	case CONFIG_DURATION:
		config_say_number(key, key->min, low);
		config_say_number(key, key->max, high);
		(void)snprintf(out, CONFIG_WORDS_BYTES, "%.16s..%.16s", low,
			       high);
		return;
	default:
		(void)snprintf(out, CONFIG_WORDS_BYTES,
			       "%" PRId64 "..%" PRId64 " %s", key->min,
			       key->max, key->unit);
	}
}

/* ---- Numbers ---- */

/* Digits and a unit: 0, -EINVAL, or -ERANGE where 64 bits don't hold it. */
static int parse_number(const struct unit *units, const char *text,
			int64_t *value)
{
	const char *s = text;
	bool overflow = false;
	int64_t n = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *s - '0', &n))
			overflow = true;
	if (s == text)
		return -EINVAL;
	while (units->suffix && strcmp(units->suffix, s) != 0)
		units++;
	/* 0 needs no unit: it is as long in all of them. */
	if (!units->suffix && !(n == 0 && !overflow && *s == '\0'))
		return -EINVAL;
	if (overflow || __builtin_mul_overflow(n, units->factor, value))
		return -ERANGE;
	return 0;
}

static int set_number(struct config *c, const struct config_key *key,
		      const char *text, char why[CONFIG_WORDS_BYTES])
{
	static const char *const kinds[] = {[CONFIG_SIZE] = "a size",
					    [CONFIG_DURATION] = "a duration",
					    [CONFIG_COUNT] = "a number"};
	char quoted[CONFIG_WORDS_BYTES], range[CONFIG_WORDS_BYTES];
	int64_t value = 0;
	int err = parse_number(units_of(key), text, &value);

	if (!err && value >= key->min && value <= key->max) {
		*(int64_t *)field(c, key) = value;
		return 0;
	}
	config_quote(text, quoted);
	config_say_range(key, range);
	if (err == -EINVAL)
		(void)snprintf(
			why, CONFIG_WORDS_BYTES, "%.80s is not %s (%.80s%s)",
			quoted, kinds[key->type], range,
			key->type == CONFIG_DURATION ? ", like 500ms, 10s or 2m"
						     : "");
	else
		(void)snprintf(why, CONFIG_WORDS_BYTES,
			       "%.80s is not within %.80s", quoted, range);
	return -EINVAL;
}

/* ---- Words ---- */

static int not_one_of(const struct config_key *key, const char *text,
		      char why[CONFIG_WORDS_BYTES])
{
	char quoted[CONFIG_WORDS_BYTES], range[CONFIG_WORDS_BYTES];

	config_quote(text, quoted);
	config_say_range(key, range);
	(void)snprintf(why, CONFIG_WORDS_BYTES, "%.80s is not %.80s", quoted,
		       range);
	return -EINVAL;
}

static int set_switch(struct config *c, const struct config_key *key,
		      const char *text, char why[CONFIG_WORDS_BYTES])
{
	static const char *const words[] = {"off", "on",    "no",
					    "yes", "false", "true"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(text, words[i]) == 0) {
			*(bool *)field(c, key) = i % 2 != 0;
			return 0;
		}
	}
	return not_one_of(key, text, why);
}

static int set_choice(struct config *c, const struct config_key *key,
		      const char *text, char why[CONFIG_WORDS_BYTES])
{
	_Static_assert(sizeof(enum log_level) == sizeof(unsigned) &&
			       sizeof(enum log_format) == sizeof(unsigned),
		       "a choice is stored as an unsigned int");

	for (unsigned i = 0; key->words[i]; i++)
		if (strcmp(text, key->words[i]) == 0) {
			memcpy(field(c, key), &i, sizeof(i));
			return 0;
		}
	return not_one_of(key, text, why);
}

/* ---- Strings ---- */

static int set_string(struct config *c, const struct config_key *key,
		      const char *text, char why[CONFIG_WORDS_BYTES])
{
	size_t len = strlen(text);
	char quoted[CONFIG_WORDS_BYTES], *copy;

	config_quote(text, quoted);
	if ((int64_t)len < key->min || (int64_t)len > key->max) {
		(void)snprintf(why, CONFIG_WORDS_BYTES,
			       "%.80s has %zu bytes, not %" PRId64 "..%" PRId64,
			       quoted, len, key->min, key->max);
		return -EINVAL;
	}
	if (len > 0 && key->is_good && !key->is_good(text)) {
		(void)snprintf(why, CONFIG_WORDS_BYTES, "%.80s is not %.100s",
			       quoted, key->what);
		return -EINVAL;
	}
	copy = malloc(len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, len + 1);
	set_owned(c, key, copy);
	return 0;
}

#define BLANKS " \t"

/* Copies text to copy (as long) with one space between words; how many. */
static int64_t join_words(const char *text, char *copy)
{
	char *to = copy;
	int64_t count = 0;

	while (*(text += strspn(text, BLANKS))) {
		size_t len = strcspn(text, BLANKS);

		if (count++)
			*to++ = ' ';
		memcpy(to, text, len);
		to += len;
		text += len;
	}
	*to = '\0';
	return count;
}

/* True where word stands once more in the rest of the list. */
static bool stands_again(const char *word, const char *rest)
{
	size_t len = strlen(word);

	for (; *rest; rest += strspn(rest, " ")) {
		size_t n = strcspn(rest, " ");

		if (n == len && memcmp(rest, word, n) == 0)
			return true;
		rest += n;
	}
	return false;
}

/* Judges the words of a joined list, which is the same again afterwards. */
static int judge_words(const struct config_key *key, char *list,
		       char why[CONFIG_WORDS_BYTES])
{
	char quoted[CONFIG_WORDS_BYTES];
	int err = 0;

	for (char *word = list, *end; !err && *word; word = end) {
		bool last;

		end = word + strcspn(word, " ");
		last = *end == '\0';
		*end = '\0';
		config_quote(word, quoted);
		if (!key->is_good(word)) {
			(void)snprintf(why, CONFIG_WORDS_BYTES,
				       "%.80s is not %.100s", quoted,
				       key->what);
			err = -EINVAL;
		} else if (!last && stands_again(word, end + 1)) {
			(void)snprintf(why, CONFIG_WORDS_BYTES,
				       "%.80s stands there twice", quoted);
			err = -EINVAL;
		}
		if (!last)
			*end++ = ' ';
	}
	return err;
}

static int set_list(struct config *c, const struct config_key *key,
		    const char *text, char why[CONFIG_WORDS_BYTES])
{
	char *list = malloc(strlen(text) + 1);
	int64_t count;
	int err;

	if (!list)
		return -ENOMEM;
	count = join_words(text, list);
	err = judge_words(key, list, why);
	if (!err && (count < key->min || count > key->max)) {
		(void)snprintf(why, CONFIG_WORDS_BYTES,
			       "wants %" PRId64 "..%" PRId64
			       " %s, not %" PRId64,
			       key->min, key->max, key->unit, count);
		err = -EINVAL;
	}
	if (err) {
		free(list);
		return err;
	}
	set_owned(c, key, list);
	return 0;
}

/* ---- All of them ---- */

static bool has_control_character(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text) && *text != '\t')
			return true;
	return false;
}

int config_set(struct config *c, const struct config_key *key, const char *text,
	       char why[CONFIG_WORDS_BYTES])
{
	if (has_control_character(text)) {
		char quoted[CONFIG_WORDS_BYTES];

		config_quote(text, quoted);
		(void)snprintf(why, CONFIG_WORDS_BYTES,
			       "%.80s holds a control character", quoted);
		return -EINVAL;
	}
	switch (key->type) {
	case CONFIG_SWITCH:
		return set_switch(c, key, text, why);
	case CONFIG_CHOICE:
		return set_choice(c, key, text, why);
	case CONFIG_STRING:
		return set_string(c, key, text, why);
	case CONFIG_LIST:
		return set_list(c, key, text, why);
	default:
		return set_number(c, key, text, why);
	}
}

int64_t config_number(const struct config *c, const struct config_key *key)
{
	CHECK(key->type == CONFIG_SIZE || key->type == CONFIG_DURATION ||
	      key->type == CONFIG_COUNT);
	return *(const int64_t *)(const void *)((const char *)c + key->offset);
}

void config_fini(struct config *c)
{
	for (const struct config_key *k = config_keys; k->section; k++)
		if (k->type == CONFIG_STRING || k->type == CONFIG_LIST)
			set_owned(c, k, NULL);
}
