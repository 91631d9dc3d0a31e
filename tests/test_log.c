/* SPDX-License-Identifier: MIT */
/* Lines of the log, and what becomes of them where nobody reads. */
#include "clock.h"
#include "harness.h"
#include "log.h"
#include "thread.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* stderr is a pipe; its ends. */
static int reads, writes;

static void catch_stderr(void)
{
	int fds[2];

	MUST(pipe2(fds, O_CLOEXEC) == 0);
	reads = fds[0];
	writes = fds[1];
	MUST(dup2(writes, STDERR_FILENO) >= 0);
	MUST(close(writes) == 0);
	MUST(fcntl(reads, F_SETFL, O_NONBLOCK) == 0);
	MUST(fcntl(reads, F_SETPIPE_SZ, 16384) == 16384); /* soon full */
}

/* What was written so far; from malloc(). */
static char *caught(void)
{
	size_t len = 0, room = 1 << 22;
	char *all = malloc(room);
	ssize_t n;

	MUST(all != NULL);
	while ((n = read(reads, all + len, room - 1 - len)) > 0)
		len += (size_t)n;
	all[len] = '\0';
	return all;
}

static int64_t soon(void)
{
	return clock_now() + 10 * CLOCK_SECOND;
}

/* The line that is logged with that level and format, through the thread;
 * valid until the next. */
static const char *logged(enum log_format format, enum log_level level,
			  const struct log_about *about, const char *text)
{
	static char *line;

	MUST(log_start(LOG_LEVEL_DEBUG, format) == 0);
	log_line(level, about, "%s", text);
	log_stop(soon());
	free(line);
	line = caught();
	return line;
}

/* Takes the time, checked, out of a line. */
static const char *behind_time(const char *line, const char *before)
{
	int year, month, day, hour, minute, second, millis, n = 0;

	ck_assert_mem_eq(line, before, strlen(before));
	line += strlen(before);
	ck_assert_int_eq(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &year,
				&month, &day, &hour, &minute, &second, &millis,
				&n),
			 7);
	ck_assert_int_eq(n, 24);
	ck_assert(year >= 2024 && month <= 12 && day <= 31 && hour < 24);
	return line + n;
}

/* ---- Lines ---- */

START_TEST(a_line_of_text_says_when_what_who_and_whom_it_is_about)
{
	static const struct log_about about = {7, "127.0.0.1:5"},
				      conn = {7, NULL}, peer = {0, "[::1]:5"};

	ck_assert_str_eq(behind_time(logged(LOG_FORMAT_TEXT, LOG_LEVEL_WARN,
					    &about, "hello"),
				     ""),
			 " warn test_log conn=7 peer=127.0.0.1:5: hello\n");
	ck_assert_str_eq(behind_time(logged(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR,
					    NULL, "hello"),
				     ""),
			 " error test_log: hello\n");
	ck_assert_str_eq(
		behind_time(logged(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, &conn, ""),
			    ""),
		" info test_log conn=7: \n");
	ck_assert_str_eq(behind_time(logged(LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG,
					    &peer, "x"),
				     ""),
			 " debug test_log peer=[::1]:5: x\n");
}
END_TEST

START_TEST(a_line_of_json_is_an_object_with_the_same)
{
	static const struct log_about about = {UINT64_C(18446744073709551615),
					       "unix:"};

	ck_assert_str_eq(behind_time(logged(LOG_FORMAT_JSON, LOG_LEVEL_WARN,
					    &about, "hello"),
				     "{\"time\":\""),
			 "\",\"level\":\"warn\",\"thread\":\"test_log\","
			 "\"conn\":18446744073709551615,\"peer\":\"unix:\","
			 "\"text\":\"hello\"}\n");
	ck_assert_str_eq(
		behind_time(logged(LOG_FORMAT_JSON, LOG_LEVEL_INFO, NULL, ""),
			    "{\"time\":\""),
		"\",\"level\":\"info\",\"thread\":\"test_log\","
		"\"text\":\"\"}\n");
}
END_TEST

START_TEST(control_characters_are_escaped)
{
	static const struct log_about about = {1, "a\nb"};

	ck_assert_str_eq(
		behind_time(logged(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, &about,
				   "1\n2\r3\t4\x1b"
				   "5\x7f\""),
			    ""),
		" info test_log conn=1 peer=a\\u000ab: "
		"1\\u000a2\\u000d3\\u00094\\u001b5\\u007f\"\n");
	ck_assert_str_eq(strstr(logged(LOG_FORMAT_JSON, LOG_LEVEL_INFO, &about,
				       "\"a\\b\"\n\xc3\xa9"),
				"\"peer\""),
			 "\"peer\":\"a\\u000ab\","
			 "\"text\":\"\\\"a\\\\b\\\"\\u000a\xc3\xa9\"}\n");
}
END_TEST

/* From the opening quote to the one that closes; NULL: not a string. */
static const char *end_of_string(const char *s)
{
	for (s++; *s != '"'; s++) {
		if (*s < ' ' && *s > 0)
			return NULL;
		if (*s == '\0')
			return NULL;
		if (*s == '\\' && s[1] == 'u') {
			if (strspn(s + 2, "0123456789abcdef") < 4)
				return NULL;
			s += 5;
		} else if (*s == '\\') {
			if (s[1] != '"' && s[1] != '\\')
				return NULL;
			s++;
		}
	}
	return s;
}

/* Caught: an escape cut in two, so that the line was no JSON. */
START_TEST(long_lines_are_cut_to_whole_escapes_and_stay_objects)
{
	static const char *const fillers[] = {"x", "\"", "\\", "\n", "\"\n"};
	char text[1000];

	for (size_t k = 0; k < COUNT_OF(fillers); k++) {
		for (size_t shift = 0; shift < 12; shift++) {
			const char *line, *string, *end;
			size_t n = shift, each = strlen(fillers[k]);

			memset(text, 'x', shift);
			while (n + each < sizeof(text)) {
				memcpy(text + n, fillers[k], each);
				n += each;
			}
			text[n] = '\0';
			line = logged(LOG_FORMAT_JSON, LOG_LEVEL_INFO, NULL,
				      text);
			ck_assert_uint_le(strlen(line), 1024);
			string = strstr(line, "\"text\":");
			ck_assert_ptr_nonnull(string);
			end = end_of_string(string + 7);
			ck_assert_msg(end && strcmp(end, "\"}\n") == 0,
				      "no JSON: %s", line);
			ck_assert_int_gt(end - string, 450);
			line = logged(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, NULL,
				      text);
			ck_assert_uint_le(strlen(line), 1024);
			ck_assert_ptr_eq(strchr(line, '\n'),
					 line + strlen(line) - 1);
		}
	}
}
END_TEST

START_TEST(lines_below_the_level_are_not_written)
{
	char *all;

	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		size_t lines = 0;

		MUST(log_start((enum log_level)level, LOG_FORMAT_TEXT) == 0);
		log_error(NULL, "e");
		log_warn(NULL, "w");
		log_info(NULL, "i");
		log_debug(NULL, "d");
		for (int l = LOG_LEVEL_ERROR; l <= LOG_LEVEL_DEBUG; l++)
			ck_assert(log_wants((enum log_level)l) == (l <= level));
		log_stop(soon());
		all = caught();
		for (char *p = all; (p = strchr(p, '\n')); p++)
			lines++;
		ck_assert_uint_eq(lines, (size_t)level + 1);
		free(all);
	}
}
END_TEST

START_TEST(before_its_thread_runs_whoever_logs_writes)
{
	char *all;

	log_info(NULL, "%s", "early");
	all = caught();
	ck_assert_str_eq(behind_time(all, ""), " info test_log: early\n");
	free(all);
	log_stop(0); /* never started: nothing */
	MUST(log_start(LOG_LEVEL_INFO, LOG_FORMAT_TEXT) == 0);
	log_stop(soon());
	log_info(NULL, "late");
	all = caught();
	ck_assert_str_eq(behind_time(all, ""), " info test_log: late\n");
	free(all);
}
END_TEST

/* ---- Where nobody reads ---- */

enum { LINES = 3000, LOGGERS = 4 };

static void *log_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < LINES; i++)
		log_info(NULL, "line %d", i);
	return NULL;
}

/* Counts the lines, and those that are said to be lost. */
static void count(const char *all, size_t *lines, size_t *lost)
{
	const char *p = all, *end;

	for (*lines = *lost = 0; (end = strchr(p, '\n')); p = end + 1) {
		const char *text = strstr(p, ": ");
		unsigned long n;

		MUST(text && text < end);
		if (strstr(text, "lost") && strstr(text, "lost") < end) {
			MUST(sscanf(text, ": %lu lines were lost here", &n) ==
			     1);
			*lost += n;
		} else {
			MUST(strncmp(text, ": line ", 7) == 0);
			++*lines;
		}
	}
	MUST(*p == '\0');
}

static void *read_all(void *arg)
{
	static char all[1 << 22];
	size_t len = 0;
	ssize_t n;

	(void)arg;
	MUST(fcntl(reads, F_SETFL, 0) == 0);
	while ((n = read(reads, all + len, sizeof(all) - 1 - len)) > 0)
		len += (size_t)n;
	return all;
}

/* Nobody blocks though stderr does, and each line is either written or
 * counted.  Caught: a report of losses that got lost itself. */
START_TEST(a_blocked_stderr_blocks_nobody_and_what_is_lost_is_counted)
{
	pthread_t loggers[LOGGERS], reader;
	size_t lines, lost;
	void *all;

	MUST(log_start(LOG_LEVEL_INFO, LOG_FORMAT_TEXT) == 0);
	for (size_t i = 0; i < LOGGERS; i++)
		MUST(thread_start(&loggers[i], 0, log_many, NULL, "l") == 0);
	/* Half of them come to their end before anybody reads. */
	for (size_t i = 0; i < LOGGERS / 2; i++)
		thread_join(loggers[i]);
	MUST(pthread_create(&reader, NULL, read_all, NULL) == 0);
	for (size_t i = LOGGERS / 2; i < LOGGERS; i++)
		thread_join(loggers[i]);
	log_stop(clock_now() + 60 * CLOCK_SECOND);
	MUST(close(STDERR_FILENO) == 0);
	MUST(pthread_join(reader, &all) == 0);
	count(all, &lines, &lost);
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_eq(lines + lost, LOGGERS * LINES);
}
END_TEST

START_TEST(losses_are_told_whatever_the_level)
{
	pthread_t reader;
	void *all;

	MUST(log_start(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT) == 0);
	for (int i = 0; i < LINES; i++)
		log_error(NULL, "line %d", i);
	MUST(pthread_create(&reader, NULL, read_all, NULL) == 0);
	log_stop(clock_now() + 60 * CLOCK_SECOND);
	MUST(close(STDERR_FILENO) == 0);
	MUST(pthread_join(reader, &all) == 0);
	ck_assert_ptr_nonnull(strstr(all, "lines were lost here"));
}
END_TEST

START_TEST(stopping_gives_up_on_a_blocked_stderr_at_the_deadline)
{
	int64_t deadline;

	MUST(log_start(LOG_LEVEL_INFO, LOG_FORMAT_TEXT) == 0);
	(void)log_many(NULL);
	deadline = clock_now() + CLOCK_SECOND / 5;
	log_stop(deadline);
	ck_assert_int_ge(clock_now(), deadline);
}
END_TEST

START_TEST(a_stderr_that_is_gone_hurts_nobody)
{
	MUST(close(STDERR_FILENO) == 0);
	MUST(log_start(LOG_LEVEL_INFO, LOG_FORMAT_TEXT) == 0);
	(void)log_many(NULL);
	log_stop(CLOCK_NEVER);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, catch_stderr, NULL);
	tcase_add_test(t,
		       a_line_of_text_says_when_what_who_and_whom_it_is_about);
	tcase_add_test(t, a_line_of_json_is_an_object_with_the_same);
	tcase_add_test(t, control_characters_are_escaped);
	tcase_add_test(t, long_lines_are_cut_to_whole_escapes_and_stay_objects);
	tcase_add_test(t, lines_below_the_level_are_not_written);
	tcase_add_test(t, before_its_thread_runs_whoever_logs_writes);
	tcase_add_test(
		t, a_blocked_stderr_blocks_nobody_and_what_is_lost_is_counted);
	tcase_add_test(t, losses_are_told_whatever_the_level);
	tcase_add_test(t,
		       stopping_gives_up_on_a_blocked_stderr_at_the_deadline);
	tcase_add_test(t, a_stderr_that_is_gone_hurts_nobody);
	suite_add_tcase(s, t);
	return run_all(s);
}
