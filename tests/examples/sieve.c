/* SPDX-License-Identifier: MIT */
/*
 * A sieve: each prime is a thread that lets none of its multiples pass.  The
 * end of main ends them all, as in Go:
 *
 *	func filter(in <-chan int, out chan<- int, prime int) {
 *		for i := range in {
 *			if i%prime != 0 { out <- i }
 *		}
 *	}
 *
 *	func main() {
 *		c := make(chan int)
 *		go func(out chan<- int) { for i := 2; ; i++ { out <- i } }(c)
 *		for n := 0; n < 10; n++ {
 *			prime, next := <-c, make(chan int)
 *			fmt.Println(prime)
 *			go filter(c, next, prime)
 *			c = next
 *		}
 *	}
 */
#include "example.h"

enum { PRIMES = 10 };

static int primes[PRIMES];
static struct chan *c[PRIMES + 1]; /* the n-th filter's in, and the next's */

static void *generate(void *unused)
{
	for (int i = 2; chan_send(c[0], &i) == CHAN_OK; i++)
		;
	return unused;
}

static void *filter(void *arg)
{
	int *prime = arg;
	ptrdiff_t n = prime - primes;

	for (int i; chan_recv(c[n], &i) == CHAN_OK;)
		if (i % *prime != 0)
			MUST(chan_send(c[n + 1], &i) == CHAN_OK);
	return NULL;
}

int main(void)
{
	c[0] = make(sizeof(int), 0);
	(void)go(generate, NULL);
	for (int n = 0; n < PRIMES; n++) {
		MUST(chan_recv(c[n], &primes[n]) == CHAN_OK);
		printf("%d\n", primes[n]);
		c[n + 1] = make(sizeof(int), 0);
		(void)go(filter, &primes[n]);
	}
}
