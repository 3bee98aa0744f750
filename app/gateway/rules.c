// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What rules have decided: the workers' counters of every generation of the policy, by the rules'
// ids, so that a rule which keeps its id over a reload goes on counting; and the flows that are
// theirs now.

#include "app/gateway/gateway_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GONE_MAX 1000 // rules of earlier policies whose counters are kept

struct total {
	json_int_t hits, out, in, last;
};

static struct total read_total(const json_t *o)
{
	return (struct total){
		json_integer_value(json_object_get(o, "hits")),
		json_integer_value(json_object_get(o, "bytes_out")),
		json_integer_value(json_object_get(o, "bytes_in")),
		json_integer_value(json_object_get(o, "last")),
	};
}

static void write_total(json_t *o, const struct total *t)
{
	json_object_set_new(o, "hits", json_integer(t->hits));
	json_object_set_new(o, "bytes_out", json_integer(t->out));
	json_object_set_new(o, "bytes_in", json_integer(t->in));
	json_object_set_new(o, "last", json_integer(t->last));
}

static uint64_t get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void add_generation(json_t *totals, const struct policy_generation *gen, unsigned n_readers)
{
	for (unsigned k = 0; k < gen->n_counts; k++) {
		uint16_t rule = k + 1 == gen->n_counts ? POLICY_RULE_DEFAULT : (uint16_t)k;
		struct policy_rule_info info;
		struct total t;
		json_t *o;

		policy_rule(gen->policy, rule, &info);
		o = json_object_get(totals, info.id);
		t = read_total(o);
		for (unsigned w = 0; w < n_readers; w++) {
			const struct rule_count *c = &gen->counts[w][k];
			json_int_t last = (json_int_t)get((const uint64_t *)&c->last);

			t.hits += (json_int_t)get(&c->hits);
			t.out += (json_int_t)get(&c->out);
			t.in += (json_int_t)get(&c->in);
			t.last = last > t.last ? last : t.last;
		}
		if (t.hits == 0 && o == NULL)
			continue;
		if (o == NULL) {
			o = json_object();
			json_object_set_new(totals, info.id, o);
		}
		write_total(o, &t);
	}
}

struct gone {
	const char *id;
	json_int_t last;
};

static int by_last(const void *a, const void *b)
{
	const struct gone *x = a, *y = b;

	return x->last < y->last ? -1 : x->last > y->last ? 1 : 0;
}

// Rules whose ids are made up anew with each policy must not fill the memory: of those that the
// policy in force does not have, the ones that were hit longest ago are dropped, half of them at
// once.
static void forget_oldest(json_t *totals, const struct policy *now)
{
	unsigned n_rules = policy_info(now)->n_rules;
	size_t size = json_object_size(totals), n = 0;
	json_t *kept = json_object(), *o;
	struct policy_rule_info info;
	struct gone *gone;
	const char *id;

	gone = size > n_rules + 1 + GONE_MAX ? calloc(size, sizeof(*gone)) : NULL;
	for (unsigned k = 0; gone != NULL && k <= n_rules; k++) {
		policy_rule(now, k == n_rules ? POLICY_RULE_DEFAULT : (uint16_t)k, &info);
		json_object_set_new(kept, info.id, json_true());
	}
	if (gone != NULL) {
		json_object_foreach (totals, id, o) {
			if (json_object_get(kept, id) == NULL)
				gone[n++] = (struct gone){id, read_total(o).last};
		}
		qsort(gone, n, sizeof(*gone), by_last);
		for (size_t i = 0; i + GONE_MAX / 2 < n; i++)
			json_object_del(totals, gone[i].id);
	}
	free(gone);
	json_decref(kept);
}

void gateway_rules_retired(void *ctx, const struct policy_generation *gen)
{
	const struct policy_generation *now;
	struct gateway *g = ctx;

	add_generation(g->rule_totals, gen, g->slot.n_readers);
	now = atomic_load(&g->slot.now);
	if (now != NULL && now != gen)
		forget_oldest(g->rule_totals, now->policy);
}

static json_t *line(const struct policy_rule_info *info, json_t *totals, json_t *live)
{
	json_t *now = json_object_get(live, info->id);
	struct total t = read_total(json_object_get(totals, info->id));
	json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:b, s:I}", "id", info->id, "action",
		policy_action_name((enum policy_action)info->action), "reason", info->reason,
		"shadow", info->shadow, "enabled", info->enabled, "flows",
		json_integer_value(json_object_get(now, "flows")));

	// What live flows have sent comes to what those before them have.
	if (!info->shadow) {
		t.out += json_integer_value(json_object_get(now, "bytes_out"));
		t.in += json_integer_value(json_object_get(now, "bytes_in"));
	}
	write_total(o, &t);
	json_object_del(totals, info->id);
	return o;
}

// Of all rules in order, the default last. Takes their totals out.
static json_t *lines(const struct policy *p, json_t *totals, json_t *live)
{
	unsigned n = policy_info(p)->n_rules;
	json_t *rules = json_array();
	struct policy_rule_info info;

	for (unsigned k = 0; k <= n; k++) {
		policy_rule(p, k == n ? POLICY_RULE_DEFAULT : (uint16_t)k, &info);
		json_array_append_new(rules, line(&info, totals, live));
	}
	return rules;
}

static json_t *candidate_rules(struct gateway *g)
{
	const struct policy_generation *gen = atomic_load(&g->shadow.now);
	json_t *o = gateway_candidate_json(g), *rules, *totals, *rule;
	size_t i;

	if (gen->policy == NULL)
		return o;
	totals = json_object();
	add_generation(totals, gen, g->shadow.n_readers);
	rules = lines(gen->policy, totals, NULL);
	json_array_foreach (rules, i, rule)
		json_object_del(rule, "flows"); // none is its own
	json_decref(totals);
	json_object_set_new(o, "rules", rules);
	return o;
}

static json_t *rules_answer(struct gateway *g, struct gateway_view *v)
{
	const struct policy_generation *gen = atomic_load(&g->slot.now);
	json_t *totals = json_deep_copy(g->rule_totals), *live = view_sums_json(g, &v->all);
	const struct policy_info *i = policy_info(gen->policy);
	json_t *rules, *o;

	for (unsigned k = 0; k < POLICY_GENERATIONS; k++)
		if (g->slot.generations[k] != NULL)
			add_generation(totals, g->slot.generations[k], g->slot.n_readers);
	rules = lines(gen->policy, totals, live);
	o = json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "policy", i->id, "version",
		(json_int_t)i->version, "live", (json_int_t)v->all.seen, "rules", rules, "gone",
		totals, "candidate", candidate_rules(g));
	json_decref(live);
	return o;
}

json_t *gateway_view_rules(
	struct gateway *g, const struct control_request *r, char *err, size_t size)
{
	struct gateway_view *v = gateway_view_new(g, err, size);

	if (v == NULL)
		return NULL;
	v->finish = rules_answer;
	v->all.want_sums = true;
	v->all.key = VIEW_KEY_RULE;
	v->all.shadows_too = true;
	return gateway_view_begin(g, v, r, err, size);
}
