// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A wire whose one side goes down takes the other down, as a cable would, so that routers on both
// sides notice at once.

#include "app/gateway/gateway.h"

#include <stdio.h>

static void pass_on(struct gateway_port *to, const struct gateway_port *from, bool down)
{
	int rc;

	if (to->port.forced_down == down || to->cannot_force)
		return;
	rc = port_force_link(&to->port, down);
	if (rc < 0) {
		fprintf(stderr, "bridgehead: wire %s: %s %s, but %s cannot be taken %s\n", to->wire,
			from->port.name, down ? "lost its link" : "has its link again",
			to->port.name, down ? "down" : "up");
		to->cannot_force = true; // once is enough to say so
		return;
	}
	fprintf(stderr, "bridgehead: wire %s: %s %s, %s taken %s\n", to->wire, from->port.name,
		down ? "lost its link" : "has its link again", to->port.name, down ? "down" : "up");
}

void gateway_links(struct gateway *g)
{
	for (unsigned i = 0; i < g->n_ports; i++) {
		struct gateway_port *p = &g->ports[i];
		bool up;

		// What we took down says nothing about its own cable.
		if (p->port.forced_down)
			continue;
		up = port_link_up(&p->port);
		if (p->peer >= 0 && g->config.workers.link_propagation && up != p->up)
			pass_on(&g->ports[p->peer], p, !up);
		p->up = up;
	}
}
