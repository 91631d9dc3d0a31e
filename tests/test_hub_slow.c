/* SPDX-License-Identifier: MIT */
/* The hub and those who don't listen, and the hub where memory is short. */
#include "hub_harness.h"
#include "memory_harness.h"

#define MANY ((size_t)1 << 30)

enum { MEMBERS = 6 };

static struct listener_ a, b, all[MEMBERS];

/* ---- Memory for joined messages ---- */

static atomic_bool no_join;

struct message *__real_message_join(struct message *const *messages, size_t n,
				    bool coalesce);
struct message *__wrap_message_join(struct message *const *messages, size_t n,
				    bool coalesce);

struct message *__wrap_message_join(struct message *const *messages, size_t n,
				    bool coalesce)
{
	return no_join ? NULL : __real_message_join(messages, n, coalesce);
}

/* ---- Slow ones ---- */

/* What waited is dropped with him; up to there nothing is missing. */
static void was_dropped(struct listener_ *l, const char *until_then)
{
	take_to_the_end(l);
	ck_assert_str_eq(l->heard, until_then);
	parted(l, 1008, "too slow", true);
	ck_assert_int_eq(l->let_gone, 0); /* not before it unregisters */
}

START_TEST(who_lets_too_many_messages_wait_is_dropped_and_told_why)
{
	start_hub(4, MANY, true);
	come(&a);
	come(&b);
	for (int i = 0; i < 10; i++) {
		say_numbers(i, i + 1);
		take_texts(&b, 1);
	}
	was_dropped(&a, "0 1 2 3");
	ck_assert_uint_eq(hub.drops, 1);
	go(&a);
	go(&b);
	forget(&b);
	ck_assert_str_eq(b.heard, numbers(0, 10));
	forget(&a);
	parted(&a, 1008, "too slow", true);
	stop_hub();
	ck_assert_int_eq(a.let_gone, 1);
}
END_TEST

START_TEST(who_lets_too_many_bytes_wait_is_dropped)
{
	/* 12 bytes each with its head */
	start_hub(256, 36, true);
	come(&a);
	come(&b);
	for (int i = 0; i < 5; i++) {
		say("0123456789");
		take_texts(&b, 1);
	}
	was_dropped(&a, "0123456789 0123456789 0123456789");
	go(&a);
	go(&b);
	forget(&a);
	forget(&b);
	stop_hub();
}
END_TEST

START_TEST(who_takes_in_time_is_never_dropped)
{
	start_hub(4, MANY, true);
	come(&a);
	for (int i = 0; i < 400; i += 4) {
		say_numbers(i, i + 4);
		take_texts(&a, 4);
	}
	ck_assert_str_eq(a.heard, numbers(0, 400));
	go(&a);
	forget(&a);
	ck_assert_uint_eq(hub.drops, 0);
	stop_hub();
}
END_TEST

/* Else nobody could ever get it. */
START_TEST(an_empty_queue_takes_one_message_of_any_length)
{
	char text[200];

	memset(text, 'x', sizeof(text));
	start_hub(1, 10, true);
	come(&a);
	for (int i = 0; i < 5; i++) {
		say_bytes(text, sizeof(text));
		ck_assert_uint_eq(take(&a), 1);
	}
	go(&a);
	forget(&a);
	ck_assert_uint_eq(hub.drops, 0);
	stop_hub();
}
END_TEST

/* Where the hub's account and the channel differ, the channel holds. */
START_TEST(a_queue_that_is_full_all_the_same_is_a_slow_client)
{
	start_hub(MANY, MANY, true);
	come(&a);
	come(&b);
	for (int i = 0; i < 300; i++) {
		say_numbers(i, i + 1);
		take_texts(&b, 1);
	}
	was_dropped(&a, numbers(0, 256)); /* its channel's capacity */
	go(&a);
	go(&b);
	forget(&a);
	forget(&b);
	stop_hub();
}
END_TEST

/* Any of them, also the first and the last.  Caught: a walk forwards, which
 * passes over who takes the place of the dropped. */
START_TEST(neighbours_of_the_dropped_lose_nothing)
{
	const unsigned slow = (unsigned)_i; /* a bit for each */

	start_hub(3, MANY, true);
	for (size_t i = 0; i < MEMBERS; i++)
		come(&all[i]);
	for (int said = 0; said < 8; said++) {
		say_numbers(said, said + 1);
		for (size_t i = 0; i < MEMBERS; i++)
			if (!(slow & 1u << i))
				take_texts(&all[i], 1);
		if (slow == (1u << MEMBERS) - 1)
			settle();
	}
	settle();
	for (size_t i = 0; i < MEMBERS; i++) {
		if (slow & 1u << i)
			was_dropped(&all[i], "0 1 2");
		go(&all[i]);
		forget(&all[i]);
		if (!(slow & 1u << i))
			ck_assert_str_eq(all[i].heard, numbers(0, 8));
	}
	ck_assert_uint_eq(hub.drops, (size_t)__builtin_popcount(slow));
	stop_hub();
}
END_TEST

/* The hub gives messages faster than a writer without a processor takes them.
 * Caught: a hub that didn't wait, and dropped it. */
START_TEST(who_lacks_only_a_processor_is_waited_for)
{
	start_hub(4, MANY, true);
	come(&a);
	a.m.stuck = false;
	hold_hub();
	say_numbers(0, 40);
	let_hub_go();
	take_texts(&a, 40);
	ck_assert_str_eq(a.heard, numbers(0, 40));
	ck_assert_uint_eq(hub.drops, 0);
	go(&a);
	forget(&a);
	forget_doorman();
	stop_hub();
}
END_TEST

START_TEST(but_not_for_ever)
{
	int64_t from;

	start_hub(1, MANY, true);
	come(&a);
	a.m.stuck = false;
	say("one");
	settle();
	from = clock_now();
	say("two");
	settle();
	ck_assert_int_ge(clock_now() - from, CLOCK_SECOND);
	was_dropped(&a, "one");
	go(&a);
	forget(&a);
	stop_hub();
}
END_TEST

START_TEST(who_was_dropped_is_told_nothing_else_at_the_end)
{
	start_hub(1, MANY, true);
	come(&a);
	say("one");
	settle();
	say("two");
	settle();
	chan_close(quit);
	settle();
	was_dropped(&a, "one");
	go_with(&a, 1000);
	forget(&a);
	parted(&a, 1008, "too slow", true);
	stop_hub();
}
END_TEST

/* ---- Short of memory ---- */

START_TEST(where_messages_cannot_be_joined_they_go_singly)
{
	start_hub(256, MANY, _i);
	come(&a);
	hold_hub();
	say_numbers(0, 50);
	no_join = true;
	let_hub_go();
	for (int i = 0; i < 50; i++)
		ck_assert_uint_eq(take(&a), 1);
	no_join = false;
	ck_assert_str_eq(a.heard, numbers(0, 50));
	go(&a);
	forget(&a);
	forget_doorman();
	stop_hub();
}
END_TEST

/* The 65th needs a longer list.  Caught: a list that was lost where it could
 * not grow. */
START_TEST(where_there_is_no_memory_for_a_member_the_others_stay)
{
	static struct listener_ many[64];

	start_hub(256, MANY, true);
	for (size_t i = 0; i < COUNT_OF(many); i++)
		come(&many[i]);
	prepare(&a);
	memory_fail(1);
	memory_watched_everywhere = true;
	enter(&a);
	take_to_the_end(&a);
	memory_watched_everywhere = false;
	ck_assert(memory_failed());
	memory_fail(0);
	parted(&a, 1011, "no memory", false);
	ck_assert_int_eq(a.let_gone, 0);
	say("still here");
	go(&a);
	come(&b); /* and now there is some */
	go(&b);
	for (size_t i = 0; i < COUNT_OF(many); i++) {
		go(&many[i]);
		forget(&many[i]);
		ck_assert_str_eq(many[i].heard, "still here");
	}
	forget(&a);
	forget(&b);
	ck_assert_str_eq(a.heard, "");
	stop_hub();
	ck_assert_int_eq(a.let_gone, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hub_slow");
	TCase *t = tcase_create("hub_slow");

	tcase_set_timeout(t, 60);
	tcase_add_test(t,
		       who_lets_too_many_messages_wait_is_dropped_and_told_why);
	tcase_add_test(t, who_lets_too_many_bytes_wait_is_dropped);
	tcase_add_test(t, who_takes_in_time_is_never_dropped);
	tcase_add_test(t, an_empty_queue_takes_one_message_of_any_length);
	tcase_add_test(t, a_queue_that_is_full_all_the_same_is_a_slow_client);
	tcase_add_loop_test(t, neighbours_of_the_dropped_lose_nothing, 0,
			    1 << MEMBERS);
	tcase_add_test(t, who_lacks_only_a_processor_is_waited_for);
	tcase_add_test(t, but_not_for_ever);
	tcase_add_test(t, who_was_dropped_is_told_nothing_else_at_the_end);
	tcase_add_loop_test(t, where_messages_cannot_be_joined_they_go_singly,
			    0, 2);
	tcase_add_test(t,
		       where_there_is_no_memory_for_a_member_the_others_stay);
	suite_add_tcase(s, t);
	return run_all(s);
}
