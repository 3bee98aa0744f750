// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A wire whose one side is down takes the other down, as a cable would, so that routers on both
// sides notice at once.

#include "app/dataplane/monotonic.h"
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
			from->port.name, down ? "has no link" : "has its link again", to->port.name,
			down ? "down" : "up");
		to->cannot_force = true; // once is enough to say so
		return;
	}
	fprintf(stderr, "bridgehead: wire %s: %s %s, %s taken %s\n", to->wire, from->port.name,
		down ? "has no link" : "has its link again", to->port.name, down ? "down" : "up");
}

// A link that begins needs seconds to come up (autonegotiation, optics). If that counted as down,
// two sides that release each other would take each other down for ever.
#define SETTLE_US 5000000

void gateway_link_settle(struct gateway_port *p)
{
	p->told = false;
	p->settle_until = monotonic_us() + SETTLE_US;
}

static void watch(struct gateway *g, struct gateway_port *p)
{
	struct gateway_port *peer = &g->ports[p->peer];

	if (p->up) {
		p->settle_until = 0;
		if (p->told) {
			pass_on(peer, p, false);
			gateway_link_settle(peer);
		}
		p->told = false;
	} else if (!p->told && monotonic_us() >= p->settle_until) {
		pass_on(peer, p, true);
		p->told = true;
	}
}

void gateway_links(struct gateway *g)
{
	for (unsigned i = 0; i < g->n_ports; i++) {
		struct gateway_port *p = &g->ports[i];

		// What we took down says nothing about its own cable.
		if (p->port.forced_down)
			continue;
		p->up = port_link_up(&p->port);
		if (p->peer >= 0 && g->config.workers.link_propagation)
			watch(g, p);
	}
}
