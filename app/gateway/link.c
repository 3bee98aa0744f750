// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A wire whose one side is down takes the other down, as a cable would, so that routers on both
// sides notice at once.

#include "app/dataplane/monotonic.h"
#include "app/gateway/gateway.h"
#include "drivers/eal/interface.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

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

// ---- what comes in by a kernel interface

#define LOOK_US 1000000

static void look_at_mtu(struct gateway_port *p, const char *iface)
{
	const int mtu = interface_mtu(p->port.if_index);

	if (mtu > p->mtu && !p->said_mtu)
		fprintf(stderr,
			"bridgehead: WARNING: port %s: the MTU of %s is %d, and the port is set up "
			"for %d: longer frames are cut or lost; ip link set dev %s mtu %d, or set "
			"workers.mtu and start again\n",
			p->port.name, iface, mtu, p->mtu, iface, p->mtu);
	p->said_mtu = mtu > p->mtu;
}

// What is to leave by the port may be as long as the configuration says or, where it says nothing,
// as the MTU and the port of the wire's other side allow.
static void look_at_sent(const struct gateway *g, struct gateway_port *p, const char *iface)
{
	const struct gateway_port *peer = p->peer >= 0 ? &g->ports[p->peer] : NULL;
	char from[IF_NAMESIZE] = "workers.mtu";
	int mtu, more = (int)g->config.workers.mtu;

	port_look_at_mtu(&p->port);
	if (peer == NULL || port_longest(&p->port) == 0)
		return;
	if (more == 0) {
		if (if_indextoname(peer->port.if_index, from) == NULL)
			return;
		more = interface_mtu(peer->port.if_index);
		if (more > peer->mtu) // beyond that look_at_mtu() speaks
			more = peer->mtu;
	}
	mtu = interface_mtu(p->port.if_index);
	if (mtu > 0 && mtu < more && !p->said_less)
		fprintf(stderr,
			"bridgehead: WARNING: port %s: the MTU of %s is %d, less than that of %s, "
			"%d: longer frames are lost, and counted (lost_mtu); ip link set dev %s "
			"mtu %d\n",
			p->port.name, iface, mtu, from, more, iface, more);
	p->said_less = mtu < more;
}

// Its sockets hear no other interface, whatever that is called.
static void say_gone(struct gateway_port *p)
{
	fprintf(stderr,
		"bridgehead: WARNING: port %s: its interface, %s, is gone: %s %s is cut until the "
		"gateway is started again, also where a new interface has that name\n",
		p->port.name, p->iface, p->peer >= 0 ? "wire" : "tap", p->wire);
	p->gone = true;
}

void gateway_look_at_frames(const struct gateway *g, struct gateway_port *p)
{
	const int64_t now = monotonic_us();
	char iface[IF_NAMESIZE];
	const char *what;

	if (now < p->look_at || p->port.if_index == 0 || p->gone)
		return;
	p->look_at = now + LOOK_US;
	if (if_indextoname(p->port.if_index, iface) == NULL) {
		say_gone(p);
		return;
	}
	snprintf(p->iface, sizeof(p->iface), "%s", iface);
	look_at_mtu(p, iface);
	look_at_sent(g, p, iface);
	what = interface_merges(p->port.if_index);
	if (what != NULL && !p->said_merges)
		fprintf(stderr,
			"bridgehead: WARNING: port %s: %s merges the frames that it receives (%s): "
			"what is longer than the MTU is cut or lost; ethtool -K %s%s%s\n",
			p->port.name, iface, what, iface,
			strchr(what, 'G') != NULL ? " gro off" : "",
			strchr(what, 'L') != NULL ? " lro off" : "");
	p->said_merges = what != NULL;
}

// ---- all ports

void gateway_links(struct gateway *g)
{
	for (unsigned i = 0; i < g->n_ports; i++) {
		struct gateway_port *p = &g->ports[i];

		gateway_look_at_frames(g, p);
		// What we took down says nothing about its own cable.
		if (!p->port.forced_down)
			p->up = port_link_up(&p->port);
		port_set_dark(&p->port,
			!p->up && p->port.if_index != 0 && !interface_carries(p->port.if_index));
		if (p->port.forced_down)
			continue;
		if (p->peer >= 0 && g->config.workers.link_propagation)
			watch(g, p);
	}
}
