// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/policy_file.h"
#include "app/doctor/part.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: bridgehead doctor [--config gateway.json] [--json]\n\nLooks at this host and says "
	"what is wrong with it for a gateway: memory, CPUs, ports, time,\nlibraries, files, "
	"limits; why that matters, and the commands that mend it. Changes nothing.\n\n  --config "
	"FILE  check what this configuration needs (format gateway/1)\n  --json         an array "
	"of {check, level, saw, why, mend}; level is ok, note, unknown,\n                 warn or "
	"fail; mend is commands, one a line, or \"\"\n  --help         this text\n\nRun it as the "
	"user that the gateway runs as, in its network namespace.\nExit status: 0 good, 1 a "
	"finding (warn, fail, or unknown: it could not be checked), 2 an error.\n";

void doctor_run(
	struct doctor *d, const struct doctor_host *host, const struct gateway_config *config)
{
	*d = (struct doctor){.host = host, .config = config};
	d->reached = config != NULL ? host->reach(config->control_socket, &d->pid) : -ENOENT;
	d->running = d->reached == 0;
	check_memory(d);
	check_cpu(d);
	check_cores(d);
	check_iommu(d);
	check_ports(d);
	check_time(d);
	check_libs(d);
	check_policy(d);
	check_databases(d);
	check_folders(d);
	check_limits(d);
}

static int examine(const struct gateway_config *config, bool json)
{
	const char *plain = getenv("NO_COLOR"); // no-color.org
	struct doctor_host host;
	struct doctor d;
	int status;

	doctor_host_read(&host);
	doctor_run(&d, &host, config);
	if (json)
		doctor_print_json(&d, stdout);
	else
		doctor_print_text(
			&d, isatty(STDOUT_FILENO) && (plain == NULL || *plain == '\0'), stdout);
	status = doctor_has_findings(&d) ? 1 : 0;
	if (d.no_memory) {
		fprintf(stderr, "bridgehead doctor: no memory; findings are missing\n");
		status = 2;
	}
	doctor_free(&d);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("bridgehead doctor: standard output");
		status = 2;
	}
	return status;
}

static int with_config(const char *path, bool json)
{
	struct gateway_config config;
	struct diag_list diag;
	int rc, status = 2;

	diag_init(&diag, path);
	rc = config_load(path, &config, &diag);
	policy_file_print(&diag, stderr);
	diag_clear(&diag);
	if (rc == 0)
		status = examine(&config, json);
	config_free(&config);
	return status;
}

int doctor_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *config = NULL;
	bool json = false;
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			config = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default: // getopt has said what is wrong
			fputs("see bridgehead doctor --help\n", stderr);
			return 2;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "bridgehead doctor: unexpected \"%s\"\n%s", argv[optind], usage);
		return 2;
	}
	return config != NULL ? with_config(config, json) : examine(NULL, json);
}
