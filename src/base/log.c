/* SPDX-License-Identifier: MIT */
/*
 * The log's two ends: any thread makes a line and offers it to the channel
 * without waiting; the log thread takes all that waits and writes it.
 *
 * Who may block on whom: nobody on the log thread, the log thread on stderr.
 * The channel is closed by log_stop(), when all who log have been joined.
 */
#include "log.h"

#include "chan.h"
#include "check.h"
#include "clock.h"
#include "thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINES_WAITING 1024
#define LINES_AT_ONCE 64

/* Longer lines are cut.  Also below PIPE_BUF: a pipe that poll() calls
 * writable takes so much without blocking. */
#define LINE_MAX_BYTES 1024

static enum log_level level_wanted = LOG_LEVEL_INFO; /* set before threads */
static enum log_format format_wanted = LOG_FORMAT_TEXT;
static struct chan *lines;    /* of char *, owned by who takes them */
static struct chan *finished; /* closed by the log thread, as its last act */
static pthread_t writer;
static atomic_ulong lost;
static _Atomic int64_t give_up = CLOCK_NEVER; /* written once by log_stop */

static const char *const level_names[] = {"error", "warn", "info", "debug"};

/* ---- Making a line ---- */

struct line {
	char *at, *end; /* room for a newline and a NUL stays behind end */
};

static void put_char(struct line *l, char c)
{
	if (l->at < l->end)
		*l->at++ = c;
}

static void put(struct line *l, const char *s)
{
	while (*s)
		put_char(l, *s++);
}

/* Text from outside must not look like a line of ours, nor end a string.  An
 * escape is put whole or not at all. */
static void put_escaped(struct line *l, const char *s)
{
	bool json = format_wanted == LOG_FORMAT_JSON;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		char escape[8] = {(char)c, '\0'};

		if (c < 0x20 || c == 0x7f)
			(void)snprintf(escape, sizeof(escape), "\\u%04x", c);
		else if (json && (c == '"' || c == '\\'))
			(void)snprintf(escape, sizeof(escape), "\\%c", c);
		if ((size_t)(l->end - l->at) < strlen(escape))
			return;
		put(l, escape);
	}
}

static void put_field(struct line *l, const char *name, const char *value,
		      bool quoted)
{
	if (format_wanted == LOG_FORMAT_TEXT) {
		put(l, " ");
		put(l, name);
		put(l, "=");
		put_escaped(l, value);
		return;
	}
	put(l, ",\"");
	put(l, name);
	put(l, quoted ? "\":\"" : "\":");
	put_escaped(l, value);
	if (quoted)
		put(l, "\"");
}

static void put_head(struct line *l, enum log_level level,
		     const struct log_about *about)
{
	bool json = format_wanted == LOG_FORMAT_JSON;
	char stamp[32], millis[8], thread[16] = "?", conn[24];
	struct timespec now;
	struct tm utc;

	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	CHECK(gmtime_r(&now.tv_sec, &utc) != NULL);
	(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	(void)snprintf(millis, sizeof(millis), ".%03dZ",
		       (int)(now.tv_nsec / 1000000));
	(void)pthread_getname_np(pthread_self(), thread, sizeof(thread));

	put(l, json ? "{\"time\":\"" : "");
	put(l, stamp);
	put(l, millis);
	put(l, json ? "\",\"level\":\"" : " ");
	put(l, level_names[level]);
	put(l, json ? "\",\"thread\":\"" : " ");
	put_escaped(l, thread);
	put(l, json ? "\"" : "");
	if (about && about->conn) {
		(void)snprintf(conn, sizeof(conn), "%llu",
			       (unsigned long long)about->conn);
		put_field(l, "conn", conn, false);
	}
	if (about && about->peer)
		put_field(l, "peer", about->peer, true);
}

/* The whole line with its newline, from malloc(); NULL: no memory. */
__attribute__((format(printf, 3, 0))) static char *
make_line(enum log_level level, const struct log_about *about,
	  const char *format, va_list ap)
{
	char text[LINE_MAX_BYTES / 2], *made = malloc(LINE_MAX_BYTES);
	struct line l = {made, made ? made + LINE_MAX_BYTES - 4 : NULL};

	if (!made)
		return NULL;
	(void)vsnprintf(text, sizeof(text), format, ap);
	put_head(&l, level, about);
	if (format_wanted == LOG_FORMAT_JSON) {
		l.end -= 2; /* cut text still ends as an object */
		put(&l, ",\"text\":\"");
		put_escaped(&l, text);
		l.end += 2;
		put(&l, "\"}");
	} else {
		put(&l, ": ");
		put_escaped(&l, text);
	}
	*l.at++ = '\n';
	*l.at = '\0';
	return made;
}

/* ---- Writing lines ---- */

static void write_line(const char *line)
{
	size_t left = strlen(line);

	while (left > 0) {
		struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
		int64_t until = atomic_load(&give_up);
		int64_t soon = clock_now() + CLOCK_SECOND / 10;
		ssize_t n;

		/* In short steps, since log_stop() may set a deadline. */
		if (poll(&p, 1,
			 clock_poll_timeout(until < soon ? until : soon)) ==
		    0) {
			if (clock_now() >= until)
				return;
			continue;
		}
		n = write(STDERR_FILENO, line, left);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return; /* nowhere to complain */
		line += n;
		left -= (size_t)n;
	}
}

/* The log thread's own lines: not through the channel, which may be full. */
__attribute__((format(printf, 2, 3))) static bool
write_own(enum log_level level, const char *format, ...)
{
	char *line;
	va_list ap;

	va_start(ap, format);
	line = make_line(level, NULL, format, ap);
	va_end(ap);
	if (line)
		write_line(line);
	free(line);
	return line != NULL;
}

static void report_lost(void)
{
	unsigned long n = atomic_exchange(&lost, 0);

	if (n > 0 && !write_own(LOG_LEVEL_WARN, "%lu lines were lost here", n))
		atomic_fetch_add(&lost, n);
}

static void *log_run(void *unused)
{
	char *some[LINES_AT_ONCE];
	size_t n;

	(void)unused;
	while (chan_recv_some(lines, some, LINES_AT_ONCE, &n, CHAN_FOREVER) ==
	       CHAN_OK) {
		for (size_t i = 0; i < n; i++) {
			write_line(some[i]);
			free(some[i]);
		}
		report_lost();
	}
	report_lost(); /* where there was no memory for lines */
	chan_close(finished);
	return NULL;
}

/* ---- The interface ---- */

static void destroy_channels(void)
{
	chan_destroy(lines);
	chan_destroy(finished);
	lines = finished = NULL;
}

int log_start(enum log_level level, enum log_format format)
{
	int err;

	level_wanted = level;
	format_wanted = format;
	lines = chan_create(sizeof(char *), LINES_WAITING);
	finished = chan_create(0, 0);
	err = lines && finished ? thread_start(&writer, 0, log_run, NULL, "log")
				: -ENOMEM;
	if (err) {
		destroy_channels();
		return err;
	}
	chan_set_name(lines, "log");
	chan_set_name(finished, "log finished");
	return 0;
}

void log_stop(int64_t deadline)
{
	int64_t soon = clock_now() + CLOCK_SECOND;

	if (!lines)
		return;
	if (deadline > soon)
		deadline = soon;
	atomic_store(&give_up, deadline);
	chan_close(lines);
	/* Where others write to the same pipe or terminal, write() may block
	 * though poll() has said that it won't.  Then the thread is left to
	 * end with the program. */
	if (chan_recv_unit(finished, deadline + CLOCK_SECOND / 10) !=
	    CHAN_CLOSED)
		return;
	thread_join(writer);
	destroy_channels();
}

bool log_wants(enum log_level level)
{
	return level <= level_wanted;
}

void log_line(enum log_level level, const struct log_about *about,
	      const char *format, ...)
{
	char *line;
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, format);
	line = make_line(level, about, format, ap);
	va_end(ap);
	if (line && !lines) {
		write_line(line);
		free(line);
	} else if (!line ||
		   chan_send_until(lines, &line, CHAN_NOW) != CHAN_OK) {
		atomic_fetch_add(&lost, 1);
		free(line);
	}
}
