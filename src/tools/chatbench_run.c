/* SPDX-License-Identifier: MIT */
/*
 * A run and its phases: all connect; in idle mode they stay and one message
 * goes to all; else the senders speak, first to warm up and then to be
 * measured; what is under way may come; all say goodbye.  That last exchange
 * also brings whatever the server had sent before it, so that the verdict
 * misses nothing.
 */
#include "chatbench.h"

#include "check.h"
#include "clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define CONNECTING     128                 /* at once */
#define PATIENCE       (10 * CLOCK_SECOND) /* for a connection to get in */
#define GREET_EVERY    (CLOCK_SECOND / 5)
#define GOODBYE_TIME   (5 * CLOCK_SECOND)
#define EVENTS         256
#define UNSENT_AT_MOST ((size_t)1 << 20) /* of a sender whose peer lags */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

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

static void take_memory(const struct bench *b, struct proc_memory *m)
{
	if (b->o->pid)
		proc_memory(b->o->pid, m);
}

/* ---- Speaking ---- */

static bool may_say(const struct bench *b)
{
	return !b->o->messages || b->sent < b->o->messages;
}

/* Says what the sender's window has room for. */
static void fill_window(struct bench *b, uint32_t sender, int64_t now)
{
	struct conn *c = b->sender[sender];
	uint32_t *done = &b->done[sender], sent = b->script.sent[sender];

	if (!c || !b->speaking || b->o->window == 0)
		return;
	if (b->o->own)
		*done = c->ledger.next[sender];
	else
		while (*done < sent &&
		       script_said(&b->script, sender, *done)->heard >=
			       b->listeners)
			++*done;
	for (; sent - *done < b->o->window && may_say(b); sent++)
		conn_say(b, c, now);
	conn_flush(b, c);
}

/* Those whose messages have come say more, after all that was there to read
 * was read. */
static void go_on(struct bench *b)
{
	int64_t now = b->settled_count ? clock_now() : 0;

	for (uint32_t i = 0; i < b->settled_count; i++) {
		b->is_settled[b->settled[i]] = false;
		fill_window(b, b->settled[i], now);
	}
	b->settled_count = 0;
}

/* A client is gone, so that nobody waits for what it hasn't heard: what is
 * under way is counted anew. */
static void recount(struct bench *b, const struct conn *gone)
{
	b->listeners--;
	for (uint32_t s = 0; s < b->sender_count; s++) {
		for (uint32_t n = b->done[s]; n < b->script.sent[s]; n++) {
			struct said *said = script_said(&b->script, s, n);

			if (!said)
				continue;
			said->heard = 0;
			for (uint32_t i = 0; i < b->o->clients; i++) {
				const struct conn *c = &b->conns[i];

				said->heard += c != gone &&
					       c->state == CONN_READY &&
					       c->ledger.next[s] > n;
			}
		}
		run_settle(b, s);
	}
}

/* Sends what the schedule wants sent by now and returns when it goes on.  A
 * message counts as said when it was due: were it the time when we got to it,
 * a server that holds us up would look better than one that doesn't. */
static int64_t pace(struct bench *b, int64_t now)
{
	while (b->senders_left > 0 && may_say(b)) {
		uint32_t s = (uint32_t)(b->paced % b->sender_count);
		int64_t due = b->begun + (int64_t)((double)b->paced /
						   b->o->rate * CLOCK_SECOND);

		if (due > now)
			return due;
		while (!b->sender[s])
			s = (s + 1) % b->sender_count;
		if (b->sender[s]->out.len > UNSENT_AT_MOST)
			return CLOCK_NEVER; /* it is told when there's room */
		b->paced++;
		conn_say(b, b->sender[s], due);
		conn_flush(b, b->sender[s]);
	}
	return CLOCK_NEVER;
}

/* ---- Phases ---- */

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
	take_memory(b, &b->end);
	if (b->till.at == CLOCK_NEVER) {
		b->till = take_moment(b, now);
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
		fill_window(b, s, now);
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
		take_memory(b, &b->connected);
		b->phase = PHASE_GREET;
		b->greet_at = now;
		b->quiet_at = now + b->o->grace;
	}
}

static int64_t tick_connect(struct bench *b, int64_t now)
{
	while (b->under_way < CONNECTING && b->opened < b->conn_count &&
	       !interrupted) {
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
	if (now >= b->sweep_at || interrupted) {
		b->sweep_at = now + CLOCK_SECOND;
		for (uint32_t i = 0; i < b->opened; i++)
			if (b->conns[i].state != CONN_UNUSED &&
			    b->conns[i].state < CONN_READY &&
			    (interrupted || now - b->conns[i].since > PATIENCE))
				conn_end(b, &b->conns[i],
					 interrupted ? -EINTR : -ETIMEDOUT);
	}
	return b->under_way ? b->sweep_at : now;
}

static void tick_stay(struct bench *b, int64_t now)
{
	if (now < b->till_at && !interrupted && b->senders_left > 0)
		return;
	take_memory(b, &b->connected);
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

	while (i < b->conn_count &&
	       (b->conns[i].state != CONN_READY || b->conns[i].greeted))
		i++;
	if (i == b->conn_count || b->senders_left == 0 || interrupted ||
	    is_quiet(b, now)) {
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
	if (b->senders_left == 0 || interrupted || !may_say(b) ||
	    (b->o->window && is_quiet(b, now)) ||
	    (b->phase == PHASE_MEASURE && now >= b->till_at)) {
		if (b->phase == PHASE_WARMUP)
			b->from = take_moment(b, now);
		if (!b->o->messages || b->phase == PHASE_WARMUP)
			b->till = take_moment(b, now);
		enter_drain(b, now);
		return now;
	}
	if (b->phase == PHASE_WARMUP && now >= b->till_at)
		enter_measure(b, now);
	if (b->o->rate > 0)
		return pace(b, now);
	return CLOCK_NEVER;
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

/* Returns when to be called again though no event came. */
static int64_t tick(struct bench *b, int64_t now)
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
		recount(b, c);
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
	take_memory(b, &b->before);
	b->connect_begun = b->connect_ended = b->now = clock_now();
	for (;;) {
		now = clock_now();
		next = tick(b, now);
		if (b->phase == PHASE_DONE)
			return 0;
		n = wait_for(b->epoll, events, next);
		for (int i = 0; i < n; i++)
			conn_event(b, events[i].data.ptr, events[i].events);
		go_on(b);
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
