// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/simulate/result.h"
#include "app/flowlog/record.h"
#include "policy/country.h"
#include "policy/prefix.h"

#include <stdlib.h>
#include <string.h>

void result_init(struct sim_result *r, size_t max)
{
	memset(r, 0, sizeof(*r));
	r->max_kept = max;
}

void result_fini(struct sim_result *r)
{
	for (size_t i = 0; i < r->n_kept; i++)
		free(r->kept[i].json);
	free(r->kept);
	for (unsigned d = 0; d < WORD_SUMS; d++)
		free(r->by[d].v);
	words_fini(&r->words);
}

// ---- sums

static struct sim_sum *sum_of(struct sim_result *r, enum word_sum d, const char *name, size_t len)
{
	struct word *w = words_get(&r->words, name, len);
	struct sim_table *t = &r->by[d];

	if (w != NULL && w->sum[d] >= 0)
		return &t->v[w->sum[d]];
	if (w != NULL && t->n == t->room) {
		const size_t room = t->room != 0 ? 2 * t->room : 64;
		struct sim_sum *v = reallocarray(t->v, room, sizeof(*v));

		if (v != NULL) {
			t->v = v;
			t->room = room;
		}
	}
	if (w == NULL || t->n == t->room) {
		r->no_memory = true;
		return NULL;
	}
	w->sum[d] = (int32_t)t->n;
	t->v[t->n] = (struct sim_sum){.name = w};
	return &t->v[t->n++];
}

static void count(struct sim_sum *s, unsigned before, unsigned after, uint64_t out)
{
	if (s == NULL)
		return;
	s->flows[before][after]++;
	s->out[before][after] += out;
}

// ---- the flows that change

static bool before_in_heap(const struct sim_kept *a, const struct sim_kept *b)
{
	return a->out != b->out ? a->out < b->out : a->order > b->order;
}

static void sift_down(struct sim_result *r, size_t at)
{
	for (;;) {
		size_t least = at;
		struct sim_kept t;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < r->n_kept; child++)
			if (before_in_heap(&r->kept[child], &r->kept[least]))
				least = child;
		if (least == at)
			return;
		t = r->kept[at];
		r->kept[at] = r->kept[least];
		r->kept[least] = t;
		at = least;
	}
}

static void sift_up(struct sim_result *r, size_t at)
{
	while (at != 0 && before_in_heap(&r->kept[at], &r->kept[(at - 1) / 2])) {
		struct sim_kept t = r->kept[at];

		r->kept[at] = r->kept[(at - 1) / 2];
		r->kept[(at - 1) / 2] = t;
		at = (at - 1) / 2;
	}
}

static void put_address(json_t *o, const char *key, const struct policy_addr *a)
{
	char text[PREFIX_TEXT_MAX];

	policy_addr_format(a, text);
	json_object_set_new(o, key, json_string(text));
}

static void put_word(json_t *o, const char *key, const char *text)
{
	if (text != NULL && *text != '\0')
		json_object_set_new(o, key, json_string(text));
}

// In the words of "flows" and "policy push" of a live gateway.
static char *describe(const struct flow_known *flow, const char *tenant, const char *cc,
	const struct flow_verdict *before, const struct flow_verdict *after)
{
	const struct policy_facts *f = &flow->facts;
	const bool inside = f->initiator == POLICY_INIT_INSIDE;
	const bool ports = record_has_ports(f->proto, f->sport, f->dport);
	json_t *o = json_object();
	char fid[17], *text;

	snprintf(fid, sizeof(fid), "%016llx", (unsigned long long)flow->fid);
	if (flow->gw != NULL)
		put_word(o, "gw", flow->gw->text);
	put_word(o, "fid", fid);
	json_object_set_new(o, "t0", json_integer(flow->t0));
	json_object_set_new(o, "t1", json_integer(flow->t1));
	put_address(o, "src", inside ? &f->inside : &f->remote);
	if (ports)
		json_object_set_new(o, "sport", json_integer(f->sport));
	put_address(o, "dst", inside ? &f->remote : &f->inside);
	if (ports)
		json_object_set_new(o, "dport", json_integer(f->dport));
	json_object_set_new(o, "proto", json_integer(f->proto));
	put_word(o, "tn", tenant);
	put_word(o, "app", flow->app->text);
	put_word(o, "host", flow->host);
	put_word(o, "cc", cc);
	json_object_set_new(o, "ob", json_integer((json_int_t)flow->out));
	json_object_set_new(o, "rb", json_integer((json_int_t)flow->in));
	put_word(o, "act", policy_action_name(before->action));
	put_word(o, "rule", before->rule);
	put_word(o, "reason", before->reason);
	put_word(o, "limit", before->limit);
	put_word(o, "new_act", policy_action_name(after->action));
	put_word(o, "new_rule", after->rule);
	put_word(o, "new_reason", after->reason);
	put_word(o, "new_limit", after->limit);
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

static bool room_for_one(struct sim_result *r)
{
	const size_t room = r->room_kept != 0 ? 2 * r->room_kept : 256;
	struct sim_kept *v;

	if (r->n_kept < r->room_kept)
		return true;
	v = reallocarray(r->kept, room, sizeof(*v));
	if (v == NULL)
		return false;
	r->kept = v;
	r->room_kept = room;
	return true;
}

static void keep(struct sim_result *r, const struct flow_known *flow, const char *tenant,
	const char *cc, const struct flow_verdict *before, const struct flow_verdict *after)
{
	struct sim_kept one = {.out = flow->out, .order = r->changed};
	const bool full = r->n_kept == r->max_kept;

	if (r->max_kept == 0 || (full && !before_in_heap(&r->kept[0], &one)))
		return;
	one.json = describe(flow, tenant, cc, before, after);
	if (one.json == NULL || (!full && !room_for_one(r))) {
		r->no_memory = true;
		free(one.json);
		return;
	}
	if (full) {
		free(r->kept[0].json);
		r->kept[0] = one;
		sift_down(r, 0);
	} else {
		r->kept[r->n_kept] = one;
		sift_up(r, r->n_kept++);
	}
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void result_add(struct sim_result *r, const struct policy *p, const struct flow_known *flow,
	uint32_t tenant, uint16_t cc, const struct flow_verdict *before,
	const struct flow_verdict *after)
{
	const unsigned was = before != NULL ? before->action : FLOW_NO_ACTION;
	const char *name = policy_tenant_name(p, tenant);
	char country[3];

	country_format(cc, country);
	r->flows++;
	count(&r->all, was, after->action, flow->out);
	count(sum_of(r, WORD_TENANT, name, strlen(name)), was, after->action, flow->out);
	count(sum_of(r, WORD_COUNTRY, country, 2), was, after->action, flow->out);
	count(sum_of(r, WORD_APP, flow->app->text, flow->app->len), was, after->action, flow->out);
	if (before == NULL)
		return;
	if (before->action == after->action) {
		r->renamed += !same_text(before->rule, after->rule) ||
			      !same_text(before->reason, after->reason);
		return;
	}
	r->changed++;
	r->changed_out += flow->out;
	r->tightened += after->action > before->action;
	r->loosened += after->action < before->action;
	r->stopped += flow->stopped != 0;
	keep(r, flow, name, country, before, after);
}

// ---- as JSON

struct total {
	uint64_t flows, out, changed, changed_out;
	uint64_t by[FLOW_NO_ACTION]; // flows by the verdict after
};

static struct total total(const struct sim_sum *s)
{
	struct total t = {0};

	for (unsigned b = 0; b <= FLOW_NO_ACTION; b++) {
		for (unsigned a = 0; a < FLOW_NO_ACTION; a++) {
			const bool changed = a != b && b != FLOW_NO_ACTION;

			t.flows += s->flows[b][a];
			t.out += s->out[b][a];
			t.by[a] += s->flows[b][a];
			t.changed += changed ? s->flows[b][a] : 0;
			t.changed_out += changed ? s->out[b][a] : 0;
		}
	}
	return t;
}

static json_t *sum_json(const struct sim_sum *s)
{
	const struct total t = total(s);
	// Of a log that was damaged or changed, a name may be no UTF-8: its flows count all the
	// same.
	json_t *name = json_string(s->name->text);

	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "name",
		name != NULL ? name : json_string("(no UTF-8)"), "flows", (json_int_t)t.flows,
		"bytes_out", (json_int_t)t.out, "allow", (json_int_t)t.by[POLICY_ALLOW], "flag",
		(json_int_t)t.by[POLICY_FLAG], "block", (json_int_t)t.by[POLICY_BLOCK], "changed",
		(json_int_t)t.changed, "changed_bytes_out", (json_int_t)t.changed_out);
}

static json_t *verdicts_json(const struct sim_sum *s)
{
	json_t *list = json_array(), *o;

	for (unsigned b = 0; b <= FLOW_NO_ACTION; b++) {
		for (unsigned a = 0; a < FLOW_NO_ACTION; a++) {
			if (s->flows[b][a] == 0)
				continue;
			o = json_pack("{s:s, s:I, s:I}", "to", policy_action_name(a), "flows",
				(json_int_t)s->flows[b][a], "bytes_out", (json_int_t)s->out[b][a]);
			if (b != FLOW_NO_ACTION)
				json_object_set_new(o, "from", json_string(policy_action_name(b)));
			json_array_append_new(list, o);
		}
	}
	return list;
}

// Those with the most flows that change first, then those with the most flows.
static int by_change(const void *a, const void *b)
{
	const struct sim_sum *x = a, *y = b;
	const struct total t = total(x), u = total(y);

	if (t.changed != u.changed)
		return t.changed < u.changed ? 1 : -1;
	if (t.flows != u.flows)
		return t.flows < u.flows ? 1 : -1;
	return strcmp(x->name->text, y->name->text);
}

static json_t *table_json(struct sim_table *t)
{
	json_t *list = json_array();

	if (t->n != 0)
		qsort(t->v, t->n, sizeof(*t->v), by_change);
	for (size_t i = 0; i < t->n; i++)
		json_array_append_new(list, sum_json(&t->v[i]));
	return list;
}

static json_t *kept_json(struct sim_result *r)
{
	const size_t n = r->n_kept;
	json_t *list = json_array();

	// Out of the heap the fewest bytes come first.
	while (r->n_kept != 0) {
		struct sim_kept one = r->kept[0];

		r->kept[0] = r->kept[--r->n_kept];
		sift_down(r, 0);
		r->kept[r->n_kept] = one;
	}
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(list, json_loads(r->kept[i].json, 0, NULL));
		free(r->kept[i].json);
	}
	return list;
}

json_t *result_json(struct sim_result *r)
{
	json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "flows",
		(json_int_t)r->flows, "changed", (json_int_t)r->changed, "changed_bytes_out",
		(json_int_t)r->changed_out, "stricter", (json_int_t)r->tightened, "looser",
		(json_int_t)r->loosened, "same_by_another_rule", (json_int_t)r->renamed, "verdicts",
		verdicts_json(&r->all), "tenants", table_json(&r->by[WORD_TENANT]), "countries",
		table_json(&r->by[WORD_COUNTRY]), "apps", table_json(&r->by[WORD_APP]));

	if (o != NULL)
		json_object_set_new(o, "changed_flows", kept_json(r));
	return o;
}
