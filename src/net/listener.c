/* SPDX-License-Identifier: MIT */
/*
 * Sockets that listen.  Opened and closed by main, polled and accepted from by
 * the acceptor's thread.
 */
#include "listener.h"

#include "check.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_PORT "8080"
#define BACKLOG      4096 /* the kernel lowers it to net.core.somaxconn */

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage storage;
};

static void name_address(const union address *a, socklen_t len,
			 char name[LISTENER_NAME_BYTES])
{
	char host[64] = "?", port[16] = "?";

	if (a->any.sa_family == AF_UNIX) {
		bool named = len > offsetof(struct sockaddr_un, sun_path);

		(void)snprintf(name, LISTENER_NAME_BYTES, "unix:%.*s",
			       named ? (int)sizeof(a->un.sun_path) : 0,
			       a->un.sun_path);
		return;
	}
	(void)getnameinfo(&a->any, len, host, sizeof(host), port, sizeof(port),
			  NI_NUMERICHOST | NI_NUMERICSERV);
	(void)snprintf(name, LISTENER_NAME_BYTES,
		       a->any.sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		       port);
}

/* ---- Unix sockets ---- */

/* True where a server answers on that socket file. */
static bool somebody_listens(const union address *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answered;

	if (fd < 0)
		return true; /* can't tell: leave the file alone */
	answered = connect(fd, &a->any, sizeof(a->un)) == 0 ||
		   errno != ECONNREFUSED;
	(void)close(fd);
	return answered;
}

static int open_unix(struct listener *l, const char *path, const char **what)
{
	union address a = {.un = {.sun_family = AF_UNIX}};
	struct stat st;
	mode_t mask;
	int err;

	*what = "address";
	if (*path == '\0' || strlen(path) >= sizeof(a.un.sun_path))
		return -EINVAL;
	memcpy(a.un.sun_path, path, strlen(path) + 1);
	*what = "socket";
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return -errno;
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    !somebody_listens(&a))
		(void)unlink(path);
	*what = "bind";
	/* As open as a port of the loopback address, whatever the umask; who
	 * wants less puts it into a directory that says so.  Not by chmod():
	 * whose directory that is could give it another file. */
	mask = umask(0111);
	err = bind(l->fd, &a.any, sizeof(a.un)) == 0 ? 0 : -errno;
	(void)umask(mask);
	if (!err)
		memcpy(l->unlink_path, path, strlen(path) + 1);
	return err;
}

/* ---- TCP ---- */

/* Splits "host:port", "[v6]:port", "host" in place; false: neither. */
static bool split(char *address, const char **host, const char **port)
{
	char *colon;

	*port = DEFAULT_PORT;
	*host = address;
	if (*address == '[') {
		char *end = strchr(address, ']');

		if (!end || (end[1] != '\0' && end[1] != ':'))
			return false;
		*host = address + 1;
		colon = end[1] ? end + 1 : NULL;
		*end = '\0';
	} else {
		colon = strchr(address, ':');
		if (colon && strchr(colon + 1, ':'))
			return false; /* IPv6 wants brackets */
	}
	if (colon) {
		*colon = '\0';
		*port = colon + 1;
	}
	return **host != '\0' && **port != '\0';
}

static int bind_tcp(struct listener *l, const struct addrinfo *ai,
		    const char **what)
{
	int on = 1;

	*what = "socket";
	l->fd = socket(ai->ai_family,
		       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return -errno;
	*what = "setsockopt";
	if (setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return -errno;
	if (ai->ai_family == AF_INET6 &&
	    setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return -errno;
	*what = "bind";
	return bind(l->fd, ai->ai_addr, ai->ai_addrlen) == 0 ? 0 : -errno;
}

static int open_tcp(struct listener *l, const char *address, const char **what)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char copy[LISTENER_NAME_BYTES];
	const char *host, *port;
	int err;

	*what = "address";
	if (strlen(address) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, address, strlen(address) + 1);
	if (!split(copy, &host, &port))
		return -EINVAL;
	err = getaddrinfo(host, port, &hints, &found);
	if (err)
		return err == EAI_MEMORY ? -ENOMEM : -EINVAL;
	err = bind_tcp(l, found, what);
	freeaddrinfo(found);
	return err;
}

/* ---- Both ---- */

int listener_open(struct listener *l, const char *address, const char **what)
{
	union address a = {0};
	socklen_t len = sizeof(a);
	int err;

	*l = (struct listener){.fd = -1};
	if (strncmp(address, "unix:", 5) == 0)
		err = open_unix(l, address + 5, what);
	else
		err = open_tcp(l, address, what);
	if (err)
		goto fail;
	*what = "listen";
	if (listen(l->fd, BACKLOG) != 0 ||
	    getsockname(l->fd, &a.any, &len) != 0) {
		err = -errno;
		goto fail;
	}
	name_address(&a, len, l->name);
	return 0;

fail:
	listener_close(l);
	return err;
}

static void remove_file(struct listener *l)
{
	if (*l->unlink_path)
		(void)unlink(l->unlink_path);
	*l->unlink_path = '\0';
}

void listener_shut(struct listener *l)
{
	/* First the file: where nobody listens any more, our successor may put
	 * his own in its place, and that one must stay. */
	remove_file(l);
	(void)shutdown(l->fd, SHUT_RDWR);
}

void listener_close(struct listener *l)
{
	remove_file(l);
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
}

int listener_accept(struct listener *l, char name[LISTENER_NAME_BYTES])
{
	union address a = {.storage = {0}};
	socklen_t len = sizeof(a);
	int on = 1, fd;

	fd = accept4(l->fd, &a.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (a.any.sa_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	name_address(&a, len, name);
	return fd;
}

/* ---- Refusing ---- */

#define BUSY_TEXT "The server is full. Try again later.\n"

_Static_assert(sizeof(BUSY_TEXT) - 1 == 37, "Content-Length below");

void listener_refuse(int fd)
{
	static const char answer[] =
		"HTTP/1.1 503 Service Unavailable\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: 37\r\n"
		"Retry-After: 5\r\n"
		"Connection: close\r\n"
		"\r\n" BUSY_TEXT;

	(void)send(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
}
