// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Inside a meter: for meter.c and meter_count.c alone.
#pragma once

#include "app/dataplane/meter.h"

// Walks over all parts of a meter and the entries behind it.
struct cursor {
	const struct meters *m;
	uint32_t entry;
	unsigned at;
};

static inline struct meter_part *next_part(struct cursor *c)
{
	while (c->entry != METER_NONE) {
		struct meter *x = &c->m->v[c->entry];

		if (c->at < x->n)
			return &x->parts[c->at++];
		c->entry = x->more;
		c->at = 0;
	}
	return NULL;
}

#define EACH_PART(m, i, p) for (struct cursor c_ = {(m), (i), 0}; ((p) = next_part(&c_)) != NULL;)

// The window at hand; a counter that another worker has moved on stays there.
static inline void meter_enter(const struct meters *m, const struct meter_part *p)
{
	if (p->counter != NULL)
		quota_enter(p->counter, m->begin[p->window]);
}

// Counts what the meter has counted and gives back what it had set aside.
void meter_settle(struct meters *m, uint32_t i);
