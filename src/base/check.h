/* SPDX-License-Identifier: MIT */
/*
 * CHECK() is for our own bugs and is never compiled out: a server that goes on
 * with a broken invariant loses more than one that stops.  What the world can
 * do to us (networks, files, memory, peers) is a return code instead.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

_Noreturn void check_failed(const char *file, int line, const char *what);

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			check_failed(__FILE__, __LINE__, #cond);               \
	} while (0)

#endif
