// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "fake_policy.h"

#include <string.h>

struct policy {
	struct policy_info info;
};

static const struct policy words = {
	.info = {.id = "lingang-park-egress", .version = 412, .n_rules = 3, .n_tenants = 2},
};

const struct policy *fake_policy(void)
{
	return &words;
}

const struct policy_info *policy_info(const struct policy *p)
{
	return &p->info;
}

void policy_rule(const struct policy *p, uint16_t rule, struct policy_rule_info *out)
{
	static const char *const basis[] = {"GDL-AUTO-AFTERSALES", "ASSESS-EXAMPLE-7"};

	memset(out, 0, sizeof(*out));
	switch (rule) {
	case FAKE_RULE_ALLOW:
		out->id = "gdl-auto";
		out->reason = "GENERAL_DATA_LIST";
		out->basis = basis;
		out->n_basis = 2;
		break;
	case FAKE_RULE_BLOCK:
		out->id = "p2p-block";
		out->reason = "PROHIBITED_APP";
		break;
	case FAKE_RULE_SHADOW:
		out->id = "trial-gdpr";
		out->reason = "TRIAL_PRESET";
		break;
	case POLICY_RULE_DEFAULT:
		out->id = "_default";
		out->reason = "NO_RULE";
		break;
	default:
		break;
	}
}

void policy_limit(const struct policy *p, uint16_t limit, struct policy_limit_info *out)
{
	memset(out, 0, sizeof(*out));
	if (limit == FAKE_LIMIT) {
		out->id = "gdl-day";
		out->reason = "DECLARED_VOLUME_EXCEEDED";
		out->action = POLICY_FLAG;
	}
}

const char *policy_tenant_name(const struct policy *p, uint32_t tenant)
{
#define TENANTS(d)                                                                                 \
	"tenant-" d "0", "tenant-" d "1", "tenant-" d "2", "tenant-" d "3", "tenant-" d "4",       \
		"tenant-" d "5", "tenant-" d "6", "tenant-" d "7", "tenant-" d "8",                \
		"tenant-" d "9"
	static const char *const many[] = {
		TENANTS("0"), TENANTS("1"), TENANTS("2"), "tenant-30", "tenant-31"};

	if (tenant >= FAKE_TENANTS && tenant - FAKE_TENANTS < 32) {
		return many[tenant - FAKE_TENANTS];
	}
	return tenant == FAKE_TENANT ? "auto-oem" : "_unlisted";
}

const char *policy_action_name(enum policy_action a)
{
	static const char *const names[] = {"allow", "flag", "block"};

	return names[a];
}

const char *policy_border_name(enum policy_border b)
{
	static const char *const names[] = {"home", "cross", "unknown"};

	return names[b];
}

const char *policy_severity_name(enum policy_severity s)
{
	static const char *const names[] = {NULL, "info", "low", "medium", "high", "critical"};

	return names[s];
}

const char *policy_conf_name(enum policy_conf c)
{
	static const char *const names[] = {NULL, "port", "ip", "cache", "dpi"};

	return names[c];
}
