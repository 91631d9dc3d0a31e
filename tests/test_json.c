/* SPDX-License-Identifier: MIT */
/*
 * JSON read and written: what RFC 8259 has, what the protocol forbids beyond
 * it, cJSON's traps, and what hostile text costs.
 *
 * Planted, and caught by: no look at numbers' length, depth, leading zeros,
 * control characters, \u0000, surrogates, what follows the object
 * (what_is_no_json_is_refused); keys looked up in any case
 * (keys_are_compared_to_the_letter); only neighbours compared for being equal
 * without sorting (a_key_twice_is_refused); a comma too many or too few
 * (what_is_written_reads_back).
 */
#include "json.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *text, struct json_object **o)
{
	/* Exactly so long, so that ASan sees a step too far. */
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	int err;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, len);
	err = json_parse(o, copy, len);
	free(copy);
	return err;
}

static const char *const good[] = {
	"{}",
	" \t\r\n{ } \n",
	"{\"a\":1}",
	"{\"a\" : 1 , \"b\":[ ] , \"c\":{ } }",
	"{\"a\":[1,\"x\",true,false,null,{\"b\":[[]]}]}",
	"{\"a\":-0,\"b\":0.5,\"c\":1e5,\"d\":1E-5,\"e\":-1.25e+3}",
	"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"}",
	"{\"a\":\"\\ud83d\\ude00\"}", /* both halves */
	"{\"\":0}",
	"{\"a\":{\"a\":{\"a\":1}}}", /* the same key, but deeper */
	"{\"a\":{},\"A\":1}",
	/* Depth 8, both ways. */
	"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}",
	"{\"a\":[[[[[[[1]]]]]]]}",
	/* 32 characters. */
	"{\"a\":12345678901234567890123456789012}",
};

START_TEST(what_the_rfc_has_is_taken)
{
	struct json_object *o;

	ck_assert_int_eq(parse(good[_i], &o), 0);
	json_destroy(o);
}
END_TEST

static const char *const bad[] = {
	"",
	" ",
	"{",
	"}",
	"[]",
	"1",
	"\"a\"",
	"null",
	"{}x",
	"{} {}",
	"{},",
	"{a:1}",
	"{'a':1}",
	"{\"a\"}",
	"{\"a\":}",
	"{\"a\" 1}",
	"{\"a\":1,}",
	"{,\"a\":1}",
	"{\"a\":1 \"b\":2}",
	"{\"a\":[1,]}",
	"{\"a\":[,1]}",
	"{\"a\":[1 2]}",
	"{\"a\":[1}",
	"{\"a\":[1}]",
	"{\"a\":{]}",
	"{1:2}",
	"{\"a\":tru}",
	"{\"a\":True}",
	"{\"a\":nul}",
	"{\"a\":NaN}",
	"{\"a\":Infinity}",
	"{\"a\":01}",
	"{\"a\":-}",
	"{\"a\":+1}",
	"{\"a\":.5}",
	"{\"a\":1.}",
	"{\"a\":1e}",
	"{\"a\":1e+}",
	"{\"a\":0x10}",
	"{\"a\":1/**/}",
	"{\"a\":\"b}",
	"{\"a\":\"\\",
	"{\"a\":\"\\x41\"}",
	"{\"a\":\"\\u12\"}",
	"{\"a\":\"\\u12g4\"}",
	"{\"a\":\"\n\"}",
	"{\"a\":\"\x1f\"}",
	"{\"a\":\"\\u0000\"}",
	"{\"a\\u0000\":1}",
	"{\"a\":\"\\ud800\"}",
	"{\"a\":\"\\udc00\"}",
	"{\"a\":\"\\ud800\\ud800\"}",
	"{\"a\":\"\\ud800x\"}",
	"{\"a\":\"\\ud800\\n\"}",
	"\xef\xbb\xbf{}", /* a byte order mark */
	"\f{}",
	/* Depth 9. */
	"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}",
	"{\"a\":[[[[[[[[]]]]]]]]}",
	/* 33 characters. */
	"{\"a\":123456789012345678901234567890123}",
	"{\"a\":0.0000000000000000000000000000001}",
};

START_TEST(what_is_no_json_is_refused)
{
	struct json_object *o = (void *)1;

	ck_assert_int_eq(parse(bad[_i], &o), -EINVAL);
	ck_assert_ptr_null(o);
}
END_TEST

START_TEST(a_nul_is_refused_wherever_it_stands)
{
	static const char text[] = "{\"a\":\"b\"}";
	char copy[sizeof(text)];
	struct json_object *o;

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		memcpy(copy, text, sizeof(text));
		copy[i] = '\0';
		ck_assert_int_eq(json_parse(&o, copy, sizeof(text) - 1),
				 -EINVAL);
	}
}
END_TEST

static const char *const twice[] = {
	"{\"a\":1,\"a\":1}",           "{\"a\":1,\"b\":2,\"a\":3}",
	"{\"a\":1,\"\\u0061\":1}",     "{\"x\":{\"a\":1,\"b\":0,\"a\":1}}",
	"{\"x\":[{\"a\":1,\"a\":1}]}", "{\"\":1,\"\":1}",
};

START_TEST(a_key_twice_is_refused)
{
	struct json_object *o;

	ck_assert_int_eq(parse(twice[_i], &o), -EINVAL);
}
END_TEST

START_TEST(keys_are_compared_to_the_letter)
{
	struct json_object *o;
	const char *s;
	size_t len;

	ck_assert_int_eq(parse("{\"Text\":\"no\",\"text\":\"yes\"}", &o), 0);
	ck_assert(json_string(o, "text", &s, &len) == JSON_GOOD);
	ck_assert_str_eq(s, "yes");
	ck_assert(json_string(o, "TEXT", &s, &len) == JSON_ABSENT);
	json_destroy(o);
}
END_TEST

START_TEST(fields_have_the_kind_they_are_asked_for)
{
	struct json_object *o;
	const char *s;
	int64_t n;
	size_t len, count;

	ck_assert_int_eq(parse("{\"s\":\"x\\u00e9\",\"n\":7,\"b\":true,"
			       "\"l\":[\"a\",\"b\"],\"m\":[\"a\",1],"
			       "\"e\":[],\"z\":null}",
			       &o),
			 0);
	ck_assert(json_string(o, "s", &s, &len) == JSON_GOOD);
	ck_assert_str_eq(s, "x\xc3\xa9");
	ck_assert_uint_eq(len, 3);
	ck_assert(json_string(o, "n", &s, &len) == JSON_WRONG);
	ck_assert(json_string(o, "z", &s, &len) == JSON_WRONG);
	ck_assert(json_string(o, "none", &s, &len) == JSON_ABSENT);
	ck_assert(json_integer(o, "n", 0, 9, &n) == JSON_GOOD && n == 7);
	ck_assert(json_integer(o, "n", 8, 9, &n) == JSON_WRONG);
	ck_assert(json_integer(o, "n", 0, 6, &n) == JSON_WRONG);
	ck_assert(json_integer(o, "s", 0, 9, &n) == JSON_WRONG);
	ck_assert(json_integer(o, "b", 0, 9, &n) == JSON_WRONG);
	ck_assert(json_integer(o, "none", 0, 9, &n) == JSON_ABSENT);
	ck_assert(json_strings(o, "l", &count) == JSON_GOOD && count == 2);
	ck_assert_str_eq(json_element(o, "l", 1), "b");
	ck_assert(json_strings(o, "e", &count) == JSON_GOOD && count == 0);
	ck_assert(json_strings(o, "m", &count) == JSON_WRONG);
	ck_assert(json_strings(o, "s", &count) == JSON_WRONG);
	ck_assert(json_strings(o, "none", &count) == JSON_ABSENT);
	json_destroy(o);
}
END_TEST

static const struct {
	const char *number;
	bool exact;
	int64_t n;
} numbers[] = {
	{"9007199254740991", true, 9007199254740991},
	{"-9007199254740991", true, -9007199254740991},
	{"9007199254740992", false, 0},
	{"9007199254740993", false, 0},
	{"-9007199254740992", false, 0},
	{"1e3", true, 1000},
	{"1.0", true, 1},
	{"1.5", false, 0},
	{"0.9999999999", false, 0},
	{"1e300", false, 0},
	{"-1e300", false, 0},
	{"1e999", false, 0},
	{"-0", true, 0},
	{"1e-999", true, 0},
};

START_TEST(integers_are_exact_or_none)
{
	struct json_object *o;
	char text[64];
	int64_t n = 1;

	(void)snprintf(text, sizeof(text), "{\"n\":%s}", numbers[_i].number);
	ck_assert_int_eq(parse(text, &o), 0);
	ck_assert_int_eq(
		json_integer(o, "n", -JSON_INTEGER_MAX, JSON_INTEGER_MAX, &n),
		numbers[_i].exact ? JSON_GOOD : JSON_WRONG);
	if (numbers[_i].exact)
		ck_assert_int_eq(n, numbers[_i].n);
	json_destroy(o);
}
END_TEST

/* ---- What hostile text costs ---- */

static char *repeat(const char *before, const char *s, size_t n,
		    const char *after)
{
	size_t len = strlen(s), at = strlen(before);
	char *text = malloc(at + n * len + strlen(after) + 1);

	ck_assert_ptr_nonnull(text);
	memcpy(text, before, at);
	for (size_t i = 0; i < n; i++, at += len)
		memcpy(text + at, s, len);
	memcpy(text + at, after, strlen(after) + 1);
	return text;
}

static void *parse_on_a_small_stack(void *arg)
{
	const char *text = arg;
	struct json_object *o;
	int err = json_parse(&o, text, strlen(text));

	json_destroy(o);
	return (void *)(intptr_t)err;
}

/* A reader's stack is 64 KiB; what passes and what doesn't must fit in less. */
static int on_a_small_stack(char *text)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *err;

	ck_assert_int_eq(pthread_attr_init(&attr), 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ck_assert_int_eq(pthread_attr_setstacksize(&attr, 32 * 1024), 0);
#endif
	ck_assert_int_eq(
		pthread_create(&thread, &attr, parse_on_a_small_stack, text),
		0);
	ck_assert_int_eq(pthread_join(thread, &err), 0);
	free(text);
	return (int)(intptr_t)err;
}

START_TEST(depth_costs_no_stack)
{
	ck_assert_int_eq(on_a_small_stack(repeat("{\"a\":", "[", 10000, "")),
			 -EINVAL);
	ck_assert_int_eq(on_a_small_stack(repeat("", "{\"a\":", 10000, "")),
			 -EINVAL);
	ck_assert_int_eq(on_a_small_stack(repeat("{\"a\":", "9", 1000000, "}")),
			 -EINVAL);
}
END_TEST

START_TEST(the_deepest_that_passes_fits_a_small_stack)
{
	ck_assert_int_eq(on_a_small_stack(repeat("{\"a\":[[[[[[[", "1,", 30000,
						 "1]]]]]]]}")),
			 0);
}
END_TEST

/* ---- Writing ---- */

START_TEST(what_is_written_reads_back)
{
	static const char text[] =
		"{\"s\":\"a\\\"b\\\\c\\nd\\u0001\xc3\xa9/\",\"t\":\"\","
		"\"n\":-9223372036854775808,\"m\":9007199254740991,"
		"\"b\":true,\"c\":false,"
		"\"l\":[{\"x\":1},{},[],\"e\",2],\"r\":{\"y\":[]}}";
	struct json_out out = JSON_OUT_NONE;
	struct json_object *o;
	const char *s;
	size_t len;
	char *made;

	json_open(&out, NULL, '{');
	json_put_string(&out, "s", "a\"b\\c\nd\x01\xc3\xa9/", 11);
	json_put_text(&out, "t", "");
	json_put_integer(&out, "n", INT64_MIN);
	json_put_integer(&out, "m", JSON_INTEGER_MAX);
	json_put_bool(&out, "b", true);
	json_put_bool(&out, "c", false);
	json_open(&out, "l", '[');
	json_open(&out, NULL, '{');
	json_put_integer(&out, "x", 1);
	json_close(&out, '}');
	json_open(&out, NULL, '{');
	json_close(&out, '}');
	json_open(&out, NULL, '[');
	json_close(&out, ']');
	json_put_text(&out, NULL, "e");
	json_put_integer(&out, NULL, 2);
	json_close(&out, ']');
	json_put_raw(&out, "r", "{\"y\":[]}", 8);
	json_close(&out, '}');
	ck_assert(!json_failed(&out));
	made = json_take(&out, &len);
	ck_assert_uint_eq(len, sizeof(text) - 1);
	ck_assert_mem_eq(made, text, len);
	ck_assert_int_eq(json_parse(&o, made, len), 0);
	ck_assert(json_string(o, "s", &s, &len) == JSON_GOOD);
	ck_assert_str_eq(s, "a\"b\\c\nd\x01\xc3\xa9/");
	json_destroy(o);
	free(made);
}
END_TEST

START_TEST(every_character_is_written_so_that_it_reads_back)
{
	char in[2] = {(char)_i, '\0'};
	struct json_out out = JSON_OUT_NONE;
	struct json_object *o;
	const char *s;
	size_t len;
	char *made;

	json_open(&out, NULL, '{');
	json_put_text(&out, in, in);
	json_close(&out, '}');
	made = json_take(&out, &len);
	ck_assert_int_eq(json_parse(&o, made, len), 0);
	ck_assert(json_string(o, in, &s, &len) == JSON_GOOD);
	ck_assert_str_eq(s, in);
	json_destroy(o);
	free(made);
}
END_TEST

/* ---- No memory ---- */

static int allocations_left = -1;

void *__real_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool fails(void)
{
	return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

START_TEST(want_of_memory_is_an_error)
{
	struct json_out out = JSON_OUT_NONE;
	size_t len;

	allocations_left = 0;
	json_open(&out, NULL, '{');
	json_put_text(&out, "a", "b");
	json_close(&out, '}');
	allocations_left = -1;
	ck_assert(json_failed(&out));
	ck_assert_ptr_null(json_take(&out, &len));

	/* cJSON's own lie in its library, where nothing is wrapped: the last
	 * is the one that compares keys. */
	{
		static const char text[] = "{\"a\":1,\"b\":2}";
		struct json_object *o;

		allocations_left = 0;
		ck_assert_int_eq(json_parse(&o, text, sizeof(text) - 1),
				 -ENOMEM);
		allocations_left = -1;
	}
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

int main(void)
{
	Suite *s = suite_create("json");
	TCase *t = tcase_create("json");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, what_the_rfc_has_is_taken, 0, COUNT(good));
	tcase_add_loop_test(t, what_is_no_json_is_refused, 0, COUNT(bad));
	tcase_add_test(t, a_nul_is_refused_wherever_it_stands);
	tcase_add_loop_test(t, a_key_twice_is_refused, 0, COUNT(twice));
	tcase_add_test(t, keys_are_compared_to_the_letter);
	tcase_add_test(t, fields_have_the_kind_they_are_asked_for);
	tcase_add_loop_test(t, integers_are_exact_or_none, 0, COUNT(numbers));
	tcase_add_test(t, depth_costs_no_stack);
	tcase_add_test(t, the_deepest_that_passes_fits_a_small_stack);
	tcase_add_test(t, what_is_written_reads_back);
	tcase_add_loop_test(t, every_character_is_written_so_that_it_reads_back,
			    1, 0x80);
	tcase_add_test(t, want_of_memory_is_an_error);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
