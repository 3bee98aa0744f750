// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Where a flow belongs, from the document alone: its tenant, and an override of its country.

#include "policy/country.h"
#include "policy/explain_part.h"

#include <stdlib.h>

enum tag {         // what tells tenants of one prefix apart, in rising order
	TAG_NONE,  // the tenant names no network
	TAG_VNI,   // it names the packet's VNI
	TAG_VLAN,  // it names the packet's VLAN
	TAG_OTHER, // it names others: not this one
};

static enum tag tag_of(const struct policy_tenant_doc *t, uint16_t vlan, uint32_t vni)
{
	for (unsigned i = 0; vlan != POLICY_VLAN_NONE && i < t->n_vlans; i++)
		if (t->vlans[i] == vlan)
			return TAG_VLAN;
	for (unsigned i = 0; vni != POLICY_VNI_NONE && i < t->n_vnis; i++)
		if (t->vnis[i] == vni)
			return TAG_VNI;
	return t->n_vlans + t->n_vnis == 0 ? TAG_NONE : TAG_OTHER;
}

// The longest prefix of the tenant that has the address: its length, -1 where the tenant has no
// prefixes and its network alone tells, -2 where none has it.
static int longest(const struct policy_tenant_doc *t, const struct policy_addr *a,
	const struct policy_prefix **which)
{
	int best = t->n_prefixes == 0 && t->n_vlans + t->n_vnis != 0 ? -1 : -2;

	for (unsigned i = 0; i < t->n_prefixes; i++)
		if (t->prefixes[i].len > best && prefix_covers(&t->prefixes[i], a)) {
			best = t->prefixes[i].len;
			*which = &t->prefixes[i];
		}
	return best;
}

static const char *keep(struct arena *a, const struct words *w)
{
	const char *s = arena_strdup(a, w->text);

	return s != NULL ? s : "";
}

uint32_t explain_tenant(const struct policy_doc *d, const struct policy_addr *inside, uint16_t vlan,
	uint32_t vni, struct arena *a, const char **why)
{
	const struct policy_prefix *best = NULL;
	uint32_t tenant = POLICY_TENANT_NONE;
	char addr[PREFIX_TEXT_MAX], prefix[PREFIX_TEXT_MAX];
	enum tag best_tag = TAG_NONE;
	bool elsewhere = false; // tenants of other networks have it
	struct words w = {0};
	int best_len = -2;

	for (uint32_t i = 1; i < d->info.n_tenants; i++) {
		enum tag tag = tag_of(&d->tenants[i], vlan, vni);
		const struct policy_prefix *p = NULL;
		int len = longest(&d->tenants[i], inside, &p);

		if (tag == TAG_OTHER) {
			elsewhere |= len >= 0;
		} else if (len > best_len || (len == best_len && len > -2 && tag > best_tag)) {
			tenant = i;
			best = p;
			best_len = len;
			best_tag = tag;
		}
	}
	policy_addr_format(inside, addr);
	if (best != NULL) {
		prefix_format(best, prefix);
		words_add(&w, "%s is in %s of %s", addr, prefix, d->tenants[tenant].name);
	} else if (tenant != POLICY_TENANT_NONE) {
		words_add(&w, "the network is that of %s", d->tenants[tenant].name);
	} else {
		words_add(&w, "%s is of no tenant%s", addr,
			elsewhere ? ": those that have it name other VLANs or VNIs" : "");
	}
	if (best_tag == TAG_VLAN)
		words_add(&w, ", VLAN %u", vlan);
	if (best_tag == TAG_VNI)
		words_add(&w, ", VNI %u", vni);
	*why = keep(a, &w);
	return tenant;
}

bool explain_override(const struct policy_doc *d, const struct policy_addr *remote, uint16_t *cc,
	struct arena *a, const char **why)
{
	const struct policy_override_doc *best = NULL;
	char prefix[PREFIX_TEXT_MAX], code[3];
	struct words w = {0};
	char *note;

	*why = NULL;
	for (unsigned i = 0; i < d->info.n_overrides; i++) {
		const struct policy_override_doc *o = &d->overrides[i];

		if (prefix_covers(&o->prefix, remote) &&
			(best == NULL || o->prefix.len > best->prefix.len))
			best = o;
	}
	if (best == NULL)
		return false;
	*cc = best->cc;
	prefix_format(&best->prefix, prefix);
	country_format(best->cc, code);
	words_add(&w, "the policy's override of %s gives %s", prefix, code);
	note = best->note != NULL ? diag_one_line(best->note) : NULL;
	if (note != NULL)
		words_add(&w, " (%s)", note);
	free(note);
	*why = keep(a, &w);
	return true;
}
