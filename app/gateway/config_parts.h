// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The parts of the configuration that take more than a table: private to config*.c.
#pragma once

#include "app/gateway/config.h"
#include "app/gateway/config_read.h"

// /eal: the arguments and what they tell.
void cfg_eal(struct cfg *c, json_t *list, struct gateway_eal *out);

// /wires and /taps; after them, what holds over all ports.
void cfg_wires(struct cfg *c, json_t *list, struct gateway_config *out);
void cfg_taps(struct cfg *c, json_t *list, struct gateway_config *out);
void cfg_check_ports(struct cfg *c, const struct gateway_config *g);

// /workers/lcores, and what holds between them and the EAL's.
void cfg_lcores(struct cfg *c, json_t *list, struct gateway_config *out);
void cfg_dpi_lcores(struct cfg *c, json_t *list, struct gateway_config *out);
void cfg_check_lcores(struct cfg *c, const struct gateway_config *g);

// /inside: prefixes.
void cfg_inside(struct cfg *c, json_t *list, struct gateway_config *out);

// A list of non-empty strings: min..max of them.
void cfg_strings(struct cfg *c, const char *pointer, json_t *list, size_t min, size_t max,
	struct gateway_strings *out);

// /tunnels.
void cfg_tunnels(struct cfg *c, json_t *list, struct gateway_config *out);
