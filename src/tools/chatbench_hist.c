/* SPDX-License-Identifier: MIT */
/* Reading the histogram; recording is inline in the header. */
#include "chatbench_hist.h"

#include <math.h>

int64_t hist_highest(unsigned slot)
{
	uint64_t in_bucket = slot, bucket = 0;

	if (slot >= (2U << HIST_HALF_BITS)) {
		bucket = (slot >> HIST_HALF_BITS) - 1;
		in_bucket = slot - (bucket << HIST_HALF_BITS);
	}
	return (int64_t)(((in_bucket + 1) << (bucket + HIST_UNIT_BITS)) - 1);
}

int64_t hist_percentile(const struct hist *h, double percent)
{
	uint64_t wanted = (uint64_t)ceil(percent / 100 * (double)h->total);
	uint64_t seen = 0;
	int64_t ns;

	if (h->total == 0)
		return 0;
	if (wanted < 1)
		wanted = 1;
	for (unsigned slot = 0; slot < HIST_SLOTS; slot++) {
		seen += h->counts[slot];
		if (seen >= wanted) {
			ns = hist_highest(slot);
			return ns < h->max ? ns : h->max;
		}
	}
	return h->max;
}
