// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A block's entry: the leaf of the log tree that stands for one block of records.
//
// Its bytes are one line of JSON in exactly this form: these keys, all of them, in this order, no
// blanks, numbers in decimal without leading zeros, hashes as 64 lower-case hexadecimal digits (64
// zeros: not known), strings as the flow log escapes them. The leaf is the line without its
// newline.
//
//     {"v":2,              format
//     "gw":"gw-a1",        gateway
//     "boot":"…16 hex…",   this run of the gateway
//     "block":41,          number: the leaf's index in the log tree, from 0
//     "kept":12,           the first block that the log keeps: retention may have removed the
//                          segments of those before it, and no others
//     "first":163841,      sequence number of the block's first record
//     "n":4096,            records in it
//     "t0":…,"t1":…,       earliest t0 and latest t1 of its records, microseconds since 1970 UTC
//     "root":"…",          of the RFC 6962 tree over its lines, each without its newline
//     "prev":"…",          leaf hash of the entry before; of the first: zeros
//     "attempted":167999,  numbers given so far, since the log began: the last record's
//     "ring_full":…, "disk_full":…, "write_error":…, "too_long":…, "crash":…
//                          of these, lost so far, by cause
//     "missed":…,          packets that the ports missed so far
//     "policy":"…",        SHA-256 of the policy in force at its last record
//     "db":"…",            SHA-256 of the start record's "dbs", each followed by a newline
//     "dpi":"nDPI 4.2.0"}
//
// All counters are since the log began, so a block holds with those before it that
// attempted - ring_full - disk_full - write_error - too_long - crash = sum of n.
//
// "kept" begins a segment, never goes back and is never past the block itself. A segment is only
// removed when a checkpoint that covers an entry that says so is on disk. So of a log whose newest
// checkpoint is of n blocks, all blocks from the "kept" of entry n - 1 on must be there.
//
// Entries of format 1, which older gateways wrote, have no "kept": they do not say what retention
// removed. The first entry behind them states the first block that was there when it was made.
#pragma once

#include "app/evidence/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRY_BLOCK_RECORDS 4096
#define ENTRY_TEXT_MAX      320  // of gw and dpi, with quotes and NUL
#define ENTRY_LINE_MAX      2048 // of a whole line

struct entry {
	char gw[ENTRY_TEXT_MAX]; // JSON strings, quotes included
	char dpi[ENTRY_TEXT_MAX];
	uint64_t boot, block;
	bool states_kept; // format 2; false: format 1, and kept is 0
	uint64_t kept;
	uint64_t first, n;
	int64_t t0, t1;
	struct hash root, prev;
	uint64_t attempted;
	uint64_t ring_full, disk_full, write_error, too_long, crash;
	uint64_t missed;
	struct hash policy, db;
};

// Writes the line without a newline, NUL behind it. Its length.
size_t entry_format(const struct entry *e, char out[ENTRY_LINE_MAX]);

// False: not an entry in exactly the form above.
bool entry_parse(const char *line, size_t len, struct entry *out);

uint64_t entry_lost(const struct entry *e);

// What must hold between an entry and the one before (NULL: it is the first), but for the chain of
// hashes: NULL, or what is wrong.
const char *entry_follows(const struct entry *e, const struct entry *before);
// And of the counters: attempted - lost = present.
bool entry_adds_up(const struct entry *e, const struct entry *before);
