// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// `bridgehead replay`: the gateway's pipeline over captures. Time is the packets' own; one thread,
// a fixed hash seed: the same input gives the same bytes.
#pragma once

#include "app/dataplane/pipeline.h"

#include <stdio.h>

#define REPLAY_MAX_FILES 64

struct replay_options {
	const char *policy;
	const char *country_db[REPLAY_MAX_FILES], *asn_db[REPLAY_MAX_FILES];
	unsigned n_country_db, n_asn_db;
	struct pipeline_prefix *inside; // owned
	unsigned n_inside;
	const char *records, *log_dir, *pcap_out;
	bool local_flows, summary;
	uint32_t tunnels;   // enum parse_tunnels
	uint32_t max_flows; // 1048576 where not given
	char *const *captures;
	unsigned n_captures;
};

// Fills o from the arguments behind "replay". 0; 1 where help was asked for (and printed); -EINVAL
// with a line on standard error.
int replay_parse(int argc, char **argv, struct replay_options *o);
void replay_options_free(struct replay_options *o);

// Whether what is written is another file than what is read, before any is opened. 0, or -errno
// with a line on standard error.
int replay_files_apart(const struct replay_options *o, const char *who);

// What is counted of the flows that ended, for the summary.
struct replay_totals;
struct replay_totals *replay_totals_create(void);
void replay_totals_free(struct replay_totals *t);
void replay_totals_add(struct replay_totals *t, const struct record *r);
void replay_totals_print(const struct replay_totals *t, const struct pipeline *pl, FILE *to);

// Whoever looks at the records of a run, whether they are written or not. The record is valid
// during the call; its policy's words are gone when the run is over.
struct replay_watch {
	void *ctx;
	void (*record)(void *ctx, const struct record *r, const struct record_words *words);
};

// One run over the captures that o names. who: the program, for errors. watch may be NULL. 0, or
// -errno with a line on standard error.
int replay_run(const struct replay_options *o, const char *who, const struct replay_watch *watch);

// Exit status: 0, or 2 with a line on standard error.
int replay_main(int argc, char **argv);
