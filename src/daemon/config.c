/* SPDX-License-Identifier: MIT */
/*
 * Where the configuration comes from: defaults, file, environment, --set, each
 * over the one before.  Everything that is wrong is told at once, so that it
 * can be mended at once.  Runs in main before any thread starts.
 */
#include "config_internal.h"

#include "check.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define ENVIRONMENT_PREFIX "CHATD_"

/* ---- Complaints ---- */

/* Names that come from outside may hold anything. */
static void put_name(FILE *out, const char *s, bool upper)
{
	for (; *s; s++) {
		int c = (unsigned char)*s;

		if (c < ' ' || c == 0x7f)
			c = '?';
		(void)fputc(upper ? toupper(c) : c, out);
	}
}

static void put_where(const struct config_loading *l,
		      struct config_source source, const char *section,
		      const char *name)
{
	bool upper = source.from == CONFIG_FROM_ENVIRONMENT;

	if (source.from == CONFIG_FROM_FILE) {
		put_name(l->err, l->path, false);
		if (source.line > 0)
			(void)fprintf(l->err, ":%u", source.line);
		(void)fputs(": ", l->err);
	} else if (source.from == CONFIG_FROM_SET) {
		(void)fputs("--set ", l->err);
	} else if (upper) {
		(void)fputs(ENVIRONMENT_PREFIX, l->err);
	}
	if (!section)
		return;
	put_name(l->err, section, upper);
	(void)fputc(upper ? '_' : '.', l->err);
	put_name(l->err, name, upper);
	(void)fputs(": ", l->err);
}

void config_complain(struct config_loading *l, struct config_source source,
		     const char *section, const char *name, const char *format,
		     ...)
{
	va_list args;

	if (++l->errors > CONFIG_MAX_ERRORS)
		return;
	put_where(l, source, section, name);
	va_start(args, format);
	(void)vfprintf(l->err, format, args);
	va_end(args);
	(void)fputc('\n', l->err);
}

static void complain_of_unknown(struct config_loading *l,
				struct config_source source,
				const char *section, const char *name)
{
	char known[512] = "";
	size_t n = 0;

	for (const struct config_key *k = config_keys; k->section; k++)
		if (strcmp(k->section, section) == 0 && n < sizeof(known))
			n += (size_t)snprintf(known + n, sizeof(known) - n,
					      "%s%s", n ? ", " : "", k->name);
	if (n > 0)
		config_complain(l, source, section, name,
				"unknown key; [%s] has %s", section, known);
	else
		config_complain(l, source, section, name, "unknown section");
}

/* ---- Setting a key ---- */

void config_apply(struct config_loading *l, struct config_source source,
		  const char *section, const char *name, const char *value)
{
	const struct config_key *key = config_find(section, name);
	struct config_source *before;
	char why[CONFIG_WORDS_BYTES];
	int err;

	if (!key) {
		complain_of_unknown(l, source, section, name);
		return;
	}
	before = &l->set_by[key - config_keys];
	if (before->from == CONFIG_FROM_FILE &&
	    source.from == CONFIG_FROM_FILE) {
		config_complain(l, source, section, name,
				"set before, in line %u", before->line);
		return;
	}
	*before = source;
	err = config_set(l->config, key, value, why);
	if (err == -ENOMEM)
		l->out_of_memory = true;
	else if (err)
		config_complain(l, source, section, name, "%s", why);
}

/* ---- Defaults, environment, --set ---- */

static void apply_defaults(struct config_loading *l)
{
	static const struct config_source source = {CONFIG_FROM_DEFAULT, 0};

	for (const struct config_key *k = config_keys; k->section; k++)
		config_apply(l, source, k->section, k->name, k->standard);
	CHECK(l->errors == 0); /* the table contradicts itself */
}

/* Goes past a name in capitals at the start of s; NULL: it isn't there. */
static const char *skip_capitals(const char *s, const char *name)
{
	while (*name)
		if (*s++ != toupper((unsigned char)*name++))
			return NULL;
	return s;
}

/* "PLAIN_QUEUE=9", what follows the prefix. */
static void apply_variable(struct config_loading *l, const char *variable)
{
	static const struct config_source source = {CONFIG_FROM_ENVIRONMENT, 0};
	const struct config_section *s;
	char unknown[64];
	size_t n;

	for (const struct config_key *k = config_keys; k->section; k++) {
		const char *v = skip_capitals(variable, k->section);

		if (v && *v++ == '_' && (v = skip_capitals(v, k->name)) &&
		    *v == '=') {
			config_apply(l, source, k->section, k->name, v + 1);
			return;
		}
	}
	/* A slip in one of our own sections; other names aren't ours. */
	for (s = config_sections; s->name; s++) {
		const char *v = skip_capitals(variable, s->name);

		if (!v || *v != '_')
			continue;
		n = strcspn(++v, "=");
		if (n >= sizeof(unknown))
			n = sizeof(unknown) - 1;
		for (size_t i = 0; i < n; i++)
			unknown[i] = (char)tolower((unsigned char)v[i]);
		unknown[n] = '\0';
		complain_of_unknown(l, source, s->name, unknown);
		return;
	}
}

static void apply_environment(struct config_loading *l, char *const *envp)
{
	static const char prefix[] = ENVIRONMENT_PREFIX;

	for (; envp && *envp; envp++)
		if (strncmp(*envp, prefix, sizeof(prefix) - 1) == 0)
			apply_variable(l, *envp + sizeof(prefix) - 1);
}

/* "plain.queue=9"; that it has a dot and then a = was seen to. */
static void apply_set(struct config_loading *l, const char *set)
{
	static const struct config_source source = {CONFIG_FROM_SET, 0};
	const char *dot = strchr(set, '.'), *equals = strchr(set, '=');
	char section[64], name[64];

	(void)snprintf(section, sizeof(section), "%.*s", (int)(dot - set), set);
	(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - dot - 1),
		       dot + 1);
	config_apply(l, source, section, name, equals + 1);
}

/* ---- Values against each other ---- */

/* The key that a rule names; that there is one, a test has seen to. */
static const struct config_key *find_full(const char *full)
{
	for (const struct config_key *k = config_keys;; k++) {
		size_t len;

		CHECK(k->section != NULL);
		len = strlen(k->section);
		if (strncmp(full, k->section, len) == 0 && full[len] == '.' &&
		    strcmp(full + len + 1, k->name) == 0)
			return k;
	}
}

/* True where a was said after b: who says a last has to see that it fits. */
static bool is_later(struct config_source a, struct config_source b)
{
	return a.from != b.from ? a.from > b.from : a.line > b.line;
}

static void check_rule(struct config_loading *l, const struct config_rule *rule)
{
	const struct config_key *left = find_full(rule->left);
	const struct config_key *right = find_full(rule->right);
	char x_said[CONFIG_WORDS_BYTES], y_said[CONFIG_WORDS_BYTES];
	struct config_source x_by, y_by;
	int64_t x, y;

	x = config_number(l->config, left);
	y = config_number(l->config, right);
	if (x == 0 || y == 0 || (rule->or_equal ? x <= y : x < y))
		return;
	config_say_number(left, x, x_said);
	config_say_number(right, y, y_said);
	x_by = l->set_by[left - config_keys];
	y_by = l->set_by[right - config_keys];
	if (is_later(x_by, y_by))
		config_complain(l, x_by, left->section, left->name,
				"%s must be %s %s, which is %s", x_said,
				rule->or_equal ? "at most" : "less than",
				rule->right, y_said);
	else
		config_complain(l, y_by, right->section, right->name,
				"%s must be %s %s, which is %s", y_said,
				rule->or_equal ? "at least" : "more than",
				rule->left, x_said);
}

static void check_rules(struct config_loading *l)
{
	for (const struct config_rule *r = config_rules; r->left; r++)
		check_rule(l, r);
}

/* ---- The command line ---- */

/* Also what getopt_long() returns for each; RUN for none. */
enum action {
	RUN,
	HELP = 'h',
	VERSION = 'V',
	CHECK_ONLY = 256,
	HELP_CONFIG,
	SET, /* not an action */
};

struct options {
	enum action action;
	const char *file;
	const char **sets; /* of argc; owned */
	int set_count;
};

static void print_usage(FILE *out)
{
	(void)fputs(
		"usage: chatd [-c FILE] [--check] [--set "
		"SECTION.KEY=VALUE]...\n"
		"       chatd --help-config | --version | --help\n"
		"\n"
		"  -c FILE                  read the configuration from FILE\n"
		"  --check                  only say whether it is right\n"
		"  --set SECTION.KEY=VALUE  set a key, over file and "
		"environment\n"
		"  --help-config            print all keys, as a file for -c\n"
		"  -V, --version            print the version\n"
		"  -h, --help               print this\n"
		"\n"
		"See chatd(8) and chatd.conf(5).\n",
		out);
}

static int wrong_usage(FILE *err, const char *what, const char *which)
{
	char quoted[CONFIG_WORDS_BYTES];

	config_quote(which, quoted);
	(void)fprintf(err, "chatd: %s: %s; try chatd --help\n", quoted, what);
	return EX_USAGE;
}

/* section.key=value, both names short enough to be any. */
static bool is_setting(const char *s)
{
	size_t section = strcspn(s, ".=");
	size_t name = s[section] == '.' ? strcspn(s + section + 1, "=") : 0;

	return section > 0 && section < 64 && name > 0 && name < 64 &&
	       s[section + 1 + name] == '=';
}

/* getopt_long() found none; of a long one it leaves the name, of a short one
 * among others only the letter. */
static int unknown_option(char **argv, FILE *err)
{
	char letter[] = {'-', (char)optopt, '\0'};

	switch (optopt) {
	case 0:
		return wrong_usage(err, "not an option", argv[optind - 1]);
	case HELP:
	case VERSION:
	case CHECK_ONLY:
	case HELP_CONFIG:
		return wrong_usage(err, "takes no value", argv[optind - 1]);
	default:
		return wrong_usage(err, "not an option", letter);
	}
}

static int take_option(struct options *o, int option, char **argv, FILE *err)
{
	switch (option) {
	case 'c':
		if (o->file)
			return wrong_usage(err, "a second -c", optarg);
		o->file = optarg;
		return 0;
	case SET:
		if (!is_setting(optarg))
			return wrong_usage(err, "not SECTION.KEY=VALUE",
					   optarg);
		o->sets[o->set_count++] = optarg;
		return 0;
	case CHECK_ONLY:
		if (o->action == RUN)
			o->action = CHECK_ONLY;
		return 0;
	case HELP:
	case VERSION:
	case HELP_CONFIG:
		o->action = (enum action)option;
		return 0;
	case ':':
		return wrong_usage(err, "needs a value", argv[optind - 1]);
	default:
		return unknown_option(argv, err);
	}
}

/* Returns 0 or the status to exit with.  The caller frees o->sets. */
static int read_options(struct options *o, int argc, char **argv, FILE *err)
{
	static const struct option known[] = {
		{"check", no_argument, NULL, CHECK_ONLY},
		{"set", required_argument, NULL, SET},
		{"help-config", no_argument, NULL, HELP_CONFIG},
		{"version", no_argument, NULL, VERSION},
		{"help", no_argument, NULL, HELP},
		{NULL, 0, NULL, 0}};
	int option, status = 0;

	o->sets = calloc((size_t)argc + 1, sizeof(*o->sets));
	if (!o->sets) {
		(void)fputs("chatd: out of memory\n", err);
		return EXIT_FAILURE;
	}
	optind = 0; /* glibc: from the start, whoever used it before */
	opterr = 0;
	while (status == 0 &&
	       (option = getopt_long(argc, argv, "+:c:hV", known, NULL)) != -1)
		status = take_option(o, option, argv, err);
	if (status == 0 && optind < argc)
		status = wrong_usage(err, "not an option", argv[optind]);
	return status;
}

/* ---- All together ---- */

/* For what was asked to be printed: it is no success if nobody can read it. */
static int written(FILE *out, FILE *err)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	(void)fprintf(err, "chatd: standard output: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

static int load(struct config *c, const struct options *o, char *const *envp,
		FILE *err)
{
	struct config_loading l = {.config = c, .path = o->file, .err = err};

	apply_defaults(&l);
	if (l.path)
		config_read_file(&l);
	apply_environment(&l, envp);
	for (int i = 0; i < o->set_count; i++)
		apply_set(&l, o->sets[i]);
	if (l.errors == 0 && !l.out_of_memory)
		check_rules(&l);
	if (l.errors > CONFIG_MAX_ERRORS)
		(void)fprintf(err, "and %u more\n",
			      l.errors - CONFIG_MAX_ERRORS);
	if (l.out_of_memory) {
		(void)fputs("chatd: out of memory\n", err);
		return EXIT_FAILURE;
	}
	return l.errors ? EX_CONFIG : CONFIG_RUN;
}

int config_load(struct config *c, int argc, char **argv, char *const *envp,
		FILE *out, FILE *err)
{
	struct options o = {.action = RUN};
	int status;

	*c = (struct config){0};
	status = read_options(&o, argc, argv, err);
	if (status != 0)
		goto out;
	if (o.action == HELP)
		print_usage(out);
	else if (o.action == HELP_CONFIG)
		config_print_sample(out);
	else if (o.action == VERSION)
		(void)fprintf(out, "chatd %s\n", CHATD_VERSION);
	else
		status = load(c, &o, envp, err);
	if (status == CONFIG_RUN && o.action == CHECK_ONLY) {
		(void)fprintf(out, "%s: ok\n",
			      o.file ? o.file : "configuration");
		status = 0;
	}
	if (status == 0)
		status = written(out, err);

out:
	free(o.sets);
	return status;
}
