/* SPDX-License-Identifier: MIT */
/*
 * A histogram of times with the same relative precision everywhere, by the
 * method of HdrHistogram (Gil Tene, http://hdrhistogram.org): buckets that
 * double, each cut into equal slots.  Three digits from 256 ns to 18 minutes,
 * and recording costs a few instructions and no memory.
 */
#ifndef CHATBENCH_HIST_H
#define CHATBENCH_HIST_H

#include <stdint.h>

#define HIST_UNIT_BITS 8  /* one slot of the first bucket: 256 ns */
#define HIST_HALF_BITS 10 /* 2 * 1024 slots a bucket: three digits */
#define HIST_TOP_BITS  40 /* what is longer counts as 18 minutes */
#define HIST_SLOTS                                                             \
	((HIST_TOP_BITS - HIST_UNIT_BITS - HIST_HALF_BITS + 1)                 \
	 << HIST_HALF_BITS)

struct hist {
	uint64_t total;
	int64_t max; /* exact */
	uint64_t counts[HIST_SLOTS];
};

/* The slot that a time in ns falls into; negative ones count as 0. */
static inline unsigned hist_slot(int64_t ns)
{
	uint64_t v = ns < 0 ? 0 : (uint64_t)ns;
	unsigned bucket;

	if (v >> HIST_TOP_BITS)
		v = (UINT64_C(1) << HIST_TOP_BITS) - 1;
	v >>= HIST_UNIT_BITS;
	/* The bucket is how often v must be halved to fit the slots. */
	bucket = 63U - (unsigned)__builtin_clzll(
			       v | ((UINT64_C(2) << HIST_HALF_BITS) - 1));
	bucket -= HIST_HALF_BITS;
	/* The lower half of every bucket but the first lies in the one
	 * before, so each takes half of its slots only. */
	return (bucket << HIST_HALF_BITS) + (unsigned)(v >> bucket);
}

static inline void hist_record(struct hist *h, int64_t ns)
{
	h->counts[hist_slot(ns)]++;
	h->total++;
	if (ns > h->max)
		h->max = ns;
}

/* The largest time that counts as the same as the times of that slot. */
int64_t hist_highest(unsigned slot);

/* The time in ns within which that many per cent of all recorded lie, at most
 * a slot too large and never above the maximum; 0 where nothing was. */
int64_t hist_percentile(const struct hist *h, double percent);

#endif
