/* SPDX-License-Identifier: MIT */
/*
 * chatbench's command line.
 *
 * Planted, and caught here: a window over what is kept
 * (bounds_are_part_of_the_range), a port read from an IPv6 address
 * (an_address_is_taken_apart), --rate beside a window of the default
 * (a_rate_takes_the_window_away).
 */
#include "chatbench.h"
#include "harness.h"

#include <getopt.h>
#include <unistd.h>

static struct options o;

/* Parses a command line whose words are set apart by one space; what it says
 * on stderr is in complaint. */
static char complaint[512];

static enum options_result parse(const char *line)
{
	static char copy[2048];
	char *argv[40] = {copy}, *word;
	int argc = 0, saved = dup(STDERR_FILENO);
	FILE *catcher = tmpfile();
	enum options_result result;
	size_t n;

	ck_assert_ptr_nonnull(catcher);
	(void)snprintf(copy, sizeof(copy), "chatbench %s", line);
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	fflush(stderr);
	ck_assert_int_ge(dup2(fileno(catcher), STDERR_FILENO), 0);
	optind = 0; /* glibc: begin anew */
	result = options_parse(&o, argc, argv);
	fflush(stderr);
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	(void)close(saved);
	rewind(catcher);
	n = fread(complaint, 1, sizeof(complaint) - 1, catcher);
	complaint[n] = '\0';
	fclose(catcher);
	ck_assert((result == OPTIONS_WRONG) == (n > 0));
	return result;
}

static void good(const char *line)
{
	ck_assert_msg(parse(line) == OPTIONS_RUN, "%s: %s", line, complaint);
}

START_TEST(without_options_the_defaults_hold)
{
	good("");
	ck_assert_str_eq(o.url, "ws://127.0.0.1:8080/ws");
	ck_assert_str_eq(o.host, "127.0.0.1");
	ck_assert_str_eq(o.port, "8080");
	ck_assert_str_eq(o.path, "/ws");
	ck_assert_uint_eq(o.clients, 100);
	ck_assert_uint_eq(o.senders, 10);
	ck_assert_uint_eq(o.size, 64);
	ck_assert_uint_eq(o.window, 8);
	ck_assert(!o.own && !o.idle && !o.json && !o.allow_faults);
	ck_assert(!(o.rate > 0));
	ck_assert_int_eq(o.duration, INT64_C(5000000000));
	ck_assert_int_eq(o.warmup, INT64_C(1000000000));
	ck_assert_int_eq(o.pid, 0);
}
END_TEST

START_TEST(each_option_is_taken)
{
	char line[600];

	(void)snprintf(line, sizeof(line),
		       "--url ws://h:1/x --clients 7 --senders 3 --size 100 "
		       "--window 9 --own --duration 1.5 --warmup 0.25 "
		       "--grace 2 --sources 3 --stalled 4 --churn 5.5 "
		       "--pid %d --one-order --allow-faults --json",
		       (int)getpid());
	good(line);
	ck_assert_str_eq(o.url, "ws://h:1/x");
	ck_assert_uint_eq(o.clients, 7);
	ck_assert_uint_eq(o.senders, 3);
	ck_assert_uint_eq(o.size, 100);
	ck_assert_uint_eq(o.window, 9);
	ck_assert_int_eq(o.duration, INT64_C(1500000000));
	ck_assert_int_eq(o.warmup, INT64_C(250000000));
	ck_assert_int_eq(o.grace, INT64_C(2000000000));
	ck_assert_uint_eq(o.sources, 3);
	ck_assert_uint_eq(o.stalled, 4);
	ck_assert_double_eq(o.churn, 5.5);
	ck_assert_int_eq(o.pid, getpid());
	ck_assert(o.own && o.one_order && o.allow_faults && o.json);
	good("-u ws://h/ -c 7 -s 3 -b 100 -r 20 -d 1 -p 1 -j");
	ck_assert_uint_eq(o.clients, 7);
	ck_assert_double_eq(o.rate, 20);
	ck_assert_str_eq(o.port, "80");
	ck_assert_int_eq(parse("--help"), OPTIONS_DONE);
	ck_assert_int_eq(parse("--version"), OPTIONS_DONE);
}
END_TEST

START_TEST(a_rate_takes_the_window_away)
{
	good("--rate 0.5");
	ck_assert_uint_eq(o.window, 0);
	good("--messages 10");
	ck_assert_uint_eq(o.window, 8);
	ck_assert_int_eq(o.warmup, 0);
	good("--idle");
	ck_assert_uint_eq(o.senders, 1);
	good("--clients 3 --senders 10");
	ck_assert_uint_eq(o.senders, 3);
}
END_TEST

static const struct {
	const char *url, *host, *port, *path, *authority;
} urls[] = {
	{"ws://a.example", "a.example", "80", "/", "a.example"},
	{"ws://a.example/", "a.example", "80", "/", "a.example"},
	{"ws://a:8081/b/c?d=e", "a", "8081", "/b/c?d=e", "a:8081"},
	{"ws://[::1]:80/ws", "::1", "80", "/ws", "[::1]:80"},
	{"ws://[fe80::1]/ws", "fe80::1", "80", "/ws", "[fe80::1]"},
};

START_TEST(an_address_is_taken_apart)
{
	char line[200];

	(void)snprintf(line, sizeof(line), "--url %s", urls[_i].url);
	good(line);
	ck_assert_str_eq(o.host, urls[_i].host);
	ck_assert_str_eq(o.port, urls[_i].port);
	ck_assert_str_eq(o.path, urls[_i].path);
	ck_assert_str_eq(o.authority, urls[_i].authority);
}
END_TEST

static const struct {
	const char *line, *complaint;
} wrong[] = {
	{"--clients 0", "--clients: not a number from 1 to 1000000"},
	{"-c 1.5", "--clients: not a whole number"},
	{"-c x", "--clients: not a number"},
	{"-c 1x", "--clients: not a number"},
	{"-c nan", "--clients: not a number"},
	{"-c", "requires an argument"},
	{"--size 33", "--size: not a number from 34 to 65536"},
	{"--window 1025", "--window: not a number from 1 to 1024"},
	{"--rate -1", "--rate: not a number"},
	{"--duration inf", "--duration: not a number"},
	{"--sources 251", "--sources: not a number from 1 to 250"},
	{"--pid 4194304", "--pid: no such process"},
	{"--url http://h/", "--url: not a ws:// URL"},
	{"--url wss://h/", "--url: not a ws:// URL"},
	{"--url ws://", "--url: not a URL with a host"},
	{"--url ws://:80/", "--url: not a URL with a host"},
	{"--url ws://[::1/", "--url: not a URL with a host"},
	{"--url ws://[::1]80/", "--url: not a URL with a host"},
	{"--url ws://h:/", "--url: not a URL with a host"},
	{"--url ws://h:1234567890/", "--url: not a URL with a host"},
	{"--url ws://h/\"", "--url: not a URL"},
	{"--url ws://h/\xc3\xa4", "--url: not a URL"},
	{"--window 8 --rate 20", "--window or --rate, not both"},
	{"--idle --churn 5", "--idle goes with no other load"},
	{"--own --rate 5", "--own is about a window"},
	{"stray", "stray: not an option"},
	{"--unheard-of", "unrecognized option"},
};

START_TEST(wrong_ones_are_named)
{
	ck_assert_int_eq(parse(wrong[_i].line), OPTIONS_WRONG);
	ck_assert_msg(strstr(complaint, wrong[_i].complaint), "%s: %s",
		      wrong[_i].line, complaint);
	ck_assert_ptr_eq(strchr(complaint, '\n'), strrchr(complaint, '\n'));
}
END_TEST

START_TEST(bounds_are_part_of_the_range)
{
	good("-c 1 -s 1 -b 34 -w 1 --sources 1");
	good("-c 1000000 -b 65536 -w 1024 --sources 250");
	ck_assert_uint_le(o.window, SCRIPT_KEPT);
	good("--senders 65536 --clients 100000");
	ck_assert_uint_eq(o.senders, 65536);
}
END_TEST

static Suite *chatbench_options_suite(void)
{
	Suite *s = suite_create("chatbench_options");
	TCase *t = tcase_create("chatbench_options");

	tcase_set_timeout(t, 20);
	tcase_add_test(t, without_options_the_defaults_hold);
	tcase_add_test(t, each_option_is_taken);
	tcase_add_test(t, a_rate_takes_the_window_away);
	tcase_add_loop_test(t, an_address_is_taken_apart, 0, COUNT_OF(urls));
	tcase_add_loop_test(t, wrong_ones_are_named, 0, COUNT_OF(wrong));
	tcase_add_test(t, bounds_are_part_of_the_range);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_all(chatbench_options_suite());
}
