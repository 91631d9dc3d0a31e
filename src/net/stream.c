/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing and waiting on one socket.  The reader's thread and the
 * writer's thread run here, each in its own functions.
 */
#include "stream.h"

#include "check.h"
#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t stream_read(struct stream *s, void *to, size_t len)
{
	ssize_t n;

	do
		n = recv(s->fd, to, len, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return n;
}

bool stream_discard(struct stream *s)
{
	char scratch[1024];
	ssize_t n;

	for (int i = 0; i < 64; i++) {
		n = stream_read(s, scratch, sizeof(scratch));
		if (n <= 0)
			return n == -EAGAIN;
	}
	return true;
}

static int wait_for(struct stream *s, short events, int64_t deadline)
{
	struct pollfd p = {.fd = s->fd, .events = events};
	int n;

	for (;;) {
		n = poll(&p, 1, clock_poll_timeout(deadline));
		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

int stream_wait(struct stream *s, int64_t deadline)
{
	return wait_for(s, POLLIN, deadline);
}

/* Steps over the n bytes that went. */
static void advance(struct iovec **pieces, size_t *count, size_t n)
{
	while (*count > 0 && n >= (*pieces)->iov_len) {
		n -= (*pieces)->iov_len;
		++*pieces;
		--*count;
	}
	if (n > 0) {
		(*pieces)->iov_base = (char *)(*pieces)->iov_base + n;
		(*pieces)->iov_len -= n;
	}
}

/* The usual single piece is worth the shorter call. */
static ssize_t send_pieces(int fd, const struct iovec *pieces, size_t count)
{
	struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)pieces,
			   .msg_iovlen = count};

	if (count == 1)
		return send(fd, pieces->iov_base, pieces->iov_len,
			    MSG_NOSIGNAL);
	return sendmsg(fd, &m, MSG_NOSIGNAL);
}

ssize_t stream_try_write(struct stream *s, const struct iovec *pieces,
			 size_t count)
{
	ssize_t n;

	do
		n = send_pieces(s->fd, pieces, count);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return n;
}

int stream_write(struct stream *s, struct iovec *pieces, size_t count,
		 int64_t timeout, atomic_bool *stuck)
{
	while (count > 0) {
		ssize_t n = stream_try_write(s, pieces, count);
		int err;

		if (n >= 0) {
			advance(&pieces, &count, (size_t)n);
			continue;
		}
		if (n != -EAGAIN)
			return (int)n;
		atomic_store(stuck, true);
		err = wait_for(s, POLLOUT, clock_deadline(timeout));
		atomic_store(stuck, false);
		if (err)
			return err;
	}
	return 0;
}

/* The peer may be gone already; then there is nobody left to tell. */
static void shut(struct stream *s, int how)
{
	if (shutdown(s->fd, how) != 0)
		CHECK(errno != EBADF && errno != ENOTSOCK && errno != EINVAL);
}

void stream_end(struct stream *s)
{
	shut(s, SHUT_WR);
}

void stream_wake_reader(struct stream *s)
{
	shut(s, SHUT_RD);
}

void stream_cut(struct stream *s)
{
	shut(s, SHUT_RDWR);
}

void stream_close(struct stream *s)
{
	/* On Linux the descriptor is gone even where close() fails. */
	CHECK(close(s->fd) == 0 || errno != EBADF);
	s->fd = -1;
}
