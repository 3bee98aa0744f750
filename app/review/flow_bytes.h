// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Bytes of flows, each once, whatever records tell of them: an update counts since the update
// before, a decision so far, an end over the flow's whole life (app/flowlog/record.h). So of each
// record only that counts by which it says more than those before it. Bounded: of flows that have
// begun and not ended.
#pragma once

#include "app/rows/row.h"

#include <stdbool.h>
#include <stdint.h>

#define FLOW_BYTES_MAX (1u << 22) // flows; some 64 bytes each, in a table that is half full

enum flow_ev {
	FLOW_EV_DECISION,
	FLOW_EV_UPDATE,
	FLOW_EV_END, // or the only record of a packet that has no flow
};

struct flow_record {
	// Of the gateway, the flow's id and its ends: ids begin anew with each run of a gateway.
	uint64_t flow;
	int64_t t0, t1;
	uint64_t bytes[2]; // outbound, inbound
	uint8_t ev, act;   // enum flow_ev; the verdict, as a number
};

// False: it is no record of a flow. What it says counts as it stands.
bool flow_record_read(const struct row *r, struct flow_record *out);

struct flow_bytes;

struct flow_bytes *flow_bytes_new(void); // NULL without memory
void flow_bytes_free(struct flow_bytes *f);

// The bytes by which the record says more than those of its flow before it. *group is that of the
// record, and becomes that of the one before where the verdict changed in between: until then the
// old one was in force. 0, -ENOMEM, or -E2BIG: more flows go on than FLOW_BYTES_MAX.
int flow_bytes_take(
	struct flow_bytes *f, const struct flow_record *r, uint64_t more[2], uint32_t *group);
