// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/line.h"

#define RECORD_FORMAT "1"

void line_head(struct json_out *j, const struct line_source *s, const char *ev, uint64_t seq)
{
	JSON_LITERAL(j, "{\"v\":" RECORD_FORMAT ",\"ev\":");
	json_put_raw(j, ev, strlen(ev));
	JSON_KEY(j, "gw");
	json_put_raw(j, s->gateway, s->gateway_len);
	JSON_KEY(j, "seq");
	json_put_u64(j, seq);
}

static void put_text(struct json_out *j, const char *text)
{
	json_put_string(j, text, strlen(text));
}

static void put_ends(struct json_out *j, const struct record *r)
{
	const bool ports = record_has_ports(r->proto, r->sport, r->dport);

	JSON_KEY(j, "fid");
	json_put_hex64(j, r->fid);
	JSON_KEY(j, "t0");
	json_put_i64(j, r->t0);
	JSON_KEY(j, "t1");
	json_put_i64(j, r->t1);
	JSON_KEY(j, "src");
	json_put_address(j, r->version, r->src);
	if (ports) {
		JSON_KEY(j, "sport");
		json_put_u64(j, r->sport);
	}
	JSON_KEY(j, "dst");
	json_put_address(j, r->version, r->dst);
	if (ports) {
		JSON_KEY(j, "dport");
		json_put_u64(j, r->dport);
	}
	JSON_KEY(j, "proto");
	json_put_u64(j, r->proto);
}

static void put_tunnel(struct json_out *j, const struct record_tunnel *t)
{
	static const struct {
		const char *text;
		size_t len;
	} kinds[] = {
		[RECORD_TUN_IPIP] = {"\"ipip\"", 6},
		[RECORD_TUN_VXLAN] = {"\"vxlan:", 7},
		[RECORD_TUN_GENEVE] = {"\"geneve:", 8},
		[RECORD_TUN_GTPU] = {"\"gtpu:", 6},
		[RECORD_TUN_PPPOE] = {"\"pppoe:", 7},
		[RECORD_TUN_MPLS] = {"\"mpls:", 6},
		[RECORD_TUN_TZSP] = {"\"tzsp\"", 6},
		[RECORD_TUN_CAPWAP] = {"\"capwap\"", 8},
	};

	if (t->kind >= sizeof(kinds) / sizeof(kinds[0])) {
		JSON_LITERAL(j, "\"unknown\"");
		return;
	}
	json_put_raw(j, kinds[t->kind].text, kinds[t->kind].len);
	if (kinds[t->kind].text[kinds[t->kind].len - 1] == ':') {
		json_put_u64(j, t->id);
		JSON_LITERAL(j, "\"");
	}
}

static void put_tags(struct json_out *j, const struct record *r)
{
	const unsigned vlans = r->n_vlans < RECORD_MAX_VLANS ? r->n_vlans : RECORD_MAX_VLANS;
	const unsigned tunnels =
		r->n_tunnels < RECORD_MAX_TUNNELS ? r->n_tunnels : RECORD_MAX_TUNNELS;

	for (unsigned i = 0; i < vlans; i++) {
		if (i == 0) {
			JSON_LITERAL(j, ",\"vlan\":[");
		} else {
			JSON_LITERAL(j, ",");
		}
		json_put_u64(j, r->vlans[i]);
	}
	if (vlans != 0) {
		JSON_LITERAL(j, "]");
	}
	for (unsigned i = 0; i < tunnels; i++) {
		if (i == 0) {
			JSON_LITERAL(j, ",\"tun\":[");
		} else {
			JSON_LITERAL(j, ",");
		}
		put_tunnel(j, &r->tunnels[i]);
	}
	if (tunnels != 0) {
		JSON_LITERAL(j, "]");
	}
}

static void put_risks(struct json_out *j, const struct record_words *w, uint64_t risks)
{
	bool open = false;

	while (risks != 0 && w->risk != NULL) {
		const char *name = w->risk(w->ctx, (unsigned)__builtin_ctzll(risks));

		risks &= risks - 1;
		if (name == NULL) {
			continue;
		}
		if (open) {
			JSON_LITERAL(j, ",");
		} else {
			JSON_LITERAL(j, ",\"risk\":[");
			open = true;
		}
		put_text(j, name);
	}
	if (open) {
		JSON_LITERAL(j, "]");
	}
}

static void put_host(struct json_out *j, const struct record *r)
{
	static const char *const sources[] = {
		[RECORD_HOST_SNI] = "sni",
		[RECORD_HOST_HTTP] = "http",
		[RECORD_HOST_QUIC] = "quic",
		[RECORD_HOST_DNS] = "dns",
	};
	const size_t len = strnlen(r->host, RECORD_HOST_MAX);

	if (len == 0) {
		return;
	}
	JSON_KEY(j, "host");
	json_put_string(j, r->host, len);
	if (r->host_source < sizeof(sources) / sizeof(sources[0]) &&
		sources[r->host_source] != NULL) {
		JSON_KEY(j, "hsrc");
		put_text(j, sources[r->host_source]);
	}
}

static void put_label(struct json_out *j, const struct record_words *w, const struct record *r)
{
	const char *app = w->app != NULL ? w->app(w->ctx, r->app) : NULL;
	const char *master = w->app != NULL && r->master != 0 ? w->app(w->ctx, r->master) : NULL;
	const char *cat = w->category != NULL ? w->category(w->ctx, r->cat) : NULL;
	const char *conf = r->conf <= POLICY_CONF_DPI ? policy_conf_name(r->conf) : NULL;

	if (app != NULL) {
		JSON_KEY(j, "app");
		put_text(j, app);
	}
	if (master != NULL) {
		JSON_KEY(j, "master");
		put_text(j, master);
	}
	if (cat != NULL) {
		JSON_KEY(j, "cat");
		put_text(j, cat);
	}
	if (conf != NULL) {
		JSON_KEY(j, "conf");
		put_text(j, conf);
	}
	put_host(j, r);
	if (r->has_ja3) {
		JSON_KEY(j, "ja3");
		json_put_hex(j, r->ja3, sizeof(r->ja3));
	}
	put_risks(j, w, r->risks);
}

static bool is_upper(unsigned c)
{
	return c >= 'A' && c <= 'Z';
}

static void put_place(struct json_out *j, const struct record *r)
{
	const unsigned a = r->cc >> 8, b = r->cc & 0xff;
	const bool known = is_upper(a) && is_upper(b);
	const char cc[4] = {'"', known ? (char)a : 'X', known ? (char)b : 'X', '"'};

	if (r->asn != 0) {
		JSON_KEY(j, "asn");
		json_put_u64(j, r->asn);
	}
	JSON_KEY(j, "cc");
	json_put_raw(j, cc, sizeof(cc));
	switch (r->cc_source) {
	case RECORD_CC_DB:
		JSON_LITERAL(j, ",\"ccs\":\"db\"");
		break;
	case RECORD_CC_OVERRIDE:
		JSON_LITERAL(j, ",\"ccs\":\"override\"");
		break;
	default:
		JSON_LITERAL(j, ",\"ccs\":\"none\"");
		break;
	}
	JSON_KEY(j, "border");
	put_text(j, policy_border_name(r->border <= POLICY_BORDER_UNKNOWN ? r->border
									  : POLICY_BORDER_UNKNOWN));
}

static const char *exception_reason(unsigned exception)
{
	static const char *const reasons[RECORD_EXC_COUNT] = {
#define X(name, text) [RECORD_EXC_##name] = (text),
		RECORD_EXCEPTIONS(X)
#undef X
	};

	return exception < RECORD_EXC_COUNT ? reasons[exception] : NULL;
}

static void put_basis(struct json_out *j, const struct policy_rule_info *rule)
{
	if (rule->n_basis == 0) {
		return;
	}
	JSON_LITERAL(j, ",\"basis\":[");
	for (unsigned i = 0; i < rule->n_basis; i++) {
		if (i != 0) {
			JSON_LITERAL(j, ",");
		}
		put_text(j, rule->basis[i]);
	}
	JSON_LITERAL(j, "]");
}

// Where a limit is stricter than the rule, the reason is the limit's.
static const char *reason_of(unsigned exception, const struct policy_rule_info *rule,
	const struct policy_limit_info *limit)
{
	const char *reason = exception_reason(exception);

	if (reason != NULL) {
		return reason;
	}
	return limit->id != NULL && limit->action > rule->action ? limit->reason : rule->reason;
}

const char *record_reason(const struct policy *p, uint16_t rule, uint16_t limit, unsigned exception)
{
	struct policy_limit_info l;
	struct policy_rule_info r;

	policy_rule(p, rule, &r);
	policy_limit(p, limit, &l);
	return reason_of(exception, &r, &l);
}

static void put_verdict(struct json_out *j, const struct record *r)
{
	struct policy_rule_info rule = {0}, shadow = {0};
	struct policy_limit_info limit = {0};
	const char *reason;
	const char *sev =
		r->severity <= POLICY_SEV_CRITICAL ? policy_severity_name(r->severity) : NULL;

	JSON_KEY(j, "act");
	put_text(j, policy_action_name(r->action <= POLICY_BLOCK ? r->action : POLICY_BLOCK));
	if (r->policy != NULL) {
		policy_limit(r->policy, r->limit, &limit);
	}
	if (r->undecided && limit.id == NULL) {
		return;
	}
	if (r->policy != NULL) {
		policy_rule(r->policy, r->rule, &rule);
		policy_rule(r->policy, r->shadow, &shadow);
	}
	if (rule.id != NULL) {
		JSON_KEY(j, "rule");
		put_text(j, rule.id);
	}
	reason = reason_of(r->exception, &rule, &limit);
	if (reason != NULL) {
		JSON_KEY(j, "reason");
		put_text(j, reason);
	}
	if (sev != NULL) {
		JSON_KEY(j, "sev");
		put_text(j, sev);
	}
	put_basis(j, &rule);
	if (limit.id != NULL) {
		JSON_KEY(j, "limit");
		put_text(j, limit.id);
	}
	if (shadow.id != NULL) {
		JSON_KEY(j, "sh");
		put_text(j, shadow.id);
	}
}

// What a candidate would have decided: all of it, where a part of it is another.
static void put_candidate(struct json_out *j, const struct record *r)
{
	const char *reason =
		record_reason(r->candidate, r->cand_rule, r->cand_limit, r->cand_exception);
	struct policy_rule_info rule;

	policy_rule(r->candidate, r->cand_rule, &rule);
	JSON_KEY(j, "sact");
	put_text(j,
		policy_action_name(r->cand_action <= POLICY_BLOCK ? r->cand_action : POLICY_BLOCK));
	if (rule.id != NULL) {
		JSON_KEY(j, "srule");
		put_text(j, rule.id);
	}
	if (reason != NULL) {
		JSON_KEY(j, "sreason");
		put_text(j, reason);
	}
	JSON_KEY(j, "spol");
	json_put_u64(j, policy_info(r->candidate)->version);
}

static void put_counters(struct json_out *j, const struct record *r)
{
	JSON_KEY(j, "ob");
	json_put_u64(j, r->ob);
	JSON_KEY(j, "rb");
	json_put_u64(j, r->rb);
	JSON_KEY(j, "op");
	json_put_u64(j, r->op);
	JSON_KEY(j, "rp");
	json_put_u64(j, r->rp);
	JSON_KEY(j, "db");
	json_put_u64(j, r->db);
	JSON_KEY(j, "dp");
	json_put_u64(j, r->dp);
	JSON_KEY(j, "pb");
	json_put_u64(j, r->pb);
	JSON_KEY(j, "pp");
	json_put_u64(j, r->pp);
	if (r->dpkt != 0) {
		JSON_KEY(j, "dpkt");
		json_put_u64(j, r->dpkt);
	}
}

static const char *end_name(unsigned end)
{
	static const char *const names[] = {
		[RECORD_END_IDLE] = "idle",
		[RECORD_END_ACTIVE] = "active",
		[RECORD_END_FIN] = "fin",
		[RECORD_END_RST] = "rst",
		[RECORD_END_EVICT] = "evict",
		[RECORD_END_BLOCK] = "block",
		[RECORD_END_STOP] = "stop",
	};

	return end < sizeof(names) / sizeof(names[0]) ? names[end] : NULL;
}

static const char *event_name(unsigned ev)
{
	switch (ev) {
	case RECORD_DECISION:
		return "\"decision\"";
	case RECORD_UPDATE:
		return "\"update\"";
	default: // notices never come this way
		return "\"end\"";
	}
}

void line_record(
	struct json_out *j, const struct line_source *s, uint64_t seq, const struct record *r)
{
	const char *end = r->ev == RECORD_END ? end_name(r->end) : NULL;

	line_head(j, s, event_name(r->ev), seq);
	put_ends(j, r);
	put_tags(j, r);
	if (r->init == POLICY_INIT_OUTSIDE) {
		JSON_LITERAL(j, ",\"init\":\"outside\"");
	} else {
		JSON_LITERAL(j, ",\"init\":\"inside\"");
	}
	if (r->policy != NULL) {
		const char *tenant = policy_tenant_name(r->policy, r->tenant);

		if (tenant != NULL) {
			JSON_KEY(j, "tn");
			put_text(j, tenant);
		}
	}
	put_label(j, &s->words, r);
	if (!r->local) {
		put_place(j, r);
		put_verdict(j, r);
	}
	if (r->policy != NULL) {
		JSON_KEY(j, "pol");
		json_put_u64(j, policy_info(r->policy)->version);
	}
	if (r->candidate != NULL && !r->local && !r->undecided) {
		put_candidate(j, r);
	}
	put_counters(j, r);
	if (s->cap != NULL) {
		JSON_KEY(j, "cap");
		put_text(j, s->cap);
	}
	if (end != NULL) {
		JSON_KEY(j, "end");
		put_text(j, end);
	}
	JSON_LITERAL(j, "}\n");
}
