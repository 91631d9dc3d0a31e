/* SPDX-License-Identifier: MIT */
/*
 * The tables, version by version: step n makes version n of version n - 1, so
 * that a database of any age is brought up to date by the steps it lacks, and a
 * new one by all of them.  A step that was released is never changed.
 */
#include "store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const steps[] = {
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
	" WITHOUT ROWID;"
	"INSERT INTO meta VALUES ('clean', '1'), ('boot', '');"

	/* AUTOINCREMENT: an id is never given twice. */
	"CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" shown TEXT NOT NULL, key TEXT NOT NULL UNIQUE,"
	" mode INTEGER NOT NULL, hash TEXT, created INTEGER NOT NULL,"
	" deleted INTEGER NOT NULL DEFAULT 0);"

	"CREATE TABLE tokens (digest BLOB PRIMARY KEY,"
	" user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,"
	" created INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX tokens_user ON tokens (user);"
	"CREATE INDEX tokens_expires ON tokens (expires);"

	"CREATE TABLE rooms (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" shown TEXT, key TEXT UNIQUE, creator INTEGER NOT NULL,"
	" low INTEGER NOT NULL DEFAULT 0, high INTEGER NOT NULL DEFAULT 0,"
	" epoch TEXT NOT NULL, seq INTEGER NOT NULL DEFAULT 0,"
	" first INTEGER NOT NULL DEFAULT 1);"
	"CREATE UNIQUE INDEX rooms_direct ON rooms (low, high)"
	" WHERE low > 0;"

	"CREATE TABLE events (room INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" ts INTEGER NOT NULL, user INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" target INTEGER NOT NULL, edited INTEGER NOT NULL DEFAULT 0,"
	" deleted INTEGER NOT NULL DEFAULT 0, sender TEXT NOT NULL,"
	" text TEXT, nonce TEXT, PRIMARY KEY (room, seq)) WITHOUT ROWID;"
	"CREATE INDEX events_nonce ON events (room, user, nonce)"
	" WHERE nonce IS NOT NULL;"
	"CREATE INDEX events_target ON events (room, target)"
	" WHERE target > 0;"

	"CREATE TABLE marks (room INTEGER NOT NULL, user INTEGER NOT NULL,"
	" seq INTEGER NOT NULL, PRIMARY KEY (room, user)) WITHOUT ROWID;"

	/* room 0: the whole server. */
	"CREATE TABLE sanctions (room INTEGER NOT NULL, user INTEGER NOT NULL,"
	" address TEXT NOT NULL, kind INTEGER NOT NULL,"
	" until INTEGER NOT NULL, reason TEXT NOT NULL,"
	" PRIMARY KEY (room, user, address, kind)) WITHOUT ROWID;"

	"CREATE TABLE operators (room INTEGER NOT NULL, user INTEGER NOT NULL,"
	" PRIMARY KEY (room, user)) WITHOUT ROWID;",
};

#define VERSION ((int)(sizeof(steps) / sizeof(*steps)))

static int execute(struct store *s, const char *sql, char why[256])
{
	int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	if (code == SQLITE_OK)
		return 0;
	(void)snprintf(why, 256, "%s", sqlite3_errmsg(s->db));
	return store_error(code);
}

static int take_version(void *arg, int columns, char **values, char **names)
{
	int *version = arg;

	(void)columns;
	(void)names;
	return sscanf(values[0], "%d", version) != 1;
}

static int read_version(struct store *s, int *version, char why[256])
{
	int code = sqlite3_exec(s->db, "PRAGMA user_version", take_version,
				version, NULL);

	if (code == SQLITE_OK)
		return 0;
	(void)snprintf(why, 256, "%s", sqlite3_errmsg(s->db));
	return store_error(code);
}

static int upgrade(struct store *s, int from, char why[256])
{
	char pragma[64];
	int err = 0;

	for (int i = from; i < VERSION && !err; i++)
		err = execute(s, steps[i], why);
	if (err)
		return err;
	(void)snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d",
		       VERSION);
	return execute(s, pragma, why);
}

/* ---- Epochs ---- */

/* Where the machine went down without our clean end, the last transactions
 * may be lost under "normal": a number could be given twice.  The boot's id
 * tells a machine that went down from a program that did. */
static void read_boot_id(char id[40])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	id[0] = '\0';
	if (!f)
		return;
	if (!fgets(id, 40, f))
		id[0] = '\0';
	id[strcspn(id, "\n")] = '\0';
	(void)fclose(f);
}

static int begin_life(struct store *s, char why[256])
{
	char boot[40], sql[512];

	read_boot_id(boot);
	(void)snprintf(
		sql, sizeof(sql),
		"UPDATE rooms SET epoch = lower(hex(randomblob(%d)))"
		" WHERE (SELECT value FROM meta WHERE name = 'clean') = '0'"
		" AND (SELECT value FROM meta WHERE name = 'boot') <> '%s';"
		"DELETE FROM marks WHERE"
		" (SELECT value FROM meta WHERE name = 'clean') = '0'"
		" AND (SELECT value FROM meta WHERE name = 'boot') <> '%s';"
		"UPDATE meta SET value = '0' WHERE name = 'clean';"
		"UPDATE meta SET value = '%s' WHERE name = 'boot';",
		STORE_EPOCH_CHARS / 2, boot, boot, boot);
	return execute(s, sql, why);
}

int store_prepare_schema(struct store *s, char why[256])
{
	int version = 0, err;

	err = execute(s, "BEGIN IMMEDIATE", why);
	if (err)
		return err;
	err = read_version(s, &version, why);
	if (!err && version > VERSION) {
		(void)snprintf(why, 256,
			       "it was written by a newer chatd (version %d of "
			       "its tables; this one knows %d)",
			       version, VERSION);
		err = -EPROTO;
	}
	if (!err)
		err = upgrade(s, version, why);
	if (!err)
		err = begin_life(s, why);
	if (!err)
		err = execute(s, "COMMIT", why);
	if (err)
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}
