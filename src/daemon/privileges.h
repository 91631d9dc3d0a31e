/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_PRIVILEGES_H
#define DAEMON_PRIVILEGES_H

/*
 * Becomes that user for good, with its groups and no others; "" changes
 * nothing.  Returns 0 or -errno (-ENOENT: there is no such user).  Main only,
 * after listening, before threads start.
 */
int privileges_drop(const char *user);

#endif
