/* SPDX-License-Identifier: MIT */
/* Addresses to listen on, and who comes there. */
#include "harness.h"
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct listener l;
static const char *what;
static char directory[64], unix_path[80], unix_name[90];

static void make_directory(void)
{
	strcpy(directory, "/tmp/chatd-listener-XXXXXX");
	MUST(mkdtemp(directory) != NULL);
	(void)snprintf(unix_path, sizeof(unix_path), "%s/socket", directory);
	(void)snprintf(unix_name, sizeof(unix_name), "unix:%s", unix_path);
	l.fd = -1;
}

static void remove_directory(void)
{
	listener_close(&l);
	(void)unlink(unix_path);
	MUST(rmdir(directory) == 0);
}

static void opens(const char *address)
{
	int err = listener_open(&l, address, &what);

	ck_assert_msg(err == 0, "%s: %s: %s", address, what, strerror(-err));
}

static void fails(const char *address, int err, const char *where)
{
	struct listener other;

	what = "?";
	ck_assert_msg(listener_open(&other, address, &what) == err, "%s",
		      address);
	ck_assert_str_eq(what, where);
	ck_assert_int_eq(other.fd, -1);
}

/* Connects to where l listens; the descriptor. */
static int come(void)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	int fd;

	MUST(getsockname(l.fd, (struct sockaddr *)&a, &len) == 0);
	fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(fd >= 0);
	MUST(connect(fd, (struct sockaddr *)&a, len) == 0);
	return fd;
}

static int accepted(char name[LISTENER_NAME_BYTES])
{
	struct pollfd p = {.fd = l.fd, .events = POLLIN};
	int fd;

	MUST(poll(&p, 1, 10000) == 1);
	fd = listener_accept(&l, name);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6,
				 .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

	(void)close(fd);
	return has;
}

/* ---- Addresses ---- */

START_TEST(port_0_is_any_and_the_name_says_which)
{
	unsigned port = 0;
	char rest;

	opens("127.0.0.1:0");
	ck_assert_int_eq(sscanf(l.name, "127.0.0.1:%u%c", &port, &rest), 1);
	ck_assert_uint_gt(port, 0);
	ck_assert_int_eq(close(come()), 0);
}
END_TEST

START_TEST(ipv6_stands_in_brackets_and_is_ipv6_only)
{
	unsigned port = 0;
	char rest;
	int only = 0;
	socklen_t len = sizeof(only);

	if (!has_ipv6())
		return;
	opens("[::1]:0");
	ck_assert_int_eq(sscanf(l.name, "[::1]:%u%c", &port, &rest), 1);
	MUST(getsockopt(l.fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len) == 0);
	ck_assert_int_eq(only, 1);
	ck_assert_int_eq(close(come()), 0);
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
	static const char *const addresses[] = {"",
						":",
						":8080",
						"127.0.0.1:",
						"127.0.0.1:x",
						"127.0.0.1:80x",
						"::1",
						"::1:8080",
						"[::1",
						"[::1]8080",
						"[::1]:",
						"[]:8080",
						"[127.0.0.1:80",
						"unix:"};
	char longer[200];

	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		fails(addresses[i], -EINVAL, "address");
	memset(longer, '1', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	fails(longer, -EINVAL, "address");
	memcpy(longer, "unix:/", 6);
	fails(longer, -EINVAL, "address");
}
END_TEST

START_TEST(a_port_that_is_taken_is_said_to_be)
{
	char address[LISTENER_NAME_BYTES];

	opens("127.0.0.1:0");
	strcpy(address, l.name);
	fails(address, -EADDRINUSE, "bind");
}
END_TEST

/* Caught: no SO_REUSEADDR; the server couldn't be restarted for a minute. */
START_TEST(a_port_is_free_again_at_once)
{
	char address[LISTENER_NAME_BYTES], name[LISTENER_NAME_BYTES], byte;
	int client, server;

	opens("127.0.0.1:0");
	strcpy(address, l.name);
	client = come();
	server = accepted(name);
	MUST(close(server) == 0); /* first: the TIME_WAIT is the server's */
	MUST(read(client, &byte, 1) == 0);
	MUST(close(client) == 0);
	listener_close(&l);
	opens(address);
}
END_TEST

/* ---- Unix sockets ---- */

START_TEST(a_unix_socket_is_open_to_all_and_removed_in_the_end)
{
	char name[LISTENER_NAME_BYTES];
	struct stat st;
	mode_t mask = umask(0077);
	int client, server;

	opens(unix_name);
	(void)umask(mask);
	ck_assert_str_eq(l.name, unix_name);
	MUST(stat(unix_path, &st) == 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 0777, 0666);
	client = come();
	server = accepted(name);
	ck_assert_str_eq(name, "unix:");
	MUST(close(client) == 0 && close(server) == 0);
	listener_close(&l);
	ck_assert_int_eq(stat(unix_path, &st), -1);
	listener_close(&l); /* twice is harmless */
}
END_TEST

START_TEST(a_stale_unix_socket_is_replaced)
{
	opens(unix_name);
	MUST(close(l.fd) == 0); /* as if the program had crashed */
	MUST(access(unix_path, F_OK) == 0);
	opens(unix_name);
	ck_assert_int_eq(close(come()), 0);
}
END_TEST

START_TEST(a_unix_socket_that_is_in_use_is_left_alone)
{
	char name[LISTENER_NAME_BYTES];
	int client;

	opens(unix_name);
	fails(unix_name, -EADDRINUSE, "bind");
	client = come();
	/* The first is whoever looked whether somebody listens. */
	MUST(close(accepted(name)) == 0);
	MUST(close(accepted(name)) == 0);
	MUST(close(client) == 0);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_left_alone)
{
	struct stat st;
	int fd = open(unix_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	MUST(fd >= 0 && close(fd) == 0);
	fails(unix_name, -EADDRINUSE, "bind");
	MUST(stat(unix_path, &st) == 0);
	ck_assert(S_ISREG(st.st_mode));
	MUST(unlink(unix_path) == 0);
	/* Nor is a link followed to one that is stale. */
	opens(unix_name);
	MUST(close(l.fd) == 0);
	strcat(unix_path, "2");
	strcat(unix_name, "2");
	MUST(symlink("socket", unix_path) == 0);
	fails(unix_name, -EADDRINUSE, "bind");
	MUST(unlink(unix_path) == 0);
	unix_path[strlen(unix_path) - 1] = '\0';
}
END_TEST

START_TEST(a_unix_socket_needs_its_directory)
{
	strcat(unix_name, "/x/y");
	fails(unix_name, -ENOENT, "bind");
}
END_TEST

/* ---- Accepting ---- */

START_TEST(who_is_accepted_blocks_nobody_and_has_a_name)
{
	char name[LISTENER_NAME_BYTES], expected[LISTENER_NAME_BYTES];
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int client, server, on = 0;

	opens("127.0.0.1:0");
	ck_assert_int_eq(listener_accept(&l, name), -EAGAIN);
	client = come();
	server = accepted(name);
	ck_assert(fcntl(server, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(server, F_GETFD) & FD_CLOEXEC);
	ck_assert(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
	MUST(getsockname(client, (struct sockaddr *)&a, &len) == 0);
	(void)snprintf(expected, sizeof(expected), "127.0.0.1:%u",
		       ntohs(a.sin_port));
	ck_assert_str_eq(name, expected);
	len = sizeof(on);
	MUST(getsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0);
	ck_assert_int_ne(on, 0);
	MUST(close(client) == 0 && close(server) == 0);
}
END_TEST

static void *wait_at_listener(void *arg)
{
	struct pollfd p = {.fd = l.fd, .events = POLLIN};

	(void)arg;
	MUST(poll(&p, 1, -1) == 1);
	return NULL;
}

START_TEST(shutting_wakes_who_waits_and_takes_nobody_any_more)
{
	char name[LISTENER_NAME_BYTES];
	pthread_t waiter;

	opens(_i ? unix_name : "127.0.0.1:0");
	MUST(pthread_create(&waiter, NULL, wait_at_listener, NULL) == 0);
	listener_shut(&l);
	MUST(pthread_join(waiter, NULL) == 0);
	ck_assert_int_eq(listener_accept(&l, name), _i ? -EAGAIN : -EINVAL);
}
END_TEST

/* ---- Refusing ---- */

START_TEST(the_refused_reads_503_and_then_the_end)
{
	char name[LISTENER_NAME_BYTES], answer[1024] = "";
	size_t len = 0;
	ssize_t n;
	int client, server;
	const char *body;

	opens(_i ? unix_name : "127.0.0.1:0");
	client = come();
	server = accepted(name);
	listener_refuse(server);
	while ((n = read(client, answer + len, sizeof(answer) - 1 - len)) > 0)
		len += (size_t)n;
	ck_assert_int_eq(n, 0);
	ck_assert_mem_eq(answer, "HTTP/1.1 503 ", 13);
	ck_assert_ptr_nonnull(strstr(answer, "\r\nRetry-After: 5\r\n"));
	ck_assert_ptr_nonnull(strstr(answer, "\r\nConnection: close\r\n"));
	body = strstr(answer, "\r\n\r\n") + 4;
	ck_assert_int_eq(atoi(strstr(answer, "Content-Length: ") + 16),
			 (int)strlen(body));
	MUST(close(client) == 0);
	listener_refuse(server); /* a peer that is gone is no matter */
	listener_refuse(server);
	MUST(close(server) == 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("listener");
	TCase *t = tcase_create("listener");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, make_directory, remove_directory);
	tcase_add_test(t, port_0_is_any_and_the_name_says_which);
	tcase_add_test(t, ipv6_stands_in_brackets_and_is_ipv6_only);
	tcase_add_test(t, what_is_no_address_is_refused);
	tcase_add_test(t, a_port_that_is_taken_is_said_to_be);
	tcase_add_test(t, a_port_is_free_again_at_once);
	tcase_add_test(t, a_unix_socket_is_open_to_all_and_removed_in_the_end);
	tcase_add_test(t, a_stale_unix_socket_is_replaced);
	tcase_add_test(t, a_unix_socket_that_is_in_use_is_left_alone);
	tcase_add_test(t, a_file_that_is_no_socket_is_left_alone);
	tcase_add_test(t, a_unix_socket_needs_its_directory);
	tcase_add_test(t, who_is_accepted_blocks_nobody_and_has_a_name);
	tcase_add_loop_test(
		t, shutting_wakes_who_waits_and_takes_nobody_any_more, 0, 2);
	tcase_add_loop_test(t, the_refused_reads_503_and_then_the_end, 0, 2);
	suite_add_tcase(s, t);
	return run_all(s);
}
