// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The largest flows, with the last record of each. A flow's weight only grows, so the list is exact
// whatever the order of records: a flow whose last weight is among the largest is in it at the end.
// Flows that are taken out again (their verdict changed) would leave holes: more are held than are
// shown, so that it takes more than 64 of them, all among the largest, for one to show.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct flow_item {
	uint64_t id;
	uint64_t weight;
	uint64_t out, stopped, before; // bytes of the flow's life so far
	const char *line;              // the record, as it stands in the log
	size_t len;
};

struct flow_list {
	struct flow_item *items;
	size_t n, max; // held
	size_t shown;  // of the n, once sorted
};

// Shows at most this many. 0 or -ENOMEM.
int flow_list_init(struct flow_list *l, size_t shown);
void flow_list_free(struct flow_list *l);

// Copies the flow and its line.
void flow_list_offer(struct flow_list *l, const struct flow_item *flow);
void flow_list_remove(struct flow_list *l, uint64_t id);
// By falling weight; flows of one weight in the order of their ids. Sets l->shown to what there is.
void flow_list_sort(struct flow_list *l);
