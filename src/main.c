/* SPDX-License-Identifier: MIT */
/*
 * chatd: makes the channels, hands them out, starts the threads, waits, and
 * stops them in an order in which nobody waits for somebody who is gone.
 *
 *   acceptor --starts--> reader --register, unregister, broadcast--> hub
 *                          |                                          |
 *                        starts --------> writer <------- send -------+
 */
#include "clock.h"
#include "config.h"
#include "descriptors.h"
#include "hub.h"
#include "log.h"
#include "server.h"
#include "signals.h"
#include "thread.h"

#include <stdlib.h>
#include <unistd.h>

/* Ends the program while the threads that may run still have what they use. */
static _Noreturn void fail(void)
{
	log_stop(CLOCK_NEVER);
	exit(EXIT_FAILURE);
}

static int run(const struct config *config)
{
	struct hub_limits limits = server_hub_limits(config);
	struct chan *quit = chan_create(0, 0);
	struct chan *ended = chan_create(sizeof(pthread_t), 64);
	pthread_t hub_thread, acceptor;
	struct server server;
	struct hub hub;
	int64_t deadline;

	signals_block();
	if (!quit || !ended || hub_init(&hub, quit, &limits) ||
	    log_start(config->log_level, config->log_format) ||
	    server_open(&server, config, &hub, quit, ended))
		fail();
	if (signals_start(&server, quit) ||
	    thread_start(&hub_thread, 0, hub_run, &hub, "hub") ||
	    thread_start(&acceptor, 0, acceptor_run, &server, "acceptor")) {
		log_error(NULL, "can't start: no thread is left");
		server_close(&server);
		fail();
	}
	server_announce(&server);
	server_wait(&server); /* till quit is closed */

	deadline = clock_now() + config->timeouts_drain;
	server_stop(&server, acceptor, deadline);
	chan_close(hub.broadcast); /* all who send to it have been joined */
	thread_join(hub_thread);
	server_log_counts(&server);
	signals_stop();
	server_close(&server);
	hub_fini(&hub);
	chan_destroy(ended);
	chan_destroy(quit);
	log_stop(deadline - config->timeouts_drain / 20);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct config config;
	int status;

	descriptors_reserve();
	status = config_load(&config, argc, argv, environ, stdout, stderr);
	if (status == CONFIG_RUN)
		status = run(&config);
	config_fini(&config);
	return status;
}
