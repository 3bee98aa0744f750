// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/export/flow.h"

#include <stdio.h>
#include <time.h>

static enum flow_ev ev_of(const struct row *r)
{
	const struct cell *ev = row_find(r, "ev");

	if (cell_is(ev, "end", false)) {
		return FLOW_END;
	}
	if (cell_is(ev, "decision", false)) {
		return FLOW_DECISION;
	}
	return cell_is(ev, "update", false) ? FLOW_UPDATE : FLOW_NOTICE;
}

// Without a reason act is what was done until there was a verdict.
static enum flow_act act_of(const struct row *r)
{
	const struct cell *act = row_find(r, "act");

	if (act == NULL || row_find(r, "reason") == NULL) {
		return FLOW_NO_VERDICT;
	}
	if (cell_is(act, "block", false)) {
		return FLOW_BLOCK;
	}
	return cell_is(act, "flag", false) ? FLOW_FLAG : FLOW_ALLOW;
}

static struct flow_side side(const struct row *r, const char *bytes, const char *packets)
{
	struct flow_side s = {0};

	s.known = cell_u64(row_find(r, bytes), &s.bytes) &&
		  cell_u64(row_find(r, packets), &s.packets);
	return s;
}

static bool small(const struct row *r, const char *key, uint64_t max, uint64_t *v)
{
	return cell_u64(row_find(r, key), v) && *v <= max;
}

static void read_ends(struct flow *f, const struct row *r)
{
	uint64_t proto, sport, dport;

	f->ends.src = address_parse(row_find(r, "src"));
	f->ends.dst = address_parse(row_find(r, "dst"));
	f->has_proto = small(r, "proto", 255, &proto);
	if (f->has_proto) {
		f->ends.proto = (uint8_t)proto;
	}
	f->is_icmp = f->has_proto && (proto == 1 || proto == 58);
	f->has_ports = small(r, "sport", 65535, &sport) && small(r, "dport", 65535, &dport);
	if (f->has_ports) {
		f->ends.sport = (uint16_t)sport;
		f->ends.dport = (uint16_t)dport;
	}
}

void flow_read(struct flow *f, const struct row *r)
{
	*f = (struct flow){.row = r, .ev = ev_of(r)};
	f->has_t0 = cell_i64(row_find(r, "t0"), &f->t0);
	f->has_t1 = cell_i64(row_find(r, "t1"), &f->t1);
	if (f->ev == FLOW_NOTICE) {
		return;
	}
	f->act = act_of(r);
	read_ends(f, r);
	f->local = row_find(r, "border") == NULL;
	f->from_inside = cell_is(row_find(r, "init"), "inside", false);
	f->out = f->from_inside ? side(r, "ob", "op") : side(r, "rb", "rp");
	f->back = f->from_inside ? side(r, "rb", "rp") : side(r, "ob", "op");
}

void flow_put_community_id(struct json_out *j, const struct flow *f)
{
	char id[COMMUNITY_ID_TEXT];

	if (f->has_proto && community_id(&f->ends, id)) {
		JSON_KEY(j, "community_id");
		json_put_string(j, id, strlen(id));
	}
}

const char *flow_app_protocol(const struct flow *f)
{
	static const struct {
		const char *ndpi, *name;
	} names[] = {
		{"DCE_RPC", "dcerpc"},
		{"DHCP", "dhcp"},
		{"DNP3", "dnp3"},
		{"DNS", "dns"},
		{"EthernetIP", "enip"},
		{"FTP_CONTROL", "ftp"},
		{"FTP_DATA", "ftp-data"},
		{"HTTP", "http"},
		{"HTTP_Proxy", "http"},
		{"IMAP", "imap"},
		{"IMAPS", "tls"},
		{"Kerberos", "krb5"},
		{"LDAP", "ldap"},
		{"MQTT", "mqtt"},
		{"Modbus", "modbus"},
		{"NFS", "nfs"},
		{"NTP", "ntp"},
		{"POP3", "pop3"},
		{"POPS", "tls"},
		{"PostgreSQL", "pgsql"},
		{"QUIC", "quic"},
		{"RDP", "rdp"},
		{"SIP", "sip"},
		{"SMBv1", "smb"},
		{"SMBv23", "smb"},
		{"SMTP", "smtp"},
		{"SMTPS", "tls"},
		{"SNMP", "snmp"},
		{"SSH", "ssh"},
		{"TFTP", "tftp"},
		{"TLS", "tls"},
		{"Telnet", "telnet"},
		{"VNC", "rfb"},
		{"WebSocket", "websocket"},
	};
	const struct cell *master = row_find(f->row, "master");
	const struct cell *c = master != NULL ? master : row_find(f->row, "app");

	for (unsigned i = 0; c != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		if (cell_is(c, names[i].ndpi, true)) {
			return names[i].name;
		}
	}
	return NULL;
}

bool flow_put_time(struct json_out *j, int64_t t, const char *zone)
{
	const time_t seconds = (time_t)(t / 1000000);
	char text[48];
	struct tm tm;
	size_t n;

	if (t < 0 || gmtime_r(&seconds, &tm) == NULL || tm.tm_year + 1900 > 9999) {
		return false;
	}
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%06u%s", (unsigned)(t % 1000000), zone);
	json_put_string(j, text, strlen(text));
	return true;
}

void flow_put_timestamp(struct json_out *j, const char *key, const struct flow *f, const char *zone)
{
	const struct json_out before = *j;

	json_put_string(j, key, strlen(key));
	JSON_LITERAL(j, ":");
	if (f->has_t1 && flow_put_time(j, f->t1, zone)) {
		JSON_LITERAL(j, ",");
	} else {
		*j = before;
	}
}
