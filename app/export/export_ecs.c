// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Source: Elastic Common Schema 8.11, field reference.

#include "app/export/cells.h"
#include "app/export/export.h"
#include "app/export/flow.h"

#include <ctype.h>

#define ZONE        "Z"
#define ECS_VERSION "8.11.0"
#define VALUE_MAX   320

// An object whose members may all be missing: it is written with its first member.
struct object {
	struct json_out *j;
	const char *name;
	bool open;
};

static void begin(struct object *o)
{
	if (!o->open) {
		cells_name(o->j, o->name);
		JSON_LITERAL(o->j, "{");
		o->open = true;
	} else {
		JSON_LITERAL(o->j, ",");
	}
}

static void end(struct object *o)
{
	if (o->open) {
		JSON_LITERAL(o->j, "}");
	}
}

static void name(struct object *o, const char *member)
{
	begin(o);
	JSON_LITERAL(o->j, "\"");
	json_put_raw(o->j, member, strlen(member));
	JSON_LITERAL(o->j, "\":");
}

static void put_text(struct object *o, const char *member, const char *text)
{
	name(o, member);
	json_put_string(o->j, text, strlen(text));
}

static void put_number(struct object *o, const char *member, uint64_t v)
{
	name(o, member);
	json_put_u64(o->j, v);
}

static void put_cell(struct object *o, const char *member, const struct cell *c)
{
	if (c != NULL) {
		name(o, member);
		cells_put(o->j, c);
	}
}

// Keywords that are numbers in the record (rule.version).
static void put_cell_text(struct object *o, const char *member, const struct cell *c)
{
	char text[VALUE_MAX];

	if (c != NULL) {
		cell_text(c, text, sizeof(text));
		put_text(o, member, text);
	}
}

// ECS asks for lower case where it says so.
static void put_cell_lower(struct object *o, const char *member, const struct cell *c)
{
	char text[VALUE_MAX];
	size_t n;

	if (c != NULL) {
		n = cell_text(c, text, sizeof(text));
		for (size_t i = 0; i < n; i++) {
			text[i] = (char)tolower((unsigned char)text[i]);
		}
		put_text(o, member, text);
	}
}

static void put_time(struct object *o, const char *member, bool known, int64_t t)
{
	const struct json_out before = *o->j;
	const bool was_open = o->open;

	name(o, member);
	if (!known || !flow_put_time(o->j, t, ZONE)) {
		*o->j = before;
		o->open = was_open;
	}
}

// ---- event

static void put_flow_types(struct object *o, const struct flow *f)
{
	name(o, "type");
	JSON_LITERAL(o->j, "[\"connection\"");
	if (f->ev == FLOW_END) {
		JSON_LITERAL(o->j, ",\"end\"");
	}
	if (f->act == FLOW_BLOCK) {
		JSON_LITERAL(o->j, ",\"denied\"");
	} else if (f->act != FLOW_NO_VERDICT) {
		JSON_LITERAL(o->j, ",\"allowed\"");
	}
	JSON_LITERAL(o->j, "]");
}

static void put_kind(struct object *o, const struct flow *f)
{
	const struct row *r = f->row;
	const struct cell *ev = row_find(r, "ev"), *outcome = row_find(r, "outcome");
	const char *category = "network", *type = "info";

	if (f->ev != FLOW_NOTICE) {
		const bool alert =
			f->ev == FLOW_DECISION && (f->act == FLOW_FLAG || f->act == FLOW_BLOCK);

		put_text(o, "kind", alert ? "alert" : "event");
		JSON_LITERAL(o->j, ",\"category\":[\"network\"]");
		put_flow_types(o, f);
		return;
	}
	if (cell_is(ev, "policy", false)) {
		category = "configuration";
		type = "change";
	} else if (cell_is(ev, "start", false) || cell_is(ev, "stop", false)) {
		category = "process";
		type = cell_is(ev, "start", false) ? "start" : "end";
	}
	put_text(o, "kind", "event");
	JSON_LITERAL(o->j, ",\"category\":[");
	json_put_string(o->j, category, strlen(category));
	JSON_LITERAL(o->j, "],\"type\":[");
	json_put_string(o->j, type, strlen(type));
	JSON_LITERAL(o->j, "]");
	if (outcome != NULL) {
		put_text(o, "outcome", cell_is(outcome, "refused", false) ? "failure" : "success");
	}
}

// The steps of Elastic's risk scores.
static void put_severity(struct object *o, const struct row *r)
{
	static const struct {
		const char *name;
		unsigned score;
	} steps[] = {{"info", 0}, {"low", 21}, {"medium", 47}, {"high", 73}, {"critical", 99}};
	const struct cell *sev = row_find(r, "sev");

	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (cell_is(sev, steps[i].name, false)) {
			put_number(o, "severity", steps[i].score);
		}
	}
}

static void put_event(struct json_out *j, const struct flow *f)
{
	struct object o = {.j = j, .name = "event"};
	const struct row *r = f->row;
	uint64_t us, ns;

	put_kind(&o, f);
	put_cell(&o, "action", row_find(r, "ev"));
	put_text(&o, "module", "bridgehead");
	put_text(&o, "dataset", f->ev == FLOW_NOTICE ? "bridgehead.notice" : "bridgehead.flow");
	put_cell(&o, "sequence", row_find(r, "seq"));
	if (f->ev != FLOW_NOTICE) {
		put_time(&o, "start", f->has_t0, f->t0);
		put_time(&o, "end", f->has_t1, f->t1);
		if (f->has_t0 && f->has_t1 && f->t1 >= f->t0) {
			us = (uint64_t)f->t1 - (uint64_t)f->t0;
			if (!__builtin_mul_overflow(us, (uint64_t)1000, &ns) && ns <= INT64_MAX) {
				put_number(&o, "duration", ns);
			}
		}
	}
	put_severity(&o, r);
	put_cell(&o, "reason", row_find(r, "reason"));
	end(&o);
}

// ---- ends

// What is known of the remote end's place.
static void put_place(struct object *o, const struct row *r)
{
	const struct cell *cc = row_find(r, "cc"), *asn = row_find(r, "asn");

	if (cc != NULL && !cell_is(cc, "XX", false)) {
		name(o, "geo");
		JSON_LITERAL(o->j, "{\"country_iso_code\":");
		cells_put(o->j, cc);
		JSON_LITERAL(o->j, "}");
	}
	if (asn != NULL) {
		name(o, "as");
		JSON_LITERAL(o->j, "{\"number\":");
		cells_put(o->j, asn);
		JSON_LITERAL(o->j, "}");
	}
}

static void put_side(struct json_out *j, const struct flow *f, bool opener)
{
	struct object o = {.j = j, .name = opener ? "source" : "destination"};
	const struct row *r = f->row;
	const struct address *a = opener ? &f->ends.src : &f->ends.dst;
	const struct flow_side *s = opener ? &f->out : &f->back;

	put_cell(&o, a->version != 0 ? "ip" : "address", row_find(r, opener ? "src" : "dst"));
	if (f->has_ports && !f->is_icmp) {
		put_number(&o, "port", opener ? f->ends.sport : f->ends.dport);
	}
	if (f->ev == FLOW_END && s->known) {
		put_number(&o, "bytes", s->bytes);
		put_number(&o, "packets", s->packets);
	}
	if (!opener && !cell_is(row_find(r, "hsrc"), "dns", false)) { // a DNS name is another's
		put_cell(&o, "domain", row_find(r, "host"));
	}
	if (opener != f->from_inside && !f->local) {
		put_place(&o, r);
	}
	end(&o);
}

static const char *transport_of(const struct flow *f)
{
	static const struct {
		unsigned number;
		const char *name;
	} names[] = {{1, "icmp"}, {2, "igmp"}, {6, "tcp"}, {17, "udp"}, {33, "dccp"}, {47, "gre"},
		{50, "esp"}, {51, "ah"}, {58, "ipv6-icmp"}, {132, "sctp"}, {136, "udplite"}};

	for (unsigned i = 0; f->has_proto && i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == f->ends.proto) {
			return names[i].name;
		}
	}
	return NULL;
}

static void put_vlan(struct object *o, const struct row *r)
{
	static const char *const names[] = {"vlan", "inner"}; // of more tags the rest is ours alone
	const struct cell *list = row_find(r, "vlan");
	struct cell item;
	size_t at = 0;

	for (unsigned i = 0; list != NULL && i < 2 && cell_next(list, &at, &item); i++) {
		name(o, names[i]);
		if (i == 1) {
			JSON_LITERAL(o->j, "{\"vlan\":");
		}
		JSON_LITERAL(o->j, "{\"id\":\"");
		json_put_raw(o->j, item.text, item.kind == CELL_NUMBER ? item.len : 0);
		JSON_LITERAL(o->j, "\"}");
		if (i == 1) {
			JSON_LITERAL(o->j, "}");
		}
	}
}

static void put_network(struct json_out *j, const struct flow *f)
{
	struct object o = {.j = j, .name = "network"};
	const struct row *r = f->row;
	const char *transport = transport_of(f), *protocol = flow_app_protocol(f);
	uint64_t sum;

	if (f->ends.src.version != 0) {
		put_text(&o, "type", f->ends.src.version == 4 ? "ipv4" : "ipv6");
	}
	if (transport != NULL) {
		put_text(&o, "transport", transport);
	}
	put_cell_text(&o, "iana_number", row_find(r, "proto"));
	if (protocol != NULL) {
		put_text(&o, "protocol", protocol);
	}
	put_cell_lower(&o, "application", row_find(r, "app"));
	put_text(&o, "direction", f->local ? "internal" : f->from_inside ? "outbound" : "inbound");
	flow_put_community_id(j, f);
	if (f->ev == FLOW_END && f->out.known && f->back.known) {
		if (!__builtin_add_overflow(f->out.bytes, f->back.bytes, &sum)) {
			put_number(&o, "bytes", sum);
		}
		if (!__builtin_add_overflow(f->out.packets, f->back.packets, &sum)) {
			put_number(&o, "packets", sum);
		}
	}
	put_vlan(&o, r);
	end(&o);
}

// ---- the rest of the schema

static void put_rule(struct json_out *j, const struct row *r)
{
	struct object o = {.j = j, .name = "rule"};
	const struct cell *rule = row_find(r, "rule");

	if (rule != NULL) {
		put_cell(&o, "id", rule);
		put_cell(&o, "name", rule);
		put_cell_text(&o, "version", row_find(r, "pol"));
	}
	end(&o);
}

static void put_names(struct json_out *j, const struct row *r)
{
	const struct cell *ja3 = row_find(r, "ja3"), *host = row_find(r, "host");
	const struct cell *source = row_find(r, "hsrc");

	if (host != NULL && cell_is(source, "dns", false)) {
		JSON_LITERAL(j, ",\"dns\":{\"question\":{\"name\":");
		cells_put(j, host);
		JSON_LITERAL(j, "}}");
	}
	if (!cell_is(source, "sni", false) && !cell_is(source, "quic", false)) {
		host = NULL;
	}
	if (ja3 == NULL && host == NULL) {
		return;
	}
	JSON_LITERAL(j, ",\"tls\":{\"client\":{");
	if (ja3 != NULL) {
		JSON_LITERAL(j, "\"ja3\":");
		cells_put(j, ja3);
	}
	if (ja3 != NULL && host != NULL) {
		JSON_LITERAL(j, ",");
	}
	if (host != NULL) {
		JSON_LITERAL(j, "\"server_name\":");
		cells_put(j, host);
	}
	JSON_LITERAL(j, "}}");
}

static void put_related(struct json_out *j, const struct flow *f)
{
	const struct row *r = f->row;
	const struct cell *host = row_find(r, "host");

	if (f->ends.src.version == 0 || f->ends.dst.version == 0) {
		return;
	}
	JSON_LITERAL(j, ",\"related\":{\"ip\":[");
	cells_put(j, row_find(r, "src"));
	JSON_LITERAL(j, ",");
	cells_put(j, row_find(r, "dst"));
	JSON_LITERAL(j, "]");
	if (host != NULL) {
		JSON_LITERAL(j, ",\"hosts\":[");
		cells_put(j, host);
		JSON_LITERAL(j, "]");
	}
	JSON_LITERAL(j, "}");
}

static void put_observer(struct json_out *j, const struct row *r)
{
	struct object o = {.j = j, .name = "observer"};

	put_cell(&o, "name", row_find(r, "gw"));
	put_text(&o, "product", "Bridgehead");
	put_text(&o, "type", "firewall");
	end(&o);
}

// What stands elsewhere just as it is in the record. Type and code of ICMP have no field of ECS.
static void put_own(struct json_out *j, const struct flow *f)
{
	static const char *const of_flow[] = {
		"gw", "seq", "src", "sport", "dst", "dport", "proto", "reason", "rule", NULL};
	static const char *const of_icmp[] = {
		"gw", "seq", "src", "dst", "proto", "reason", "rule", NULL};
	static const char *const of_notice[] = {"gw", "seq", NULL};

	JSON_LITERAL(j, ",\"bridgehead\":{");
	cells_put_others(j, f->row,
		f->ev == FLOW_NOTICE ? of_notice
		: f->is_icmp         ? of_icmp
				     : of_flow);
	JSON_LITERAL(j, "}}");
}

bool export_ecs(struct json_out *j, const struct row *r)
{
	struct flow f;

	flow_read(&f, r);
	JSON_LITERAL(j, "{");
	flow_put_timestamp(j, "@timestamp", &f, ZONE);
	JSON_LITERAL(j, "\"ecs\":{\"version\":\"" ECS_VERSION "\"}");
	put_event(j, &f);
	if (f.ev != FLOW_NOTICE) {
		put_side(j, &f, true);
		put_side(j, &f, false);
		put_network(j, &f);
		put_rule(j, r);
		put_names(j, r);
		put_related(j, &f);
	}
	put_observer(j, r);
	put_own(j, &f);
	return true;
}
