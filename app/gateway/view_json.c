// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Views as answers: rows are written as the flow log writes them, sums by their names.

#include "app/flowlog/line.h"
#include "app/gateway/gateway_view.h"

#include <stdio.h>
#include <string.h>

#define ROW_MAX 8192

static const char *app_word(void *ctx, uint16_t id)
{
	return dpi_app_name(ctx, id);
}

static const char *category_word(void *ctx, uint16_t id)
{
	return dpi_category_name(ctx, id);
}

static const char *risk_word(void *ctx, unsigned bit)
{
	return dpi_risk_name(ctx, bit);
}

static json_t *row_json(const struct line_source *s, const struct view_row *row)
{
	// What belongs to a line of the log, not to a flow.
	static const char *const left_out[] = {"v", "ev", "gw", "seq"};
	char text[ROW_MAX];
	struct json_out j = {.p = text, .end = text + sizeof(text)};
	json_t *o;

	line_record(&j, s, 0, &row->r);
	o = j.full ? NULL : json_loadb(text, (size_t)(j.p - text), 0, NULL);
	for (unsigned i = 0; o != NULL && i < 4; i++)
		json_object_del(o, left_out[i]);
	return o;
}

static void add_candidate(json_t *o, const struct view_row *row, const struct policy *candidate)
{
	struct policy_rule_info rule;

	policy_rule(candidate, row->new_rule, &rule);
	json_object_set_new(o, "new_act", json_string(policy_action_name(row->new_action)));
	if (rule.id != NULL)
		json_object_set_new(o, "new_rule", json_string(rule.id));
	if (row->new_state == POLICY_UNDECIDED)
		json_object_set_new(o, "new_undecided", json_true());
}

json_t *view_rows_json(
	struct gateway *g, struct view *v, unsigned limit, const struct policy *candidate)
{
	const struct line_source s = {
		.gateway = "\"\"",
		.gateway_len = 2,
		.words = {.ctx = g->dpi[g->n_workers],
			.app = app_word,
			.category = category_word,
			.risk = risk_word},
	};
	json_t *list = json_array();

	for (unsigned i = 0; i < v->n_rows && i < limit; i++) {
		json_t *o = row_json(&s, &v->rows[i]);

		if (o == NULL)
			continue;
		if (candidate != NULL)
			add_candidate(o, &v->rows[i], candidate);
		json_array_append_new(list, o);
	}
	return list;
}

// The name of a sum's key; "" where it has none (no rule, no shadow rule).
static void name_of(struct gateway *g, const struct view *v, const struct view_sum *s, char out[80])
{
	const struct policy_generation *gen = g->slot.generations[s->generation];
	struct policy_rule_info rule;
	const char *name = NULL;

	switch (v->key) {
	case VIEW_KEY_TENANT:
		name = gen != NULL ? policy_tenant_name(gen->policy, s->key) : NULL;
		break;
	case VIEW_KEY_RULE:
	case VIEW_KEY_SHADOW:
		if (gen != NULL) {
			policy_rule(gen->policy, (uint16_t)s->key, &rule);
			name = rule.id;
		}
		break;
	case VIEW_KEY_APP:
		name = dpi_app_name(g->dpi[g->n_workers], (uint16_t)s->key);
		break;
	case VIEW_KEY_ACTION:
		name = policy_action_name((enum policy_action)s->key);
		break;
	case VIEW_KEY_COUNTRY:
		snprintf(out, 80, "%c%c", (char)(s->key >> 8), (char)s->key);
		return;
	}
	snprintf(out, 80, "%s", name != NULL ? name : "");
}

static void add_to(json_t *o, const char *key, uint64_t v)
{
	json_int_t had = json_integer_value(json_object_get(o, key));

	json_object_set_new(o, key, json_integer(had + (json_int_t)v));
}

json_t *view_sums_json(struct gateway *g, const struct view *v)
{
	json_t *all = json_object();
	char name[80];

	for (unsigned i = 0; i < VIEW_SUMS; i++) {
		const struct view_sum *s = &v->sums[i];
		json_t *o;

		if (!s->used)
			continue;
		name_of(g, v, s, name);
		o = json_object_get(all, name);
		if (o == NULL) {
			o = json_object();
			json_object_set_new(all, name, o);
		}
		add_to(o, "flows", s->flows);
		add_to(o, "bytes_out", s->out);
		add_to(o, "bytes_in", s->in);
	}
	return all;
}

json_t *view_moved_json(const struct view *v)
{
	json_t *o = json_object();
	char key[32];

	for (unsigned a = 0; a <= POLICY_BLOCK; a++)
		for (unsigned b = 0; b <= POLICY_BLOCK; b++) {
			snprintf(key, sizeof(key), "%s->%s", policy_action_name(a),
				policy_action_name(b));
			if (a != b)
				json_object_set_new(
					o, key, json_integer((json_int_t)v->moved[a][b]));
		}
	return o;
}
