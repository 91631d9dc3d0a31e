/* SPDX-License-Identifier: MIT */
/*
 * Every key of the configuration, and nothing else.  The texts are read in
 * chatd.conf, in chatd.conf(5) and in what --help-config prints; there a
 * sentence ends with a full stop and a space.  After a change, run the target
 * config-docs, which writes the table into those two files; a test tells.
 */
#include "config_internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#define KIB    INT64_C(1024)
#define MIB    (1024 * KIB)
#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

/* ---- What strings may look like ---- */

static bool is_port(const char *s)
{
	size_t digits = strspn(s, "0123456789");
	long port = 0;

	if (digits < 1 || digits > 5 || s[digits] != '\0')
		return false;
	for (; *s; s++)
		port = port * 10 + (*s - '0');
	return port <= 65535;
}

static bool is_host(const char *host)
{
	unsigned char binary[sizeof(struct in6_addr)];

	/* What consists of numbers and dots is an address or a slip. */
	if (host[strspn(host, "0123456789.")] == '\0')
		return inet_pton(AF_INET, host, binary) == 1;
	for (const char *s = host; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(".-_", *s))
			return false;
	return isalnum((unsigned char)*host);
}

static bool is_ipv6(char *host)
{
	unsigned char binary[sizeof(struct in6_addr)];
	char *zone = strchr(host, '%');

	if (zone) {
		*zone = '\0';
		if (zone[1] == '\0')
			return false;
	}
	return inet_pton(AF_INET6, host, binary) == 1;
}

/* host:port or [IPv6]:port, or either without a port. */
static bool is_host_and_port(const char *word)
{
	char copy[128]; /* what a listener's name holds */
	char *end;

	if (strlen(word) >= sizeof(copy))
		return false;
	memcpy(copy, word, strlen(word) + 1);
	if (*copy == '[') {
		end = strchr(copy, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return false;
		*end++ = '\0';
		return is_ipv6(copy + 1) && (*end == '\0' || is_port(end + 1));
	}
	end = strchr(copy, ':');
	if (end)
		*end++ = '\0';
	return is_host(copy) && (!end || is_port(end));
}

static bool is_address(const char *word)
{
	struct sockaddr_un un;

	if (strncmp(word, "unix:", 5) != 0)
		return is_host_and_port(word);
	return word[5] == '/' && strlen(word + 5) < sizeof(un.sun_path);
}

static bool is_origin(const char *word)
{
	if (strncasecmp(word, "https://", 8) == 0)
		return is_host_and_port(word + 8);
	if (strncasecmp(word, "http://", 7) == 0)
		return is_host_and_port(word + 7);
	return strcmp(word, "*") == 0;
}

static bool is_user(const char *name)
{
	for (const char *s = name; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_.-$", *s))
			return false;
	return *name != '-';
}

/* ---- The table ---- */

static const char *const log_formats[] = {
	[LOG_FORMAT_TEXT] = "text", [LOG_FORMAT_JSON] = "json", NULL};
static const char *const log_levels[] = {[LOG_LEVEL_ERROR] = "error",
					 [LOG_LEVEL_WARN] = "warn",
					 [LOG_LEVEL_INFO] = "info",
					 [LOG_LEVEL_DEBUG] = "debug",
					 NULL};

/* The field's place; doesn't compile where the field isn't of that type. */
#define FIELD(field, is)                                                       \
	(offsetof(struct config, field) +                                      \
	 _Generic(((struct config *)0)->field, is : 0)) /* NOLINT: a type */
#define KEY(section, name, type, field, is)                                    \
	section, name, CONFIG_##type, FIELD(field, is)

#define SIZE(section, name, field, min, max, standard, text)                   \
	{                                                                      \
		KEY(section, name, SIZE, field, int64_t), (min), (max),        \
			(standard), "bytes", NULL, NULL, NULL, (text)          \
	}
#define DURATION(section, name, field, min, max, standard, text)               \
	{                                                                      \
		KEY(section, name, DURATION, field, int64_t), (min), (max),    \
			(standard), NULL, NULL, NULL, NULL, (text)             \
	}
#define COUNT(section, name, field, min, max, standard, unit, text)            \
	{                                                                      \
		KEY(section, name, COUNT, field, int64_t), (min), (max),       \
			(standard), (unit), NULL, NULL, NULL, (text)           \
	}
#define SWITCH(section, name, field, standard, text)                           \
	{                                                                      \
		KEY(section, name, SWITCH, field, bool), 0, 1, (standard),     \
			NULL, NULL, NULL, NULL, (text)                         \
	}
#define CHOICE(section, name, field, is, last, standard, words, text)          \
	{                                                                      \
		KEY(section, name, CHOICE, field, is), 0, (last), (standard),  \
			NULL, (words), NULL, NULL, (text)                      \
	}
#define STRING(section, name, field, min, max, standard, is_good, what, text)  \
	{                                                                      \
		KEY(section, name, STRING, field, char *), (min), (max),       \
			(standard), "bytes", NULL, (is_good), (what), (text)   \
	}
#define LIST(section, name, field, min, max, standard, unit, is_good, what,    \
	     text)                                                             \
	{                                                                      \
		KEY(section, name, LIST, field, char *), (min), (max),         \
			(standard), (unit), NULL, (is_good), (what), (text)    \
	}

const struct config_section config_sections[] = {
	{"server", "Where chatd listens, and whom it serves."},
	{"plain", "The plain-text chat at /ws, for clients that offer no "
		  "subprotocol."},
	{"hub", "How the hub hands out messages."},
	{"http", "What is taken of an HTTP request."},
	{"timeouts", "How long chatd waits; 0 is for ever, save in drain."},
	{"log",
	 "The log goes to standard error, one line an event; what people "
	 "say to each other is never in it."},
	{NULL, NULL},
};

/* clang-format off */
const struct config_key config_keys[] = {
	LIST("server", "listen", listen, 1, 16, "127.0.0.1:8080",
	     "addresses", is_address,
	     "an address (127.0.0.1:8080, [::1]:8080 or unix:/path)",
	     "Where to listen: 127.0.0.1:8080, [::1]:8080, unix:/path, with "
	     "spaces between several. "
	     "0.0.0.0 is every IPv4 address of the machine, [::] every IPv6 "
	     "address and no IPv4. "
	     "Without a port it is 8080; port 0 is any that is free. "
	     "Only a program on the same machine, such as a proxy, can reach "
	     "the default."),
	COUNT("server", "max_clients", max_clients, 0, 1000000, "0", "clients",
	      "How many connections may be open at a time; those beyond get "
	      "503 and are asked to try again. "
	      "0 is as many as the machine holds. "
	      "More than it holds is lowered to that, and the log says which "
	      "limit of the system to raise."),
	LIST("server", "origins", origins, 0, 256, "",
	     "origins", is_origin,
	     "an origin (https://chat.example.org)",
	     "Pages of other hosts that may open a WebSocket: their origins, "
	     "like https://chat.example.org, without a path, with spaces "
	     "between several; or * for every page. "
	     "Empty, only pages of the very host and port that the request "
	     "names in its Host may; clients that send no Origin always may."),
	SWITCH("server", "echo", echo, "off",
	       "Serves /echo, a WebSocket that sends every message back, up to "
	       "16 MiB. "
	       "Conformance suites need it; a chat does not."),
	STRING("server", "user", user, 0, 32, "", is_user,
	       "a user's name",
	       "The user to become once the sockets are open; only root can. "
	       "Empty, it stays who it is."),
	SIZE("server", "stack", stack, 32 * KIB, 64 * MIB, "64K",
	     "The stack of each of a connection's two threads."),

	SIZE("plain", "message", plain_message, 1, 16 * MIB, "512",
	     "The longest message a client may send. "
	     "A longer one closes the connection with 1009."),
	COUNT("plain", "queue", plain_queue, 1, 65536, "256", "messages",
	      "How many messages may wait for a client that takes them slowly. "
	      "Where they would be more it is dropped, with 1008 where it can "
	      "still be told."),
	SIZE("plain", "queue_bytes", plain_queue_bytes, 1, 1024 * MIB, "256K",
	     "The same in bytes."),
	SWITCH("plain", "coalesce", plain_coalesce, "on",
	       "Sends messages that wait together as one WebSocket message, "
	       "with newlines between them."),

	SWITCH("hub", "write_through", hub_write_through, "on",
	       "The hub itself writes to a client for whom nothing waits, in "
	       "place of waking its writer. "
	       "That saves waking a thread for each; off, every message takes "
	       "the way through the writers, as the textbook has it."),

	SIZE("http", "line", http_line, 256, 64 * KIB, "8K",
	     "The longest request line; a longer one gets 414."),
	SIZE("http", "head", http_head, 1 * KIB, 1 * MIB, "32K",
	     "The longest request head, its first line included; a longer one "
	     "gets 431."),

	DURATION("timeouts", "head", timeouts_head, 0, 1 * DAY, "10s",
		 "How long a request head may take to arrive."),
	DURATION("timeouts", "silence", timeouts_silence, 0, 1 * DAY, "60s",
		 "How long a WebSocket client may send nothing, not even a "
		 "pong, before it is taken for gone."),
	DURATION("timeouts", "ping", timeouts_ping, 0, 1 * DAY, "54s",
		 "How long after one ping the next is sent; a client that "
		 "lives answers it, and so is never silent. "
		 "0 sends none."),
	DURATION("timeouts", "write", timeouts_write, 0, 1 * DAY, "10s",
		 "How long a client may take nothing of what is being sent to "
		 "it, counted from the last byte it took."),
	DURATION("timeouts", "drain", timeouts_drain, 100 * MS, 1 * HOUR, "5s",
		 "How long everything may take to end after SIGTERM or SIGINT: "
		 "clients get what waits for them, then a Close with 1001; who "
		 "has not taken it by then is cut off."),

	CHOICE("log", "format", log_format, enum log_format, LOG_FORMAT_JSON,
	       "text", log_formats,
	       "How a line looks: text is for people, json, one object a "
	       "line, for programs."),
	CHOICE("log", "level", log_level, enum log_level, LOG_LEVEL_DEBUG,
	       "info", log_levels,
	       "The least important kind of line that is written."),

	{NULL, NULL, CONFIG_COUNT, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL},
};
/* clang-format on */

_Static_assert(sizeof(config_keys) / sizeof(*config_keys) <= CONFIG_MAX_KEYS,
	       "raise CONFIG_MAX_KEYS");

const struct config_rule config_rules[] = {
	/* Else a client that lives would be taken for gone. */
	{"timeouts.ping", "timeouts.silence", false},
	{"http.line", "http.head", true},
	/* Else the longest would drop whoever has anything waiting. */
	{"plain.message", "plain.queue_bytes", true},
	{NULL, NULL, false},
};

/* ---- Looking things up ---- */

bool config_is_section(const char *name)
{
	const struct config_section *s;

	for (s = config_sections; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return true;
	return false;
}

const struct config_key *config_find(const char *section, const char *name)
{
	const struct config_key *k;

	for (k = config_keys; k->section; k++)
		if (strcmp(k->section, section) == 0 &&
		    strcmp(k->name, name) == 0)
			return k;
	return NULL;
}
