/* SPDX-License-Identifier: MIT */
/*
 * Two sources, one select; nil takes a source that ended out of it.  In Go:
 *
 *	func count(c chan<- int, from, to int) {
 *		for ; from < to; from++ { c <- from }
 *		close(c)
 *	}
 *
 *	func main() {
 *		a, b, sum, ok, v := make(chan int), make(chan int), 0, false, 0
 *		go count(a, 0, 100)
 *		go count(b, 100, 200)
 *		for a != nil || b != nil {
 *			select {
 *			case v, ok = <-a: if !ok { a = nil }
 *			case v, ok = <-b: if !ok { b = nil }
 *			}
 *			sum += v // 0 of a closed channel
 *		}
 *		fmt.Println(sum)
 *	}
 */
#include "example.h"

struct source {
	struct chan *c;
	int from, to;
};

static void *count(void *arg)
{
	struct source *s = arg;

	for (; s->from < s->to; s->from++)
		MUST(chan_send(s->c, &s->from) == CHAN_OK);
	chan_close(s->c);
	return NULL;
}

int main(void)
{
	struct source a = {make(sizeof(int), 0), 0, 100};
	struct source b = {make(sizeof(int), 0), 100, 200};
	pthread_t threads[] = {go(count, &a), go(count, &b)};
	int sum = 0, v, i;
	struct chan_case cases[] = {CHAN_CASE_RECV(a.c, &v),
				    CHAN_CASE_RECV(b.c, &v)};

	while (cases[0].chan || cases[1].chan) {
		i = chan_select(cases, 2, CHAN_FOREVER);
		if (cases[i].status == CHAN_CLOSED)
			cases[i].chan = NULL;
		sum += v; /* 0 of a closed channel */
	}
	printf("%d\n", sum);
	wait_for(threads[0]), wait_for(threads[1]);
	chan_destroy(a.c), chan_destroy(b.c);
}
