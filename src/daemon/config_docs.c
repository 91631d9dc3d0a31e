/* SPDX-License-Identifier: MIT */
/*
 * Writes the table of the configuration into the two files that show it:
 *
 *	config-docs chatd.conf src/man/chatd.conf.5
 *
 * chatd.conf is written anew, the manual page between its two marks.  Not part
 * of chatd; "meson compile config-docs" runs it.
 */
#include "config_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines of the manual page; CONFIG_MDOC_* in tests/test_config.c as well. */
#define FIRST_LINE ".\\\" keys: written by config-docs\n"
#define LAST_LINE  ".\\\" end of keys\n"

static void fail(const char *path, const char *why)
{
	(void)fprintf(stderr, "config-docs: %s: %s\n", path, why);
	exit(EXIT_FAILURE);
}

static FILE *open_or_fail(const char *path, const char *mode)
{
	FILE *f = fopen(path, mode);

	if (!f)
		fail(path, strerror(errno));
	return f;
}

static void close_or_fail(FILE *f, const char *path)
{
	if (fflush(f) != 0 || ferror(f) || fclose(f) != 0)
		fail(path, strerror(errno));
}

/* The whole of a page, which is a few kilobytes. */
static char *slurp(const char *path)
{
	static char text[1 << 20];
	FILE *f = open_or_fail(path, "r");
	size_t n = fread(text, 1, sizeof(text) - 1, f);

	if (ferror(f) || !feof(f))
		fail(path, "can't be read whole");
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

static void splice(const char *path)
{
	char *text = slurp(path);
	char *first = strstr(text, FIRST_LINE), *last = strstr(text, LAST_LINE);
	FILE *f;

	if (!first || !last || last < first)
		fail(path, "has no marks");
	f = open_or_fail(path, "w");
	(void)fwrite(text, 1, (size_t)(first - text) + strlen(FIRST_LINE), f);
	config_print_mdoc(f);
	(void)fputs(last, f);
	close_or_fail(f, path);
}

int main(int argc, char **argv)
{
	FILE *f;

	if (argc != 3) {
		(void)fputs("usage: config-docs CHATD.CONF CHATD.CONF.5\n",
			    stderr);
		return 64;
	}
	f = open_or_fail(argv[1], "w");
	config_print_sample(f);
	close_or_fail(f, argv[1]);
	splice(argv[2]);
	return 0;
}
