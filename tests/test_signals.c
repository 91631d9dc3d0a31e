/* SPDX-License-Identifier: MIT */
/* Signals that become channels.  Each test is a process of its own. */
#include "clock.h"
#include "harness.h"
#include "log.h"
#include "signals.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct hub hub;
static struct server server = {.hub = &hub};
static struct chan *quit;
static int log_reads;

/* stderr is a pipe, to see what is logged. */
static void begin(void)
{
	int fds[2];

	MUST(pipe2(fds, O_CLOEXEC) == 0);
	MUST(dup2(fds[1], STDERR_FILENO) >= 0 && close(fds[1]) == 0);
	log_reads = fds[0];
	quit = chan_create(0, 0);
	MUST(quit != NULL);
	signals_block();
	MUST(signals_start(&server, quit) == 0);
}

static void end(void)
{
	signals_stop();
	chan_destroy(quit);
}

static void send_signal(int signal)
{
	MUST(kill(getpid(), signal) == 0);
}

/* Waits for one line of the log; valid until the next. */
static const char *line(void)
{
	static char text[1024];
	size_t n = 0;

	do
		MUST(n < sizeof(text) - 1 && read(log_reads, text + n, 1) == 1);
	while (text[n++] != '\n');
	text[n] = '\0';
	return text;
}

static bool is_quitting(void)
{
	return chan_recv_unit(quit, CHAN_NOW) == CHAN_CLOSED;
}

static const struct {
	int signal;
	const char *said;
} ends[] = {{SIGTERM, "stopping: told to"},
	    {SIGINT, "stopping: interrupted"},
	    {SIGHUP, "stopping: the terminal is gone"}};

START_TEST(the_first_signal_closes_quit_and_says_why)
{
	begin();
	ck_assert(!is_quitting());
	send_signal(ends[_i].signal);
	ck_assert_int_eq(chan_recv_unit(quit, clock_now() + 20 * CLOCK_SECOND),
			 CHAN_CLOSED);
	ck_assert_ptr_nonnull(strstr(line(), ends[_i].said));
	end();
}
END_TEST

/* The exit status is the test's: 1, at once. */
START_TEST(the_second_signal_ends_the_program)
{
	begin();
	send_signal(SIGTERM);
	ck_assert_int_eq(chan_recv_unit(quit, clock_now() + 20 * CLOCK_SECOND),
			 CHAN_CLOSED);
	send_signal(ends[_i].signal);
	for (;;)
		(void)pause();
}
END_TEST

START_TEST(sigusr1_logs_counts_and_ends_nothing)
{
	begin();
	server.started = 7;
	server.joined = 3;
	server.refused = 2;
	for (int i = 0; i < 3; i++) {
		send_signal(SIGUSR1);
		ck_assert_ptr_nonnull(strstr(
			line(), "holds 4 connections, 0 live messages; ever: 7 "
				"connections, 2 refused, 0 dropped"));
	}
	ck_assert(!is_quitting());
	end();
}
END_TEST

/* It is main's own, for the end.  Caught: a thread that believed anybody. */
START_TEST(sigusr2_from_outside_is_no_matter)
{
	begin();
	send_signal(SIGUSR2);
	send_signal(SIGUSR1); /* of two that wait the lower comes first: so */
	(void)line();         /* both rounds, to know that it was heard */
	send_signal(SIGUSR2);
	send_signal(SIGUSR1);
	(void)line();
	ck_assert(!is_quitting());
	end();
}
END_TEST

START_TEST(it_ends_without_any_signal_and_after_one)
{
	begin();
	if (_i) {
		send_signal(SIGTERM);
		(void)line();
	}
	end();
}
END_TEST

START_TEST(a_pipe_without_a_reader_is_an_errno)
{
	int fds[2];

	begin();
	MUST(pipe2(fds, O_CLOEXEC) == 0 && close(fds[0]) == 0);
	ck_assert_int_eq(write(fds[1], "x", 1), -1);
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("signals");
	TCase *t = tcase_create("signals");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, the_first_signal_closes_quit_and_says_why, 0,
			    (int)COUNT_OF(ends));
	tcase_add_loop_exit_test(t, the_second_signal_ends_the_program, 1, 0,
				 (int)COUNT_OF(ends));
	tcase_add_test(t, sigusr1_logs_counts_and_ends_nothing);
	tcase_add_test(t, sigusr2_from_outside_is_no_matter);
	tcase_add_loop_test(t, it_ends_without_any_signal_and_after_one, 0, 2);
	tcase_add_test(t, a_pipe_without_a_reader_is_an_errno);
	suite_add_tcase(s, t);
	return run_all(s);
}
