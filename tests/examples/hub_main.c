/* SPDX-License-Identifier: MIT */
/*
 * Two members join the hub, listen, and leave.  In Go:
 *
 *	func main() {
 *		join, leave := make(chan chan string), make(chan chan string)
 *		say := make(chan string)
 *		go hub(join, leave, say)
 *		ann, bob := make(chan string, 9), make(chan string, 9)
 *		join <- ann
 *		say <- "Ann is here"
 *		join <- bob
 *		say <- "Bob is here"
 *		leave <- ann
 *		say <- "Ann has left"
 *		leave <- bob
 *		close(say)
 *		for s := range ann { fmt.Println("Ann heard:", s) }
 *		for s := range bob { fmt.Println("Bob heard:", s) }
 *	}
 */
#include "hub.h"

static void tell(struct chan *c, const char *s)
{
	MUST(chan_send(c, &s) == CHAN_OK);
}

static void show(const char *who, struct chan *c)
{
	for (const char *s; chan_recv(c, &s) == CHAN_OK;)
		printf("%s heard: %s\n", who, s);
	chan_destroy(c);
}

int main(void)
{
	struct hub h = {make(sizeof(struct chan *), 0),
			make(sizeof(struct chan *), 0),
			make(sizeof(char *), 0)};
	pthread_t hub = go(hub_run, &h);
	struct chan *ann = make(sizeof(char *), 9),
		    *bob = make(sizeof(char *), 9);

	MUST(chan_send(h.join, &ann) == CHAN_OK);
	tell(h.say, "Ann is here");
	MUST(chan_send(h.join, &bob) == CHAN_OK);
	tell(h.say, "Bob is here");
	MUST(chan_send(h.leave, &ann) == CHAN_OK);
	tell(h.say, "Ann has left");
	MUST(chan_send(h.leave, &bob) == CHAN_OK);
	chan_close(h.say);
	show("Ann", ann);
	show("Bob", bob);
	wait_for(hub);
	chan_destroy(h.join), chan_destroy(h.leave), chan_destroy(h.say);
}
