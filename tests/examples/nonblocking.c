/* SPDX-License-Identifier: MIT */
/*
 * What can't go on at once does something else instead.  In Go:
 *
 *	func main() {
 *		c := make(chan string, 1)
 *		for _, s := range []string{"first", "second"} {
 *			select {
 *			case c <- s:
 *				fmt.Println("sent", s)
 *			default:
 *				fmt.Println("no room for", s)
 *			}
 *		}
 *		for i := 0; i < 2; i++ {
 *			select {
 *			case s := <-c:
 *				fmt.Println("received", s)
 *			default:
 *				fmt.Println("nothing there")
 *			}
 *		}
 *	}
 */
#include "example.h"

int main(void)
{
	const char *texts[] = {"first", "second"}, *s;
	struct chan *c = make(sizeof(char *), 1);

	for (int i = 0; i < 2; i++) {
		if (chan_send_until(c, &texts[i], CHAN_NOW) == CHAN_OK)
			printf("sent %s\n", texts[i]);
		else
			printf("no room for %s\n", texts[i]);
	}
	for (int i = 0; i < 2; i++) {
		/* The same by select, as it would be over several. */
		struct chan_case cases[] = {CHAN_CASE_RECV(c, &s)};

		switch (chan_select(cases, 1, CHAN_NOW)) {
		case 0:
			printf("received %s\n", s);
			break;
		default:
			puts("nothing there");
		}
	}
	chan_destroy(c);
}
