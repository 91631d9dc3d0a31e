/* SPDX-License-Identifier: MIT */
/*
 * One select sends squares and hears that it is time to stop.  In Go:
 *
 *	func squares(out chan<- int, quit <-chan struct{}) {
 *		for i := 1; ; i++ {
 *			select {
 *			case out <- i * i:
 *			case <-quit:
 *				return
 *			}
 *		}
 *	}
 *
 *	func main() {
 *		out, quit := make(chan int), make(chan struct{})
 *		go squares(out, quit)
 *		for i := 0; i < 5; i++ {
 *			fmt.Println(<-out)
 *		}
 *		close(quit)
 *	}
 */
#include "example.h"

static struct chan *out, *quit;

static void *squares(void *unused)
{
	enum { OUT, QUIT };
	int square = 1;
	struct chan_case cases[] = {
		[OUT] = CHAN_CASE_SEND(out, &square),
		[QUIT] = CHAN_CASE_RECV_UNIT(quit),
	};

	for (int i = 2; chan_select(cases, 2, CHAN_FOREVER) != QUIT; i++)
		square = i * i; /* what the next round sends */
	return unused;
}

int main(void)
{
	pthread_t squarer;
	int v;

	out = make(sizeof(int), 0);
	quit = make(0, 0); /* of signals: its values have no size */
	squarer = go(squares, NULL);
	for (int i = 0; i < 5; i++) {
		MUST(chan_recv(out, &v) == CHAN_OK);
		printf("%d\n", v);
	}
	chan_close(quit);
	wait_for(squarer);
	chan_destroy(out);
	chan_destroy(quit);
}
