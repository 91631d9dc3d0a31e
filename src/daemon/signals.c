/* SPDX-License-Identifier: MIT */
/*
 * The thread that hears signals.  It blocks in sigwait() alone, and main ends
 * it by a signal of its own.
 */
#include "signals.h"

#include "check.h"
#include "log.h"
#include "thread.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
	pthread_t thread;
	const struct server *server;
	struct chan *quit;
	atomic_bool finished; /* SIGUSR2 means the end, and comes from main */
} self;

static sigset_t heard(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1,
				      SIGUSR2};
	sigset_t set;

	CHECK(sigemptyset(&set) == 0);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		CHECK(sigaddset(&set, signals[i]) == 0);
	return set;
}

void signals_block(void)
{
	sigset_t set = heard();

	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	/* A peer, or who reads our log, may go away: that is an errno. */
	CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
}

static void *run(void *unused)
{
	sigset_t set = heard();
	bool quitting = false;
	int signal;

	(void)unused;
	for (;;) {
		CHECK(sigwait(&set, &signal) == 0);
		if (signal == SIGUSR1) {
			server_log_counts(self.server);
		} else if (signal == SIGUSR2) {
			if (atomic_load(&self.finished))
				return NULL;
		} else if (quitting) {
			_exit(EXIT_FAILURE);
		} else {
			log_info(NULL, "stopping: %s",
				 signal == SIGINT   ? "interrupted"
				 : signal == SIGHUP ? "the terminal is gone"
						    : "told to");
			quitting = true;
			chan_close(self.quit);
		}
	}
}

int signals_start(const struct server *s, struct chan *quit)
{
	self.server = s;
	self.quit = quit;
	return thread_start(&self.thread, 0, run, NULL, "signals");
}

void signals_stop(void)
{
	atomic_store(&self.finished, true);
	CHECK(pthread_kill(self.thread, SIGUSR2) == 0);
	thread_join(self.thread);
}
