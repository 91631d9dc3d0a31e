/* SPDX-License-Identifier: MIT */
/*
 * The hub is quicker than those it serves: it may drop who is slow, and nobody
 * whose writer hasn't had a processor yet; and it has given out what was said
 * before it says goodbye, whatever a queue holds.
 *
 * Planted, and caught by: a hub that drops at once where a queue is full
 * (a_flood_drops_nobody_who_takes_it); one that waits for who is stuck, too
 * (who_is_stuck_is_dropped_at_once); a settle() that counts whole turns
 * (what_was_said_before_quit_is_given_out, ..._before_a_leave_...).
 */
#include "check.h"
#include "clock.h"
#include "harness.h"
#include "hub.h"
#include "log.h"
#include "thread.h"

#include <string.h>

/* ---- A member, and a thread in the place of its writer ---- */

struct listener {
	struct member member;
	pthread_t thread;
	bool takes;          /* else nobody receives */
	size_t heard;        /* chat messages */
	struct chan *let_go; /* units: the hub is there, and may go on */
};

static void *listen_run(void *arg)
{
	struct listener *l = arg;
	struct message *some[32];
	size_t n;

	while (chan_recv_some(l->member.send, some, COUNT_OF(some), &n,
			      CHAN_FOREVER) == CHAN_OK) {
		for (size_t i = 0; i < n; i++) {
			l->heard += some[i]->count;
			member_took(&l->member, some[i]->count,
				    message_size(some[i]));
			message_release(some[i], 1);
		}
		member_wrote(&l->member, n);
	}
	return NULL;
}

static void let_go(struct member *m)
{
	struct listener *l = (struct listener *)m;

	if (!l->let_go)
		return;
	MUST(chan_send_unit(l->let_go, CHAN_FOREVER) == CHAN_OK);
	MUST(chan_recv_unit(l->let_go, CHAN_FOREVER) == CHAN_OK);
}

static struct hub hub;
static struct chan *quit;
static pthread_t hub_thread;

/* The log would be about what is meant to happen. */
static void be_quiet(void)
{
	ck_assert_int_eq(log_start(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT), 0);
}

static void start(size_t queue, bool coalesce)
{
	struct hub_limits limits = {queue, SIZE_MAX / 2, coalesce, false};

	quit = chan_create(0, 0);
	ck_assert_ptr_nonnull(quit);
	ck_assert_int_eq(hub_init(&hub, quit, &limits), 0);
	ck_assert_int_eq(thread_start(&hub_thread, 0, hub_run, &hub, "hub"), 0);
}

static void enter(struct listener *l, bool takes)
{
	struct member *m = &l->member;

	*l = (struct listener){.takes = takes};
	m->peer = "peer";
	m->let_go = let_go;
	m->send = chan_create(sizeof(struct message *), hub.limits.queue);
	ck_assert_ptr_nonnull(m->send);
	if (takes)
		ck_assert_int_eq(
			thread_start(&l->thread, 0, listen_run, l, "listener"),
			0);
	ck_assert(chan_send(hub.register_, &m) == CHAN_OK);
}

static void leave(struct listener *l)
{
	struct leave leave = {&l->member, {WS_CODE_NORMAL, "", false}};

	ck_assert(chan_send(hub.unregister, &leave) == CHAN_OK);
}

/* After leave() or the hub's end. */
static void forget(struct listener *l)
{
	struct message *m;

	if (l->takes)
		thread_join(l->thread);
	while (chan_recv_until(l->member.send, &m, CHAN_NOW) == CHAN_OK)
		message_release(m, 1);
	chan_destroy(l->member.send);
	chan_destroy(l->let_go);
}

static void stop(void)
{
	chan_close(hub.broadcast);
	thread_join(hub_thread);
	hub_fini(&hub);
	chan_destroy(quit);
}

/* As a reader does, all messages of one read at once. */
static void say(size_t n)
{
	struct message *some[64];
	size_t sent;

	while (n > 0) {
		size_t now = n < COUNT_OF(some) ? n : COUNT_OF(some);

		for (size_t i = 0; i < now; i++) {
			some[i] = message_frame(WS_TEXT, "x", 1, 1);
			ck_assert_ptr_nonnull(some[i]);
		}
		ck_assert(chan_send_some(hub.broadcast, some, now, &sent,
					 CHAN_FOREVER) == CHAN_OK);
		n -= now;
	}
}

/* ---- Who is dropped ---- */

START_TEST(a_flood_drops_nobody_who_takes_it)
{
	static const size_t queues[] = {256, 256, 4, 1};
	struct listener all[20];
	size_t n = _i < 2 ? 20000 : 2000;

	start(queues[_i], _i != 1);
	for (size_t i = 0; i < COUNT_OF(all); i++)
		enter(&all[i], true);
	say(n);
	for (size_t i = 0; i < COUNT_OF(all); i++)
		leave(&all[i]);
	stop();
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		forget(&all[i]);
		ck_assert_uint_eq(all[i].heard, n);
	}
	ck_assert_uint_eq(atomic_load(&hub.drops), 0);
}
END_TEST

/* Were the hub to wait for each of them, this would take minutes. */
START_TEST(who_is_stuck_is_dropped_at_once)
{
	struct listener stuck[100], good;
	size_t n = 1000;

	start(16, true);
	for (size_t i = 0; i < COUNT_OF(stuck); i++) {
		enter(&stuck[i], false);
		atomic_store(&stuck[i].member.stuck, true);
		say(10);
	}
	enter(&good, true);
	say(n);
	for (size_t i = 0; i < COUNT_OF(stuck); i++)
		leave(&stuck[i]);
	leave(&good);
	stop();
	for (size_t i = 0; i < COUNT_OF(stuck); i++) {
		forget(&stuck[i]);
		ck_assert_uint_eq(stuck[i].member.farewell.code,
				  WS_CODE_POLICY);
	}
	forget(&good);
	ck_assert_uint_ge(good.heard, n);
	ck_assert_uint_eq(atomic_load(&hub.drops), COUNT_OF(stuck));
}
END_TEST

/* One who isn't stuck, and never takes anything, can't hold up the hub. */
START_TEST(patience_ends)
{
	struct listener idle, good;

	start(16, true);
	enter(&idle, false);
	enter(&good, true);
	say(100);
	leave(&idle);
	leave(&good);
	stop();
	forget(&idle);
	forget(&good);
	ck_assert_uint_eq(good.heard, 100);
	ck_assert_uint_eq(atomic_load(&hub.drops), 1);
}
END_TEST

/* ---- What was said before ---- */

/* Holds the hub up in one let_go() while 200 messages come to wait, and then
 * whatever `then` does. */
static void say_while_held(struct listener *holder)
{
	enter(holder, false);
	holder->let_go = chan_create(0, 0);
	ck_assert_ptr_nonnull(holder->let_go);
	leave(holder);
	ck_assert(chan_recv_unit(holder->let_go, CHAN_FOREVER) == CHAN_OK);
	say(200);
}

static void go_on(struct listener *holder)
{
	ck_assert(chan_send_unit(holder->let_go, CHAN_FOREVER) == CHAN_OK);
}

/* The hub chooses at random among what is ready: so several times. */
START_TEST(what_was_said_before_quit_is_given_out)
{
	struct listener l, holder;

	for (int i = 0; i < 16; i++) {
		start(4, true);
		enter(&l, true);
		say_while_held(&holder);
		chan_close(quit);
		go_on(&holder);
		thread_join(l.thread); /* it was closed */
		l.takes = false;
		leave(&l);
		stop();
		forget(&l);
		forget(&holder);
		ck_assert_uint_eq(l.heard, 200);
		ck_assert_uint_eq(l.member.farewell.code, WS_CODE_GOING_AWAY);
	}
}
END_TEST

static void *leave_run(void *arg)
{
	struct leave l = {arg, {WS_CODE_NORMAL, "", false}};

	MUST(chan_send(hub.unregister, &l) == CHAN_OK);
	return NULL;
}

START_TEST(what_was_said_before_a_leave_is_given_out)
{
	struct listener l, holder;
	pthread_t leaver;

	for (int i = 0; i < 16; i++) {
		start(4, true);
		enter(&l, true);
		say_while_held(&holder);
		ck_assert_int_eq(thread_start(&leaver, 0, leave_run, &l.member,
					      "leaver"),
				 0);
		go_on(&holder);
		thread_join(leaver);
		stop();
		forget(&l);
		forget(&holder);
		ck_assert_uint_eq(l.heard, 200);
	}
}
END_TEST

static void nothing_is_left(void)
{
	log_stop(CLOCK_NEVER);
	ck_assert_uint_eq(message_live(), 0);
}

int main(void)
{
	Suite *s = suite_create("outrun");
	TCase *c = tcase_create("outrun");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, be_quiet, nothing_is_left);
	tcase_add_loop_test(c, a_flood_drops_nobody_who_takes_it, 0, 4);
	tcase_add_test(c, who_is_stuck_is_dropped_at_once);
	tcase_add_test(c, patience_ends);
	tcase_add_test(c, what_was_said_before_quit_is_given_out);
	tcase_add_test(c, what_was_said_before_a_leave_is_given_out);
	suite_add_tcase(s, c);
	return run_all(s);
}
