/* SPDX-License-Identifier: MIT */
/* Which answer a request gets that isn't for a WebSocket. */
#include "assets.h"
#include "http_harness.h"
#include "site.h"

static struct http_answer answer;

static int ask(const char *line, const char *headers)
{
	char head[1024];

	(void)snprintf(head, sizeof(head), "%s HTTP/1.1\r\nHost: a\r\n%s\r\n",
		       line, headers);
	if (parse_by(SIZE_MAX, head, strlen(head)) != HTTP_DONE)
		ck_abort_msg("answered %d: %s", status, head);
	answer = site_answer(&request);
	return answer.status;
}

static bool has_header(const char *line)
{
	return (answer.headers && strstr(answer.headers, line)) ||
	       (answer.more_headers && strstr(answer.more_headers, line));
}

/* ---- The page and its files ---- */

START_TEST(every_file_of_the_page_is_served)
{
	char line[100];

	ck_assert_uint_gt(assets_count, 5);
	for (size_t i = 0; i < assets_count; i++) {
		const struct asset *a = &assets[i];

		(void)snprintf(line, sizeof(line), "GET %s", a->target);
		ck_assert_int_eq(ask(line, ""), 200);
		ck_assert_ptr_eq(answer.body, a->bytes);
		ck_assert_uint_eq(answer.body_len, a->len);
		ck_assert_str_eq(answer.type, a->type);
		ck_assert_str_eq(answer.etag, a->etag);
		ck_assert(answer.keep_alive && !answer.head_only);
	}
}
END_TEST

START_TEST(the_page_is_the_root_also_by_its_name)
{
	const void *page;

	ck_assert_int_eq(ask("GET /", ""), 200);
	ck_assert_str_eq(answer.type, "text/html; charset=utf-8");
	page = answer.body;
	ck_assert_int_eq(ask("GET /index.html", ""), 200);
	ck_assert_ptr_eq(answer.body, page);
	ck_assert_int_eq(ask("GET /?room=x", ""), 200);
	ck_assert_ptr_eq(answer.body, page);
}
END_TEST

START_TEST(files_have_the_type_of_their_name)
{
	static const struct {
		const char *end, *type;
	} table[] = {
		{".js", "text/javascript; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".webmanifest", "application/manifest+json"},
	};
	size_t found = 0;

	for (size_t i = 0; i < assets_count; i++) {
		const char *dot = strrchr(assets[i].target, '.');

		for (size_t k = 0; dot && k < COUNT_OF(table); k++) {
			if (strcmp(dot, table[k].end) != 0)
				continue;
			ck_assert_str_eq(assets[i].type, table[k].type);
			found++;
		}
	}
	ck_assert_uint_eq(found, assets_count - 1); /* all but the page */
}
END_TEST

START_TEST(the_page_comes_with_its_policy)
{
	ck_assert_int_eq(ask("GET /", ""), 200);
	ck_assert(has_header("Content-Security-Policy: default-src 'none';"));
	ck_assert(has_header("frame-ancestors 'none'"));
	ck_assert(!has_header("unsafe-inline"));
	ck_assert(has_header("X-Content-Type-Options: nosniff\r\n"));
}
END_TEST

START_TEST(head_gets_the_same_without_the_body)
{
	ck_assert_int_eq(ask("HEAD /", ""), 200);
	ck_assert(answer.head_only);
	ck_assert_uint_gt(answer.body_len, 0); /* its Content-Length */
	ck_assert_int_eq(ask("HEAD /healthz", ""), 200);
	ck_assert(answer.head_only);
	ck_assert_int_eq(ask("HEAD /nothing", ""), 404);
	ck_assert(answer.head_only);
}
END_TEST

/* ---- What the client has; RFC 9110, 13.1.2 ---- */

START_TEST(who_has_the_file_is_told_that)
{
	static const struct {
		const char *before, *behind;
	} table[] = {
		{"If-None-Match: ", ""},
		{"if-none-match: \"x\", ", ""},
		{"If-None-Match: W/", ""},
		{"If-None-Match: \"x\"\r\nIf-None-Match: \"y\",", " , \"z\""},
		{"If-None-Match: *\r\nX: ", ""},
	};
	char headers[200];

	(void)ask("GET /", "");
	(void)snprintf(headers, sizeof(headers), "%s%s%s\r\n", table[_i].before,
		       answer.etag, table[_i].behind);
	ck_assert_int_eq(ask("GET /", headers), 304);
	ck_assert_ptr_null(answer.body);
	ck_assert_ptr_null(answer.type);
	ck_assert_uint_eq(answer.body_len, 0);
	ck_assert_ptr_nonnull(answer.etag);
	ck_assert(has_header("Cache-Control"));
	ck_assert_int_eq(ask("HEAD /", headers), 304);
}
END_TEST

START_TEST(who_has_another_version_gets_the_new_one)
{
	char headers[200];

	ck_assert_int_eq(ask("GET /", "If-None-Match: \"x\"\r\n"), 200);
	ck_assert_int_eq(ask("GET /", "If-None-Match: W/\r\n"), 200);
	ck_assert_int_eq(ask("GET /", "If-None-Match: \"*\"\r\n"), 200);
	ck_assert_int_eq(ask("GET /", "If-None-Match:\r\n"), 200);
	(void)snprintf(headers, sizeof(headers), "If-None-Match: %.*s\r\n",
		       (int)strlen(answer.etag) - 1, answer.etag);
	ck_assert_int_eq(ask("GET /", headers), 200);
	(void)ask("GET /style.css", "");
	(void)snprintf(headers, sizeof(headers), "If-None-Match: %s\r\n",
		       answer.etag);
	ck_assert_int_eq(ask("GET /", headers), 200);
}
END_TEST

START_TEST(tags_differ_and_are_quoted)
{
	for (size_t i = 0; i < assets_count; i++) {
		size_t len = strlen(assets[i].etag);

		ck_assert_uint_gt(len, 10);
		ck_assert(assets[i].etag[0] == '"' &&
			  assets[i].etag[len - 1] == '"');
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(assets[i].etag, assets[k].etag);
	}
}
END_TEST

/* ---- All else ---- */

START_TEST(the_health_check_says_ok)
{
	ck_assert_int_eq(ask("GET /healthz", ""), 200);
	ck_assert_str_eq(answer.body, "ok\n");
	ck_assert(has_header("Cache-Control: no-store\r\n"));
	ck_assert_int_eq(ask("GET /healthz?x=y", ""), 200);
}
END_TEST

START_TEST(what_is_not_there_is_404)
{
	static const char *const lines[] = {
		"GET /nothing",      "GET /index.htm",
		"GET /index.html/",  "GET //",
		"GET /healthz/",     "GET /STYLE.CSS",
		"GET /../style.css", "GET /%2e",
		"POST /nothing",     "OPTIONS *",
		"GET /style.css%00"};

	for (size_t i = 0; i < COUNT_OF(lines); i++)
		ck_assert_msg(ask(lines[i], "") == 404, "%s", lines[i]);
	ck_assert_str_eq(answer.type, "text/plain; charset=utf-8");
	ck_assert_uint_eq(answer.body_len, strlen(answer.body));
	ck_assert(answer.keep_alive);
}
END_TEST

START_TEST(other_methods_are_told_which_are_allowed)
{
	static const char *const lines[] = {"POST /", "PUT /style.css",
					    "DELETE /healthz", "OPTIONS /"};

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		ck_assert_int_eq(ask(lines[i], ""), 405);
		ck_assert_str_eq(answer.more_headers, "Allow: GET, HEAD\r\n");
	}
}
END_TEST

START_TEST(an_answer_is_the_last_where_the_request_is)
{
	static const char *const lines[] = {"GET /", "GET /healthz", "GET /no",
					    "POST /"};

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		(void)ask(lines[i], "Connection: close\r\n");
		ck_assert(!answer.keep_alive);
		(void)ask(lines[i], "");
		ck_assert(answer.keep_alive);
	}
	answer = site_refuse(NULL, 400, NULL, "x\n");
	ck_assert(!answer.keep_alive && !answer.head_only);
	ck_assert_ptr_null(answer.more_headers);
}
END_TEST

/* RFC 9112, 3.2.2 */
START_TEST(an_absolute_target_counts_from_its_path_on)
{
	static const struct {
		const char *target, *path;
	} table[] = {
		{"/a", "/a"},
		{"/a?b", "/a"},
		{"/?a", "/"},
		{"/a?b?c", "/a"},
		{"http://host/a/b", "/a/b"},
		{"HTTPS://host:80/a?b/c", "/a"},
		{"http://host", "/"},
		{"http://host?a/b", "/"},
		{"http://host/", "/"},
		{"/http://host/a", "/http://host/a"},
		{"*", "*"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		size_t len;
		const char *path = site_path(table[i].target, &len);
		char copy[40];

		(void)snprintf(copy, sizeof(copy), "%.*s", (int)len, path);
		ck_assert_str_eq(copy, table[i].path);
	}
	ck_assert_int_eq(ask("GET http://a/healthz?x", ""), 200);
	ck_assert_int_eq(ask("GET http://a", ""), 200);
}
END_TEST

START_TEST(a_path_is_compared_whole)
{
	(void)ask("GET /ws?x=/y", "");
	ck_assert(site_path_is(&request, "/ws"));
	ck_assert(!site_path_is(&request, "/w"));
	ck_assert(!site_path_is(&request, "/wss"));
	ck_assert(!site_path_is(&request, "/WS"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("site");
	TCase *t = tcase_create("site");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, NULL, forget_parser);
	tcase_add_test(t, every_file_of_the_page_is_served);
	tcase_add_test(t, the_page_is_the_root_also_by_its_name);
	tcase_add_test(t, files_have_the_type_of_their_name);
	tcase_add_test(t, the_page_comes_with_its_policy);
	tcase_add_test(t, head_gets_the_same_without_the_body);
	tcase_add_loop_test(t, who_has_the_file_is_told_that, 0, 5);
	tcase_add_test(t, who_has_another_version_gets_the_new_one);
	tcase_add_test(t, tags_differ_and_are_quoted);
	tcase_add_test(t, the_health_check_says_ok);
	tcase_add_test(t, what_is_not_there_is_404);
	tcase_add_test(t, other_methods_are_told_which_are_allowed);
	tcase_add_test(t, an_answer_is_the_last_where_the_request_is);
	tcase_add_test(t, an_absolute_target_counts_from_its_path_on);
	tcase_add_test(t, a_path_is_compared_whole);
	suite_add_tcase(s, t);
	return run_all(s);
}
