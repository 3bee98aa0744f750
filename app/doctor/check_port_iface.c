// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A port on a kernel interface (net_af_packet, net_af_xdp, net_pcap): there, up, large enough, and
// the gateway's alone.

#include "app/doctor/part.h"
#include "drivers/eal/devargs.h"
#include "drivers/eal/interface.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NET        "/sys/class/net/%s"
#define IFF_UP_BIT 1

// The gateway takes it up when it starts (take_up() of drivers/eal/port.c).
static bool comes_up(const struct doctor *d, const struct used_port *p)
{
	return p->inline_ && !d->running &&
	       (strncmp(p->name, "net_af_packet", 13) == 0 || strncmp(p->name, "net_pcap", 8) == 0);
}

static void check_link(struct doctor *d, const char *check, const struct used_port *p)
{
	const char *iface = p->vdev->iface;
	long long flags = sys_number(d, -1, NET "/flags", iface);
	long long carrier = sys_number(d, -1, NET "/carrier", iface);
	long long speed = sys_number(d, -1, NET "/speed", iface);
	long long mtu = sys_number(d, -1, NET "/mtu", iface);
	char at[32] = "";

	if (flags < 0) {
		found(d, DOCTOR_UNKNOWN, check, "", "/sys does not tell whether %s is up", iface);
	} else if ((flags & IFF_UP_BIT) == 0 && comes_up(d, p)) {
		found(d, DOCTOR_NOTE, check, "the gateway takes it up when it starts",
			"interface %s is down", iface);
	} else if ((flags & IFF_UP_BIT) == 0) {
		found(d, DOCTOR_FAIL, check, "a wire with one side down is cut",
			"interface %s is down", iface);
		mend(d, "ip link set dev %s up", iface);
	} else if (carrier != 1) {
		found(d, DOCTOR_FAIL, check,
			"a wire with one side down is cut, and link_propagation takes the other "
			"side down too",
			"interface %s is up but has no carrier", iface);
		mend(d, "look at the cable and the far end: ip -s link show dev %s", iface);
	} else {
		if (speed > 0)
			snprintf(at, sizeof(at), ", %lld Mb/s", speed);
		found(d, DOCTOR_OK, check, "", "interface %s is up with carrier%s, MTU %lld", iface,
			at, mtu);
	}
}

// Frames of the interface must fit into a slot of af_packet's ring, a slot into a block of the ring
// and into the gateway's buffers. mtu: the interface's, or what the gateway makes of it.
static void check_ring(
	struct doctor *d, const char *check, const struct used_port *p, long long mtu)
{
	static const char why[] = "the gateway does not start";
	const struct gateway_config *c = d->config;
	long framesz = devargs_number(p->vdev->text, "framesz", INTERFACE_AF_PACKET_FRAMESZ);
	long blocksz = devargs_number(p->vdev->text, "blocksz", INTERFACE_AF_PACKET_BLOCKSZ);
	int want = interface_af_packet_framesz((int)mtu);
	int most = interface_af_packet_most((int)c->workers.mtu);

	switch (interface_af_packet_ring(framesz, blocksz, mtu, (int)c->workers.mtu)) {
	case INTERFACE_RING_FITS:
		break;
	case INTERFACE_RING_SLOT_SHORT:
		found(d, DOCTOR_FAIL, check,
			"the kernel would cut longer frames: the gateway does not start",
			"MTU %lld needs %lld bytes in a slot of af_packet's ring, which has %ld "
			"(framesz)",
			mtu, mtu + INTERFACE_AF_PACKET_SPARE, framesz);
		if (c->workers.mtu == 0)
			mend(d,
				"ip link set dev %s mtu 1500   # on both sides of the wire and at "
				"their far ends",
				p->vdev->iface);
		mend(d, "%sadd framesz=%d,blocksz=%ld to --vdev=%s in \"eal\" of %s",
			c->workers.mtu == 0 ? "or, for jumbo frames, " : "", want,
			interface_blocksz(want), p->name, c->path);
		if (c->workers.mtu == 0)
			mend(d, "and set \"mtu\" in \"workers\" to %lld", mtu);
		break;
	case INTERFACE_RING_SLOT_LONG:
		found(d, DOCTOR_FAIL, check, why,
			"framesz=%ld in \"eal\" is more than a buffer of the gateway holds: %d",
			framesz, most);
		if (mtu > (long long)c->workers.mtu)
			mend(d, "set \"mtu\" in \"workers\" of %s to %lld", c->path, mtu);
		if (framesz != want)
			mend(d, "set framesz=%d for --vdev=%s in \"eal\" of %s",
				want > 2048 ? want : 2048, p->name, c->path);
		break;
	case INTERFACE_RING_BLOCK_SHORT:
		found(d, DOCTOR_FAIL, check, why,
			"framesz=%ld in \"eal\" is more than a block of af_packet's ring has: %ld "
			"(blocksz)",
			framesz, blocksz);
		mend(d, "add blocksz=%ld to --vdev=%s in \"eal\" of %s", interface_blocksz(framesz),
			p->name, c->path);
		break;
	}
}

static void check_mtu(struct doctor *d, const char *check, const struct used_port *p)
{
	const char *iface = p->vdev->iface;
	long long mtu = sys_number(d, -1, NET "/mtu", iface), want = d->config->workers.mtu;

	if (mtu < 0) {
		found(d, DOCTOR_UNKNOWN, check, "", "/sys does not tell the MTU of %s", iface);
	} else if (strncmp(p->name, "net_af_packet", 13) == 0) {
		check_ring(d, check, p, want != 0 ? want : mtu); // the gateway sets it
	} else if (want > mtu) {
		found(d, DOCTOR_WARN, check,
			"frames that the configuration promises to carry do not leave by it",
			"MTU of %s is %lld, workers.mtu is %lld", iface, mtu, want);
		mend(d, "ip link set dev %s mtu %lld", iface, want);
	}
}

// IPv6 addresses of an interface in /proc/net/if_inet6.
static bool has_ipv6(struct doctor *d, const char *iface)
{
	char *text = sys_whole(d, "/proc/net/if_inet6"), *save = NULL;
	bool yes = false;

	if (text == NULL)
		return false; // IPv6 is off
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		char name[64];

		if (sscanf(line, "%*s %*s %*s %*s %*s %63s", name) == 1 && strcmp(name, iface) == 0)
			yes = true;
	}
	free(text);
	return yes;
}

static void check_alone(struct doctor *d, const char *check, const struct used_port *p,
	const struct doctor_iface *i)
{
	const char *iface = p->vdev->iface;
	char master[64] = "";

	if (sys_link(d, master, sizeof(master), NET "/master", iface) == 0) {
		found(d, DOCTOR_FAIL, check,
			"the bridge or bond forwards every frame as well: frames double, and may "
			"run in a circle",
			"%s belongs to %s", iface, master);
		mend(d, "ip link set dev %s nomaster", iface);
	}
	if (p->inline_ && i != NULL && i->has_ipv4) {
		found(d, DOCTOR_WARN, check,
			"the kernel sees every frame too, and answers ARP, pings and connections "
			"for its own address in the middle of the wire",
			"%s has an IPv4 address", iface);
		mend(d, "ip -4 address flush dev %s", iface);
	}
	if (p->inline_ && has_ipv6(d, iface)) {
		found(d, DOCTOR_WARN, check,
			"the kernel sends router solicitations and listener reports of its own "
			"into the wire and answers for the address",
			"%s has an IPv6 address", iface);
		mend(d, "sysctl -w net.ipv6.conf.%s.disable_ipv6=1", iface);
	}
}

// /sys shows the interfaces of the namespace that it was mounted in, perhaps another of that name.
static bool is_elsewhere(struct doctor *d, const char *iface, unsigned index)
{
	return !sys_exists(d, NET, iface) ||
	       (index != 0 && sys_number(d, index, NET "/ifindex", iface) != index);
}

void check_port_iface(struct doctor *d, const struct used_port *p)
{
	const char *iface = p->vdev->iface;
	struct doctor_iface i = {0};
	char check[96];
	int rc = d->host->iface(iface, &i);

	snprintf(check, sizeof(check), "port %s", p->name);
	if (rc == -ENODEV) {
		found(d, DOCTOR_FAIL, check, "the gateway does not start without its ports",
			"there is no interface %s in this network namespace", iface);
		mend(d, "ip -br link show   # the interfaces there are");
		mend(d,
			"ip netns list   # where the gateway runs in one: ip netns exec NAME "
			"bridgehead doctor --config %s",
			d->config->path);
		return;
	}
	if (is_elsewhere(d, iface, i.index)) {
		found(d, DOCTOR_UNKNOWN, check, "its link, MTU and node are told by /sys only",
			"%s is in this network namespace, but /sys is another one's", iface);
		mend(d,
			"unshare -m sh -c 'mount -t sysfs none /sys && exec bridgehead doctor "
			"--config %s'   # in the namespace; ip netns exec does it by itself",
			d->config->path);
		check_offloads(d, p);
		return;
	}
	check_link(d, check, p);
	check_mtu(d, check, p);
	check_alone(d, check, p, rc == 0 ? &i : NULL);
	check_offloads(d, p);
	if (sys_exists(d, NET "/device", iface)) // virtual interfaces are on no node
		check_port_node(d, check, (int)sys_number(d, -1, NET "/device/numa_node", iface),
			"the interface");
}
