// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The flow log's record in its plain, fixed-size form: what a worker writes and a writer reads.
//
// A record refers to words by number (nDPI ids, rule and tenant indexes of a policy); the writer
// turns it into a line of JSON. The policy that `policy` names stays readable (policy_free_engine()
// at most) until every record that points at it has been written.
#pragma once

#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_ev {
	RECORD_DECISION,
	RECORD_UPDATE,
	RECORD_END,
	RECORD_POLICY, // the following four are made by the control side, see notice.h
	RECORD_GAP,
	RECORD_START,
	RECORD_STOP,
};

enum record_end {
	RECORD_END_NONE, // the flow goes on
	RECORD_END_IDLE,
	RECORD_END_ACTIVE,
	RECORD_END_FIN,
	RECORD_END_RST,
	RECORD_END_EVICT,
	RECORD_END_BLOCK,
	RECORD_END_STOP,
};

enum record_host_source {
	RECORD_HOST_NONE,
	RECORD_HOST_SNI,
	RECORD_HOST_HTTP,
	RECORD_HOST_QUIC,
	RECORD_HOST_DNS,
};

enum record_cc_source {
	RECORD_CC_NONE,
	RECORD_CC_DB,
	RECORD_CC_OVERRIDE,
};

enum record_tunnel_kind {
	RECORD_TUN_IPIP, // IP in IP of any versions (RFC 2003, 2473, 4213); no id
	RECORD_TUN_VXLAN,
	RECORD_TUN_GENEVE,
	RECORD_TUN_GTPU,
	RECORD_TUN_PPPOE, // session id
	RECORD_TUN_MPLS,  // outermost label
	RECORD_TUN_TZSP,  // no id, as the next
	RECORD_TUN_CAPWAP,
};

struct record_tunnel {
	uint8_t kind;
	uint32_t id;
};

// Why the gateway itself, not a rule, gave the verdict. The names are reason codes in the record.
#define RECORD_EXCEPTIONS(X)                                                                       \
	X(NONE, NULL)                                                                              \
	X(FLOW_TABLE_FULL, "FLOW_TABLE_FULL")                                                      \
	X(DPI_FULL, "DPI_CONTEXTS_FULL")                                                           \
	X(MALFORMED, "MALFORMED_PACKET")                                                           \
	X(POLICY_EXPIRED, "POLICY_EXPIRED")                                                        \
	X(RING_FULL, "RECORD_RING_FULL")                                                           \
	X(LOG_FULL, "LOG_DISK_FULL")                                                               \
	X(OVERLOAD, "OVERLOAD")

enum record_exception {
#define X(name, text) RECORD_EXC_##name,
	RECORD_EXCEPTIONS(X)
#undef X
	RECORD_EXC_COUNT
};

#define RECORD_MAX_VLANS   4
#define RECORD_MAX_TUNNELS 3
#define RECORD_HOST_MAX    255

struct flow_capture; // flow_capture.h

struct record {
	uint8_t ev;      // enum record_ev: DECISION, UPDATE or END
	uint8_t end;     // enum record_end
	uint8_t version; // IP version of src and dst: 4 or 6
	uint8_t proto;
	uint8_t init;   // enum policy_initiator
	uint8_t action; // enum policy_action
	uint8_t severity;
	uint8_t exception; // enum record_exception; not NONE: it gives the reason instead of the
			   // rule
	uint8_t border;    // enum policy_border
	uint8_t cc_source; // enum record_cc_source
	uint8_t conf;      // enum policy_conf
	uint8_t host_source;
	uint8_t n_vlans, n_tunnels;
	uint8_t cand_action, cand_exception;
	bool undecided; // no verdict yet: act is what the pending action does, rule and reason are
			// left out
	bool local;     // both ends inside: border, country and verdict are left out
	bool has_ja3;
	uint16_t sport, dport; // host order; ICMP: type and code; 0 where the protocol has none
	uint16_t cc;
	uint16_t rule, shadow; // as in struct policy_verdict
	uint16_t limit;        // that was passed and holds the verdict up; POLICY_LIMIT_NONE
	uint16_t cand_rule, cand_limit;
	uint16_t app, master, cat;        // classifier ids; master 0: none
	uint16_t vlans[RECORD_MAX_VLANS]; // outermost first
	uint32_t tenant;
	uint32_t asn;
	uint32_t dpkt; // 0: the label never settled
	uint64_t fid;
	int64_t t0, t1; // microseconds since 1970 UTC
	// Forwarded (ob, rb, op, rp) and stopped (db, dp); what was stopped is in no other count.
	// In an UPDATE since the update before, in a DECISION so far, in an END over the flow's
	// whole life.
	uint64_t ob, rb, op, rp, db, dp, pb, pp;
	uint64_t risks;
	// The flow's first packets; whoever takes the record gives it back
	// (flow_capture_release()). NULL: none.
	struct flow_capture *capture;
	const struct policy *policy; // whose indexes these are; NULL: none was in force
	// Where a candidate policy would have decided otherwise: its words, and its verdict as
	// above. NULL: there is none, or it says the same.
	const struct policy *candidate;
	uint8_t src[16], dst[16]; // of the end that opened the flow, and of the other
	struct record_tunnel tunnels[RECORD_MAX_TUNNELS];
	uint8_t ja3[16]; // MD5, binary
	char host[RECORD_HOST_MAX + 1];
};

// Of a protocol without ports they are unknown, not 0.
static inline bool record_has_ports(uint8_t proto, uint16_t sport, uint16_t dport)
{
	switch (proto) {
	case 1:   // ICMP: type and code
	case 6:   // TCP
	case 17:  // UDP
	case 33:  // DCCP
	case 58:  // ICMPv6: type and code
	case 132: // SCTP
	case 136: // UDP-Lite
		return true;
	default:
		return sport != 0 || dport != 0;
	}
}

// The reason code of a verdict: the exception's, the limit's where that is stricter than the rule,
// or the rule's. NULL: none.
const char *record_reason(
	const struct policy *p, uint16_t rule, uint16_t limit, unsigned exception);

// What turns ids into nDPI's names. Each may return NULL: unknown, the field is left out.
struct record_words {
	void *ctx;
	const char *(*app)(void *ctx, uint16_t id);
	const char *(*category)(void *ctx, uint16_t id);
	const char *(*risk)(void *ctx, unsigned bit);
};

// Where a worker's records go: a ring (live) or the log itself (replay). emit never blocks the
// caller for longer than a write to memory when live; a record that cannot be taken is counted by
// whoever refused it, and emit returns -ENOSPC.
struct record_sink {
	void *ctx;
	int (*emit)(void *ctx, const struct record *r);
};
