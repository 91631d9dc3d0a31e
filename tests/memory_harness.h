/* SPDX-License-Identifier: MIT */
/*
 * Memory counted and withheld, by the linker's --wrap: what the program's own
 * code asks for inside WATCHED(), and not what libc asks for itself.  wslay may
 * be a shared library, whose allocations are out of reach, or the wrap, whose
 * aren't; so its parsers are counted, and not their bytes.
 */
#ifndef MEMORY_HARNESS_H
#define MEMORY_HARNESS_H

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <wslay/wslay.h>

static atomic_size_t memory_blocks, memory_bytes, memory_peak;
static atomic_size_t memory_asked; /* how often */
static atomic_size_t memory_fails; /* which one fails; 0: none */
static atomic_size_t parsers;      /* of wslay */

/* Check may be in the same program, and has memory of its own.
 * Volatile: the compiler thinks that free() looks at nothing. */
static _Thread_local volatile bool memory_watched;

/* In all threads: where Check has nothing to do meanwhile. */
static atomic_bool memory_watched_everywhere;

#define WATCHED(statement)                                                     \
	do {                                                                   \
		memory_watched = true;                                         \
		statement;                                                     \
		memory_watched = false;                                        \
	} while (0)

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
int __real_wslay_frame_context_init(wslay_frame_context_ptr *f,
				    const struct wslay_frame_callbacks *c,
				    void *arg);
void __real_wslay_frame_context_free(wslay_frame_context_ptr f);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);
int __wrap_wslay_frame_context_init(wslay_frame_context_ptr *f,
				    const struct wslay_frame_callbacks *c,
				    void *arg);
void __wrap_wslay_frame_context_free(wslay_frame_context_ptr f);

/* From here on the nth request fails, and what was counted is forgotten but
 * for what is held. */
static inline void memory_fail(size_t nth)
{
	memory_asked = 0;
	memory_fails = nth;
	memory_peak = (size_t)memory_bytes;
}

/* Has the request that should fail been made? */
static inline bool memory_failed(void)
{
	return memory_asked >= memory_fails;
}

static inline bool withheld(void)
{
	return (memory_watched || memory_watched_everywhere) &&
	       atomic_fetch_add(&memory_asked, 1) + 1 == memory_fails;
}

static inline void *gained(void *p)
{
	size_t bytes, peak = memory_peak;

	if (!p || !memory_watched)
		return p;
	memory_blocks++;
	bytes = malloc_usable_size(p);
	bytes += atomic_fetch_add(&memory_bytes, bytes);
	while (bytes > peak &&
	       !atomic_compare_exchange_weak(&memory_peak, &peak, bytes))
		continue;
	return p;
}

static inline void lost(void *p)
{
	if (!p || !memory_watched)
		return;
	memory_blocks--;
	memory_bytes -= malloc_usable_size(p);
}

void *__wrap_malloc(size_t size)
{
	return withheld() ? NULL : gained(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return withheld() ? NULL : gained(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
	size_t had = p ? malloc_usable_size(p) : 0;
	void *grown;

	if (withheld())
		return NULL;
	grown = __real_realloc(p, size);
	if (grown && p && memory_watched) {
		memory_blocks--;
		memory_bytes -= had;
	}
	return gained(grown);
}

void __wrap_free(void *p)
{
	lost(p);
	__real_free(p);
}

int __wrap_wslay_frame_context_init(wslay_frame_context_ptr *f,
				    const struct wslay_frame_callbacks *c,
				    void *arg)
{
	int err = WSLAY_ERR_NOMEM;
	bool watched = memory_watched;

	if (!withheld()) {
		memory_watched = false;
		err = __real_wslay_frame_context_init(f, c, arg);
		memory_watched = watched;
	}
	if (!err)
		parsers++;
	return err;
}

void __wrap_wslay_frame_context_free(wslay_frame_context_ptr f)
{
	bool watched = memory_watched;

	parsers--;
	memory_watched = false;
	__real_wslay_frame_context_free(f);
	memory_watched = watched;
}

#endif
