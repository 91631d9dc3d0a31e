/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the configuration share: the table's rows, and how a value
 * goes from text into a struct config.  Nobody else includes this, save tests
 * and the program that writes the table into the documents.
 *
 *	config_table.c   the table: every key, every rule between two
 *	config_value.c   text to value and back, by type
 *	config_file.c    lines of a file
 *	config.c         command line, environment, the order of it all
 *	config_help.c    the table in words: chatd.conf, chatd.conf(5)
 */
#ifndef CONFIG_INTERNAL_H
#define CONFIG_INTERNAL_H

#include "config.h"

#include <stddef.h>

/* ---- The table ---- */

enum config_type {
	CONFIG_SIZE,     /* int64_t: 512, 64K, 16M, 1G; bytes */
	CONFIG_DURATION, /* int64_t: 500ms, 10s, 2m, 1h, 1d, 0; nanoseconds */
	CONFIG_COUNT,    /* int64_t */
	CONFIG_SWITCH,   /* bool: on, true, yes, off, false, no */
	CONFIG_CHOICE,   /* an enum whose values are the words' indices */
	CONFIG_STRING,   /* char * */
	CONFIG_LIST,     /* char *: words */
};

struct config_key {
	const char *section, *name;
	enum config_type type;
	size_t offset;        /* of the field in struct config */
	int64_t min, max;     /* of a string its bytes, of a list its words */
	const char *standard; /* the default, as one would write it */
	const char *unit;     /* what is counted, in the plural */
	const char *const *words;          /* of a choice; ends with NULL */
	bool (*is_good)(const char *word); /* of strings and words; or NULL */
	const char *what; /* "an address": what is_good() looks for */
	const char *text; /* what it means: whole sentences */
};

struct config_section {
	const char *name, *text;
};

/* The left value must be less than (or at most) the right one; where a value
 * is 0, which means "never", there is nothing to compare. */
struct config_rule {
	const char *left, *right; /* section.key */
	bool or_equal;
};

/* Each ends with a row whose first member is NULL; a section's keys stand
 * together and in the order of the sections. */
extern const struct config_key config_keys[];
extern const struct config_section config_sections[];
extern const struct config_rule config_rules[];

#define CONFIG_MAX_KEYS 128 /* the table's rows; the table checks it */

bool config_is_section(const char *name);

/* NULL: there is none. */
const struct config_key *config_find(const char *section, const char *name);

/* ---- Values (config_value.c) ---- */

#define CONFIG_WORDS_BYTES 256 /* room for what the functions below say */

/*
 * Sets one field from text.  Returns 0, -ENOMEM, or -EINVAL with the reason in
 * why; then the field keeps its value.
 */
int config_set(struct config *c, const struct config_key *key, const char *text,
	       char why[CONFIG_WORDS_BYTES]);

/* The value of a size, a duration or a count. */
int64_t config_number(const struct config *c, const struct config_key *key);

/* That value as one would write it: 64K, 54s. */
void config_say_number(const struct config_key *key, int64_t value,
		       char out[CONFIG_WORDS_BYTES]);

/* What a key takes: "1..16777216 bytes", "on or off", "text or json". */
void config_say_range(const struct config_key *key,
		      char out[CONFIG_WORDS_BYTES]);

/* Copies text in quotes, what can't be printed as \x1b, long text cut. */
void config_quote(const char *text, char out[CONFIG_WORDS_BYTES]);

/* ---- Loading (config.c) ---- */

#define CONFIG_MAX_ERRORS 20 /* more are counted, not shown */

struct config_source {
	enum {
		CONFIG_FROM_DEFAULT,
		CONFIG_FROM_FILE,
		CONFIG_FROM_ENVIRONMENT,
		CONFIG_FROM_SET,
	} from;
	unsigned line; /* of a file */
};

/* One config_load() under way. */
struct config_loading {
	struct config *config;
	FILE *err;
	const char *path; /* of the file, as given; NULL: there is none */
	unsigned errors;
	bool out_of_memory;
	struct config_source
		set_by[CONFIG_MAX_KEYS]; /* parallel to the table */
};

/* Sets what a source says of a key, or complains. */
void config_apply(struct config_loading *l, struct config_source source,
		  const char *section, const char *name, const char *value);

/* Writes "where: what" to err and counts it; section NULL: no key is meant. */
void config_complain(struct config_loading *l, struct config_source source,
		     const char *section, const char *name, const char *format,
		     ...) __attribute__((format(printf, 5, 6)));

/* Reads l->path, applies and complains (config_file.c). */
void config_read_file(struct config_loading *l);

/* ---- The table in words (config_help.c) ---- */

/* A configuration file: every key with its default, all commented out. */
void config_print_sample(FILE *out);

/* The list of keys for chatd.conf(5), in mdoc(7). */
void config_print_mdoc(FILE *out);

#endif
