/* SPDX-License-Identifier: MIT */
/*
 * A hub with members that are no clients: no socket, and nobody takes from
 * their queues but the test.
 */
#ifndef HUB_HARNESS_H
#define HUB_HARNESS_H

#include "clock.h"
#include "harness.h"
#include "hub.h"
#include "internal.h" /* of libchan */
#include "log.h"
#include "thread.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

/* A member, and what it has heard: "one two three". */
struct listener_ {
	struct member m;
	atomic_int let_gone;   /* how often */
	atomic_bool forgotten; /* the hub doesn't know it any more */
	struct chan *gate;     /* where let_go waits, and so the hub; or NULL */
	char heard[16384];
};

static struct hub hub;
static struct chan *quit;
static pthread_t hub_thread;

static inline void let_go(struct member *m)
{
	struct listener_ *l = (struct listener_ *)m;

	atomic_fetch_add(&l->let_gone, 1);
	if (l->gate)
		MUST(chan_recv_unit(l->gate, CHAN_FOREVER) == CHAN_CLOSED);
	atomic_store(&l->forgotten, true);
}

static inline void start_hub(size_t queue, size_t queue_bytes, bool coalesce)
{
	struct hub_limits limits = {queue, queue_bytes, coalesce, false};

	quit = chan_create(0, 0);
	MUST(quit != NULL);
	MUST(hub_init(&hub, quit, &limits) == 0);
	MUST(log_start(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT) == 0);
	MUST(thread_start(&hub_thread, 0, hub_run, &hub, "hub") == 0);
}

/* As main does it; and then nothing may be left. */
static inline void stop_hub(void)
{
	chan_close(hub.broadcast);
	thread_join(hub_thread);
	hub_fini(&hub);
	chan_destroy(quit);
	log_stop(clock_now() + CLOCK_SECOND);
	ck_assert_uint_eq(message_live(), 0);
}

/* ---- Members ---- */

static inline void prepare(struct listener_ *l)
{
	memset(l, 0, sizeof(*l));
	l->m.send = chan_create(sizeof(struct message *), 256);
	MUST(l->m.send != NULL);
	l->m.peer = "nobody";
	l->m.let_go = let_go;
	l->m.stuck = true; /* who doesn't take is one whose peer doesn't */
}

static inline void enter(struct listener_ *l)
{
	struct member *m = &l->m;

	MUST(chan_send(hub.register_, &m) == CHAN_OK);
}

static inline void come(struct listener_ *l)
{
	prepare(l);
	enter(l);
}

static inline void go_with(struct listener_ *l, uint16_t code)
{
	struct leave leave = {&l->m, {code, "left", false}};

	MUST(chan_send(hub.unregister, &leave) == CHAN_OK);
}

static inline void go(struct listener_ *l)
{
	go_with(l, 1000);
}

/* Notes the texts of a message, frame by frame and line by line. */
static inline void hear(struct listener_ *l, const struct message *m)
{
	const unsigned char *p = m->bytes, *end = p + m->len;
	size_t texts = 0, at = strlen(l->heard);

	while (p < end) {
		size_t len = p[1];

		MUST(p[0] == (0x80 | WS_TEXT));
		p += 2;
		if (len == 126) {
			len = (size_t)p[0] << 8 | p[1];
			p += 2;
		}
		MUST(len <= (size_t)(end - p));
		MUST(at + len + 2 < sizeof(l->heard));
		if (at > 0)
			l->heard[at++] = ' ';
		texts++;
		for (size_t i = 0; i < len; i++) {
			texts += p[i] == '\n';
			l->heard[at++] = p[i] == '\n' ? ' ' : (char)p[i];
		}
		p += len;
	}
	l->heard[at] = '\0';
	MUST(texts == m->count);
}

/* Does what a writer does with a message that it has written. */
static inline void took(struct listener_ *l, struct message *m)
{
	member_took(&l->m, m->count, message_size(m));
	member_wrote(&l->m, 1);
	message_release(m, 1);
}

/* Takes what comes next, as a writer does; its count, 0: the end. */
static inline size_t take(struct listener_ *l)
{
	struct message *m;
	size_t count;
	enum chan_status s =
		chan_recv_until(l->m.send, &m, clock_now() + 20 * CLOCK_SECOND);

	MUST(s != CHAN_TIMEDOUT);
	if (s == CHAN_CLOSED)
		return 0;
	hear(l, m);
	count = m->count;
	took(l, m);
	return count;
}

static inline void take_texts(struct listener_ *l, size_t n)
{
	while (n > 0) {
		size_t count = take(l);

		MUST(count > 0 && count <= n);
		n -= count;
	}
}

/* Takes all to the end, which must come. */
static inline void take_to_the_end(struct listener_ *l)
{
	while (take(l) > 0)
		continue;
	MUST(l->m.waiting == 0 && l->m.waiting_bytes == 0);
	MUST(!member_has_unwritten(&l->m));
}

/* After it has left. */
static inline void forget(struct listener_ *l)
{
	take_to_the_end(l);
	while (!l->forgotten)
		sched_yield();
	chan_destroy(l->m.send);
}

static inline void parted(const struct listener_ *l, unsigned code,
			  const char *reason, bool at_once)
{
	ck_assert_uint_eq(l->m.farewell.code, code);
	ck_assert_str_eq(l->m.farewell.reason, reason);
	ck_assert(l->m.dropped == at_once);
}

/* ---- What is said ---- */

static inline void say_bytes(const char *text, size_t len)
{
	struct message *m = message_frame(WS_TEXT, text, len, 1);

	MUST(m != NULL);
	MUST(chan_send(hub.broadcast, &m) == CHAN_OK);
}

static inline void say(const char *text)
{
	say_bytes(text, strlen(text));
}

static inline void say_numbers(int from, int to)
{
	char text[12];

	for (; from < to; from++) {
		(void)snprintf(text, sizeof(text), "%d", from);
		say(text);
	}
}

static inline const char *numbers(int from, int to)
{
	static char all[16384];
	int at = 0;

	*all = '\0';
	for (int i = from; i < to; i++)
		at += snprintf(all + at, sizeof(all) - (size_t)at, "%s%d",
			       i > from ? " " : "", i);
	return all;
}

/* ---- Holding the hub ---- */

static struct listener_ doorman;

/* From here to let_hub_go() the hub waits, so that what is sent to it comes
 * together. */
static inline void hold_hub(void)
{
	prepare(&doorman);
	doorman.gate = chan_create(0, 0);
	MUST(doorman.gate != NULL);
	enter(&doorman);
	go(&doorman);
	while (doorman.let_gone == 0)
		sched_yield();
}

static inline void let_hub_go(void)
{
	chan_close(doorman.gate);
}

/* When the hub has done all that was asked before. */
static inline void forget_doorman(void)
{
	forget(&doorman);
	chan_destroy(doorman.gate);
}

/* Returns when somebody waits to send there. */
static inline void await_sender(struct chan *c)
{
	bool waits = false;

	MUST(c != NULL); /* else gcc 12 with UBSan is afraid that it is */
	while (!waits) {
		lock(&c->lock);
		waits = first_of(&c->senders) != NULL;
		unlock(&c->lock);
		if (!waits)
			sched_yield();
	}
}

/* Returns when the hub has done all that was sent before. */
static inline void settle(void)
{
	struct listener_ *l = malloc(sizeof(*l));

	MUST(l != NULL);
	come(l); /* what was sent before is given out before */
	go(l);
	forget(l);
	free(l);
}

#endif
