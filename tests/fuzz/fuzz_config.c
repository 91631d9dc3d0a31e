/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a configuration file: it is taken or refused, and nothing else
 * happens.  A file that is taken obeys the table's bounds.  Built by clang with
 * -Dfuzz=true; see libFuzzer.
 */
#include "config_internal.h"

#include "check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_bounds(const struct config *c)
{
	for (const struct config_key *k = config_keys; k->section; k++) {
		int64_t value;

		if (k->type != CONFIG_SIZE && k->type != CONFIG_DURATION &&
		    k->type != CONFIG_COUNT)
			continue;
		value = config_number(c, k);
		CHECK(value >= k->min && value <= k->max);
	}
	CHECK(c->listen && *c->listen && c->origins && c->user);
	CHECK(c->plain_message <= c->plain_queue_bytes);
	CHECK(c->timeouts_ping < c->timeouts_silence || c->timeouts_ping == 0 ||
	      c->timeouts_silence == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char path[32], name[] = "chatd", option[] = "-c";
	char *argv[] = {name, option, path, NULL};
	struct config config;
	FILE *err = fopen("/dev/null", "we");
	int fd = memfd_create("chatd.conf", MFD_CLOEXEC), status;

	CHECK(err && fd >= 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(write(fd, bytes, len) == (ssize_t)len);
	status = config_load(&config, 3, argv, NULL, err, err);
	CHECK(status == CONFIG_RUN || status == 78);
	if (status == CONFIG_RUN)
		check_bounds(&config);
	config_fini(&config);
	(void)close(fd);
	(void)fclose(err);
	return 0;
}
