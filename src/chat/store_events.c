/* SPDX-License-Identifier: MIT */
/*
 * The logs of rooms.  What was said is never numbered anew; an edit or delete
 * changes the present form of what it is about, and erases the text that is no
 * longer to be shown (secure_delete overwrites it in the file).
 */
#include "store_internal.h"

#include <errno.h>

enum {
	ADD = STATEMENTS_OF_EVENTS,
	RAISE,
	OVERTAKE,
	EDIT_TARGET,
	DELETE_TARGET,
	FIND,
	FIND_NONCE,
	PAGE,
	OLDEST_SINCE,
	FORGET,
	SET_FIRST,
};

#define COLUMNS                                                                \
	"seq, ts, user, kind, target, edited, deleted, sender, text, nonce"

static struct store_event take_event(const struct query *q)
{
	struct store_event e = {
		.seq = column_integer(q, 0),
		.ts = column_integer(q, 1),
		.user = column_integer(q, 2),
		.kind = (enum store_kind)column_integer(q, 3),
		.target = column_integer(q, 4),
		.edited = column_integer(q, 5),
		.deleted = column_integer(q, 6),
		.from = column_text(q, 7, NULL),
		.nonce = column_text(q, 9, NULL),
	};

	e.text = column_text(q, 8, &e.text_len);
	return e;
}

/* ---- Appending ---- */

static int add(struct store *s, int64_t room, const struct store_event *e)
{
	struct query q = query_begin(
		s, ADD,
		"INSERT INTO events (room, seq, ts, user, kind, target,"
		" sender, text, nonce) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");

	query_integer(&q, room);
	query_integer(&q, e->seq);
	query_integer(&q, e->ts);
	query_integer(&q, e->user);
	query_integer(&q, e->kind);
	query_integer(&q, e->target);
	query_string(&q, e->from);
	if (e->text)
		query_text(&q, e->text, e->text_len);
	else
		query_string(&q, NULL);
	query_string(&q, e->nonce);
	return query_run(&q);
}

/* The room's seq; -ENOENT where e isn't the next of that room. */
static int raise(struct store *s, int64_t room, int64_t seq)
{
	struct query q = query_begin(
		s, RAISE,
		"UPDATE rooms SET seq = ?1 WHERE id = ?2 AND seq = ?1 - 1");
	int err;

	query_integer(&q, seq);
	query_integer(&q, room);
	err = query_run(&q);
	return err ? err : query_changes(s) == 1 ? 0 : -ENOENT;
}

/* Earlier edits of the target have no text any more. */
static int overtake(struct store *s, int64_t room, const struct store_event *e)
{
	struct query q =
		query_begin(s, OVERTAKE,
			    "UPDATE events SET text = NULL, edited = ?1"
			    " WHERE room = ?2 AND target = ?3 AND target > 0"
			    " AND kind = ?4 AND seq < ?1 AND text IS NOT NULL");

	query_integer(&q, e->seq);
	query_integer(&q, room);
	query_integer(&q, e->target);
	query_integer(&q, STORE_EDIT);
	return query_run(&q);
}

static int edit_target(struct store *s, int64_t room,
		       const struct store_event *e)
{
	struct query q = query_begin(s, EDIT_TARGET,
				     "UPDATE events SET text = ?, edited = ?"
				     " WHERE room = ? AND seq = ?");

	query_text(&q, e->text, e->text_len);
	query_integer(&q, e->seq);
	query_integer(&q, room);
	query_integer(&q, e->target);
	return query_run(&q);
}

static int delete_target(struct store *s, int64_t room,
			 const struct store_event *e)
{
	struct query q = query_begin(
		s, DELETE_TARGET,
		"UPDATE events SET text = NULL, edited = 0, deleted = ?"
		" WHERE room = ? AND seq = ?");

	query_integer(&q, e->seq);
	query_integer(&q, room);
	query_integer(&q, e->target);
	return query_run(&q);
}

int store_append(struct store *s, int64_t room, const struct store_event *e)
{
	int err = raise(s, room, e->seq);

	if (!err)
		err = add(s, room, e);
	if (err || e->kind == STORE_MESSAGE)
		return err;
	err = overtake(s, room, e);
	if (err)
		return err;
	return e->kind == STORE_EDIT ? edit_target(s, room, e)
				     : delete_target(s, room, e);
}

/* ---- Finding ---- */

static int find_one(struct query *q, struct store_event *e)
{
	if (query_row(q)) {
		*e = take_event(q);
		query_keep(q);
		return 0;
	}
	query_end(q);
	return q->err ? q->err : -ENOENT;
}

int store_find_event(struct store *s, int64_t room, int64_t seq,
		     struct store_event *e)
{
	struct query q = query_begin(s, FIND,
				     "SELECT " COLUMNS " FROM events"
				     " WHERE room = ? AND seq = ?");

	query_integer(&q, room);
	query_integer(&q, seq);
	return find_one(&q, e);
}

int store_find_nonce(struct store *s, int64_t room, int64_t user,
		     const char *nonce, struct store_event *e)
{
	struct query q = query_begin(s, FIND_NONCE,
				     "SELECT " COLUMNS " FROM events"
				     " WHERE room = ? AND user = ?"
				     " AND nonce = ? ORDER BY seq LIMIT 1");

	query_integer(&q, room);
	query_integer(&q, user);
	query_string(&q, nonce);
	return find_one(&q, e);
}

int store_page(struct store *s, int64_t room, int64_t from, int64_t before,
	       bool (*each)(void *arg, const struct store_event *e), void *arg)
{
	struct query q = query_begin(s, PAGE,
				     "SELECT " COLUMNS " FROM events"
				     " WHERE room = ? AND seq >= ?"
				     " AND seq < ? ORDER BY seq DESC");
	bool more = true;

	query_integer(&q, room);
	query_integer(&q, from);
	query_integer(&q, before);
	while (more && query_row(&q)) {
		struct store_event e = take_event(&q);

		more = each(arg, &e);
	}
	return query_end(&q);
}

/* ---- Retention ---- */

/* The first number that neither limit forgets. */
static int find_first(struct store *s, int64_t room, int64_t keep,
		      int64_t since, int64_t *first)
{
	struct query q = query_begin(
		s, OLDEST_SINCE,
		"SELECT max(r.first, CASE WHEN ?2 > 0 THEN r.seq - ?2 + 1"
		" ELSE 0 END, CASE WHEN ?3 > 0 THEN coalesce((SELECT"
		" min(e.seq) FROM events e WHERE e.room = r.id"
		" AND e.ts >= ?3), r.seq + 1) ELSE 0 END)"
		" FROM rooms r WHERE r.id = ?1");
	bool found;

	query_integer(&q, room);
	query_integer(&q, keep);
	query_integer(&q, since);
	found = query_row(&q);
	if (found)
		*first = column_integer(&q, 0);
	query_end(&q);
	return q.err ? q.err : found ? 0 : -ENOENT;
}

int store_forget(struct store *s, int64_t room, int64_t keep, int64_t since,
		 int64_t *first)
{
	struct query q;
	int err = find_first(s, room, keep, since, first);

	if (err)
		return err;
	q = query_begin(s, FORGET,
			"DELETE FROM events WHERE room = ? AND seq < ?");
	query_integer(&q, room);
	query_integer(&q, *first);
	err = query_run(&q);
	if (err)
		return err;
	q = query_begin(s, SET_FIRST,
			"UPDATE rooms SET first = ? WHERE id = ?");
	query_integer(&q, *first);
	query_integer(&q, room);
	return query_run(&q);
}
