/* SPDX-License-Identifier: MIT */
/*
 * chatbench: load for a WebSocket chat server, and a judge of what it does.
 * One thread and one epoll descriptor, so that little is taken from the server
 * it shares a machine with.  The parts, from the bottom:
 *
 *   chatbench_ws      frames, on bytes alone      chatbench_hist    times
 *   chatbench_script  what is said                chatbench_ledger  what came
 *   chatbench_conn    one connection              chatbench_plain   a dialect
 *   chatbench_churn   clients that come and go    chatbench_proc    the server
 *   chatbench_speak   windows and schedules       chatbench_verdict faults
 *   chatbench_phases  one after the other         chatbench_run     its loop
 *   chatbench_report  results                     chatbench_options
 */
#ifndef CHATBENCH_H
#define CHATBENCH_H

#include "chatbench_hist.h"
#include "chatbench_ledger.h"
#include "chatbench_proc.h"
#include "chatbench_script.h"
#include "chatbench_ws.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

struct options {
	const char *url;
	char host[256], authority[272], port[8]; /* of the URL */
	const char *path;                        /* into url */
	uint32_t clients, senders, stalled, sources;
	uint32_t window;   /* messages under way a sender; 0: paced */
	bool own;          /* till the sender, not all, has heard them */
	double rate;       /* messages a second, all senders; 0: window */
	double churn;      /* clients a second that come and go */
	uint64_t messages; /* stop after so many; 0: by the clock */
	size_t size;
	int64_t duration, warmup, grace; /* ns */
	pid_t pid;                       /* the server's; 0: unknown */
	bool idle, json, allow_faults, one_order;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

enum options_result options_parse(struct options *o, int argc, char **argv);

/* ---- Connections ---- */

enum conn_kind {
	CONN_CLIENT,  /* hears everything, and is judged by it */
	CONN_STALLED, /* reads nothing until the end */
	CONN_CHURN,   /* leaves as soon as it is in */
};

enum conn_state {
	CONN_UNUSED, /* or over */
	CONN_CONNECTING,
	CONN_UPGRADING,
	CONN_OPENING, /* upgraded; the dialect says when it is in */
	CONN_READY,
	CONN_LEAVING, /* we said goodbye and wait for the end */
};

struct bytes {
	char *at;
	size_t len, room;
};

struct conn {
	int fd;
	uint8_t kind, state;
	bool fin;        /* the frame that comes is a message's last */
	bool in_message; /* a fragmented message is under way */
	bool skipping;   /* the rest of an overlong line */
	bool cut;        /* reset, but what came before can be read */
	bool blocked;    /* the kernel takes no more for now */
	bool greeted;    /* heard a hello, so the server knows it */
	bool stayed;     /* till the goodbye: it should have heard all */
	int32_t sender;  /* its number, or -1 */
	uint32_t source; /* which source address */
	int code;        /* of the Close that came, 0: none */
	uint64_t left;   /* bytes of the frame that are still to come */
	size_t partial;  /* of `in`: text that its dialect left */
	struct bytes in; /* came, not used yet */
	struct bytes out;
	int64_t since; /* when it began to connect */
	struct ledger ledger;
	char key[WS_KEY_SIZE];
};

/* How often what happened: why a client was refused or dropped. */
struct reasons {
	struct reason {
		int what; /* an HTTP status, a close code, -errno, or: */
		uint64_t count;
	} list[16];
	unsigned used;
	uint64_t total;
};

enum { REASON_NO_HTTP = 10001, REASON_BAD_UPGRADE, REASON_VIOLATION };

void reasons_add(struct reasons *r, int what);

struct bench;

/*
 * The seam for protocols over WebSocket.  All of them are text; what differs
 * is how one gets in, what a message looks like on its way, and where in the
 * answer it is.
 */
struct dialect {
	const char *protocol; /* the subprotocol to ask for; NULL: none */
	/* The connection was upgraded: gets it in, and calls run_ready. */
	void (*open)(struct bench *b, struct conn *c);
	/* Frames the text of a message; out has room for dialect_room. */
	size_t (*frame)(struct bench *b, char *out, const char *text);
	/* Takes text as it comes, last: up to the end of a WebSocket message;
	 * returns how much it is done with, all of it where last is true.
	 * The rest it gets again, with more behind it. */
	size_t (*take)(struct bench *b, struct conn *c, const char *text,
		       size_t len, bool last);
};

extern const struct dialect dialect_plain;

/* More than any dialect adds to a message's text when it frames it. */
#define DIALECT_ROOM 512

/* What a connection may leave unused of a read, and how much one read takes:
 * larger ones save nothing more and push the caches empty. */
#define CONN_CARRY ((size_t)2 * SCRIPT_LONGEST)
#define CONN_READ  ((size_t)128 * 1024)

/* Starts to connect.  Returns 0 or -errno. */
int conn_open(struct bench *b, struct conn *c, enum conn_kind kind);
/* Does what epoll says is to be done. */
void conn_event(struct bench *b, struct conn *c, uint32_t events);
/* Which events to wait for, besides the end. */
void conn_watch(struct bench *b, struct conn *c, uint32_t events);
/* Queues a message of its sender, said at that time. */
void conn_say(struct bench *b, struct conn *c, int64_t at);
/* Says a message that nobody counts. */
void conn_hello(struct bench *b, struct conn *c);
/* Writes what is queued, as far as the kernel takes it. */
void conn_flush(struct bench *b, struct conn *c);
/* Says goodbye with a Close frame. */
void conn_leave(struct bench *b, struct conn *c);
/* Ends it.  why: as in struct reasons; 0: as we wanted. */
void conn_end(struct bench *b, struct conn *c, int why);

/* ---- A run ---- */

enum phase {
	PHASE_CONNECT,
	PHASE_STAY,    /* idle: nobody speaks */
	PHASE_GREET,   /* all must hear a hello */
	PHASE_WARMUP,  /* everybody does */
	PHASE_MEASURE, /* and now it counts */
	PHASE_DRAIN,   /* what is under way may come */
	PHASE_GOODBYE,
	PHASE_DONE,
};

struct tally {
	uint64_t lost, duplicates, disorder, corrupt, foreign;
	uint64_t orders; /* different ones, in which clients heard it all */
	struct reasons refused, dropped, stalled_dropped, churn_failed;
};

struct moment {
	int64_t at;                        /* ns of CLOCK_MONOTONIC */
	int64_t server_cpu, own_cpu;       /* ns */
	uint64_t deliveries, sent, frames; /* so far */
};

struct bench {
	const struct options *o;
	const struct dialect *dialect;
	struct sockaddr_storage addr;
	socklen_t addr_len;
	int epoll;
	enum phase phase;
	bool speaking;    /* senders may say something */
	bool interrupted; /* by a signal: it is to end soon */

	struct conn *conns; /* clients, then the stalled ones */
	uint32_t conn_count, opened, under_way, ready, over;
	uint32_t *next;       /* the ledgers' arrays */
	struct conn **sender; /* by number; NULL: it is over */
	uint32_t sender_count, senders_left;
	uint32_t listeners; /* clients that are still there */
	uint32_t *done;     /* per sender: messages no longer under way */
	uint32_t *settled;  /* senders that may say more, settled_count */
	bool *is_settled;   /* per sender: it is among them */
	uint32_t settled_count;

	struct conn *churners;
	uint32_t *churn_unused; /* which of them are */
	uint32_t churn_room, churn_unused_count;
	uint64_t churn_opened, churn_ready;

	struct script script;
	struct ws_random random;
	char *buffer; /* one for all connections: CONN_CARRY, then CONN_READ */

	int64_t now;      /* when the last read returned */
	int64_t heard_at; /* and when the last one with a message in it */
	int64_t begun;    /* when the senders began to speak */
	int64_t till_at;  /* when the phase ends by the clock */
	int64_t quiet_at; /* when nothing will have come for a while */
	int64_t greet_at; /* when to say hello again */
	int64_t sweep_at; /* when to look for those that hang */
	int64_t progress_at;
	uint64_t deliveries, sent, frames, paced, unsaid;
	uint64_t arrivals, arrivals_seen; /* also the stalled clients' */

	/* The result. */
	struct moment from, till; /* deliveries between them count */
	int64_t connect_begun, connect_ended;
	struct hist latency, connect_time;
	struct tally tally;
	struct proc_memory before, connected, end;
};

/* Runs the load; 0, or -errno where it couldn't begin. */
int run(struct bench *b);
void run_fini(struct bench *b);

/* The connection is in. */
void run_ready(struct bench *b, struct conn *c);
/* It is over; why as in conn_end. */
void run_over(struct bench *b, struct conn *c, int why);

/* A message of that sender may no longer be under way. */
static inline void run_settle(struct bench *b, uint32_t sender)
{
	if (!b->is_settled[sender]) {
		b->is_settled[sender] = true;
		b->settled[b->settled_count++] = sender;
	}
}

/* The client has that message, or will never have it. */
static inline void run_passed(struct bench *b, const struct conn *c,
			      uint32_t sender, struct said *said)
{
	if (c->kind == CONN_CLIENT &&
	    (++said->heard == b->listeners || b->o->own))
		run_settle(b, sender);
}

/* A message that was said at that time came, the first time. */
static inline void run_heard(struct bench *b, const struct conn *c, int64_t at)
{
	b->arrivals++;
	b->heard_at = b->now;
	if (c->kind != CONN_CLIENT)
		return;
	b->deliveries++;
	if (at >= b->from.at && at < b->till.at)
		hist_record(&b->latency, b->now - at);
}

/* Goes on with the phases; returns when to be called again though no event
 * came. */
int64_t phases_tick(struct bench *b, int64_t now);
/* Looks at the server's memory, where its pid is known. */
void phases_memory(const struct bench *b, struct proc_memory *m);

/* ---- What the senders do ---- */

/* False: as many messages were sent as should be. */
bool speak_allowed(const struct bench *b);
/* Says what the sender's window has room for. */
void speak_fill(struct bench *b, uint32_t sender, int64_t now);
/* Those whose messages have come say more; to be called after all that was
 * there to read was read. */
void speak_on(struct bench *b);
/* A client is gone, so that nobody waits for what it hasn't heard: what is
 * under way is counted anew. */
void speak_recount(struct bench *b, const struct conn *gone);
/* Says what the schedule wants said by now; returns when it goes on. */
int64_t speak_paced(struct bench *b, int64_t now);
/* How many it wanted said but there was no room for. */
uint64_t speak_unsaid(const struct bench *b, int64_t now);

/* ---- What is thought of it ---- */

/* Judges a line that isn't what a healthy server sends next. */
void verdict_line(struct bench *b, struct conn *c, const char *text,
		  size_t len);
/* Messages that clients wait for. */
uint64_t verdict_owed(const struct bench *b);
/* Adds up the losses and counts the orders, when all is over. */
void verdict_final(struct bench *b);

/* Clients that come and go, so many at once; the tick returns when to be
 * called again. */
uint32_t churn_most(const struct options *o);
void churn_init(struct bench *b);
int64_t churn_tick(struct bench *b, int64_t now);
void churn_ready(struct bench *b, struct conn *c);
void churn_over(struct bench *b, struct conn *c, int why);

void report_text(const struct bench *b, FILE *to);
void report_json(const struct bench *b, FILE *to);
void report_progress(const struct bench *b);
void report_reasons(FILE *to, const struct reasons *r);
/* Anything that should not have happened. */
bool report_faults(const struct bench *b);

#endif
