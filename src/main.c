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
#include "log.h"
#include "server.h"
#include "signals.h"
#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int run(const struct config *config)
{
	struct hub_limits limits = server_hub_limits(config);
	struct chan *quit = chan_create(0, 0);
	struct chan *ended = chan_create(sizeof(pthread_t), 64);
	pthread_t hub_thread;
	struct server server;
	struct hub hub;
	int64_t deadline = CLOCK_NEVER;
	int status = EXIT_FAILURE;

	signals_block();
	if (server_lacks(log_start(config->log_level, config->log_format)))
		goto no_log;
	if (server_lacks(quit && ended ? hub_init(&hub, quit, &limits)
				       : -ENOMEM))
		goto no_hub;
	if (server_open(&server, config, &hub, quit, ended))
		goto no_server;
	if (server_lacks(signals_start(&server, quit)))
		goto no_signals;
	if (server_lacks(thread_start(&hub_thread, 0, hub_run, &hub, "hub")))
		goto no_hub_thread;
	if (server_lacks(server_start(&server)))
		goto no_acceptor;
	server_wait(&server); /* till quit is closed */
	deadline = server_stop(&server);
	status = EXIT_SUCCESS;
no_acceptor:
	chan_close(hub.broadcast); /* all who send to it have been joined */
	thread_join(hub_thread);
	server_log_counts(&server);
no_hub_thread:
	signals_stop();
no_signals:
	server_close(&server);
no_server:
	hub_fini(&hub);
no_hub:
	log_stop(deadline - config->timeouts_drain / 20);
no_log:
	chan_destroy(ended);
	chan_destroy(quit);
	return status;
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
