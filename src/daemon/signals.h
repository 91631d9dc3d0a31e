/* SPDX-License-Identifier: MIT */
/*
 * Signals become channels: a thread in sigwait() closes `quit` at the first
 * SIGTERM, SIGINT or SIGHUP, ends the program with status 1 at the second, and
 * logs counts at SIGUSR1.  Go's counterpart: package os/signal.
 */
#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

#include "server.h"

/* Blocks them for this thread and all it will start.  Main only, first. */
void signals_block(void);

/* Starts the thread; it closes quit, nobody else does.  0 or -EAGAIN. */
int signals_start(const struct server *s, struct chan *quit);

/* Ends and joins it.  Main only. */
void signals_stop(void);

#endif
