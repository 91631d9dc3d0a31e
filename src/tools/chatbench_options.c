/* SPDX-License-Identifier: MIT */
/* The command line. */
#include "chatbench.h"

#include "clock.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

static const char usage[] =
	"usage: chatbench [option]...\n"
	"Puts load on a WebSocket chat server and says how it does.\n"
	"\n"
	"  -u, --url URL         the server (ws://127.0.0.1:8080/ws)\n"
	"  -c, --clients N       clients that hear everything (100)\n"
	"  -s, --senders N       how many of them speak (10)\n"
	"  -b, --size BYTES      of a message, 34 to 65536 (64)\n"
	"  -w, --window N        saturate: messages under way a sender (8)\n"
	"      --own             till itself, not all, have heard them\n"
	"  -r, --rate N          or pace: messages a second, all senders\n"
	"  -d, --duration S      seconds that are measured (5)\n"
	"      --warmup S        seconds before that (1)\n"
	"  -n, --messages N      stop after N messages, without a warm-up\n"
	"      --grace S         wait so long for what doesn't come (3)\n"
	"      --sources N       connect from N addresses 127.0.0.1, .2, ...\n"
	"      --idle            stay silent, then one message to all\n"
	"      --stalled N       clients beside these that read nothing\n"
	"      --churn N         clients a second that come and go\n"
	"  -p, --pid PID         the server's: measure its CPU and memory\n"
	"      --one-order       a fault too: clients hear different orders\n"
	"      --allow-faults    exit 0 whatever the server did\n"
	"  -j, --json            print the result as JSON\n"
	"  -h, --help            print this\n"
	"  -V, --version         print the version\n"
	"\n"
	"Exit status: 0 all well, 1 the server lost, repeated, altered or\n"
	"reordered messages or dropped or refused clients, 2 can't run.\n";

enum {
	OPT_WARMUP = 256,
	OPT_GRACE,
	OPT_SOURCES,
	OPT_IDLE,
	OPT_STALLED,
	OPT_CHURN,
	OPT_ONE_ORDER,
	OPT_ALLOW_FAULTS,
	OPT_OWN,
};

static const struct option names[] = {
	{"url", required_argument, NULL, 'u'},
	{"clients", required_argument, NULL, 'c'},
	{"senders", required_argument, NULL, 's'},
	{"size", required_argument, NULL, 'b'},
	{"window", required_argument, NULL, 'w'},
	{"own", no_argument, NULL, OPT_OWN},
	{"rate", required_argument, NULL, 'r'},
	{"duration", required_argument, NULL, 'd'},
	{"warmup", required_argument, NULL, OPT_WARMUP},
	{"messages", required_argument, NULL, 'n'},
	{"grace", required_argument, NULL, OPT_GRACE},
	{"sources", required_argument, NULL, OPT_SOURCES},
	{"idle", no_argument, NULL, OPT_IDLE},
	{"stalled", required_argument, NULL, OPT_STALLED},
	{"churn", required_argument, NULL, OPT_CHURN},
	{"pid", required_argument, NULL, 'p'},
	{"one-order", no_argument, NULL, OPT_ONE_ORDER},
	{"allow-faults", no_argument, NULL, OPT_ALLOW_FAULTS},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* Which option is being read; for complaints. */
static int current;

static bool wrong(const char *what)
{
	const struct option *o = names;

	while (o->val != current)
		o++;
	fprintf(stderr, "chatbench: --%s: %s\n", o->name, what);
	return false;
}

/* A number from low to high; fractions only where they make sense. */
static bool number(double low, double high, double *value)
{
	char range[80], *end;

	errno = 0;
	*value = strtod(optarg, &end);
	if (end != optarg && !*end && !errno && *value >= low && *value <= high)
		return true;
	(void)snprintf(range, sizeof(range), "not a number from %g to %.10g",
		       low, high);
	return wrong(range);
}

static bool whole(double low, double high, uint32_t *value)
{
	double v;

	if (!number(low, high, &v))
		return false;
	if (v != floor(v))
		return wrong("not a whole number");
	*value = (uint32_t)v;
	return true;
}

static bool seconds(double low, int64_t *value)
{
	double v;

	if (!number(low, 86400, &v))
		return false;
	*value = (int64_t)(v * CLOCK_SECOND);
	return true;
}

static bool copy(char *to, size_t room, const char *from, size_t len)
{
	if (len == 0 || len >= room)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

/* ws://host[:port][/path]; an IPv6 address stands in brackets. */
static bool url(struct options *o, const char *text)
{
	static const char scheme[] = "ws://";
	const char *host = text + strlen(scheme), *end, *colon;
	bool ok;

	if (strncmp(text, scheme, strlen(scheme)) != 0)
		return wrong("not a ws:// URL");
	for (const char *p = text; *p; p++)
		if (!isgraph((unsigned char)*p) || *p == '"' || *p == '\\' ||
		    p - text > 1024)
			return wrong("not a URL");
	o->url = text;
	end = host + strcspn(host, "/?#");
	o->path = *end == '/' ? end : "/";
	ok = copy(o->authority, sizeof(o->authority), host,
		  (size_t)(end - host));
	if (*host == '[') {
		colon = memchr(host, ']', (size_t)(end - host));
		ok = ok && colon &&
		     copy(o->host, sizeof(o->host), host + 1,
			  (size_t)(colon - host - 1));
		colon = colon ? colon + 1 : end;
	} else {
		colon = host + strcspn(host, ":/?#");
		ok = ok && copy(o->host, sizeof(o->host), host,
				(size_t)(colon - host));
	}
	if (colon == end)
		(void)snprintf(o->port, sizeof(o->port), "80");
	else
		ok = ok && *colon == ':' &&
		     copy(o->port, sizeof(o->port), colon + 1,
			  (size_t)(end - colon - 1));
	return ok || wrong("not a URL with a host");
}

static bool take(struct options *o, int option)
{
	uint32_t n = 0;
	double v;

	switch (option) {
	case 'u':
		return url(o, optarg);
	case 'c':
		return whole(1, 1000000, &o->clients);
	case 's':
		return whole(1, SCRIPT_SENDERS, &o->senders);
	case 'b':
		if (!whole(SCRIPT_HEAD, SCRIPT_LONGEST, &n))
			return false;
		o->size = n;
		return true;
	case 'w':
		return whole(1, SCRIPT_KEPT, &o->window);
	case 'r':
		return number(0.001, 1e7, &o->rate);
	case 'd':
		return seconds(0, &o->duration);
	case OPT_WARMUP:
		return seconds(0, &o->warmup);
	case 'n':
		if (!whole(1, 4e9, &n))
			return false;
		o->messages = n;
		return true;
	case OPT_GRACE:
		return seconds(0.001, &o->grace);
	case OPT_SOURCES:
		return whole(1, 250, &o->sources);
	case OPT_IDLE:
		o->idle = true;
		return true;
	case OPT_STALLED:
		return whole(0, 1000000, &o->stalled);
	case OPT_CHURN:
		return number(0, 1e6, &o->churn);
	case 'p':
		if (!number(1, 1 << 22, &v))
			return false;
		o->pid = (pid_t)v;
		return proc_cpu(o->pid) >= 0 || wrong("no such process");
	case OPT_OWN:
		o->own = true;
		return true;
	case OPT_ONE_ORDER:
		o->one_order = true;
		return true;
	case OPT_ALLOW_FAULTS:
		o->allow_faults = true;
		return true;
	case 'j':
		o->json = true;
		return true;
	default:
		return false;
	}
}

static bool fits_together(struct options *o)
{
	if (o->window && o->rate > 0) {
		fprintf(stderr, "chatbench: --window or --rate, not both\n");
		return false;
	}
	if (o->own && (o->rate > 0 || o->idle)) {
		fprintf(stderr, "chatbench: --own is about a window\n");
		return false;
	}
	if (o->idle && (o->window || o->rate > 0 || o->messages || o->stalled ||
			o->churn > 0)) {
		fprintf(stderr, "chatbench: --idle goes with no other load\n");
		return false;
	}
	if (!o->window && o->rate <= 0)
		o->window = 8;
	if (o->idle)
		o->senders = 1;
	if (o->messages || o->idle)
		o->warmup = 0;
	if (o->senders > o->clients)
		o->senders = o->clients;
	return true;
}

enum options_result options_parse(struct options *o, int argc, char **argv)
{
	static char base[] = "ws://127.0.0.1:8080/ws";
	int option;

	*o = (struct options){.clients = 100,
			      .senders = 10,
			      .sources = 1,
			      .size = 64,
			      .duration = 5 * CLOCK_SECOND,
			      .warmup = CLOCK_SECOND,
			      .grace = 3 * CLOCK_SECOND};
	(void)url(o, base);
	for (;;) {
		option = getopt_long(argc, argv, "u:c:s:b:w:r:d:n:p:jhV", names,
				     NULL);
		current = option;
		switch (option) {
		case -1:
			if (optind == argc && fits_together(o))
				return OPTIONS_RUN;
			if (optind < argc)
				fprintf(stderr,
					"chatbench: %s: not an option; see "
					"chatbench --help\n",
					argv[optind]);
			return OPTIONS_WRONG;
		case 'h':
			fputs(usage, stdout);
			return OPTIONS_DONE;
		case 'V':
			printf("chatbench %s\n", CHATBENCH_VERSION);
			return OPTIONS_DONE;
		case '?':
			return OPTIONS_WRONG;
		default:
			if (!take(o, option))
				return OPTIONS_WRONG;
		}
	}
}
