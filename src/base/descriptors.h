/* SPDX-License-Identifier: MIT */
/* Descriptors 0, 1 and 2. */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

/*
 * Sees to it that standard input, output and error are open, if only to
 * /dev/null: else a connection would get the number of the one that was closed,
 * and a client the log.  Main only, before anything is opened.
 */
void descriptors_reserve(void);

#endif
