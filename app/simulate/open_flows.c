// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/simulate/open_flows.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const struct word *gw, uint64_t fid)
{
	return (fid ^ (gw != NULL ? gw->chain.hash : 0)) * 0x9e3779b97f4a7c15ull >> 32;
}

// The link that leads to it; NULL: it is not there.
static struct chain **find(const struct open_flows *o, const struct word *gw, uint64_t fid)
{
	struct chain **at = chains_at(&o->chains, hash_of(gw, fid));

	for (; at != NULL && *at != NULL; at = &(*at)->next) {
		const struct open_flow *f = (struct open_flow *)*at;

		if (f->fid == fid && f->gw == gw)
			return at;
	}
	return NULL;
}

static struct open_flow *add(struct open_flows *o, const struct word *gw, uint64_t fid)
{
	struct open_flow *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->fid = fid;
	f->gw = gw;
	if (chains_add(&o->chains, &f->chain, hash_of(gw, fid)))
		return f;
	free(f);
	return NULL;
}

struct open_flow *open_flows_put(struct open_flows *o, const struct word *gw, uint64_t fid,
	const char *line, size_t len, uint64_t out, bool update)
{
	struct chain **at = find(o, gw, fid);
	struct open_flow *f = at != NULL ? (struct open_flow *)*at : add(o, gw, fid);

	if (f == NULL)
		return NULL;
	if (len > f->room) {
		char *more = realloc(f->line, len + 64);

		if (more == NULL)
			return NULL;
		f->line = more;
		f->room = len + 64;
	}
	memcpy(f->line, line, len);
	f->len = len;
	if (update)
		f->deltas += out;
	else
		f->sent = out;
	return f;
}

static void drop(struct chain *c)
{
	struct open_flow *f = (struct open_flow *)c;

	free(f->line);
	free(f);
}

const struct open_flow *open_flows_find(struct open_flows *o, const struct word *gw, uint64_t fid)
{
	struct chain **at = find(o, gw, fid);

	return at != NULL ? (struct open_flow *)*at : NULL;
}

void open_flows_end(struct open_flows *o, const struct word *gw, uint64_t fid)
{
	struct chain **at = find(o, gw, fid);

	if (at != NULL)
		drop(chains_take(&o->chains, at));
}

bool open_flows_flush(struct open_flows *o, const struct word *gw,
	bool (*put)(void *ctx, const struct open_flow *f), void *ctx)
{
	for (size_t i = 0; o->chains.n != 0 && i < o->chains.size; i++) {
		struct chain **at = &o->chains.heads[i];

		while (*at != NULL) {
			const struct open_flow *f = (struct open_flow *)*at;

			if (gw != NULL && f->gw != gw) {
				at = &(*at)->next;
				continue;
			}
			if (!put(ctx, f))
				return false;
			drop(chains_take(&o->chains, at));
		}
	}
	return true;
}

void open_flows_fini(struct open_flows *o)
{
	chains_fini(&o->chains, drop);
}
