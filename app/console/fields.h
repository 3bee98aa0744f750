// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The cells of a record by name, found in one pass.
#pragma once

#include "app/rows/row.h"

// The keys of the log with their names there, in its order: those of flows, then those of notices.
// Those of which no page tells are here, too, so that the search knows what it steps over.
// clang-format off
#define FIELDS(X)                                                                                  \
	X(V, "v") X(EV, "ev") X(GW, "gw") X(SEQ, "seq") X(FID, "fid") X(T0, "t0")                  \
	X(T1, "t1") X(SRC, "src") X(SPORT, "sport") X(DST, "dst") X(DPORT, "dport")                \
	X(PROTO, "proto") X(VLAN, "vlan") X(TUN, "tun") X(INIT, "init") X(TN, "tn")                \
	X(APP, "app") X(MASTER, "master") X(CAT, "cat") X(CONF, "conf") X(HOST, "host")            \
	X(HSRC, "hsrc") X(JA3, "ja3") X(RISK, "risk") X(ASN, "asn") X(CC, "cc")                    \
	X(CCS, "ccs") X(BORDER, "border") X(ACT, "act") X(RULE, "rule")                            \
	X(REASON, "reason") X(SEV, "sev") X(BASIS, "basis") X(LIMIT, "limit")                      \
	X(SH, "sh") X(SACT, "sact") X(SRULE, "srule") X(SREASON, "sreason")                        \
	X(SPOL, "spol") X(POL, "pol") X(OB, "ob") X(RB, "rb") X(OP, "op") X(RP, "rp")              \
	X(DB, "db") X(DP, "dp") X(PB, "pb") X(PP, "pp") X(DPKT, "dpkt") X(CAP, "cap")              \
	X(END, "end") X(VER, "ver") X(MODE, "mode") X(DPI, "dpi") X(DBS, "dbs")                    \
	X(WARN, "warn") X(HOW, "how") X(WHO, "who") X(OUTCOME, "outcome") X(ID, "id")              \
	X(SHA256, "sha256") X(DETAIL, "detail") X(CAUSE, "cause") X(LOST, "lost")                  \
	X(FROM, "from") X(TO, "to") X(WHY, "why") X(ATTEMPTED, "attempted")                        \
	X(WRITTEN, "written") X(PKTS, "pkts") X(MISSED, "missed")
// clang-format on

enum field {
#define X(name, text) FIELD_##name,
	FIELDS(X)
#undef X
	FIELD_COUNT
};

struct fields {
	const struct cell *v[FIELD_COUNT]; // NULL: absent; into the row
};

// "rule", ...
const char *field_key(enum field f);

void fields_find(struct fields *f, const struct row *r);
