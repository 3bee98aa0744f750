// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/gateway_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gateway_view *gateway_view_new(struct gateway *g, char *err, size_t err_size)
{
	struct gateway_view *v;

	// A push is counted within a second: one look may wait for that, so that operators do not
	// get in each other's way.
	if (g->view_next != NULL || (g->view != NULL && g->view->found == NULL)) {
		snprintf(err, err_size, "another look at the flows is under way; try again");
		return NULL;
	}
	v = calloc(1, sizeof(*v));
	if (v == NULL) {
		snprintf(err, err_size, "no memory");
		return NULL;
	}
	v->all.filter = (struct view_filter){
		.app = -1, .action = -1, .border = -1, .proto = -1, .port = -1};
	return v;
}

void gateway_view_free(struct gateway_view *v)
{
	if (v == NULL)
		return;
	for (unsigned i = 0; i < WORKER_MAX; i++) {
		free(v->per_worker[i].rows);
		free(v->per_worker[i].sums);
	}
	free(v->all.rows);
	free(v->all.sums);
	policy_free(v->candidate);
	policy_answer_free(&v->answer);
	free(v);
}

static bool make_room(struct view *v)
{
	if (v->max_rows != 0)
		v->rows = calloc(v->max_rows, sizeof(*v->rows));
	if (v->want_sums)
		v->sums = calloc(VIEW_SUMS, sizeof(*v->sums));
	return (v->max_rows == 0 || v->rows != NULL) && (!v->want_sums || v->sums != NULL);
}

static void hand_out(struct gateway *g, struct gateway_view *v)
{
	g->view = v;
	v->begun = gateway_now();
	for (unsigned i = 0; i < g->n_workers; i++) {
		atomic_store_explicit(&g->workers[i].view_off, false, memory_order_relaxed);
		atomic_store_explicit(&g->workers[i].view, &v->per_worker[i], memory_order_release);
	}
}

int gateway_view_start(struct gateway *g, struct gateway_view *v, char *err, size_t err_size)
{
	bool room = true;

	v->all.max_rows = v->limit;
	for (unsigned i = 0; i < g->n_workers; i++) {
		v->per_worker[i] = v->all;
		room = room && make_room(&v->per_worker[i]);
	}
	v->all.max_rows *= g->n_workers;
	if (!room || !make_room(&v->all)) {
		snprintf(err, err_size, "no memory to look at so many flows");
		gateway_view_free(v);
		return -ENOMEM;
	}
	if (g->view == NULL)
		hand_out(g, v);
	else
		g->view_next = v;
	return 0;
}

json_t *gateway_view_begin(struct gateway *g, struct gateway_view *v,
	const struct control_request *r, char *err, size_t err_size)
{
	if (gateway_view_start(g, v, err, err_size) < 0)
		return NULL;
	return control_wait(r, &v->ticket);
}

void gateway_view_give_up(struct gateway *g)
{
	g->view->given_up = true;
	for (unsigned i = 0; i < g->n_workers; i++)
		atomic_store_explicit(&g->workers[i].view_off, true, memory_order_relaxed);
}

static bool through(const struct gateway *g)
{
	for (unsigned i = 0; i < g->n_workers; i++)
		if (atomic_load_explicit(&g->workers[i].view, memory_order_acquire) != NULL)
			return false;
	return true;
}

static void add_sum(struct view *all, const struct view_sum *s)
{
	uint32_t at = (s->key * 2654435761u ^ s->generation * 40503u) % VIEW_SUMS;

	for (unsigned tries = 0; tries < VIEW_SUMS; tries++, at = (at + 1) % VIEW_SUMS) {
		struct view_sum *t = &all->sums[at];

		if (t->used && (t->key != s->key || t->generation != s->generation))
			continue;
		t->key = s->key;
		t->generation = s->generation;
		t->used = true;
		t->flows += s->flows;
		t->out += s->out;
		t->in += s->in;
		return;
	}
	all->sums_full += s->flows;
}

static int by_sort(const void *a, const void *b)
{
	const struct view_row *x = a, *y = b;

	return x->sort < y->sort ? 1 : x->sort > y->sort ? -1 : 0;
}

static void put_together(const struct gateway *g, struct gateway_view *v)
{
	struct view *all = &v->all;

	for (unsigned i = 0; i < g->n_workers; i++) {
		const struct view *w = &v->per_worker[i];

		all->seen += w->seen;
		all->matched += w->matched;
		all->sums_full += w->sums_full;
		for (unsigned a = 0; a <= POLICY_BLOCK; a++)
			for (unsigned b = 0; b <= POLICY_BLOCK; b++)
				all->moved[a][b] += w->moved[a][b];
		if (w->n_rows != 0)
			memcpy(all->rows + all->n_rows, w->rows, w->n_rows * sizeof(*w->rows));
		all->n_rows += w->n_rows;
		for (unsigned k = 0; w->sums != NULL && k < VIEW_SUMS; k++)
			if (w->sums[k].used)
				add_sum(all, &w->sums[k]);
	}
	if (all->n_rows != 0)
		qsort(all->rows, all->n_rows, sizeof(*all->rows), by_sort);
}

static void finish(struct gateway *g, struct gateway_view *v)
{
	if (v->given_up || (v->found == NULL && control_gone(g->server, v->ticket)))
		return;
	put_together(g, v);
	if (v->found != NULL)
		v->found(g, v);
	else
		control_answer(g->server, v->ticket, v->finish(g, v), "no memory for the answer");
}

void gateway_view_poll(struct gateway *g)
{
	struct gateway_view *v = g->view, *next = g->view_next;

	if (v == NULL || !through(g))
		return;
	finish(g, v);
	g->view = g->view_next = NULL;
	gateway_view_free(v);
	if (next != NULL)
		hand_out(g, next);
}

void gateway_view_close(struct gateway *g)
{
	gateway_view_free(g->view);
	gateway_view_free(g->view_next);
	g->view = g->view_next = NULL;
}
