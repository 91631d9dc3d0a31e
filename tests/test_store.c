/* SPDX-License-Identifier: MIT */
/*
 * What is stored is there again: in another connection, after a reopening,
 * after a disk that was full.
 *
 * Planted, and caught by: seq not checked on append
 * (an_append_is_the_next_or_nothing), an overtaken edit that keeps its text
 * (edits_and_deletes_change_the_present_form), retention off by one
 * (what_is_old_is_forgotten), markers that sink (markers_only_rise), expired
 * tokens found, a newer schema opened (a_newer_schema_is_refused), an epoch
 * that survives a crash of the machine (an_epoch_lives_as_long_as_its_log).
 */
#include "store.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char dir[] = "/tmp/chatd-store-XXXXXX", path[64];
static struct store *s;
static char why[256];

static struct store *open_it(bool writes)
{
	struct store *opened;
	int err = store_open(&opened, path, STORE_SYNC_NORMAL, writes, why);

	ck_assert_msg(err == 0, "%d: %s", err, why);
	return opened;
}

static void set_up(void)
{
	ck_assert_int_eq(secret_start(), 0);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/chatd.db", dir);
	s = open_it(true);
}

static void tear_down(void)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char name[80];

	store_close(s);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		(void)unlink(name);
	}
	(void)rmdir(dir);
}

static void reopen(void)
{
	store_close(s);
	s = open_it(true);
}

/* Behind the store's back. */
static void execute(const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

/* ---- Opening ---- */

START_TEST(a_newer_schema_is_refused)
{
	struct store *newer;

	execute("PRAGMA user_version = 99");
	ck_assert_int_eq(store_open(&newer, path, STORE_SYNC_FULL, true, why),
			 -EPROTO);
	ck_assert_ptr_null(newer);
	ck_assert_ptr_nonnull(strstr(why, "newer"));
	execute("PRAGMA user_version = 1");
}
END_TEST

START_TEST(what_cannot_be_opened_says_why)
{
	struct store *none;

	ck_assert_int_lt(store_open(&none, "/nowhere/at/all", STORE_SYNC_FULL,
				    true, why),
			 0);
	ck_assert_uint_gt(strlen(why), 5);
	ck_assert_int_lt(store_open(&none, dir, STORE_SYNC_FULL, true, why), 0);
}
END_TEST

START_TEST(memory_is_a_place_too)
{
	struct store *m;
	struct store_room r;

	ck_assert_int_eq(store_open(&m, ":memory:", STORE_SYNC_FULL, true, why),
			 0);
	ck_assert_int_eq(store_add_room(m, "a", "a", 0, 0, 0, &r), 0);
	store_close(m);
}
END_TEST

/* ---- People and tokens ---- */

START_TEST(people_are_found_again)
{
	struct store_user u;
	int64_t ann, bob;

	ck_assert_int_eq(store_find_user(s, "ann", &u), -ENOENT);
	ck_assert_int_eq(store_add_user(s, "Ann", "ann", STORE_PASSWORD,
					"$hash", 5, &ann),
			 0);
	ck_assert_int_eq(
		store_add_user(s, "ANN", "ann", STORE_JWT, NULL, 6, &bob),
		-EEXIST);
	ck_assert_int_eq(
		store_add_user(s, "~Ann", "~ann", STORE_GUEST, NULL, 7, &bob),
		0);
	reopen();
	ck_assert_int_eq(store_find_user(s, "ann", &u), 0);
	ck_assert_int_eq(u.id, ann);
	ck_assert_str_eq(u.shown, "Ann");
	ck_assert_str_eq(u.hash, "$hash");
	ck_assert_int_eq(u.mode, STORE_PASSWORD);
	ck_assert(!u.deleted);
	ck_assert_int_eq(store_set_password(s, ann, "$other"), 0);
	ck_assert_int_eq(store_set_password(s, 999, "$other"), -ENOENT);
	ck_assert_int_eq(store_find_user_by_id(s, ann, &u), 0);
	ck_assert_str_eq(u.hash, "$other");
	ck_assert_int_eq(store_find_user_by_id(s, bob, &u), 0);
	ck_assert_str_eq(u.shown, "~Ann");
	ck_assert_str_eq(u.hash, "");
}
END_TEST

START_TEST(a_deleted_name_stays_taken_and_a_guests_is_free)
{
	uint8_t digest[SECRET_DIGEST] = {1};
	struct store_token t;
	struct store_user u;
	int64_t ann, guest, again;

	ck_assert_int_eq(
		store_add_user(s, "ann", "ann", STORE_PASSWORD, "h", 1, &ann),
		0);
	ck_assert_int_eq(store_add_token(s, digest, ann, 1, 100), 0);
	ck_assert_int_eq(store_delete_user(s, ann), 0);
	ck_assert_int_eq(store_delete_user(s, ann), -ENOENT);
	ck_assert_int_eq(store_find_token(s, digest, 5, &t), -ENOENT);
	ck_assert_int_eq(store_find_user(s, "ann", &u), 0);
	ck_assert(u.deleted);
	ck_assert_str_eq(u.hash, "");
	ck_assert_int_eq(
		store_add_user(s, "ann", "ann", STORE_PASSWORD, "h", 1, &again),
		-EEXIST);
	ck_assert_int_eq(store_forget_guest(s, ann), -ENOENT);
	ck_assert_int_eq(
		store_add_user(s, "~bo", "~bo", STORE_GUEST, NULL, 1, &guest),
		0);
	ck_assert_int_eq(store_forget_guest(s, guest), 0);
	ck_assert_int_eq(
		store_add_user(s, "~bo", "~bo", STORE_GUEST, NULL, 1, &again),
		0);
	ck_assert_int_ne(guest, again); /* another person */
}
END_TEST

START_TEST(tokens_live_until_they_expire)
{
	uint8_t a[SECRET_DIGEST] = {1}, b[SECRET_DIGEST] = {2};
	struct store_token t;
	int64_t ann;

	ck_assert_int_eq(
		store_add_user(s, "ann", "ann", STORE_PASSWORD, "h", 1, &ann),
		0);
	ck_assert_int_eq(store_add_token(s, a, ann, 1, 100), 0);
	ck_assert_int_eq(store_add_token(s, b, ann, 1, 200), 0);
	ck_assert_int_eq(store_add_token(s, b, ann, 1, 200), -EEXIST);
	ck_assert_int_eq(store_find_token(s, a, 99, &t), 0);
	ck_assert_int_eq(t.user, ann);
	ck_assert_int_eq(t.expires, 100);
	ck_assert_int_eq(store_find_token(s, a, 100, &t), -ENOENT);
	ck_assert_int_eq(store_touch_token(s, a, 300), 0);
	ck_assert_int_eq(store_find_token(s, a, 100, &t), 0);
	ck_assert_int_eq(store_sweep_tokens(s, 200), 0);
	ck_assert_int_eq(store_touch_token(s, b, 300), -ENOENT);
	ck_assert_int_eq(store_delete_token(s, a), 0);
	ck_assert_int_eq(store_delete_token(s, a), -ENOENT);
}
END_TEST

/* ---- Rooms and their logs ---- */

static struct store_room lobby(void)
{
	struct store_room r;

	ck_assert_int_eq(store_add_room(s, "Lobby", "lobby", 7, 0, 0, &r), 0);
	return r;
}

static int say(int64_t room, int64_t seq, enum store_kind kind, int64_t target,
	       const char *text, const char *nonce)
{
	struct store_event e = {
		.seq = seq,
		.ts = 1000 * seq,
		.user = 7,
		.kind = kind,
		.target = target,
		.from = "ann",
		.text = text,
		.text_len = text ? strlen(text) : 0,
		.nonce = nonce,
	};

	return store_append(s, room, &e);
}

START_TEST(rooms_are_found_again)
{
	struct store_room r = lobby(), found;

	ck_assert_int_eq(r.seq, 0);
	ck_assert_int_eq(r.first, 1);
	ck_assert_int_eq(r.creator, 7);
	ck_assert_uint_eq(strlen(r.epoch), STORE_EPOCH_CHARS);
	ck_assert_int_eq(store_add_room(s, "LOBBY", "lobby", 1, 0, 0, &found),
			 -EEXIST);
	ck_assert_int_eq(store_find_room(s, "none", &found), -ENOENT);
	ck_assert_int_eq(say(r.id, 1, STORE_MESSAGE, 0, "hi", NULL), 0);
	reopen();
	ck_assert_int_eq(store_find_room(s, "lobby", &found), 0);
	ck_assert_int_eq(found.id, r.id);
	ck_assert_int_eq(found.seq, 1);
	ck_assert_str_eq(found.shown, "Lobby");
	ck_assert_str_eq(found.epoch, r.epoch);
}
END_TEST

START_TEST(a_direct_room_is_one_for_both)
{
	struct store_room r, found;

	ck_assert_int_eq(store_find_direct(s, 4, 9, &found), -ENOENT);
	ck_assert_int_eq(store_add_room(s, NULL, NULL, 0, 4, 9, &r), 0);
	ck_assert_int_eq(store_add_room(s, NULL, NULL, 0, 4, 9, &found),
			 -EEXIST);
	ck_assert_int_eq(store_add_room(s, NULL, NULL, 0, 4, 10, &found), 0);
	ck_assert_int_eq(store_find_direct(s, 9, 4, &found), 0);
	ck_assert_int_eq(found.id, r.id);
	ck_assert_str_eq(found.shown, "");
}
END_TEST

START_TEST(an_append_is_the_next_or_nothing)
{
	struct store_room r = lobby();
	struct store_event e;

	ck_assert_int_eq(say(r.id, 2, STORE_MESSAGE, 0, "x", NULL), -ENOENT);
	ck_assert_int_eq(say(r.id, 1, STORE_MESSAGE, 0, "hi", "k1"), 0);
	ck_assert_int_eq(say(r.id, 1, STORE_MESSAGE, 0, "x", NULL), -ENOENT);
	ck_assert_int_eq(say(r.id, 3, STORE_MESSAGE, 0, "x", NULL), -ENOENT);
	ck_assert_int_eq(say(999, 1, STORE_MESSAGE, 0, "x", NULL), -ENOENT);
	ck_assert_int_eq(store_find_event(s, r.id, 1, &e), 0);
	ck_assert_int_eq(e.ts, 1000);
	ck_assert_int_eq(e.user, 7);
	ck_assert_str_eq(e.from, "ann");
	ck_assert_str_eq(e.text, "hi");
	ck_assert_uint_eq(e.text_len, 2);
	ck_assert_str_eq(e.nonce, "k1");
	ck_assert_int_eq(store_find_event(s, r.id, 2, &e), -ENOENT);
}
END_TEST

START_TEST(a_nonce_is_its_users_in_its_room)
{
	struct store_room r = lobby(), other;
	struct store_event e;

	ck_assert_int_eq(store_add_room(s, "b", "b", 0, 0, 0, &other), 0);
	ck_assert_int_eq(say(r.id, 1, STORE_MESSAGE, 0, "hi", "k1"), 0);
	ck_assert_int_eq(say(r.id, 2, STORE_MESSAGE, 0, "ho", NULL), 0);
	ck_assert_int_eq(store_find_nonce(s, r.id, 7, "k1", &e), 0);
	ck_assert_int_eq(e.seq, 1);
	ck_assert_int_eq(store_find_nonce(s, r.id, 7, "k2", &e), -ENOENT);
	ck_assert_int_eq(store_find_nonce(s, r.id, 8, "k1", &e), -ENOENT);
	ck_assert_int_eq(store_find_nonce(s, other.id, 7, "k1", &e), -ENOENT);
}
END_TEST

static void expect(int64_t room, int64_t seq, const char *text, int64_t edited,
		   int64_t deleted)
{
	struct store_event e;

	ck_assert_int_eq(store_find_event(s, room, seq, &e), 0);
	if (text)
		ck_assert_str_eq(e.text, text);
	else
		ck_assert_ptr_null(e.text);
	ck_assert_int_eq(e.edited, edited);
	ck_assert_int_eq(e.deleted, deleted);
}

START_TEST(edits_and_deletes_change_the_present_form)
{
	struct store_room r = lobby();

	ck_assert_int_eq(say(r.id, 1, STORE_MESSAGE, 0, "one", NULL), 0);
	ck_assert_int_eq(say(r.id, 2, STORE_MESSAGE, 0, "two", NULL), 0);
	ck_assert_int_eq(say(r.id, 3, STORE_EDIT, 1, "one b", NULL), 0);
	expect(r.id, 1, "one b", 3, 0);
	expect(r.id, 3, "one b", 0, 0);
	ck_assert_int_eq(say(r.id, 4, STORE_EDIT, 1, "one c", NULL), 0);
	expect(r.id, 1, "one c", 4, 0);
	expect(r.id, 3, NULL, 4, 0); /* overtaken */
	expect(r.id, 4, "one c", 0, 0);
	ck_assert_int_eq(say(r.id, 5, STORE_DELETE, 1, NULL, NULL), 0);
	expect(r.id, 1, NULL, 0, 5);
	expect(r.id, 4, NULL, 5, 0);
	expect(r.id, 2, "two", 0, 0);
	expect(r.id, 5, NULL, 0, 0);
}
END_TEST

struct seen {
	int64_t seqs[16];
	size_t n, max;
};

static bool note(void *arg, const struct store_event *e)
{
	struct seen *seen = arg;

	seen->seqs[seen->n++] = e->seq;
	return seen->n < seen->max;
}

START_TEST(a_page_is_the_newest_before)
{
	struct store_room r = lobby();
	struct seen seen = {.max = 3};

	for (int64_t i = 1; i <= 10; i++)
		ck_assert_int_eq(say(r.id, i, STORE_MESSAGE, 0, "x", NULL), 0);
	ck_assert_int_eq(store_page(s, r.id, 1, 8, note, &seen), 0);
	ck_assert_uint_eq(seen.n, 3);
	ck_assert_int_eq(seen.seqs[0], 7);
	ck_assert_int_eq(seen.seqs[2], 5);
	seen = (struct seen){.max = 16};
	ck_assert_int_eq(store_page(s, r.id, 9, INT64_MAX, note, &seen), 0);
	ck_assert_uint_eq(seen.n, 2);
	seen = (struct seen){.max = 16};
	ck_assert_int_eq(store_page(s, r.id, 1, 1, note, &seen), 0);
	ck_assert_uint_eq(seen.n, 0);
}
END_TEST

START_TEST(what_is_old_is_forgotten)
{
	struct store_room r = lobby();
	struct store_event e;
	int64_t first;

	for (int64_t i = 1; i <= 10; i++)
		ck_assert_int_eq(say(r.id, i, STORE_MESSAGE, 0, "x", NULL), 0);
	ck_assert_int_eq(store_forget(s, r.id, 0, 0, &first), 0);
	ck_assert_int_eq(first, 1);
	ck_assert_int_eq(store_forget(s, r.id, 7, 0, &first), 0);
	ck_assert_int_eq(first, 4);
	ck_assert_int_eq(store_find_event(s, r.id, 3, &e), -ENOENT);
	ck_assert_int_eq(store_find_event(s, r.id, 4, &e), 0);
	ck_assert_int_eq(store_forget(s, r.id, 100, 6000, &first), 0);
	ck_assert_int_eq(first, 6);
	/* It never sinks, and all may go; numbers go on. */
	ck_assert_int_eq(store_forget(s, r.id, 9, 0, &first), 0);
	ck_assert_int_eq(first, 6);
	ck_assert_int_eq(store_forget(s, r.id, 0, 99999, &first), 0);
	ck_assert_int_eq(first, 11);
	ck_assert_int_eq(say(r.id, 11, STORE_MESSAGE, 0, "x", NULL), 0);
	reopen();
	ck_assert_int_eq(store_find_room(s, "lobby", &r), 0);
	ck_assert_int_eq(r.first, 11);
	ck_assert_int_eq(r.seq, 11);
}
END_TEST

START_TEST(markers_only_rise)
{
	int64_t seq;

	ck_assert_int_eq(store_find_mark(s, 1, 7, &seq), 0);
	ck_assert_int_eq(seq, 0);
	ck_assert_int_eq(store_mark_read(s, 1, 7, 5), 0);
	ck_assert_int_eq(store_mark_read(s, 1, 7, 3), 0);
	ck_assert_int_eq(store_mark_read(s, 2, 7, 9), 0);
	ck_assert_int_eq(store_find_mark(s, 1, 7, &seq), 0);
	ck_assert_int_eq(seq, 5);
}
END_TEST

/* ---- Moderation ---- */

static bool count(void *arg, const struct store_sanction *x)
{
	size_t *n = arg;

	++*n;
	ck_assert_str_eq(x->reason, x->address ? "address" : "user");
	return true;
}

static size_t sanctions_at(int64_t now)
{
	size_t n = 0;

	ck_assert_int_eq(store_sanctions(s, now, count, &n), 0);
	return n;
}

START_TEST(sanctions_hold_till_their_time)
{
	struct store_sanction user = {.room = 1,
				      .user = 7,
				      .kind = STORE_BAN,
				      .until = 100,
				      .reason = "user"};
	struct store_sanction address = {
		.kind = STORE_BAN, .address = "1.2.3.4", .reason = "address"};

	ck_assert_int_eq(store_set_sanction(s, &user), 0);
	ck_assert_int_eq(store_set_sanction(s, &address), 0);
	ck_assert_uint_eq(sanctions_at(99), 2);
	ck_assert_uint_eq(sanctions_at(100), 1);
	user.until = 200; /* in place of the other */
	ck_assert_int_eq(store_set_sanction(s, &user), 0);
	reopen();
	ck_assert_uint_eq(sanctions_at(100), 2);
	user.kind = STORE_MUTE;
	ck_assert_int_eq(store_lift_sanction(s, &user), 0);
	ck_assert_uint_eq(sanctions_at(100), 2);
	user.kind = STORE_BAN;
	ck_assert_int_eq(store_lift_sanction(s, &user), 0);
	ck_assert_uint_eq(sanctions_at(100), 1);
}
END_TEST

START_TEST(operators_come_and_go)
{
	bool is;

	ck_assert_int_eq(store_is_operator(s, 1, 7, &is), 0);
	ck_assert(!is);
	ck_assert_int_eq(store_set_operator(s, 1, 7, true), 0);
	ck_assert_int_eq(store_set_operator(s, 1, 7, true), 0);
	ck_assert_int_eq(store_is_operator(s, 1, 7, &is), 0);
	ck_assert(is);
	ck_assert_int_eq(store_is_operator(s, 2, 7, &is), 0);
	ck_assert(!is);
	ck_assert_int_eq(store_set_operator(s, 1, 7, false), 0);
	ck_assert_int_eq(store_is_operator(s, 1, 7, &is), 0);
	ck_assert(!is);
}
END_TEST

/* ---- Transactions, and what goes wrong ---- */

START_TEST(others_see_what_was_committed)
{
	struct store *reader = open_it(false);
	struct store_room r, found;

	ck_assert_int_eq(store_begin(s), 0);
	r = lobby();
	ck_assert_int_eq(store_find_room(reader, "lobby", &found), -ENOENT);
	store_rollback(s);
	ck_assert_int_eq(store_find_room(s, "lobby", &found), -ENOENT);
	ck_assert_int_eq(store_begin(s), 0);
	r = lobby();
	ck_assert_int_eq(store_commit(s), 0);
	ck_assert_int_eq(store_find_room(reader, "lobby", &found), 0);
	ck_assert_int_eq(found.id, r.id);
	store_close(reader);
}
END_TEST

/* Texts of a found event don't hold up a commit, nor an older view. */
START_TEST(a_row_that_was_given_out_holds_nobody_up)
{
	struct store *reader = open_it(false);
	struct store_room r = lobby();
	struct store_event e;

	ck_assert_int_eq(say(r.id, 1, STORE_MESSAGE, 0, "hi", NULL), 0);
	ck_assert_int_eq(store_find_event(reader, r.id, 1, &e), 0);
	ck_assert_int_eq(say(r.id, 2, STORE_MESSAGE, 0, "ho", NULL), 0);
	ck_assert_int_eq(store_find_event(reader, r.id, 2, &e), 0);
	ck_assert_str_eq(e.text, "ho");
	store_close(reader);
}
END_TEST

/* The disk is full, a transaction fails, is rolled back; and when there is
 * room again all goes on, with nothing lost that was committed. */
START_TEST(a_full_disk_loses_nothing)
{
	struct rlimit unlimited, small;
	struct store_room r = lobby();
	char text[8192];
	int64_t seq = 0;
	int err = 0;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	small = unlimited;
	small.rlim_cur = 1024 * 1024;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	while (seq < 10000) {
		err = store_begin(s);
		if (!err)
			err = say(r.id, seq + 1, STORE_MESSAGE, 0, text, NULL);
		if (!err)
			err = store_commit(s);
		if (err)
			break;
		seq++;
	}
	ck_assert(err == -ENOSPC || err == -EIO);
	store_rollback(s);
	ck_assert_int_gt(seq, 10);
	ck_assert_int_eq(store_find_room(s, "lobby", &r), 0);
	ck_assert_int_eq(r.seq, seq);

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	ck_assert_int_eq(store_begin(s), 0);
	ck_assert_int_eq(say(r.id, seq + 1, STORE_MESSAGE, 0, text, NULL), 0);
	ck_assert_int_eq(store_commit(s), 0);
	reopen();
	ck_assert_int_eq(store_find_room(s, "lobby", &r), 0);
	ck_assert_int_eq(r.seq, seq + 1);
}
END_TEST

/* ---- Epochs ---- */

START_TEST(an_epoch_lives_as_long_as_its_log)
{
	struct store_room before = lobby(), after;
	int64_t seq;

	ck_assert_int_eq(store_mark_read(s, before.id, 7, 5), 0);
	reopen(); /* a clean end */
	ck_assert_int_eq(store_find_room(s, "lobby", &after), 0);
	ck_assert_str_eq(before.epoch, after.epoch);

	/* The program died: nothing that was committed is lost. */
	store_close(s);
	execute("UPDATE meta SET value = '0' WHERE name = 'clean'");
	s = open_it(true);
	ck_assert_int_eq(store_find_room(s, "lobby", &after), 0);
	ck_assert_str_eq(before.epoch, after.epoch);
	ck_assert_int_eq(store_find_mark(s, before.id, 7, &seq), 0);
	ck_assert_int_eq(seq, 5);

	/* The machine did: another boot. */
	store_close(s);
	execute("UPDATE meta SET value = '0' WHERE name = 'clean';"
		"UPDATE meta SET value = 'other' WHERE name = 'boot'");
	s = open_it(true);
	ck_assert_int_eq(store_find_room(s, "lobby", &after), 0);
	ck_assert_str_ne(before.epoch, after.epoch);
	ck_assert_uint_eq(strlen(after.epoch), STORE_EPOCH_CHARS);
	ck_assert_int_eq(store_find_mark(s, before.id, 7, &seq), 0);
	ck_assert_int_eq(seq, 0);

	/* A clean end before another boot is none. */
	reopen();
	store_close(s);
	execute("UPDATE meta SET value = 'other' WHERE name = 'boot'");
	s = open_it(true);
	ck_assert_int_eq(store_find_room(s, "lobby", &before), 0);
	ck_assert_str_eq(before.epoch, after.epoch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *t = tcase_create("store");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_newer_schema_is_refused);
	tcase_add_test(t, what_cannot_be_opened_says_why);
	tcase_add_test(t, memory_is_a_place_too);
	tcase_add_test(t, people_are_found_again);
	tcase_add_test(t, a_deleted_name_stays_taken_and_a_guests_is_free);
	tcase_add_test(t, tokens_live_until_they_expire);
	tcase_add_test(t, rooms_are_found_again);
	tcase_add_test(t, a_direct_room_is_one_for_both);
	tcase_add_test(t, an_append_is_the_next_or_nothing);
	tcase_add_test(t, a_nonce_is_its_users_in_its_room);
	tcase_add_test(t, edits_and_deletes_change_the_present_form);
	tcase_add_test(t, a_page_is_the_newest_before);
	tcase_add_test(t, what_is_old_is_forgotten);
	tcase_add_test(t, markers_only_rise);
	tcase_add_test(t, sanctions_hold_till_their_time);
	tcase_add_test(t, operators_come_and_go);
	tcase_add_test(t, others_see_what_was_committed);
	tcase_add_test(t, a_row_that_was_given_out_holds_nobody_up);
	tcase_add_test(t, a_full_disk_loses_nothing);
	tcase_add_test(t, an_epoch_lives_as_long_as_its_log);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
