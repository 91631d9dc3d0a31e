/* SPDX-License-Identifier: MIT */
/*
 * Making, joining, counting.  Any thread runs here; a message is changed by
 * nobody once it was made, but for its count of references.
 */
#include "message.h"

#include "check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static atomic_size_t live;

static struct message *make(size_t len)
{
	struct message *m;

	if (len > SIZE_MAX / 2)
		return NULL;
	m = malloc(sizeof(*m) + len);
	if (!m)
		return NULL;
	*m = (struct message){.len = len};
	atomic_init(&m->refs, 1);
	atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
	return m;
}

struct message *message_frame(enum ws_opcode opcode, const void *payload,
			      size_t len, size_t count)
{
	unsigned char head[WS_HEAD_MAX];
	size_t head_len = ws_frame_head(head, opcode, len);
	struct message *m = make(head_len + len);

	if (!m)
		return NULL;
	m->count = count;
	m->head_len = head_len;
	memcpy(m->bytes, head, head_len);
	if (len > 0)
		memcpy(m->bytes + head_len, payload, len);
	return m;
}

struct message *message_frame_around(enum ws_opcode opcode, void *body,
				     size_t len)
{
	unsigned char head[WS_HEAD_MAX];
	size_t head_len = ws_frame_head(head, opcode, len);
	struct message *m = make(head_len);

	if (!m) {
		free(body);
		return NULL;
	}
	m->count = 1;
	m->head_len = head_len;
	memcpy(m->bytes, head, head_len);
	m->body = m->owned = body;
	m->body_len = len;
	return m;
}

struct message *message_bytes(size_t room, const void *body, size_t body_len)
{
	struct message *m = make(room);

	if (!m)
		return NULL;
	m->body = body;
	m->body_len = body_len;
	return m;
}

struct message *message_nudge(void)
{
	static struct message nudge = {.refs = 1}; /* never given back */

	message_retain(&nudge, 1);
	return &nudge;
}

/* ---- Joining ---- */

/* Behind one another, from the skip-th byte of each (their frames' heads, or
 * nothing), with a newline between them where they lose their heads. */
static void copy_all(unsigned char *to, struct message *const *messages,
		     size_t n, bool coalesce)
{
	for (size_t i = 0; i < n; i++) {
		const struct message *m = messages[i];
		size_t skip = coalesce ? m->head_len : 0;

		if (coalesce && i > 0)
			*to++ = '\n';
		memcpy(to, m->bytes + skip, m->len - skip);
		to += m->len - skip;
	}
}

struct message *message_join(struct message *const *messages, size_t n,
			     bool coalesce)
{
	unsigned char head[WS_HEAD_MAX];
	size_t len = coalesce ? n - 1 : 0, head_len = 0, count = 0;
	struct message *joined;

	CHECK(n > 0);
	for (size_t i = 0; i < n; i++) {
		const struct message *m = messages[i];

		CHECK(m->body == NULL);
		len += coalesce ? m->len - m->head_len : m->len;
		count += m->count;
	}
	if (coalesce)
		head_len = ws_frame_head(head, WS_TEXT, len);
	joined = make(head_len + len);
	if (!joined)
		return NULL;
	joined->count = count;
	joined->head_len = head_len;
	memcpy(joined->bytes, head, head_len);
	copy_all(joined->bytes + head_len, messages, n, coalesce);
	return joined;
}

/* ---- Counting ---- */

void message_retain(struct message *m, size_t n)
{
	atomic_fetch_add_explicit(&m->refs, n, memory_order_relaxed);
}

void message_release(struct message *m, size_t n)
{
	size_t before;

	if (!m || n == 0)
		return;
	before = atomic_fetch_sub_explicit(&m->refs, n, memory_order_acq_rel);
	CHECK(before >= n);
	if (before > n)
		return;
	free(m->owned);
	free(m);
	atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
}

size_t message_size(const struct message *m)
{
	return m->len + m->body_len;
}

size_t message_pieces(const struct message *m, struct iovec pieces[2])
{
	if (m->len == 0)
		return 0; /* it only wakes */
	/* iovec isn't const; who writes only reads it. */
	pieces[0].iov_base = (void *)(uintptr_t)m->bytes;
	pieces[0].iov_len = m->len;
	if (m->body_len == 0)
		return 1;
	pieces[1].iov_base = (void *)(uintptr_t)m->body;
	pieces[1].iov_len = m->body_len;
	return 2;
}

size_t message_live(void)
{
	return atomic_load(&live);
}
