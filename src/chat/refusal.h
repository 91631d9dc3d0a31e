/* SPDX-License-Identifier: MIT */
/*
 * Why a request isn't done: the errors of the JSON dialect.  Source: rule 10 of
 * chatd.protocol(7).  Constants, compared by address.
 */
#ifndef CHAT_REFUSAL_H
#define CHAT_REFUSAL_H

struct refusal {
	int code;
	const char *reason; /* machine-read, stable */
	const char *text;   /* for people */
};

extern const struct refusal refused_bad_request, refused_unknown_type,
	refused_login_required, refused_bad_credentials, refused_forbidden,
	refused_not_joined, refused_muted, refused_banned, refused_too_many,
	refused_no_such_room, refused_no_such_user, refused_no_such_message,
	refused_name_taken, refused_already_joined, refused_already_logged_in,
	refused_too_long, refused_rate_limited, refused_internal, refused_busy;

#endif
