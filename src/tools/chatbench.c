/* SPDX-License-Identifier: MIT */
/* chatbench: what it is to do, the run, and what came of it. */
#include "chatbench.h"

#include "check.h"

#include <netdb.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Exit statuses. */
enum { ALL_WELL, FAULTS, CANNOT_RUN };

#define OTHER_DESCRIPTORS 16 /* besides connections */

static bool resolve(struct bench *b)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	int err = getaddrinfo(b->o->host, b->o->port, &hints, &found);

	if (err) {
		fprintf(stderr, "chatbench: %s: %s\n", b->o->authority,
			gai_strerror(err));
		return false;
	}
	memcpy(&b->addr, found->ai_addr, found->ai_addrlen);
	b->addr_len = found->ai_addrlen;
	freeaddrinfo(found);
	if (b->o->sources > 1 && b->addr.ss_family != AF_INET) {
		fprintf(stderr, "chatbench: --sources needs an IPv4 address\n");
		return false;
	}
	return true;
}

static bool raise_limit(const struct options *o)
{
	rlim_t needed =
		o->clients + o->stalled + churn_most(o) + OTHER_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return true; /* socket() will say */
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= needed)
		return true;
	fprintf(stderr,
		"chatbench: %llu descriptors are needed, %llu allowed: "
		"raise `ulimit -Hn`\n",
		(unsigned long long)needed, (unsigned long long)limit.rlim_cur);
	return false;
}

int main(int argc, char **argv)
{
	struct options o;
	struct bench *b;
	int err, status;

	switch (options_parse(&o, argc, argv)) {
	case OPTIONS_DONE:
		return ALL_WELL;
	case OPTIONS_WRONG:
		return CANNOT_RUN;
	case OPTIONS_RUN:
		break;
	}
	b = calloc(1, sizeof(*b));
	CHECK(b);
	b->o = &o;
	b->dialect = &dialect_plain;
	if (!resolve(b) || !raise_limit(&o)) {
		free(b);
		return CANNOT_RUN;
	}
	err = run(b);
	if (!err && b->connect_time.total == 0) {
		report_progress(b);
		fprintf(stderr, "chatbench: %s: nobody got in: ", o.url);
		report_reasons(stderr, &b->tally.refused);
		fputc('\n', stderr);
		status = CANNOT_RUN;
	} else if (err) {
		fprintf(stderr, "chatbench: %s\n", strerror(-err));
		status = CANNOT_RUN;
	} else {
		report_progress(b);
		(o.json ? report_json : report_text)(b, stdout);
		status =
			report_faults(b) && !o.allow_faults ? FAULTS : ALL_WELL;
	}
	run_fini(b);
	free(b);
	return status;
}
