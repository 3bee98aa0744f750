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

// The EAL is one for the whole process and keeps pointers into its arguments, so they live here
// until it ends. One block: the EAL overwrites places of the vector.
static char **kept_args;

static char **copy_args(char *const *args, size_t n)
{
	static const char *const own[] = {"bridgehead", "--log-level=*:warning"};
	const size_t n_own = sizeof(own) / sizeof(own[0]);
	size_t size = (n + n_own + 1) * sizeof(char *);
	char **argv, *at;

	for (size_t i = 0; i < n + n_own; i++)
		size += strlen(i < n_own ? own[i] : args[i - n_own]) + 1;
	argv = calloc(1, size);
	if (argv == NULL)
		return NULL;
	at = (char *)(argv + n + n_own + 1);
	for (size_t i = 0; i < n + n_own; i++) {
		argv[i] = at;
		at = stpcpy(at, i < n_own ? own[i] : args[i - n_own]) + 1;
	}
	return argv;
}

int eal_start(char *const *args, size_t n, char *err, size_t err_size)
{
	int argc = (int)n + 2;

	kept_args = copy_args(args, n);
	if (kept_args == NULL) {
		snprintf(err, err_size, "no memory");
		return -ENOMEM;
	}
	if (rte_eal_init(argc, kept_args) < 0) {
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
	free(kept_args);
	kept_args = NULL;
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
			"no memory for %u packet buffers of %u bytes: %s; lower workers.mbufs or "
			"give"
			" more huge pages (bridgehead doctor)",
			mbufs, data, rte_strerror(rte_errno));
	return m;
}
