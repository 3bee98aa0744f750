// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The records that are not about a flow: start, stop, policy and gap. Written by the control side
// and the writer thread, never by a worker.
//
// Their lines begin like a flow's: v, ev, gw, seq, t0, t1 (both the notice's t; of a gap when the
// loss began, where that is known, and when it was told). Then, in this
// order, absent where unknown (each key's value is the field of the same meaning below):
//
//   start   ver      string   version of the gateway
//           mode     string   inline, tap, replay
//           dpi      string   library and version
//           dbs      list     databases, one string each; absent: none
//           warn     string   absent: none
//   policy  how      string   boot, reload, watch, push, rollback, promote, withdraw, expiry
//           who      string   absent: the gateway itself
//           outcome  string   published, refused, expired, shadow, withdrawn
//           id       string   of the policy; absent: the text did not parse that far
//           pol      u32      its version, as in a flow's record
//           epoch    u32      absent: not published
//           sha256   hex      of the text
//           detail   string
//   gap     cause    string   ring_full, disk_full, write_error, too_long, crash
//           lost     u64      records; 0: not known (crash) or none for certain (a failed sync)
//           from, to u64      their sequence numbers, both included; absent where lost is 0
//           detail   string
//   stop    why      string   signal, end of input, error
//           attempted, written, lost_ring, lost_disk   u64   records of this run, this one included
//           pkts, bytes, missed                        u64
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct notice_start {
	int64_t t;           // microseconds since 1970 UTC
	const char *version; // of the gateway
	const char *mode;    // "inline", "tap", "replay"
	const char *dpi;     // library and version, "nDPI 4.2.0"
	// Country and ASN databases, "PATH sha256:HEX built:RFC3339", n_db of them.
	const char *const *db;
	unsigned n_db;
	const char *warning; // NULL: none
};

struct notice_policy { // every attempt to put a policy into force
	int64_t t;
	const char *how;     // "boot", "reload", "watch", "push", "rollback", "promote",
			     // "withdraw", "expiry"
	const char *who;     // "uid:0", "signal"; NULL: the gateway itself
	const char *outcome; // "published", "refused", "expired", "shadow" (a candidate),
			     // "withdrawn" (it went)
	const char *id;      // NULL where the text did not parse that far
	uint32_t version;    // 0: not known
	uint32_t epoch;      // 0: not published
	const char *sha256;  // 64 hex digits, NULL where there was no text
	const char *detail;  // what was wrong, or what is not enforced; NULL: nothing to say
};

struct notice_gap { // made by the log itself
	int64_t t;
	int64_t t0;        // when the loss began; 0: not known
	const char *cause; // "ring_full", "disk_full", "write_error", "too_long", "crash"
	uint64_t lost;     // records; 0: not known
	// Their numbers, both included: just before this record's own, or before those of the gap
	// records between, where there were several causes.
	uint64_t from, to;
	const char *detail; // NULL: nothing to say
};

struct notice_stop {
	int64_t t;
	const char *why; // "signal", "end of input", "error"
	// Completeness, since start: attempted - lost = written (start and stop included).
	uint64_t attempted, written, lost_ring, lost_disk;
	uint64_t packets, bytes; // seen by the gateway, frames and their bytes
	uint64_t missed;         // counted by the ports as lost before the gateway saw them
};
