// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/port_hold.h"

#include "drivers/eal/devargs.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

unsigned port_holds(const char *device, struct port_hold out[PORT_HOLDS_MAX])
{
	// remote: of net_tap, which takes what comes in there.
	static const char *const keys[PORT_HOLDS_MAX] = {
		"iface", "rx_iface_in", "rx_iface", "tx_iface", "remote"};
	char iface[IF_NAMESIZE], pci[DEVARGS_PCI_MAX];
	unsigned n = 0;

	if (devargs_pci(device, pci)) {
		snprintf(out[0].what, sizeof(out[0].what), "device %s", pci);
		snprintf(out[0].name, sizeof(out[0].name), "device/%s", pci);
		return 1;
	}
	for (unsigned i = 0; i < PORT_HOLDS_MAX; i++) {
		unsigned index = devargs_copy(device, keys[i], iface, sizeof(iface))
					 ? if_nametoindex(iface)
					 : 0;

		if (index == 0)
			continue; // (The EAL says what is not there; net_tap makes its own.)
		snprintf(out[n].what, sizeof(out[n].what), "interface %s", iface);
		snprintf(out[n++].name, sizeof(out->name), "interface/%u", index);
	}
	return n;
}

static bool has(const struct port_held *h, const char *name)
{
	for (unsigned i = 0; i < h->n; i++)
		if (strcmp(h->names[i], name) == 0)
			return true;
	return false;
}

static bool make_room(struct port_held *h)
{
	void *names = realloc(h->names, (h->n + 1) * sizeof(*h->names));
	void *fds = NULL;

	if (names != NULL) {
		h->names = names;
		fds = realloc(h->fds, (h->n + 1) * sizeof(*h->fds));
	}
	if (fds != NULL)
		h->fds = fds;
	return fds != NULL;
}

static void say_owner(const char *port, const struct port_hold *what, char *err, size_t err_size)
{
	char by[48] = "whose process /proc does not tell";
	pid_t pid;

	if (hold_owner(what->name, &pid) == 1 && pid != 0)
		snprintf(by, sizeof(by), "process %d", (int)pid);
	snprintf(err, err_size,
		"port %s: %s is in use by another gateway, %s; each interface is one gateway's "
		"alone: end that one, or name another interface",
		port, what->what, by);
}

static int take(
	struct port_held *h, const char *port, const char *device, char *err, size_t err_size)
{
	struct port_hold what[PORT_HOLDS_MAX];
	unsigned n = port_holds(device, what);

	for (unsigned i = 0; i < n; i++) {
		int rc;

		if (has(h, what[i].name)) // net_pcap receives and sends by it
			continue;
		if (!make_room(h))
			return -ENOMEM;
		rc = hold_take(what[i].name, &h->fds[h->n]);
		if (rc == -EADDRINUSE) {
			say_owner(port, &what[i], err, err_size);
			return -EBUSY;
		}
		if (rc < 0)
			fprintf(stderr,
				"bridgehead: WARNING: port %s: nothing keeps a second gateway from "
				"%s: %s\n",
				port, what[i].what, strerror(-rc));
		else
			memcpy(h->names[h->n++], what[i].name, HOLD_NAME_MAX);
	}
	return 0;
}

int port_hold_all(struct port_held *h, const struct gateway_config *c, char *err, size_t err_size)
{
	int rc = 0;

	// Those that no wire names, too: the EAL opens them all, and a device may be made of
	// others.
	for (size_t i = 0; i < c->eal.n_vdevs && rc == 0; i++)
		rc = take(h, c->eal.vdevs[i].name, c->eal.vdevs[i].text, err, err_size);
	for (size_t i = 0; i < c->n_wires * 2 && rc == 0; i++) {
		const struct gateway_wire *w = &c->wires[i / 2];
		const char *port = i % 2 == 0 ? w->inside : w->outside;

		if (config_vdev(&c->eal, port) == NULL)
			rc = take(h, port, port, err, err_size);
	}
	for (size_t i = 0; i < c->n_taps && rc == 0; i++)
		if (config_vdev(&c->eal, c->taps[i].port) == NULL)
			rc = take(h, c->taps[i].port, c->taps[i].port, err, err_size);
	return rc;
}

void port_release_all(struct port_held *h)
{
	for (unsigned i = 0; i < h->n; i++)
		close(h->fds[i]);
	free(h->names);
	free(h->fds);
	*h = (struct port_held){0};
}
