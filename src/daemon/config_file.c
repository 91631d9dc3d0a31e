/* SPDX-License-Identifier: MIT */
/*
 * Lines of a configuration file.  inih splits them, but it forgives too much:
 * an indented line goes on with the value before it, a line over 200 bytes
 * becomes several, " ;" ends a value or not as it was built, and nobody learns
 * of a line's number.  So the reader it takes its lines from looks at each
 * first, refuses what could be misread, and keeps the value aside, whose length
 * is then no matter of inih's.  Runs in main before any thread starts.
 */
#include "config_internal.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 4096 /* with the newline */
#define FILE_BYTES                                                             \
	(1 << 20) /* else it's no configuration, but say /dev/zero             \
		   */
#define BLANKS     " \t\r\n\v\f"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_"

struct reader {
	struct config_loading *l;
	FILE *in;
	unsigned line; /* number of the one in text, the first is 1 */
	size_t total;  /* bytes read so far */
	enum { NO_SECTION, UNKNOWN_SECTION, IN_SECTION } where;
	const char *value; /* of this line's key; points into text */
	size_t len;
	bool too_long; /* text holds the beginning */
	char text[LINE_BYTES];
};

#define complain(r, ...)                                                       \
	config_complain((r)->l, here(r), NULL, NULL, __VA_ARGS__)

static struct config_source here(const struct reader *r)
{
	return (struct config_source){CONFIG_FROM_FILE, r->line};
}

/* ---- One line ---- */

/* Reads the next line into text; false: there is none. */
static bool next_line(struct reader *r)
{
	int c;

	r->len = 0;
	r->too_long = false;
	while ((c = getc(r->in)) != EOF && ++r->total <= FILE_BYTES &&
	       c != '\n') {
		if (r->len < LINE_BYTES - 1)
			r->text[r->len++] = (char)c;
		else
			r->too_long = true;
	}
	r->text[r->len] = '\0';
	r->line++;
	if (r->total <= FILE_BYTES && !ferror(r->in))
		return c == '\n' || r->len > 0;
	r->line = 0; /* it is about the file */
	if (r->total > FILE_BYTES)
		complain(r, "larger than %d bytes", FILE_BYTES);
	else
		complain(r, "%s", strerror(errno));
	return false;
}

static void trim_end(char *s)
{
	size_t len = strlen(s);

	while (len > 0 && strchr(BLANKS, s[len - 1]))
		len--;
	s[len] = '\0';
}

static bool is_comment(const char *s)
{
	return *s == '#' || *s == ';';
}

/* Cuts what follows a # or ; that stands first or behind white space. */
static void cut_comment(char *s)
{
	bool blank = true;

	for (; *s; s++) {
		if (blank && is_comment(s)) {
			*s = '\0';
			return;
		}
		blank = strchr(BLANKS, *s) != NULL;
	}
}

/* Puts "before", the name and "after" into inih's buffer; false: too long. */
static bool hand_over(char *out, size_t size, const char *before,
		      const char *name, const char *after)
{
	int n = snprintf(out, size, "%s%s%s", before, name, after);

	return n > 0 && (size_t)n < size;
}

/* "[name]": true where inih shall see it. */
static bool take_section(struct reader *r, char *out, size_t size)
{
	char *name = r->text + 1, *end = strchr(name, ']');
	char quoted[CONFIG_WORDS_BYTES];

	r->where = UNKNOWN_SECTION; /* its keys are not worth a complaint */
	if (!end || end[1 + strspn(end + 1, BLANKS)] != '\0') {
		complain(r, "not a [section]");
		return false;
	}
	*end = '\0';
	if (config_is_section(name) && hand_over(out, size, "[", name, "]\n")) {
		r->where = IN_SECTION;
		return true;
	}
	config_quote(name, quoted);
	complain(r, "%s is not a section", quoted);
	return false;
}

/* "name = value": true where inih shall see the name. */
static bool take_key(struct reader *r, char *out, size_t size)
{
	char quoted[CONFIG_WORDS_BYTES];
	char *equals = strchr(r->text, '=');

	if (!equals) {
		complain(r, "neither [section] nor key = value");
		return false;
	}
	if (r->where == NO_SECTION)
		complain(r, "a key before the first [section]");
	if (r->where != IN_SECTION)
		return false;
	*equals = '\0';
	trim_end(r->text);
	r->value = equals + 1 + strspn(equals + 1, BLANKS);
	if (*r->text != '\0' && r->text[strspn(r->text, NAME_CHARS)] == '\0' &&
	    hand_over(out, size, "", r->text, "=\n"))
		return true;
	config_quote(r->text, quoted);
	complain(r, "%s is not a key", quoted);
	return false;
}

/* True where the line means something; it is in out then. */
static bool take_line(struct reader *r, char *out, size_t size)
{
	char *first;

	if (r->too_long) {
		complain(r, "longer than %d bytes", LINE_BYTES - 1);
		return false;
	}
	if (strlen(r->text) != r->len) {
		complain(r, "holds a NUL byte");
		return false;
	}
	if (r->line == 1 && strncmp(r->text, "\xef\xbb\xbf", 3) == 0)
		memmove(r->text, r->text + 3, r->len - 2);
	cut_comment(r->text);
	trim_end(r->text);
	first = r->text + strspn(r->text, BLANKS);
	if (*first == '\0')
		return false;
	if (first != r->text) {
		complain(r, "indented: a line holds one whole key = value");
		return false;
	}
	if (*r->text == '[')
		return take_section(r, out, size);
	return take_key(r, out, size);
}

/* ---- What inih calls ---- */

static char *read_line(char *out, int size, void *stream)
{
	struct reader *r = stream;

	while (next_line(r))
		if (take_line(r, out, (size_t)size))
			return out;
	return NULL;
}

/* Between two lines, so that the reader still knows number and value. */
static int take_value(void *user, const char *section, const char *name,
		      const char *empty)
{
	struct reader *r = user;

	(void)empty;
	config_apply(r->l, here(r), section, name, r->value);
	return 1;
}

void config_read_file(struct config_loading *l)
{
	struct reader r = {.l = l, .where = NO_SECTION};
	int err;

	r.in = fopen(l->path, "re");
	if (!r.in) {
		complain(&r, "%s", strerror(errno));
		return;
	}
	err = ini_parse_stream(read_line, &r, take_value, &r);
	(void)fclose(r.in);
	if (err < 0)
		l->out_of_memory = true;
	else if (err > 0)
		complain(&r, "refused by inih"); /* built in a way of its own */
}
