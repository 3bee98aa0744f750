// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a gateway has for itself of the devices that its configuration names: see
// drivers/eal/hold.h.
#pragma once

#include "app/gateway/config.h"
#include "drivers/eal/hold.h"

#define PORT_HOLDS_MAX 5 // of one device

struct port_hold {
	char what[48];            // "interface eth1", "device 0000:01:00.0"
	char name[HOLD_NAME_MAX]; // for hold_take()
};

// What stands behind a device: the interfaces that a virtual device's arguments name and that are
// there, or the PCI device that the name is. The number of them.
unsigned port_holds(const char *device, struct port_hold out[PORT_HOLDS_MAX]);

// What is held.
struct port_held {
	char (*names)[HOLD_NAME_MAX];
	int *fds;
	unsigned n;
};

// Takes all that the configuration's devices are, before any of them is touched. 0, or -EBUSY with
// a line in err: another gateway has one of them. -ENOMEM. What the system does not let this
// process hold is said, and is no reason not to forward.
int port_hold_all(struct port_held *h, const struct gateway_config *c, char *err, size_t err_size);
// After the devices are closed. An empty struct is fine.
void port_release_all(struct port_held *h);
