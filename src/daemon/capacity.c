/* SPDX-License-Identifier: MIT */
/*
 * Reading the limits from the kernel.  What can't be read doesn't limit.  Runs
 * once, in main.
 */
#include "capacity.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* What the server needs besides clients: listeners, the refused, the log; hub,
 * acceptor, ... and whoever else starts something on this machine.  Of little
 * it makes do with half. */
#define SPARE_DESCRIPTORS   64
#define SPARE_THREADS       64
#define SPARE_MAPPINGS      512

#define THREADS_PER_CLIENT  2
#define MAPPINGS_PER_THREAD 2 /* the stack and its guard */

static bool read_line(const char *path, char *line, int room)
{
	FILE *f = fopen(path, "re");
	bool read;

	if (!f)
		return false;
	read = fgets(line, room, f) != NULL;
	(void)fclose(f);
	return read;
}

static bool read_number(const char *path, uintmax_t *n)
{
	char line[64];

	return read_line(path, line, sizeof(line)) &&
	       sscanf(line, "%" SCNuMAX, n) == 1;
}

static void consider(struct capacity *c, uintmax_t have, uintmax_t spare,
		     uintmax_t each, const char *what, const char *remedy)
{
	uintmax_t clients = have > spare ? (have - spare) / each : 0;

	if (clients >= c->clients)
		return;
	c->clients = (size_t)clients;
	c->remedy = remedy;
	(void)snprintf(c->why, sizeof(c->why), "%s is %" PRIuMAX, what, have);
}

static uintmax_t at_most_half(uintmax_t spare, uintmax_t have)
{
	return spare < have / 2 ? spare : have / 2;
}

static void consider_descriptors(struct capacity *c)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	if (l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
		(void)getrlimit(RLIMIT_NOFILE, &l);
	}
	if (l.rlim_cur != RLIM_INFINITY)
		consider(c, l.rlim_cur,
			 at_most_half(SPARE_DESCRIPTORS, l.rlim_cur), 1,
			 "the limit of open files (ulimit -n)",
			 "ulimit -n, LimitNOFILE=");
}

/* All tasks of the machine share the numbers up to pid_max. */
static uintmax_t tasks_now(void)
{
	char line[128];
	uintmax_t tasks = 0;

	if (read_line("/proc/loadavg", line, sizeof(line)))
		(void)sscanf(line, "%*s %*s %*s %*u/%" SCNuMAX, &tasks);
	return tasks;
}

static void consider_threads(struct capacity *c)
{
	uintmax_t others = tasks_now() + SPARE_THREADS, n;
	struct rlimit l;

	if (read_number("/proc/sys/kernel/pid_max", &n))
		consider(c, n, others, THREADS_PER_CLIENT, "kernel.pid_max",
			 "sysctl kernel.pid_max=4194304");
	if (read_number("/proc/sys/kernel/threads-max", &n))
		consider(c, n, others, THREADS_PER_CLIENT, "kernel.threads-max",
			 "sysctl kernel.threads-max");
	/* Root isn't held to it. */
	if (geteuid() != 0 && getrlimit(RLIMIT_NPROC, &l) == 0 &&
	    l.rlim_cur != RLIM_INFINITY)
		consider(c, l.rlim_cur, at_most_half(SPARE_THREADS, l.rlim_cur),
			 THREADS_PER_CLIENT,
			 "the limit of the user's processes (ulimit -u)",
			 "ulimit -u, LimitNPROC=");
}

static void consider_mappings(struct capacity *c)
{
	uintmax_t n;

	if (read_number("/proc/sys/vm/max_map_count", &n))
		consider(c, n, SPARE_MAPPINGS,
			 THREADS_PER_CLIENT * MAPPINGS_PER_THREAD,
			 "vm.max_map_count", "sysctl vm.max_map_count=262144");
}

/* Version 2: "0::/path".  Each group on the way to the top limits, too. */
static void consider_cgroup(struct capacity *c)
{
	char line[512], path[640], *group = line + strlen("0::"), *end;
	uintmax_t n;

	if (!read_line("/proc/self/cgroup", line, sizeof(line)) ||
	    strncmp(line, "0::/", 4) != 0)
		return;
	line[strcspn(line, "\n")] = '\0';
	for (end = group + strlen(group); end; end = strrchr(group, '/')) {
		*end = '\0';
		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/pids.max",
			       group);
		if (read_number(path, &n))
			consider(c, n, at_most_half(SPARE_THREADS, n),
				 THREADS_PER_CLIENT,
				 "pids.max of the control group",
				 "TasksMax=, --pids-limit");
	}
}

void capacity_find(struct capacity *c)
{
	*c = (struct capacity){.clients = SIZE_MAX, .remedy = ""};
	consider_descriptors(c);
	consider_threads(c);
	consider_mappings(c);
	consider_cgroup(c);
}
