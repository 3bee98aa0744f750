// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A flow from a line of the flow log.
#pragma once

#include "app/rows/row.h"
#include "app/simulate/flow.h"

// The keys that a simulation looks at, in the order of a record.
#define ROW_KEYS(X)                                                                                \
	X(ev)                                                                                      \
	X(gw)                                                                                      \
	X(fid)                                                                                     \
	X(t0)                                                                                      \
	X(t1)                                                                                      \
	X(src)                                                                                     \
	X(sport)                                                                                   \
	X(dst)                                                                                     \
	X(dport)                                                                                   \
	X(proto)                                                                                   \
	X(vlan)                                                                                    \
	X(tun)                                                                                     \
	X(init)                                                                                    \
	X(app)                                                                                     \
	X(master)                                                                                  \
	X(cat)                                                                                     \
	X(conf)                                                                                    \
	X(host)                                                                                    \
	X(hsrc)                                                                                    \
	X(risk)                                                                                    \
	X(asn)                                                                                     \
	X(cc)                                                                                      \
	X(ccs)                                                                                     \
	X(act)                                                                                     \
	X(rule)                                                                                    \
	X(reason)                                                                                  \
	X(limit)                                                                                   \
	X(pol)                                                                                     \
	X(ob)                                                                                      \
	X(rb)                                                                                      \
	X(db)                                                                                      \
	X(dpkt)                                                                                    \
	X(outcome)                                                                                 \
	X(sha256)

enum row_key {
#define X(name) ROW_##name,
	ROW_KEYS(X)
#undef X
	ROW_KEY_COUNT
};

struct row_cells {
	const struct cell *c[ROW_KEY_COUNT]; // NULL: not there
};

void row_pick(const struct row *row, struct row_cells *out);

enum row_kind {
	ROW_FLOW,
	ROW_LOCAL,       // both ends inside: no verdict
	ROW_UNDECIDED,   // the record is from before the verdict
	ROW_NOT_DECIDED, // the gateway took it by itself, without asking a policy
	ROW_WRONG,       // not what a record looks like
	ROW_NO_MEMORY,
};

// names: of the classifier that policies are read with. final: the label is what it will ever be.
// Words point into w.
enum row_kind row_flow(const struct row_cells *row, const struct policy_names *names,
	struct words *w, bool final, struct flow_known *out);
