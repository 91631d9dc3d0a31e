/* SPDX-License-Identifier: MIT */
/* The result, for people and for programs. */
#include "chatbench.h"

#include "clock.h"

#include <inttypes.h>
#include <unistd.h>

#define MS(ns) ((double)(ns) / 1e6)

/* What a result comes to; a figure that isn't known is negative. */
struct figures {
	double seconds, deliveries, messages, frames; /* a second each */
	double connects;                              /* a second */
	double server_cpu, own_cpu; /* CPU s a million deliveries */
	double server_cpu_seconds;
	double resident; /* KiB a client */
};

static double per(double what, double of)
{
	return of > 0 ? what / of : 0;
}

static struct figures work_out(const struct bench *b)
{
	const struct moment *from = &b->from, *till = &b->till;
	double s = (double)(till->at - from->at) / 1e9;
	double n = (double)(till->deliveries - from->deliveries);
	struct figures f = {
		.seconds = s,
		.deliveries = per(n, s),
		.messages = per((double)(till->sent - from->sent), s),
		.frames = per((double)(till->frames - from->frames), s),
		.connects = per((double)b->connect_time.total,
				(double)(b->connect_ended - b->connect_begun) /
					1e9),
		.own_cpu =
			per((double)(till->own_cpu - from->own_cpu) / 1e3, n),
		.server_cpu = -1,
		.server_cpu_seconds = -1,
		.resident = -1,
	};

	if (from->server_cpu >= 0 && till->server_cpu >= 0) {
		double used = (double)(till->server_cpu - from->server_cpu);

		f.server_cpu_seconds = used / 1e9;
		if (n > 0)
			f.server_cpu = used / 1e3 / n;
	}
	if (b->o->pid && b->before.resident >= 0 &&
	    b->connected.resident >= 0 && b->connect_time.total > 0)
		f.resident =
			(double)(b->connected.resident - b->before.resident) /
			(double)b->connect_time.total;
	return f;
}

bool report_faults(const struct bench *b)
{
	const struct tally *t = &b->tally;

	return t->lost || t->duplicates || t->disorder || t->corrupt ||
	       t->refused.total || t->dropped.total || t->churn_failed.total ||
	       (b->o->one_order && t->orders > 1) || b->deliveries == 0;
}

/* ---- Why clients went ---- */

static const char *reason_name(int what, char *room, size_t size)
{
	switch (what) {
	case REASON_NO_HTTP:
		return "no HTTP";
	case REASON_BAD_UPGRADE:
		return "bad upgrade";
	case REASON_VIOLATION:
		return "violation";
	default:
		if (what < 0)
			return strerrorname_np(-what);
		(void)snprintf(room, size, "%d", what);
		return room;
	}
}

void report_reasons(FILE *to, const struct reasons *r)
{
	char room[16];

	fprintf(to, "%" PRIu64, r->total);
	for (unsigned i = 0; i < r->used; i++)
		fprintf(to, "%s%s: %" PRIu64, i ? ", " : " (",
			reason_name(r->list[i].what, room, sizeof(room)),
			r->list[i].count);
	if (r->used)
		fputc(')', to);
}

static void json_reasons(FILE *to, const char *name, const struct reasons *r)
{
	char room[16];

	fprintf(to, ",\"%s\":{\"total\":%" PRIu64, name, r->total);
	for (unsigned i = 0; i < r->used; i++)
		fprintf(to, ",\"%s\":%" PRIu64,
			reason_name(r->list[i].what, room, sizeof(room)),
			r->list[i].count);
	fputc('}', to);
}

/* ---- For people ---- */

void report_progress(const struct bench *b)
{
	static const char *const names[] = {
		[PHASE_CONNECT] = "connecting", [PHASE_STAY] = "idle",
		[PHASE_GREET] = "greeting",     [PHASE_WARMUP] = "warming up",
		[PHASE_MEASURE] = "measuring",  [PHASE_DRAIN] = "waiting",
		[PHASE_GOODBYE] = "leaving",    [PHASE_DONE] = "",
	};

	if (!isatty(STDERR_FILENO))
		return;
	if (b->phase == PHASE_DONE)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr,
			"\r\033[K%s: %" PRIu32 " clients, %" PRIu64
			" deliveries",
			names[b->phase], b->ready, b->deliveries);
}

static void print_load(const struct options *o, FILE *to)
{
	fprintf(to, "%s: %" PRIu32 " clients, ", o->url, o->clients);
	if (o->idle)
		fprintf(to, "idle\n");
	else if (o->rate > 0)
		fprintf(to, "%" PRIu32 " senders, %zu bytes, %g a second\n",
			o->senders, o->size, o->rate);
	else
		fprintf(to,
			"%" PRIu32 " senders, %zu bytes, window %" PRIu32 "\n",
			o->senders, o->size, o->window);
}

static void print_times(FILE *to, const char *name, const struct hist *h)
{
	fprintf(to,
		"%-12sp50 %.3f ms, p99 %.3f ms, p99.9 %.3f ms, max %.3f ms\n",
		name, MS(hist_percentile(h, 50)), MS(hist_percentile(h, 99)),
		MS(hist_percentile(h, 99.9)), MS(h->max));
}

static void print_server(const struct bench *b, const struct figures *f,
			 FILE *to)
{
	if (!b->o->pid)
		return;
	fprintf(to, "server      ");
	if (f->server_cpu >= 0)
		fprintf(to, "%.3f CPU s a million deliveries, ", f->server_cpu);
	fprintf(to, "%.1f MiB, %.1f KiB a client, %" PRId64 " threads\n",
		(double)b->end.resident / 1024, f->resident, b->end.threads);
}

void report_text(const struct bench *b, FILE *to)
{
	struct figures f = work_out(b);
	const struct tally *t = &b->tally;

	print_load(b->o, to);
	fprintf(to, "connected   %" PRIu64 " of %" PRIu32 ", %.0f a second",
		b->connect_time.total, b->conn_count, f.connects);
	fputs("; refused ", to);
	report_reasons(to, &t->refused);
	if (b->o->idle)
		fprintf(to, "\nheard       by %" PRIu64 " in %.3f ms\n",
			b->deliveries, MS(b->till.at - b->from.at));
	else
		fprintf(to,
			"\ndeliveries  %.0f a second of %.0f messages, in "
			"%.0f frames, for %.2f s\n",
			f.deliveries, f.messages, f.frames, f.seconds);
	if (b->unsaid)
		fprintf(to,
			"unsaid      %" PRIu64 ": the server took less than "
			"was to be said\n",
			b->unsaid);
	print_times(to, "latency", &b->latency);
	fprintf(to,
		"faults      %" PRIu64 " lost, %" PRIu64 " duplicate, %" PRIu64
		" out of order, %" PRIu64 " corrupt; %" PRIu64
		" foreign; orders heard: %" PRIu64 "\n",
		t->lost, t->duplicates, t->disorder, t->corrupt, t->foreign,
		t->orders);
	fputs("dropped     ", to);
	report_reasons(to, &t->dropped);
	if (b->o->stalled) {
		fprintf(to, "; of %" PRIu32 " stalled ", b->o->stalled);
		report_reasons(to, &t->stalled_dropped);
	}
	if (b->o->churn > 0) {
		fprintf(to,
			"\nchurn       %" PRIu64 " came, %" PRIu64
			" were in; failed ",
			b->churn_opened, b->churn_ready);
		report_reasons(to, &t->churn_failed);
	}
	fputc('\n', to);
	print_server(b, &f, to);
	if (!b->o->idle)
		fprintf(to, "chatbench   %.3f CPU s a million deliveries\n",
			f.own_cpu);
}

/* ---- For programs ---- */

static void json_number(FILE *to, const char *name, double value)
{
	if (value < 0)
		fprintf(to, ",\"%s\":null", name);
	else
		fprintf(to, ",\"%s\":%.6g", name, value);
}

static void json_count(FILE *to, const char *name, uint64_t value)
{
	fprintf(to, ",\"%s\":%" PRIu64, name, value);
}

static void json_times(FILE *to, const char *name, const struct hist *h)
{
	fprintf(to, ",\"%s\":{\"count\":%" PRIu64, name, h->total);
	json_number(to, "p50", MS(hist_percentile(h, 50)));
	json_number(to, "p90", MS(hist_percentile(h, 90)));
	json_number(to, "p99", MS(hist_percentile(h, 99)));
	json_number(to, "p99.9", MS(hist_percentile(h, 99.9)));
	json_number(to, "max", MS(h->max));
	fputc('}', to);
}

static void json_memory(FILE *to, const char *name, const struct proc_memory *m)
{
	fprintf(to, ",\"%s\":{\"resident\":%" PRId64, name, m->resident);
	json_number(to, "threads", (double)m->threads);
	json_number(to, "page_tables", (double)m->page_tables);
	json_number(to, "kernel_stacks", (double)m->kernel_stacks);
	json_number(to, "all_page_tables", (double)m->all_page_tables);
	json_number(to, "slab", (double)m->slab);
	fputc('}', to);
}

static void json_load(const struct options *o, FILE *to)
{
	fprintf(to, "{\"chatbench\":\"%s\",\"url\":\"%s\"", CHATBENCH_VERSION,
		o->url);
	json_count(to, "clients", o->clients);
	json_count(to, "senders", o->senders);
	json_count(to, "size", o->size);
	json_count(to, "window", o->window);
	json_number(to, "rate", o->rate);
	json_count(to, "stalled", o->stalled);
	json_number(to, "churn", o->churn);
	fprintf(to, ",\"idle\":%s", o->idle ? "true" : "false");
}

void report_json(const struct bench *b, FILE *to)
{
	struct figures f = work_out(b);
	const struct tally *t = &b->tally;

	json_load(b->o, to);
	json_count(to, "connected", b->connect_time.total);
	json_number(to, "connects_per_s", f.connects);
	json_times(to, "connect_ms", &b->connect_time);
	json_reasons(to, "refused", &t->refused);
	json_number(to, "seconds", f.seconds);
	json_count(to, "sent", b->sent);
	json_count(to, "unsaid", b->unsaid);
	json_count(to, "delivered", b->deliveries);
	json_number(to, "deliveries_per_s", f.deliveries);
	json_number(to, "messages_per_s", f.messages);
	json_number(to, "frames_per_s", f.frames);
	json_times(to, "latency_ms", &b->latency);
	json_number(to, "heard_ms", MS(b->till.at - b->from.at));
	json_count(to, "lost", t->lost);
	json_count(to, "duplicates", t->duplicates);
	json_count(to, "disorder", t->disorder);
	json_count(to, "corrupt", t->corrupt);
	json_count(to, "foreign", t->foreign);
	json_count(to, "orders", t->orders);
	json_reasons(to, "dropped", &t->dropped);
	json_reasons(to, "stalled_dropped", &t->stalled_dropped);
	json_count(to, "churn_opened", b->churn_opened);
	json_count(to, "churn_ready", b->churn_ready);
	json_reasons(to, "churn_failed", &t->churn_failed);
	json_number(to, "server_cpu_s", f.server_cpu_seconds);
	json_number(to, "server_cpu_s_per_million", f.server_cpu);
	json_number(to, "own_cpu_s_per_million", f.own_cpu);
	json_number(to, "rss_kib_per_client", f.resident);
	if (b->o->pid) {
		json_memory(to, "memory_before_kib", &b->before);
		json_memory(to, "memory_connected_kib", &b->connected);
		json_memory(to, "memory_end_kib", &b->end);
	}
	fprintf(to, ",\"faults\":%s}\n", report_faults(b) ? "true" : "false");
}
