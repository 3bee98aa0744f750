// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/simulate/open_flows.h"

#include <stdlib.h>
#include <string.h>

static size_t chain_of(const struct open_flows *o, const struct word *gw, uint64_t fid)
{
	const uint64_t h = (fid ^ (gw != NULL ? gw->hash : 0)) * 0x9e3779b97f4a7c15ull;

	return (size_t)(h >> 32) & (o->size - 1);
}

static void grow(struct open_flows *o)
{
	struct open_flows more = {.n = o->n, .size = o->size != 0 ? 2 * o->size : 4096};
	struct open_flow *next;

	more.chains = calloc(more.size, sizeof(*more.chains));
	if (more.chains == NULL)
		return;
	for (size_t i = 0; i < o->size; i++) {
		for (struct open_flow *f = o->chains[i]; f != NULL; f = next) {
			const size_t at = chain_of(&more, f->gw, f->fid);

			next = f->next;
			f->next = more.chains[at];
			more.chains[at] = f;
		}
	}
	free(o->chains);
	*o = more;
}

static struct open_flow **find(struct open_flows *o, const struct word *gw, uint64_t fid)
{
	struct open_flow **at = &o->chains[chain_of(o, gw, fid)];

	while (*at != NULL && ((*at)->fid != fid || (*at)->gw != gw))
		at = &(*at)->next;
	return at;
}

struct open_flow *open_flows_put(struct open_flows *o, const struct word *gw, uint64_t fid,
	const char *line, size_t len, uint64_t out, bool update)
{
	struct open_flow **at, *f;

	if (o->n >= o->size)
		grow(o);
	if (o->size == 0)
		return NULL;
	at = find(o, gw, fid);
	if (*at == NULL) {
		f = calloc(1, sizeof(*f));
		if (f == NULL)
			return NULL;
		f->fid = fid;
		f->gw = gw;
		*at = f;
		o->n++;
	}
	f = *at;
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

static void drop(struct open_flows *o, struct open_flow **at)
{
	struct open_flow *f = *at;

	*at = f->next;
	free(f->line);
	free(f);
	o->n--;
}

const struct open_flow *open_flows_find(struct open_flows *o, const struct word *gw, uint64_t fid)
{
	return o->size != 0 ? *find(o, gw, fid) : NULL;
}

void open_flows_end(struct open_flows *o, const struct word *gw, uint64_t fid)
{
	struct open_flow **at = o->size != 0 ? find(o, gw, fid) : NULL;

	if (at != NULL && *at != NULL)
		drop(o, at);
}

bool open_flows_flush(struct open_flows *o, const struct word *gw,
	bool (*put)(void *ctx, const struct open_flow *f), void *ctx)
{
	for (size_t i = 0; o->n != 0 && i < o->size; i++) {
		struct open_flow **at = &o->chains[i];

		while (*at != NULL) {
			if (gw != NULL && (*at)->gw != gw) {
				at = &(*at)->next;
				continue;
			}
			if (put != NULL && !put(ctx, *at))
				return false;
			drop(o, at);
		}
	}
	return true;
}

void open_flows_fini(struct open_flows *o)
{
	open_flows_flush(o, NULL, NULL, NULL);
	free(o->chains);
	*o = (struct open_flows){0};
}
