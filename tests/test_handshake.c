/* SPDX-License-Identifier: MIT */
/* Who is let in, what he is told, and what the others are told. */
#include "handshake.h"
#include "http_harness.h"

/* RFC 6455, 1.3: the sample key and what it is answered with. */
#define KEY        "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT     "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#define UPGRADE    "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define VERSION    "Sec-WebSocket-Version: 13\r\n"
#define WITH_KEY   "Sec-WebSocket-Key: " KEY "\r\n"
#define HOST       "Host: a\r\n"
#define GOOD       HOST UPGRADE CONNECTION VERSION WITH_KEY

static struct handshake_rules rules;
static struct handshake h;

static int judge(const char *line, const char *headers)
{
	char head[2048];

	(void)snprintf(head, sizeof(head), "%s\r\n%s\r\n", line, headers);
	if (parse_by(SIZE_MAX, head, strlen(head)) != HTTP_DONE)
		ck_abort_msg("answered %d: %s", status, head);
	memset(&h, 0xff, sizeof(h));
	handshake_judge(&h, &request, &rules);
	if (h.status == 101)
		ck_assert_str_eq(h.text, "");
	return h.status;
}

/* GET with these headers. */
static int get(const char *headers)
{
	return judge("GET /ws HTTP/1.1", headers);
}

static void plain_rules(void)
{
	rules = (struct handshake_rules){.origins = ""};
}

/* ---- The request; RFC 6455, 4.2.1 ---- */

START_TEST(the_sample_of_the_rfc_is_let_in)
{
	ck_assert_int_eq(get(HOST UPGRADE CONNECTION WITH_KEY
			     "Origin: http://a\r\n" VERSION),
			 101);
	ck_assert_str_eq(h.headers, "Connection: Upgrade\r\n"
				    "Upgrade: websocket\r\n"
				    "Sec-WebSocket-Accept: " ACCEPT "\r\n");
	ck_assert_ptr_null(h.subprotocol);
}
END_TEST

START_TEST(only_get_opens_a_websocket)
{
	ck_assert_int_eq(judge("HEAD /ws HTTP/1.1", GOOD), 405);
	ck_assert_str_eq(h.headers, "Allow: GET\r\n");
	ck_assert_int_eq(judge("POST /ws HTTP/1.1", GOOD), 405);
}
END_TEST

START_TEST(without_an_upgrade_one_is_asked_for)
{
	static const char *const headers[] = {
		HOST,
		HOST CONNECTION VERSION WITH_KEY,
		HOST UPGRADE VERSION WITH_KEY,
		HOST CONNECTION VERSION WITH_KEY "Upgrade: h2c\r\n",
		HOST CONNECTION VERSION WITH_KEY "Upgrade: websockets\r\n",
		HOST UPGRADE VERSION WITH_KEY "Connection: keep-alive\r\n",
		HOST UPGRADE VERSION WITH_KEY "Connection: Upgraded\r\n",
	};

	ck_assert_int_eq(get(headers[_i]), 426);
	ck_assert_str_eq(h.headers, "Connection: Upgrade\r\n"
				    "Upgrade: websocket\r\n"
				    "Sec-WebSocket-Version: 13\r\n");
}
END_TEST

START_TEST(upgrade_and_connection_are_lists_in_any_case)
{
	static const char *const headers[] = {
		HOST VERSION WITH_KEY
		"Upgrade: WebSocket\r\nConnection: upgrade\r\n",
		HOST VERSION WITH_KEY
		"UPGRADE: WEBSOCKET\r\nCONNECTION: UPGRADE\r\n",
		HOST VERSION WITH_KEY "Upgrade: h2c, websocket\r\n"
				      "Connection: keep-alive, Upgrade\r\n",
		HOST VERSION WITH_KEY
		"Upgrade: h2c\r\nUpgrade: websocket\r\n"
		"Connection: keep-alive\r\nConnection: ,upgrade ,x\r\n",
	};

	ck_assert_int_eq(get(headers[_i]), 101);
}
END_TEST

START_TEST(version_1_0_of_http_is_too_old)
{
	ck_assert_int_eq(judge("GET /ws HTTP/1.0", GOOD), 400);
}
END_TEST

START_TEST(only_version_13_is_spoken)
{
	static const char *const versions[] = {
		"",
		"Sec-WebSocket-Version: 8\r\n",
		"Sec-WebSocket-Version: 14\r\n",
		"Sec-WebSocket-Version: 130\r\n",
		"Sec-WebSocket-Version: 013\r\n",
		"Sec-WebSocket-Version: 8, 13\r\n",
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8\r\n",
		"Sec-WebSocket-Version:\r\n"};
	char headers[300] = HOST UPGRADE CONNECTION WITH_KEY;

	strcat(headers, versions[_i]);
	ck_assert_int_eq(get(headers), 426);
	ck_assert_ptr_nonnull(
		strstr(h.headers, "Sec-WebSocket-Version: 13\r\n"));
}
END_TEST

static const char *const bad_keys[] = {
	"",
	"Sec-WebSocket-Key:\r\n",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n", /* cut */
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ===\r\n",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=\r\n", /* 17 bytes */
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTEy\r\n", /* 18 bytes */
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n",     /* 15 bytes */
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*Q==\r\n",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSB_b25jZQ==\r\n",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ Q==\r\n",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ Q=\r\n",
	"Sec-WebSocket-Key: ========================\r\n",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, x\r\n",
	WITH_KEY WITH_KEY,
};

START_TEST(a_key_is_16_bytes_in_base64)
{
	char headers[300] = HOST UPGRADE CONNECTION VERSION;

	strcat(headers, bad_keys[_i]);
	ck_assert_int_eq(get(headers), 400);
	ck_assert_str_eq(h.headers, "");
}
END_TEST

START_TEST(extensions_are_declined_by_silence)
{
	ck_assert_int_eq(get(GOOD "Sec-WebSocket-Extensions: "
				  "permessage-deflate; x=y, foo\r\n"),
			 101);
	ck_assert_ptr_null(strstr(h.headers, "Extensions"));
}
END_TEST

/* ---- Origins; RFC 6454 ---- */

struct visit {
	const char *origin, *host, *allowed;
	int status;
};

static const struct visit visits[] = {
	/* the page's own host and port */
	{"http://a", "a", "", 101},
	{"http://A.example", "a.EXAMPLE", "", 101},
	{"HTTP://a", "a", "", 101},
	{"http://a:8080", "a:8080", "", 101},
	{"http://a:80", "a", "", 101},
	{"http://a", "a:80", "", 101},
	{"https://a", "a", "", 101}, /* a proxy does TLS */
	{"https://a", "a:443", "", 101},
	{"https://a:443", "a", "", 101},
	{"https://a:8443", "a:8443", "", 101},
	{"http://a", "a:", "", 101},
	/* another host or port */
	{"http://b", "a", "", 403},
	{"http://a.b", "a", "", 403},
	{"http://a", "a.b", "", 403},
	{"http://aa", "a", "", 403},
	{"http://a:8080", "a", "", 403},
	{"http://a", "a:8080", "", 403},
	{"http://a:8080", "a:8081", "", 403},
	{"http://a:808", "a:8080", "", 403},
	{"https://a", "a:80", "", 403},
	{"http://a", "a:443", "", 403},
	/* IPv6 */
	{"http://[::1]", "[::1]", "", 101},
	{"http://[::1]:8080", "[::1]:8080", "", 101},
	{"http://[::1]", "[::1]:80", "", 101},
	{"http://[FE80::A]", "[fe80::a]", "", 101},
	{"http://[::1]", "[::2]", "", 403},
	{"http://[::1]:8080", "[::1]", "", 403},
	{"http://[::1]", "[::1]:1", "", 403},
	/* no origin that could be compared */
	{"null", "a", "", 403},
	{"null", "null", "", 403},
	{"", "a", "", 403},
	{"a", "a", "", 403},
	{"//a", "a", "", 403},
	{"http://", "a", "", 403},
	{"http://", "", "", 403},
	{"http:a", "a", "", 403},
	{"ftp://a", "a", "", 403},
	{"http://a/", "a", "", 403},
	{"http://x@a", "a", "", 403},
	{"http://a http://b", "a", "", 403},
	{"http://a, http://b", "a", "", 403},
	/* further ones */
	{"http://b", "a", "http://b", 101},
	{"http://b", "a", "http://B:80", 101},
	{"https://b", "a", "https://b:443", 101},
	{"https://b:8443", "a", "http://c https://b:8443", 101},
	{"http://c", "a", "http://b http://c http://d", 101},
	{"http://d", "a", "http://b http://c http://d", 101},
	{"http://a", "a", "http://b", 101},
	{"http://[::1]:9", "a", "http://[::1]:9", 101},
	{"https://b", "a", "http://b", 403}, /* here the scheme counts */
	{"https://b:80", "a", "http://b", 403},
	{"http://b:81", "a", "http://b", 403},
	{"http://b:80", "a", "http://b:8080", 403},
	{"http://c", "a", "http://b", 403},
	{"http://b http://c", "a", "http://b http://c", 403},
	{"null", "a", "http://b", 403},
	/* all */
	{"http://b", "a", "*", 101},
	{"null", "a", "*", 101},
	{"", "a", "*", 101},
	{"app://b", "a", "http://c *", 101},
	{"http://b", "a", "** http://*", 403},
};

START_TEST(an_origin_is_the_pages_own_or_one_that_is_listed)
{
	const struct visit *v = &visits[_i];
	char headers[500];

	(void)snprintf(headers, sizeof(headers),
		       "Host: %s\r\nOrigin: %s\r\n" UPGRADE CONNECTION VERSION
			       WITH_KEY,
		       v->host, v->origin);
	rules.origins = v->allowed;
	ck_assert_msg(get(headers) == v->status,
		      "origin \"%s\", host \"%s\", allowed \"%s\": %d",
		      v->origin, v->host, v->allowed, h.status);
	if (v->status == 403)
		ck_assert_ptr_nonnull(strstr(h.text, "server.origins"));
}
END_TEST

START_TEST(who_names_no_origin_is_no_page)
{
	ck_assert_int_eq(get(GOOD), 101);
	rules.origins = "http://b";
	ck_assert_int_eq(get(GOOD), 101);
}
END_TEST

START_TEST(two_origins_are_one_too_many)
{
	rules.origins = "*";
	ck_assert_int_eq(get(GOOD "Origin: http://a\r\nOrigin: http://a\r\n"),
			 403);
}
END_TEST

START_TEST(a_malformed_request_is_told_that_before_its_origin)
{
	ck_assert_int_eq(get(HOST "Origin: http://b\r\n"), 426);
}
END_TEST

/* ---- Subprotocols ---- */

static const char *const speaks[] = {"chat.v2", "chat.v1", NULL};
static const char *const speaks_none[] = {NULL};

START_TEST(the_subprotocol_is_the_first_of_ours_that_is_offered)
{
	static const struct {
		const char *offer, *chosen;
	} table[] = {
		{"chat.v1", "chat.v1"},
		{"chat.v1, chat.v2", "chat.v2"},
		{"x,chat.v1,y", "chat.v1"},
		{"x\r\nSec-WebSocket-Protocol: chat.v2", "chat.v2"},
	};
	char headers[400], line[100];

	rules.subprotocols = speaks;
	(void)snprintf(headers, sizeof(headers),
		       GOOD "Sec-WebSocket-Protocol: %s\r\n", table[_i].offer);
	ck_assert_int_eq(get(headers), 101);
	ck_assert_str_eq(h.subprotocol, table[_i].chosen);
	(void)snprintf(line, sizeof(line), "\r\nSec-WebSocket-Protocol: %s\r\n",
		       table[_i].chosen);
	ck_assert_str_eq(strstr(h.headers, "\r\nSec-WebSocket-Protocol"), line);
}
END_TEST

START_TEST(subprotocols_of_others_are_refused_with_a_list_of_ours)
{
	static const char *const offers[] = {"x",    "CHAT.V1",  "chat.v",
					     "chat", "chat.v11", "x, y"};
	char headers[400];

	rules.subprotocols = speaks;
	(void)snprintf(headers, sizeof(headers),
		       GOOD "Sec-WebSocket-Protocol: %s\r\n", offers[_i]);
	ck_assert_int_eq(get(headers), 400);
	ck_assert_ptr_null(h.subprotocol);
	ck_assert_ptr_nonnull(strstr(h.text, "chat.v2, chat.v1\n"));
	rules.subprotocols = speaks_none;
	ck_assert_int_eq(get(headers), 400);
	ck_assert_ptr_nonnull(strstr(h.text, "none offered"));
}
END_TEST

START_TEST(who_offers_no_subprotocol_gets_none)
{
	rules.subprotocols = speaks;
	ck_assert_int_eq(get(GOOD), 101);
	ck_assert_ptr_null(h.subprotocol);
	ck_assert_ptr_null(strstr(h.headers, "Protocol"));
	rules.subprotocols = speaks_none;
	ck_assert_int_eq(get(GOOD), 101);
}
END_TEST

START_TEST(where_none_are_spoken_at_all_offers_are_passed_over)
{
	ck_assert_int_eq(get(GOOD "Sec-WebSocket-Protocol: x\r\n"), 101);
	ck_assert_ptr_null(h.subprotocol);
	ck_assert_ptr_null(strstr(h.headers, "Protocol"));
}
END_TEST

START_TEST(a_list_of_ours_that_is_too_long_is_cut)
{
	static const char *many[100];

	for (size_t i = 0; i < 99; i++)
		many[i] = "a-subprotocol";
	rules.subprotocols = many;
	ck_assert_int_eq(get(GOOD "Sec-WebSocket-Protocol: x\r\n"), 400);
	ck_assert_uint_eq(strlen(h.text), sizeof(h.text) - 1);
}
END_TEST

static void add_request(TCase *t)
{
	tcase_add_test(t, the_sample_of_the_rfc_is_let_in);
	tcase_add_test(t, only_get_opens_a_websocket);
	tcase_add_loop_test(t, without_an_upgrade_one_is_asked_for, 0, 7);
	tcase_add_loop_test(t, upgrade_and_connection_are_lists_in_any_case, 0,
			    4);
	tcase_add_test(t, version_1_0_of_http_is_too_old);
	tcase_add_loop_test(t, only_version_13_is_spoken, 0, 8);
	tcase_add_loop_test(t, a_key_is_16_bytes_in_base64, 0,
			    (int)COUNT_OF(bad_keys));
	tcase_add_test(t, extensions_are_declined_by_silence);
}

int main(void)
{
	Suite *s = suite_create("handshake");
	TCase *t = tcase_create("handshake");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, plain_rules, forget_parser);
	add_request(t);
	tcase_add_loop_test(t, an_origin_is_the_pages_own_or_one_that_is_listed,
			    0, (int)COUNT_OF(visits));
	tcase_add_test(t, who_names_no_origin_is_no_page);
	tcase_add_test(t, two_origins_are_one_too_many);
	tcase_add_test(t, a_malformed_request_is_told_that_before_its_origin);
	tcase_add_loop_test(
		t, the_subprotocol_is_the_first_of_ours_that_is_offered, 0, 4);
	tcase_add_loop_test(
		t, subprotocols_of_others_are_refused_with_a_list_of_ours, 0,
		6);
	tcase_add_test(t, who_offers_no_subprotocol_gets_none);
	tcase_add_test(t, where_none_are_spoken_at_all_offers_are_passed_over);
	tcase_add_test(t, a_list_of_ours_that_is_too_long_is_cut);
	suite_add_tcase(s, t);
	return run_all(s);
}
