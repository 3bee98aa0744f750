// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The engine over recorded flows. A flow counts once, by its last record.

#include "app/review/source.h"
#include "app/simulate/open_flows.h"
#include "app/simulate/row_flow.h"
#include "app/simulate/simulation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct reading {
	struct simulation *s;
	struct policy_names names;
	struct open_flows open;
	struct row row;
};

static bool judge(struct reading *r, const struct flow_known *flow, enum row_kind kind)
{
	struct simulation *s = r->s;
	struct sim_result *out = &s->result;
	struct flow_verdict before, after;
	uint32_t tenant, unused;
	uint16_t cc, unused_cc;

	if (s->has_against)
		flow_judge(s->against.policy, s->geo, flow, &out->doubts, &before, &unused,
			&unused_cc);
	else
		before = flow->had;
	flow_judge(s->policy.policy, s->geo, flow, &out->doubts, &after, &tenant, &cc);
	if (after.undecided || (s->has_against ? before.undecided : kind == ROW_UNDECIDED)) {
		out->undecided++;
		return true;
	}
	result_add(out, s->policy.policy, flow, tenant, cc, &before, &after);
	return !out->no_memory;
}

// A line of which nothing more will be heard. more: outbound bytes that its counters leave out.
static bool take(struct reading *r, const struct row_cells *cells, bool ended, uint64_t out)
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
		flow.out = out;
	return judge(r, &flow, kind);
}

static bool take_open(void *ctx, const struct open_flow *f)
{
	struct reading *r = ctx;
	struct row_cells cells;

	r->s->result.open++;
	if (!row_parse(&r->row, f->line, f->len)) // was parsed before
		return true;
	row_pick(&r->row, &cells);
	return take(r, &cells, false, f->sent > f->deltas ? f->sent : f->deltas);
}

static bool fid_of(const struct row_cells *cells, uint64_t *fid)
{
	const struct cell *c = cells->c[ROW_fid];

	*fid = 0;
	for (size_t i = 0; c != NULL && i < c->len; i++) {
		const char *digit = strchr("0123456789abcdef", c->text[i]);

		if (digit == NULL || c->text[i] == '\0')
			return false;
		*fid = *fid << 4 | (uint64_t)(digit - "0123456789abcdef");
	}
	return c != NULL && c->kind == CELL_STRING && c->len == 16;
}

static const struct word *gateway_of(struct reading *r, const struct row_cells *cells)
{
	const struct cell *c = cells->c[ROW_gw];

	return c != NULL && c->kind == CELL_STRING ? words_get(&r->s->result.words, c->text, c->len)
						   : NULL;
}

// One line of the log. False without memory.
static bool line(struct reading *r, const char *text, size_t len)
{
	const struct word *gw;
	struct row_cells cells;
	const struct cell *ev;
	bool update;
	uint64_t fid, out;

	if (!row_parse(&r->row, text, len)) {
		r->s->log.wrong++;
		return true;
	}
	r->s->log.records++;
	row_pick(&r->row, &cells);
	ev = cells.c[ROW_ev];
	gw = gateway_of(r, &cells);
	update = cell_is(ev, "update", false);
	if (cell_is(ev, "end", false)) {
		if (fid_of(&cells, &fid))
			open_flows_end(&r->open, gw, fid);
		return take(r, &cells, true, 0);
	}
	if (update || cell_is(ev, "decision", false)) {
		if (!fid_of(&cells, &fid) || !cell_u64(cells.c[ROW_ob], &out)) {
			r->s->log.wrong++;
			return true;
		}
		return open_flows_put(&r->open, gw, fid, text, len, out, update);
	}
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

int simulate_log(struct simulation *s, char *const *paths, unsigned n)
{
	struct reading r = {.s = s, .names = policy_file_names(s->policy.dpi)};
	char err[512] = "no memory";
	struct source *source = source_open(paths, n, err, sizeof(err));
	const struct source_stats *st;
	const char *text;
	size_t len;
	int rc;

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
	source_close(source);
	return rc;
}
