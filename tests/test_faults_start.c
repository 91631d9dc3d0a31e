/* SPDX-License-Identifier: MIT */
/*
 * The whole program while it starts: the nth call of a function fails, n = 1,
 * 2, ... until nothing does.  It does without, or it ends with status 1 and
 * says why; it never crashes, hangs, or leaves the file of its socket.
 *
 * SIGTERM waits for it from the beginning, so that it ends as soon as it runs.
 *
 * Planted: a start that goes on without the acceptor; one that fails in
 * silence, leaves the hub's or the signals' thread or its listeners, or never
 * gives a channel back, seen by LeakSanitizer (all caught by
 * whatever_fails_at_the_start_it_starts_or_ends_cleanly); one that fails with
 * status 0 (without_memory_or_threads_it_does_not_start).
 */
#include "fault_harness.h"
#include "fault_server.h"

#include <sys/wait.h>

static int result; /* where to write whether there was such a call */

static void tell_result(void)
{
	MUST(__real_write(result, it_failed() ? "f" : "-", 1) == 1);
}

/* In a process of its own, whose end looks for leaks where a sanitizer can. */
static _Noreturn void try_to_start(const struct fault *f, size_t nth)
{
	size_t threads, descriptors;
	int status;

	block_signals();
	start_first_thread();
	threads = count_threads();
	descriptors = count_descriptors();
	MUST(atexit(tell_result) == 0);
	MUST(kill(getpid(), SIGTERM) == 0);
	plan(f, nth);
	status = run_program(); /* or it ends the process itself */
	await_counts(threads, descriptors);
	exit(status);
}

/* What a process says until its end; valid until the next. */
static const char *all_of(int fd)
{
	static char text[65536];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	MUST(close(fd) == 0);
	return text;
}

/* One call fails, so there is memory left to say so. */
static bool says_why(const char *text)
{
	return strstr(text, "can't start: no ") ||
	       strstr(text, "out of memory") ||
	       strstr(text, "can't listen on ");
}

/* Returns whether there was such a call; *started: it did without. */
static bool starts_or_ends_cleanly(const struct fault *f, size_t nth,
				   bool *started)
{
	int results[2], errors[2], status;
	const char *text;
	char failed = '?';
	pid_t pid;

	MUST(pipe(results) == 0 && pipe(errors) == 0);
	set_command_line("--set server.echo=on");
	pid = fork();
	MUST(pid >= 0);
	if (pid == 0) {
		MUST(dup2(errors[1], STDERR_FILENO) >= 0);
		MUST(close(errors[0]) == 0 && close(errors[1]) == 0);
		result = results[1];
		try_to_start(f, nth);
	}
	MUST(close(results[1]) == 0 && close(errors[1]) == 0);
	text = all_of(errors[0]);
	MUST(waitpid(pid, &status, 0) == pid);
	if (read(results[0], &failed, 1) != 1)
		failed = '?'; /* it crashed */
	MUST(close(results[0]) == 0);
	*started = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
	if (!*started &&
	    (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_FAILURE ||
	     failed != 'f' || !says_why(text)))
		ck_abort_msg("%s, call %zu: ended by %x, saying \"%.3000s\"",
			     f->name, nth, (unsigned)status, text);
	ck_assert_int_ne(access(address.sun_path, F_OK), 0);
	MUST(rmdir(directory) == 0);
	return failed == 'f';
}

START_TEST(whatever_fails_at_the_start_it_starts_or_ends_cleanly)
{
	const struct fault *f = &faults[_i];
	size_t n = 1;
	bool started;

	/* Once to know where it runs through. */
	ck_assert(!starts_or_ends_cleanly(f, SIZE_MAX, &started));
	ck_assert(started);
	while (starts_or_ends_cleanly(f, n, &started))
		MUST(++n < 2000);
	ck_assert(started);
}
END_TEST

/* Where all of it survived everything, the faults would not be felt. */
START_TEST(without_memory_or_threads_it_does_not_start)
{
	size_t tried = 0;

	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		const struct fault *f = &faults[i];
		bool started;

		if (f->function != CALLOC && f->function != PTHREAD_CREATE)
			continue;
		ck_assert(starts_or_ends_cleanly(f, 1, &started));
		ck_assert(!started);
		tried++;
	}
	ck_assert_uint_eq(tried, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("faults_start");
	TCase *t = tcase_create("faults_start");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(
		t, whatever_fails_at_the_start_it_starts_or_ends_cleanly, 0,
		(int)COUNT_OF(faults));
	tcase_add_test(t, without_memory_or_threads_it_does_not_start);
	suite_add_tcase(s, t);
	return run_all(s);
}
