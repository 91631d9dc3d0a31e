/* SPDX-License-Identifier: MIT */
/*
 * A channel's life: it is made, named, closed, and gone.  A close wakes all who
 * wait, under the rules that internal.h tells.  Go's counterparts: make, close,
 * len and cap; what destroy does, its collector.
 */
#include "internal.h"

struct chan *chan_create(size_t elem_size, size_t capacity)
{
	struct chan *c;

	if (elem_size > 0 && capacity > (SIZE_MAX / 2 - sizeof(*c)) / elem_size)
		return NULL;
	c = calloc(1, sizeof(*c) + capacity * elem_size);
	if (!c)
		return NULL;
	c->elem_size = elem_size;
	c->capacity = capacity;
	c->spin = CHAN_SPIN;
	c->luck = LUCK;
	if (lock_init(&c->lock) != 0) {
		free(c);
		return NULL;
	}
	return c;
}

void chan_close(struct chan *c)
{
	struct chan_wakes to_wake = CHAN_WAKES_NONE;
	struct chan_case *k;

	CHAN_CHECK(c != NULL);
	lock(&c->lock);
	CHECK_NAMED(!is_closed(c), c, "closed twice");
	atomic_store_explicit(&c->closed, true, memory_order_release);
	while ((k = claim_first(&c->receivers)))
		served(k, CHAN_CLOSED, &to_wake);
	while ((k = claim_first(&c->senders)))
		served(k, CHAN_CLOSED, &to_wake);
	unlock(&c->lock);
	wake(&to_wake);
}

void chan_destroy(struct chan *c)
{
	if (!c)
		return;
	lock(&c->lock);
	CHECK_NAMED(!first_of(&c->senders) && !first_of(&c->receivers), c,
		    "destroyed while a thread waits on it");
	unlock(&c->lock);
	lock_fini(&c->lock);
	free(c);
}

size_t chan_len(const struct chan *c)
{
	return c ? count_of(c) : 0;
}

size_t chan_cap(const struct chan *c)
{
	return c ? c->capacity : 0;
}

void chan_set_name(struct chan *c, const char *name)
{
	if (!c)
		return;
	lock(&c->lock);
	(void)snprintf(c->name, sizeof(c->name), "%s", name ? name : "");
	unlock(&c->lock);
}

void chan_set_spin(struct chan *c, unsigned looks)
{
	if (!c)
		return;
	lock(&c->lock);
	c->spin = looks;
	c->luck = LUCK;
	unlock(&c->lock);
}
