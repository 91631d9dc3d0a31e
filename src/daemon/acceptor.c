/* SPDX-License-Identifier: MIT */
/*
 * The acceptor: one thread that accepts, starts a reader for each connection,
 * and refuses, with 503, whom the machine or the configuration can't hold.
 * Go's counterpart: the loop in http.Server.Serve.
 *
 * It blocks in poll() and, where no descriptor is to be had, for a tenth of a
 * second; main wakes it by shutting the listeners.
 */
#include "server.h"

#include "check.h"
#include "clock.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The refused, who shall read their answer: a socket closed with unread input
 * resets the connection, and the answer may be lost with it.  Each stays until
 * the peer has ended its side, or for a second, or until its place is needed.
 */
#define REFUSED         16
#define REFUSED_TIMEOUT CLOCK_SECOND

struct refused {
	struct stream stream; /* of -1: a free place */
	int64_t until;
};

struct acceptor {
	struct server *s;
	struct refused refused[REFUSED];
	size_t next; /* the place that is longest in use */
	uint64_t id;
	int64_t quiet_until; /* one line a second about refusals */
	size_t unsaid;
};

/* ---- Refusing ---- */

static void report_refusal(struct acceptor *a, const char *peer,
			   const char *why)
{
	const struct log_about about = {0, peer};
	int64_t now = clock_now();

	atomic_fetch_add(&a->s->refused, 1);
	a->unsaid++;
	if (now < a->quiet_until)
		return;
	log_warn(&about, "refused with 503: %s (%zu since the last such line)",
		 why, a->unsaid);
	a->quiet_until = now + CLOCK_SECOND;
	a->unsaid = 0;
}

static void let_go(struct refused *r)
{
	if (r->stream.fd >= 0)
		stream_close(&r->stream);
}

static void refuse(struct acceptor *a, int fd, const char *peer,
		   const char *why)
{
	struct refused *r = &a->refused[a->next];
	struct stream stream = {fd};

	report_refusal(a, peer, why);
	listener_refuse(fd);
	(void)stream_discard(&stream);
	let_go(r);
	*r = (struct refused){stream, clock_now() + REFUSED_TIMEOUT};
	a->next = (a->next + 1) % REFUSED;
}

/* Gives up a descriptor: the spare one, or that of the longest refused, who has
 * had some time to read his answer.  False: there is none. */
static bool give_one_up(struct acceptor *a)
{
	if (a->s->spare >= 0) {
		(void)close(a->s->spare);
		a->s->spare = -1;
		return true;
	}
	for (size_t i = 0; i < REFUSED; i++) {
		struct refused *r = &a->refused[(a->next + i) % REFUSED];

		if (r->stream.fd >= 0) {
			let_go(r);
			return true;
		}
	}
	return false;
}

/* No descriptor is left: one is given up so that the peer can be told.  Where
 * even that fails, wait a little, or poll() would call the listener readable
 * again and again. */
static void refuse_by_spare(struct acceptor *a, struct listener *l)
{
	char peer[LISTENER_NAME_BYTES];
	int fd = give_one_up(a) ? listener_accept(l, peer) : -EMFILE;

	if (fd >= 0) {
		refuse(a, fd, peer, "no descriptor is left");
	} else if (fd != -EAGAIN) {
		report_refusal(a, l->name, "no descriptor is left at all");
		(void)poll(NULL, 0, 100);
	} /* else nobody is there: accept() wants a descriptor to find out */
}

static void keep_a_spare(struct acceptor *a)
{
	if (a->s->spare < 0)
		a->s->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* ---- Accepting ---- */

static size_t connections(const struct server *s)
{
	return atomic_load(&s->started) - atomic_load(&s->joined);
}

static void admit(struct acceptor *a, int fd, const char *peer)
{
	struct server *s = a->s;

	if (connections(s) >= s->max_clients) {
		refuse(a, fd, peer, "server.max_clients is reached");
		return;
	}
	atomic_fetch_add(&s->started, 1);
	if (connection_start(s, fd, ++a->id, peer) == 0)
		return;
	atomic_fetch_sub(&s->started, 1);
	refuse(a, fd, peer, "no thread or memory is left");
}

/* Accepts what waits at a listener, a bounded number; false: it was shut. */
static bool accept_some(struct acceptor *a, struct listener *l)
{
	char peer[LISTENER_NAME_BYTES];

	for (int i = 0; i < 64; i++) {
		int fd = listener_accept(l, peer);

		switch (fd) {
		default:
			if (fd >= 0)
				admit(a, fd, peer);
			/* else the connection failed before it began */
			break;
		case -EAGAIN:
			return true;
		case -EINVAL:
			return false;
		case -EMFILE:
		case -ENFILE:
		case -ENOBUFS:
		case -ENOMEM:
			refuse_by_spare(a, l);
			return true;
		}
	}
	return true;
}

/* ---- The loop ---- */

/* What poll() is asked for: no more entries than there are descriptors, or it
 * would fail where the limit of those is low. */
struct polled {
	struct pollfd fds[SERVER_LISTENERS + REFUSED];
	struct refused *refused[REFUSED]; /* whose the entries behind the
					     listeners' are */
	size_t listeners, count;
};

static int64_t fill(struct acceptor *a, struct polled *p)
{
	int64_t deadline = CLOCK_NEVER;

	p->listeners = p->count = a->s->listeners_count;
	for (size_t i = 0; i < p->listeners; i++)
		p->fds[i] = (struct pollfd){.fd = a->s->listeners[i].fd,
					    .events = POLLIN};
	for (size_t i = 0; i < REFUSED; i++) {
		struct refused *r = &a->refused[i];

		if (r->stream.fd < 0)
			continue;
		p->refused[p->count - p->listeners] = r;
		p->fds[p->count++] =
			(struct pollfd){.fd = r->stream.fd, .events = POLLIN};
		if (r->until < deadline)
			deadline = r->until;
	}
	return deadline;
}

static void sweep_refused(struct polled *p)
{
	int64_t now = clock_now();

	for (size_t i = p->listeners; i < p->count; i++) {
		struct refused *r = p->refused[i - p->listeners];

		if ((p->fds[i].revents && !stream_discard(&r->stream)) ||
		    now >= r->until)
			let_go(r);
	}
}

static bool serve_once(struct acceptor *a)
{
	struct polled p;
	int64_t deadline = fill(a, &p);
	int n = poll(p.fds, p.count, clock_poll_timeout(deadline));

	if (n < 0) {
		/* EINVAL: more entries than the limit of descriptors, which
		 * somebody has lowered. */
		CHECK(errno == EINTR || errno == ENOMEM || errno == EINVAL);
		if (errno != EINTR)
			(void)poll(NULL, 0, 100);
		return true;
	}
	sweep_refused(&p);
	keep_a_spare(a);
	for (size_t i = 0; i < p.listeners; i++)
		if (p.fds[i].revents && !accept_some(a, &a->s->listeners[i]))
			return false;
	return true;
}

void *acceptor_run(void *arg)
{
	struct acceptor a = {.s = arg};

	for (size_t i = 0; i < REFUSED; i++)
		a.refused[i].stream.fd = -1;
	while (chan_recv_unit(a.s->quit, CHAN_NOW) != CHAN_CLOSED &&
	       serve_once(&a))
		continue;
	for (size_t i = 0; i < REFUSED; i++)
		let_go(&a.refused[i]);
	return NULL;
}
