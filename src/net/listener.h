/* SPDX-License-Identifier: MIT */
/*
 * Addresses to listen on, and accepting from them.  Go's counterpart:
 * net.Listen and Listener.Accept.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

/* An address in words: "127.0.0.1:49152", "[::1]:49152", "unix:/run/x". */
#define LISTENER_NAME_BYTES 128

struct listener {
	int fd;
	char name[LISTENER_NAME_BYTES]; /* with the port that was really taken
					 */
	char unlink_path[108];          /* of a Unix socket; main only */
};

/*
 * Listens on an address: host:port (port 0: any that is free), [IPv6]:port,
 * a host alone (port 8080), or unix:/path; a socket file that nobody listens
 * on any more is replaced.  Returns 0, or -errno with *what saying
 * which step failed ("bind", ...); -EINVAL with *what "address" for one that
 * can't be understood.  Main only.
 */
int listener_open(struct listener *l, const char *address, const char **what);

/* Wakes whoever waits in poll() or accept(); nobody is accepted any more, and
 * the file of a Unix socket is gone.  Main only. */
void listener_shut(struct listener *l);

/* Gives the descriptor back, and removes the file of a Unix socket. */
void listener_close(struct listener *l);

/*
 * Accepts one connection: non-blocking, close-on-exec, without Nagle's delay.
 * Returns the descriptor, with the peer's address in words in name, or -errno
 * as accept(2): -EAGAIN, -EMFILE, ...; once it was shut -EINVAL, or -EAGAIN
 * where it is a Unix socket.
 */
int listener_accept(struct listener *l, char name[LISTENER_NAME_BYTES]);

/*
 * Tells a peer that was accepted and can't be served: 503, without waiting,
 * and nothing after it.  Whoever calls is the only one who has the descriptor;
 * he should read what still comes before he closes it, since a socket closed
 * with unread input resets the connection and may eat the answer.
 */
void listener_refuse(int fd);

#endif
