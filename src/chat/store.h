/* SPDX-License-Identifier: MIT */
/*
 * What outlives the program: people, tokens, rooms and their logs, in an SQLite
 * database.  Only store*.c include SQLite.  A store is one connection, used by
 * one thread at a time; several may be open on one file, of which one writes.
 * Nothing here decides who may do what.  Go's counterpart: database/sql.
 *
 * Every call may fail: -ENOSPC (the disk is full), -EBUSY, -EIO, -ENOMEM.
 * After a failure inside a transaction it has to be rolled back.  What is found
 * is copied to the caller; texts live until the next call on the store.
 * Times are Unix milliseconds.
 */
#ifndef CHAT_STORE_H
#define CHAT_STORE_H

#include "name.h"
#include "secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_sync {
	STORE_SYNC_NORMAL, /* survives the program's death */
	STORE_SYNC_FULL,   /* and the machine's */
};

/*
 * Opens the database at path (":memory:" is one that nobody else sees), makes
 * it or brings its schema up to date.  Returns 0 with *s, or -errno with a
 * sentence in why[]; -EPROTO: a newer program has written it.  writes: this is
 * the connection that writes, and closes it cleanly.
 */
int store_open(struct store **s, const char *path, enum store_sync sync,
	       bool writes, char why[256]);

/* NULL: nothing.  The one that writes notes that it ended cleanly. */
void store_close(struct store *s);

int store_begin(struct store *s);
int store_commit(struct store *s);
void store_rollback(struct store *s);

/* ---- People ---- */

enum store_mode { STORE_PASSWORD, STORE_JWT, STORE_GUEST, STORE_PLAIN };

struct store_user {
	int64_t id;
	enum store_mode mode;
	bool deleted;
	char shown[NAME_BYTES + 1];   /* with "~" where it is a guest's */
	char hash[SECRET_HASH_BYTES]; /* of the password; "": none */
};

/* -ENOENT: there is none of that key (a guest's begins with "~") or id. */
int store_find_user(struct store *s, const char *key, struct store_user *u);
int store_find_user_by_id(struct store *s, int64_t id, struct store_user *u);

/* Adds one; -EEXIST: the key is taken, also by a deleted one.  hash may be
 * NULL. */
int store_add_user(struct store *s, const char *shown, const char *key,
		   enum store_mode mode, const char *hash, int64_t now,
		   int64_t *id);

int store_set_password(struct store *s, int64_t user, const char *hash);

/* Its tokens go with it; the name stays taken, and what it wrote. */
int store_delete_user(struct store *s, int64_t user);

/* A guest's name is free again. */
int store_forget_guest(struct store *s, int64_t user);

/* ---- Tokens ---- */

struct store_token {
	int64_t user, expires;
};

int store_add_token(struct store *s, const uint8_t digest[SECRET_DIGEST],
		    int64_t user, int64_t now, int64_t expires);

/* -ENOENT: unknown, or expired at now. */
int store_find_token(struct store *s, const uint8_t digest[SECRET_DIGEST],
		     int64_t now, struct store_token *t);
int store_touch_token(struct store *s, const uint8_t digest[SECRET_DIGEST],
		      int64_t expires);
int store_delete_token(struct store *s, const uint8_t digest[SECRET_DIGEST]);

/* All of a user's. */
int store_delete_tokens(struct store *s, int64_t user);

/* Those that expired before now, of everybody. */
int store_sweep_tokens(struct store *s, int64_t now);

/* ---- Rooms ---- */

#define STORE_EPOCH_CHARS 16

struct store_room {
	int64_t id;
	int64_t seq;       /* of the newest event; 0: none yet */
	int64_t first;     /* the oldest that is kept; seq + 1: none is */
	int64_t creator;   /* a user; 0: nobody's */
	int64_t low, high; /* the two of a direct room; 0: it is none */
	char epoch[STORE_EPOCH_CHARS + 1];
	char shown[NAME_BYTES + 2]; /* "" where it is direct */
};

/* -ENOENT. */
int store_find_room(struct store *s, const char *key, struct store_room *r);
int store_find_direct(struct store *s, int64_t one, int64_t other,
		      struct store_room *r);

/* Adds a room (direct: shown and key NULL, low and high set) with an epoch of
 * its own.  -EEXIST. */
int store_add_room(struct store *s, const char *shown, const char *key,
		   int64_t creator, int64_t low, int64_t high,
		   struct store_room *r);

/* ---- Events ---- */

enum store_kind { STORE_MESSAGE, STORE_EDIT, STORE_DELETE };

struct store_event {
	int64_t seq, ts, user;
	enum store_kind kind;
	int64_t target; /* of an edit or a delete */
	/* In its present form: of a message the seq of its last edit, and of
	 * the delete; of an edit that was overtaken, what overtook it. */
	int64_t edited, deleted;
	const char *from;  /* as it was spelled then */
	const char *text;  /* NULL: it has none, or no longer */
	const char *nonce; /* NULL: none */
	size_t text_len;
};

/*
 * Appends e to the room, whose seq becomes e->seq (the caller numbers: it is
 * the room's seq + 1).  An edit or delete also changes its target and those
 * edits of it that it overtakes, whose text is erased.  In a transaction.
 */
int store_append(struct store *s, int64_t room, const struct store_event *e);

/* The event of that number; -ENOENT. */
int store_find_event(struct store *s, int64_t room, int64_t seq,
		     struct store_event *e);

/* What that user said there with that nonce; -ENOENT. */
int store_find_nonce(struct store *s, int64_t room, int64_t user,
		     const char *nonce, struct store_event *e);

/*
 * Calls each() for events of the room with from <= seq < before, the newest
 * first, until it returns false.  e lives for the call.
 */
int store_page(struct store *s, int64_t room, int64_t from, int64_t before,
	       bool (*each)(void *arg, const struct store_event *e), void *arg);

/*
 * Forgets what is older than the newest keep events, or than the time; *first
 * becomes the oldest that is left.  keep 0, since 0: no such limit.
 */
int store_forget(struct store *s, int64_t room, int64_t keep, int64_t since,
		 int64_t *first);

/* ---- Read markers ---- */

/* Raises the marker, if it is not higher already. */
int store_mark_read(struct store *s, int64_t room, int64_t user, int64_t seq);

/* *seq 0: none. */
int store_find_mark(struct store *s, int64_t room, int64_t user, int64_t *seq);

/* ---- Moderation ---- */

enum store_sanction_kind { STORE_BAN, STORE_MUTE };

struct store_sanction {
	int64_t room; /* 0: the whole server */
	int64_t user; /* 0: an address's */
	enum store_sanction_kind kind;
	int64_t until;       /* 0: for good */
	const char *address; /* NULL: a user's */
	const char *reason;  /* "" */
};

/* Sets, in place of what there was for the same one there; and lifts. */
int store_set_sanction(struct store *s, const struct store_sanction *x);
int store_lift_sanction(struct store *s, const struct store_sanction *x);

/* All that hold at now. */
int store_sanctions(struct store *s, int64_t now,
		    bool (*each)(void *arg, const struct store_sanction *x),
		    void *arg);

/* Whether a user operates a room. */
int store_set_operator(struct store *s, int64_t room, int64_t user, bool is);
int store_is_operator(struct store *s, int64_t room, int64_t user, bool *is);

#endif
