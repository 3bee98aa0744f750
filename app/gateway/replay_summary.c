// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Totals of a replay: what was seen, what was decided.

#include "app/gateway/replay.h"

#include <inttypes.h>
#include <stdlib.h>

#define MAX_LABELS (1u << 16)

struct tally {
	uint64_t flows, out, in;
};

struct replay_totals {
	struct tally action[POLICY_BLOCK + 1], local;
	struct tally cc[1u << 16];
	struct tally app[MAX_LABELS];
	uint64_t pending_bytes, stopped_bytes, stopped_packets;
};

struct replay_totals *replay_totals_create(void)
{
	return calloc(1, sizeof(struct replay_totals));
}

void replay_totals_free(struct replay_totals *t)
{
	free(t);
}

static void add(struct tally *t, const struct record *r)
{
	t->flows++;
	t->out += r->ob;
	t->in += r->rb;
}

void replay_totals_add(struct replay_totals *t, const struct record *r)
{
	if (r->ev != RECORD_END)
		return;
	add(&t->app[r->app], r);
	if (r->local) {
		add(&t->local, r);
		return;
	}
	add(&t->action[r->action], r);
	add(&t->cc[r->cc], r);
	t->pending_bytes += r->pb;
	t->stopped_bytes += r->db;
	t->stopped_packets += r->dp;
}

static void line(FILE *to, const char *name, const struct tally *t)
{
	fprintf(to, "  %-24s %10" PRIu64 " flows %14" PRIu64 " B out %14" PRIu64 " B in\n", name,
		t->flows, t->out, t->in);
}

// The busiest of a table, most flows first; ties in the table's order.
static void top(FILE *to, const struct tally *t, unsigned n, unsigned most,
	void (*print)(FILE *to, unsigned i, const struct tally *t, const void *ctx),
	const void *ctx)
{
	uint64_t below = UINT64_MAX;
	unsigned shown = 0;

	while (shown < most) {
		uint64_t best = 0;

		for (unsigned i = 0; i < n; i++)
			if (t[i].flows < below && t[i].flows > best)
				best = t[i].flows;
		if (best == 0)
			return;
		for (unsigned i = 0; i < n && shown < most; i++) {
			if (t[i].flows == best) {
				print(to, i, &t[i], ctx);
				shown++;
			}
		}
		below = best;
	}
}

static void print_cc(FILE *to, unsigned i, const struct tally *t, const void *ctx)
{
	char cc[3] = {(char)(i >> 8), (char)(i & 0xff), '\0'};

	(void)ctx;
	line(to, cc, t);
}

static void print_app(FILE *to, unsigned i, const struct tally *t, const void *ctx)
{
	const char *name = dpi_app_name(ctx, (uint16_t)i);

	line(to, name != NULL ? name : "?", t);
}

static void print_packets(const struct pipeline_stats *s, FILE *to)
{
	uint64_t packets = 0, bytes = 0;

	for (unsigned i = 0; i < REASON_OUTCOME_COUNT; i++) {
		packets += s->packets[i];
		bytes += s->bytes[i];
	}
	fprintf(to, "packets: %" PRIu64 ", %" PRIu64 " bytes on the wire\n", packets, bytes);
	fprintf(to, "in flows: %" PRIu64 " packets, %" PRIu64 " IP bytes, %" PRIu64 " flows\n",
		s->flow_packets, s->flow_bytes, s->flows_begun);
	fputs("packets by outcome:\n", to);
	for (unsigned i = 0; i < REASON_OUTCOME_COUNT; i++)
		if (s->packets[i] != 0)
			fprintf(to, "  %-24s %10" PRIu64 " packets %14" PRIu64 " B\n",
				reason_outcome_name(i), s->packets[i], s->bytes[i]);
	for (unsigned i = 0, first = 1; i < NOTE_COUNT; i++) {
		if (s->notes[i] == 0)
			continue;
		if (first)
			fputs("remarkable packets:\n", to);
		first = 0;
		fprintf(to, "  %-24s %10" PRIu64 " packets\n", reason_note_name(i), s->notes[i]);
	}
}

void replay_totals_print(const struct replay_totals *t, const struct pipeline *pl, FILE *to)
{
	const struct pipeline_stats *s = &pl->stats;

	print_packets(s, to);
	fputs("flows by verdict:\n", to);
	for (unsigned a = POLICY_ALLOW; a <= POLICY_BLOCK; a++)
		line(to, policy_action_name(a), &t->action[a]);
	if (s->flows_local != 0)
		fprintf(to, "  %-24s %10" PRIu64 " flows (both ends inside)\n", "local",
			s->flows_local);
	fprintf(to,
		"left before the verdict: %" PRIu64 " B; stopped: %" PRIu64 " packets, %" PRIu64
		" B\n",
		t->pending_bytes, t->stopped_packets, t->stopped_bytes);
	fputs("flows by country of the remote end:\n", to);
	top(to, t->cc, 1u << 16, 10, print_cc, NULL);
	fputs("flows by application:\n", to);
	top(to, t->app, MAX_LABELS, 10, print_app, pl->c.dpi);
	if (s->table_full != 0)
		fprintf(to, "flow table full: %" PRIu64 " packets\n", s->table_full);
	if (s->dpi_full != 0)
		fprintf(to, "classification contexts used up: %" PRIu64 " flows\n", s->dpi_full);
}
