/* SPDX-License-Identifier: MIT */
/*
 * What the program calls and the system may refuse, by the linker's --wrap:
 * the nth call of one function fails, in whichever thread of the server makes
 * it.  Threads that a test has spared are served as ever, and so is the test.
 */
#ifndef FAULT_HARNESS_H
#define FAULT_HARNESS_H

#include "harness.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

enum function {
	NONE,
	MALLOC,
	CALLOC,
	REALLOC,
	WSLAY_INIT, /* its malloc, where wslay is a shared library */
	PTHREAD_CREATE,
	ACCEPT4,
	SEND,
	SENDMSG,
	RECV,
	POLL,
	WRITE,
};

/* All the ways to fail that are tried; an errno where there is one. */
static const struct fault {
	const char *name;
	enum function function;
	int err;
} faults[] = {
	{"malloc", MALLOC, ENOMEM},
	{"calloc", CALLOC, ENOMEM},
	{"realloc", REALLOC, ENOMEM},
	{"wslay_frame_context_init", WSLAY_INIT, WSLAY_ERR_NOMEM},
	{"pthread_create", PTHREAD_CREATE, EAGAIN},
	{"accept4: EMFILE", ACCEPT4, EMFILE},
	{"accept4: ENFILE", ACCEPT4, ENFILE},
	{"accept4: ENOMEM", ACCEPT4, ENOMEM},
	{"accept4: ECONNABORTED", ACCEPT4, ECONNABORTED},
	{"accept4: EINTR", ACCEPT4, EINTR},
	{"send: EPIPE", SEND, EPIPE},
	{"send: ENOBUFS", SEND, ENOBUFS},
	{"send: EAGAIN", SEND, EAGAIN},
	{"send: EINTR", SEND, EINTR},
	{"sendmsg: ECONNRESET", SENDMSG, ECONNRESET},
	{"sendmsg: ENOMEM", SENDMSG, ENOMEM},
	{"sendmsg: EAGAIN", SENDMSG, EAGAIN},
	{"sendmsg: EINTR", SENDMSG, EINTR},
	{"recv: ECONNRESET", RECV, ECONNRESET},
	{"recv: ENOMEM", RECV, ENOMEM},
	{"recv: EINTR", RECV, EINTR},
	{"poll: ENOMEM", POLL, ENOMEM},
	{"poll: EINTR", POLL, EINTR},
	{"write: EINTR", WRITE, EINTR},
	{"write: EIO", WRITE, EIO},
};

static _Atomic(const struct fault *) planned; /* NULL: nothing fails */
static atomic_size_t calls, failing_call;

/* ---- Whose calls fail ---- */

/* Names of threads that never meet a fault, then NULL. */
static const char *const *spared_names;

static _Thread_local enum { UNKNOWN, SPARED, EXPOSED } exposure;

/* The calling thread is the test's own. */
static inline void spare_me(void)
{
	exposure = SPARED;
}

static inline bool is_spared(void)
{
	char name[16] = "";

	if (exposure == UNKNOWN) {
		MUST(pthread_getname_np(pthread_self(), name, sizeof(name)) ==
		     0);
		exposure = EXPOSED;
		for (size_t i = 0; spared_names && spared_names[i]; i++)
			if (strcmp(name, spared_names[i]) == 0)
				exposure = SPARED;
	}
	return exposure == SPARED;
}

static inline bool fails(enum function f, int *err)
{
	const struct fault *p = atomic_load(&planned);

	if (!p || p->function != f || is_spared())
		return false;
	*err = p->err;
	return atomic_fetch_add(&calls, 1) + 1 == atomic_load(&failing_call);
}

/* From here on the nth call of that kind fails. */
static inline void plan(const struct fault *f, size_t nth)
{
	atomic_store(&calls, 0);
	atomic_store(&failing_call, nth);
	atomic_store(&planned, f);
}

/* Ends that; was there such a call? */
static inline bool it_failed(void)
{
	atomic_store(&planned, NULL);
	return atomic_load(&calls) >= atomic_load(&failing_call);
}

/* ---- The functions ---- */

#define WRAP(type, name, ...)                                                  \
	type __real_##name(__VA_ARGS__);                                       \
	type __wrap_##name(__VA_ARGS__);                                       \
	type __wrap_##name(__VA_ARGS__)

/* Fails with errno and that result, if it is time. */
#define FAIL(function, result)                                                 \
	do {                                                                   \
		int err_;                                                      \
                                                                               \
		if (fails(function, &err_)) {                                  \
			errno = err_;                                          \
			return result;                                         \
		}                                                              \
	} while (0)

WRAP(void *, malloc, size_t size)
{
	FAIL(MALLOC, NULL);
	return __real_malloc(size);
}

WRAP(void *, calloc, size_t n, size_t size)
{
	FAIL(CALLOC, NULL);
	return __real_calloc(n, size);
}

WRAP(void *, realloc, void *p, size_t size)
{
	FAIL(REALLOC, NULL);
	return __real_realloc(p, size);
}

WRAP(int, wslay_frame_context_init, wslay_frame_context_ptr *f,
     const struct wslay_frame_callbacks *c, void *arg)
{
	FAIL(WSLAY_INIT, WSLAY_ERR_NOMEM);
	return __real_wslay_frame_context_init(f, c, arg);
}

WRAP(int, pthread_create, pthread_t *thread, const pthread_attr_t *attr,
     void *(*run)(void *), void *arg)
{
	FAIL(PTHREAD_CREATE, err_);
	return __real_pthread_create(thread, attr, run, arg);
}

WRAP(int, accept4, int fd, struct sockaddr *a, socklen_t *len, int flags)
{
	FAIL(ACCEPT4, -1);
	return __real_accept4(fd, a, len, flags);
}

WRAP(ssize_t, send, int fd, const void *bytes, size_t len, int flags)
{
	FAIL(SEND, -1);
	return __real_send(fd, bytes, len, flags);
}

WRAP(ssize_t, sendmsg, int fd, const struct msghdr *m, int flags)
{
	FAIL(SENDMSG, -1);
	return __real_sendmsg(fd, m, flags);
}

WRAP(ssize_t, recv, int fd, void *to, size_t len, int flags)
{
	FAIL(RECV, -1);
	return __real_recv(fd, to, len, flags);
}

WRAP(ssize_t, write, int fd, const void *bytes, size_t len)
{
	FAIL(WRITE, -1);
	return __real_write(fd, bytes, len);
}

WRAP(int, poll, struct pollfd *p, nfds_t n, int timeout)
{
	FAIL(POLL, -1);
	return __real_poll(p, n, timeout);
}

/* What poll() is called where it is fortified, as gcc sees fit. */
int __wrap___poll_chk(struct pollfd *p, nfds_t n, int timeout, size_t size);

int __wrap___poll_chk(struct pollfd *p, nfds_t n, int timeout, size_t size)
{
	MUST(size / sizeof(*p) >= n);
	return __wrap_poll(p, n, timeout);
}

#endif
