/* SPDX-License-Identifier: MIT */
/* JSON written: text that grows, with commas where they belong. */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct json_out *out, size_t len)
{
	size_t room = out->room ? out->room : 256;
	char *grown;

	if (out->failed)
		return false;
	if (out->room - out->len >= len)
		return true;
	while (room - out->len < len)
		room *= 2;
	grown = realloc(out->bytes, room);
	if (!grown) {
		out->failed = true;
		return false;
	}
	out->bytes = grown;
	out->room = room;
	return true;
}

static void put(struct json_out *out, const char *bytes, size_t len)
{
	if (len == 0 || !make_room(out, len))
		return;
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

/* RFC 8259, section 7: what has to be escaped, and no more. */
static void put_quoted(struct json_out *out, const char *s, size_t len)
{
	const char *end = s + len, *from = s;
	char escape[8];

	put(out, "\"", 1);
	for (; s < end; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		put(out, from, (size_t)(s - from));
		from = s + 1;
		if (c == '"' || c == '\\')
			(void)snprintf(escape, sizeof(escape), "\\%c", c);
		else if (c == '\n')
			(void)snprintf(escape, sizeof(escape), "\\n");
		else
			(void)snprintf(escape, sizeof(escape), "\\u%04x", c);
		put(out, escape, strlen(escape));
	}
	put(out, from, (size_t)(s - from));
	put(out, "\"", 1);
}

/* What goes before a value. */
static void begin(struct json_out *out, const char *key)
{
	if (out->comma)
		put(out, ",", 1);
	out->comma = true;
	if (!key)
		return;
	put_quoted(out, key, strlen(key));
	put(out, ":", 1);
}

bool json_failed(const struct json_out *out)
{
	return out->failed;
}

void json_fini(struct json_out *out)
{
	free(out->bytes);
	*out = (struct json_out)JSON_OUT_NONE;
}

char *json_take(struct json_out *out, size_t *len)
{
	char *bytes = out->failed ? NULL : out->bytes;

	*len = out->len;
	if (bytes)
		out->bytes = NULL;
	json_fini(out);
	return bytes;
}

void json_open(struct json_out *out, const char *key, char bracket)
{
	begin(out, key);
	put(out, &bracket, 1);
	out->comma = false;
}

void json_close(struct json_out *out, char bracket)
{
	put(out, &bracket, 1);
	out->comma = true;
}

void json_put_string(struct json_out *out, const char *key, const char *s,
		     size_t len)
{
	begin(out, key);
	put_quoted(out, s, len);
}

void json_put_text(struct json_out *out, const char *key, const char *s)
{
	json_put_string(out, key, s, strlen(s));
}

void json_put_integer(struct json_out *out, const char *key, int64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);

	begin(out, key);
	put(out, digits, (size_t)len);
}

void json_put_bool(struct json_out *out, const char *key, bool b)
{
	begin(out, key);
	if (b)
		put(out, "true", 4);
	else
		put(out, "false", 5);
}

void json_put_raw(struct json_out *out, const char *key, const char *raw,
		  size_t len)
{
	begin(out, key);
	put(out, raw, len);
}
