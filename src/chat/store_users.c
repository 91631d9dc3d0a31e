/* SPDX-License-Identifier: MIT */
/* People and their tokens. */
#include "store_internal.h"

#include <errno.h>

enum {
	FIND = STATEMENTS_OF_USERS,
	FIND_BY_ID,
	ADD,
	SET_PASSWORD,
	DELETE,
	FORGET_GUEST,
	ADD_TOKEN,
	FIND_TOKEN,
	TOUCH_TOKEN,
	DELETE_TOKEN,
	DELETE_TOKENS,
	SWEEP_TOKENS,
};

/* ---- People ---- */

/* The one row that was asked for. */
static int take_user(struct query *q, struct store_user *u)
{
	bool found = query_row(q);

	if (found) {
		*u = (struct store_user){
			.id = column_integer(q, 0),
			.mode = (enum store_mode)column_integer(q, 2),
			.deleted = column_integer(q, 4) != 0,
		};
		column_copy(q, 1, u->shown, sizeof(u->shown));
		column_copy(q, 3, u->hash, sizeof(u->hash));
	}
	query_end(q);
	return q->err ? q->err : found ? 0 : -ENOENT;
}

int store_find_user(struct store *s, const char *key, struct store_user *u)
{
	struct query q =
		query_begin(s, FIND,
			    "SELECT id, shown, mode, hash, deleted FROM users"
			    " WHERE key = ?");

	query_string(&q, key);
	return take_user(&q, u);
}

int store_find_user_by_id(struct store *s, int64_t id, struct store_user *u)
{
	struct query q =
		query_begin(s, FIND_BY_ID,
			    "SELECT id, shown, mode, hash, deleted FROM users"
			    " WHERE id = ?");

	query_integer(&q, id);
	return take_user(&q, u);
}

int store_add_user(struct store *s, const char *shown, const char *key,
		   enum store_mode mode, const char *hash, int64_t now,
		   int64_t *id)
{
	struct query q = query_begin(
		s, ADD,
		"INSERT INTO users (shown, key, mode, hash, created)"
		" VALUES (?, ?, ?, ?, ?)");
	int err;

	query_string(&q, shown);
	query_string(&q, key);
	query_integer(&q, mode);
	query_string(&q, hash);
	query_integer(&q, now);
	err = query_run(&q);
	if (!err)
		*id = sqlite3_last_insert_rowid(s->db);
	return err;
}

/* -ENOENT where the change touched nobody. */
static int run_on_one(struct query *q)
{
	int err = query_run(q);

	return err ? err : query_changes(q->s) > 0 ? 0 : -ENOENT;
}

int store_set_password(struct store *s, int64_t user, const char *hash)
{
	struct query q = query_begin(
		s, SET_PASSWORD,
		"UPDATE users SET hash = ? WHERE id = ? AND deleted = 0");

	query_string(&q, hash);
	query_integer(&q, user);
	return run_on_one(&q);
}

int store_delete_user(struct store *s, int64_t user)
{
	struct query q = query_begin(
		s, DELETE,
		"UPDATE users SET deleted = 1, hash = NULL WHERE id = ?"
		" AND deleted = 0");
	int err;

	query_integer(&q, user);
	err = run_on_one(&q);
	return err ? err : store_delete_tokens(s, user);
}

int store_forget_guest(struct store *s, int64_t user)
{
	struct query q = query_begin(s, FORGET_GUEST,
				     "DELETE FROM users WHERE id = ?"
				     " AND mode = ?");

	query_integer(&q, user);
	query_integer(&q, STORE_GUEST);
	return run_on_one(&q);
}

/* ---- Tokens ---- */

int store_add_token(struct store *s, const uint8_t digest[SECRET_DIGEST],
		    int64_t user, int64_t now, int64_t expires)
{
	struct query q = query_begin(
		s, ADD_TOKEN,
		"INSERT INTO tokens (digest, user, created, expires)"
		" VALUES (?, ?, ?, ?)");

	query_blob(&q, digest, SECRET_DIGEST);
	query_integer(&q, user);
	query_integer(&q, now);
	query_integer(&q, expires);
	return query_run(&q);
}

int store_find_token(struct store *s, const uint8_t digest[SECRET_DIGEST],
		     int64_t now, struct store_token *t)
{
	struct query q = query_begin(s, FIND_TOKEN,
				     "SELECT user, expires FROM tokens"
				     " WHERE digest = ? AND expires > ?");
	bool found;

	query_blob(&q, digest, SECRET_DIGEST);
	query_integer(&q, now);
	found = query_row(&q);
	if (found)
		*t = (struct store_token){column_integer(&q, 0),
					  column_integer(&q, 1)};
	query_end(&q);
	return q.err ? q.err : found ? 0 : -ENOENT;
}

int store_touch_token(struct store *s, const uint8_t digest[SECRET_DIGEST],
		      int64_t expires)
{
	struct query q =
		query_begin(s, TOUCH_TOKEN,
			    "UPDATE tokens SET expires = ? WHERE digest = ?");

	query_integer(&q, expires);
	query_blob(&q, digest, SECRET_DIGEST);
	return run_on_one(&q);
}

int store_delete_token(struct store *s, const uint8_t digest[SECRET_DIGEST])
{
	struct query q = query_begin(s, DELETE_TOKEN,
				     "DELETE FROM tokens WHERE digest = ?");

	query_blob(&q, digest, SECRET_DIGEST);
	return run_on_one(&q);
}

int store_delete_tokens(struct store *s, int64_t user)
{
	struct query q = query_begin(s, DELETE_TOKENS,
				     "DELETE FROM tokens WHERE user = ?");

	query_integer(&q, user);
	return query_run(&q);
}

int store_sweep_tokens(struct store *s, int64_t now)
{
	struct query q = query_begin(s, SWEEP_TOKENS,
				     "DELETE FROM tokens WHERE expires <= ?");

	query_integer(&q, now);
	return query_run(&q);
}
