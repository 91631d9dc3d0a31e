/* SPDX-License-Identifier: MIT */
/* Messages: made, joined, shared and counted. */
#include "harness.h"
#include "memory_harness.h"
#include "message.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

static void nothing_lives(void)
{
	ck_assert_uint_eq(message_live(), 0);
	ck_assert_uint_eq(memory_blocks, 0);
}

/* All that would go to the socket. */
static const char *wire_of(const struct message *m, size_t *len)
{
	static char all[300000];
	struct iovec pieces[2];
	size_t n = message_pieces(m, pieces);

	*len = 0;
	MUST(n == 1 || n == 2);
	for (size_t i = 0; i < n; i++) {
		memcpy(all + *len, pieces[i].iov_base, pieces[i].iov_len);
		*len += pieces[i].iov_len;
	}
	MUST(*len == message_size(m));
	return all;
}

static void is_on_the_wire(const struct message *m, const void *bytes,
			   size_t len)
{
	size_t have;
	const char *wire = wire_of(m, &have);

	ck_assert_uint_eq(have, len);
	ck_assert_mem_eq(wire, bytes, len);
}

static struct message *text(const char *s)
{
	struct message *m;

	WATCHED(m = message_frame(WS_TEXT, s, strlen(s), 1));
	MUST(m != NULL);
	return m;
}

static void release(struct message *m, size_t n)
{
	WATCHED(message_release(m, n));
}

/* ---- Framing ---- */

START_TEST(a_message_is_framed_when_it_is_made)
{
	struct message *m = text("Hello");

	is_on_the_wire(m, "\x81\x05Hello", 7);
	ck_assert_uint_eq(m->count, 1);
	ck_assert_uint_eq(m->head_len, 2);
	ck_assert_uint_eq(message_live(), 1);
	release(m, 1);
}
END_TEST

START_TEST(frames_have_every_form_of_length)
{
	static const struct {
		size_t len, head_len;
		const char *head;
	} table[] = {
		{0, 2, "\x82\x00"},
		{125, 2, "\x82\x7d"},
		{126, 4, "\x82\x7e\x00\x7e"},
		{65536, 10, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"},
	};
	static char payload[65536];

	memset(payload, 'p', sizeof(payload));
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct message *m;
		size_t len;
		const char *wire;

		WATCHED(m = message_frame(WS_BINARY, payload, table[i].len, 0));
		wire = wire_of(m, &len);
		ck_assert_uint_eq(len, table[i].head_len + table[i].len);
		ck_assert_mem_eq(wire, table[i].head, table[i].head_len);
		ck_assert_mem_eq(wire + table[i].head_len, payload,
				 table[i].len);
		ck_assert_uint_eq(m->head_len, table[i].head_len);
		ck_assert_uint_eq(m->count, 0);
		release(m, 1);
	}
}
END_TEST

START_TEST(a_pong_has_its_pings_payload)
{
	struct message *m;

	WATCHED(m = message_frame(WS_PONG, "a\0b", 3, 0));
	is_on_the_wire(m,
		       "\x8a\x03"
		       "a\0b",
		       5);
	release(m, 1);
}
END_TEST

START_TEST(a_body_is_framed_without_a_copy_and_freed_with_it)
{
	struct message *m;
	struct iovec pieces[2];
	char *body;

	WATCHED(body = malloc(300));
	memset(body, 'b', 300);
	WATCHED(m = message_frame_around(WS_BINARY, body, 300));
	ck_assert_uint_eq(message_pieces(m, pieces), 2);
	ck_assert_ptr_eq(pieces[1].iov_base, body);
	ck_assert_uint_eq(pieces[1].iov_len, 300);
	ck_assert_uint_eq(pieces[0].iov_len, 4);
	ck_assert_mem_eq(pieces[0].iov_base, "\x82\x7e\x01\x2c", 4);
	ck_assert_uint_eq(message_size(m), 304);
	ck_assert_uint_eq(m->count, 1);
	release(m, 1);
}
END_TEST

START_TEST(an_empty_body_is_freed_too)
{
	struct message *m;
	void *body;

	WATCHED(body = malloc(1); m = message_frame_around(WS_TEXT, body, 0));
	is_on_the_wire(m, "\x81\x00", 2);
	release(m, 1);
	WATCHED(m = message_frame_around(WS_TEXT, NULL, 0));
	is_on_the_wire(m, "\x81\x00", 2);
	release(m, 1);
}
END_TEST

START_TEST(plain_bytes_are_what_the_caller_writes_and_a_body)
{
	struct message *m;

	WATCHED(m = message_bytes(10, "body", 4));
	m->len = 4;
	memcpy(m->bytes, "head", 4);
	is_on_the_wire(m, "headbody", 8);
	ck_assert_uint_eq(m->count, 0);
	release(m, 1);
	WATCHED(m = message_bytes(4, NULL, 0));
	m->len = 4;
	memcpy(m->bytes, "head", 4);
	is_on_the_wire(m, "head", 4);
	release(m, 1);
}
END_TEST

/* ---- Joining ---- */

START_TEST(joined_texts_are_one_frame_with_newlines)
{
	struct message *some[] = {text("one"), text(""), text("three")};
	struct message *m;

	WATCHED(m = message_join(some, 3, true));
	is_on_the_wire(m, "\x81\x0aone\n\nthree", 12);
	ck_assert_uint_eq(m->count, 3);
	ck_assert_uint_eq(m->head_len, 2);
	/* Those that were joined stay as they are. */
	is_on_the_wire(some[0], "\x81\x03one", 5);
	for (size_t i = 0; i < COUNT_OF(some); i++)
		release(some[i], 1);
	release(m, 1);
}
END_TEST

START_TEST(joined_frames_stand_behind_one_another)
{
	struct message *some[] = {text("one"), text(""), text("three")};
	struct message *m;

	WATCHED(m = message_join(some, 3, false));
	is_on_the_wire(m, "\x81\x03one\x81\x00\x81\x05three", 14);
	ck_assert_uint_eq(m->count, 3);
	for (size_t i = 0; i < COUNT_OF(some); i++)
		release(some[i], 1);
	release(m, 1);
}
END_TEST

START_TEST(one_message_can_be_joined_too)
{
	struct message *one = text("one"), *m;

	for (int coalesce = 0; coalesce < 2; coalesce++) {
		WATCHED(m = message_join(&one, 1, coalesce));
		is_on_the_wire(m, "\x81\x03one", 5);
		ck_assert_uint_eq(m->count, 1);
		release(m, 1);
	}
	release(one, 1);
}
END_TEST

/* What was joined may be joined again, and keeps count; long ones lose heads
 * of other lengths. */
START_TEST(what_was_joined_can_be_joined_again)
{
	static char long_text[65536], all[2 * 65536];
	struct message *some[2], *both[2], *m;
	size_t len;
	const char *wire;

	memset(long_text, 'x', sizeof(long_text) - 1);
	some[0] = text("a");
	some[1] = text(long_text);
	WATCHED(both[0] = message_join(some, 2, true));
	both[1] = text("b");
	WATCHED(m = message_join(both, 2, true));
	ck_assert_uint_eq(m->count, 3);
	wire = wire_of(m, &len);
	(void)snprintf(all, sizeof(all), "a\n%s\nb", long_text);
	ck_assert_uint_eq(len, 10 + strlen(all));
	ck_assert_mem_eq(wire, "\x81\x7f\0\0\0\0\0\x01\0\x03", 10);
	ck_assert_mem_eq(wire + 10, all, strlen(all));
	release(some[0], 1);
	release(some[1], 1);
	release(both[0], 1);
	release(both[1], 1);
	release(m, 1);
}
END_TEST

/* ---- Counting ---- */

START_TEST(the_last_reference_frees)
{
	struct message *m = text("x");

	message_retain(m, 10);
	release(m, 4);
	release(m, 0);
	release(m, 6);
	ck_assert_uint_eq(message_live(), 1);
	is_on_the_wire(m, "\x81\x01x", 3);
	release(m, 1);
	ck_assert_uint_eq(message_live(), 0);
	release(NULL, 1);
}
END_TEST

START_TEST(a_reference_too_many_given_back_ends_the_program)
{
	message_release(text("x"), 2);
}
END_TEST

static void *give_back(void *arg)
{
	WATCHED(message_release(arg, 1));
	return NULL;
}

/* Whoever is the last, it is freed once; TSan and ASan look on. */
START_TEST(many_threads_may_give_back_at_once)
{
	pthread_t threads[8];

	for (int round = 0; round < 200; round++) {
		struct message *m = text("x");

		message_retain(m, COUNT_OF(threads) - 1);
		for (size_t i = 0; i < COUNT_OF(threads); i++)
			MUST(pthread_create(&threads[i], NULL, give_back, m) ==
			     0);
		for (size_t i = 0; i < COUNT_OF(threads); i++)
			MUST(pthread_join(threads[i], NULL) == 0);
		MUST(message_live() == 0);
	}
}
END_TEST

/* ---- No memory ---- */

START_TEST(no_memory_for_a_message_is_null)
{
	struct message *one = text("one"), *m;
	void *body;

	memory_fail(1);
	WATCHED(m = message_frame(WS_TEXT, "x", 1, 1));
	ck_assert_ptr_null(m);
	memory_fail(1);
	WATCHED(m = message_bytes(1, NULL, 0));
	ck_assert_ptr_null(m);
	memory_fail(1);
	WATCHED(m = message_join(&one, 1, true));
	ck_assert_ptr_null(m);
	memory_fail(0);
	WATCHED(body = malloc(10));
	memory_fail(1);
	WATCHED(m = message_frame_around(WS_TEXT, body, 10)); /* frees it */
	ck_assert_ptr_null(m);
	memory_fail(0);
	ck_assert_uint_eq(message_live(), 1);
	release(one, 1);
}
END_TEST

START_TEST(a_length_that_cannot_be_is_null)
{
	struct message *m;

	WATCHED(m = message_bytes(SIZE_MAX, NULL, 0));
	ck_assert_ptr_null(m);
	WATCHED(m = message_bytes(SIZE_MAX - 10, NULL, 0));
	ck_assert_ptr_null(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("message");
	TCase *t = tcase_create("message");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, NULL, nothing_lives);
	tcase_add_test(t, a_message_is_framed_when_it_is_made);
	tcase_add_test(t, frames_have_every_form_of_length);
	tcase_add_test(t, a_pong_has_its_pings_payload);
	tcase_add_test(t, a_body_is_framed_without_a_copy_and_freed_with_it);
	tcase_add_test(t, an_empty_body_is_freed_too);
	tcase_add_test(t, plain_bytes_are_what_the_caller_writes_and_a_body);
	tcase_add_test(t, joined_texts_are_one_frame_with_newlines);
	tcase_add_test(t, joined_frames_stand_behind_one_another);
	tcase_add_test(t, one_message_can_be_joined_too);
	tcase_add_test(t, what_was_joined_can_be_joined_again);
	tcase_add_test(t, the_last_reference_frees);
	tcase_add_test_raise_signal(
		t, a_reference_too_many_given_back_ends_the_program, SIGABRT);
	tcase_add_test(t, many_threads_may_give_back_at_once);
	tcase_add_test(t, no_memory_for_a_message_is_null);
	tcase_add_test(t, a_length_that_cannot_be_is_null);
	suite_add_tcase(s, t);
	return run_all(s);
}
