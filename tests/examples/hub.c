/* SPDX-License-Identifier: MIT */
/*
 * Only the hub touches the members, so they need no lock; and it alone closes
 * their channels.  hub_main.c is its world.  In Go:
 *
 *	func hub(join, leave chan chan string, say chan string) {
 *		members := map[chan string]bool{}
 *		for {
 *			select {
 *			case m := <-join:
 *				members[m] = true
 *			case m := <-leave:
 *				delete(members, m)
 *				close(m)
 *			case s, ok := <-say:
 *				if !ok { return }
 *				for m := range members { m <- s }
 *			}
 *		}
 *	}
 */
#include "hub.h"

enum { JOIN, LEAVE, SAY, CASES };

void *hub_run(void *arg)
{
	struct hub *h = arg;
	struct chan *members[8], *m;
	size_t n = 0, i;
	const char *s;
	struct chan_case cases[CASES] = {
		[JOIN] = CHAN_CASE_RECV(h->join, &m),
		[LEAVE] = CHAN_CASE_RECV(h->leave, &m),
		[SAY] = CHAN_CASE_RECV(h->say, &s),
	};

	for (;;) {
		switch (chan_select(cases, CASES, CHAN_FOREVER)) {
		case JOIN:
			MUST(n < 8);
			members[n++] = m;
			break;
		case LEAVE:
			for (i = 0; members[i] != m; i++)
				;
			members[i] = members[--n];
			chan_close(m);
			break;
		case SAY:
			if (cases[SAY].status == CHAN_CLOSED)
				return NULL;
			for (i = 0; i < n; i++)
				MUST(chan_send(members[i], &s) == CHAN_OK);
		}
	}
}
