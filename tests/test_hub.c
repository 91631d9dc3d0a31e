/* SPDX-License-Identifier: MIT */
/*
 * The hub: who hears what, in which order, and how it ends.  test_hub_slow.c
 * has those who don't listen.
 */
#include "hub_harness.h"
#include "memory_harness.h"

#define MANY ((size_t)1 << 30)

enum { MEMBERS = 5, SAYERS = 4, EACH = 300 };

static struct listener_ a, b, all[MEMBERS];

/* ---- Who hears what ---- */

START_TEST(everybody_hears_everything_the_speaker_included)
{
	start_hub(256, MANY, _i);
	for (size_t i = 0; i < MEMBERS; i++)
		come(&all[i]);
	say("one");
	say("two");
	say("three");
	for (size_t i = 0; i < MEMBERS; i++) {
		take_texts(&all[i], 3);
		ck_assert_str_eq(all[i].heard, "one two three");
		go(&all[i]);
		forget(&all[i]);
		ck_assert_str_eq(all[i].heard, "one two three");
	}
	stop_hub();
}
END_TEST

START_TEST(where_nobody_is_nothing_is_kept)
{
	start_hub(256, MANY, true);
	say_numbers(0, 1000);
	settle();
	come(&a);
	go(&a);
	forget(&a);
	ck_assert_str_eq(a.heard, "");
	stop_hub();
}
END_TEST

/* Of what was said before he may hear the last.  Many rounds, since select
 * chooses at random.  Caught: a hub that gave out what waited first, and with
 * it what the newcomer had said since. */
START_TEST(who_comes_hears_what_is_said_from_then_on)
{
	start_hub(256, MANY, true);
	for (int round = 0; round < 500; round++) {
		size_t missing;

		come(&a);
		say_numbers(0, 3);
		come(&b);
		say_numbers(3, 5);
		go(&a);
		go(&b);
		forget(&a);
		forget(&b);
		ck_assert_str_eq(a.heard, "0 1 2 3 4");
		ck_assert_uint_ge(strlen(b.heard), strlen("3 4"));
		missing = strlen(a.heard) - strlen(b.heard);
		ck_assert_str_eq(b.heard, a.heard + missing);
	}
	stop_hub();
}
END_TEST

/* Of what is said afterwards he may hear the first.  Caught: an unregister
 * handled before what was sent before it. */
START_TEST(who_leaves_hears_what_was_said_until_then)
{
	start_hub(256, MANY, true);
	for (int round = 0; round < 200; round++) {
		come(&a);
		come(&b);
		say_numbers(0, 4);
		go(&a);
		say_numbers(4, 6);
		go(&b);
		forget(&a);
		forget(&b);
		ck_assert_str_eq(b.heard, "0 1 2 3 4 5");
		ck_assert_uint_ge(strlen(a.heard), strlen("0 1 2 3"));
		ck_assert_mem_eq(a.heard, b.heard, strlen(a.heard));
	}
	stop_hub();
}
END_TEST

START_TEST(who_leaves_parts_as_his_reader_says_and_is_let_go_once)
{
	start_hub(256, MANY, true);
	come(&a);
	ck_assert_int_eq(a.let_gone, 0);
	go_with(&a, 1007);
	settle();
	ck_assert_int_eq(a.let_gone, 1);
	forget(&a);
	parted(&a, 1007, "left", false);
	stop_hub();
	ck_assert_int_eq(a.let_gone, 1);
}
END_TEST

/* ---- Order ---- */

static void *say_much(void *arg)
{
	int first = *(int *)arg;

	say_numbers(first, first + EACH);
	return NULL;
}

static void *listen_to_all(void *arg)
{
	take_texts(arg, SAYERS * EACH);
	return NULL;
}

START_TEST(all_hear_all_speakers_in_one_and_the_same_order)
{
	pthread_t sayers[SAYERS], ears[MEMBERS];
	int firsts[SAYERS], last[SAYERS] = {0};
	char *rest, *word, copy[sizeof(a.heard)];

	start_hub(SAYERS * EACH, MANY, _i);
	for (size_t i = 0; i < MEMBERS; i++) {
		come(&all[i]);
		MUST(thread_start(&ears[i], 0, listen_to_all, &all[i], "ear") ==
		     0);
	}
	for (int i = 0; i < SAYERS; i++) {
		firsts[i] = 1000 * (i + 1);
		MUST(thread_start(&sayers[i], 0, say_much, &firsts[i],
				  "sayer") == 0);
	}
	for (size_t i = 0; i < SAYERS; i++)
		thread_join(sayers[i]);
	for (size_t i = 0; i < MEMBERS; i++) {
		thread_join(ears[i]);
		go(&all[i]);
		forget(&all[i]);
		ck_assert_str_eq(all[i].heard, all[0].heard);
	}
	/* And each speaker's own order is kept. */
	strcpy(copy, all[0].heard);
	for (word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		int n = atoi(word), sayer = n / 1000 - 1;

		MUST(n == firsts[sayer] + last[sayer]++);
	}
	stop_hub();
}
END_TEST

/* Places in the hub's array change when others leave.  Caught: a last one
 * that kept its old place. */
START_TEST(members_may_come_and_go_in_any_order)
{
	enum { N = 150 };
	static struct listener_ many[N];
	static bool here[N];
	static int since[N];
	uint64_t random = 5;

	start_hub(256, MANY, true);
	for (int said = 0; said < 1500; said++) {
		size_t i = next_random(&random) % N;

		if (here[i]) {
			go(&many[i]);
			forget(&many[i]);
			ck_assert_str_eq(many[i].heard,
					 numbers(since[i], said));
		} else {
			come(&many[i]);
			since[i] = said;
		}
		here[i] = !here[i];
		say_numbers(said, said + 1);
		for (size_t k = 0; k < N; k++)
			if (here[k])
				take_texts(&many[k], 1);
	}
	for (size_t i = 0; i < N; i++) {
		if (here[i]) {
			go(&many[i]);
			forget(&many[i]);
		}
	}
	stop_hub();
}
END_TEST

/* ---- Turns ---- */

START_TEST(what_waits_together_goes_as_one_message)
{
	start_hub(256, MANY, _i);
	come(&a);
	hold_hub();
	say_numbers(0, 100);
	let_hub_go();
	ck_assert_uint_eq(take(&a), 100);
	ck_assert_str_eq(a.heard, numbers(0, 100));
	go(&a);
	forget(&a);
	forget_doorman();
	stop_hub();
}
END_TEST

START_TEST(one_turn_takes_no_more_than_an_empty_queue_holds)
{
	/* 128: a whole turn's worth */
	static const size_t queues[] = {256, 128, 127, 10, 1};
	size_t left = 200, turn = queues[_i] < 128 ? queues[_i] : 128;

	start_hub(queues[_i], MANY, true);
	come(&a);
	hold_hub();
	say_numbers(0, (int)left);
	if (queues[_i] < 256)
		left = turn; /* and then it is dropped: nobody takes */
	let_hub_go();
	settle();
	while (left > 0) {
		size_t count = take(&a);

		ck_assert_uint_eq(count, left < turn ? left : turn);
		left -= count;
	}
	go(&a);
	forget(&a);
	forget_doorman();
	stop_hub();
}
END_TEST

/* Two fit, the third with no other; what is too long goes alone; then heads
 * count. */
START_TEST(one_frame_takes_no_more_than_64_kib)
{
	static const size_t lengths[] = {30000, 30000, 30000, 70000,
					 1,     2,     65000, 600};
	static const size_t counts[] = {2, 1, 1, 3, 1};
	static char text[70000];

	memset(text, 'x', sizeof(text));
	start_hub(256, MANY, _i);
	come(&a);
	hold_hub();
	for (size_t i = 0; i < COUNT_OF(lengths); i++)
		say_bytes(text, lengths[i]);
	let_hub_go();
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		struct message *m;

		MUST(chan_recv(a.m.send, &m) == CHAN_OK);
		ck_assert_uint_eq(m->count, counts[i]);
		took(&a, m);
	}
	go(&a);
	forget(&a);
	forget_doorman();
	stop_hub();
}
END_TEST

/* ---- Leaving while much waits ---- */

static size_t waited; /* in broadcast, when the hub let a go */

static void look_what_waits(struct member *m)
{
	let_go(m);
	waited = chan_len(hub.broadcast);
}

static void *go_a(void *arg)
{
	go(arg);
	return NULL;
}

/* However short the turns.  Caught: a hub that took a full turn's worth for
 * done where the queue's length had made it less. */
START_TEST(who_leaves_is_let_go_when_all_was_given_out_that_waited)
{
	for (int round = 0; round < 40; round++) {
		pthread_t leaver;

		start_hub(10, MANY, true);
		come(&a);
		a.m.let_go = look_what_waits;
		waited = SIZE_MAX;
		hold_hub();
		say_numbers(0, 200);
		MUST(thread_start(&leaver, 0, go_a, &a, "a") == 0);
		await_sender(hub.unregister);
		let_hub_go();
		thread_join(leaver);
		forget_doorman();
		forget(&a);
		stop_hub();
		ck_assert_uint_eq(waited, 0);
	}
}
END_TEST

/* ---- The end ---- */

START_TEST(at_the_end_all_get_what_waits_and_then_1001)
{
	for (int round = 0; round < 50; round++) {
		start_hub(256, MANY, true);
		come(&a);
		come(&b);
		say_numbers(0, 5);
		chan_close(quit);
		take_to_the_end(&a);
		ck_assert_str_eq(a.heard, "0 1 2 3 4");
		parted(&a, 1001, "stopping", false);
		take_to_the_end(&b);
		ck_assert_str_eq(b.heard, "0 1 2 3 4");
		ck_assert_int_eq(a.let_gone, 0); /* not before it unregisters */
		go(&a);
		go(&b);
		forget(&a);
		forget(&b);
		parted(&a, 1001, "stopping", false);
		stop_hub();
		ck_assert_int_eq(a.let_gone + b.let_gone, 2);
	}
}
END_TEST

START_TEST(while_stopping_the_hub_goes_on_receiving)
{
	start_hub(256, MANY, true);
	come(&a);
	chan_close(quit);
	take_to_the_end(&a);
	say_numbers(0, 2000); /* more than waits anywhere */
	come(&b);
	take_to_the_end(&b);
	ck_assert_str_eq(b.heard, "");
	parted(&b, 1001, "stopping", false);
	ck_assert_int_eq(b.let_gone, 0);
	go(&b);
	go(&a);
	forget(&a);
	forget(&b);
	stop_hub();
	ck_assert_int_eq(a.let_gone + b.let_gone, 2);
}
END_TEST

START_TEST(the_hub_ends_when_broadcast_is_closed_and_empty)
{
	start_hub(256, MANY, true);
	hold_hub();
	say_numbers(0, 200);
	chan_close(hub.broadcast);
	let_hub_go();
	thread_join(hub_thread);
	ck_assert_uint_eq(message_live(), 0);
	ck_assert_uint_eq(hub.count, 0);
	forget_doorman();
	hub_fini(&hub);
	chan_destroy(quit);
}
END_TEST

START_TEST(no_memory_for_a_hub_is_said)
{
	struct hub_limits limits = {1, 1, true, false};
	size_t nth = 0;
	int err;

	do {
		memory_fail(++nth);
		WATCHED(err = hub_init(&hub, NULL, &limits));
		ck_assert_int_eq(err, memory_failed() ? -ENOMEM : 0);
		if (err)
			ck_assert_uint_eq(memory_blocks, 0);
	} while (err);
	ck_assert_uint_gt(nth, 3);
	WATCHED(hub_fini(&hub));
	ck_assert_uint_eq(memory_blocks, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hub");
	TCase *t = tcase_create("hub");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, everybody_hears_everything_the_speaker_included,
			    0, 2);
	tcase_add_test(t, where_nobody_is_nothing_is_kept);
	tcase_add_test(t, who_comes_hears_what_is_said_from_then_on);
	tcase_add_test(t, who_leaves_hears_what_was_said_until_then);
	tcase_add_test(t,
		       who_leaves_parts_as_his_reader_says_and_is_let_go_once);
	tcase_add_loop_test(t, all_hear_all_speakers_in_one_and_the_same_order,
			    0, 2);
	tcase_add_test(t, members_may_come_and_go_in_any_order);
	tcase_add_loop_test(t, what_waits_together_goes_as_one_message, 0, 2);
	tcase_add_loop_test(t, one_turn_takes_no_more_than_an_empty_queue_holds,
			    0, 5);
	tcase_add_loop_test(t, one_frame_takes_no_more_than_64_kib, 0, 2);
	tcase_add_test(t,
		       who_leaves_is_let_go_when_all_was_given_out_that_waited);
	tcase_add_test(t, at_the_end_all_get_what_waits_and_then_1001);
	tcase_add_test(t, while_stopping_the_hub_goes_on_receiving);
	tcase_add_test(t, the_hub_ends_when_broadcast_is_closed_and_empty);
	tcase_add_test(t, no_memory_for_a_hub_is_said);
	suite_add_tcase(s, t);
	return run_all(s);
}
