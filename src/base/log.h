/* SPDX-License-Identifier: MIT */
/*
 * The log: one line an event, to stderr, written by a thread of its own so
 * that a blocked stderr stops nobody.  Lines wait in a bounded channel; what
 * doesn't fit is counted, and the count is logged.  Go's counterpart: log.
 *
 * No message text ever goes in: a log is read by people who weren't spoken to.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR, /* something is broken, and somebody should look */
	LOG_LEVEL_WARN,  /* a peer or the machine misbehaved; it was dealt with
			  */
	LOG_LEVEL_INFO,  /* what an operator wants to follow */
	LOG_LEVEL_DEBUG, /* what a developer wants to follow */
};

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Whom a line is about; both may be absent. */
struct log_about {
	uint64_t conn;    /* a connection's number; 0: none */
	const char *peer; /* its address; NULL: none */
};

/*
 * Starts the log's thread; before that, and where it can't be started, lines
 * are written by whoever logs them.  Returns 0, or -EAGAIN or -ENOMEM.  Main
 * only, once, before other threads log.
 */
int log_start(enum log_level level, enum log_format format);

/*
 * Writes what waits and ends the thread.  Gives up at the deadline (ns of
 * CLOCK_MONOTONIC), and after a second at most, on a stderr that doesn't take
 * it: stopping must not wait for who reads the log.  Main only, after all
 * others who log were joined.
 */
void log_stop(int64_t deadline);

/* True where lines of this level are written.  Any thread. */
bool log_wants(enum log_level level);

/*
 * Logs a line in printf's manner, without a newline; control characters in it
 * are escaped.  about may be NULL.  Never blocks.  Any thread.
 */
void log_line(enum log_level level, const struct log_about *about,
	      const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_error(about, ...) log_line(LOG_LEVEL_ERROR, about, __VA_ARGS__)
#define log_warn(about, ...)  log_line(LOG_LEVEL_WARN, about, __VA_ARGS__)
#define log_info(about, ...)  log_line(LOG_LEVEL_INFO, about, __VA_ARGS__)
#define log_debug(about, ...) log_line(LOG_LEVEL_DEBUG, about, __VA_ARGS__)

#endif
