// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/pools.h"

#include "drivers/eal/eal.h"

#include <errno.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <string.h>

static unsigned find(const struct pools *p, int node)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->at[i].node == node)
			return i;
	return p->n;
}

void pools_share(struct pools *p, const int *nodes, unsigned n, uint32_t mbufs)
{
	uint32_t ports[POOLS_MAX] = {0}, left = mbufs;

	memset(p, 0, sizeof(*p));
	for (unsigned k = 0; k < n; k++) {
		unsigned i = find(p, nodes[k]);

		if (i == POOLS_MAX)
			i = 0;
		else if (i == p->n)
			p->at[p->n++].node = nodes[k];
		ports[i]++;
	}
	for (unsigned i = 0; i < p->n; i++) {
		p->at[i].mbufs = (uint32_t)((uint64_t)mbufs * ports[i] / n);
		left -= p->at[i].mbufs;
	}
	p->at[0].mbufs += left;
}

int pools_make(struct pools *p, uint16_t data, char *err, size_t err_size)
{
	for (unsigned i = 0; i < p->n; i++) {
		char name[24];

		snprintf(name, sizeof(name), "frames%d", p->at[i].node);
		p->at[i].pool =
			eal_pool_create(name, p->at[i].mbufs, data, p->at[i].node, err, err_size);
		if (p->at[i].pool == NULL)
			return -ENOMEM;
	}
	return 0;
}

void pools_free(struct pools *p)
{
	for (unsigned i = 0; i < p->n; i++)
		rte_mempool_free(p->at[i].pool);
	p->n = 0;
}

struct rte_mempool *pools_near(const struct pools *p, int node)
{
	unsigned i = find(p, node);

	return p->at[i < p->n ? i : 0].pool;
}
