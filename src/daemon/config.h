/* SPDX-License-Identifier: MIT */
/*
 * The configuration: plain values, read once before any thread starts and
 * never changed afterwards, so that every thread may read them.
 *
 * What a key is called, means, may be and is by default stands in one table,
 * config_table.c, from which everything else follows: the checks, --help-config
 * and chatd.conf, the list in chatd.conf(5).  A new key is a row there and a
 * field here.  Go's counterpart: package flag.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "log.h"

/* Sizes are in bytes, times in nanoseconds.  Lists are words with one space
 * between each two.  Strings are never NULL after config_load(). */
struct config {
	/* [server] */
	char *listen;
	int64_t max_clients; /* 0: all that the machine holds */
	char *origins;       /* "": the page's own host only; "*": all */
	bool echo;
	char *user; /* "": stay who one is */
	int64_t stack;

	/* [plain] */
	int64_t plain_message;
	int64_t plain_queue;
	int64_t plain_queue_bytes;
	bool plain_coalesce;

	/* [hub] */
	bool hub_write_through;

	/* [http] */
	int64_t http_line;
	int64_t http_head;

	/* [timeouts]; 0: never, but for drain, which is more than 0 */
	int64_t timeouts_head;
	int64_t timeouts_silence;
	int64_t timeouts_ping;
	int64_t timeouts_write;
	int64_t timeouts_drain;

	/* [log] */
	enum log_format log_format;
	enum log_level log_level;
};

/* What config_load() returns where the server is to run. */
#define CONFIG_RUN (-1)

/*
 * Reads the command line, then the defaults, the file named there, the
 * environment and the command line's --set, each over the one before.  Returns
 * CONFIG_RUN, or else the status to exit with: 0 where that was all (--help,
 * --check, ...; said on out), 64 for a wrong command line, 78 for a wrong
 * configuration, 1 where memory ran out or out can't be written; why stands on
 * err.  The caller ends *c by config_fini() in every case.  Not for two threads
 * at a time: getopt(3) isn't.
 */
int config_load(struct config *c, int argc, char **argv, char *const *envp,
		FILE *out, FILE *err);

/* Frees the strings; twice is harmless. */
void config_fini(struct config *c);

#endif
