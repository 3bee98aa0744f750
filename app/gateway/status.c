// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The answer to `bhctl policy status`: what is in force on this gateway and what stands beside it,
// so that whoever looks after many gateways can compare them.

#include "app/control/policy_file.h"
#include "app/gateway/gateway_policy.h"

#include <stdio.h>

static void put(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

// Sums the workers' counters, which they go on writing.
static void add_moves(
	const struct gateway *g, const struct policy_generation *gen, struct policy_moves *sum)
{
	for (unsigned w = 0; w < g->shadow.n_readers; w++) {
		const struct policy_moves *m = policy_slot_moves(gen, g->shadow.readers[w]);

		for (unsigned a = 0; a <= POLICY_BLOCK; a++)
			for (unsigned b = 0; b <= POLICY_BLOCK; b++)
				sum->flows[a][b] +=
					__atomic_load_n(&m->flows[a][b], __ATOMIC_RELAXED);
		sum->renamed += __atomic_load_n(&m->renamed, __ATOMIC_RELAXED);
	}
}

static void add_changes(json_t *o, const struct policy_moves *m)
{
	json_t *changes = json_object();
	uint64_t flows = 0, changed = 0;
	char key[32];

	for (unsigned a = 0; a <= POLICY_BLOCK; a++)
		for (unsigned b = 0; b <= POLICY_BLOCK; b++) {
			flows += m->flows[a][b];
			if (a == b)
				continue;
			changed += m->flows[a][b];
			snprintf(key, sizeof(key), "%s->%s", policy_action_name(a),
				policy_action_name(b));
			put(changes, key, m->flows[a][b]);
		}
	put(o, "flows", flows);
	put(o, "changed", changed);
	put(o, "renamed", m->renamed);
	json_object_set_new(o, "changes", changes);
}

json_t *gateway_candidate_json(const struct gateway *g)
{
	const struct policy_generation *gen = atomic_load(&g->shadow.now);
	const struct stored_policy *s = &g->candidate;
	const struct policy_info *i;
	struct policy_moves sum = {0};
	char sha[65];
	json_t *o;

	if (gen == NULL || gen->policy == NULL)
		return json_null();
	i = policy_info(gen->policy);
	policy_file_hex(i->sha256, sha);
	o = json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:b, s:I, s:s?}", "id", i->id, "version",
		(json_int_t)i->version, "sha256", sha, "rules", (json_int_t)i->n_rules, "limits",
		(json_int_t)i->n_limits, "tenants", (json_int_t)(i->n_tenants - 1), "expires",
		(json_int_t)i->expires, "expired", i->expires <= gateway_now() / 1000000, "since",
		(json_int_t)s->t, "who", s->who);
	add_moves(g, gen, &sum);
	add_changes(o, &sum);
	return o;
}

json_t *gateway_evidence_json(const struct gateway *g)
{
	struct flowlog_stats s;
	char signer[96] = "";
	json_t *o = json_object();

	log_writer_stats(g->writer, &s);
	if (s.signer != NULL)
		snprintf(signer, sizeof(signer), "%s+%08x", s.signer->name, s.signer->id);
	json_object_set_new(o, "signer", s.signer != NULL ? json_string(signer) : json_null());
	put(o, "blocks", s.blocks);
	put(o, "checkpoint_blocks", s.checkpoint_blocks);
	put(o, "checkpoint_t", (uint64_t)s.checkpoint_t);
	put(o, "ages_wait_s", (uint64_t)(s.ages_wait + 999999) / 1000000);
	return o;
}

json_t *gateway_status(struct gateway *g)
{
	const struct policy_generation *gen = atomic_load(&g->slot.now);
	const struct policy_info *i = policy_info(gen->policy);
	char sha[65];

	policy_file_hex(i->sha256, sha);
	return json_pack("{s:s, s:s, s:I, s:s, s:s?, s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:I, "
			 "s:b, s:b, s:b, s:o, s:o, s:o}",
		"gateway", g->config.name, "bridgehead", BRIDGEHEAD_VERSION, "started",
		(json_int_t)g->started_at, "id", i->id, "title", i->title, "issuer", i->issuer,
		"version", (json_int_t)i->version, "epoch", (json_int_t)gen->epoch, "sha256", sha,
		"rules", (json_int_t)i->n_rules, "limits", (json_int_t)i->n_limits, "tenants",
		(json_int_t)(i->n_tenants - 1), "not_before", (json_int_t)i->not_before, "expires",
		(json_int_t)i->expires, "expired", i->expires <= gateway_now() / 1000000,
		"signatures", g->n_keys != 0, "watch", g->watch != NULL, "candidate",
		gateway_candidate_json(g), "evidence", gateway_evidence_json(g), "offload",
		gateway_offload_json(g));
}
