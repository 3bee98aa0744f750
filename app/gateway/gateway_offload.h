// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Offload of elephant flows to the ports ("offload" in the configuration): what each wire's ports
// can do, found out at the start, and the thread that makes and reads rules.
#pragma once

#include "app/dataplane/offload_server.h"
#include "drivers/eal/rule.h"

#include <jansson.h>
#include <stdatomic.h>

struct gateway;

struct gateway_offload_wire {
	const char *name;
	struct rule_port port[2]; // where packets come in: inside, outside
	uint8_t kinds;            // offload_kind() of what both ports can do
	char why[8][192];         // by number of the kind: what the first port that cannot says
};

struct gateway_offload {
	struct offload *workers; // one each
	struct gateway_offload_wire wires[OFFLOAD_WIRES];
	unsigned n_wires;
	struct offload_server server;
	_Atomic bool stop;
	bool running;
	unsigned long thread; // pthread_t
};

// After the ports have started. Says what each wire can on standard error. NULL in *out where the
// configuration has it off. 0 or -errno.
int gateway_offload_open(struct gateway *g, struct gateway_offload **out);
int gateway_offload_start(struct gateway *g);
// After the workers, who wait for last words; NULL is fine.
void gateway_offload_close(struct gateway_offload *o);

// What stands in `bhctl stats` and `bhctl policy status`; null where it is off.
json_t *gateway_offload_json(const struct gateway *g);
json_t *gateway_offload_worker_json(const struct offload *o);
