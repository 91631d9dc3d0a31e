/* SPDX-License-Identifier: MIT */
/* Reads the kernel's accounts; see proc(5) and clock_getcpuclockid(3). */
#include "chatbench_proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* /proc/PID/stat counts in hundredths of a second; the clock behind it in ns,
 * for any process. */
int64_t proc_cpu(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return -1;
	return (int64_t)t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* The number behind a name in a file of lines `Name: number`. */
static int64_t read_number(const char *path, const char *name)
{
	FILE *f = fopen(path, "re");
	int64_t value = -1;
	char line[256];

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0 &&
		    sscanf(line + strlen(name), ": %" SCNd64, &value) == 1)
			break;
	fclose(f);
	return value;
}

void proc_memory(pid_t pid, struct proc_memory *m)
{
	char rollup[64], status[64];

	(void)snprintf(rollup, sizeof(rollup), "/proc/%d/smaps_rollup",
		       (int)pid);
	(void)snprintf(status, sizeof(status), "/proc/%d/status", (int)pid);
	/* Exact where we may read it; status counts loosely. */
	m->resident = read_number(rollup, "Rss");
	if (m->resident < 0)
		m->resident = read_number(status, "VmRSS");
	m->threads = read_number(status, "Threads");
	m->page_tables = read_number(status, "VmPTE");
	m->kernel_stacks = read_number("/proc/meminfo", "KernelStack");
	m->all_page_tables = read_number("/proc/meminfo", "PageTables");
	m->slab = read_number("/proc/meminfo", "Slab");
}
