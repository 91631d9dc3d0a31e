/* SPDX-License-Identifier: MIT */
/*
 * The checks of RFC 6455, 4.2.1, in their order, and the answer of 4.2.2.
 * Extensions are declined by not naming any.  Runs in reader threads.
 */
#include "handshake.h"

#include "check.h"

#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define KEY_DIGITS 22 /* of base64, for 16 bytes */
#define GUID       "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */

static void refuse(struct handshake *h, int status, const char *headers,
		   const char *text)
{
	h->status = status;
	(void)snprintf(h->headers, sizeof(h->headers), "%s", headers);
	(void)snprintf(h->text, sizeof(h->text), "%s\n", text);
}

/* ---- Key ---- */

/* True where it is base64 of 16 bytes.  The last character's spare bits may be
 * anything: in the example of RFC 6455, 4.1, they are not 0. */
static bool key_is_valid(const char *key)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	return strspn(key, digits) == KEY_DIGITS &&
	       strcmp(key + KEY_DIGITS, "==") == 0;
}

static void accept_key(const char *key,
		       char to[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1])
{
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx ctx;

	sha1_init(&ctx);
	sha1_update(&ctx, strlen(key), (const uint8_t *)key);
	sha1_update(&ctx, strlen(GUID), (const uint8_t *)GUID);
	sha1_digest(&ctx, sizeof(digest), digest);
	base64_encode_raw(to, sizeof(digest), digest);
	to[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)] = '\0';
}

/* ---- Origin; RFC 6454 ---- */

struct authority {
	const char *host;
	size_t host_len;
	const char *port;
	size_t port_len;
};

static struct authority parse_authority(const char *text, size_t len,
					const char *default_port)
{
	struct authority a = {text, len, default_port, strlen(default_port)};
	size_t i = len;

	/* The last colon, but not one inside an IPv6 address's brackets. */
	while (i > 0 && text[i - 1] != ':' && text[i - 1] != ']')
		i--;
	if (i > 0 && text[i - 1] == ':') {
		a.host_len = i - 1;
		if (i < len) {
			a.port = text + i;
			a.port_len = len - i;
		}
	}
	return a;
}

static bool same_authority(struct authority a, struct authority b)
{
	return a.host_len == b.host_len && a.port_len == b.port_len &&
	       strncasecmp(a.host, b.host, a.host_len) == 0 &&
	       strncmp(a.port, b.port, a.port_len) == 0;
}

/* The scheme's length, 0 where there is none; *port gets its default. */
static size_t scheme(const char *origin, size_t len, const char **port)
{
	static const struct {
		const char *prefix, *port;
	} known[] = {{"http://", "80"}, {"https://", "443"}};

	*port = "";
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		size_t n = strlen(known[i].prefix);

		if (len > n && strncasecmp(origin, known[i].prefix, n) == 0) {
			*port = known[i].port;
			return n;
		}
	}
	return 0;
}

/* What the request names as its host: RFC 9112, 3.2.2, wants that of an
 * absolute target and not Host, which somebody on the way may have kept. */
static const char *host_of(const struct http_request *r, size_t *len)
{
	const char *port, *host = r->target;
	size_t n = scheme(host, strlen(host), &port);

	if (n > 0) {
		host += n;
		*len = strcspn(host, "/?");
	} else {
		host = http_header(r, "Host", 0);
		*len = strlen(host);
	}
	return host;
}

/* The page came from the host and port that the request names.  A Host
 * without a port means the default one of the page's scheme: behind a proxy
 * that does TLS, this server can't know the scheme otherwise. */
static bool same_host(const char *origin, const struct http_request *r)
{
	const char *port, *host;
	size_t len = strlen(origin), n = scheme(origin, len, &port), host_len;

	host = host_of(r, &host_len);
	return n > 0 &&
	       same_authority(parse_authority(origin + n, len - n, port),
			      parse_authority(host, host_len, port));
}

static bool same_origin(const char *a, size_t a_len, const char *b,
			size_t b_len)
{
	const char *a_port, *b_port;
	size_t an = scheme(a, a_len, &a_port), bn = scheme(b, b_len, &b_port);

	return an > 0 && an == bn &&
	       same_authority(parse_authority(a + an, a_len - an, a_port),
			      parse_authority(b + bn, b_len - bn, b_port));
}

static bool origin_is_allowed(const char *origin, const struct http_request *r,
			      const char *allowed)
{
	size_t n;

	if (same_host(origin, r))
		return true;
	for (; *allowed; allowed += n) {
		allowed += strspn(allowed, " ");
		n = strcspn(allowed, " ");
		if ((n == 1 && *allowed == '*') ||
		    same_origin(origin, strlen(origin), allowed, n))
			return true;
	}
	return false;
}

/* ---- Subprotocols ---- */

/* The first of ours that the client offers; *offered: any was. */
static const char *choose(const struct http_request *r, const char *const *ours,
			  bool *offered)
{
	const char *at, *t;
	size_t len;

	*offered = http_header(r, "Sec-WebSocket-Protocol", 0) != NULL;
	for (; *ours; ours++) {
		at = NULL;
		while ((t = http_next_token(r, "Sec-WebSocket-Protocol", &at,
					    &len)))
			/* Case matters: RFC 6455, 4.2.2, /subprotocol/. */
			if (len == strlen(*ours) && memcmp(t, *ours, len) == 0)
				return *ours;
	}
	return NULL;
}

static void refuse_subprotocols(struct handshake *h, const char *const *ours)
{
	size_t n;

	refuse(h, 400, "", "None of the subprotocols offered is supported.");
	n = strlen(h->text);
	n += (size_t)snprintf(h->text + n, sizeof(h->text) - n,
			      "Supported: none offered (plain text)");
	for (; *ours && n < sizeof(h->text) - 1; ours++)
		n += (size_t)snprintf(h->text + n, sizeof(h->text) - n, ", %s",
				      *ours);
	if (n < sizeof(h->text) - 1)
		(void)snprintf(h->text + n, sizeof(h->text) - n, "\n");
}

/* ---- All of it ---- */

#define UPGRADE_HEADERS "Connection: Upgrade\r\nUpgrade: websocket\r\n"
#define VERSION_HEADERS "Sec-WebSocket-Version: 13\r\n"

/* RFC 6455, 4.2.1, 1 to 6; true: it passed. */
static bool check_request(struct handshake *h, const struct http_request *r)
{
	const char *version = http_header(r, "Sec-WebSocket-Version", 0);
	const char *key = http_header(r, "Sec-WebSocket-Key", 0);

	if (r->method != HTTP_METHOD_GET) {
		refuse(h, 405, "Allow: GET\r\n",
		       "A WebSocket is opened by GET.");
	} else if (!http_has_token(r, "Upgrade", "websocket") ||
		   !http_has_token(r, "Connection", "Upgrade")) {
		refuse(h, 426, UPGRADE_HEADERS VERSION_HEADERS,
		       "This is a WebSocket: connect to it by an upgrade.");
	} else if (r->minor < 1) {
		refuse(h, 400, "", "A WebSocket needs HTTP/1.1.");
	} else if (!version || strcmp(version, "13") != 0 ||
		   http_header(r, "Sec-WebSocket-Version", 1)) {
		refuse(h, 426, UPGRADE_HEADERS VERSION_HEADERS,
		       "Only version 13 of WebSocket is spoken here.");
	} else if (!key || http_header(r, "Sec-WebSocket-Key", 1) ||
		   !key_is_valid(key)) {
		refuse(h, 400, "",
		       "Sec-WebSocket-Key has to be 16 bytes in base64.");
	} else {
		return true;
	}
	return false;
}

static bool check_origin(struct handshake *h, const struct http_request *r,
			 const char *allowed)
{
	const char *origin = http_header(r, "Origin", 0);

	/* None: not a browser, and so nobody whom a foreign page sent. */
	if (!origin || (!http_header(r, "Origin", 1) &&
			origin_is_allowed(origin, r, allowed)))
		return true;
	refuse(h, 403, "",
	       "Pages of this origin may not connect (server.origins).");
	return false;
}

void handshake_judge(struct handshake *h, const struct http_request *r,
		     const struct handshake_rules *rules)
{
	char accept[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1];
	bool offered = false;
	int n;

	*h = (struct handshake){.status = 101};
	if (!check_request(h, r) || !check_origin(h, r, rules->origins))
		return;
	if (rules->subprotocols)
		h->subprotocol = choose(r, rules->subprotocols, &offered);
	if (offered && !h->subprotocol) {
		refuse_subprotocols(h, rules->subprotocols);
		return;
	}
	accept_key(http_header(r, "Sec-WebSocket-Key", 0), accept);
	n = snprintf(h->headers, sizeof(h->headers),
		     UPGRADE_HEADERS "Sec-WebSocket-Accept: %s\r\n%s%s%s",
		     accept, h->subprotocol ? "Sec-WebSocket-Protocol: " : "",
		     h->subprotocol ? h->subprotocol : "",
		     h->subprotocol ? "\r\n" : "");
	CHECK(n > 0 && (size_t)n < sizeof(h->headers));
}
