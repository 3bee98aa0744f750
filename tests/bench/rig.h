// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// One worker of the gateway between two ports that are rings, so that a benchmark can hand it
// frames and time each of its turns. Nothing of the worker or the pipeline is copied or replaced.
#pragma once

#include "app/gateway/dpi_lcore.h"
#include "app/gateway/worker.h"
#include "tests/bench/traffic.h"

#define RIG_LOAD 1024 // frames put into a receive ring at once: what a NIC's ring holds

struct rig_config {
	uint32_t max_flows;
	uint32_t dpi_contexts; // 0: no flow is classified, every label is final at once
	bool dpi_lcore;     // another lcore does DPI: the caller runs dpi_lcore_run(&rig.dpi_lcore)
	uint32_t new_share; // budget.h
	uint8_t overload;   // exception, enum policy_action
	uint16_t burst;
	bool huge;
	uint32_t udp_timeout_s;
	const char *policy;    // file; NULL: allow everything
	const char *candidate; // file of a policy in shadow; NULL: none
	const char *const *country_db;
	size_t n_country_db;
	const char *log_dir; // NULL: records are thrown away
	unsigned number;     // of several in one process, from 0
	unsigned n_workers;  // so many, each with queues of its own; 0: one
	struct rig *first;   // whose policy this one evaluates, too; NULL: its own
};

struct rig {
	struct rig_config c;
	struct worker w;
	struct worker_port by_id[WORKER_MAX_PORTS];
	struct port port[2]; // inside, outside
	struct rte_ring *rx[2], *tx[2];
	struct rte_mempool *pool;
	struct policy_slot slot, shadow;
	struct dpi *dpi;
	struct lanes lanes;
	struct dpi_lcore dpi_lcore;
	_Atomic bool dpi_stop; // to be set before rig_fini()
	struct geo *geo;
	struct flowlog *log;
	struct log_writer *writer;
	_Atomic bool stop;
	_Atomic unsigned stopped_rx;
	char err[512];
};

// 0 or -errno, with the reason on standard error. The EAL runs already.
int rig_init(struct rig *r, const struct rig_config *c);
void rig_fini(struct rig *r);

// Builds n frames (at most RIG_LOAD), of flow numbers or, where flows is NULL, of flows drawn from
// t, and puts them into the receive ring of a side.
void rig_load(struct rig *r, struct traffic *t, unsigned side, const uint32_t *flows, unsigned n);
// Puts frames that are built already into the receive ring of a side: n buffers from rig_take().
void rig_put(struct rig *r, unsigned side, struct rte_mbuf **m, unsigned n);
// n empty buffers; ends the program where the worker kept some.
void rig_take(struct rig *r, struct rte_mbuf **m, unsigned n);
// Takes what was sent, gives the buffers back. Returns how many.
unsigned rig_drain(struct rig *r);
