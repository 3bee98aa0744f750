// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The log itself, for flowlog.c and flowlog_open.c.
#pragma once

#include "app/flowlog/capture_file.h"
#include "app/flowlog/flowlog.h"
#include "app/flowlog/line.h"
#include "app/flowlog/lost.h"
#include "app/flowlog/sealer.h"

#include <errno.h>

struct flowlog {
	struct line_source source;
	char *gateway;       // JSON
	char *dir, *records; // as configured, for messages
	struct sealer *sealer;
	struct capture_files *captures; // NULL: no directory to keep them in
	struct progress *progress;      // NULL: none
	struct key_private *key;        // NULL: unsigned
	int64_t segment_us, block_us;
	int64_t clock; // latest time seen, microseconds since 1970 UTC
	int64_t now;   // of the last flush
	uint64_t first_seq, next_seq;
	struct entry entry;     // what every block's says: names, and counters since the log began
	uint64_t missed_before; // packets, in earlier runs
	struct lost_list lost;  // to be told
	bool crashed; // the run before, and it may have lost records that no number tells of
	char crash_detail[400];
	bool live;
	bool starting;      // a start record was given: its block need not fill, to be signed soon
	bool stopped;       // a stop record was given: no more comes, the block need not wait
	bool sync_failed;   // to be told
	bool left;          // to be told: the log's files were removed or its directory replaced
	uint64_t left_from; // first number that went with them
	int dead;           // -errno: nothing will ever be written again; 0
	uint64_t lost_ring, lost_disk, gaps;
};

static inline bool is_full_disk(int error)
{
	return error == -ENOSPC || error == -EDQUOT;
}

// Frees what is not the sealer's.
void flowlog_release(struct flowlog *l);
// The databases and the library that the entries name from here on.
void flowlog_name_data(struct flowlog *l, const struct notice_start *n);
