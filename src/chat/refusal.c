/* SPDX-License-Identifier: MIT */
/* The refusals; what is read by people may change, the rest may not. */
#include "refusal.h"

const struct refusal refused_bad_request = {400, "bad_request",
					    "The request can't be understood"};
const struct refusal refused_unknown_type = {400, "unknown_type",
					     "There is no such request"};
const struct refusal refused_login_required = {401, "login_required",
					       "Log in first"};
const struct refusal refused_bad_credentials = {
	401, "bad_credentials", "The name or what proves it is wrong"};
const struct refusal refused_forbidden = {403, "forbidden",
					  "You may not do that"};
const struct refusal refused_not_joined = {403, "not_joined",
					   "You are not in that room"};
const struct refusal refused_muted = {403, "muted", "You are muted there"};
const struct refusal refused_banned = {403, "banned", "You are banned there"};
const struct refusal refused_too_many = {403, "too_many",
					 "There are too many already"};
const struct refusal refused_no_such_room = {404, "no_such_room",
					     "There is no such room"};
const struct refusal refused_no_such_user = {404, "no_such_user",
					     "There is no such user"};
const struct refusal refused_no_such_message = {404, "no_such_message",
						"There is no such message"};
const struct refusal refused_name_taken = {409, "name_taken",
					   "That name is taken"};
const struct refusal refused_already_joined = {409, "already_joined",
					       "You are in that room"};
const struct refusal refused_already_logged_in = {409, "already_logged_in",
						  "You are logged in"};
const struct refusal refused_too_long = {413, "too_long",
					 "The text is too long"};
const struct refusal refused_rate_limited = {429, "rate_limited", "Slow down"};
const struct refusal refused_internal = {500, "internal",
					 "Something went wrong here"};
const struct refusal refused_busy = {503, "busy",
				     "That can't be done now; try again"};
