// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The cells of a record by name, found in one pass.
#pragma once

#include "app/rows/row.h"

// Keys of which a report tells, with their names in the log.
// clang-format off
#define FIELDS(X)                                                                                  \
	X(EV, "ev")                                                                                \
	X(GW, "gw")                                                                                \
	X(SEQ, "seq")                                                                              \
	X(FID, "fid")                                                                              \
	X(T0, "t0")                                                                                \
	X(T1, "t1")                                                                                \
	X(SRC, "src")                                                                              \
	X(SPORT, "sport") X(DST, "dst") X(DPORT, "dport") X(PROTO, "proto") X(TN, "tn") X(         \
		APP, "app") X(MASTER, "master") X(CONF, "conf") X(HOST, "host") X(HSRC, "hsrc")    \
		X(CC, "cc") X(CCS, "ccs") X(ACT, "act") X(RULE, "rule") X(REASON, "reason") X(     \
			SEV, "sev") X(BASIS, "basis") X(LIMIT, "limit") X(POL, "pol") X(OB, "ob")  \
			X(RB, "rb") X(DB, "db") X(PB, "pb") X(PP, "pp") X(DPKT, "dpkt") X(VER,     \
				"ver") X(MODE, "mode") X(DPI, "dpi") X(DBS, "dbs") X(WARN, "warn") \
				X(HOW, "how") X(WHO, "who") X(OUTCOME, "outcome") X(ID, "id") X(   \
					SHA256, "sha256") X(DETAIL, "detail") X(CAUSE, "cause")    \
					X(LOST, "lost") X(FROM, "from") X(TO, "to") X(WHY, "why")  \
						X(ATTEMPTED, "attempted") X(WRITTEN, "written")    \
							X(PKTS, "pkts") X(MISSED, "missed")        \
								X(CAP, "cap") X(RISK, "risk")
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
