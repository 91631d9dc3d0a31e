/* SPDX-License-Identifier: MIT */
/* WebSocket as a client speaks it: bytes in, bytes out. */
#include "chatbench_ws.h"

#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */

/* xorshift64*: Marsaglia, "Xorshift RNGs", 2003; Vigna, 2016. */
uint64_t ws_random(struct ws_random *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * UINT64_C(2685821657736338717);
}

void ws_key(struct ws_random *r, char key[WS_KEY_SIZE])
{
	uint64_t bytes[2] = {ws_random(r), ws_random(r)};

	base64_encode_raw(key, sizeof(bytes), (const uint8_t *)bytes);
	key[WS_KEY_SIZE - 1] = '\0';
}

/* ---- The upgrade ---- */

size_t ws_request(char *out, size_t room, const char *host, const char *path,
		  const char *key, const char *protocol)
{
	int n = snprintf(out, room,
			 "GET %s HTTP/1.1\r\n"
			 "Host: %s\r\n"
			 "Connection: Upgrade\r\n"
			 "Upgrade: websocket\r\n"
			 "Sec-WebSocket-Version: 13\r\n"
			 "Sec-WebSocket-Key: %s\r\n"
			 "%s%s%s\r\n",
			 path, host, key,
			 protocol ? "Sec-WebSocket-Protocol: " : "",
			 protocol ? protocol : "", protocol ? "\r\n" : "");

	return n < 0 || (size_t)n >= room ? 0 : (size_t)n;
}

/* The value of a header in a head that ends with an empty line; NULL: there
 * is none. */
static const char *find_header(const char *head, const char *end,
			       const char *name, size_t *len)
{
	size_t name_len = strlen(name);
	const char *line = head, *value, *eol;

	while ((line = memchr(line, '\n', (size_t)(end - line)))) {
		line++;
		if ((size_t)(end - line) <= name_len ||
		    strncasecmp(line, name, name_len) != 0 ||
		    line[name_len] != ':')
			continue;
		value = line + name_len + 1;
		eol = memchr(value, '\r', (size_t)(end - value));
		while (value < eol && *value == ' ')
			value++;
		while (eol > value && eol[-1] == ' ')
			eol--;
		*len = (size_t)(eol - value);
		return value;
	}
	return NULL;
}

/* The header is there with that value, in any case; NULL: it isn't there. */
static bool header_is(const char *head, const char *end, const char *name,
		      const char *wanted)
{
	size_t len;
	const char *value = find_header(head, end, name, &len);

	if (!value || !wanted)
		return !value && !wanted;
	return len == strlen(wanted) && strncasecmp(value, wanted, len) == 0;
}

static bool accepts(const char *head, const char *end, const char *key)
{
	char wanted[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1];
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx ctx;
	const char *value;
	size_t len;

	sha1_init(&ctx);
	sha1_update(&ctx, strlen(key), (const uint8_t *)key);
	sha1_update(&ctx, strlen(GUID), (const uint8_t *)GUID);
	sha1_digest(&ctx, sizeof(digest), digest);
	base64_encode_raw(wanted, sizeof(digest), digest);
	wanted[sizeof(wanted) - 1] = '\0';
	value = find_header(head, end, "Sec-WebSocket-Accept", &len);
	return value && len == strlen(wanted) &&
	       memcmp(value, wanted, len) == 0;
}

int ws_answer(const char *bytes, size_t len, const char *key,
	      const char *protocol, size_t *used)
{
	static const char version[] = "HTTP/1.1 ";
	const char *end = memmem(bytes, len, "\r\n\r\n", 4);
	const char *digits = bytes + strlen(version);
	int status = 0;

	if (memcmp(bytes, version,
		   len < strlen(version) ? len : strlen(version)) != 0)
		return WS_NO_HTTP;
	if (!end)
		return len < WS_ANSWER_MAX ? WS_MORE : WS_NO_HTTP;
	end += 4;
	*used = (size_t)(end - bytes);
	for (int i = 0; i < 3; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return WS_NO_HTTP;
		status = status * 10 + digits[i] - '0';
	}
	if (status < 100)
		return WS_NO_HTTP;
	if (status == WS_UPGRADED &&
	    (!header_is(bytes, end, "Upgrade", "websocket") ||
	     !header_is(bytes, end, "Connection", "upgrade") ||
	     !accepts(bytes, end, key) ||
	     !header_is(bytes, end, "Sec-WebSocket-Extensions", NULL) ||
	     !header_is(bytes, end, "Sec-WebSocket-Protocol", protocol)))
		return WS_BAD_101;
	return status;
}

/* ---- Frames ---- */

static uint64_t big_endian(const unsigned char *b, size_t count)
{
	uint64_t v = 0;

	for (size_t i = 0; i < count; i++)
		v = v << 8 | b[i];
	return v;
}

int ws_read_head(const char *bytes, size_t len, struct ws_head *head)
{
	const unsigned char *b = (const unsigned char *)bytes;
	bool control;
	size_t more;

	if (len < 2)
		return 0;
	*head = (struct ws_head){b[1], b[0] & 0x0f, b[0] >> 7};
	control = head->opcode & 8;
	if ((b[0] & 0x70) || (b[1] & 0x80) ||
	    (head->opcode & 7) > (control ? 2 : WS_BINARY) ||
	    (control && (!head->fin || b[1] > WS_CONTROL)))
		return -1;
	if (b[1] < 126)
		return 2;
	more = b[1] == 126 ? 2 : 8;
	if (len < 2 + more)
		return 0;
	head->length = big_endian(b + 2, more);
	if (more == 2 ? head->length < 126
		      : head->length < 65536 || head->length >> 63)
		return -1;
	return (int)(2 + more);
}

/* Eight bytes at a time; the key repeats after four, so it stays in step. */
static void mask(char *out, const char *in, size_t len, const char key[4])
{
	uint64_t twice, word;
	size_t i = 0;

	memcpy(&twice, key, 4);
	memcpy((char *)&twice + 4, key, 4);
	for (; i + 8 <= len; i += 8) {
		memcpy(&word, in + i, 8);
		word ^= twice;
		memcpy(out + i, &word, 8);
	}
	for (; i < len; i++)
		out[i] = (char)(in[i] ^ key[i % 4]);
}

size_t ws_write_frame(char *out, enum ws_opcode opcode, const char *payload,
		      size_t len, struct ws_random *r)
{
	size_t more = len < 126 ? 0 : len < 65536 ? 2 : 8;
	uint32_t key = (uint32_t)(ws_random(r) >> 32);
	char *at = out;

	*at++ = (char)(0x80 | opcode);
	*at++ = (char)(0x80 | (more == 0 ? len : more == 2 ? 126 : 127));
	for (size_t i = more; i-- > 0;)
		*at++ = (char)(len >> (8 * i));
	memcpy(at, &key, sizeof(key));
	mask(at + sizeof(key), payload, len, at);
	return (size_t)(at - out) + sizeof(key) + len;
}
