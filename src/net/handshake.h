/* SPDX-License-Identifier: MIT */
/*
 * The opening handshake of WebSocket, the server's side.  Source: RFC 6455,
 * section 4.2.  Go's counterpart: gorilla/websocket's Upgrader.
 */
#ifndef NET_HANDSHAKE_H
#define NET_HANDSHAKE_H

#include "http.h"

struct handshake_rules {
	const char *origins; /* further ones allowed, by spaces; "*": all */
	const char *const *subprotocols; /* which we speak, the preferred one
					    first, then NULL; NULL: whatever is
					    offered is passed over */
};

#define HANDSHAKE_HEADERS_BYTES 256
#define HANDSHAKE_TEXT_BYTES    256

struct handshake {
	int status;              /* 101, or the refusal: 400, 403, 405, 426 */
	const char *subprotocol; /* chosen; NULL: none was offered */
	char headers[HANDSHAKE_HEADERS_BYTES]; /* lines for the answer */
	char text[HANDSHAKE_TEXT_BYTES];       /* the refusal in words */
};

/* Judges the request and fills *h.  Reader only; allocates nothing. */
void handshake_judge(struct handshake *h, const struct http_request *r,
		     const struct handshake_rules *rules);

#endif
