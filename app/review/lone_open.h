// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Flows of which the log has records, but no end yet: what whoever takes a log's segments into the
// catalogue one after the other must remember between them. It may hold flows that have ended, and
// never lacks one that has not.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lone_open;
struct bytes;

struct lone_open *lone_open_new(void); // NULL without memory
void lone_open_free(struct lone_open *o);

bool lone_open_has(const struct lone_open *o, uint64_t fid);
bool lone_open_add(struct lone_open *o, uint64_t fid); // false: out of memory
// The flow has ended; a run of the gateway begins, and no flow of the one before goes on. Both take
// effect with lone_open_settle(): until then the segment may still turn out to be damaged.
void lone_open_end(struct lone_open *o, uint64_t fid);
void lone_open_start(struct lone_open *o);
// taken: the segment was; otherwise ends and starts since the last call are forgotten.
void lone_open_settle(struct lone_open *o, bool taken);

// As bytes, and from these, in place of what was there. False: out of memory, or not such bytes.
bool lone_open_put(const struct lone_open *o, struct bytes *out);
bool lone_open_take(struct lone_open *o, const char *bytes, size_t len);
