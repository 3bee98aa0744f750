// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/digest.h"

#include "app/console/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct digest *digest_new(const struct digest_options *o)
{
	struct digest *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		return NULL;
	}
	d->o = *o;
	d->countries = tally_new();
	d->tenants = tally_new();
	d->apps = tally_new();
	d->rules = tally_new();
	d->open = open_flows_new();
	if (flow_list_init(&d->flagged, o->rows) != 0 ||
		flow_list_init(&d->blocked, o->rows) != 0 || d->countries == NULL ||
		d->tenants == NULL || d->apps == NULL || d->rules == NULL || d->open == NULL) {
		digest_free(d);
		return NULL;
	}
	timeline_init(&d->time, o->offset);
	if (o->when.has_since && o->when.has_until && o->when.until > o->when.since) {
		timeline_at(&d->time, o->when.since); // the axis is the period, whatever happened
		timeline_at(&d->time, o->when.until - 1);
	}
	return d;
}

void digest_free(struct digest *d)
{
	if (d == NULL) {
		return;
	}
	tally_free(d->countries);
	tally_free(d->tenants);
	tally_free(d->apps);
	tally_free(d->rules);
	open_flows_free(d->open);
	flow_list_free(&d->flagged);
	flow_list_free(&d->blocked);
	notices_free(&d->policies);
	notices_free(&d->gaps);
	notices_free(&d->runs);
	free(d->later);
	free(d);
}

static bool in_period(const struct digest *d, int64_t t)
{
	return !(d->o.when.has_since && t < d->o.when.since) &&
	       !(d->o.when.has_until && t >= d->o.when.until);
}

static void note_time(struct digest *d, int64_t t)
{
	if (!d->has_time || t < d->first) {
		d->first = t;
	}
	if (!d->has_time || t > d->last) {
		d->last = t;
	}
	d->has_time = true;
	d->in_period++;
}

// ---- keys

static uint32_t index_of(struct tally *t, const struct cell *c)
{
	return c != NULL ? tally_index(t, c->text, c->len) : tally_index(t, "", 0);
}

static uint32_t rule_index(struct tally *t, const struct fields *f)
{
	static const enum field parts[DIGEST_RULE_PARTS] = {
		FIELD_ACT, FIELD_RULE, FIELD_REASON, FIELD_SEV, FIELD_BASIS, FIELD_LIMIT};
	const struct cell *cells[DIGEST_RULE_PARTS];
	char key[TALLY_KEY_MAX];
	size_t len;

	for (unsigned i = 0; i < DIGEST_RULE_PARTS; i++) {
		cells[i] = f->v[parts[i]];
	}
	len = lone_rule_key(cells, key, sizeof(key));
	return len != 0 ? tally_index(t, key, len) : TALLY_OTHERS;
}

void digest_rule(const char *key, size_t len, struct cell out[DIGEST_RULE_PARTS])
{
	const char *at = key, *end = key + len;

	for (unsigned i = 0; i < DIGEST_RULE_PARTS; i++) {
		const char *stop =
			at < end ? memchr(at, DIGEST_SEPARATOR, (size_t)(end - at)) : NULL;

		out[i] = (struct cell){.text = at, .len = stop != NULL ? (size_t)(stop - at) : 0};
		out[i].kind = i == DIGEST_RULE_BASIS ? CELL_LIST : CELL_STRING;
		at = stop != NULL ? stop + 1 : end;
	}
}

static uint8_t act_of(const struct cell *c)
{
	if (cell_is(c, "block", false)) {
		return ACT_BLOCK;
	}
	return cell_is(c, "flag", false) ? ACT_FLAG : ACT_ALLOW;
}

// ---- flows

struct flow_line {
	struct fields f;
	uint64_t id;
	int64_t t1;
	uint8_t act;
	bool ends, in_period;
	const char *text;
	size_t len;
};

// What the record brings beyond what was counted of the flow.
static void growth(
	struct digest *d, struct open_flow *s, const struct flow_line *l, uint64_t out[COUNTERS])
{
	static const enum field keys[COUNTERS] = {FIELD_OB, FIELD_RB, FIELD_DB, FIELD_PB};
	const bool update = cell_is(l->f.v[FIELD_EV], "update", false);

	for (unsigned i = 0; i < COUNTERS; i++) {
		uint64_t v = 0;

		cell_u64(l->f.v[keys[i]], &v);
		if (update) {
			sums_count(&s->updates[i], v);
			v = s->updates[i];
		}
		out[i] = v > s->counted[i] ? v - s->counted[i] : 0;
		// An update may lag behind a decision; an end is the whole life.
		d->undercounted += l->ends && v < s->counted[i];
		s->counted[i] += out[i];
	}
}

static void add_bytes(struct digest *d, const struct open_flow *s, const struct flow_line *l,
	unsigned act, const uint64_t bytes[COUNTERS])
{
	struct sums more = {0};

	more.out[act] = bytes[COUNT_OUT];
	more.before[act] = bytes[COUNT_BEFORE];
	more.in = bytes[COUNT_IN];
	more.stopped = bytes[COUNT_STOPPED];
	if (s->local) {
		sums_add(&d->local, &more);
		return;
	}
	sums_add(&d->total, &more);
	sums_add(timeline_at(&d->time, l->t1), &more);
	sums_add(tally_sums(d->countries, s->country), &more);
	sums_add(tally_sums(d->tenants, s->tenant), &more);
	sums_add(tally_sums(d->apps, s->app), &more);
	sums_add(tally_sums(d->rules, s->rule), &more);
}

// The flow itself, once, where its last record left it.
static void add_flow(struct digest *d, const struct open_flow *s)
{
	struct sums more = {0};

	if (!s->in_period) {
		return;
	}
	more.flows[s->act] = 1;
	if (s->local) {
		sums_add(&d->local, &more);
		return;
	}
	if (s->line != NULL) {
		d->o.each(d->o.ctx, s->line, s->len);
	}
	sums_add(&d->total, &more);
	sums_add(timeline_at(&d->time, s->last), &more);
	sums_add(tally_sums(d->countries, s->country), &more);
	sums_add(tally_sums(d->tenants, s->tenant), &more);
	sums_add(tally_sums(d->apps, s->app), &more);
	sums_add(tally_sums(d->rules, s->rule), &more);
}

static void list_flow(
	struct digest *d, const struct open_flow *s, const struct flow_line *l, unsigned act_before)
{
	struct flow_list *lists[ACTS] = {NULL, &d->flagged, &d->blocked};
	const struct flow_item item = {.id = l->id,
		.weight = s->weight,
		.out = s->counted[COUNT_OUT],
		.stopped = s->counted[COUNT_STOPPED],
		.before = s->counted[COUNT_BEFORE],
		.line = l->text,
		.len = l->len};

	if (act_before != s->act && lists[act_before] != NULL) {
		flow_list_remove(lists[act_before], l->id);
	}
	if (lists[s->act] != NULL && !s->local) {
		flow_list_offer(lists[s->act], &item);
	}
}

// For whoever wants each flow: its last record, as long as that is of the verdict asked for.
static void keep_line(struct digest *d, struct open_flow *s, const struct flow_line *l)
{
	if (d->o.each == NULL) {
		return;
	}
	free(s->line);
	s->line = s->act == d->o.act ? malloc(l->len + 1) : NULL;
	if (s->line != NULL) {
		memcpy(s->line, l->text, l->len);
		s->len = (uint32_t)l->len;
	}
	d->unlisted = d->unlisted || (s->line == NULL && s->act == d->o.act);
}

static void take(struct digest *d, struct open_flow *s, const struct flow_line *l, bool known)
{
	const struct fields *f = &l->f;
	uint64_t bytes[COUNTERS];
	const unsigned before = known ? s->act : l->act;
	const uint32_t rule = rule_index(d->rules, f);

	growth(d, s, l, bytes);
	if (!l->in_period && s->in_period) {
		return; // after the period: it stays as it was then
	}
	s->local = f->v[FIELD_CC] == NULL;
	s->country = index_of(d->countries, f->v[FIELD_CC]);
	s->tenant = index_of(d->tenants, f->v[FIELD_TN]);
	s->app = index_of(d->apps, f->v[FIELD_APP]);
	if (l->in_period) {
		// Up to a change of the verdict the old one was in force, and its rule.
		if (!known || before == l->act) {
			s->rule = rule;
		}
		add_bytes(d, s, l, before, bytes);
		s->last = l->t1;
		s->in_period = true;
	}
	s->rule = rule;
	s->act = l->act;
	if (!l->in_period) {
		return;
	}
	keep_line(d, s, l);
	sums_count(&s->weight, bytes[COUNT_OUT]);
	sums_count(&s->weight, bytes[COUNT_STOPPED]);
	list_flow(d, s, l, before);
}

static int flow_line(struct digest *d, struct flow_line *l)
{
	struct open_flow alone = {0}, *s;

	if (!cell_fid(l->f.v[FIELD_FID], &l->id)) {
		return -EBADMSG;
	}
	// With the run, since ids are unique within one; 0 is no id.
	l->id += d->run * 0x9e3779b97f4a7c15ull;
	l->id += l->id == 0;
	l->act = act_of(l->f.v[FIELD_ACT]);
	l->ends = cell_is(l->f.v[FIELD_EV], "end", false) ||
		  lone_packet(l->f.v[FIELD_EV], l->f.v[FIELD_RULE], l->f.v[FIELD_REASON]);
	s = open_flows_find(d->open, l->id);
	if (s != NULL) {
		take(d, s, l, true);
	} else if (l->ends) {
		s = &alone;
		take(d, s, l, false);
	} else {
		s = open_flows_add(d->open, l->id);
		if (s == NULL) {
			d->no_room++;
			return 0;
		}
		take(d, s, l, false);
	}
	if (l->ends) {
		add_flow(d, s);
		if (s != &alone) {
			open_flows_remove(d->open, s);
		} else {
			free(alone.line);
		}
	}
	return 0;
}

// ---- lines

static void close_flow(void *ctx, const struct open_flow *s)
{
	struct digest *d = ctx;

	add_flow(d, s);
}

static void notice_line(struct digest *d, const struct flow_line *l)
{
	const struct cell *ev = l->f.v[FIELD_EV];
	uint64_t lost;

	if (cell_is(ev, "start", false)) { // flows of the run before cannot come again
		open_flows_drain(d->open, close_flow, d);
		d->run++;
	}
	if (!l->in_period) {
		return;
	}
	if (cell_is(ev, "policy", false)) {
		notices_add(&d->policies, l->text, l->len);
	} else if (cell_is(ev, "gap", false)) {
		notices_add(&d->gaps, l->text, l->len);
		if (cell_u64(l->f.v[FIELD_LOST], &lost)) {
			sums_count(&d->gap_lost, lost);
		}
	} else {
		notices_add(&d->runs, l->text, l->len);
	}
}

static int check_gateway(struct digest *d, const struct cell *gw)
{
	if (gw == NULL || gw->kind != CELL_STRING || gw->len >= sizeof(d->gateway)) {
		return -EBADMSG;
	}
	if (d->lines == 0) {
		memcpy(d->gateway, gw->text, gw->len);
		d->gateway[gw->len] = '\0';
	}
	return strlen(d->gateway) == gw->len && memcmp(d->gateway, gw->text, gw->len) == 0 ? 0
											   : -EXDEV;
}

int digest_line(struct digest *d, const char *line, size_t len)
{
	struct flow_line l = {.text = line, .len = len};
	struct row row;
	int rc = -EBADMSG;

	if (row_parse(&row, line, len)) {
		fields_find(&l.f, &row);
		if (l.f.v[FIELD_EV] != NULL && cell_i64(l.f.v[FIELD_T1], &l.t1)) {
			rc = check_gateway(d, l.f.v[FIELD_GW]);
		}
	}
	if (rc == 0) {
		l.in_period = in_period(d, l.t1);
		if (l.f.v[FIELD_FID] != NULL) {
			rc = flow_line(d, &l);
		} else {
			notice_line(d, &l);
		}
	}
	d->unreadable += rc == -EBADMSG;
	if (rc == 0) {
		d->lines++;
		if (l.in_period) {
			note_time(d, l.t1);
		}
	}
	return rc;
}

// ---- sums of lone flows

bool digest_can_sum(const struct digest *d, const struct lone_sum *s)
{
	const bool within = in_period(d, s->first);
	struct timeline t;

	if (within != in_period(d, s->last)) {
		return false;
	}
	if (!within || s->part != LONE_ALL || !d->o.when.has_since || !d->o.when.has_until) {
		return true;
	}
	t = d->time; // the axis is the period: it will not widen
	return timeline_at(&t, s->first) == timeline_at(&t, s->last);
}

static int later(struct digest *d, const struct lone_sum *s, const struct sums *more)
{
	if (d->n_later == d->cap_later) {
		const size_t cap = d->cap_later != 0 ? d->cap_later * 2 : 256;
		struct digest_later *v = reallocarray(d->later, cap, sizeof(*v));

		if (v == NULL) {
			return -ENOMEM;
		}
		d->later = v;
		d->cap_later = cap;
	}
	d->later[d->n_later++] = (struct digest_later){s->first, s->last, *more};
	sums_add(&d->total, more);
	return 0;
}

int digest_sum(struct digest *d, const struct lone_sum *s)
{
	struct tally *const tallies[LONE_PARTS] = {[LONE_COUNTRY] = d->countries,
		[LONE_TENANT] = d->tenants,
		[LONE_APP] = d->apps,
		[LONE_RULE] = d->rules};
	const struct cell gw = {.text = s->key, .len = s->len, .kind = CELL_STRING};
	const bool within = in_period(d, s->first);
	struct sums more = {0};
	int rc = 0;

	more.flows[ACT_ALLOW] = s->n;
	more.out[ACT_ALLOW] = s->bytes[LONE_OUT];
	more.before[ACT_ALLOW] = s->bytes[LONE_BEFORE];
	more.in = s->bytes[LONE_IN];
	more.stopped = s->bytes[LONE_STOPPED];
	if (s->part == LONE_GATEWAY) {
		rc = check_gateway(d, &gw);
		d->lines += rc == 0 ? s->n : 0;
		if (rc == 0 && within) {
			note_time(d, s->first);
			note_time(d, s->last);
			d->in_period += s->n - 2;
		}
	} else if (tallies[s->part] != NULL) {
		const uint32_t at = tally_index(tallies[s->part], s->key, s->len);

		if (within) {
			sums_add(tally_sums(tallies[s->part], at), &more);
		}
	} else if (within && s->part == LONE_LOCAL) {
		sums_add(&d->local, &more);
	} else if (within) {
		rc = later(d, s, &more);
	}
	return rc;
}

// The steps of the timeline are as wide as they will be once all records are on it.
static void add_later(struct digest *d)
{
	for (size_t i = 0; i < d->n_later; i++) {
		timeline_at(&d->time, d->later[i].first);
		timeline_at(&d->time, d->later[i].last);
	}
	for (size_t i = 0; i < d->n_later; i++) {
		struct sums *step = timeline_at(&d->time, d->later[i].first);

		d->inexact = d->inexact || step != timeline_at(&d->time, d->later[i].last);
		sums_add(step, &d->later[i].sums);
	}
}

static bool is_full(const struct tally *t)
{
	return tally_keys(t) == TALLY_MAX_KEYS;
}

bool digest_is_exact(const struct digest *d)
{
	return !d->inexact && !is_full(d->countries) && !is_full(d->tenants) && !is_full(d->apps) &&
	       !is_full(d->rules);
}

void digest_finish(struct digest *d)
{
	d->still_open = open_flows_count(d->open);
	open_flows_drain(d->open, close_flow, d);
	add_later(d);
	flow_list_sort(&d->flagged);
	flow_list_sort(&d->blocked);
}
