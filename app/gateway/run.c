// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/gateway_policy.h"
#include "app/gateway/gateway_view.h"
#include "drivers/eal/eal.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: bridgehead run --config gateway.json [--check]\n"
	"\n"
	"Runs the gateway until SIGTERM or SIGINT. SIGHUP reads the policy again.\n"
	"\n"
	"  --config FILE  configuration, format gateway/1\n"
	"  --check        try configuration, policy, databases, keys and folders, and end\n"
	"  --help         this text\n"
	"\n"
	"Exit status: 0 good, 2 an error.\n";

static volatile sig_atomic_t stop_signal, reload_signal;

static void on_stop(int s)
{
	stop_signal = s;
}

static void on_reload(int s)
{
	(void)s;
	reload_signal = 1;
}

static void set_signals(void)
{
	static const int ignored[] = {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
		SIGPWR, SIGSTKFLT, SIGXFSZ};
	struct sigaction stop = {.sa_handler = on_stop}, reload = {.sa_handler = on_reload};

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGHUP, &reload, NULL);
	// Their default is to end the process, and with it the wire. SIGQUIT stays: it is how to
	// get a core.
	for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
		signal(s, SIG_IGN);
}

struct log_said { // of the flow log, so that it is said once
	int tick_error;
	unsigned left;
	bool ages_wait;
};

static void say_written(const char *dir, int error)
{
	if (error != 0)
		fprintf(stderr,
			"bridgehead: %s: cannot be written: %s; records wait, then are lost and "
			"counted\n",
			dir, strerror(-error));
	else
		fprintf(stderr, "bridgehead: %s: can be written again\n", dir);
}

static void say_signed(const char *dir, int error)
{
	if (error != 0)
		fprintf(stderr,
			"bridgehead: %s: no checkpoint can be made: %s; tried again each second\n",
			dir, strerror(-error));
	else
		fprintf(stderr, "bridgehead: %s: checkpoints can be made again\n", dir);
}

static void say_ages(const char *dir, int64_t wait)
{
	if (wait != 0)
		fprintf(stderr,
			"bridgehead: %s: the clock has stepped forward, or is far ahead of the "
			"log's "
			"newest record: nothing is removed for its age until the clock has gone on "
			"for %lld hours\n",
			dir, (long long)((wait + 3599999999ll) / 3600000000ll));
	else
		fprintf(stderr, "bridgehead: %s: the clock is believed again: ages count\n", dir);
}

static void watch_log(struct gateway *g, struct log_said *said)
{
	const char *dir = g->config.log.dir;
	struct flowlog_stats s;
	bool full;

	log_writer_missed(g->writer, gateway_missed(g));
	log_writer_stats(g->writer, &s);
	full = s.disk_full || s.error != 0;
	if (s.left != said->left)
		fprintf(stderr,
			"bridgehead: %s: the log was removed, moved or replaced while it was "
			"written; %" PRIu64 " records of this run are not in it any more%s\n",
			dir, s.removed, s.tick_error == 0 ? "; it goes on there" : "");
	if (full != atomic_load(&g->log_full))
		say_written(dir, !full ? 0 : s.error != 0 ? s.error : s.tick_error);
	if (s.tick_error != said->tick_error)
		say_signed(dir, s.tick_error);
	if ((s.ages_wait != 0) != said->ages_wait)
		say_ages(dir, s.ages_wait);
	*said = (struct log_said){s.tick_error, s.left, s.ages_wait != 0};
	atomic_store(&g->log_full, full);
}

int gateway_serve(struct gateway *g)
{
	struct log_said said = {0};

	while (stop_signal == 0) {
		control_server_poll(g->server, g->pushes != NULL ? 1 : 50);
		if (reload_signal != 0) {
			reload_signal = 0;
			gateway_policy_reload(g, "reload", "signal");
		}
		gateway_links(g);
		gateway_view_poll(g);
		gateway_push_poll(g);
		gateway_reclaim(g);
		gateway_quota_keep(g);
		gateway_policy_clock(g);
		gateway_watch_poll(g);
		watch_log(g, &said);
	}
	return 0;
}

static int run(const char *config, bool check)
{
	struct gateway *g = calloc(1, sizeof(*g));
	int rc;

	if (g == NULL)
		return -1;
	if (!check)
		set_signals(); // a stop while starting is a stop
	rc = gateway_load(g, config, check);
	if (rc == 0 && !check) {
		rc = gateway_set_up(g);
		if (rc == 0)
			rc = gateway_serve(g);
	}
	if (gateway_tear_down(g, rc == 0 ? "signal" : "error") < 0)
		rc = -1;
	free(g);
	return rc;
}

int run_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *config = NULL;
	bool check = false;
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			config = optarg;
			break;
		case 'k':
			check = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs("see bridgehead run --help\n", stderr);
			return 2;
		}
	}
	if (config == NULL || optind != argc) {
		fprintf(stderr, "bridgehead run: %s\n%s",
			config == NULL ? "--config FILE is missing" : "one configuration only",
			usage);
		return 2;
	}
	return run(config, check) == 0 ? 0 : 2;
}
