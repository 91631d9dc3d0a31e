/* SPDX-License-Identifier: MIT */
/*
 * The configuration's values and the lines they stand in.
 *
 * Planted, and caught here: the line of a duplicate
 * (a_key_set_twice_names_the_first_line), a limit off by one
 * (bounds_are_part_of_the_range), overflow taken for something small
 * (wrong_values_are_named), a value cut where inih's buffer ends
 * (a_value_may_fill_the_line), an indented line let through
 * (lines_that_could_be_misread_are_refused).
 */
#include "config_harness.h"

/* ---- Values ---- */

START_TEST(values_are_understood)
{
	taken("[server]\n"
	      "listen = 0.0.0.0:0   [::1]:65535 \tunix:/run/x localhost "
	      "a-b.c:1 "
	      "[::] [fe80::1%lo]:80 127.0.0.1\n"
	      "max_clients=1000000\n"
	      "origins = https://a.example http://b:8080 HTTPS://[::1]:443 *\n"
	      "echo=yes\nuser=chat-d_1.x$\nstack=1M\n"
	      "[plain]\nmessage=16M\nqueue=007\nqueue_bytes=1G\ncoalesce=no\n"
	      "[timeouts]\nhead=0\nsilence=1d\nping=23h\nwrite=0s\n"
	      "drain=1500ms\n[log]\nformat=json\nlevel=debug\n");
	ck_assert_str_eq(config.listen,
			 "0.0.0.0:0 [::1]:65535 unix:/run/x localhost a-b.c:1 "
			 "[::] [fe80::1%lo]:80 127.0.0.1");
	ck_assert_int_eq(config.max_clients, 1000000);
	ck_assert_str_eq(config.origins,
			 "https://a.example http://b:8080 HTTPS://[::1]:443 *");
	ck_assert(config.echo);
	ck_assert_str_eq(config.user, "chat-d_1.x$");
	ck_assert_int_eq(config.stack, 1 << 20);
	ck_assert_int_eq(config.plain_message, 1 << 24);
	ck_assert_int_eq(config.plain_queue, 7);
	ck_assert_int_eq(config.plain_queue_bytes, 1 << 30);
	ck_assert(!config.plain_coalesce);
	ck_assert_int_eq(config.timeouts_head, 0);
	ck_assert_int_eq(config.timeouts_silence, 86400000 * NS_PER_MS);
	ck_assert_int_eq(config.timeouts_ping, 82800000 * NS_PER_MS);
	ck_assert_int_eq(config.timeouts_write, 0);
	ck_assert_int_eq(config.timeouts_drain, 1500 * NS_PER_MS);
	ck_assert_int_eq(config.log_format, LOG_FORMAT_JSON);
	ck_assert_int_eq(config.log_level, LOG_LEVEL_DEBUG);
	taken("[timeouts]\nhead = 2m\n[server]\necho = true\n");
	ck_assert_int_eq(config.timeouts_head, 120000 * NS_PER_MS);
	ck_assert(config.echo);
	taken("[server]\necho = false\norigins =\n");
	ck_assert(!config.echo);
	ck_assert_str_eq(config.origins, "");
}
END_TEST

#define MESSAGE  "plain.message: "
#define SIZE     " is not a size (1..16777216 bytes)"
#define DRAIN    "timeouts.drain: "
#define DURATION " is not a duration (100ms..1h, like 500ms, 10s or 2m)"
#define CLIENTS  "server.max_clients: "
#define ADDRESS  " is not an address (127.0.0.1:8080, [::1]:8080 or unix:/path)"
#define ORIGIN   " is not an origin (https://chat.example.org)"

static const struct {
	const char *set, *complaint;
} wrong_values[] = {
	{"plain.message=5x", MESSAGE "\"5x\"" SIZE},
	{"plain.message=", MESSAGE "\"\"" SIZE},
	{"plain.message=K", MESSAGE "\"K\"" SIZE},
	{"plain.message=-1", MESSAGE "\"-1\"" SIZE},
	{"plain.message=+1", MESSAGE "\"+1\"" SIZE},
	{"plain.message=0x10", MESSAGE "\"0x10\"" SIZE},
	{"plain.message=1.5K", MESSAGE "\"1.5K\"" SIZE},
	{"plain.message=64KB", MESSAGE "\"64KB\"" SIZE},
	{"plain.message=10s", MESSAGE "\"10s\"" SIZE},
	{"plain.message=0", MESSAGE "\"0\" is not within 1..16777216 bytes"},
	{"plain.message=17M",
	 MESSAGE "\"17M\" is not within 1..16777216 bytes"},
	/* 2^64+4 and 2^44+1 MiB are 4 and 1 MiB where nobody looks. */
	{"plain.message=18446744073709551620",
	 MESSAGE "\"18446744073709551620\" is not within 1..16777216 bytes"},
	{"plain.message=17592186044417M",
	 MESSAGE "\"17592186044417M\" is not within 1..16777216 bytes"},
	{"timeouts.drain=10", DRAIN "\"10\"" DURATION},
	{"timeouts.drain=1m30s", DRAIN "\"1m30s\"" DURATION},
	{"timeouts.drain=-5s", DRAIN "\"-5s\"" DURATION},
	{"timeouts.drain=5S", DRAIN "\"5S\"" DURATION},
	{"timeouts.drain=0", DRAIN "\"0\" is not within 100ms..1h"},
	{"timeouts.drain=9223372036854775807d",
	 DRAIN "\"9223372036854775807d\" is not within 100ms..1h"},
	{"server.max_clients=1K",
	 CLIENTS "\"1K\" is not a number (0..1000000 clients)"},
	{"server.max_clients=-1",
	 CLIENTS "\"-1\" is not a number (0..1000000 clients)"},
	{"server.echo=maybe", "server.echo: \"maybe\" is not on or off"},
	{"server.echo=ON", "server.echo: \"ON\" is not on or off"},
	{"log.format=xml", "log.format: \"xml\" is not text or json"},
	{"log.level=", "log.level: \"\" is not error, warn, info or debug"},
	{"server.listen=", "server.listen: wants 1..16 addresses, not 0"},
	{"server.listen=127.0.0.1:65536",
	 "server.listen: \"127.0.0.1:65536\"" ADDRESS},
	{"server.listen=127.0.0.1:", "server.listen: \"127.0.0.1:\"" ADDRESS},
	{"server.listen=127.0.0:80", "server.listen: \"127.0.0:80\"" ADDRESS},
	{"server.listen=8080", "server.listen: \"8080\"" ADDRESS},
	{"server.listen=:8080", "server.listen: \":8080\"" ADDRESS},
	{"server.listen=::1", "server.listen: \"::1\"" ADDRESS},
	{"server.listen=[::1", "server.listen: \"[::1\"" ADDRESS},
	{"server.listen=[::1]80", "server.listen: \"[::1]80\"" ADDRESS},
	{"server.listen=[::g]:80", "server.listen: \"[::g]:80\"" ADDRESS},
	{"server.listen=a/b:80", "server.listen: \"a/b:80\"" ADDRESS},
	{"server.listen=unix:x", "server.listen: \"unix:x\"" ADDRESS},
	{"server.listen=unix:/"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "server.listen: "
	 "\"unix:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "a...\"" ADDRESS},
	{"server.origins=chat.example.org",
	 "server.origins: \"chat.example.org\"" ORIGIN},
	{"server.origins=https://", "server.origins: \"https://\"" ORIGIN},
	{"server.origins=https://a/", "server.origins: \"https://a/\"" ORIGIN},
	{"server.origins=https://a:", "server.origins: \"https://a:\"" ORIGIN},
	{"server.origins=https://u@a",
	 "server.origins: \"https://u@a\"" ORIGIN},
	{"server.origins=app://a", "server.origins: \"app://a\"" ORIGIN},
	{"server.origins=**", "server.origins: \"**\"" ORIGIN},
	{"server.origins=null", "server.origins: \"null\"" ORIGIN},
	{"server.user=a:b", "server.user: \"a:b\" is not a user's name"},
	{"server.user=-r", "server.user: \"-r\" is not a user's name"},
	{"server.user=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "server.user: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" has 33 bytes, not "
	 "0..32"},
	{"plain.mesage=5", "plain.mesage: unknown key; [plain] has message, "
			   "queue, queue_bytes, coalesce"},
	{"plane.message=5", "plane.message: unknown section"},
};

START_TEST(wrong_values_are_named)
{
	char args[512], expected[512];

	(void)snprintf(args, sizeof(args), "--set %s", wrong_values[_i].set);
	(void)snprintf(expected, sizeof(expected), "--set %s\n",
		       wrong_values[_i].complaint);
	ck_assert_int_eq(chatd(args), 78);
	ck_assert_str_eq(complained, expected);
}
END_TEST

START_TEST(bounds_are_part_of_the_range)
{
	for (const struct config_key *k = config_keys; k->section; k++) {
		char text[64], why[CONFIG_WORDS_BYTES];
		const char *unit = k->type == CONFIG_DURATION ? "ms" : "";
		int64_t ns = k->type == CONFIG_DURATION ? NS_PER_MS : 1;
		const struct {
			int64_t value;
			int err;
		} tries[] = {{k->min / ns, 0},
			     {k->max / ns, 0},
			     {k->min / ns - 1, -22},
			     {k->max / ns + 1, -22}};

		if (k->type != CONFIG_SIZE && k->type != CONFIG_COUNT &&
		    k->type != CONFIG_DURATION)
			continue;
		for (size_t i = 0; i < 4; i++) {
			(void)snprintf(text, sizeof(text), "%lld%s",
				       (long long)tries[i].value, unit);
			ck_assert_msg(config_set(&config, k, text, why) ==
					      tries[i].err,
				      "%s.%s = %s", k->section, k->name, text);
			if (tries[i].err == 0)
				ck_assert_int_eq(config_number(&config, k),
						 tries[i].value * ns);
		}
	}
}
END_TEST

START_TEST(the_same_address_twice_is_a_slip)
{
	refused("[server]\nlisten = a:1 b:1 a:1\n",
		"chatd.conf:2: server.listen: \"a:1\" stands there twice\n");
	taken("[server]\nlisten = a:1 a:11 aa:1\n");
}
END_TEST

START_TEST(what_cannot_be_printed_is_not)
{
	refused("[server]\nuser = \x1b[2Jx\n",
		"chatd.conf:2: server.user: \"\\x1b[2Jx\" holds a control "
		"character\n");
	refused("[log]\nlevel = \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\n",
		"chatd.conf:2: log.level: \"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9...\" is not "
		"error, warn, info or debug\n");
}
END_TEST

/* ---- Lines of a file ---- */

START_TEST(files_of_every_editor_are_read)
{
	taken("\xef\xbb\xbf[plain]\r\n"
	      "# a comment\r\n"
	      "  ; an indented one\r\n"
	      " \t\r\n"
	      "\r\n"
	      "queue=1 \t# behind white space\r\n"
	      "message \t =   2\r\n"
	      "[server] ; of a section\r\n"
	      "listen = unix:/a#b;c\r\n"
	      "[plain]\r\n"
	      "coalesce = off");
	ck_assert_int_eq(config.plain_queue, 1);
	ck_assert_int_eq(config.plain_message, 2);
	ck_assert_str_eq(config.listen, "unix:/a#b;c");
	ck_assert(!config.plain_coalesce);
}
END_TEST

START_TEST(comments_begin_behind_white_space)
{
	refused("[plain]\nqueue = 2;\n",
		"chatd.conf:2: plain.queue: \"2;\" is not a number (1..65536 "
		"messages)\n");
	taken("[plain]\nqueue=1 # x\nmessage=2\t;x\n"
	      "[server]\nlisten = unix:/a#b;c #\norigins = #\n");
	ck_assert_int_eq(config.plain_queue, 1);
	ck_assert_int_eq(config.plain_message, 2);
	ck_assert_str_eq(config.listen, "unix:/a#b;c");
}
END_TEST

static const struct {
	const char *text, *complaint;
} wrong_lines[] = {
	{"[plain]\nqueue = 5\n message = 4\n",
	 "chatd.conf:3: indented: a line holds one whole key = value\n"},
	{"[plain]\n\t[http]\n",
	 "chatd.conf:2: indented: a line holds one whole key = value\n"},
	{"[plain]\nqueue\n",
	 "chatd.conf:2: neither [section] nor key = value\n"},
	{"[plain]\nqueue: 5\n",
	 "chatd.conf:2: neither [section] nor key = value\n"},
	{"[plain]\nqueue: 5 = 6\n",
	 "chatd.conf:2: \"queue: 5\" is not a key\n"},
	{"[plain]\nQueue = 5\n", "chatd.conf:2: \"Queue\" is not a key\n"},
	{"[plain]\n= 5\n", "chatd.conf:2: \"\" is not a key\n"},
	{"[plain]\nque ue = 5\n", "chatd.conf:2: \"que ue\" is not a key\n"},
	{"[plain]\nport = 5\n",
	 "chatd.conf:2: plain.port: unknown key; [plain] has message, queue, "
	 "queue_bytes, coalesce\n"},
	{"queue = 5\n[plain]\nqueue = 0\n",
	 "chatd.conf:1: a key before the first [section]\n"
	 "chatd.conf:3: plain.queue: \"0\" is not within 1..65536 messages\n"},
	{"\n[plane]\nqueue = 5\nqueue = 6\n[plain]\nqueue = x\n",
	 "chatd.conf:2: \"plane\" is not a section\n"
	 "chatd.conf:6: plain.queue: \"x\" is not a number (1..65536 "
	 "messages)\n"},
	{"[plain\nqueue = x\n", "chatd.conf:1: not a [section]\n"},
	{"[plain] queue = 5\n", "chatd.conf:1: not a [section]\n"},
	{"[ plain ]\n", "chatd.conf:1: \" plain \" is not a section\n"},
	{"[]\n", "chatd.conf:1: \"\" is not a section\n"},
	/* inih cuts a section's name at 49 bytes. */
	{"[plainplainplainplainplainplainplainplainplainplain]\n",
	 "chatd.conf:1: \"plainplainplainplainplainplainplainplainplainplain\" "
	 "is not a section\n"},
	{"[plain]\nqueue = 5\n\xef\xbb\xbfmessage = 4\n",
	 "chatd.conf:3: \"\xef\xbb\xbfmessage\" is not a key\n"},
	{"[plain]\nqueue = 5\n\nmessage = 5x",
	 "chatd.conf:4: plain.message: \"5x\" is not a size (1..16777216 "
	 "bytes)\n"},
};

START_TEST(lines_that_could_be_misread_are_refused)
{
	refused(wrong_lines[_i].text, wrong_lines[_i].complaint);
}
END_TEST

START_TEST(a_key_set_twice_names_the_first_line)
{
	refused("[plain]\nqueue = 5\n[http]\nline = 1K\n[plain]\nqueue = 5\n"
		"queue = 6\n",
		"chatd.conf:6: plain.queue: set before, in line 2\n"
		"chatd.conf:7: plain.queue: set before, in line 2\n");
}
END_TEST

START_TEST(a_value_may_fill_the_line)
{
	char text[8192], list[4096] = "";

	/* 12 bytes a word, well past what inih takes for a line. */
	for (int i = 0; i < 256; i++)
		(void)snprintf(list + strlen(list), 16, "%shttp://a%04d",
			       i ? " " : "", i);
	(void)snprintf(text, sizeof(text), "[server]\norigins = %s\necho=on\n",
		       list);
	taken(text);
	ck_assert_str_eq(config.origins, list);
	ck_assert(config.echo);

	/* 4095 bytes are a line, 4096 are not, and the next one counts. */
	(void)snprintf(text, sizeof(text), "[plain]\nqueue = 5%*s\nqueue = x\n",
		       4095 - 9, "");
	refused(text, "chatd.conf:3: plain.queue: set before, in line 2\n");
	(void)snprintf(text, sizeof(text), "[plain]\nqueue = 5%*s\nqueue = x\n",
		       4096 - 9, "");
	refused(text, "chatd.conf:2: longer than 4095 bytes\n"
		      "chatd.conf:3: plain.queue: \"x\" is not a number "
		      "(1..65536 messages)\n");
}
END_TEST

START_TEST(long_names_are_no_keys)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "[plain]\nqueue%0500d = 5\n", 0);
	ck_assert_int_eq(chatd_with(text), 78);
	ck_assert_ptr_nonnull(strstr(complained, "...\" is not a key\n"));
}
END_TEST

START_TEST(nul_bytes_are_refused)
{
	static const char text[] = "[plain]\nqueue = 5\0\nmessage = 0\n";

	write_bytes(text, sizeof(text) - 1);
	ck_assert_int_eq(chatd("-c chatd.conf"), 78);
	ck_assert_str_eq(complained,
			 "chatd.conf:2: holds a NUL byte\n"
			 "chatd.conf:3: plain.message: \"0\" is not within "
			 "1..16777216 bytes\n");
}
END_TEST

START_TEST(files_that_cannot_be_read_say_why)
{
	static char big[1048577];

	ck_assert_int_eq(chatd("-c missing/chatd.conf"), 78);
	ck_assert_str_eq(complained,
			 "missing/chatd.conf: No such file or directory\n");
	ck_assert_int_eq(chatd("-c ."), 78);
	ck_assert_str_eq(complained, ".: Is a directory\n");
	ck_assert_int_eq(chatd("-c /dev/zero"), 78);
	ck_assert_str_eq(complained, "/dev/zero: larger than 1048576 bytes\n");
	memset(big, '\n', sizeof(big));
	write_bytes(big, sizeof(big));
	ck_assert_int_eq(chatd("-c chatd.conf"), 78);
	ck_assert_str_eq(complained, "chatd.conf: larger than 1048576 bytes\n");
	ck_assert_int_eq(truncate(path, 1048576), 0);
	ck_assert_int_eq(chatd("-c chatd.conf"), CONFIG_RUN);
}
END_TEST

START_TEST(everything_wrong_is_told_at_once_up_to_twenty)
{
	char text[1024] = "[plain]\n", *line = complained;
	int lines = 0;

	for (size_t i = 0; i < 23; i++)
		memcpy(text + 8 + 6 * i, "x = 1\n", 7);
	ck_assert_int_eq(chatd_with(text), 78);
	for (; (line = strchr(line, '\n')); line++)
		lines++;
	ck_assert_int_eq(lines, 21);
	ck_assert_ptr_nonnull(strstr(complained, "chatd.conf:21: plain.x:"));
	ck_assert_ptr_null(strstr(complained, "chatd.conf:22: "));
	ck_assert_ptr_nonnull(strstr(complained, "\nand 3 more\n"));
}
END_TEST

static Suite *config_values_suite(void)
{
	Suite *s = suite_create("config_values");
	TCase *t = tcase_create("config_values");

	tcase_add_checked_fixture(t, in_own_directory, remove_directory);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, values_are_understood);
	tcase_add_loop_test(t, wrong_values_are_named, 0,
			    COUNT_OF(wrong_values));
	tcase_add_test(t, bounds_are_part_of_the_range);
	tcase_add_test(t, the_same_address_twice_is_a_slip);
	tcase_add_test(t, what_cannot_be_printed_is_not);
	tcase_add_test(t, files_of_every_editor_are_read);
	tcase_add_test(t, comments_begin_behind_white_space);
	tcase_add_loop_test(t, lines_that_could_be_misread_are_refused, 0,
			    COUNT_OF(wrong_lines));
	tcase_add_test(t, a_key_set_twice_names_the_first_line);
	tcase_add_test(t, a_value_may_fill_the_line);
	tcase_add_test(t, long_names_are_no_keys);
	tcase_add_test(t, nul_bytes_are_refused);
	tcase_add_test(t, files_that_cannot_be_read_say_why);
	tcase_add_test(t, everything_wrong_is_told_at_once_up_to_twenty);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_all(config_values_suite());
}
