/* SPDX-License-Identifier: MIT */
/*
 * One connection as a stream of bytes: TCP or a Unix socket.  One thread may
 * read it while another writes it.  Go's counterpart: net.Conn.
 *
 * The descriptor doesn't block; whoever has to wait waits here, in poll(), and
 * always with a deadline.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct stream {
	int fd; /* non-blocking; owned from accept to stream_close() */
};

/* Reads what there is, up to len bytes.  Returns how many, 0 at the end of
 * the stream, -EAGAIN where nothing waits, -errno.  Reader only. */
ssize_t stream_read(struct stream *s, void *to, size_t len);

/*
 * Reads and forgets what there is, a bounded amount: a socket that is closed
 * with something unread resets the connection, and what was written last may
 * be lost with it.  False: nothing will come any more.  Reader only.
 */
bool stream_discard(struct stream *s);

/* Waits until something can be read, or the stream has ended.  Returns 0,
 * -ETIMEDOUT at the deadline (ns of CLOCK_MONOTONIC), -errno.  Reader only. */
int stream_wait(struct stream *s, int64_t deadline);

/*
 * Writes all of the count pieces (at most IOV_MAX), waiting where the kernel
 * takes no more.  timeout (ns; 0: never) counts from the last byte it took.
 * *stuck is true while it waits: the peer is slow, not we.  The array is used
 * up: its contents are undefined afterwards.  Returns 0, -ETIMEDOUT, -errno.
 * Writer only.
 */
int stream_write(struct stream *s, struct iovec *pieces, size_t count,
		 int64_t timeout, atomic_bool *stuck);

/* Writes what the kernel takes of the pieces at once.  Returns how many bytes,
 * -EAGAIN where it takes none now, -errno.  Whoever may write at the moment. */
ssize_t stream_try_write(struct stream *s, const struct iovec *pieces,
			 size_t count);

/* Tells the peer that nothing follows.  Writer only. */
void stream_end(struct stream *s);

/* Makes the reader see the end of the stream, now; what is being written goes
 * on.  Any thread, while the descriptor is open. */
void stream_wake_reader(struct stream *s);

/* Ends both directions; whoever waits wakes up.  Any thread, likewise. */
void stream_cut(struct stream *s);

/* Gives the descriptor back.  When nobody else uses the stream any more. */
void stream_close(struct stream *s);

#endif
