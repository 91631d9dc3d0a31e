/* SPDX-License-Identifier: MIT */
/*
 * How many clients a machine holds, on machines of our own: the linker's
 * --wrap puts made-up limits in place of the kernel's.
 */
#include "capacity.h"
#include "harness.h"

#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PLENTY 1000000000UL

static struct machine {
	unsigned long files, files_hard, processes;
	unsigned uid;
	const char *pid_max, *threads_max, *map_count, *loadavg, *cgroup;
	const char *pids_max[3]; /* of /a/b, /a and the top */
} machine;

static bool may_raise;
static struct capacity found;

static void endless_machine(void)
{
	machine = (struct machine){
		.files = PLENTY, .files_hard = PLENTY, .processes = PLENTY};
	may_raise = true;
}

static const char *text_of(const char *path)
{
	const struct {
		const char *path, *text;
	} files[] = {
		{"/proc/sys/kernel/pid_max", machine.pid_max},
		{"/proc/sys/kernel/threads-max", machine.threads_max},
		{"/proc/sys/vm/max_map_count", machine.map_count},
		{"/proc/loadavg", machine.loadavg},
		{"/proc/self/cgroup", machine.cgroup},
		{"/sys/fs/cgroup/a/b/pids.max", machine.pids_max[0]},
		{"/sys/fs/cgroup/a/pids.max", machine.pids_max[1]},
		{"/sys/fs/cgroup/pids.max", machine.pids_max[2]},
	};

	for (size_t i = 0; i < COUNT_OF(files); i++)
		if (strcmp(path, files[i].path) == 0)
			return files[i].text;
	return NULL;
}

/* ---- The kernel's part; large files have names of their own in glibc ---- */

FILE *__wrap_fopen64(const char *path, const char *mode);
int __wrap_getrlimit64(int what, struct rlimit *l);
int __wrap_setrlimit64(int what, const struct rlimit *l);
uid_t __wrap_geteuid(void);

FILE *__wrap_fopen64(const char *path, const char *mode)
{
	static char copy[256];
	const char *text = text_of(path);

	(void)mode;
	if (!text)
		return NULL;
	(void)snprintf(copy, sizeof(copy), "%s", text);
	return fmemopen(copy, strlen(copy), "r");
}

int __wrap_getrlimit64(int what, struct rlimit *l)
{
	bool files = what == RLIMIT_NOFILE;

	MUST(files || what == RLIMIT_NPROC);
	l->rlim_cur = files ? machine.files : machine.processes;
	l->rlim_max = files ? machine.files_hard : machine.processes;
	return 0;
}

int __wrap_setrlimit64(int what, const struct rlimit *l)
{
	MUST(what == RLIMIT_NOFILE && l->rlim_max == machine.files_hard);
	if (!may_raise)
		return -1;
	machine.files = l->rlim_cur;
	return 0;
}

uid_t __wrap_geteuid(void)
{
	return machine.uid;
}

/* It holds so many, and says why not more. */
static void holds(size_t clients, const char *why, const char *remedy)
{
	capacity_find(&found);
	ck_assert_uint_eq(found.clients, clients);
	ck_assert_str_eq(found.why, why);
	ck_assert_ptr_nonnull(strstr(found.remedy, remedy));
}

#define FILES "the limit of open files (ulimit -n) is "

/* ---- Descriptors ---- */

START_TEST(a_client_takes_a_descriptor)
{
	machine.files = machine.files_hard = 20064;
	holds(20000, FILES "20064", "LimitNOFILE=");
}
END_TEST

START_TEST(the_soft_limit_of_descriptors_is_raised_first)
{
	machine.files = 1024;
	machine.files_hard = 4064;
	holds(4000, FILES "4064", "ulimit -n");
	ck_assert_uint_eq(machine.files, 4064);
	endless_machine();
	may_raise = false;
	machine.files = 1024;
	holds(960, FILES "1024", "ulimit -n");
}
END_TEST

START_TEST(of_few_descriptors_half_are_for_clients)
{
	static const unsigned long files[] = {128, 127, 100, 10, 2, 1, 0};
	static const size_t clients[] = {64, 64, 50, 5, 1, 1, 0};
	char why[80];

	machine.files = machine.files_hard = files[_i];
	(void)snprintf(why, sizeof(why), FILES "%lu", files[_i]);
	holds(clients[_i], why, "ulimit -n");
}
END_TEST

START_TEST(an_unlimited_limit_limits_nobody)
{
	machine.files = machine.files_hard = RLIM_INFINITY;
	machine.processes = RLIM_INFINITY;
	machine.uid = 1000;
	holds(SIZE_MAX, "", "");
}
END_TEST

/* ---- Threads and mappings ---- */

START_TEST(a_client_takes_two_of_the_machines_tasks)
{
	machine.pid_max = "32768\n";
	machine.loadavg = "0.00 0.01 0.05 2/704 12345\n";
	holds((32768 - 704 - 64) / 2, "kernel.pid_max is 32768",
	      "sysctl kernel.pid_max");
	machine.threads_max = "10000\n";
	holds((10000 - 704 - 64) / 2, "kernel.threads-max is 10000",
	      "sysctl kernel.threads-max");
	machine.threads_max = "500\n"; /* fewer than there are already */
	holds(0, "kernel.threads-max is 500", "kernel.threads-max");
}
END_TEST

START_TEST(a_users_processes_limit_all_users_but_root)
{
	machine.processes = 4064;
	machine.uid = 1000;
	holds(2000, "the limit of the user's processes (ulimit -u) is 4064",
	      "LimitNPROC=");
	machine.uid = 0;
	holds(PLENTY - 64, FILES "1000000000", "ulimit -n");
}
END_TEST

START_TEST(a_client_takes_four_mappings)
{
	machine.map_count = "65530\n";
	holds((65530 - 512) / 4, "vm.max_map_count is 65530",
	      "sysctl vm.max_map_count");
}
END_TEST

/* ---- The control group ---- */

START_TEST(each_group_on_the_way_to_the_top_limits)
{
	static const char *const why = "pids.max of the control group is 1064";

	for (size_t i = 0; i < COUNT_OF(machine.pids_max); i++) {
		endless_machine();
		machine.cgroup = "0::/a/b\n";
		for (size_t k = 0; k < COUNT_OF(machine.pids_max); k++)
			machine.pids_max[k] = k == i ? "1064\n" : "max\n";
		holds(500, why, "TasksMax=");
	}
}
END_TEST

START_TEST(a_process_in_the_topmost_group_has_its_limit)
{
	machine.cgroup = "0::/\n";
	machine.pids_max[2] = "1064\n";
	holds(500, "pids.max of the control group is 1064", "--pids-limit");
}
END_TEST

START_TEST(of_few_tasks_half_are_for_clients)
{
	machine.cgroup = "0::/a\n";
	machine.pids_max[1] = "40\n";
	holds(10, "pids.max of the control group is 40", "TasksMax=");
}
END_TEST

START_TEST(version_1_of_control_groups_limits_nobody)
{
	machine.pids_max[1] = "40\n";
	machine.cgroup = "12:pids:/a\n";
	holds(PLENTY - 64, FILES "1000000000", "ulimit -n");
	machine.cgroup = "1::/a\n"; /* a hierarchy that only has a name */
	holds(PLENTY - 64, FILES "1000000000", "ulimit -n");
}
END_TEST

/* ---- All together ---- */

START_TEST(the_scarcest_is_named)
{
	machine.files = machine.files_hard = 5064;
	machine.pid_max = "32768\n";
	machine.map_count = "65530\n";
	machine.cgroup = "0::/a/b\n";
	machine.pids_max[0] = "20064\n";
	holds(5000, FILES "5064", "ulimit -n");
	machine.pids_max[1] = "9064\n";
	holds(4500, "pids.max of the control group is 9064", "TasksMax=");
	machine.map_count = "8512\n";
	holds(2000, "vm.max_map_count is 8512", "max_map_count");
}
END_TEST

START_TEST(what_cannot_be_read_limits_nobody)
{
	machine.pid_max = "many\n";
	machine.threads_max = "";
	machine.map_count = "\n";
	machine.loadavg = "?\n";
	machine.cgroup = "0::/a/b\n";
	machine.pids_max[0] = "";
	holds(PLENTY - 64, FILES "1000000000", "ulimit -n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("capacity");
	TCase *t = tcase_create("capacity");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, endless_machine, NULL);
	tcase_add_test(t, a_client_takes_a_descriptor);
	tcase_add_test(t, the_soft_limit_of_descriptors_is_raised_first);
	tcase_add_loop_test(t, of_few_descriptors_half_are_for_clients, 0, 7);
	tcase_add_test(t, an_unlimited_limit_limits_nobody);
	tcase_add_test(t, a_client_takes_two_of_the_machines_tasks);
	tcase_add_test(t, a_users_processes_limit_all_users_but_root);
	tcase_add_test(t, a_client_takes_four_mappings);
	tcase_add_test(t, each_group_on_the_way_to_the_top_limits);
	tcase_add_test(t, a_process_in_the_topmost_group_has_its_limit);
	tcase_add_test(t, of_few_tasks_half_are_for_clients);
	tcase_add_test(t, version_1_of_control_groups_limits_nobody);
	tcase_add_test(t, the_scarcest_is_named);
	tcase_add_test(t, what_cannot_be_read_limits_nobody);
	suite_add_tcase(s, t);
	return run_all(s);
}
