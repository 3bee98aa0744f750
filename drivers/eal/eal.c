// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/eal.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_version.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The vector that the EAL got, which it reorders, and its strings.
struct eal {
	char **argv;
	char *text;
	bool started;
};

static struct eal *make_args(char *const *args, size_t n)
{
	const char *const first[] = {"bridgehead", "--log-level=*:warning"};
	struct eal *e = calloc(1, sizeof(*e));
	size_t size = 0;
	char *at;

	if (e == NULL)
		return NULL;
	for (size_t i = 0; i < n + 2; i++)
		size += strlen(i < 2 ? first[i] : args[i - 2]) + 1;
	e->argv = calloc(n + 3, sizeof(*e->argv));
	e->text = at = malloc(size);
	if (e->argv == NULL || e->text == NULL) {
		free(e->argv);
		free(e->text);
		free(e);
		return NULL;
	}
	for (size_t i = 0; i < n + 2; i++) {
		e->argv[i] = at;
		at = stpcpy(at, i < 2 ? first[i] : args[i - 2]) + 1;
	}
	return e;
}

int eal_start(char *const *args, size_t n, struct eal **out, char *err, size_t err_size)
{
	struct eal *e = make_args(args, n);

	*out = e;
	if (e == NULL) {
		snprintf(err, err_size, "no memory");
		return -ENOMEM;
	}
	if (rte_eal_init((int)n + 2, e->argv) < 0) {
		snprintf(err, err_size,
			"DPDK's EAL does not start with the configuration's \"eal\" arguments: %s;"
			" see its messages above and bridgehead doctor",
			rte_strerror(rte_errno));
		return -EIO;
	}
	e->started = true;
	return 0;
}

void eal_stop(struct eal *e)
{
	if (e == NULL)
		return;
	if (e->started)
		rte_eal_cleanup();
	free(e->argv);
	free(e->text);
	free(e);
}

const char *eal_version(void)
{
	return rte_version() + strlen("DPDK ");
}

const char *eal_built_version(void)
{
	return RTE_STR(RTE_VER_YEAR) "." RTE_STR(RTE_VER_MONTH) "." RTE_STR(RTE_VER_MINOR);
}

const char *eal_plugins(void)
{
	return RTE_EAL_PMD_PATH;
}

struct rte_mempool *eal_pool_create(
	const char *name, uint32_t mbufs, uint16_t data, int socket, char *err, size_t err_size)
{
	struct rte_mempool *m = rte_pktmbuf_pool_create(name, mbufs, mbufs > 1024 ? 256 : 0, 0,
		(uint16_t)(data + RTE_PKTMBUF_HEADROOM), socket);

	if (m == NULL)
		snprintf(err, err_size,
			"no memory for %u packet buffers of %u bytes on NUMA node %d: %s; lower "
			"workers.mbufs or give %s (bridgehead doctor)",
			mbufs, data, socket, rte_strerror(rte_errno),
			rte_eal_has_hugepages() ? "more huge pages there"
						: "more memory by \"-m\" in \"eal\"");
	return m;
}
