// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the event schemas need to know of a record: its fields turned from "outbound and inbound" to
// "who opened the flow and who answered", and the words of other tools.
#pragma once

#include "app/export/community_id.h"
#include "app/flowlog/json.h"

enum flow_ev { // an event that is of no flow, or not known: FLOW_NOTICE
	FLOW_DECISION,
	FLOW_UPDATE,
	FLOW_END,
	FLOW_NOTICE,
};

enum flow_act {
	FLOW_NO_VERDICT, // none yet, or a local flow
	FLOW_ALLOW,
	FLOW_FLAG,
	FLOW_BLOCK,
};

struct flow_side {
	bool known;
	uint64_t bytes, packets;
};

struct flow {
	const struct row *row;
	enum flow_ev ev;
	enum flow_act act;
	bool has_t0, has_t1;
	int64_t t0, t1; // microseconds since 1970 UTC
	bool has_proto, has_ports, is_icmp;
	struct community_ends ends; // src opened the flow; ports or type and code
	bool local;                 // both ends inside
	bool from_inside;           // who opened it
	struct flow_side out; // what the end that opened it sent; an update's since the one before
	struct flow_side back;
};

// Borrows the row.
void flow_read(struct flow *f, const struct row *r);

// ,"community_id":"1:…", or nothing where the ends are not known.
void flow_put_community_id(struct json_out *j, const struct flow *f);

// The name that Suricata and Zeek have for the protocol of nDPI's label ("tls" of TLS.Google);
// NULL: they have none.
const char *flow_app_protocol(const struct flow *f);

// A time as "2026-11-24T09:00:00.000000" and the zone, in quotes. False, and nothing is written:
// no year from 1970 to 9999.
bool flow_put_time(struct json_out *j, int64_t t, const char *zone);

// "key":TIME, for the first member of an object: when the record's flow was last seen, or the
// notice written. Nothing where that is no time.
void flow_put_timestamp(
	struct json_out *j, const char *key, const struct flow *f, const char *zone);
