/* SPDX-License-Identifier: MIT */
/*
 * The whole program, main() included, while the system refuses things: the
 * nth call of a function fails, n = 1, 2, ... until a round meets no failure.
 *
 * In each round visitors do all that visitors can do.  Whatever fails, and to
 * whom, each of them comes to an end; two clients who were there before chat
 * on and lose nothing; somebody new can come; and of the visitors no thread,
 * descriptor or message is left.  These two clients' own readers and writers
 * are spared: what fails for them is theirs.
 */
#include "fault_harness.h"
#include "fault_server.h"

static const char *const residents[] = {"reader-1", "writer-1", "reader-2",
					"writer-2", NULL};

/* ---- Visitors: each says all at once, and reads to the end ---- */

static void ask_for_pages(void)
{
	say_text("GET / HTTP/1.1\r\nHost: a\r\n\r\n"
		 "HEAD /style.css HTTP/1.1\r\nHost: a\r\n\r\n"
		 "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
		 "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
		 "\r\n");
}

static void be_misunderstood(void)
{
	say_text("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
}

static void chat(void)
{
	char text[450];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	say_text("GET /ws" UPGRADE);
	say(TEXT, "one");
	say(TEXT, "two");
	say(PING, "three");
	say(WS_TEXT, text);
	say(CONTINUATION, "four");
	say(FIN | CONTINUATION, text + 400);
	say_close(1000, "");
}

static void chat_badly(void)
{
	say_text("GET /ws" UPGRADE);
	say(TEXT, "before");
	say(TEXT, "\xff");
}

static void ask_for_echoes(void)
{
	static char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	say_text("GET /echo" UPGRADE);
	say(BINARY, "one");
	say(WS_TEXT, text);
	say(PING, "two");
	say(FIN | CONTINUATION, text);
	say_close(3000, "");
}

static void leave_in_the_middle(void)
{
	say_text("GET /ws" UPGRADE);
	RAW(0x81, 0x85, 0x37, 0xfa);
}

static void (*const visits[])(void) = {
	ask_for_pages, be_misunderstood, chat,
	chat_badly,    ask_for_echoes,   leave_in_the_middle,
};

/* Who is refused comes again: those before may not be counted out yet, and
 * more than once it cannot be the fault. */
static void visit(void (*say_it)(void))
{
	do {
		wire.len = 0;
		say_it();
	} while (!tell_and_leave(come()));
}

static void visit_all(void)
{
	int idle[2];

	for (size_t i = 0; i < COUNT_OF(visits); i++)
		visit(visits[i]);
	/* As many as it takes, and one more, who is refused. */
	for (size_t i = 0; i < COUNT_OF(idle); i++)
		idle[i] = come();
	wire.len = 0;
	ask_for_pages();
	(void)tell_and_leave(come());
	for (size_t i = 0; i < COUNT_OF(idle); i++) {
		wire.len = 0;
		(void)tell_and_leave(idle[i]);
	}
}

/* ---- The round ---- */

static void chats(int from, int to, size_t round, const char *which)
{
	char text[40];

	(void)snprintf(text, sizeof(text), "%s in round %zu", which, round);
	wire.len = 0;
	say(TEXT, text);
	send_wire(from);
	await_text(from, text);
	await_text(to, text);
}

static void a_newcomer_can_chat(int a, size_t round)
{
	int c = come_to_chat();

	chats(c, a, round, "c to a");
	wire.len = 0;
	say_close(1000, "");
	(void)tell_and_leave(c);
}

/* More rounds than anything is called in one would be a test without end. */
#define MOST_ROUNDS 2000

START_TEST(whatever_fails_the_others_chat_on_and_nothing_is_left)
{
	const struct fault *f = &faults[_i];
	size_t n = 0, failures = 0;
	bool failed = true;
	int a, b;

	spared_names = residents;
	start_program("--set server.max_clients=4 --set server.echo=on");
	a = come_to_chat();
	b = come_to_chat();
	chats(a, b, 0, "a to b");
	note_what_is_held();
	while (failed) {
		n++;
		MUST(n < MOST_ROUNDS);
		round_is(f->name, n);
		plan(f, n);
		visit_all();
		await_what_was_held(); /* the log may still be failing */
		failed = it_failed();
		failures += failed;
		chats(a, b, n, "a to b");
		chats(b, a, n, "b to a");
		a_newcomer_can_chat(a, n);
		await_what_was_held();
	}
	ck_assert_msg(failures > 0 || f->function == WRITE, "%s: never called",
		      f->name);
	leave(a);
	leave(b);
	begin_to_end();
	ck_assert_int_eq(end_of_program(), EXIT_SUCCESS);
}
END_TEST

/* ---- The end ---- */

START_TEST(whatever_fails_at_the_end_it_ends)
{
	const struct fault *f = &faults[_i];
	bool failed = true;
	size_t n = 0;

	spared_names = NULL;
	while (failed) {
		int a, b, idle;

		n++;
		MUST(n < MOST_ROUNDS);
		round_is(f->name, n);
		start_program("--set server.echo=on --set timeouts.drain=2s");
		a = come_to_chat();
		b = come_to_chat();
		idle = come();
		chats(a, b, n, "a to b");
		plan(f, n);
		begin_to_end();
		/* Each gets the end, if not the Close; then it gives way. */
		wire.len = 0;
		(void)tell_and_leave(a);
		(void)tell_and_leave(b);
		(void)tell_and_leave(idle);
		ck_assert_int_eq(end_of_program(), EXIT_SUCCESS);
		failed = it_failed();
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("faults");
	TCase *t = tcase_create("faults");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(
		t, whatever_fails_the_others_chat_on_and_nothing_is_left, 0,
		(int)COUNT_OF(faults));
	tcase_add_loop_test(t, whatever_fails_at_the_end_it_ends, 0,
			    (int)COUNT_OF(faults));
	suite_add_tcase(s, t);
	return run_all(s);
}
