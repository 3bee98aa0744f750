// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// An explanation as an operator reads it.

#include "app/operator/colour.h"
#include "app/operator/explain.h"
#include "app/operator/live.h"
#include "policy/country.h"
#include "policy/moment.h"
#include "policy/prefix.h"

#include <inttypes.h>
#include <string.h>

#define LABEL_COLUMN 10 // of "country", "verdict" and the like
#define FIELD_COLUMN 14 // "jurisdictions" and a space
#define TRUTH_COLUMN 9

struct page {
	const struct explain_answer *a;
	const struct policy *p;
	FILE *to;
	bool all, colour;
	int id_column;
};

static enum colour of_action(uint8_t action)
{
	static const enum colour colours[] = {COLOUR_GREEN, COLOUR_YELLOW, COLOUR_RED};

	return colours[action];
}

static enum colour of_truth(enum policy_truth t)
{
	static const enum colour colours[] = {COLOUR_DIM, COLOUR_YELLOW, COLOUR_GREEN};

	return colours[t];
}

static enum colour of_part(enum explain_part part)
{
	return part == EXPLAIN_HOLDS                                      ? COLOUR_GREEN
	       : part == EXPLAIN_CANDIDATE                                ? COLOUR_YELLOW
	       : part == EXPLAIN_SHADOW || part == EXPLAIN_SHADOW_PENDING ? COLOUR_BOLD
									  : COLOUR_DIM;
}

static void label(const struct page *g, const char *text)
{
	colour_put(g->to, g->colour, COLOUR_BOLD, LABEL_COLUMN, text);
}

static void heading(const struct page *g, const char *text)
{
	fputc('\n', g->to);
	colour_put(g->to, g->colour, COLOUR_BOLD, 0, text);
	fputc('\n', g->to);
}

// "tcp 10.20.9.7:49152 > 198.51.100.7:443": who opened it stands first.
static void print_ends(const struct page *g)
{
	const struct policy_facts *f = &g->a->now.facts;
	const struct policy_question *q = &g->a->asked->q;
	bool out = f->initiator == POLICY_INIT_INSIDE;
	const struct policy_addr *from = out ? &f->inside : &f->remote;
	const struct policy_addr *to = out ? &f->remote : &f->inside;
	char src[PREFIX_TEXT_MAX], dst[PREFIX_TEXT_MAX], ends[200];
	json_t *o;

	policy_addr_format(from, src);
	policy_addr_format(to, dst);
	o = json_pack("{s:i, s:s, s:s}", "proto", f->proto, "src", src, "dst", dst);
	if (f->proto == 6 || f->proto == 17 || f->proto == 132) {
		json_object_set_new(o, "sport", json_integer(f->sport));
		json_object_set_new(o, "dport", json_integer(f->dport));
	}
	live_ends(o, ends, sizeof(ends));
	json_decref(o);
	label(g, "flow");
	fprintf(g->to, "%s, opened from %s", ends, out ? "inside" : "outside");
	if (q->vlan != POLICY_VLAN_NONE)
		fprintf(g->to, ", VLAN %u", q->vlan);
	if (q->vni != POLICY_VNI_NONE)
		fprintf(g->to, ", VNI %u", q->vni);
	fputc('\n', g->to);
}

static void print_places(const struct page *g)
{
	const struct policy_explanation *e = &g->a->now;
	char cc[3], at[MOMENT_TEXT_MAX];

	label(g, "tenant");
	fprintf(g->to, "%s%s\n", e->tenant_why,
		e->facts.tenant == POLICY_TENANT_NONE ? ": _unlisted" : "");
	country_format(e->facts.cc, cc);
	label(g, "country");
	fprintf(g->to, "%s, border %s: %s\n", cc,
		policy_border_name((enum policy_border)e->facts.border),
		e->country_why != NULL ? e->country_why : g->a->asked->country_from);
	if (policy_inside(g->p, &e->facts.remote)) {
		label(g, "");
		fputs("--dst is in a tenant's prefix: such a flow may be local, and a gateway "
		      "does not decide on those\n",
			g->to);
	}
	if (e->facts.asn != 0) {
		label(g, "AS");
		fprintf(g->to, "AS%u\n", e->facts.asn);
	}
	moment_format(g->a->asked->q.now, at);
	label(g, "time");
	fprintf(g->to, "%s\n", at);
}

static void print_label(const struct page *g)
{
	const struct policy_facts *f = &g->a->now.facts;
	const struct dpi *d = g->a->p->dpi;
	const char *category = dpi_category_name(d, f->cat);

	label(g, "label");
	if (f->app == 0 && f->master == 0)
		fputs(f->final ? "Unknown" : "none yet", g->to);
	else
		fprintf(g->to, "%s%s%s%s%s, by %s", f->master ? dpi_app_name(d, f->master) : "",
			f->master ? "." : "", dpi_app_name(d, f->app),
			category != NULL ? " of " : "", category != NULL ? category : "",
			policy_conf_name((enum policy_conf)f->conf));
	fputs(f->final ? ", final\n" : ": classification goes on\n", g->to);
	label(g, "host");
	fprintf(g->to, "%s\n", f->host != NULL ? f->host : f->final ? "none" : "none seen yet");
	for (uint64_t left = f->risks; left != 0; left &= left - 1) {
		label(g, left == f->risks ? "risks" : "");
		fprintf(g->to, "%s\n", dpi_risk_name(d, (unsigned)__builtin_ctzll(left)));
	}
}

static void print_conditions(const struct page *g, const struct explain_match *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		fprintf(g->to, "        %-*s", FIELD_COLUMN, m->conditions[i].field);
		colour_put(g->to, g->colour, of_truth(m->conditions[i].is), TRUTH_COLUMN,
			policy_truth_name(m->conditions[i].is));
		fprintf(g->to, "%s\n", m->conditions[i].why);
	}
}

static void print_rule(const struct page *g, unsigned i)
{
	const struct explain_rule *r = &g->a->now.rules[i];
	struct policy_rule_info info;

	policy_rule(g->p, (uint16_t)i, &info);
	fprintf(g->to, "%4u  %-*s  ", i + 1, g->id_column, info.id);
	colour_put(g->to, g->colour, of_action(info.action), 7,
		policy_action_name((enum policy_action)info.action));
	colour_put(g->to, g->colour, of_part(r->part), 0, explain_part_name(r->part));
	if (r->off != NULL)
		fprintf(g->to, ": %s", r->off);
	fputc('\n', g->to);
	if (r->off == NULL || g->all)
		print_conditions(g, &r->match);
}

static void print_rules(const struct page *g)
{
	const struct policy_explanation *e = &g->a->now;
	unsigned n = policy_info(g->p)->n_rules, below = 0;
	struct policy_rule_info info;

	heading(g, "RULES, from the top: the first that holds decides");
	for (unsigned i = 0; i < n; i++) {
		bool skip = !g->all && e->holds < n && i > e->holds;

		below += skip;
		if (!skip)
			print_rule(g, i);
	}
	policy_rule(g->p, POLICY_RULE_DEFAULT, &info);
	if (e->holds != POLICY_RULE_DEFAULT) {
		if (below != 0)
			fprintf(g->to, "      %u more below %s not reached (--all shows them)\n",
				below, below == 1 ? "is" : "are");
		return;
	}
	fprintf(g->to, "      %-*s  ", g->id_column, info.id);
	colour_put(g->to, g->colour, of_action(info.action), 7,
		policy_action_name((enum policy_action)info.action));
	colour_put(g->to, g->colour, COLOUR_GREEN, 0, "holds");
	fputs(": no rule does\n", g->to);
}

static void print_reason(const struct page *g, const char *reason, uint8_t severity)
{
	const char *s = policy_severity_name((enum policy_severity)severity);

	if (reason != NULL)
		fprintf(g->to, " %s", reason);
	if (s != NULL)
		fprintf(g->to, ", %s", s);
}

static void print_pending(const struct page *g)
{
	const struct policy_pending *c = &policy_info(g->p)->pending;

	label(g, "");
	fprintf(g->to, "until the label is final, or %u packets, %" PRIu64 " bytes out or %u ms\n",
		g->a->now.facts.proto == 6 ? c->max_packets_tcp : c->max_packets_udp,
		c->max_bytes_out, c->max_ms);
}

// Who may still decide, and who does where none of them does.
static void print_candidates(const struct page *g, const struct policy_explanation *e)
{
	struct policy_rule_info info;

	for (unsigned i = 0; i <= policy_info(g->p)->n_rules; i++) {
		bool last = i == policy_info(g->p)->n_rules;

		if (!last && e->rules[i].part != EXPLAIN_CANDIDATE)
			continue;
		policy_rule(g->p, last ? e->holds : (uint16_t)i, &info);
		label(g, "");
		fputs(last ? "else " : "may become ", g->to);
		colour_put(g->to, g->colour, of_action(info.action), 0,
			policy_action_name((enum policy_action)info.action));
		print_reason(g, info.reason, info.severity);
		fprintf(g->to, ": by %s\n", info.id);
	}
}

static void print_basis(const struct page *g, const struct policy_rule_info *r)
{
	for (unsigned i = 0; i < r->n_basis; i++) {
		label(g, i == 0 ? "basis" : "");
		fprintf(g->to, "%s\n", r->basis[i]);
	}
}

static void print_verdict(const struct page *g, const struct policy_explanation *e)
{
	const struct policy_verdict *v = &e->verdict;
	const char *action = policy_action_name((enum policy_action)v->action);
	struct policy_rule_info rule, shadow;

	policy_rule(g->p, v->rule, &rule);
	label(g, "verdict");
	if (v->state == POLICY_UNDECIDED) {
		fputs("undecided: ", g->to);
		colour_put(g->to, g->colour, of_action(v->action), 0,
			v->action == POLICY_BLOCK ? "stopped" : "passes");
		fputs(" for now\n", g->to);
		print_pending(g);
		print_candidates(g, e);
	} else {
		colour_put(g->to, g->colour, of_action(v->action), 0, action);
		print_reason(g, explain_reason(g->p, v), v->severity);
		if (rule.id != NULL)
			fprintf(g->to, ": by %s", rule.id);
		fputs(v->expired ? ": the policy has expired\n" : "\n", g->to);
		if (v->state == POLICY_AGREED) {
			label(g, "");
			fprintf(g->to, "at once: all that may still decide agree on %s\n",
				v->action == POLICY_BLOCK ? "blocking" : "passing");
			print_candidates(g, e);
		}
		if (v->state == POLICY_DECIDED && !e->facts.final) {
			label(g, "");
			fputs("whatever the label will be\n", g->to);
		}
		print_basis(g, &rule);
	}
	if (v->shadow != POLICY_RULE_NONE) {
		policy_rule(g->p, v->shadow, &shadow);
		label(g, "shadow");
		fprintf(g->to, "%s would %s", shadow.id,
			policy_action_name((enum policy_action)shadow.action));
		print_reason(g, shadow.reason, shadow.severity);
		fputs(", and only says so\n", g->to);
	}
	if (v->capture_packets != 0) {
		label(g, "capture");
		fprintf(g->to, "the first %u packets, %u bytes of each\n", v->capture_packets,
			v->capture_snap);
	}
}

// "more than 1073741824 bytes out raise it to flag LARGE_UPLOAD, medium"
static void print_effect(const struct page *g, const struct policy_limit_info *l, uint8_t action)
{
	const struct {
		uint64_t n;
		const char *what;
	} most[] = {{l->bytes_out, "bytes out"}, {l->flows, "flows"}, {l->seconds, "seconds"}};
	const char *between = "        more than ";

	for (unsigned i = 0; i < 3; i++) {
		if (most[i].n == 0)
			continue;
		fprintf(g->to, "%s%" PRIu64 " %s", between, most[i].n, most[i].what);
		between = " or ";
	}
	if (l->action <= action) {
		fprintf(g->to, " change nothing: it is %s already\n",
			policy_action_name((enum policy_action)action));
		return;
	}
	fputs(" raise it to ", g->to);
	colour_put(g->to, g->colour, of_action(l->action), 0,
		policy_action_name((enum policy_action)l->action));
	print_reason(g, l->reason, l->severity);
	fputc('\n', g->to);
}

static void print_limits(const struct page *g, const struct policy_explanation *e)
{
	bool any = false;
	struct policy_limit_info l;
	char scope[64];

	for (unsigned i = 0; i < policy_info(g->p)->n_limits; i++) {
		const bool counts = explain_counts(e, i);

		if (!g->all && e->limits[i].is == POLICY_FALSE)
			continue;
		if (!any)
			heading(g, "LIMITS");
		any = true;
		policy_limit(g->p, (uint16_t)i, &l);
		explain_scope(&l, scope);
		fprintf(g->to, "      %-*s  ", g->id_column, l.id);
		colour_put(g->to, g->colour, counts ? COLOUR_GREEN : of_truth(e->limits[i].is), 0,
			counts                            ? "counts"
			: e->limits[i].is == POLICY_FALSE ? "no"
							  : "may count once it is decided");
		fprintf(g->to, ", %s\n", scope);
		print_conditions(g, &e->limits[i]);
		if (counts)
			print_effect(g, &l, e->verdict.action);
	}
	if (!any && policy_info(g->p)->n_limits != 0) {
		heading(g, "LIMITS");
		fputs("      none counts it\n", g->to);
	}
}

// Whether anything waits for the label.
static bool waits(const struct page *g)
{
	const struct policy_explanation *e = &g->a->now;

	for (unsigned i = 0; i < policy_info(g->p)->n_limits; i++)
		if (e->limits[i].is == POLICY_PENDING)
			return true;
	return e->verdict.state != POLICY_DECIDED;
}

void explain_print(const struct explain_answer *a, bool all, bool colour, FILE *to)
{
	struct page g = {.a = a, .p = a->p->policy, .to = to, .all = all, .colour = colour};
	const struct policy_info *info = policy_info(g.p);
	struct policy_rule_info rule;

	g.id_column = (int)strlen("_default");
	for (unsigned i = 0; i < info->n_rules; i++) {
		policy_rule(g.p, (uint16_t)i, &rule);
		if ((int)strlen(rule.id) > g.id_column)
			g.id_column = (int)strlen(rule.id);
	}
	label(&g, "policy");
	fprintf(to, "%s version %u\n", info->id, info->version);
	print_ends(&g);
	print_places(&g);
	print_label(&g);
	print_rules(&g);
	fputc('\n', to);
	print_verdict(&g, &a->now);
	print_limits(&g, &a->now);
	if (!a->has_cap || !waits(&g))
		return;
	heading(&g,
		"AT A CAP, where the label is still not there, it counts as Unknown and this is "
		"final:");
	print_verdict(&g, &a->cap);
	print_limits(&g, &a->cap);
}
