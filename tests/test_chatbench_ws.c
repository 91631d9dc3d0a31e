/* SPDX-License-Identifier: MIT */
/*
 * The client's side of WebSocket, as chatbench speaks it.
 *
 * Planted, and caught here: 126 taken for a length of one byte
 * (heads_are_read_whole_or_not_at_all), a mask that starts anew every eight
 * bytes but one (what_is_written_can_be_unmasked), an answer taken before its
 * empty line came (an_answer_comes_in_any_pieces).
 */
#include "chatbench_ws.h"
#include "harness.h"

#include <string.h>

/* ---- Frames ---- */

static const struct {
	unsigned char bytes[10];
	int size; /* of the head; -1: no server may send it */
	uint8_t opcode;
	bool fin;
	uint64_t length;
} heads[] = {
	{{0x81, 0}, 2, WS_TEXT, true, 0},
	{{0x81, 125}, 2, WS_TEXT, true, 125},
	{{0x01, 5}, 2, WS_TEXT, false, 5},
	{{0x80, 5}, 2, WS_CONTINUATION, true, 5},
	{{0x82, 5}, 2, WS_BINARY, true, 5},
	{{0x81, 126, 0, 126}, 4, WS_TEXT, true, 126},
	{{0x81, 126, 0xff, 0xff}, 4, WS_TEXT, true, 65535},
	{{0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}, 10, WS_TEXT, true, 65536},
	{{0x81, 127, 0x7f, 0, 0, 0, 0, 0, 0, 1},
	 10,
	 WS_TEXT,
	 true,
	 UINT64_C(0x7f00000000000001)},
	{{0x88, 2}, 2, WS_CLOSE, true, 2},
	{{0x89, 125}, 2, WS_PING, true, 125},
	{{0x8a, 0}, 2, WS_PONG, true, 0},
	{{0x81, 0x85}, -1, 0, 0, 0},        /* masked */
	{{0xc1, 5}, -1, 0, 0, 0},           /* reserved bits */
	{{0xa1, 5}, -1, 0, 0, 0},           /* */
	{{0x91, 5}, -1, 0, 0, 0},           /* */
	{{0x83, 5}, -1, 0, 0, 0},           /* reserved opcodes */
	{{0x87, 5}, -1, 0, 0, 0},           /* */
	{{0x8b, 5}, -1, 0, 0, 0},           /* */
	{{0x8f, 5}, -1, 0, 0, 0},           /* */
	{{0x08, 2}, -1, 0, 0, 0},           /* control, in pieces */
	{{0x89, 126, 0, 126}, -1, 0, 0, 0}, /* control, long */
	{{0x81, 126, 0, 125}, -1, 0, 0, 0}, /* not the shortest form */
	{{0x81, 127, 0, 0, 0, 0, 0, 0, 255, 255}, -1, 0, 0, 0},
	{{0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}, -1, 0, 0, 0}, /* top bit */
};

START_TEST(heads_are_read_whole_or_not_at_all)
{
	const char *bytes = (const char *)heads[_i].bytes;
	struct ws_head h;

	if (heads[_i].size < 0) {
		ck_assert_int_eq(ws_read_head(bytes, 10, &h), -1);
		return;
	}
	for (int n = 0; n < heads[_i].size; n++)
		ck_assert_int_eq(ws_read_head(bytes, (size_t)n, &h), 0);
	for (int n = heads[_i].size; n <= 10; n++) {
		ck_assert_int_eq(ws_read_head(bytes, (size_t)n, &h),
				 heads[_i].size);
		ck_assert_uint_eq(h.opcode, heads[_i].opcode);
		ck_assert_int_eq(h.fin, heads[_i].fin);
		ck_assert_uint_eq(h.length, heads[_i].length);
	}
}
END_TEST

START_TEST(what_is_written_can_be_unmasked)
{
	static const size_t sizes[] = {0,   1,   7,   8,     9,     125,
				       126, 127, 512, 65535, 65536, 70000};
	static char text[70000], out[70000 + WS_HEAD_MAX];
	struct ws_random r = {42};
	unsigned keys = 0;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		size_t n = ws_write_frame(out, WS_TEXT, text, sizes[i], &r);
		size_t at = sizes[i] < 126 ? 2 : sizes[i] < 65536 ? 4 : 10;
		struct ws_head h;

		ck_assert_uint_eq(n, at + 4 + sizes[i]);
		ck_assert(out[1] & 0x80);
		keys += memcmp(out + at, "\0\0\0\0", 4) != 0;
		for (size_t j = 0; j < sizes[i]; j++)
			ck_assert_int_eq(out[at + 4 + j] ^ out[at + j % 4],
					 text[j]);
		out[1] = (char)(out[1] & 0x7f); /* as from a server */
		ck_assert_int_eq(ws_read_head(out, n, &h), (int)at);
		ck_assert_uint_eq(h.length, sizes[i]);
		ck_assert(h.fin && h.opcode == WS_TEXT);
	}
	ck_assert_uint_eq(keys, COUNT_OF(sizes));
}
END_TEST

/* ---- The upgrade ---- */

START_TEST(a_request_has_what_rfc_6455_asks_for)
{
	struct ws_random r = {1};
	char key[WS_KEY_SIZE], out[300], wanted[300];
	size_t n;

	ws_key(&r, key);
	ck_assert_uint_eq(strlen(key), 24);
	ck_assert_str_eq(key + 22, "==");
	n = ws_request(out, sizeof(out), "a.example:1", "/ws?x", key, "p.q");
	(void)snprintf(wanted, sizeof(wanted),
		       "GET /ws?x HTTP/1.1\r\nHost: a.example:1\r\n"
		       "Connection: Upgrade\r\nUpgrade: websocket\r\n"
		       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n"
		       "Sec-WebSocket-Protocol: p.q\r\n\r\n",
		       key);
	ck_assert_uint_eq(n, strlen(wanted));
	ck_assert_str_eq(out, wanted);
	ck_assert_uint_eq(
		ws_request(out, n, "a.example:1", "/ws?x", key, "p.q"), 0);
	ck_assert_ptr_null(strstr(wanted, "Protocol: \r\n"));
}
END_TEST

/* The key and the answer of RFC 6455, 1.3. */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define BOTH   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define GOOD   "HTTP/1.1 101 Switching Protocols\r\n" BOTH ACCEPT

static const struct {
	const char *answer, *protocol;
	int status;
} answers[] = {
	{GOOD "\r\n", NULL, WS_UPGRADED},
	{"HTTP/1.1 101 \r\nupgrade:WebSocket \r\nCONNECTION:  upgrade\r\n"
	 "sec-websocket-accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
	 NULL, WS_UPGRADED},
	{GOOD "Sec-WebSocket-Protocol: p.q\r\n\r\n", "p.q", WS_UPGRADED},
	{"HTTP/1.1 503 Full\r\nRetry-After: 1\r\n\r\n", NULL, 503},
	{"HTTP/1.1 400 \r\n\r\n", "p.q", 400},
	/* Not as asked. */
	{"HTTP/1.1 101 x\r\n" BOTH "\r\n", NULL, WS_BAD_101},
	{"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n" ACCEPT "\r\n", NULL,
	 WS_BAD_101},
	{"HTTP/1.1 101 x\r\nConnection: Upgrade\r\n" ACCEPT "\r\n", NULL,
	 WS_BAD_101},
	{"HTTP/1.1 101 x\r\n" BOTH
	 "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
	 NULL, WS_BAD_101},
	{GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", NULL,
	 WS_BAD_101},
	{GOOD "Sec-WebSocket-Protocol: p.q\r\n\r\n", NULL, WS_BAD_101},
	{GOOD "Sec-WebSocket-Protocol: other\r\n\r\n", "p.q", WS_BAD_101},
	{GOOD "\r\n", "p.q", WS_BAD_101},
	/* No HTTP. */
	{"HTTP/1.0 101 x\r\n\r\n", NULL, WS_NO_HTTP},
	{"HTTP/1.1 1x1 x\r\n\r\n", NULL, WS_NO_HTTP},
	{"HTTP/1.1 099 x\r\n\r\n", NULL, WS_NO_HTTP},
	{"SSH-2.0-OpenSSH_9.2\r\n", NULL, WS_NO_HTTP},
};

START_TEST(an_answer_comes_in_any_pieces)
{
	const char *answer = answers[_i].answer;
	size_t len = strlen(answer), used = 0;
	char more[1024];

	for (size_t n = 0; n < len; n++) {
		int status =
			ws_answer(answer, n, KEY, answers[_i].protocol, &used);

		ck_assert(status == WS_MORE ||
			  (status == WS_NO_HTTP &&
			   answers[_i].status == WS_NO_HTTP));
	}
	/* The first frame may stand right behind it. */
	(void)snprintf(more, sizeof(more),
		       "%s\x81\x03"
		       "abc\r\n\r\n",
		       answer);
	ck_assert_int_eq(
		ws_answer(more, strlen(more), KEY, answers[_i].protocol, &used),
		answers[_i].status);
	if (answers[_i].status > 0)
		ck_assert_uint_eq(used, len);
}
END_TEST

START_TEST(an_answer_has_an_end)
{
	static char head[WS_ANSWER_MAX + 1] = "HTTP/1.1 101 x\r\nA: ";
	size_t used;

	memset(head + strlen(head), 'x', sizeof(head) - strlen(head));
	ck_assert_int_eq(ws_answer(head, WS_ANSWER_MAX - 1, KEY, NULL, &used),
			 WS_MORE);
	ck_assert_int_eq(ws_answer(head, WS_ANSWER_MAX, KEY, NULL, &used),
			 WS_NO_HTTP);
}
END_TEST

static Suite *chatbench_ws_suite(void)
{
	Suite *s = suite_create("chatbench_ws");
	TCase *t = tcase_create("chatbench_ws");

	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, heads_are_read_whole_or_not_at_all, 0,
			    COUNT_OF(heads));
	tcase_add_test(t, what_is_written_can_be_unmasked);
	tcase_add_test(t, a_request_has_what_rfc_6455_asks_for);
	tcase_add_loop_test(t, an_answer_comes_in_any_pieces, 0,
			    COUNT_OF(answers));
	tcase_add_test(t, an_answer_has_an_end);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_all(chatbench_ws_suite());
}
