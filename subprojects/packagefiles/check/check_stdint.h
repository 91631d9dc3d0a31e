/* SPDX-License-Identifier: MIT */
/* check.h includes it by this name; Check's own build would generate it. */
#ifndef CHECK_STDINT_H
#define CHECK_STDINT_H

#include <stdint.h>

#endif
