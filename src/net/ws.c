/* SPDX-License-Identifier: MIT */
/*
 * The only file that includes wslay.
 *
 * wslay's frame parser is used and not its event layer: that one answers
 * several broken frames with an empty Close, skips bytes of a Close reason
 * that comes in pieces, and queues pongs of its own.  What a sequence of
 * frames means is decided in begin_frame() and end_frame() below.
 *
 * The parser, 4 KiB of buffer, lives only while something is half read: an
 * idle connection, of which there are thousands, has none.
 */
#include "ws.h"

#include "check.h"
#include "utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

struct buffer {
	unsigned char *bytes;
	size_t len, room;
};

struct ws_reader {
	ws_source source;
	void *arg;
	size_t max_message;
	bool text_only;

	wslay_frame_context_ptr frames; /* NULL between messages */
	bool asked;                     /* the source, since WS_AGAIN */
	bool ended;
	int64_t unparsed; /* bytes that wslay holds and has shown nobody */

	bool in_frame;
	uint8_t opcode, fin; /* of the frame */
	uint64_t frame_len, frame_got;

	enum ws_opcode kind; /* of the message under way; 0: none */
	struct buffer message;
	bool given; /* to the caller, who is done at the next call */
	struct utf8_check utf8; /* of the message */
	unsigned char control[WS_CONTROL_MAX];
};

/* ---- A buffer that grows with what arrives, never with what is said ---- */

static bool append(struct buffer *b, const void *bytes, size_t len)
{
	if (b->room - b->len < len) {
		size_t room = b->room ? b->room : 512;
		unsigned char *grown;

		while (room - b->len < len)
			room += room / 2;
		grown = realloc(b->bytes, room);
		if (!grown)
			return false;
		b->bytes = grown;
		b->room = room;
	}
	if (len > 0)
		memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
	return true;
}

static void release(struct buffer *b)
{
	free(b->bytes);
	*b = (struct buffer){0};
}

/* ---- wslay's side ---- */

static ssize_t receive(uint8_t *to, size_t len, int flags, void *arg)
{
	struct ws_reader *w = arg;
	ssize_t n;

	(void)flags;
	if (w->asked || w->ended)
		return -1;
	w->asked = true;
	n = w->source(w->arg, to, len);
	if (n > 0)
		w->unparsed += n;
	else if (n != -EAGAIN)
		w->ended = true;
	return n > 0 ? n : -1;
}

static bool open_parser(struct ws_reader *w)
{
	struct wslay_frame_callbacks callbacks = {.recv_callback = receive};

	return w->frames ||
	       wslay_frame_context_init(&w->frames, &callbacks, w) == 0;
}

static void close_parser(struct ws_reader *w)
{
	if (w->frames)
		wslay_frame_context_free(w->frames);
	w->frames = NULL;
}

struct ws_reader *ws_reader_create(ws_source source, void *arg,
				   size_t max_message, bool text_only)
{
	struct ws_reader *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->source = source;
	w->arg = arg;
	w->max_message = max_message;
	w->text_only = text_only;
	return w;
}

void ws_reader_destroy(struct ws_reader *w)
{
	if (!w)
		return;
	close_parser(w);
	release(&w->message);
	free(w);
}

/* ---- What frames mean ---- */

static enum ws_event fail(struct ws_item *item, uint16_t code, const char *text)
{
	item->code = code;
	item->text = text;
	return WS_FAILED;
}

static bool is_control(uint8_t opcode)
{
	return opcode >= 8;
}

/* Bytes of a client's frame before its payload; wslay has refused lengths
 * that aren't in their shortest form. */
static int64_t head_len(uint64_t payload_len)
{
	return 2 + 4 + (payload_len > 65535 ? 8 : payload_len > 125 ? 2 : 0);
}

/* RFC 6455, 5.1 to 5.6.  WS_FRAME: go on. */
static enum ws_event begin_frame(struct ws_reader *w,
				 const struct wslay_frame_iocb *f,
				 struct ws_item *item)
{
	if (f->rsv)
		return fail(item, WS_CODE_PROTOCOL, "reserved bits are set");
	if (!f->mask)
		return fail(item, WS_CODE_PROTOCOL, "the frame isn't masked");
	if (f->opcode > WS_PONG ||
	    (f->opcode > WS_BINARY && f->opcode < WS_CLOSE))
		return fail(item, WS_CODE_PROTOCOL, "the opcode is unknown");
	w->in_frame = true;
	w->opcode = f->opcode;
	w->fin = f->fin;
	w->frame_len = f->payload_length;
	w->frame_got = 0;
	w->unparsed -= head_len(f->payload_length);
	if (is_control(f->opcode))
		return WS_FRAME;

	if (f->opcode == WSLAY_CONTINUATION_FRAME && !w->kind)
		return fail(item, WS_CODE_PROTOCOL,
			    "a continuation of nothing");
	if (f->opcode != WSLAY_CONTINUATION_FRAME && w->kind)
		return fail(item, WS_CODE_PROTOCOL,
			    "a new message inside a fragmented one");
	if (!w->kind) {
		w->kind = (enum ws_opcode)f->opcode;
		w->utf8 = (struct utf8_check){0};
	}
	if (w->kind == WS_BINARY && w->text_only)
		return fail(item, WS_CODE_UNSUPPORTED, "only text is taken");
	if (f->payload_length > w->max_message - w->message.len)
		return fail(item, WS_CODE_TOO_BIG, "the message is too long");
	return WS_FRAME;
}

static enum ws_event take_payload(struct ws_reader *w,
				  const struct wslay_frame_iocb *f,
				  struct ws_item *item)
{
	w->unparsed -= (int64_t)f->data_length;
	if (is_control(w->opcode)) {
		memcpy(w->control + w->frame_got, f->data, f->data_length);
	} else {
		if (w->kind == WS_TEXT &&
		    !utf8_feed(&w->utf8, f->data, f->data_length))
			return fail(item, WS_CODE_ENCODING,
				    "the text isn't UTF-8");
		if (!append(&w->message, f->data, f->data_length))
			return fail(item, WS_CODE_INTERNAL,
				    "no memory for the message");
	}
	w->frame_got += f->data_length;
	return WS_FRAME;
}

/* RFC 6455, 7.4: codes that may stand in a frame. */
static bool code_is_valid(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 &&
		code != 1006) ||
	       (code >= 3000 && code <= 4999);
}

static enum ws_event end_close(struct ws_reader *w, struct ws_item *item)
{
	struct utf8_check utf8 = {0};

	item->code = WS_CODE_NO_STATUS;
	if (item->len == 0)
		return WS_CONTROL;
	if (item->len == 1)
		return fail(item, WS_CODE_PROTOCOL, "half a close code");
	item->code = (uint16_t)(w->control[0] << 8 | w->control[1]);
	if (!code_is_valid(item->code))
		return fail(item, WS_CODE_PROTOCOL,
			    "a close code that may not be sent");
	if (!utf8_feed(&utf8, w->control + 2, item->len - 2) ||
	    !utf8_complete(&utf8))
		return fail(item, WS_CODE_ENCODING,
			    "the close reason isn't UTF-8");
	return WS_CONTROL;
}

static enum ws_event end_frame(struct ws_reader *w, struct ws_item *item)
{
	w->in_frame = false;
	if (is_control(w->opcode)) {
		item->opcode = (enum ws_opcode)w->opcode;
		item->data = w->control;
		item->len = (size_t)w->frame_len;
		return w->opcode == WS_CLOSE ? end_close(w, item) : WS_CONTROL;
	}
	if (!w->fin)
		return WS_FRAME;
	if (w->kind == WS_TEXT && !utf8_complete(&w->utf8))
		return fail(item, WS_CODE_ENCODING,
			    "the text ends in mid-character");
	item->opcode = w->kind;
	item->data = w->message.bytes ? w->message.bytes : w->control;
	item->len = w->message.len;
	w->given = true;
	w->kind = 0;
	return WS_MESSAGE;
}

/* ---- The next event ---- */

static enum ws_event nothing_more(struct ws_reader *w)
{
	w->asked = false;
	if (w->ended)
		return WS_ENDED;
	if (w->unparsed == 0 && !w->in_frame)
		close_parser(w);
	if (!w->kind)
		release(&w->message);
	return WS_AGAIN;
}

enum ws_event ws_next(struct ws_reader *w, struct ws_item *item)
{
	struct wslay_frame_iocb f;
	enum ws_event e;
	ssize_t r;

	*item = (struct ws_item){0};
	if (w->given)
		w->message.len = 0;
	w->given = false;
	if (!open_parser(w))
		return fail(item, WS_CODE_INTERNAL, "no memory for a parser");
	for (;;) {
		memset(&f, 0, sizeof(f));
		r = wslay_frame_recv(w->frames, &f);
		if (r == WSLAY_ERR_WANT_READ)
			return nothing_more(w);
		if (r < 0)
			return fail(item, WS_CODE_PROTOCOL,
				    "a malformed frame head");
		if (!w->in_frame) {
			e = begin_frame(w, &f, item);
			if (e == WS_FAILED)
				return e;
		}
		e = take_payload(w, &f, item);
		if (e == WS_FAILED)
			return e;
		if (w->frame_got == w->frame_len)
			return end_frame(w, item);
	}
}

unsigned char *ws_take(struct ws_reader *w)
{
	unsigned char *taken = w->message.bytes, *shrunk;

	/* What a connection holds is the message, not the room to grow. */
	shrunk = realloc(taken, w->message.len ? w->message.len : 1);
	w->message = (struct buffer){0};
	return shrunk ? shrunk : taken;
}

/* ---- Frames of our own ---- */

size_t ws_frame_head(unsigned char head[WS_HEAD_MAX], enum ws_opcode opcode,
		     size_t len)
{
	size_t bytes = len > 65535 ? 8 : len > 125 ? 2 : 0;

	head[0] = (unsigned char)(0x80 | opcode);
	head[1] = (unsigned char)(bytes == 8 ? 127 : bytes == 2 ? 126 : len);
	for (size_t i = 0; i < bytes; i++)
		head[2 + i] =
			(unsigned char)((uint64_t)len >> 8 * (bytes - 1 - i));
	return 2 + bytes;
}

size_t ws_close_frame(unsigned char frame[2 + WS_CONTROL_MAX], uint16_t code,
		      const char *reason)
{
	size_t len = strlen(reason), room = WS_CONTROL_MAX - 2;

	if (code == WS_CODE_NO_STATUS) {
		(void)ws_frame_head(frame, WS_CLOSE, 0);
		return 2;
	}
	/* Never in mid-character. */
	while (len > room ||
	       (len > 0 && ((unsigned char)reason[len] & 0xc0) == 0x80))
		len--;
	(void)ws_frame_head(frame, WS_CLOSE, 2 + len);
	frame[2] = (unsigned char)(code >> 8);
	frame[3] = (unsigned char)(code & 0xff);
	memcpy(frame + 4, reason, len);
	return 4 + len;
}
