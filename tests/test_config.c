/* SPDX-License-Identifier: MIT */
/*
 * The configuration: the table and all that follows from it, environment,
 * command line, and values against each other.
 *
 * Planted, and caught here: a default that differs from its documents
 * (chatd_conf_is_the_table), a string that is not freed (every_allocation_may_
 * fail, under the leak checker), the environment read before the file
 * (each_source_goes_over_the_one_before), a rule that forgets 0
 * (rules_let_never_and_equals_pass).
 */
#include "config_harness.h"

/* ---- Memory that runs out ---- */

/* Which allocation fails, counted from 1; 0: none. */
static unsigned failing, allocations;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_malloc(size_t size)
{
	return ++allocations == failing ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return ++allocations == failing ? NULL : __real_calloc(n, size);
}

/* All values in one text, for comparing. */
static void put_values(char *out, size_t size)
{
	const char *c = (const char *)&config;
	size_t n = 0;

	for (const struct config_key *k = config_keys; k->section; k++) {
		unsigned choice;
		char *string;
		bool is_on;

		n += (size_t)snprintf(out + n, size - n, "%s.%s=", k->section,
				      k->name);
		ck_assert_uint_lt(n, size - 64);
		switch (k->type) {
		case CONFIG_SWITCH:
			memcpy(&is_on, c + k->offset, sizeof(is_on));
			n += (size_t)snprintf(out + n, size - n, "%d\n", is_on);
			break;
		case CONFIG_CHOICE:
			memcpy(&choice, c + k->offset, sizeof(choice));
			n += (size_t)snprintf(out + n, size - n, "%u\n",
					      choice);
			break;
		case CONFIG_STRING:
		case CONFIG_LIST:
			memcpy(&string, c + k->offset, sizeof(string));
			n += (size_t)snprintf(out + n, size - n, "%s\n",
					      string);
			break;
		default:
			n += (size_t)snprintf(
				out + n, size - n, "%lld\n",
				(long long)config_number(&config, k));
		}
	}
}

/* A file of the source tree; the caller frees it. */
static char *read_source(const char *name)
{
	char full[512];
	size_t size = 1 << 20, n;
	char *text = calloc(1, size);
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s/%s", SOURCE_ROOT, name);
	f = fopen(full, "r");
	ck_assert_msg(f && text, "can't read %s", full);
	n = fread(text, 1, size - 1, f);
	ck_assert(n > 0 && feof(f));
	ck_assert_int_eq(fclose(f), 0);
	return text;
}

/* ---- The table ---- */

START_TEST(defaults_are_what_was_promised)
{
	ck_assert_int_eq(chatd(""), CONFIG_RUN);
	ck_assert_str_eq(complained, "");
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(config.listen, "127.0.0.1:8080");
	ck_assert_int_eq(config.max_clients, 0);
	ck_assert_str_eq(config.origins, "");
	ck_assert(!config.echo);
	ck_assert_str_eq(config.user, "");
	ck_assert_int_eq(config.stack, 65536);
	ck_assert_int_eq(config.plain_message, 512);
	ck_assert_int_eq(config.plain_queue, 256);
	ck_assert_int_eq(config.plain_queue_bytes, 262144);
	ck_assert(config.plain_coalesce);
	ck_assert_int_eq(config.http_line, 8192);
	ck_assert_int_eq(config.http_head, 32768);
	ck_assert_int_eq(config.timeouts_head, 10000 * NS_PER_MS);
	ck_assert_int_eq(config.timeouts_silence, 60000 * NS_PER_MS);
	ck_assert_int_eq(config.timeouts_ping, 54000 * NS_PER_MS);
	ck_assert_int_eq(config.timeouts_write, 10000 * NS_PER_MS);
	ck_assert_int_eq(config.timeouts_drain, 5000 * NS_PER_MS);
	ck_assert_int_eq(config.log_format, LOG_FORMAT_TEXT);
	ck_assert_int_eq(config.log_level, LOG_LEVEL_INFO);
}
END_TEST

static bool is_name(const char *s)
{
	return *s && strlen(s) < 48 &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
}

/* Texts become comments and mdoc: sentences in printable ASCII. */
static bool is_text(const char *s)
{
	size_t len = strlen(s);

	for (const char *c = s; *c; c++)
		if (*c < ' ' || *c > '~' || *c == '\\')
			return false;
	return len > 2 && s[len - 1] == '.' && !strstr(s, "  ");
}

START_TEST(rows_are_sound)
{
	const struct config_section *s = config_sections;
	char why[CONFIG_WORDS_BYTES];

	for (const struct config_key *k = config_keys; k->section; k++) {
		while (s->name && strcmp(s->name, k->section) != 0)
			s++; /* sections in order, each with its keys together
			      */
		ck_assert_msg(s->name, "%s out of order", k->section);
		ck_assert(is_name(k->section) && is_name(k->name));
		ck_assert_msg(is_text(k->text), "text of %s", k->name);
		ck_assert_int_le(k->min, k->max);
		ck_assert(k->type != CONFIG_CHOICE || k->words);
		ck_assert(k->type != CONFIG_LIST || (k->is_good && k->what));
		ck_assert(k->type == CONFIG_SWITCH || k->unit ||
			  k->type == CONFIG_CHOICE ||
			  k->type == CONFIG_DURATION);
		ck_assert(config_find(k->section, k->name) == k);
		for (const struct config_key *j = config_keys; j < k; j++)
			ck_assert_uint_ne(j->offset, k->offset);
		ck_assert_msg(config_set(&config, k, k->standard, why) == 0,
			      "default of %s", k->name);
	}
	for (s = config_sections; s->name; s++)
		ck_assert_msg(is_text(s->text), "text of %s", s->name);
}
END_TEST

START_TEST(chatd_conf_is_the_table)
{
	char *text = read_source("chatd.conf");

	ck_assert_int_eq(chatd("--help-config"), 0);
	ck_assert_msg(strcmp(text, said) == 0,
		      "chatd.conf is not what the table says: "
		      "run meson compile config-docs");
	free(text);
}
END_TEST

START_TEST(manual_page_lists_the_table)
{
	char *page = read_source("src/man/chatd.conf.5");
	char *first = strstr(page, ".\\\" keys: written by config-docs\n");
	char *end = strstr(page, ".\\\" end of keys\n");
	FILE *out = fmemopen(said, sizeof(said), "w");

	ck_assert(first && end && out);
	config_print_mdoc(out);
	ck_assert_int_eq(fclose(out), 0);
	*end = '\0';
	first = strchr(first, '\n') + 1;
	ck_assert_msg(strcmp(first, said) == 0,
		      "chatd.conf.5 is not what the table says: "
		      "run meson compile config-docs");
	free(page);
}
END_TEST

/* The sample with every key switched on sets every key, to its default. */
START_TEST(sample_says_the_defaults)
{
	static char before[4096], after[4096];
	size_t keys = 0;

	ck_assert_int_eq(chatd(""), CONFIG_RUN);
	put_values(before, sizeof(before));
	ck_assert_int_eq(chatd("--help-config"), 0);
	for (char *line = said; line; line = strchr(line, '\n')) {
		line += line != said;
		if (*line == '#' && line[1] >= 'a' && line[1] <= 'z') {
			/* A blank in its place would be an indent. */
			memmove(line, line + 1, strlen(line));
			keys++;
		}
	}
	taken(said);
	put_values(after, sizeof(after));
	ck_assert_str_eq(before, after);
	for (const struct config_key *k = config_keys; k->section; k++)
		keys--;
	ck_assert_uint_eq(keys, 0);
}
END_TEST

/* ---- Environment and --set ---- */

START_TEST(each_source_goes_over_the_one_before)
{
	static const char text[] = "[plain]\nmessage = 1\nqueue = 1\n"
				   "queue_bytes = 1K\n";

	given("CHATD_PLAIN_QUEUE=2");
	given("CHATD_PLAIN_QUEUE_BYTES=2K");
	given("CHATD_SERVER_LISTEN=a:1 b:1");
	write_bytes(text, strlen(text));
	ck_assert_int_eq(chatd("--set plain.queue_bytes=9K -c chatd.conf "
			       "--set=plain.queue_bytes=3K"),
			 CONFIG_RUN);
	ck_assert_int_eq(config.plain_message, 1);
	ck_assert_int_eq(config.plain_queue, 2);
	ck_assert_int_eq(config.plain_queue_bytes, 3072);
	ck_assert_str_eq(config.listen, "a:1 b:1");
}
END_TEST

START_TEST(what_is_overridden_has_to_be_right_all_the_same)
{

	given("CHATD_PLAIN_QUEUE=x");
	write_bytes("[plain]\nqueue=y\n", 16);
	ck_assert_int_eq(chatd("-c chatd.conf --set plain.queue=5"), 78);
	ck_assert_str_eq(complained,
			 "chatd.conf:2: plain.queue: \"y\" is not a number "
			 "(1..65536 messages)\n"
			 "CHATD_PLAIN_QUEUE: \"x\" is not a number (1..65536 "
			 "messages)\n");
}
END_TEST

START_TEST(slips_in_our_variables_are_told_and_others_are_not_ours)
{
	static const char *const others[] = {"CHATD_SOAK=1",
					     "CHATD_=1",
					     "CHATD=1",
					     "CHATD_PLAIN=1",
					     "CHATD_plain_queue=x",
					     "CHATDX_PLAIN_QUEUE=x",
					     "XCHATD_PLAIN_QUEUE=x",
					     "CHATD_PLAINS_QUEUE=x",
					     "",
					     "=",
					     "CHATD_PLAIN_QUEUE_BYTES=4K"};

	for (int i = 0; i < COUNT_OF(others); i++)
		given(others[i]);
	ck_assert_int_eq(chatd(""), CONFIG_RUN);
	ck_assert_str_eq(complained, "");
	ck_assert_int_eq(config.plain_queue, 256);
	ck_assert_int_eq(config.plain_queue_bytes, 4096);
	given("CHATD_PLAIN_QUEUES\x1b=5");
	given("CHATD_LOG_");
	ck_assert_int_eq(chatd(""), 78);
	ck_assert_str_eq(complained,
			 "CHATD_PLAIN_QUEUES?: unknown key; [plain] has "
			 "message, queue, queue_bytes, coalesce\n"
			 "CHATD_LOG_: unknown key; [log] has format, level\n");
}
END_TEST

/* ---- Values against each other ---- */

START_TEST(rules_between_keys_name_both)
{

	refused("[timeouts]\nsilence = 30s\n",
		"chatd.conf:2: timeouts.silence: 30s must be more than "
		"timeouts.ping, which is 54s\n");
	refused("[timeouts]\nsilence = 30s\nping = 30s\n",
		"chatd.conf:3: timeouts.ping: 30s must be less than "
		"timeouts.silence, which is 30s\n");
	refused("[http]\nline = 64K\n",
		"chatd.conf:2: http.line: 64K must be at most http.head, which "
		"is 32K\n");
	refused("[plain]\nqueue_bytes = 1000\nmessage = 1001\n[http]\n"
		"head=1K\n",
		"chatd.conf:5: http.head: 1K must be at least http.line, which "
		"is 8K\n"
		"chatd.conf:3: plain.message: 1001 must be at most "
		"plain.queue_bytes, which is 1000\n");
	given("CHATD_TIMEOUTS_PING=60s");
	refused("[timeouts]\nsilence = 1m\n",
		"CHATD_TIMEOUTS_PING: 1m must be less than timeouts.silence, "
		"which is 1m\n");
	ck_assert_int_eq(chatd("--set timeouts.silence=59s"), 78);
	ck_assert_str_eq(complained,
			 "--set timeouts.silence: 59s must be more than "
			 "timeouts.ping, which is 1m\n");
}
END_TEST

START_TEST(rules_let_never_and_equals_pass)
{
	taken("[timeouts]\nsilence = 0\nping = 1d\n");
	taken("[timeouts]\nsilence = 1ms\nping = 0\n");
	taken("[http]\nline = 1K\nhead = 1K\n[plain]\nmessage = 1M\n"
	      "queue_bytes = 1M\n[timeouts]\nsilence = 54001ms\n");
}
END_TEST

/* ---- The command line ---- */

static const struct {
	const char *args;
	int status;
	const char *complaint;
} command_lines[] = {
	{"--foo", 64, "chatd: \"--foo\": not an option; try chatd --help\n"},
	{"--check -xh", 64, "chatd: \"-x\": not an option; try chatd --help\n"},
	{"--check=1", 64,
	 "chatd: \"--check=1\": takes no value; try chatd --help\n"},
	{"--version=1", 64,
	 "chatd: \"--version=1\": takes no value; try chatd --help\n"},
	{"-c", 64, "chatd: \"-c\": needs a value; try chatd --help\n"},
	{"--set", 64, "chatd: \"--set\": needs a value; try chatd --help\n"},
	{"-c a -c b", 64, "chatd: \"b\": a second -c; try chatd --help\n"},
	{"chatd.conf", 64,
	 "chatd: \"chatd.conf\": not an option; try chatd --help\n"},
	{"-- x", 64, "chatd: \"x\": not an option; try chatd --help\n"},
	{"--set x", 64,
	 "chatd: \"x\": not SECTION.KEY=VALUE; try chatd --help\n"},
	{"--set x=1", 64,
	 "chatd: \"x=1\": not SECTION.KEY=VALUE; try chatd --help\n"},
	{"--set x.=1", 64,
	 "chatd: \"x.=1\": not SECTION.KEY=VALUE; try chatd --help\n"},
	{"--set .y=1", 64,
	 "chatd: \".y=1\": not SECTION.KEY=VALUE; try chatd --help\n"},
	{"--set x.y", 64,
	 "chatd: \"x.y\": not SECTION.KEY=VALUE; try chatd --help\n"},
	{"--help --set x", 64,
	 "chatd: \"x\": not SECTION.KEY=VALUE; try chatd --help\n"},
	{"--set plain.queue=1=2", 78,
	 "--set plain.queue: \"1=2\" is not a number (1..65536 messages)\n"},
	{"--set plain.queue=1 --", CONFIG_RUN, ""},
};

START_TEST(wrong_command_lines_are_64)
{
	ck_assert_int_eq(chatd(command_lines[_i].args),
			 command_lines[_i].status);
	ck_assert_str_eq(complained, command_lines[_i].complaint);
}
END_TEST

START_TEST(check_only_says_whether_it_is_right)
{
	ck_assert_int_eq(chatd("--check"), 0);
	ck_assert_str_eq(said, "configuration: ok\n");
	write_bytes("[plain]\nqueue=1\n", 16);
	ck_assert_int_eq(chatd("--check -c chatd.conf"), 0);
	ck_assert_str_eq(said, "chatd.conf: ok\n");
	ck_assert_str_eq(complained, "");
	write_bytes("[plain]\nqueue=0\n", 16);
	ck_assert_int_eq(chatd("-c chatd.conf --check"), 78);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(complained, "chatd.conf:2: plain.queue: \"0\" is not "
				     "within 1..65536 messages\n");
}
END_TEST

START_TEST(help_and_version_are_printed_whatever_else_is_wrong)
{

	given("CHATD_PLAIN_QUEUE=x");
	ck_assert_int_eq(chatd("--version -c missing"), 0);
	ck_assert_str_eq(said, "chatd " PROJECT_VERSION "\n");
	ck_assert_int_eq(chatd("--check -V"), 0);
	ck_assert_str_eq(said, "chatd " PROJECT_VERSION "\n");
	ck_assert_int_eq(chatd("-h --check"), 0);
	ck_assert_int_eq(strncmp(said, "usage: chatd ", 13), 0);
	ck_assert_int_eq(chatd("--help"), 0);
	ck_assert_int_eq(strncmp(said, "usage: chatd ", 13), 0);
	ck_assert_str_eq(complained, "");
}
END_TEST

START_TEST(output_that_nobody_can_read_is_no_success)
{
	char name[] = "chatd", option[] = "--help-config";
	char *argv[] = {name, option, NULL};
	FILE *full = fopen("/dev/full", "w");
	FILE *err = fmemopen(complained, sizeof(complained), "w");

	ck_assert(full && err);
	ck_assert_int_eq(config_load(&config, 2, argv, environment, full, err),
			 1);
	(void)fclose(full);
	ck_assert_int_eq(fclose(err), 0);
	ck_assert_str_eq(complained,
			 "chatd: standard output: No space left on device\n");
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	char name[] = "chatd", option[] = "-c", file[] = "chatd.conf";
	char *argv[] = {name, option, file, NULL};
	unsigned failures = 0;
	int status = 0;

	taken("[server]\norigins=http://a\nuser=b\nlisten=c\n");
	config_fini(&config);
	while (status != CONFIG_RUN) {
		FILE *err = fmemopen(complained, sizeof(complained), "w");

		ck_assert_ptr_nonnull(err);
		allocations = 0;
		failing = failures + 1;
		status =
			config_load(&config, 3, argv, environment, stdout, err);
		failing = 0;
		ck_assert_int_eq(fclose(err), 0);
		config_fini(&config);
		if (status == CONFIG_RUN)
			continue;
		failures++;
		ck_assert_int_eq(status, 1);
		ck_assert_str_eq(complained, "chatd: out of memory\n");
		ck_assert_uint_lt(failures, 100);
	}
	/* The list of --set, three defaults, three values. */
	ck_assert_uint_eq(failures, 7);
}
END_TEST

static Suite *config_suite(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");

	tcase_add_checked_fixture(t, in_own_directory, remove_directory);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, defaults_are_what_was_promised);
	tcase_add_test(t, rows_are_sound);
	tcase_add_test(t, chatd_conf_is_the_table);
	tcase_add_test(t, manual_page_lists_the_table);
	tcase_add_test(t, sample_says_the_defaults);
	tcase_add_test(t, each_source_goes_over_the_one_before);
	tcase_add_test(t, what_is_overridden_has_to_be_right_all_the_same);
	tcase_add_test(t,
		       slips_in_our_variables_are_told_and_others_are_not_ours);
	tcase_add_test(t, rules_between_keys_name_both);
	tcase_add_test(t, rules_let_never_and_equals_pass);
	tcase_add_loop_test(t, wrong_command_lines_are_64, 0,
			    COUNT_OF(command_lines));
	tcase_add_test(t, check_only_says_whether_it_is_right);
	tcase_add_test(t, help_and_version_are_printed_whatever_else_is_wrong);
	tcase_add_test(t, output_that_nobody_can_read_is_no_success);
	tcase_add_test(t, every_allocation_may_fail);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_all(config_suite());
}
