/* SPDX-License-Identifier: MIT */
/*
 * Reply channels: made for one answer, sent along with the question, and
 * destroyed by the asker as soon as the answer is there, while the one who
 * answered is still on its way out of chan_send().
 */
#include "chan_harness.h"

enum { PARTS = 3 };

struct request {
	struct chan *reply;
	int question;
};

enum {
	BY_SEND,
	BY_SELECT,
	BY_SEND_SOME,
	BY_CLOSE,
	BY_SEND_UNTIL,
	BY_SEND_SOME_UNTIL,
	BY_SELECT_UNTIL,
	WAYS_TO_ANSWER
};

/* Answers in parts, by a patience that runs out as often as not. */
static void answer_till(const struct request *r, int way, struct patience *p)
{
	int v[PARTS];
	struct chan_case cases[] = {
		CHAN_CASE_RECV((struct chan *)NULL, v),
		CHAN_CASE_SEND(r->reply, v),
	};
	size_t n, went = 0;

	for (int i = 0; i < PARTS; i++)
		v[i] = r->question + 1 + i;
	while (went < PARTS) {
		int64_t t = next_deadline(p);

		cases[1].value = v + went;
		if (way == BY_SEND_UNTIL)
			n = chan_send_until(r->reply, v + went, t) == CHAN_OK;
		else if (way == BY_SELECT_UNTIL)
			n = chan_select(cases, 2, t) == 1;
		else
			(void)!chan_send_some(r->reply, v + went, PARTS - went,
					      &n, t);
		tune(p, n > 0);
		went += n;
	}
}

static void answer(const struct request *r, int way, struct patience *p)
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
	case BY_CLOSE:
		chan_close(r->reply);
		break;
	default:
		answer_till(r, way, p);
	}
}

static void *serve(void *arg)
{
	struct patience patience = {.ns = 20 * NS_PER_US, .random = 1};
	struct chan *requests = arg;
	struct request r;

	for (int way = 0; chan_recv(requests, &r) == CHAN_OK; way++)
		answer(&r, way % WAYS_TO_ANSWER, &patience);
	return NULL;
}

static enum chan_status recv_reply(struct chan *reply, int *v, bool by_select)
{
	struct chan_case cases[] = {
		CHAN_CASE_SEND((struct chan *)NULL, v),
		CHAN_CASE_RECV(reply, v),
	};

	if (!by_select)
		return chan_recv(reply, v);
	MUST(chan_select(cases, 2, CHAN_FOREVER) == 1);
	return cases[1].status;
}

/* Caught (by the address and thread sanitizers, valgrind, and mostly by the
 * rounds alone): a sender that touches the channel after its unlock, or after
 * its deadline though it was served; a waker that touches the waiter after its
 * wake.  By the sanitizers alone: a parker's signal after its unlock. */
START_TEST(a_reply_channel_may_go_as_soon_as_the_reply_is_there)
{
	size_t capacity = (size_t)_i % 2;
	struct chan *requests = chan_create(sizeof(struct request), 1);
	pthread_t server = start(serve, requests);

	for (int i = 0, n = (int)rounds(4000); i < n; i++) {
		struct request r = {int_chan(capacity), i};
		int way = i % WAYS_TO_ANSWER;
		int parts = way >= BY_SEND_UNTIL ? PARTS : 1;
		int v = -1;

		MUST(chan_send(requests, &r) == CHAN_OK);
		for (int k = 1; k <= parts; k++) {
			enum chan_status s = recv_reply(r.reply, &v, _i >= 2);

			MUST(way == BY_CLOSE ? s == CHAN_CLOSED && v == 0
					     : s == CHAN_OK && v == i + k);
		}
		chan_destroy(r.reply);
	}
	chan_close(requests);
	join(server);
	chan_destroy(requests);
}
END_TEST

struct offer {
	struct chan *chan, *idle;
};

static void *offer_several_times(void *arg)
{
	struct offer *o = arg;
	int first = 1, second = 2, v = -1;
	struct chan_case cases[] = {
		CHAN_CASE_RECV(o->chan, &v),
		CHAN_CASE_SEND(o->chan, &first),
		CHAN_CASE_RECV(o->idle, &v),
		CHAN_CASE_SEND(o->chan, &second),
	};
	int chosen = chan_select(cases, COUNT_OF(cases), CHAN_FOREVER);

	MUST(chosen == 1 || chosen == 3);
	MUST(cases[chosen].status == CHAN_OK && v == -1);
	return NULL;
}

/* Caught: a select that takes back the cases which weren't chosen from the
 * channel of the one that was. */
START_TEST(it_may_go_though_the_sender_stood_there_several_times)
{
	struct offer o = {.idle = int_chan(0)};

	for (unsigned long i = 0, n = rounds(300); i < n; i++) {
		pthread_t sender;
		int v;

		o.chan = int_chan(0);
		sender = start(offer_several_times, &o);
		await_waiters(o.chan, 2, 1);
		v = take(o.chan);
		chan_destroy(o.chan);
		MUST(v == 1 || v == 2);
		join(sender);
	}
	await_waiters(o.idle, 0, 0);
	chan_destroy(o.idle);
}
END_TEST

static Suite *reply_suite(void)
{
	Suite *s = suite_create("chan_reply");
	TCase *t = tcase_create("chan_reply");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(
		t, a_reply_channel_may_go_as_soon_as_the_reply_is_there, 0, 4);
	tcase_add_test(t,
		       it_may_go_though_the_sender_stood_there_several_times);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(reply_suite());
}
