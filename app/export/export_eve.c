// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Source: Suricata 7 user guide, "EVE JSON Format", and the events that it writes.

#include "app/export/cells.h"
#include "app/export/export.h"
#include "app/export/flow.h"

#include "app/evidence/crc32c.h"

#include <stdio.h>
#include <stdlib.h>

#define ZONE "+0000"
#define GID  1000 // signatures of the gateway: no other generator's, so no rule of Suricata's

static void put_text(struct json_out *j, const char *name, const char *text)
{
	cells_name(j, name);
	json_put_string(j, text, strlen(text));
}

static void put_number(struct json_out *j, const char *name, uint64_t v)
{
	cells_name(j, name);
	json_put_u64(j, v);
}

static void put_time(struct json_out *j, const char *name, bool known, int64_t t)
{
	const struct json_out before = *j;

	cells_name(j, name);
	if (!known || !flow_put_time(j, t, ZONE)) {
		*j = before;
	}
}

// Suricata's ids are below 2^53, which JavaScript still counts right. Of fid the worker stands in
// the upper eight bits (it goes to the upper eight of 53), and below it a count from 1.
static void put_flow_id(struct json_out *j, const struct row *r)
{
	uint64_t fid;

	if (cell_fid(row_find(r, "fid"), &fid)) {
		put_number(j, "flow_id", fid >> 56 << 45 | (fid & ((1ull << 45) - 1)));
	}
}

static void put_proto(struct json_out *j, unsigned proto)
{
	static const struct {
		unsigned number;
		const char *name;
	} names[] = {{1, "ICMP"}, {2, "IGMP"}, {6, "TCP"}, {17, "UDP"}, {33, "DCCP"}, {41, "IPv6"},
		{47, "GRE"}, {50, "ESP"}, {51, "AH"}, {58, "IPv6-ICMP"}, {89, "OSPFIGP"},
		{132, "SCTP"}, {136, "UDPLite"}};
	char text[8];

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == proto) {
			put_text(j, "proto", names[i].name);
			return;
		}
	}
	snprintf(text, sizeof(text), "%03u", proto & 255);
	put_text(j, "proto", text);
}

static void put_ends(struct json_out *j, const struct flow *f)
{
	const bool ports = f->has_ports && !f->is_icmp;

	cells_put_as(j, "vlan", f->row, "vlan");
	cells_put_as(j, "src_ip", f->row, "src");
	if (ports) {
		put_number(j, "src_port", f->ends.sport);
	}
	cells_put_as(j, "dest_ip", f->row, "dst");
	if (ports) {
		put_number(j, "dest_port", f->ends.dport);
	}
	if (f->has_proto) {
		put_proto(j, f->ends.proto);
	}
	if (f->has_ports && f->is_icmp) {
		put_number(j, "icmp_type", f->ends.sport);
		put_number(j, "icmp_code", f->ends.dport);
	}
	flow_put_community_id(j, f);
}

static void put_app(struct json_out *j, const struct flow *f)
{
	const char *name = flow_app_protocol(f);

	if (name != NULL) {
		put_text(j, "app_proto", name);
	}
}

static void put_counts(struct json_out *j, const struct flow *f)
{
	JSON_LITERAL(j, "\"pkts_toserver\":");
	json_put_u64(j, f->out.packets);
	put_number(j, "pkts_toclient", f->back.packets);
	put_number(j, "bytes_toserver", f->out.bytes);
	put_number(j, "bytes_toclient", f->back.bytes);
	put_time(j, "start", f->has_t0, f->t0);
}

// ---- flow

static const char *state_of(const struct flow *f)
{
	const struct cell *end = row_find(f->row, "end");

	if (cell_is(end, "fin", false) || cell_is(end, "rst", false)) {
		return "closed";
	}
	return f->out.packets != 0 && f->back.packets != 0 ? "established" : "new";
}

// Why the flow left the table, in Suricata's words; ours is in egress.end.
static const char *reason_of(const struct flow *f)
{
	const struct cell *end = row_find(f->row, "end");

	if (cell_is(end, "stop", false)) {
		return "shutdown";
	}
	return cell_is(end, "evict", false) || cell_is(end, "block", false) ||
			       cell_is(end, "active", false)
		       ? "forced"
		       : "timeout";
}

static void put_flow(struct json_out *j, const struct flow *f)
{
	put_app(j, f);
	JSON_LITERAL(j, ",\"flow\":{");
	put_counts(j, f);
	put_time(j, "end", f->has_t1, f->t1);
	if (f->has_t0 && f->has_t1 && f->t0 >= 0 && f->t1 >= f->t0) {
		put_number(j, "age", (uint64_t)(f->t1 / 1000000 - f->t0 / 1000000));
	}
	put_text(j, "state", state_of(f));
	put_text(j, "reason", reason_of(f));
	if (f->act == FLOW_FLAG || f->act == FLOW_BLOCK) {
		JSON_LITERAL(j, ",\"alerted\":true");
	} else {
		JSON_LITERAL(j, ",\"alerted\":false");
	}
	if (f->act == FLOW_BLOCK) {
		put_text(j, "action", "drop");
	}
	JSON_LITERAL(j, "}");
}

// ---- alert

// 1 is the highest of Suricata's three; 3 where the record says nothing.
static unsigned severity_of(const struct row *r)
{
	const struct cell *sev = row_find(r, "sev");

	if (cell_is(sev, "critical", false) || cell_is(sev, "high", false)) {
		return 1;
	}
	return cell_is(sev, "medium", false) ? 2 : 3;
}

// A number that stays the same for a reason given by a rule, and so in every export.
static uint64_t signature_of(const struct row *r)
{
	char text[320];
	size_t n = cell_text(row_find(r, "rule"), text, 128);

	text[n++] = '/';
	n += cell_text(row_find(r, "reason"), text + n, 128);
	return crc32c(text, n) & 0x7fffffff;
}

// What Suricata's alerts say of the application layer.
static void put_name(struct json_out *j, const struct row *r)
{
	const struct cell *source = row_find(r, "hsrc"), *ja3 = row_find(r, "ja3");
	const struct cell *host = row_find(r, "host");

	if (host != NULL && cell_is(source, "http", false)) {
		JSON_LITERAL(j, ",\"http\":{\"hostname\":");
		cells_put(j, host);
		JSON_LITERAL(j, "}");
	}
	if (host != NULL && cell_is(source, "sni", false)) {
		JSON_LITERAL(j, ",\"tls\":{\"sni\":");
		cells_put(j, host);
		if (ja3 != NULL) {
			JSON_LITERAL(j, ",\"ja3\":{\"hash\":");
			cells_put(j, ja3);
			JSON_LITERAL(j, "}");
		}
		JSON_LITERAL(j, "}");
	}
}

static void put_alert(struct json_out *j, const struct flow *f)
{
	JSON_LITERAL(j, ",\"alert\":{\"action\":");
	if (f->act == FLOW_BLOCK) {
		JSON_LITERAL(j, "\"blocked\"");
	} else {
		JSON_LITERAL(j, "\"allowed\"");
	}
	put_number(j, "gid", GID);
	put_number(j, "signature_id", signature_of(f->row));
	cells_put_as(j, "rev", f->row, "pol");
	cells_put_as(j, "signature", f->row, "reason");
	put_text(j, "category", "Egress policy");
	put_number(j, "severity", severity_of(f->row));
	JSON_LITERAL(j, "}");
	put_name(j, f->row);
	put_app(j, f);
	JSON_LITERAL(j, ",\"flow\":{");
	put_counts(j, f);
	JSON_LITERAL(j, "}");
}

// ---- engine

// "policy: push published oem-412"
static void put_engine(struct json_out *j, const struct row *r)
{
	static const char *const words[] = {
		"how", "outcome", "id", "cause", "lost", "why", "mode", "ver", "detail", "warn"};
	const bool bad =
		row_find(r, "cause") != NULL || cell_is(row_find(r, "outcome"), "refused", false);
	char message[1024];
	size_t n = cell_text(row_find(r, "ev"), message, 64);

	message[n++] = ':';
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct cell *c = row_find(r, words[i]);

		if (c != NULL && n + 2 < sizeof(message)) {
			message[n++] = ' ';
			n += cell_text(c, message + n, sizeof(message) - n);
		}
	}
	put_text(j, "log_level", bad ? "Warning" : "Notice");
	JSON_LITERAL(j, ",\"engine\":{\"message\":");
	json_put_string(j, message, n);
	JSON_LITERAL(j, "}");
}

// ---- the event

static const char *type_of(const struct flow *f)
{
	switch (f->ev) {
	case FLOW_END:
		return "flow";
	case FLOW_DECISION:
		return f->act == FLOW_FLAG || f->act == FLOW_BLOCK ? "alert" : NULL;
	case FLOW_UPDATE:
		return NULL;
	case FLOW_NOTICE:
		break;
	}
	return "engine";
}

bool export_eve(struct json_out *j, const struct row *r)
{
	static const char *const outside[] = {
		"src", "sport", "dst", "dport", "proto", "vlan", NULL};
	static const char *const none[] = {NULL};
	const char *type;
	struct flow f;

	flow_read(&f, r);
	type = type_of(&f);
	if (type == NULL) {
		return false;
	}
	JSON_LITERAL(j, "{");
	flow_put_timestamp(j, "timestamp", &f, ZONE);
	JSON_LITERAL(j, "\"event_type\":");
	json_put_string(j, type, strlen(type));
	cells_put_as(j, "host", r, "gw");
	if (f.ev == FLOW_NOTICE) {
		put_engine(j, r);
	} else {
		put_flow_id(j, r);
		put_ends(j, &f);
		if (f.ev == FLOW_END) {
			put_flow(j, &f);
		} else {
			put_alert(j, &f);
		}
	}
	JSON_LITERAL(j, ",\"egress\":{");
	cells_put_others(j, r, f.ev == FLOW_NOTICE ? none : outside);
	JSON_LITERAL(j, "}}");
	return true;
}
