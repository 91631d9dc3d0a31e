/* SPDX-License-Identifier: MIT */
/*
 * The table in words: as a configuration file (--help-config, chatd.conf) and
 * as the list of keys in chatd.conf(5).  Runs in main before any thread starts.
 */
#include "config_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 78

/* True where the word that ends before s ends a sentence. */
static bool ends_sentence(const char *s)
{
	return s[-1] == '.' && s[0] == ' ' && !islower((unsigned char)s[1]);
}

/* Writes text in lines of at most WIDTH, each beginning with prefix; in mdoc
 * every sentence begins a line, and none begins like a macro. */
static void fill(FILE *out, const char *prefix, const char *text, bool mdoc)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > WIDTH) {
			(void)fputc('\n', out);
			column = 0;
		}
		if (column > 0)
			(void)fputc(' ', out);
		else
			(void)fputs(prefix, out);
		if (column == 0 && mdoc && (*text == '.' || *text == '\''))
			(void)fputs("\\&", out);
		column = column > 0 ? column + 1 : strlen(prefix);
		(void)fprintf(out, "%.*s", (int)len, text);
		column += len;
		text += len;
		if (*text && mdoc && ends_sentence(text)) {
			(void)fputc('\n', out);
			column = 0;
		}
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

/* "Less than timeouts.silence." for every rule that begins with the key. */
static void fill_rules(FILE *out, const char *prefix,
		       const struct config_key *key, bool mdoc)
{
	char full[CONFIG_WORDS_BYTES], said[CONFIG_WORDS_BYTES];

	(void)snprintf(full, sizeof(full), "%.60s.%.60s", key->section,
		       key->name);
	for (const struct config_rule *r = config_rules; r->left; r++) {
		if (strcmp(r->left, full) != 0)
			continue;
		(void)snprintf(said, sizeof(said), "%s %s.",
			       r->or_equal ? "At most" : "Less than", r->right);
		fill(out, prefix, said, mdoc);
	}
}

/* "1..16777216 bytes", for a document; "" where the text says it all. */
static void say_takes(const struct config_key *key,
		      char out[CONFIG_WORDS_BYTES])
{
	static const char *const kinds[] = {[CONFIG_SIZE] = "a size, ",
					    [CONFIG_DURATION] = "a duration, ",
					    [CONFIG_COUNT] = "a number, ",
					    [CONFIG_SWITCH] = "",
					    [CONFIG_CHOICE] = "",
					    [CONFIG_STRING] = "a name, ",
					    [CONFIG_LIST] = "a list, "};
	char range[CONFIG_WORDS_BYTES];

	config_say_range(key, range);
	(void)snprintf(out, CONFIG_WORDS_BYTES, "%s%.200s", kinds[key->type],
		       range);
}

void config_print_sample(FILE *out)
{
	char takes[CONFIG_WORDS_BYTES];
	const struct config_key *k = config_keys;

	(void)fputs("# chatd.conf: every key, with its default, as chatd "
		    "--help-config prints it.\n"
		    "# To change one take away its #.  See chatd.conf(5); "
		    "chatd -c FILE --check tells\n"
		    "# whether a file is right.\n",
		    out);
	for (const struct config_section *s = config_sections; s->name; s++) {
		(void)fputs("\n\n", out);
		fill(out, "# ", s->text, false);
		(void)fprintf(out, "[%s]\n", s->name);
		for (; k->section && strcmp(k->section, s->name) == 0; k++) {
			say_takes(k, takes);
			(void)fputc('\n', out);
			fill(out, "# ", k->text, false);
			fill_rules(out, "# ", k, false);
			(void)fprintf(out, "# (%s)\n#%s =%s%s\n", takes,
				      k->name, *k->standard ? " " : "",
				      k->standard);
		}
	}
}

/* What stands for the value in "key = value". */
static void print_placeholder(FILE *out, const struct config_key *key)
{
	switch (key->type) {
	case CONFIG_SIZE:
		(void)fputs("Ar size", out);
		break;
	case CONFIG_DURATION:
		(void)fputs("Ar duration", out);
		break;
	case CONFIG_COUNT:
		(void)fputs("Ar number", out);
		break;
	case CONFIG_SWITCH:
		(void)fputs("Cm on | off", out);
		break;
	case CONFIG_CHOICE:
		(void)fprintf(out, "Cm %s", key->words[0]);
		for (const char *const *w = key->words + 1; *w; w++)
			(void)fprintf(out, " | %s", *w);
		break;
	case CONFIG_STRING:
		(void)fputs("Ar name", out);
		break;
	case CONFIG_LIST:
		(void)fprintf(out, "Ar %s", key->unit);
		break;
	}
}

static void print_mdoc_key(FILE *out, const struct config_key *key)
{
	char takes[CONFIG_WORDS_BYTES], said[2 * CONFIG_WORDS_BYTES];
	bool headed; /* what it takes stands in the heading */

	headed = key->type == CONFIG_SWITCH || key->type == CONFIG_CHOICE;
	(void)fprintf(out, ".It Cm %s No = ", key->name);
	print_placeholder(out, key);
	(void)fputc('\n', out);
	fill(out, "", key->text, true);
	fill_rules(out, "", key, true);
	say_takes(key, takes);
	(void)snprintf(said, sizeof(said), "%s%s%s%s.", headed ? "" : takes,
		       headed ? "" : "; ",
		       *key->standard ? "by default " : "empty by default",
		       key->standard);
	said[0] = (char)toupper((unsigned char)said[0]);
	fill(out, "", said, true);
}

void config_print_mdoc(FILE *out)
{
	const struct config_key *k = config_keys;

	for (const struct config_section *s = config_sections; s->name; s++) {
		(void)fprintf(out, ".Ss %s\n", s->name);
		fill(out, "", s->text, true);
		(void)fputs(".Bl -tag -width Ds\n", out);
		for (; k->section && strcmp(k->section, s->name) == 0; k++)
			print_mdoc_key(out, k);
		(void)fputs(".El\n", out);
	}
}
