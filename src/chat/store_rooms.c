/* SPDX-License-Identifier: MIT */
/* Rooms, what has been read in them, and who may do what there. */
#include "store_internal.h"

#include <errno.h>

enum {
	FIND = STATEMENTS_OF_ROOMS,
	FIND_DIRECT,
	ADD,
	MARK,
	FIND_MARK,
	SET_SANCTION,
	LIFT_SANCTION,
	SANCTIONS,
	ADD_OPERATOR,
	REMOVE_OPERATOR,
	IS_OPERATOR,
};

/* ---- Rooms ---- */

#define COLUMNS "id, seq, first, creator, low, high, epoch, shown"

static int take_room(struct query *q, struct store_room *r)
{
	bool found = query_row(q);

	if (found) {
		*r = (struct store_room){
			.id = column_integer(q, 0),
			.seq = column_integer(q, 1),
			.first = column_integer(q, 2),
			.creator = column_integer(q, 3),
			.low = column_integer(q, 4),
			.high = column_integer(q, 5),
		};
		column_copy(q, 6, r->epoch, sizeof(r->epoch));
		column_copy(q, 7, r->shown, sizeof(r->shown));
	}
	query_end(q);
	return q->err ? q->err : found ? 0 : -ENOENT;
}

int store_find_room(struct store *s, const char *key, struct store_room *r)
{
	struct query q = query_begin(
		s, FIND, "SELECT " COLUMNS " FROM rooms WHERE key = ?");

	query_string(&q, key);
	return take_room(&q, r);
}

int store_find_direct(struct store *s, int64_t one, int64_t other,
		      struct store_room *r)
{
	struct query q = query_begin(s, FIND_DIRECT,
				     "SELECT " COLUMNS " FROM rooms"
				     " WHERE low = ? AND high = ?"
				     " AND low > 0");

	query_integer(&q, one < other ? one : other);
	query_integer(&q, one < other ? other : one);
	return take_room(&q, r);
}

static void make_epoch(char epoch[STORE_EPOCH_CHARS + 1])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t bytes[STORE_EPOCH_CHARS / 2];

	secret_random(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		epoch[2 * i] = hex[bytes[i] >> 4];
		epoch[2 * i + 1] = hex[bytes[i] & 15];
	}
	epoch[STORE_EPOCH_CHARS] = '\0';
}

int store_add_room(struct store *s, const char *shown, const char *key,
		   int64_t creator, int64_t low, int64_t high,
		   struct store_room *r)
{
	struct query q = query_begin(
		s, ADD,
		"INSERT INTO rooms (shown, key, creator, low, high, epoch)"
		" VALUES (?, ?, ?, ?, ?, ?) RETURNING " COLUMNS);
	char epoch[STORE_EPOCH_CHARS + 1];

	make_epoch(epoch);
	query_string(&q, shown);
	query_string(&q, key);
	query_integer(&q, creator);
	query_integer(&q, low);
	query_integer(&q, high);
	query_string(&q, epoch);
	return take_room(&q, r);
}

/* ---- Read markers ---- */

int store_mark_read(struct store *s, int64_t room, int64_t user, int64_t seq)
{
	struct query q = query_begin(
		s, MARK,
		"INSERT INTO marks (room, user, seq) VALUES (?, ?, ?)"
		" ON CONFLICT (room, user) DO UPDATE SET seq = excluded.seq"
		" WHERE excluded.seq > seq");

	query_integer(&q, room);
	query_integer(&q, user);
	query_integer(&q, seq);
	return query_run(&q);
}

int store_find_mark(struct store *s, int64_t room, int64_t user, int64_t *seq)
{
	struct query q = query_begin(s, FIND_MARK,
				     "SELECT seq FROM marks WHERE room = ?"
				     " AND user = ?");

	query_integer(&q, room);
	query_integer(&q, user);
	*seq = query_row(&q) ? column_integer(&q, 0) : 0;
	return query_end(&q);
}

/* ---- Moderation ---- */

int store_set_sanction(struct store *s, const struct store_sanction *x)
{
	struct query q =
		query_begin(s, SET_SANCTION,
			    "INSERT OR REPLACE INTO sanctions"
			    " (room, user, address, kind, until, reason)"
			    " VALUES (?, ?, ?, ?, ?, ?)");

	query_integer(&q, x->room);
	query_integer(&q, x->user);
	query_string(&q, x->address ? x->address : "");
	query_integer(&q, x->kind);
	query_integer(&q, x->until);
	query_string(&q, x->reason ? x->reason : "");
	return query_run(&q);
}

int store_lift_sanction(struct store *s, const struct store_sanction *x)
{
	struct query q =
		query_begin(s, LIFT_SANCTION,
			    "DELETE FROM sanctions WHERE room = ? AND user = ?"
			    " AND address = ? AND kind = ?");

	query_integer(&q, x->room);
	query_integer(&q, x->user);
	query_string(&q, x->address ? x->address : "");
	query_integer(&q, x->kind);
	return query_run(&q);
}

int store_sanctions(struct store *s, int64_t now,
		    bool (*each)(void *arg, const struct store_sanction *x),
		    void *arg)
{
	struct query q =
		query_begin(s, SANCTIONS,
			    "SELECT room, user, kind, until, address, reason"
			    " FROM sanctions WHERE until = 0 OR until > ?");
	bool more = true;

	query_integer(&q, now);
	while (more && query_row(&q)) {
		struct store_sanction x = {
			.room = column_integer(&q, 0),
			.user = column_integer(&q, 1),
			.kind = (enum store_sanction_kind)column_integer(&q, 2),
			.until = column_integer(&q, 3),
			.address = column_text(&q, 4, NULL),
			.reason = column_text(&q, 5, NULL),
		};

		if (x.address && *x.address == '\0')
			x.address = NULL;
		more = each(arg, &x);
	}
	return query_end(&q);
}

int store_set_operator(struct store *s, int64_t room, int64_t user, bool is)
{
	struct query q =
		is ? query_begin(s, ADD_OPERATOR,
				 "INSERT OR IGNORE INTO operators (room, user)"
				 " VALUES (?, ?)")
		   : query_begin(s, REMOVE_OPERATOR,
				 "DELETE FROM operators WHERE room = ?"
				 " AND user = ?");

	query_integer(&q, room);
	query_integer(&q, user);
	return query_run(&q);
}

int store_is_operator(struct store *s, int64_t room, int64_t user, bool *is)
{
	struct query q = query_begin(s, IS_OPERATOR,
				     "SELECT 1 FROM operators WHERE room = ?"
				     " AND user = ?");

	query_integer(&q, room);
	query_integer(&q, user);
	*is = query_row(&q);
	return query_end(&q);
}
