/* SPDX-License-Identifier: MIT */
/* What a process has used, read from the kernel. */
#ifndef CHATBENCH_PROC_H
#define CHATBENCH_PROC_H

#include <stdint.h>
#include <sys/types.h>

/* In KiB; -1: unknown.  The last three are the whole machine's: the kernel
 * keeps stacks, page tables and tasks of threads outside any process. */
struct proc_memory {
	int64_t resident, threads, page_tables; /* of the process */
	int64_t kernel_stacks, all_page_tables, slab;
};

/* CPU time in ns of all its threads, also those that ended; -1: unknown. */
int64_t proc_cpu(pid_t pid);

void proc_memory(pid_t pid, struct proc_memory *m);

#endif
