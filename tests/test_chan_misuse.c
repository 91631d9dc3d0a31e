/* SPDX-License-Identifier: MIT */
/*
 * What never returns: operations that cannot proceed wait for ever, mistakes
 * end the program, and the message says which channel it was.
 *
 * Planted, and caught by: a full channel that lets a sender go
 * (what_cannot_proceed_waits_for_ever); each of the checks left out, and the
 * size's only where something is to be done
 * (mistakes_end_the_program_with_a_message); a name cut too soon
 * (a_name_stands_in_messages_cut_to_15_bytes).
 */
#include "chan_harness.h"

/* ---- For ever ---- */

static void send_to_null(void)
{
	int v = 1;

	set_alarm_clock();
	(void)!chan_send((struct chan *)NULL, &v);
}

static void recv_from_null(void)
{
	int v;

	set_alarm_clock();
	(void)!chan_recv((struct chan *)NULL, &v);
}

static void send_unbuffered(void)
{
	struct chan *c = int_chan(0);

	set_alarm_clock();
	put(c, 1);
}

static void send_to_full(void)
{
	struct chan *c = int_chan(2);

	set_alarm_clock();
	for (int i = 0; i < 3; i++)
		put(c, 1);
}

static void recv_from_empty(void)
{
	struct chan *c = int_chan(2);

	set_alarm_clock();
	(void)take(c);
}

START_TEST(what_cannot_proceed_waits_for_ever)
{
	blocks_for_ever(send_to_null);
	blocks_for_ever(recv_from_null);
	blocks_for_ever(send_unbuffered);
	blocks_for_ever(send_to_full);
	blocks_for_ever(recv_from_empty);
}
END_TEST

/* ---- Mistakes end the program ---- */

static void close_null(void)
{
	chan_close(NULL);
}

static void close_twice(void)
{
	struct chan *c = int_chan(1);

	chan_close(c);
	chan_close(c);
}

static void send_of_another_size(void)
{
	struct chan *c = int_chan(1);
	char v = 1;

	(void)!chan_send(c, &v);
}

static void recv_of_another_size(void)
{
	struct chan *c = int_chan(1);
	double v;

	put(c, 1);
	(void)!chan_recv(c, &v);
}

static void signal_on_a_channel_of_values(void)
{
	(void)!chan_send_unit(int_chan(1), CHAN_NOW);
}

/* The size is checked also where nothing is to be done. */
static void none_of_another_size(void)
{
	char v;
	size_t n;

	(void)!chan_recv_some(int_chan(1), &v, 0, &n, CHAN_NOW);
}

static void destroy_under_a_receiver(void)
{
	struct actor a;
	struct chan *c = int_chan(1);

	start_actor(&a, recv_it, c, 0);
	await_waiters(c, 0, 1);
	chan_destroy(c);
}

static void destroy_under_a_sender(void)
{
	struct actor a;
	struct chan *c = int_chan(0);

	start_actor(&a, send_it, c, 0);
	await_waiters(c, 1, 0);
	chan_destroy(c);
}

START_TEST(mistakes_end_the_program_with_a_message)
{
	dies_saying(close_null, "libchan: ");
	dies_saying(close_twice, "libchan: closed twice");
	dies_saying(send_of_another_size, "libchan: a value of another size");
	dies_saying(recv_of_another_size, "libchan: a value of another size");
	dies_saying(signal_on_a_channel_of_values, "of another size");
	dies_saying(none_of_another_size, "of another size");
	dies_saying(destroy_under_a_receiver, "destroyed while a thread waits");
	dies_saying(destroy_under_a_sender, "destroyed while a thread waits");
}
END_TEST

/* ---- Names ---- */

static void close_a_named_one_twice(void)
{
	struct chan *c = int_chan(1);
	char name[] = "broadcast of the hub";

	chan_set_name(c, name);
	memset(name, 'x', sizeof(name) - 1); /* it was copied */
	chan_close(c);
	chan_close(c);
}

static void close_a_renamed_one_twice(void)
{
	struct chan *c = int_chan(1);

	chan_set_name(c, "broadcast");
	chan_set_name(c, NULL);
	chan_close(c);
	chan_close(c);
}

START_TEST(a_name_stands_in_messages_cut_to_15_bytes)
{
	dies_saying(close_a_named_one_twice,
		    "closed twice: channel broadcast of th\n");
	dies_saying(close_a_renamed_one_twice, "closed twice\n");
}
END_TEST

static Suite *misuse_suite(void)
{
	Suite *s = suite_create("chan_misuse");
	TCase *t = tcase_create("chan_misuse");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, what_cannot_proceed_waits_for_ever);
	tcase_add_test(t, mistakes_end_the_program_with_a_message);
	tcase_add_test(t, a_name_stands_in_messages_cut_to_15_bytes);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(misuse_suite());
}
