// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Flows of a log that have a record and no end yet: the last line of each, and what it had sent.
#pragma once

#include "app/simulate/words.h"

#include <stdbool.h>

struct open_flow {
	struct chain chain;
	uint64_t fid;
	const struct word *gw; // NULL: none
	uint64_t deltas;       // outbound bytes of updates, each since the one before
	uint64_t sent;         // outbound bytes so far, as the last decision says
	// What was told of it before: of outbound bytes and seconds of its life.
	uint64_t told_bytes, told_seconds;
	bool told; // that there is a flow
	char *line;
	size_t len, room;
};

struct open_flows {
	struct chains chains;
};

// Keeps the line (copied). update: its bytes are since the last update. NULL without memory.
struct open_flow *open_flows_put(struct open_flows *o, const struct word *gw, uint64_t fid,
	const char *line, size_t len, uint64_t out, bool update);
// NULL: there is no record of it yet.
const struct open_flow *open_flows_find(struct open_flows *o, const struct word *gw, uint64_t fid);
// The flow has ended.
void open_flows_end(struct open_flows *o, const struct word *gw, uint64_t fid);
// Gives each of a gateway (NULL: of all) to put(), which returns false to stop, and forgets them.
// False: stopped.
bool open_flows_flush(struct open_flows *o, const struct word *gw,
	bool (*put)(void *ctx, const struct open_flow *f), void *ctx);
void open_flows_fini(struct open_flows *o);
