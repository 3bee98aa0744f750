// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/config_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_FIELD(type)                                                                           \
	{                                                                                          \
		.key = "name", .kind = CFG_STRING, .required = true,                               \
		.offset = offsetof(type, name), .min = 1, .max = 63                                \
	}
#define PORT_FIELD(type, field)                                                                    \
	{                                                                                          \
		.key = #field, .kind = CFG_STRING, .required = true,                               \
		.offset = offsetof(type, field), .min = 1, .max = 63,                              \
		.hint = "a DPDK device: \"net_af_packet0\" or \"0000:01:00.0\""                    \
	}

static const struct cfg_field WIRE[] = {NAME_FIELD(struct gateway_wire),
	PORT_FIELD(struct gateway_wire, inside), PORT_FIELD(struct gateway_wire, outside)};

static const struct cfg_field TAP[] = {
	NAME_FIELD(struct gateway_tap), PORT_FIELD(struct gateway_tap, port)};

// Device names of DPDK: no spaces, no commas (RTE_DEV_NAME_MAX_LEN is 64).
static void check_device(struct cfg *c, const char *pointer, const char *key, const char *name)
{
	for (const char *s = name; s != NULL && *s != '\0'; s++) {
		if (*s > ' ' && *s < 0x7f && *s != ',')
			continue;
		cfg_error(c, pointer, key, "write the device's name without arguments",
			"is not a device name: \"%s\"", name);
		return;
	}
}

void cfg_wires(struct cfg *c, json_t *list, struct gateway_config *out)
{
	size_t n = json_array_size(list);

	if (n > GATEWAY_MAX_PORTS / 2) {
		cfg_error(c, "/wires", NULL, NULL, "has %zu wires; at most %d are possible", n,
			GATEWAY_MAX_PORTS / 2);
		return;
	}
	if (n == 0) {
		cfg_error(c, "/wires", NULL, NULL, "must have at least one wire");
		return;
	}
	out->wires = calloc(n, sizeof(*out->wires));
	if (out->wires == NULL) {
		c->no_memory = true;
		return;
	}
	out->n_wires = n;
	for (size_t i = 0; i < n; i++) {
		struct gateway_wire *w = &out->wires[i];
		char pointer[32];

		snprintf(pointer, sizeof(pointer), "/wires/%zu", i);
		if (!cfg_fields(c, pointer, json_array_get(list, i), WIRE,
			    sizeof(WIRE) / sizeof(WIRE[0]), w))
			continue;
		if (w->name != NULL)
			cfg_check_name(c, pointer, "name", w->name);
		check_device(c, pointer, "inside", w->inside);
		check_device(c, pointer, "outside", w->outside);
	}
}

void cfg_taps(struct cfg *c, json_t *list, struct gateway_config *out)
{
	size_t n = json_array_size(list);

	if (n > GATEWAY_MAX_PORTS) {
		cfg_error(c, "/taps", NULL, NULL, "has %zu taps; at most %d are possible", n,
			GATEWAY_MAX_PORTS);
		return;
	}
	if (n == 0) {
		cfg_error(c, "/taps", NULL, NULL, "must have at least one tap");
		return;
	}
	out->taps = calloc(n, sizeof(*out->taps));
	if (out->taps == NULL) {
		c->no_memory = true;
		return;
	}
	out->n_taps = n;
	for (size_t i = 0; i < n; i++) {
		struct gateway_tap *t = &out->taps[i];
		char pointer[32];

		snprintf(pointer, sizeof(pointer), "/taps/%zu", i);
		if (!cfg_fields(c, pointer, json_array_get(list, i), TAP,
			    sizeof(TAP) / sizeof(TAP[0]), t))
			continue;
		if (t->name != NULL)
			cfg_check_name(c, pointer, "name", t->name);
		check_device(c, pointer, "port", t->port);
	}
}

// One use of a port, or one name, with where it stands.
struct use {
	char pointer[32];
	const char *key;
	const char *name;
	const char *port;
};

static size_t all_uses(const struct gateway_config *g, struct use *u)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_wires; i++) {
		const struct gateway_wire *w = &g->wires[i];
		struct use in = {.key = "inside", .name = w->name, .port = w->inside};
		struct use out = {.key = "outside", .port = w->outside};

		snprintf(in.pointer, sizeof(in.pointer), "/wires/%zu", i);
		memcpy(out.pointer, in.pointer, sizeof(out.pointer));
		u[n++] = in;
		u[n++] = out;
	}
	for (size_t i = 0; i < g->n_taps; i++) {
		struct use tap = {.key = "port", .name = g->taps[i].name, .port = g->taps[i].port};

		snprintf(tap.pointer, sizeof(tap.pointer), "/taps/%zu", i);
		u[n++] = tap;
	}
	return n;
}

// Has the form of a PCI address, and no device can have it.
static bool is_no_pci_address(const char *name)
{
	unsigned domain, bus, slot, function;
	int used = 0;

	if (sscanf(name, "%4x:%2x:%2x.%x%n", &domain, &bus, &slot, &function, &used) != 4 &&
		sscanf(name, "%2x:%2x.%x%n", &bus, &slot, &function, &used) != 3)
		return false;
	return name[used] == '\0' && (slot > 0x1f || function > 7);
}

static const char *vdev_at(void *ctx, size_t i)
{
	const struct gateway_eal *e = ctx;

	return i < e->n_vdevs ? e->vdevs[i].name : NULL;
}

// A port that the EAL's arguments do not make, as far as they can tell.
static void check_made(struct cfg *c, const struct gateway_eal *eal, const struct use *u)
{
	struct gateway_eal names = *eal;
	const char *near;
	char hint[160];

	if (config_vdev(eal, u->port) != NULL)
		return;
	if (strncmp(u->port, "net_", 4) == 0) {
		near = diag_nearest(u->port, vdev_at, &names);
		if (diag_meant(hint, near) == NULL)
			snprintf(hint, sizeof(hint), "add \"--vdev=%s,…\" to eal", u->port);
		cfg_error(c, u->pointer, u->key, hint, "no --vdev of eal makes \"%s\"", u->port);
	} else if (is_no_pci_address(u->port)) {
		cfg_error(c, u->pointer, u->key,
			"domain:bus:device.function in hexadecimal; the device is 00 to 1f, the "
			"function 0 to 7",
			"\"%s\" is no PCI address", u->port);
	} else if (eal->no_pci) {
		cfg_error(c, u->pointer, u->key, "take --no-pci out of eal, or name a --vdev",
			"\"%s\" is no --vdev of eal, and --no-pci leaves no other ports", u->port);
	}
}

void cfg_check_ports(struct cfg *c, const struct gateway_config *g)
{
	struct use u[GATEWAY_MAX_PORTS * 2];
	size_t n = all_uses(g, u);

	if (n > GATEWAY_MAX_PORTS)
		cfg_error(c, "", NULL, NULL,
			"wires and taps name %zu ports; at most %d are possible", n,
			GATEWAY_MAX_PORTS);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (u[i].port != NULL && u[k].port != NULL &&
				strcmp(u[i].port, u[k].port) == 0)
				cfg_error(c, u[i].pointer, u[i].key, "each port has one place",
					"port \"%s\" is used already at %s/%s", u[i].port,
					u[k].pointer, u[k].key);
			if (u[i].name != NULL && u[k].name != NULL &&
				strcmp(u[i].name, u[k].name) == 0)
				cfg_error(c, u[i].pointer, "name", NULL,
					"the name \"%s\" is used already at %s", u[i].name,
					u[k].pointer);
		}
		if (u[i].port != NULL)
			check_made(c, &g->eal, &u[i]);
	}
}
