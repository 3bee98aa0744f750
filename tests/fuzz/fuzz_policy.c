// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Any text as a policy: refused with an error, or compiled, and then it gives a verdict on
// anything, which is explained as it is given and by no rule that lint calls dead, and its words
// outlive its engine.
#include "policy/explain.h"
#include "policy/lint.h"
#include "tests/fuzz/want.h"
#include "tests/model/unlabelled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NOW 1767225600 // 2026-01-01

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const apps[] = {"Unknown", "FTP_CONTROL", "DNS", "HTTP", "TLS", "SSH",
	"BitTorrent", "Tor", "DoH_DoT", "QUIC", "FTP_DATA", "SMBv23", "Dropbox"};
static const char *const categories[] = {
	"Unspecified", "Web", "VPN", "Cloud", "Email", "Database", "Download"};
static const char *const risks[] = {"XSS Attack", "Known Protocol on Non Standard Port",
	"Self-signed Certificate", "Obsolete TLS (v1.1 or older)"};

#define N(a) (sizeof(a) / sizeof((a)[0]))

static int find(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

static int app(void *ctx, const char *name)
{
	return find(apps, N(apps), name);
}

static int category(void *ctx, const char *name)
{
	return find(categories, N(categories), name);
}

static int risk(void *ctx, const char *name)
{
	return find(risks, N(risks), name);
}

static const char *app_at(void *ctx, size_t i)
{
	return i < N(apps) ? apps[i] : NULL;
}

static const char *category_at(void *ctx, size_t i)
{
	return i < N(categories) ? categories[i] : NULL;
}

static const char *risk_at(void *ctx, size_t i)
{
	return i < N(risks) ? risks[i] : NULL;
}

static const struct policy_names names = {.app = app,
	.category = category,
	.risk = risk,
	.app_at = app_at,
	.category_at = category_at,
	.risk_at = risk_at};

// The rules that lint calls dead: /rules/N, and nothing behind it.
static void find_dead(const struct policy *p, const char *text, size_t len, bool dead[])
{
	struct diag_list d;
	char line[4096], end;
	unsigned rule;

	diag_init(&d, "policy.json");
	want(policy_lint(p, text, len, NOW, &d) == 0 && !diag_failed(&d));
	for (size_t i = 0; i < d.n; i++) {
		diag_format(&d, i, line, sizeof(line));
		want(strchr(line, '\n') == NULL && d.v[i].line != 0);
		if (sscanf(d.v[i].pointer, "/rules/%u%c", &rule, &end) != 1)
			continue;
		want(rule < policy_info(p)->n_rules && strstr(d.v[i].what, "can never match"));
		dead[rule] = true;
	}
	diag_clear(&d);
}

static void explain(const struct policy *p, const struct policy_facts *f, int64_t now)
{
	const struct policy_question q = {
		.facts = *f, .vni = POLICY_VNI_NONE, .cc = POLICY_CC('U', 'S'), .now = now};
	struct policy_explanation e;

	want(policy_explain(p, &q, &names, &e) == 0 && e.differs == NULL);
	policy_explanation_free(&e);
}

static void check_words(const struct policy *p, const struct policy_verdict *v, const bool dead[])
{
	struct policy_rule_info rule, shadow;

	policy_rule(p, v->rule, &rule);
	policy_rule(p, v->shadow, &shadow);
	want(v->action <= POLICY_BLOCK && v->state <= POLICY_UNDECIDED);
	want(v->rule != POLICY_RULE_DEFAULT || strcmp(rule.id, "_default") == 0);
	want(v->rule >= POLICY_RULE_DEFAULT || (rule.id != NULL && rule.reason != NULL));
	want(v->rule >= POLICY_RULE_DEFAULT || (rule.enabled && !rule.shadow));
	want(v->shadow >= POLICY_RULE_DEFAULT || (shadow.enabled && shadow.shadow));
	want(v->rule >= POLICY_RULE_DEFAULT || !dead[v->rule]);
	want(v->shadow >= POLICY_RULE_DEFAULT || !dead[v->shadow]);
}

// A flow first without and then with its label: the final verdict is never undecided, and what was
// agreed on before holds after.
static void judge(const struct policy *p, struct policy_facts *f, int64_t now, const bool dead[])
{
	struct policy_verdict early, late;

	f->tenant = policy_tenant(p, &f->inside, 0, POLICY_VNI_NONE);
	want(f->tenant < policy_info(p)->n_tenants && policy_tenant_name(p, f->tenant) != NULL);
	policy_inside(p, &f->inside);
	f->cc = POLICY_CC('U', 'S');
	policy_override(p, &f->remote, &f->cc);
	f->border = (uint8_t)policy_border(p, f->cc);
	f->final = false;
	policy_eval(p, f, now, &early);
	check_words(p, &early, dead);
	explain(p, f, now);
	f->final = true;
	policy_eval(p, f, now, &late);
	check_words(p, &late, dead);
	explain(p, f, now);
	want(late.state == POLICY_DECIDED);
	if (early.state != POLICY_UNDECIDED)
		want((early.action == POLICY_BLOCK) == (late.action == POLICY_BLOCK));
}

static void use(struct policy *p, const char *text, size_t len)
{
	static const char *const hosts[] = {NULL, "diag.oem.example", "a.edc.example", ""};
	static const uint8_t inside[][4] = {{10, 20, 8, 1}, {10, 20, 200, 5}, {10, 99, 0, 1}};
	const struct policy_info *info = policy_info(p);
	bool dead[POLICY_MAX_RULES] = {false};
	int64_t now = NOW;

	find_dead(p, text, len, dead);
	for (unsigned i = 0; i < 12; i++) {
		struct policy_facts f = {.inside = {.version = 4},
			.remote = {.version = 4},
			.sport = 40000,
			.dport = i & 1 ? 443 : 22,
			.proto = i & 2 ? 17 : 6,
			.initiator = i & 1,
			.conf = POLICY_CONF_DPI,
			.app = (uint16_t)(i % N(apps)),
			.master = 4,
			.cat = 1,
			.risks = i,
			.host = hosts[i % N(hosts)]};

		memcpy(f.inside.b, inside[i % N(inside)], 4);
		memcpy(f.remote.b, "\xcb\x00\x71\x46", 4);
		judge(p, &f, now, dead);
		want(unlabelled_agrees(p, &f, now));
		now = policy_next_change(p, now);
		want(now > NOW);
		now = now == INT64_MAX ? NOW : now;
	}
	policy_free_engine(p);
	want(policy_info(p) == info && info->id != NULL && info->timezone != NULL);
	for (unsigned r = 0; r < info->n_rules; r++) {
		struct policy_rule_info rule;

		policy_rule(p, (uint16_t)r, &rule);
		want(rule.id != NULL && rule.reason != NULL && (rule.n_basis == 0 || rule.basis));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_list d;
	struct policy *p;
	char line[4096];

	diag_init(&d, "policy.json");
	p = policy_load((const char *)data, size, NOW, &names, &d);
	want((p != NULL) != diag_failed(&d));
	for (size_t i = 0; i < d.n; i++) {
		diag_format(&d, i, line, sizeof(line));
		want(strchr(line, '\n') == NULL);
	}
	if (p != NULL)
		use(p, (const char *)data, size);
	policy_free(p);
	diag_clear(&d);
	return 0;
}
