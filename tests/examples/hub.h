/* SPDX-License-Identifier: MIT */
/* The ways into the hub; hub_main.c makes them, hub.c listens there. */
#ifndef HUB_H
#define HUB_H

#include "example.h"

struct hub {
	struct chan *join;  /* of struct chan *: the newcomer's own */
	struct chan *leave; /* likewise; the hub closes it */
	struct chan *say;   /* of const char *; closed: the hub is done */
};

void *hub_run(void *hub);

#endif
