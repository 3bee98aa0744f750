// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/simulate/row_flow.h"
#include "app/flowlog/record.h"
#include "policy/prefix.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	size_t len;
} keys[] = {
#define X(name) {#name, sizeof(#name) - 1},
	ROW_KEYS(X)
#undef X
};

void row_pick(const struct row *row, struct row_cells *out)
{
	unsigned at = 0; // records have their keys in one order: the next is soon found

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < row->n; i++) {
		const struct cell *c = &row->cells[i];

		for (unsigned tries = 0; tries < ROW_KEY_COUNT; tries++) {
			const unsigned k = (at + tries) % ROW_KEY_COUNT;

			if (keys[k].len != c->key_len ||
				memcmp(keys[k].name, c->key, c->key_len) != 0)
				continue;
			out->c[k] = c;
			at = k + 1;
			break;
		}
	}
}

static struct word *word_of(struct words *w, const struct cell *c)
{
	char plain[512];

	if (c->kind == CELL_STRING && memchr(c->text, '\\', c->len) == NULL)
		return words_get(w, c->text, c->len);
	return words_get(w, plain, cell_text(c, plain, sizeof(plain)));
}

// The text of a name that is kept; NULL where the cell is not there.
static const char *kept(struct words *w, const struct cell *c, bool *no_memory)
{
	const struct word *x = c != NULL ? word_of(w, c) : NULL;

	*no_memory |= c != NULL && x == NULL;
	return x != NULL ? x->text : NULL;
}

static int32_t asked(int32_t *cache, int (*find)(void *, const char *),
	const struct policy_names *n, const char *s)
{
	if (*cache == WORD_NOT_ASKED)
		*cache = find(n->ctx, s);
	return *cache;
}

static uint64_t number(const struct cell *c)
{
	uint64_t v;

	return cell_u64(c, &v) ? v : 0;
}

static bool address(const struct cell *c, struct policy_addr *out)
{
	char text[64];

	return c != NULL && c->kind == CELL_STRING && cell_text(c, text, sizeof(text)) != 0 &&
	       policy_addr_parse(text, out);
}

static bool action_of(const struct cell *c, uint8_t *out)
{
	for (uint8_t a = POLICY_ALLOW; a <= POLICY_BLOCK; a++)
		if (cell_is(c, policy_action_name(a), false)) {
			*out = a;
			return true;
		}
	return false;
}

// The outermost VLAN and the outermost VNI: what tenants are told apart by.
static void tags(const struct row_cells *row, struct flow_known *out)
{
	char text[128];
	unsigned long v;

	out->vlan = POLICY_VLAN_NONE;
	out->vni = POLICY_VNI_NONE;
	if (row->c[ROW_vlan] != NULL) {
		cell_text(row->c[ROW_vlan], text, sizeof(text));
		v = strtoul(text, NULL, 10);
		out->vlan = v <= 4094 ? (uint16_t)v : POLICY_VLAN_NONE;
	}
	if (row->c[ROW_tun] == NULL)
		return;
	cell_text(row->c[ROW_tun], text, sizeof(text));
	for (char *rest = text, *t; (t = strsep(&rest, ";")) != NULL;) {
		const char *colon = strchr(t, ':');

		if (colon == NULL ||
			(strncmp(t, "vxlan:", 6) != 0 && strncmp(t, "geneve:", 7) != 0))
			continue;
		v = strtoul(colon + 1, NULL, 10);
		out->vni = v < 1u << 24 ? (uint32_t)v : POLICY_VNI_NONE;
		return;
	}
}

static uint64_t risks(
	const struct row_cells *row, const struct policy_names *names, struct words *w)
{
	char text[4096];
	uint64_t bits = 0;

	if (row->c[ROW_risk] == NULL)
		return 0;
	cell_text(row->c[ROW_risk], text, sizeof(text));
	for (char *rest = text, *t; (t = strsep(&rest, ";")) != NULL;) {
		struct word *x = words_get(w, t, strlen(t));
		int32_t bit = x != NULL ? asked(&x->risk, names->risk, names, x->text) : -1;

		if (bit >= 0 && bit < POLICY_MAX_RISKS)
			bits |= 1ull << bit;
	}
	return bits;
}

static uint16_t app_id(const struct cell *c, const struct policy_names *names, struct words *w,
	const struct word **name)
{
	struct word *x = c != NULL ? word_of(w, c) : words_get(w, "Unknown", 7);
	int32_t id = x != NULL ? asked(&x->app, names->app, names, x->text) : 0;

	if (name != NULL)
		*name = x;
	return id > 0 ? (uint16_t)id : 0;
}

static void label(const struct row_cells *row, const struct policy_names *names, struct words *w,
	bool final, struct flow_known *out)
{
	struct policy_facts *f = &out->facts;
	struct word *cat = row->c[ROW_cat] != NULL ? word_of(w, row->c[ROW_cat]) : NULL;
	int32_t id = cat != NULL ? asked(&cat->category, names->category, names, cat->text) : 0;

	f->final = final || row->c[ROW_dpkt] != NULL;
	f->app = app_id(row->c[ROW_app], names, w, &out->app);
	f->master = row->c[ROW_master] != NULL ? app_id(row->c[ROW_master], names, w, NULL) : 0;
	f->cat = id > 0 ? (uint16_t)id : 0;
	f->conf = POLICY_CONF_NONE;
	for (unsigned c = POLICY_CONF_PORT; c <= POLICY_CONF_DPI; c++)
		if (cell_is(row->c[ROW_conf], policy_conf_name(c), false))
			f->conf = (uint8_t)c;
	f->risks = risks(row, names, w);
	out->host[0] = '\0';
	if (row->c[ROW_host] != NULL)
		cell_text(row->c[ROW_host], out->host, sizeof(out->host));
	// A name asked for in DNS is not the name of the remote end.
	f->host = out->host[0] != '\0' && row->c[ROW_hsrc] != NULL &&
				  !cell_is(row->c[ROW_hsrc], "dns", false)
			  ? out->host
			  : NULL;
}

static bool ends(const struct row_cells *row, struct flow_known *out)
{
	struct policy_facts *f = &out->facts;
	const bool outside = cell_is(row->c[ROW_init], "outside", false);
	const struct cell *cc = row->c[ROW_cc];

	f->initiator = outside ? POLICY_INIT_OUTSIDE : POLICY_INIT_INSIDE;
	f->sport = (uint16_t)number(row->c[ROW_sport]);
	f->dport = (uint16_t)number(row->c[ROW_dport]);
	f->proto = (uint8_t)number(row->c[ROW_proto]);
	f->asn = (uint32_t)number(row->c[ROW_asn]);
	if (cc == NULL || cc->kind != CELL_STRING || cc->len != 2)
		return false;
	out->cc = POLICY_CC(cc->text[0], cc->text[1]);
	for (unsigned i = 0; i < 2; i++)
		if (cc->text[i] < 'A' || cc->text[i] > 'Z')
			return false;
	out->overridden = cell_is(row->c[ROW_ccs], "override", false);
	return address(row->c[ROW_src], outside ? &f->remote : &f->inside) &&
	       address(row->c[ROW_dst], outside ? &f->inside : &f->remote);
}

// A reason of the gateway's own, other than that the policy has expired.
static bool own_reason(const char *reason)
{
	static const char *const own[] = {
#define X(name, text) (text),
		RECORD_EXCEPTIONS(X)
#undef X
	};

	for (unsigned i = 0; reason != NULL && i < RECORD_EXC_COUNT; i++)
		if (own[i] != NULL && i != RECORD_EXC_POLICY_EXPIRED && strcmp(own[i], reason) == 0)
			return true;
	return false;
}

enum row_kind row_flow(const struct row_cells *row, const struct policy_names *names,
	struct words *w, bool final, struct flow_known *out)
{
	bool no_memory = false;
	const char *rule;

	if (row->c[ROW_cc] == NULL && row->c[ROW_act] == NULL)
		return ROW_LOCAL;
	memset(out, 0, offsetof(struct flow_known, host));
	if (!cell_fid(row->c[ROW_fid], &out->fid) || !cell_i64(row->c[ROW_t0], &out->t0) ||
		!cell_i64(row->c[ROW_t1], &out->t1) || !ends(row, out) ||
		!action_of(row->c[ROW_act], &out->had.action))
		return ROW_WRONG;
	out->out = number(row->c[ROW_ob]);
	out->in = number(row->c[ROW_rb]);
	out->stopped = number(row->c[ROW_db]);
	out->gw = row->c[ROW_gw] != NULL ? word_of(w, row->c[ROW_gw]) : NULL;
	out->version = (uint32_t)number(row->c[ROW_pol]);
	tags(row, out);
	label(row, names, w, final, out);
	rule = kept(w, row->c[ROW_rule], &no_memory);
	out->had.rule = rule;
	out->had.reason = kept(w, row->c[ROW_reason], &no_memory);
	out->had.limit = out->passed = kept(w, row->c[ROW_limit], &no_memory);
	if (no_memory || out->app == NULL)
		return ROW_NO_MEMORY;
	if (own_reason(out->had.reason)) {
		if (rule == NULL)
			return ROW_NOT_DECIDED;
		out->raised = out->had.action;
		out->raised_reason = out->had.reason;
	}
	return out->had.reason == NULL ? ROW_UNDECIDED : ROW_FLOW;
}
