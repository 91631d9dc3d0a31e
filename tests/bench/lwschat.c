/* SPDX-License-Identifier: MIT */
/*
 * The same chat on libwebsockets, as one writes it there: one thread, messages
 * in a ring that all clients read at their own pace, one of them written each
 * time a client can be written to.
 */
#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 512 /* bytes a message */
#define RING  256 /* messages that may wait for a client; a power of two */

struct message {
	size_t len;
	unsigned char bytes[LWS_PRE + LIMIT];
};

struct client {
	struct lws *wsi;
	struct client *next, **link; /* link: what points to this one */
	unsigned long read;          /* messages it has had */
	unsigned char in[LIMIT];
	size_t len;
};

static struct message ring[RING];
static unsigned long said; /* messages in all */
static struct client *clients;
static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void join(struct client *c, struct lws *wsi)
{
	*c = (struct client){
		.wsi = wsi, .next = clients, .link = &clients, .read = said};
	if (clients)
		clients->link = &c->next;
	clients = c;
}

static void leave(struct client *c)
{
	if (!c->link)
		return;
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->link = NULL;
}

/* Puts what the client said into the ring; those whom it overtakes are too
 * slow, and are dropped. */
static void say(const struct client *from)
{
	struct message *m = &ring[said++ % RING];

	m->len = from->len;
	memcpy(m->bytes + LWS_PRE, from->in, from->len);
	for (unsigned char *p = m->bytes + LWS_PRE;
	     (p = memchr(p, '\n', m->len - (size_t)(p - m->bytes - LWS_PRE)));)
		*p = ' ';
	for (struct client *c = clients; c; c = c->next) {
		if (said - c->read > RING)
			lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK,
					LWS_TO_KILL_ASYNC);
		else
			lws_callback_on_writable(c->wsi);
	}
}

static int take(struct client *c, const void *in, size_t len)
{
	if (len > LIMIT - c->len)
		return -1;
	memcpy(c->in + c->len, in, len);
	c->len += len;
	if (lws_remaining_packet_payload(c->wsi) > 0 ||
	    !lws_is_final_fragment(c->wsi))
		return 0;
	say(c);
	c->len = 0;
	return 0;
}

static int give(struct client *c)
{
	struct message *m = &ring[c->read % RING];

	if (c->read == said)
		return 0;
	c->read++;
	if (lws_write(c->wsi, m->bytes + LWS_PRE, m->len, LWS_WRITE_TEXT) <
	    (int)m->len)
		return -1;
	if (c->read != said)
		lws_callback_on_writable(c->wsi);
	return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason,
		    void *user, void *in, size_t len)
{
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		join(user, wsi);
		return 0;
	case LWS_CALLBACK_RECEIVE:
		return take(user, in, len);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return give(user);
	case LWS_CALLBACK_CLOSED:
		leave(user);
		return 0;
	default:
		return lws_callback_http_dummy(wsi, reason, user, in, len);
	}
}

int main(void)
{
	static const struct lws_protocols protocols[] = {
		{.name = "chat",
		 .callback = on_event,
		 .per_session_data_size = sizeof(struct client),
		 .rx_buffer_size = 4096},
		{.name = NULL},
	};
	struct lws_context_creation_info info = {
		.port = 0,
		.iface = "127.0.0.1",
		.protocols = protocols,
		.gid = -1,
		.uid = -1,
	};
	struct lws_context *context;
	struct lws_vhost *host;

	lws_set_log_level(LLL_ERR, NULL);
	(void)signal(SIGTERM, stop);
	context = lws_create_context(&info);
	if (!context)
		return 1;
	host = lws_get_vhost_by_name(context, "default");
	printf("listening on 127.0.0.1:%d\n", lws_get_vhost_listen_port(host));
	fflush(stdout);
	while (!stopped && lws_service(context, 0) >= 0)
		continue;
	lws_context_destroy(context);
	return 0;
}
