/* SPDX-License-Identifier: MIT */
#include <chan.h>
#include <stdio.h>

int main(void)
{
	struct chan *c = chan_create(sizeof(int), 1);
	int v = 42, w = 0;
	struct chan_case cases[] = {CHAN_CASE_RECV(c, &w)};

	if (c && chan_send(c, &v) == CHAN_OK &&
	    chan_select(cases, 1, CHAN_NOW) == 0)
		printf("%d\n", w);
	chan_destroy(c);
	return 0;
}
