/* SPDX-License-Identifier: MIT */
/* Runs once, in main. */
#include "descriptors.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void descriptors_reserve(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		/* All below are open: it gets the lowest number there is. */
		if (open("/dev/null", O_RDWR) != fd)
			_exit(EXIT_FAILURE); /* and nowhere to say why */
	}
}
