/* SPDX-License-Identifier: MIT */
/*
 * JSON Web Tokens, for chats embedded in a site that has accounts of its own.
 * Source: RFC 7519, RFC 7515; HS256 alone (RFC 7518, 3.2), whatever a token's
 * header asks for.  No state: any thread.
 */
#ifndef CHAT_JWT_H
#define CHAT_JWT_H

#include "name.h"

#include <stdint.h>

#define JWT_SECRET_BYTES 32          /* at least: RFC 7518, 3.2 */
#define JWT_BYTES        16384       /* longer ones are refused unread */
#define JWT_SKEW         INT64_C(60) /* s that clocks may differ at entry */

struct jwt {
	struct name sub;
	int64_t exp;                /* Unix time, s */
	struct json_object *claims; /* owned; rooms are read from it */
	size_t rooms;               /* how many it names */
	bool any_room;              /* it names none: all */
};

/*
 * Reads and checks a token of len bytes at the time now (Unix, s).  Returns 0
 * with *t, which the caller ends by jwt_fini(); -EACCES: it isn't good, for
 * whatever reason; -ENOMEM.
 */
int jwt_check(struct jwt *t, const char *token, size_t len, const char *secret,
	      size_t secret_len, int64_t now);
void jwt_fini(struct jwt *t);

/* True where the holder may be in the room of that key. */
bool jwt_allows_room(const struct jwt *t, const char *key);

#endif
