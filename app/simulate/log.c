// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The engine over recorded flows. A flow counts once, by its last record.

#include "app/rows/source.h"
#include "app/simulate/open_flows.h"
#include "app/simulate/row_flow.h"
#include "app/simulate/simulation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_GATEWAYS 256 // of one log, whose policies in force are followed

// The policy in force at a gateway, as far as the log has said.
struct gateway {
	const struct word *name;
	char sha256[65];
};

struct reading {
	struct simulation *s;
	struct policy_names names;
	struct open_flows open;
	struct row row;
	struct flow_judge old, now;
	struct flow_doubts unused; // of the policy before, and of looks that are not the last
	char sha_old[65], sha_now[65];
	struct gateway gateways[MAX_GATEWAYS];
	unsigned n_gateways;
};

static struct gateway *gateway_of(struct reading *r, const struct word *name, bool add)
{
	for (unsigned i = 0; i < r->n_gateways; i++)
		if (r->gateways[i].name == name)
			return &r->gateways[i];
	if (!add || r->n_gateways == MAX_GATEWAYS)
		return NULL;
	r->gateways[r->n_gateways].name = name;
	return &r->gateways[r->n_gateways++];
}

// Whether this very policy decided the flow.
static bool is_in_force(const struct gateway *g, const struct flow_known *flow,
	const struct policy *p, const char *sha256)
{
	return g != NULL && strcmp(g->sha256, sha256) == 0 &&
	       flow->version == policy_info(p)->version;
}

// What either policy says. Windows are counted where it is asked.
static void ask(struct reading *r, const struct flow_known *flow, struct flow_verdict *before,
	struct flow_verdict *after, uint32_t *tenant, uint16_t *cc)
{
	const struct gateway *g = gateway_of(r, flow->gw, false);

	r->now.in_force = is_in_force(g, flow, r->now.policy, r->sha_now);
	if (r->s->has_against) {
		r->old.in_force = is_in_force(g, flow, r->old.policy, r->sha_old);
		flow_judge(&r->old, flow, before, tenant, cc);
	} else {
		*before = flow->had;
	}
	flow_judge(&r->now, flow, after, tenant, cc);
}

static bool judge(struct reading *r, const struct flow_known *flow, enum row_kind kind)
{
	struct simulation *s = r->s;
	struct sim_result *out = &s->result;
	struct flow_verdict before, after;
	uint32_t tenant;
	uint16_t cc;

	ask(r, flow, &before, &after, &tenant, &cc);
	if (after.undecided || (s->has_against ? before.undecided : kind == ROW_UNDECIDED)) {
		out->undecided++;
		return true;
	}
	result_add(out, s->policy.policy, flow, tenant, cc, &before, &after);
	return !out->no_memory && !r->old.windows.no_memory && !r->now.windows.no_memory;
}

static uint64_t more_than(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

// What the flow has used and no record has told yet. f NULL: there was none.
static void use_of(struct flow_known *flow, const struct open_flow *f)
{
	const uint64_t life = flow->t1 > flow->t0 ? (uint64_t)(flow->t1 - flow->t0) / 1000000 : 0;

	flow->use = (struct window_use){
		.bytes = more_than(flow->out, f != NULL ? f->told_bytes : 0),
		.flows = f == NULL || !f->told,
		.seconds = more_than(life, f != NULL ? f->told_seconds : 0),
	};
}

static uint64_t sent_by(const struct open_flow *f)
{
	return f->sent > f->deltas ? f->sent : f->deltas;
}

// A line of which nothing more will be heard. f: what there was of the flow before; NULL: nothing.
static bool take(
	struct reading *r, const struct row_cells *cells, bool ended, const struct open_flow *f)
{
	struct sim_result *result = &r->s->result;
	struct flow_known flow;
	enum row_kind kind = row_flow(cells, &r->names, &result->words, ended, &flow);

	switch (kind) {
	case ROW_LOCAL:
		result->local++;
		return true;
	case ROW_NOT_DECIDED:
		result->not_decided++;
		return true;
	case ROW_WRONG:
		r->s->log.wrong++;
		return true;
	case ROW_NO_MEMORY:
		return false;
	case ROW_UNDECIDED:
	case ROW_FLOW:
		break;
	}
	if (!ended)
		flow.out = sent_by(f);
	use_of(&flow, f);
	return judge(r, &flow, kind);
}

// The flow goes on: what it has used so far counts in the windows of now.
static bool count_so_far(struct reading *r, const struct row_cells *cells, struct open_flow *f)
{
	struct flow_verdict before, after;
	struct flow_known flow;
	uint32_t tenant;
	uint16_t cc;

	switch (row_flow(cells, &r->names, &r->s->result.words, false, &flow)) {
	case ROW_FLOW:
		break;
	case ROW_NO_MEMORY:
		return false;
	default:
		return true;
	}
	if (!flow.facts.final) // which limits hold may not be known yet
		return true;
	flow.out = sent_by(f);
	use_of(&flow, f);
	r->now.doubts = &r->unused;
	ask(r, &flow, &before, &after, &tenant, &cc);
	r->now.doubts = &r->s->result.doubts;
	f->told = true;
	f->told_bytes += flow.use.bytes;
	f->told_seconds += flow.use.seconds;
	return true;
}

static bool take_open(void *ctx, const struct open_flow *f)
{
	struct reading *r = ctx;
	struct row_cells cells;

	r->s->result.open++;
	if (!row_parse(&r->row, f->line, f->len)) // was parsed before
		return true;
	row_pick(&r->row, &cells);
	return take(r, &cells, false, f);
}

static const struct word *name_of(struct reading *r, const struct row_cells *cells)
{
	const struct cell *c = cells->c[ROW_gw];

	return c != NULL && c->kind == CELL_STRING ? words_get(&r->s->result.words, c->text, c->len)
						   : NULL;
}

// A policy came into force.
static void take_policy(struct reading *r, const struct row_cells *cells, const struct word *gw)
{
	struct gateway *g = gateway_of(r, gw, true);

	if (g != NULL && cell_is(cells->c[ROW_outcome], "published", false))
		cell_text(cells->c[ROW_sha256], g->sha256, sizeof(g->sha256));
}

static bool take_end(struct reading *r, const struct row_cells *cells, const struct word *gw)
{
	uint64_t fid;
	bool good, known = cell_fid(cells->c[ROW_fid], &fid);

	good = take(r, cells, true, known ? open_flows_find(&r->open, gw, fid) : NULL);
	if (known)
		open_flows_end(&r->open, gw, fid);
	return good;
}

// One line of the log. False without memory.
static bool line(struct reading *r, const char *text, size_t len)
{
	const struct word *gw;
	struct row_cells cells;
	const struct cell *ev;
	bool update;
	struct open_flow *f;
	uint64_t fid, out;

	if (!row_parse(&r->row, text, len)) {
		r->s->log.wrong++;
		return true;
	}
	r->s->log.records++;
	row_pick(&r->row, &cells);
	ev = cells.c[ROW_ev];
	gw = name_of(r, &cells);
	update = cell_is(ev, "update", false);
	if (cell_is(ev, "end", false))
		return take_end(r, &cells, gw);
	if (update || cell_is(ev, "decision", false)) {
		if (!cell_fid(cells.c[ROW_fid], &fid) || !cell_u64(cells.c[ROW_ob], &out)) {
			r->s->log.wrong++;
			return true;
		}
		f = open_flows_put(&r->open, gw, fid, text, len, out, update);
		return f != NULL && (!r->s->windows || count_so_far(r, &cells, f));
	}
	if (cell_is(ev, "policy", false))
		take_policy(r, &cells, gw);
	if (cell_is(ev, "gap", false))
		r->s->log.gaps++;
	if (cell_is(ev, "start", false)) // its flows of before have no end any more
		return open_flows_flush(&r->open, gw, take_open, r);
	return true;
}

static void progress(const struct simulation *s, const struct source_stats *st, bool end)
{
	if (!s->progress)
		return;
	if (end)
		fputs("\r\033[K", stderr);
	else if (st->bytes_total != 0)
		fprintf(stderr, "\r\033[K%3.0f %%, %llu records",
			100.0 * (double)st->read / (double)st->bytes_total,
			(unsigned long long)st->lines);
	else
		fprintf(stderr, "\r\033[K%llu records", (unsigned long long)st->lines);
}

static void prepare(struct reading *r, struct simulation *s)
{
	struct flow_judge judge = {.geo = s->geo, .doubts = &r->unused};

	memset(r, 0, sizeof(*r));
	r->s = s;
	r->names = policy_file_names(s->policy.dpi);
	r->old = r->now = judge;
	r->now.policy = s->policy.policy;
	r->now.doubts = &s->result.doubts;
	r->now.asks_asn = policy_asks_asn(s->policy.policy);
	windows_init(&r->now.windows, s->policy.policy);
	policy_file_hex(policy_info(s->policy.policy)->sha256, r->sha_now);
	s->windows = simulation_has_windows(s->policy.policy);
	if (!s->has_against)
		return;
	r->old.policy = s->against.policy;
	windows_init(&r->old.windows, s->against.policy);
	policy_file_hex(policy_info(s->against.policy)->sha256, r->sha_old);
	s->windows |= simulation_has_windows(s->against.policy);
}

int simulate_log(struct simulation *s, char *const *paths, unsigned n)
{
	struct reading r;
	char err[512] = "no memory";
	struct source *source = source_open(paths, n, err, sizeof(err));
	const struct source_stats *st;
	const char *text;
	size_t len;
	int rc;

	prepare(&r, s);
	if (source == NULL) {
		fprintf(stderr, "bhctl: %s\n", err);
		return -EIO;
	}
	st = source_stats(source);
	while ((rc = source_next(source, &text, &len, err, sizeof(err))) > 0) {
		if (!line(&r, text, len)) {
			rc = -ENOMEM;
			snprintf(err, sizeof(err), "no memory");
			break;
		}
		if ((st->lines & 0x3fff) == 0)
			progress(s, st, false);
	}
	if (rc == 0 && !open_flows_flush(&r.open, NULL, take_open, &r)) {
		rc = -ENOMEM;
		snprintf(err, sizeof(err), "no memory");
	}
	progress(s, st, true);
	s->log.torn = st->torn;
	if (rc == 0 && s->log.records == 0 && st->lines != 0) {
		rc = -EINVAL;
		snprintf(err, sizeof(err), "%s: no record in it; is it a flow log?", paths[0]);
	}
	if (rc < 0)
		fprintf(stderr, "bhctl: %s\n", err);
	open_flows_fini(&r.open);
	windows_fini(&r.old.windows);
	windows_fini(&r.now.windows);
	source_close(source);
	return rc;
}
