/* SPDX-License-Identifier: MIT */
/* /echo: every message comes back, one behind the other. */
#include "server_harness.h"

#define ECHO "GET /echo" UPGRADE

static char *pattern(size_t len)
{
	char *bytes = malloc(len + 1);

	MUST(bytes != NULL);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)('a' + i % 23);
	return bytes;
}

START_TEST(texts_and_bytes_come_back_as_they_were)
{
	static const size_t lengths[] = {0, 1, 125, 126, 65535, 65536, 500000};
	char *bytes = pattern(500000);
	int fd;

	start_server();
	fd = upgraded(ECHO);
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		int first = i % 2 ? TEXT : BINARY;

		say_frame(first, bytes, lengths[i]);
		send_wire(fd);
		hears(fd, first, bytes, lengths[i]);
	}
	say(BINARY, "\xff\xfe");
	say(TEXT, " \n ");
	send_wire(fd);
	hears(fd, BINARY, "\xff\xfe", 2);
	hears(fd, TEXT, " \n ", 3);
	leave(fd);
	stop_server();
	free(bytes);
}
END_TEST

START_TEST(fragments_come_back_as_one)
{
	int fd;

	start_server();
	fd = upgraded(ECHO);
	say(WS_BINARY, "one ");
	say(PING, "p");
	say(CONTINUATION, "two ");
	say(FIN | CONTINUATION, "three");
	send_wire(fd);
	hears(fd, PONG, "p", 1);
	hears(fd, BINARY, "one two three", 13);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(many_in_one_go_come_back_in_their_order)
{
	char text[16];
	int fd;

	start_server();
	fd = upgraded(ECHO);
	for (int i = 0; i < 500; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		say(TEXT, text);
	}
	send_wire(fd);
	for (int i = 0; i < 500; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		hears(fd, TEXT, text, strlen(text));
	}
	leave(fd);
	stop_server();
}
END_TEST

/* A pong goes behind what waits, and is not dropped: its sender waits, as he
 * does for his messages. */
START_TEST(every_ping_is_answered_in_its_place)
{
	int fd;

	server.rules.queue = 1;
	start_server();
	fd = upgraded(ECHO);
	for (int i = 0; i < 300; i++) {
		say(PING, "p");
		if (i % 3 == 0)
			say(TEXT, "t");
	}
	send_wire(fd);
	for (int i = 0; i < 300; i++) {
		hears(fd, PONG, "p", 1);
		if (i % 3 == 0)
			hears(fd, TEXT, "t", 1);
	}
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(what_came_before_an_error_goes_out_before_the_close)
{
	int fd;

	start_server();
	fd = upgraded(ECHO);
	say(TEXT, "one");
	say(TEXT, "two");
	say(TEXT, "\xff");
	send_wire(fd);
	hears(fd, TEXT, "one", 3);
	hears(fd, TEXT, "two", 3);
	hears_close(fd, 1007);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(messages_are_taken_up_to_the_limit)
{
	char *bytes = pattern(1001);
	int fd;

	server.rules.echo_message = 1000;
	start_server();
	fd = upgraded(ECHO);
	say_frame(BINARY, bytes, 1000);
	say_frame(BINARY, bytes, 1001);
	send_wire(fd);
	hears(fd, BINARY, bytes, 1000);
	hears_close(fd, 1009);
	leave(fd);
	stop_server();
	free(bytes);
}
END_TEST

START_TEST(a_close_comes_back)
{
	int fd;

	start_server();
	fd = upgraded(ECHO);
	say(TEXT, "last");
	say_close(3333, "");
	send_wire(fd);
	hears(fd, TEXT, "last", 4);
	hears_close(fd, 3333);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(at_the_end_an_echo_says_1001)
{
	int fd;

	start_server();
	fd = upgraded(ECHO);
	say(TEXT, "x");
	send_wire(fd);
	hears(fd, TEXT, "x", 1);
	begin_to_stop();
	hears_close(fd, 1001);
	leave(fd);
	stop_server();
}
END_TEST

START_TEST(who_is_silent_for_too_long_is_told_so)
{
	int fd;

	server.rules.timeouts.silence = 50 * MS;
	start_server();
	fd = upgraded(ECHO);
	hears_close(fd, 1008);
	leave(fd);
	stop_server();
}
END_TEST

/* It holds the message that is being written and the one that is being read.
 * Caught: an echo that read on while its peer read nothing. */
START_TEST(an_echo_holds_two_messages_at_most)
{
	char *bytes = pattern(100000);
	size_t most = 0, sent = 0;
	int fd;

	for (int i = 0; i < 70; i++)
		say_frame(BINARY, bytes, 100000);
	start_server();
	fd = upgraded(ECHO);
	/* Until it takes nothing more: what waits in the socket is not its. */
	for (int idle = 0; idle < 50; idle++) {
		ssize_t n = send(fd, wire.bytes + sent, wire.len - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			sent += (size_t)n;
			idle = 0;
		}
		if (message_live() > most)
			most = message_live();
		if (most == 0)
			idle = 0; /* it hasn't begun */
		(void)usleep(1000);
	}
	ck_assert_uint_ge(most, 1);
	ck_assert_uint_le(most, 2);
	ck_assert_uint_lt(sent, wire.len);
	leave(fd);
	stop_server();
	free(bytes);
}
END_TEST

/* The hub knows nothing of it. */
START_TEST(an_echo_is_not_in_the_chat)
{
	int echo, chat;

	start_server();
	echo = upgraded(ECHO);
	chat = chatter();
	says(echo, "echo");
	says(chat, "chat");
	hears(echo, TEXT, "echo", 4);
	hears_texts(chat, "chat");
	leave(echo);
	leave(chat);
	stop_server();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("echo");
	TCase *t = tcase_create("echo");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, usual_rules, NULL);
	tcase_add_test(t, texts_and_bytes_come_back_as_they_were);
	tcase_add_test(t, fragments_come_back_as_one);
	tcase_add_test(t, many_in_one_go_come_back_in_their_order);
	tcase_add_test(t, every_ping_is_answered_in_its_place);
	tcase_add_test(t, what_came_before_an_error_goes_out_before_the_close);
	tcase_add_test(t, messages_are_taken_up_to_the_limit);
	tcase_add_test(t, a_close_comes_back);
	tcase_add_test(t, at_the_end_an_echo_says_1001);
	tcase_add_test(t, who_is_silent_for_too_long_is_told_so);
	tcase_add_test(t, an_echo_holds_two_messages_at_most);
	tcase_add_test(t, an_echo_is_not_in_the_chat);
	suite_add_tcase(s, t);
	return run_all(s);
}
