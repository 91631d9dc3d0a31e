/* SPDX-License-Identifier: MIT */
/*
 * A buffer takes values before anybody receives them.  In Go:
 *
 *	func main() {
 *		c := make(chan int, 3)
 *		c <- 10
 *		c <- 20
 *		fmt.Println(len(c), "of", cap(c))
 *		fmt.Println(<-c)
 *		fmt.Println(<-c)
 *		fmt.Println(len(c), "of", cap(c))
 *	}
 */
#include "example.h"

static void show_length(const struct chan *c)
{
	printf("%zu of %zu\n", chan_len(c), chan_cap(c));
}

int main(void)
{
	struct chan *c = make(sizeof(int), 3);

	for (int v = 10; v <= 20; v += 10)
		MUST(chan_send(c, &v) == CHAN_OK);
	show_length(c);
	for (int i = 0, v; i < 2; i++) {
		MUST(chan_recv(c, &v) == CHAN_OK);
		printf("%d\n", v);
	}
	show_length(c);
	chan_destroy(c);
}
