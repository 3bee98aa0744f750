// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The ports of a configuration one by one, then what holds between the two of a wire; without a
// configuration, the NICs there are.

#include "app/doctor/part.h"
#include "app/gateway/port_hold.h"

#include <stdlib.h>
#include <string.h>

static void list_nics(struct doctor *d)
{
	char **names;
	int n = sys_list(d, &names, "/sys/bus/pci/devices"), nics = 0;

	if (n < 0) {
		found(d, DOCTOR_UNKNOWN, "nics", "", "/sys/bus/pci/devices cannot be read");
		return;
	}
	for (int i = 0; i < n; i++) {
		char check[96], driver[64] = "none", vendor[16] = "?", device[16] = "?";
		long long node;

		if (sys_number(d, 0, "/sys/bus/pci/devices/%s/class", names[i]) >> 16 != 2)
			continue;
		nics++;
		sys_link(d, driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver", names[i]);
		sys_text(d, vendor, sizeof(vendor), "/sys/bus/pci/devices/%s/vendor", names[i]);
		sys_text(d, device, sizeof(device), "/sys/bus/pci/devices/%s/device", names[i]);
		node = sys_number(d, -1, "/sys/bus/pci/devices/%s/numa_node", names[i]);
		snprintf(check, sizeof(check), "nic %s", names[i]);
		if (node >= 0)
			found(d, DOCTOR_NOTE, check, "with --config the ports in use are checked",
				"%s:%s, driver %s, NUMA node %lld", vendor, device,
				driver[0] != '\0' ? driver : "none", node);
		else
			found(d, DOCTOR_NOTE, check, "with --config the ports in use are checked",
				"%s:%s, driver %s", vendor, device,
				driver[0] != '\0' ? driver : "none");
	}
	sys_list_free(names, n);
	if (nics == 0)
		found(d, DOCTOR_NOTE, "nics", "only virtual ports (--vdev) are possible here",
			"no PCI network controller");
}

// The gateway gives both sides the MTU of its configuration.
static bool sets_mtu(const struct doctor *d, const struct used_port *p)
{
	return d->config->workers.mtu != 0 && strncmp(p->name, "net_af_packet", 13) == 0;
}

static void check_pair(struct doctor *d, const struct used_port *in, const struct used_port *out)
{
	long long a, b;
	char check[96];

	if (in->vdev == NULL || out->vdev == NULL || in->vdev->iface == NULL ||
		out->vdev->iface == NULL)
		return;
	a = sys_number(d, 0, "/sys/class/net/%s/mtu", in->vdev->iface);
	b = sys_number(d, 0, "/sys/class/net/%s/mtu", out->vdev->iface);
	snprintf(check, sizeof(check), "wire %s", in->wire);
	if (a != 0 && b != 0 && a != b && !(sets_mtu(d, in) && sets_mtu(d, out))) {
		found(d, DOCTOR_FAIL, check,
			"what comes in on the side with the larger MTU cannot leave on the other: "
			"large packets vanish, and no ICMP tells the sender",
			"MTU %lld on %s, %lld on %s", a, in->vdev->iface, b, out->vdev->iface);
		mend(d, "ip link set dev %s mtu %lld   # and at its far end",
			a < b ? out->vdev->iface : in->vdev->iface, a < b ? a : b);
	}
	a = sys_number(d, -1, "/sys/class/net/%s/speed", in->vdev->iface);
	b = sys_number(d, -1, "/sys/class/net/%s/speed", out->vdev->iface);
	if (a > 0 && b > 0 && a != b)
		found(d, DOCTOR_NOTE, check,
			"bursts from the faster side are dropped where they outlast the queues",
			"%lld Mb/s on %s, %lld Mb/s on %s", a, in->vdev->iface, b,
			out->vdev->iface);
}

void check_port_held(struct doctor *d, const struct used_port *p)
{
	static const char why[] =
		"an interface is one gateway's alone: a second one does not start";
	struct port_hold what[PORT_HOLDS_MAX];
	unsigned n = port_holds(p->vdev != NULL ? p->vdev->text : p->name, what);
	char check[96];

	snprintf(check, sizeof(check), "port %s", p->name);
	for (unsigned i = 0; i < n; i++) {
		pid_t pid = 0;
		int rc = d->host->owner(what[i].name, &pid);

		if (rc <= 0)
			continue; // (Where it cannot be told, the start will.)
		if (d->running && (pid == d->pid || pid == 0 || d->pid == 0)) {
			found(d, DOCTOR_NOTE, check, "it is the gateway's of this configuration",
				"%s is in use by the gateway that runs", what[i].what);
		} else if (pid != 0) {
			found(d, DOCTOR_FAIL, check, why,
				"%s is in use by another gateway, process %d", what[i].what,
				(int)pid);
			mend(d,
				"ps -ww -o pid,user,lstart,args -p %d   # end it, or name another "
				"interface",
				(int)pid);
		} else {
			found(d, DOCTOR_FAIL, check, why,
				"%s is in use by another gateway, whose process /proc does not "
				"tell",
				what[i].what);
			mend(d, "sudo bridgehead doctor --config %s   # which process that is",
				d->config->path);
		}
	}
}

void check_ports(struct doctor *d)
{
	struct used_port p[GATEWAY_MAX_PORTS];
	size_t n;

	d->topic = "ports";
	if (d->config == NULL) {
		list_nics(d);
		return;
	}
	n = used_ports(d->config, p);
	for (size_t i = 0; i < n; i++) {
		char check[96];

		snprintf(check, sizeof(check), "port %s", p[i].name);
		if (p[i].vdev == NULL)
			check_port_pci(d, &p[i]);
		else if (strncmp(p[i].name, "net_tap", 7) == 0)
			found(d, DOCTOR_NOTE, check, "", "net_tap makes its interface itself");
		else if (p[i].vdev->iface != NULL)
			check_port_iface(d, &p[i]);
		else
			found(d, DOCTOR_NOTE, check, "nothing of the host stands behind it",
				"a virtual device without an interface");
		check_port_held(d, &p[i]);
		if (d->config->offload.enabled && p[i].inline_)
			check_rules(d, &p[i]);
	}
	for (size_t i = 0; i + 1 < n && i / 2 < d->config->n_wires; i += 2)
		if (p[i].inline_)
			check_pair(d, &p[i], &p[i + 1]);
}
