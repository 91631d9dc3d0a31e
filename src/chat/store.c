/* SPDX-License-Identifier: MIT */
/*
 * The connection, transactions, and how a statement is used.  Failures of the
 * disk come back as what they are, and the next try starts afresh: a statement
 * that failed is reset, a transaction that failed is rolled back by its owner.
 */
#include "store_internal.h"

#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long to wait for another connection: chatctl's, say. */
#define BUSY_MS 5000

int store_error(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	default:
		return -EIO;
	}
}

/* ---- Statements ---- */

struct query query_begin(struct store *s, int statement, const char *sql)
{
	struct query q = {.s = s, .stmt = s->statements[statement]};

	if (s->pending)
		(void)sqlite3_reset(s->pending);
	s->pending = NULL;
	if (!q.stmt) {
		q.err = store_error(sqlite3_prepare_v3(
			s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q.stmt,
			NULL));
		s->statements[statement] = q.stmt;
	}
	return q;
}

static void bound(struct query *q, int code)
{
	if (!q->err)
		q->err = store_error(code);
}

void query_integer(struct query *q, int64_t n)
{
	bound(q, sqlite3_bind_int64(q->stmt, ++q->bound, n));
}

void query_text(struct query *q, const char *text, size_t len)
{
	bound(q, sqlite3_bind_text64(q->stmt, ++q->bound, text, len,
				     SQLITE_STATIC, SQLITE_UTF8));
}

void query_string(struct query *q, const char *text)
{
	if (text)
		query_text(q, text, strlen(text));
	else
		bound(q, sqlite3_bind_null(q->stmt, ++q->bound));
}

void query_blob(struct query *q, const void *bytes, size_t len)
{
	bound(q, sqlite3_bind_blob64(q->stmt, ++q->bound, bytes, len,
				     SQLITE_STATIC));
}

bool query_row(struct query *q)
{
	int code;

	if (q->err)
		return false;
	code = sqlite3_step(q->stmt);
	q->err = store_error(code);
	return code == SQLITE_ROW;
}

int64_t column_integer(const struct query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

const char *column_text(const struct query *q, int column, size_t *len)
{
	const char *text = (const char *)sqlite3_column_text(q->stmt, column);

	if (len)
		*len = (size_t)sqlite3_column_bytes(q->stmt, column);
	return text;
}

void column_copy(const struct query *q, int column, char *to, size_t room)
{
	const char *text = column_text(q, column, NULL);

	(void)snprintf(to, room, "%s", text ? text : "");
}

int query_end(struct query *q)
{
	/* What it returns was said by the step already. */
	(void)sqlite3_reset(q->stmt);
	(void)sqlite3_clear_bindings(q->stmt);
	return q->err;
}

void query_keep(struct query *q)
{
	q->s->pending = q->stmt;
}

int query_run(struct query *q)
{
	CHECK(!query_row(q));
	return query_end(q);
}

int query_changes(const struct store *s)
{
	return sqlite3_changes(s->db);
}

/* ---- Transactions ---- */

static int run(struct store *s, int statement, const char *sql)
{
	struct query q = query_begin(s, statement, sql);

	return query_run(&q);
}

int store_begin(struct store *s)
{
	/* The write lock at once, rather than in the middle. */
	return run(s, STATEMENT_BEGIN, "BEGIN IMMEDIATE");
}

int store_commit(struct store *s)
{
	return run(s, STATEMENT_COMMIT, "COMMIT");
}

void store_rollback(struct store *s)
{
	/* SQLite may have rolled back by itself: a full disk, say. */
	if (!sqlite3_get_autocommit(s->db))
		(void)run(s, STATEMENT_ROLLBACK, "ROLLBACK");
}

/* ---- Opening ---- */

static int complain(const struct store *s, int code, char why[256])
{
	(void)snprintf(why, 256, "%s",
		       s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code));
	return store_error(code);
}

static int configure(struct store *s, enum store_sync sync, char why[256])
{
	const char *sql =
		sync == STORE_SYNC_FULL
			? "PRAGMA journal_mode = WAL; PRAGMA synchronous = "
			  "FULL; PRAGMA secure_delete = ON; "
			  "PRAGMA foreign_keys = ON"
			: "PRAGMA journal_mode = WAL; PRAGMA synchronous = "
			  "NORMAL; PRAGMA secure_delete = ON; "
			  "PRAGMA foreign_keys = ON";
	int code;

	(void)sqlite3_extended_result_codes(s->db, 1);
	(void)sqlite3_busy_timeout(s->db, BUSY_MS);
	code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : complain(s, code, why);
}

int store_open(struct store **store, const char *path, enum store_sync sync,
	       bool writes, char why[256])
{
	struct store *s = calloc(1, sizeof(*s));
	int code, err;

	*store = NULL;
	if (!s) {
		(void)snprintf(why, 256, "no memory");
		return -ENOMEM;
	}
	/* One thread at a time uses it: SQLite needs no lock of its own. */
	code = sqlite3_open_v2(path, &s->db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				       SQLITE_OPEN_NOMUTEX,
			       NULL);
	err = code == SQLITE_OK ? configure(s, sync, why)
				: complain(s, code, why);
	if (!err && writes)
		err = store_prepare_schema(s, why);
	if (err) {
		store_close(s);
		return err;
	}
	s->writes = writes;
	*store = s;
	return 0;
}

static void note_clean_end(struct store *s)
{
	(void)sqlite3_exec(s->db,
			   "UPDATE meta SET value = '1' WHERE name = 'clean'",
			   NULL, NULL, NULL);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->writes)
		note_clean_end(s);
	for (size_t i = 0; i < STORE_STATEMENTS; i++)
		(void)sqlite3_finalize(s->statements[i]);
	CHECK(sqlite3_close(s->db) == SQLITE_OK);
	free(s);
}
