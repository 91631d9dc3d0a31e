/* SPDX-License-Identifier: MIT */
/*
 * A greeting travels from one thread to another.  In Go:
 *
 *	func main() {
 *		greetings := make(chan string)
 *		go func() { greetings <- "hello from another thread" }()
 *		fmt.Println(<-greetings)
 *	}
 */
#include "example.h"

static void *greet(void *arg)
{
	struct chan *greetings = arg;
	const char *hello = "hello from another thread";

	MUST(chan_send(greetings, &hello) == CHAN_OK);
	return NULL;
}

int main(void)
{
	struct chan *greetings = make(sizeof(char *), 0);
	pthread_t greeter = go(greet, greetings);
	const char *s;

	MUST(chan_recv(greetings, &s) == CHAN_OK);
	puts(s);
	wait_for(greeter);
	chan_destroy(greetings);
}
