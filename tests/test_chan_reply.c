/* SPDX-License-Identifier: MIT */
/*
 * Reply channels: made for one answer, sent along with the question, and
 * destroyed by the asker as soon as the answer is there, while the one who
 * answered is still on its way out of chan_send().
 */
#include "chan_harness.h"

struct request {
	struct chan *reply;
	int question;
};

enum { BY_SEND, BY_SELECT, BY_SEND_SOME, BY_CLOSE, WAYS_TO_ANSWER };

static void answer(const struct request *r, int way)
{
	int v = r->question + 1;
	size_t n;
	struct chan_case cases[] = {
		CHAN_CASE_RECV((struct chan *)NULL, &v),
		CHAN_CASE_SEND(r->reply, &v),
	};

	switch (way) {
	case BY_SEND:
		put(r->reply, v);
		break;
	case BY_SELECT:
		MUST(chan_select(cases, 2, CHAN_FOREVER) == 1);
		break;
	case BY_SEND_SOME:
		MUST(chan_send_some(r->reply, &v, 1, &n, CHAN_FOREVER) ==
		     CHAN_OK);
		break;
	default:
		chan_close(r->reply);
	}
}

static void *serve(void *arg)
{
	struct chan *requests = arg;
	struct request r;

	for (int way = 0; chan_recv(requests, &r) == CHAN_OK; way++)
		answer(&r, way % WAYS_TO_ANSWER);
	return NULL;
}

/* Caught (by the address and thread sanitizers, valgrind, and mostly by the
 * rounds alone): a sender that touches the channel after its unlock, a waker
 * that touches the waiter after its wake, a wake before the unlock. */
START_TEST(a_reply_channel_may_go_as_soon_as_the_reply_is_there)
{
	size_t capacity = (size_t)_i % 2;
	struct chan *requests = chan_create(sizeof(struct request), 1);
	pthread_t server = start(serve, requests);

	for (int i = 0, n = (int)rounds(1500); i < n; i++) {
		struct request r = {int_chan(capacity), i};
		int v = -1;
		struct chan_case cases[] = {
			CHAN_CASE_SEND((struct chan *)NULL, &v),
			CHAN_CASE_RECV(r.reply, &v),
		};
		enum chan_status status;

		MUST(chan_send(requests, &r) == CHAN_OK);
		if (_i < 2) {
			status = chan_recv(r.reply, &v);
		} else {
			MUST(chan_select(cases, 2, CHAN_FOREVER) == 1);
			status = cases[1].status;
		}
		chan_destroy(r.reply);
		MUST(i % WAYS_TO_ANSWER == BY_CLOSE
			     ? status == CHAN_CLOSED && v == 0
			     : status == CHAN_OK && v == i + 1);
	}
	chan_close(requests);
	join(server);
	chan_destroy(requests);
}
END_TEST

static Suite *reply_suite(void)
{
	Suite *s = suite_create("chan_reply");
	TCase *t = tcase_create("chan_reply");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(
		t, a_reply_channel_may_go_as_soon_as_the_reply_is_there, 0, 4);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(reply_suite());
}
