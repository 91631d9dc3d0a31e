/* SPDX-License-Identifier: MIT */
/*
 * The phases of a run: all connect; in idle mode they stay and one message
 * goes to all; else the senders speak, first to warm up and then to be
 * measured; what is under way may come; all say goodbye.  That last exchange
 * also brings whatever the server had sent before it, so that the verdict
 * misses nothing.
 */
#include "chatbench.h"

#include "check.h"
#include "clock.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#define CONNECTING   128                 /* at once */
#define PATIENCE     (10 * CLOCK_SECOND) /* for a connection to get in */
#define GREET_EVERY  (CLOCK_SECOND / 5)
#define GOODBYE_TIME (5 * CLOCK_SECOND)

static int64_t own_cpu(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

static struct moment take_moment(const struct bench *b, int64_t now)
{
	return (struct moment){
		.at = now,
		.server_cpu = b->o->pid ? proc_cpu(b->o->pid) : -1,
		.own_cpu = own_cpu(),
		.deliveries = b->deliveries,
		.sent = b->sent,
		.frames = b->frames,
	};
}

void phases_memory(const struct bench *b, struct proc_memory *m)
{
	if (b->o->pid)
		proc_memory(b->o->pid, m);
}

static void enter_drain(struct bench *b, int64_t now)
{
	b->phase = PHASE_DRAIN;
	b->speaking = false;
	b->till_at = CLOCK_NEVER;
	b->quiet_at = now + b->o->grace;
	for (uint32_t i = b->o->clients; i < b->conn_count; i++) {
		struct conn *c = &b->conns[i];
		struct epoll_event e = {EPOLLIN, {.ptr = c}};

		if (c->state == CONN_READY)
			CHECK(epoll_ctl(b->epoll,
					c->cut ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
					c->fd, &e) == 0);
	}
}

static void enter_goodbye(struct bench *b, int64_t now)
{
	phases_memory(b, &b->end);
	if (b->till.at == CLOCK_NEVER) {
		b->till = take_moment(b, now);
		if (b->heard_at > b->from.at)
			b->till.at = b->heard_at;
	}
	b->phase = PHASE_GOODBYE;
	b->quiet_at = CLOCK_NEVER;
	b->till_at = now + GOODBYE_TIME;
	for (uint32_t i = 0; i < b->conn_count; i++)
		if (b->conns[i].state == CONN_READY) {
			b->conns[i].stayed = true;
			conn_leave(b, &b->conns[i]);
		}
}

static void enter_measure(struct bench *b, int64_t now)
{
	b->phase = PHASE_MEASURE;
	b->from = take_moment(b, now);
	b->till_at = b->o->messages ? CLOCK_NEVER : now + b->o->duration;
}

static void begin_to_speak(struct bench *b, int64_t now)
{
	b->speaking = true;
	b->begun = now;
	b->quiet_at = now + b->o->grace;
	b->till_at = now + b->o->warmup;
	b->phase = PHASE_WARMUP;
	if (b->o->warmup == 0)
		enter_measure(b, now);
	for (uint32_t i = 0; i < b->conn_count; i++) {
		struct conn *c = &b->conns[i];

		if (c->state != CONN_READY)
			continue;
		if (c->kind == CONN_CLIENT)
			b->listeners++;
		else
			conn_watch(b, c, 0);
	}
	for (uint32_t s = 0; s < b->sender_count; s++)
		speak_fill(b, s, now);
}

/* All are connected, or won't be. */
static void enter_first(struct bench *b, int64_t now)
{
	for (uint32_t i = 0; i < b->o->clients; i++)
		if (b->conns[i].state == CONN_READY &&
		    b->sender_count < b->o->senders) {
			b->conns[i].sender = (int32_t)b->sender_count;
			b->sender[b->sender_count++] = &b->conns[i];
		}
	b->senders_left = b->sender_count;
	if (b->sender_count == 0) {
		b->from = b->till = take_moment(b, now);
		enter_goodbye(b, now);
	} else if (b->o->idle) {
		b->phase = PHASE_STAY;
		b->till_at = now + b->o->duration;
	} else {
		phases_memory(b, &b->connected);
		b->phase = PHASE_GREET;
		b->greet_at = now;
		b->quiet_at = now + b->o->grace;
	}
}

static int64_t tick_connect(struct bench *b, int64_t now)
{
	while (b->under_way < CONNECTING && b->opened < b->conn_count &&
	       !b->interrupted) {
		struct conn *c = &b->conns[b->opened];
		int err;

		c->source = b->opened++;
		err = conn_open(b, c,
				c->source < b->o->clients ? CONN_CLIENT
							  : CONN_STALLED);
		if (err) {
			reasons_add(&b->tally.refused, err);
			b->over++;
		} else {
			b->under_way++;
		}
	}
	if (b->under_way == 0) {
		enter_first(b, now);
		return now;
	}
	if (now >= b->sweep_at || b->interrupted) {
		b->sweep_at = now + CLOCK_SECOND;
		for (uint32_t i = 0; i < b->opened; i++)
			if (b->conns[i].state != CONN_UNUSED &&
			    b->conns[i].state < CONN_READY &&
			    (b->interrupted ||
			     now - b->conns[i].since > PATIENCE))
				conn_end(b, &b->conns[i],
					 b->interrupted ? -EINTR : -ETIMEDOUT);
	}
	return b->under_way ? b->sweep_at : now;
}

static void tick_stay(struct bench *b, int64_t now)
{
	if (now < b->till_at && !b->interrupted && b->senders_left > 0)
		return;
	phases_memory(b, &b->connected);
	now = clock_now();
	b->from = take_moment(b, now);
	if (b->sender[0]) {
		conn_say(b, b->sender[0], now);
		conn_flush(b, b->sender[0]);
	}
	enter_drain(b, now);
}

/* True where nobody has heard anything for the time of grace. */
static bool is_quiet(struct bench *b, int64_t now)
{
	if (b->arrivals != b->arrivals_seen) {
		b->arrivals_seen = b->arrivals;
		b->quiet_at = now + b->o->grace;
	}
	return now >= b->quiet_at;
}

/* An upgrade doesn't say that the chat knows the client yet, only that it soon
 * will, so somebody says hello until all have heard it: what is lost later is
 * lost by the server. */
static int64_t tick_greet(struct bench *b, int64_t now)
{
	uint32_t i = 0;

	if (b->senders_left == 0 || b->interrupted) {
		b->from = b->till = take_moment(b, now);
		enter_goodbye(b, now);
		return now;
	}
	while (i < b->conn_count &&
	       (b->conns[i].state != CONN_READY || b->conns[i].greeted))
		i++;
	if (i == b->conn_count || is_quiet(b, now)) {
		begin_to_speak(b, now);
		return now;
	}
	if (now >= b->greet_at) {
		uint32_t s = 0;

		while (!b->sender[s])
			s++;
		conn_hello(b, b->sender[s]);
		b->greet_at = now + GREET_EVERY;
	}
	return b->greet_at;
}

static int64_t tick_speak(struct bench *b, int64_t now)
{
	int64_t next = CLOCK_NEVER;

	/* First, so that what was due before the end is said even when we are
	 * late: the load is the same on a slow machine. */
	if (b->o->rate > 0)
		next = speak_paced(b, now);
	if (b->senders_left == 0 || b->interrupted || !speak_allowed(b) ||
	    (b->o->window && is_quiet(b, now)) ||
	    (b->phase == PHASE_MEASURE && now >= b->till_at)) {
		if (b->phase == PHASE_WARMUP)
			b->from = take_moment(b, now);
		if (!b->o->messages || b->phase == PHASE_WARMUP)
			b->till = take_moment(b, now);
		b->unsaid = speak_unsaid(b, now);
		enter_drain(b, now);
		return now;
	}
	if (b->phase == PHASE_WARMUP && now >= b->till_at)
		enter_measure(b, now);
	return next;
}

/* Till nobody waits for anything, or nothing has come for a while. */
static void tick_drain(struct bench *b, int64_t now)
{
	if (is_quiet(b, now) || verdict_owed(b) == 0)
		enter_goodbye(b, now);
}

static void tick_goodbye(struct bench *b, int64_t now)
{
	if (now < b->till_at &&
	    (b->over < b->opened || b->churn_unused_count < b->churn_room))
		return;
	verdict_final(b);
	b->phase = PHASE_DONE;
}

int64_t phases_tick(struct bench *b, int64_t now)
{
	int64_t next = CLOCK_NEVER, churn = churn_tick(b, now);

	if (now >= b->progress_at) {
		b->progress_at = now + CLOCK_SECOND;
		report_progress(b);
	}
	switch (b->phase) {
	case PHASE_CONNECT:
		next = tick_connect(b, now);
		break;
	case PHASE_STAY:
		tick_stay(b, now);
		break;
	case PHASE_GREET:
		next = tick_greet(b, now);
		break;
	case PHASE_WARMUP:
	case PHASE_MEASURE:
		next = tick_speak(b, now);
		break;
	case PHASE_DRAIN:
		tick_drain(b, now);
		break;
	case PHASE_GOODBYE:
		tick_goodbye(b, now);
		break;
	case PHASE_DONE:
		break;
	}
	if (b->till_at < next)
		next = b->till_at;
	if (b->quiet_at < next)
		next = b->quiet_at;
	if (b->progress_at < next)
		next = b->progress_at;
	return churn < next ? churn : next;
}
