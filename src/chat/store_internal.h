/* SPDX-License-Identifier: MIT */
/*
 * What the files of the store share: the connection, its prepared statements,
 * and a way to use them in which no step's failure is passed over.
 */
#ifndef CHAT_STORE_INTERNAL_H
#define CHAT_STORE_INTERNAL_H

#include "store.h"

#include <sqlite3.h>

#define STORE_STATEMENTS 48

struct store {
	sqlite3 *db;
	bool writes;
	/* Stands at a row that was given out; ended by the next call. */
	sqlite3_stmt *pending;
	/* Prepared when first needed; by number, each file its own range. */
	sqlite3_stmt *statements[STORE_STATEMENTS];
};

/* The numbers of the statements. */
enum {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENTS_OF_USERS,
	STATEMENTS_OF_ROOMS = STATEMENTS_OF_USERS + 16,
	STATEMENTS_OF_EVENTS = STATEMENTS_OF_ROOMS + 16,
};

/* A use of a statement: bind, step, read, done.  The first failure stays. */
struct query {
	struct store *s;
	sqlite3_stmt *stmt; /* NULL: it can't be prepared */
	int bound;          /* how many parameters */
	int err;            /* 0, or -errno */
};

/* From SQLite's result to -errno. */
int store_error(int code);

struct query query_begin(struct store *s, int statement, const char *sql);
void query_integer(struct query *q, int64_t n);
void query_text(struct query *q, const char *text, size_t len);
void query_string(struct query *q, const char *text); /* NULL: SQL's NULL */
void query_blob(struct query *q, const void *bytes, size_t len);

/* True: there is a row. */
bool query_row(struct query *q);
int64_t column_integer(const struct query *q, int column);
const char *column_text(const struct query *q, int column, size_t *len);
void column_copy(const struct query *q, int column, char *to, size_t room);

/* Ends the use; texts of its row are gone.  0 or -errno. */
int query_end(struct query *q);

/* Leaves it at its row, whose texts live until the next query_begin(). */
void query_keep(struct query *q);

/* All of it, where no row is expected. */
int query_run(struct query *q);

/* How many rows the last change touched. */
int query_changes(const struct store *s);

/* store_schema.c: makes the tables, or brings them up to date. */
int store_prepare_schema(struct store *s, char why[256]);

#endif
