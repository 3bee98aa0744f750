// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/eal.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int eal_start(char *const *args, size_t n, char *err, size_t err_size)
{
	char program[] = "bridgehead", quiet[] = "--log-level=*:warning";
	char **argv = calloc(n + 3, sizeof(*argv));
	int rc;

	if (argv == NULL) {
		snprintf(err, err_size, "no memory");
		return -ENOMEM;
	}
	// The EAL keeps and reorders the vector: it stays allocated.
	argv[0] = strdup(program);
	argv[1] = strdup(quiet);
	for (size_t i = 0; i < n; i++)
		argv[i + 2] = strdup(args[i]);
	rc = rte_eal_init((int)n + 2, argv);
	if (rc < 0) {
		snprintf(err, err_size,
			"DPDK's EAL does not start with the configuration's \"eal\" arguments: %s;"
			" see its messages above and bridgehead doctor",
			rte_strerror(rte_errno));
		return -EIO;
	}
	return 0;
}

void eal_stop(void)
{
	rte_eal_cleanup();
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

struct rte_mempool *eal_pool_create(const char *name, uint32_t mbufs, uint16_t data, int socket,
	char *err, size_t err_size)
{
	struct rte_mempool *m = rte_pktmbuf_pool_create(name, mbufs, mbufs > 1024 ? 256 : 0, 0,
		(uint16_t)(data + RTE_PKTMBUF_HEADROOM), socket);

	if (m == NULL)
		snprintf(err, err_size,
			"no memory for %u packet buffers of %u bytes: %s; lower workers.mbufs or give"
			" more huge pages (bridgehead doctor)",
			mbufs, data, rte_strerror(rte_errno));
	return m;
}
