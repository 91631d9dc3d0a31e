/* SPDX-License-Identifier: MIT */
/*
 * The signature is checked before a byte of the claims is believed, and the
 * header is read only to see that it asks for nothing we don't do.
 */
#include "jwt.h"

#include "check.h"
#include "json.h"
#include "secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One of the three parts. */
struct part {
	const char *text;
	size_t len;
};

/* "header.claims.signature"; false: it has not that form. */
static bool split(const char *token, size_t len, struct part parts[3])
{
	const char *end = token + len;

	for (int i = 0; i < 3; i++) {
		const char *dot = memchr(token, '.', (size_t)(end - token));

		if ((i < 2) != (dot != NULL))
			return false;
		parts[i].text = token;
		parts[i].len = (size_t)((dot ? dot : end) - token);
		token = dot ? dot + 1 : end;
	}
	return true;
}

/* The object in a part; 0, -EACCES, -ENOMEM. */
static int decode(const struct part *part, struct json_object **o)
{
	char *bytes = malloc(part->len + 1);
	ptrdiff_t n;
	int err;

	if (!bytes)
		return -ENOMEM;
	n = secret_from_base64url(bytes, part->len, part->text, part->len);
	err = n < 0 ? -EINVAL : json_parse(o, bytes, (size_t)n);
	free(bytes);
	return err == -EINVAL ? -EACCES : err;
}

static bool is_signed(const char *token, const struct part *signature,
		      const char *secret, size_t secret_len)
{
	uint8_t mac[SECRET_DIGEST];
	size_t signed_len = (size_t)(signature->text - 1 - token);

	return secret_from_base64url(mac, sizeof(mac), signature->text,
				     signature->len) ==
		       (ptrdiff_t)sizeof(mac) &&
	       secret_check_hmac(mac, token, signed_len, secret, secret_len);
}

/* RFC 7515, 4.1: HS256, and no extension that has to be understood. */
static int check_header(const struct part *part)
{
	struct json_object *header;
	const char *alg;
	size_t len, n;
	int err = decode(part, &header);

	if (err)
		return err;
	if (json_string(header, "alg", &alg, &len) != JSON_GOOD ||
	    strcmp(alg, "HS256") != 0 ||
	    json_strings(header, "crit", &n) != JSON_ABSENT)
		err = -EACCES;
	json_destroy(header);
	return err;
}

/* RFC 7519, 4.1.4 and 4.1.5. */
static bool is_now(const struct jwt *t, int64_t now)
{
	int64_t nbf;

	switch (json_integer(t->claims, "nbf", 0, JSON_INTEGER_MAX, &nbf)) {
	case JSON_ABSENT:
		break;
	case JSON_GOOD:
		if (now + JWT_SKEW < nbf)
			return false;
		break;
	default:
		return false;
	}
	return now < t->exp + JWT_SKEW;
}

static int check_claims(struct jwt *t, int64_t now)
{
	enum json_field rooms = json_strings(t->claims, "rooms", &t->rooms);
	const char *sub;
	size_t len;
	int err;

	t->any_room = rooms == JSON_ABSENT;
	if (rooms == JSON_WRONG ||
	    json_integer(t->claims, "exp", 0, JSON_INTEGER_MAX, &t->exp) !=
		    JSON_GOOD ||
	    !is_now(t, now) ||
	    json_string(t->claims, "sub", &sub, &len) != JSON_GOOD)
		return -EACCES;
	err = name_make(&t->sub, sub, len);
	return err == -EINVAL ? -EACCES : err;
}

int jwt_check(struct jwt *t, const char *token, size_t len, const char *secret,
	      size_t secret_len, int64_t now)
{
	struct part parts[3];
	int err;

	CHECK(secret_len >= JWT_SECRET_BYTES);
	*t = (struct jwt){0};
	if (len > JWT_BYTES || !split(token, len, parts) ||
	    !is_signed(token, &parts[2], secret, secret_len))
		return -EACCES;
	err = check_header(&parts[0]);
	if (!err)
		err = decode(&parts[1], &t->claims);
	if (!err)
		err = check_claims(t, now);
	if (err)
		jwt_fini(t);
	return err;
}

void jwt_fini(struct jwt *t)
{
	json_destroy(t->claims);
	t->claims = NULL;
}

bool jwt_allows_room(const struct jwt *t, const char *key)
{
	struct name room;

	for (size_t i = 0; i < t->rooms; i++) {
		const char *s = json_element(t->claims, "rooms", i);

		if (name_make(&room, s, strlen(s)) == 0 &&
		    strcmp(room.key, key) == 0)
			return true;
	}
	return t->any_room;
}
