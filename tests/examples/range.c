/* SPDX-License-Identifier: MIT */
/*
 * Whoever sends closes, and whoever receives sees the end.  In Go:
 *
 *	func count(c chan<- int) {
 *		for i := 1; i <= 3; i++ {
 *			c <- i
 *		}
 *		close(c)
 *	}
 *
 *	func main() {
 *		c := make(chan int, 1)
 *		go count(c)
 *		for v := range c {
 *			fmt.Println(v)
 *		}
 *		v, ok := <-c
 *		fmt.Println(v, ok)
 *	}
 */
#include "example.h"

static void *count(void *arg)
{
	struct chan *c = arg;

	for (int i = 1; i <= 3; i++)
		MUST(chan_send(c, &i) == CHAN_OK);
	chan_close(c);
	return NULL;
}

int main(void)
{
	struct chan *c = make(sizeof(int), 1);
	pthread_t counter = go(count, c);
	int v;
	bool ok;

	while (chan_recv(c, &v) == CHAN_OK)
		printf("%d\n", v);
	ok = chan_recv(c, &v) == CHAN_OK; /* v is 0 now */
	printf("%d %s\n", v, ok ? "true" : "false");
	wait_for(counter);
	chan_destroy(c);
}
