/* SPDX-License-Identifier: MIT */
/*
 * Three workers share nine jobs.  Who does which is anybody's guess, so each
 * result goes where its job came from.  In Go:
 *
 *	func work(jobs <-chan int, results chan<- [2]int) {
 *		for n := range jobs {
 *			results <- [2]int{n, n * n}
 *		}
 *	}
 *
 *	func main() {
 *		jobs, results := make(chan int, 9), make(chan [2]int, 9)
 *		for i := 0; i < 3; i++ { go work(jobs, results) }
 *		for n := 0; n < 9; n++ { jobs <- n }
 *		close(jobs)
 *		squares := [9]int{}
 *		for range squares { r := <-results; squares[r[0]] = r[1] }
 *		fmt.Println(squares)
 *	}
 */
#include "example.h"

enum { WORKERS = 3, JOBS = 9 };

static struct chan *jobs, *results;

static void *work(void *unused)
{
	for (int n; chan_recv(jobs, &n) == CHAN_OK;)
		MUST(chan_send(results, &((int[2]){n, n * n})) == CHAN_OK);
	return unused;
}

int main(void)
{
	pthread_t workers[WORKERS];
	int squares[JOBS], r[2];

	jobs = make(sizeof(int), JOBS);
	results = make(sizeof(r), JOBS);
	for (int i = 0; i < WORKERS; i++)
		workers[i] = go(work, NULL);
	for (int n = 0; n < JOBS; n++)
		MUST(chan_send(jobs, &n) == CHAN_OK);
	chan_close(jobs);
	for (int i = 0; i < JOBS; i++) {
		MUST(chan_recv(results, &r) == CHAN_OK);
		squares[r[0]] = r[1];
	}
	for (int n = 0; n < JOBS; n++)
		printf("%c%d", n == 0 ? '[' : ' ', squares[n]);
	puts("]");
	for (int i = 0; i < WORKERS; i++)
		wait_for(workers[i]);
	chan_destroy(jobs);
	chan_destroy(results);
}
