/* SPDX-License-Identifier: MIT */
/*
 * The hub: one thread that owns the set of members and gives each of them
 * every message.  It hears the others through channels only, and never blocks
 * but in its select.  Go's counterpart: hub.go of gorilla/websocket's chat.
 */
#ifndef CHAT_HUB_H
#define CHAT_HUB_H

#include "write_through.h"

/* How a connection ends: a Close frame's code and reason. */
struct farewell {
	uint16_t code;      /* WS_CODE_NONE: just end */
	const char *reason; /* a constant */
	bool at_once;       /* in place of what waits, not behind it */
};

/*
 * What the hub knows of a client, which embeds it.  The hub sends to it, the
 * client's writer receives.
 */
struct member {
	struct chan *send;     /* of struct message *, a reference each */
	atomic_size_t waiting; /* chat messages in send: who sends adds, */
	atomic_size_t waiting_bytes; /* ... the writer subtracts */
	atomic_size_t unwritten;     /* in send, or in the writer's hand */
	struct pen pen;              /* write_through.h */
	atomic_bool stuck;           /* the writer waits for the peer to take */
	atomic_bool dropped;      /* what waits isn't to be written any more */
	struct farewell farewell; /* written before send is closed, by him who
				     closes it; read after */
	uint64_t id;              /* for the log */
	const char *peer;
	void (*let_go)(struct member *); /* the hub is done with it: called
					    once, at its unregister */
	size_t place;                    /* hub only: index among its members */
	bool joined;                     /* hub only */
};

/*
 * Puts a message, with its reference, into `send` and on the queue's account;
 * waits for room till the deadline.  Where the result isn't CHAN_OK the caller
 * keeps the reference.  Reader only.
 */
enum chan_status member_send(struct member *m, struct message *msg,
			     int64_t deadline);

/* The same without waiting; a writer that waits there is added to *wakes.
 * Hub only. */
enum chan_status member_send_deferred(struct member *m, struct message *msg,
				      struct chan_wakes *wakes);

/* Puts n chat messages of so many bytes on the queue's account, and takes them
 * off it.  The hub; the writer. */
void member_adds(struct member *m, size_t count, size_t bytes);
void member_took(struct member *m, size_t count, size_t bytes);

/* n of what came through `send` are written (or never will be).  Writer. */
void member_wrote(struct member *m, size_t n);

/* True where something was sent to it and isn't written yet.  Any thread. */
bool member_has_unwritten(const struct member *m);

/* Ends the member's `send` with that farewell.  Whoever owns it: the reader
 * until it has registered, the hub from then on.  Once. */
void member_close(struct member *m, struct farewell farewell);

/* What `unregister` carries. */
struct leave {
	struct member *member;
	struct farewell farewell; /* where the hub has no other */
};

/* The limits on what waits for a member, in chat messages and in bytes. */
struct hub_limits {
	size_t queue, queue_bytes;
	bool coalesce;      /* messages that wait together become one frame */
	bool write_through; /* write_through.h */
};

struct hub {
	struct chan *register_;  /* of struct member *, unbuffered */
	struct chan *unregister; /* of struct leave, unbuffered */
	struct chan *broadcast;  /* of struct message *, a reference each */
	struct chan *quit;       /* closed: say goodbye to everybody */
	struct hub_limits limits;

	struct write_through write_through; /* hub only, as all below */
	struct chan_wakes wakes; /* writers that have something to do */
	int64_t patient_until;   /* with writers; of this turn, 0: not yet */
	struct member **members;
	size_t count, room;
	bool stopping;
	atomic_size_t drops; /* members dropped for being slow, ever */
};

/* Makes the hub's own channels; quit is main's.  0 or -ENOMEM.  Main only. */
int hub_init(struct hub *h, struct chan *quit, const struct hub_limits *limits);

/*
 * The hub's thread; arg is the struct hub.  It ends when `broadcast` is
 * closed and empty, which main does after all who send have been joined.
 */
void *hub_run(void *arg);

/* After the hub's thread was joined. */
void hub_fini(struct hub *h);

#endif
