/* SPDX-License-Identifier: MIT */
/* A run: what it needs, its loop, and what connections tell it. */
#include "chatbench.h"

#include "clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#define EVENTS 256

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* ---- What connections tell ---- */

void run_ready(struct bench *b, struct conn *c)
{
	c->state = CONN_READY;
	if (c->kind == CONN_CHURN) {
		churn_ready(b, c);
		return;
	}
	b->under_way--;
	b->ready++;
	b->connect_ended = b->now;
	hist_record(&b->connect_time, b->now - c->since);
}

void run_over(struct bench *b, struct conn *c, int why)
{
	if (c->kind == CONN_CHURN) {
		churn_over(b, c, why);
		return;
	}
	b->over++;
	if (c->state < CONN_READY) {
		b->under_way--;
		reasons_add(&b->tally.refused, why);
	} else if (c->state == CONN_READY) {
		reasons_add(c->kind == CONN_STALLED ? &b->tally.stalled_dropped
						    : &b->tally.dropped,
			    why);
	}
	if (c->sender >= 0 && c->state == CONN_READY) {
		b->sender[c->sender] = NULL;
		b->senders_left--;
	}
	if (c->kind == CONN_CLIENT && c->state == CONN_READY && b->speaking)
		speak_recount(b, c);
}

/* ---- All of it ---- */

static int prepare(struct bench *b)
{
	const struct options *o = b->o;
	uint64_t random[2];

	b->conn_count = o->clients + o->stalled;
	b->from.at = b->till.at = CLOCK_NEVER;
	b->till_at = b->quiet_at = CLOCK_NEVER;
	b->conns = calloc(b->conn_count, sizeof(*b->conns));
	b->next = calloc((size_t)b->conn_count * o->senders, sizeof(*b->next));
	b->sender = calloc(o->senders, sizeof(*b->sender));
	b->done = calloc(o->senders, sizeof(*b->done));
	b->settled = calloc(o->senders, sizeof(*b->settled));
	b->is_settled = calloc(o->senders, sizeof(*b->is_settled));
	b->buffer = malloc(CONN_CARRY + CONN_READ);
	if (!b->conns || !b->next || !b->sender || !b->done || !b->settled ||
	    !b->is_settled || !b->buffer)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->conn_count; i++)
		b->conns[i].ledger.next = b->next + (size_t)i * o->senders;
	churn_init(b);
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	b->random.state = random[0] | 1;
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (b->epoll < 0)
		return -errno;
	return script_init(&b->script, o->size, o->senders, o->window,
			   (uint32_t)random[1], clock_now());
}

static int wait_for(int epoll, struct epoll_event *events, int64_t till)
{
	int64_t left = till - clock_now();
	struct timespec t = {0, 0};

	if (left > 0) {
		t.tv_sec = (time_t)(left / CLOCK_SECOND);
		t.tv_nsec = (long)(left % CLOCK_SECOND);
	}
	return epoll_pwait2(epoll, events, EVENTS, &t, NULL);
}

int run(struct bench *b)
{
	/* The second one ends it at once. */
	struct sigaction stop = {.sa_handler = interrupt,
				 .sa_flags = (int)SA_RESETHAND};
	struct epoll_event events[EVENTS];
	int64_t next, now;
	int n, err = prepare(b);

	if (err)
		return err;
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	phases_memory(b, &b->before);
	b->connect_begun = b->connect_ended = b->now = clock_now();
	for (;;) {
		now = clock_now();
		b->interrupted = interrupted;
		next = phases_tick(b, now);
		if (b->phase == PHASE_DONE)
			return 0;
		n = wait_for(b->epoll, events, next);
		for (int i = 0; i < n; i++)
			conn_event(b, events[i].data.ptr, events[i].events);
		speak_on(b);
	}
}

static void end_all(struct bench *b, struct conn *conns, uint32_t count)
{
	for (uint32_t i = 0; conns && i < count; i++) {
		if (conns[i].state != CONN_UNUSED)
			conn_end(b, &conns[i], 0);
		ledger_fini(&conns[i].ledger);
	}
}

void run_fini(struct bench *b)
{
	end_all(b, b->conns, b->conn_count);
	end_all(b, b->churners, b->churn_room);
	script_fini(&b->script);
	if (b->epoll > 0)
		(void)close(b->epoll);
	free(b->conns);
	free(b->churners);
	free(b->churn_unused);
	free(b->next);
	free(b->sender);
	free(b->done);
	free(b->settled);
	free(b->is_settled);
	free(b->buffer);
}
