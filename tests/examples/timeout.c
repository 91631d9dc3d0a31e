/* SPDX-License-Identifier: MIT */
/*
 * Nobody is asked for ever: every wait can have a deadline.  In Go:
 *
 *	func ask(answers <-chan int, patience time.Duration) {
 *		select {
 *		case v := <-answers:
 *			fmt.Println("the answer is", v)
 *		case <-time.After(patience):
 *			fmt.Println("no answer")
 *		}
 *	}
 *
 *	func main() {
 *		never, soon := make(chan int), make(chan int)
 *		go func() { soon <- 42 }()
 *		ask(never, 10*time.Millisecond)
 *		ask(soon, time.Minute)
 *	}
 */
#include "example.h"

#define MILLISECOND INT64_C(1000000)

static void ask(struct chan *answers, int64_t patience)
{
	int64_t deadline = chan_deadline(patience); /* a time, not a length */
	int v;

	if (chan_recv_until(answers, &v, deadline) == CHAN_OK)
		printf("the answer is %d\n", v);
	else
		puts("no answer");
}

static void *answer(void *arg)
{
	MUST(chan_send((struct chan *)arg, &(int){42}) == CHAN_OK);
	return NULL;
}

int main(void)
{
	struct chan *never = make(sizeof(int), 0);
	struct chan *soon = make(sizeof(int), 0);
	pthread_t answerer = go(answer, soon);

	ask(never, 10 * MILLISECOND);
	ask(soon, 60000 * MILLISECOND);
	wait_for(answerer);
	chan_destroy(never);
	chan_destroy(soon);
}
