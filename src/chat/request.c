/* SPDX-License-Identifier: MIT */
/*
 * The table of requests, and reading by it.  A new request is a row here: its
 * type, its fields, each with its kind, its bounds and its place.
 */
#include "request.h"

#include "check.h"
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- The table ---- */

enum kind {
	STRING,     /* any */
	PRINTABLE,  /* max bytes of printable ASCII, one at least */
	TEXT,       /* limits.text code points, not all space */
	USER,       /* a name; a guest's with "~" */
	PLAIN_NAME, /* a name */
	ROOM,       /* a name, or "@" and a user's */
	OPERATION,
	INTEGER, /* min to max */
	LOWERED, /* min at least; lowered to limits.page */
};

struct field {
	const char *key;
	enum kind kind;
	bool required;
	size_t place; /* in struct request */
	int64_t min, max;
};

#define AT(member) offsetof(struct request, member)
#define MAX_FIELDS 6

static const struct row {
	const char *name;
	bool has_id;
	struct field fields[MAX_FIELDS];
} rows[REQUEST_TYPES] = {
	[REQUEST_REGISTER] = {"register",
			      true,
			      {{"user", PLAIN_NAME, true, AT(user), 0, 0},
			       {"password", STRING, true, AT(password), 0, 0}}},
	/* One of three ways: finish_login(). */
	[REQUEST_LOGIN] = {"login",
			   true,
			   {{"user", PLAIN_NAME, false, AT(user), 0, 0},
			    {"password", STRING, false, AT(password), 0, 0},
			    {"guest", PLAIN_NAME, false, AT(guest), 0, 0},
			    {"jwt", STRING, false, AT(jwt), 0, 0}}},
	[REQUEST_RESUME] = {"resume",
			    true,
			    {{"token", STRING, true, AT(token), 0, 0}}},
	[REQUEST_PASSWORD] = {"password",
			      true,
			      {{"old", STRING, true, AT(password), 0, 0},
			       {"new", STRING, true, AT(new), 0, 0}}},
	[REQUEST_LOGOUT] = {"logout", true, {{NULL, STRING, 0, 0, 0, 0}}},
	[REQUEST_JOIN] = {"join",
			  true,
			  {{"room", ROOM, true, AT(room), 0, 0},
			   {"history", LOWERED, false, AT(history), 0, 0},
			   {"epoch", STRING, false, AT(epoch), 0, 0},
			   {"seq", INTEGER, false, AT(seq), 0,
			    JSON_INTEGER_MAX}}},
	[REQUEST_LEAVE] = {"leave",
			   true,
			   {{"room", ROOM, true, AT(room), 0, 0}}},
	[REQUEST_PUBLISH] = {"publish",
			     true,
			     {{"room", ROOM, true, AT(room), 0, 0},
			      {"text", TEXT, true, AT(text), 0, 0},
			      {"nonce", PRINTABLE, false, AT(nonce), 0, 32}}},
	[REQUEST_EDIT] = {"edit",
			  true,
			  {{"room", ROOM, true, AT(room), 0, 0},
			   {"target", INTEGER, true, AT(target), 1,
			    JSON_INTEGER_MAX},
			   {"text", TEXT, true, AT(text), 0, 0},
			   {"nonce", PRINTABLE, false, AT(nonce), 0, 32}}},
	[REQUEST_DELETE] = {"delete",
			    true,
			    {{"room", ROOM, true, AT(room), 0, 0},
			     {"target", INTEGER, true, AT(target), 1,
			      JSON_INTEGER_MAX},
			     {"nonce", PRINTABLE, false, AT(nonce), 0, 32}}},
	[REQUEST_HISTORY] = {"history",
			     true,
			     {{"room", ROOM, true, AT(room), 0, 0},
			      {"before", INTEGER, true, AT(before), 1,
			       JSON_INTEGER_MAX},
			      {"limit", LOWERED, false, AT(limit), 1, 0}}},
	[REQUEST_PRESENCE] = {"presence",
			      true,
			      {{"room", ROOM, true, AT(room), 0, 0}}},
	[REQUEST_ROOMS] = {"rooms",
			   true,
			   {{"after", STRING, false, AT(after), 0, 0}}},
	[REQUEST_TYPING] = {"typing",
			    false,
			    {{"room", ROOM, true, AT(room), 0, 0}}},
	[REQUEST_READ] = {"read",
			  false,
			  {{"room", ROOM, true, AT(room), 0, 0},
			   {"seq", INTEGER, true, AT(seq), 0,
			    JSON_INTEGER_MAX}}},
	[REQUEST_MODERATE] = {"moderate",
			      true,
			      {{"room", ROOM, false, AT(room), 0, 0},
			       {"op", OPERATION, true, AT(op), 0, 0},
			       {"user", USER, true, AT(user), 0, 0},
			       {"seconds", INTEGER, false, AT(seconds), 0,
				INT32_MAX},
			       {"reason", STRING, false, AT(reason), 0, 0}}},
	[REQUEST_PING] = {"ping", true, {{NULL, STRING, 0, 0, 0, 0}}},
};

static const char *const op_names[] = {
	[OP_KICK] = "kick", [OP_BAN] = "ban",       [OP_UNBAN] = "unban",
	[OP_MUTE] = "mute", [OP_UNMUTE] = "unmute", [OP_OP] = "op",
	[OP_DEOP] = "deop",
};

const char *request_type_name(enum request_type type)
{
	return rows[type].name;
}

const char *request_op_name(enum request_op op)
{
	return op_names[op];
}

/* ---- Fields ---- */

/* All names of a request lie in one piece of memory of this size. */
#define STRINGS_BYTES (2 * (sizeof(struct name) + 2))

struct parsing {
	struct request *r;
	const struct json_object *json;
	const struct request_limits *limits;
	size_t strings; /* bytes of r->strings in use */
};

static void *place(const struct parsing *p, const struct field *f)
{
	return (char *)p->r + f->place;
}

static const char *keep(struct parsing *p, const char *prefix, const char *s)
{
	char *kept = p->r->strings + p->strings;
	size_t before = strlen(prefix), len = strlen(s);

	CHECK(p->strings + before + len + 1 <= STRINGS_BYTES);
	memcpy(kept, prefix, before);
	memcpy(kept + before, s, len + 1);
	p->strings += before + len + 1;
	return kept;
}

/* "~" marks a guest, in what is shown and in the key, so that a guest never is
 * an account; "@" a direct room, whose key is the other's name's. */
static const struct refusal *take_name(struct parsing *p, const struct field *f,
				       const char *s, size_t len)
{
	struct request_name *to = place(p, f);
	struct name name;
	int err;

	if (f->kind == ROOM && len > 0 && *s == '@')
		to->direct = true;
	if (to->direct) {
		s++;
		len--;
	}
	if (f->kind != PLAIN_NAME && (f->kind == USER || to->direct) &&
	    len > 0 && *s == '~') {
		to->guest = true;
		s++;
		len--;
	}
	err = name_make(&name, s, len);
	if (err)
		return err == -ENOMEM ? &refused_busy : &refused_bad_request;
	to->shown = keep(p, to->guest ? "~" : "", name.shown);
	to->key = keep(p, to->guest ? "~" : "", name.key);
	return NULL;
}

static bool is_printable(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return true;
}

static const struct refusal *take_op(struct parsing *p, const struct field *f,
				     const char *s)
{
	enum request_op *to = place(p, f);

	for (size_t i = 0; i < sizeof(op_names) / sizeof(*op_names); i++) {
		if (strcmp(op_names[i], s) == 0) {
			*to = (enum request_op)i;
			return NULL;
		}
	}
	return &refused_bad_request;
}

static const struct refusal *take_string(struct parsing *p,
					 const struct field *f, const char *s,
					 size_t len)
{
	struct request_text *to = place(p, f);

	switch (f->kind) {
	case OPERATION:
		return take_op(p, f, s);
	case USER:
	case PLAIN_NAME:
	case ROOM:
		return take_name(p, f, s, len);
	case PRINTABLE:
		if (len < 1 || len > (size_t)f->max || !is_printable(s, len))
			return &refused_bad_request;
		break;
	case TEXT:
		if (text_points(s, len) > p->limits->text)
			return &refused_too_long;
		if (!text_is_good(s, len, p->limits->text))
			return &refused_bad_request;
		break;
	default:
		break;
	}
	*to = (struct request_text){s, len};
	return NULL;
}

static enum json_field take_integer(struct parsing *p, const struct field *f)
{
	bool lowered = f->kind == LOWERED;
	int64_t *to = place(p, f);
	enum json_field found =
		json_integer(p->json, f->key, f->min,
			     lowered ? JSON_INTEGER_MAX : f->max, to);

	if (found == JSON_GOOD && lowered && *to > p->limits->page)
		*to = p->limits->page;
	return found;
}

static const struct refusal *take_field(struct parsing *p,
					const struct field *f)
{
	const struct refusal *refusal = NULL;
	enum json_field found;
	const char *s;
	size_t len;

	if (f->kind == INTEGER || f->kind == LOWERED) {
		found = take_integer(p, f);
	} else {
		found = json_string(p->json, f->key, &s, &len);
		if (found == JSON_GOOD)
			refusal = take_string(p, f, s, len);
	}
	if (found == JSON_WRONG || (found == JSON_ABSENT && f->required))
		return &refused_bad_request;
	return refusal;
}

/* ---- What the table can't say ---- */

/* A name with a password, or a guest's name, or a JWT; and nothing of two. */
static bool is_one_login(const struct request *r)
{
	bool password = r->user.shown && r->password.bytes;

	if (!r->user.shown != !r->password.bytes)
		return false;
	return password + (r->guest.shown != NULL) + (r->jwt.bytes != NULL) ==
	       1;
}

static bool is_whole(const struct request *r)
{
	switch (r->type) {
	case REQUEST_LOGIN:
		return is_one_login(r);
	case REQUEST_JOIN:
		return r->seq == REQUEST_ABSENT || r->epoch.bytes;
	default:
		return true;
	}
}

/* ---- A request ---- */

static struct request *create(void)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	atomic_init(&r->refs, 1);
	r->history = r->seq = r->before = REQUEST_ABSENT;
	r->limit = r->target = r->seconds = REQUEST_ABSENT;
	r->strings = malloc(STRINGS_BYTES);
	if (!r->strings) {
		free(r);
		return NULL;
	}
	return r;
}

void request_retain(struct request *r)
{
	atomic_fetch_add(&r->refs, 1);
}

void request_release(struct request *r)
{
	if (!r || atomic_fetch_sub(&r->refs, 1) > 1)
		return;
	json_destroy(r->json);
	free(r->strings);
	free(r);
}

static bool find_type(const char *name, enum request_type *type)
{
	for (size_t i = 0; i < REQUEST_TYPES; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			*type = (enum request_type)i;
			return true;
		}
	}
	return false;
}

/* Type and id; who sends no good id gets his error without one. */
static const struct refusal *take_head(struct parsing *p, int64_t *id)
{
	enum json_field has_id, has_type;
	const char *type;
	size_t len;

	has_id = json_integer(p->json, "id", 1, JSON_INTEGER_MAX, id);
	if (has_id != JSON_GOOD)
		*id = 0;
	has_type = json_string(p->json, "type", &type, &len);
	if (has_type != JSON_GOOD || has_id == JSON_WRONG)
		return &refused_bad_request;
	if (!find_type(type, &p->r->type))
		return &refused_unknown_type;
	if (!rows[p->r->type].has_id)
		*id = 0;
	else if (has_id == JSON_ABSENT)
		return &refused_bad_request;
	p->r->id = *id;
	return NULL;
}

static const struct refusal *take_all(struct parsing *p, int64_t *id)
{
	const struct refusal *refusal = take_head(p, id);
	const struct field *f;

	if (refusal)
		return refusal;
	f = rows[p->r->type].fields;
	for (size_t i = 0; i < MAX_FIELDS && f[i].key && !refusal; i++)
		refusal = take_field(p, &f[i]);
	if (!refusal && !is_whole(p->r))
		refusal = &refused_bad_request;
	return refusal;
}

const struct refusal *request_parse(struct request **r, const char *text,
				    size_t len,
				    const struct request_limits *limits,
				    int64_t *id)
{
	struct parsing p = {.r = create(), .limits = limits};
	const struct refusal *refusal;
	int err;

	*r = NULL;
	*id = 0;
	if (!p.r)
		return &refused_busy;
	err = json_parse(&p.r->json, text, len);
	if (err) {
		request_release(p.r);
		return err == -ENOMEM ? &refused_busy : &refused_bad_request;
	}
	p.json = p.r->json;
	refusal = take_all(&p, id);
	if (refusal)
		request_release(p.r);
	else
		*r = p.r;
	return refusal;
}
