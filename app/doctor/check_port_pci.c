// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A port that is a PCI device: there, a NIC, given to DPDK, whole, and near its workers.

#include "app/doctor/part.h"

#include <stdlib.h>
#include <string.h>

#define DEVICE "/sys/bus/pci/devices/%s"

static const char why_bound[] =
	"DPDK drives the NIC itself; a port that the kernel holds is none of DPDK's";

static bool is_nic(long long class)
{
	return class >> 16 == 2;
}

static void mend_bind(struct doctor *d, const char *pci)
{
	mend(d, "modprobe vfio-pci && dpdk-devbind.py --bind=vfio-pci %s", pci);
	mend(d, "driverctl set-override %s vfio-pci   # and after each restart", pci);
}

// The kernel's interface of a device, "" where it has none. virtio's hang one folder lower.
static void find_iface(struct doctor *d, const char *pci, char *out, size_t size)
{
	char **names, **below;
	int n = sys_list(d, &names, DEVICE "/net", pci), m;

	out[0] = '\0';
	if (n > 0)
		snprintf(out, size, "%s", names[0]);
	sys_list_free(names, n);
	if (out[0] != '\0')
		return;
	n = sys_list(d, &names, DEVICE, pci);
	for (int i = 0; i < n && out[0] == '\0'; i++) {
		if (strncmp(names[i], "virtio", 6) != 0)
			continue;
		m = sys_list(d, &below, DEVICE "/%s/net", pci, names[i]);
		if (m > 0)
			snprintf(out, size, "%s", below[0]);
		sys_list_free(below, m);
	}
	sys_list_free(names, n);
}

// Whether the default route leaves by it: taking it away cuts off whoever works remotely.
static bool has_default_route(struct doctor *d, const char *iface)
{
	char *text = sys_whole(d, "/proc/net/route"), *save = NULL;
	bool yes = false;

	if (text == NULL)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		char name[64], to[16];

		if (sscanf(line, "%63s %15s", name, to) == 2 && strcmp(name, iface) == 0 &&
			strcmp(to, "00000000") == 0)
			yes = true;
	}
	free(text);
	return yes;
}

static void kernel_has_it(struct doctor *d, const char *check, const char *pci, const char *driver)
{
	char iface[64];

	find_iface(d, pci, iface, sizeof(iface));
	if (iface[0] != '\0' && has_default_route(d, iface)) {
		found(d, DOCTOR_FAIL, check,
			"this host's default route leaves by it: given to DPDK it is gone, and "
			"remote sessions with it",
			"the kernel has it (%s, interface %s), and it is this host's way to its "
			"network",
			driver, iface);
		mend(d, "choose another port, or give the host another way first: ip route show "
			"default");
		return;
	}
	found(d, DOCTOR_FAIL, check, why_bound, "the kernel has it (driver %s%s%s)", driver,
		iface[0] != '\0' ? ", interface " : "", iface);
	if (iface[0] != '\0')
		mend(d, "ip link set dev %s down", iface);
	mend_bind(d, pci);
}

// Every device of an IOMMU group must be out of the kernel's hands, or none is handed out.
static void check_group(struct doctor *d, const char *check, const char *pci)
{
	char group[32], **names, others[256] = "";
	int n;

	if (sys_link(d, group, sizeof(group), DEVICE "/iommu_group", pci) < 0)
		return; // check_iommu() has said that there is none
	n = sys_list(d, &names, DEVICE "/iommu_group/devices", pci);
	for (int i = 0; i < n; i++) {
		char driver[64] = "";
		long long class = sys_number(d, 0, DEVICE "/class", names[i]);

		sys_link(d, driver, sizeof(driver), DEVICE "/driver", names[i]);
		if (strcmp(names[i], pci) == 0 || class >> 16 == 6 || driver[0] == '\0' ||
			strcmp(driver, "vfio-pci") == 0 || strcmp(driver, "pci-stub") == 0)
			continue;
		snprintf(others + strlen(others), sizeof(others) - strlen(others), "%s%s (%s)",
			others[0] != '\0' ? ", " : "", names[i], driver);
	}
	sys_list_free(names, n);
	if (others[0] != '\0') {
		found(d, DOCTOR_FAIL, check,
			"VFIO hands out whole IOMMU groups: while the kernel holds one device of "
			"it, it refuses the others",
			"its IOMMU group %s also has %s", group, others);
		mend(d, "dpdk-devbind.py --bind=vfio-pci <each of them>, or move the card to "
			"another slot");
	}
	if (!sys_exists(d, "/dev/vfio/%s", group)) {
		found(d, DOCTOR_FAIL, check, "DPDK opens the group by this file",
			"/dev/vfio/%s is missing", group);
		mend_bind(d, pci);
	}
}

static void check_slot(struct doctor *d, const char *check, const char *pci)
{
	long long now = sys_number(d, 0, DEVICE "/current_link_width", pci);
	long long most = sys_number(d, 0, DEVICE "/max_link_width", pci);
	char speed[32] = "", max_speed[32] = "";

	sys_text(d, speed, sizeof(speed), DEVICE "/current_link_speed", pci);
	sys_text(d, max_speed, sizeof(max_speed), DEVICE "/max_link_speed", pci);
	// A device at rest may lower its speed, never its width.
	if (now <= 0 || most <= 0 || now >= most)
		return;
	found(d, DOCTOR_WARN, check,
		"a card on fewer PCIe lanes than it has does not reach its line rate, and loses "
		"packets under load without a word",
		"x%lld lanes at %s of x%lld at %s", now, speed, most, max_speed);
	mend(d, "move the card to a slot with x%lld lanes: lspci -vv -s %s | grep LnkSta", most,
		pci);
}

static void check_driver(struct doctor *d, const char *check, const char *pci)
{
	char driver[64] = "", vendor[16] = "";

	sys_link(d, driver, sizeof(driver), DEVICE "/driver", pci);
	sys_text(d, vendor, sizeof(vendor), DEVICE "/vendor", pci);
	if (strcmp(vendor, "0x15b3") == 0) { // ConnectX: DPDK works beside the kernel's driver
		if (strncmp(driver, "mlx", 3) == 0) {
			found(d, DOCTOR_OK, check, "",
				"NVIDIA ConnectX with its kernel driver (%s)", driver);
			return;
		}
		found(d, DOCTOR_FAIL, check,
			"DPDK's mlx5 works through the kernel's driver and finds nothing without "
			"it",
			"NVIDIA ConnectX with driver \"%s\"", driver[0] != '\0' ? driver : "none");
		mend(d, "modprobe mlx5_core && dpdk-devbind.py --bind=mlx5_core %s", pci);
	} else if (strcmp(driver, "vfio-pci") == 0) {
		found(d, DOCTOR_OK, check, "",
			"given to vfio-pci; its cable is seen by the gateway only: bhctl stats");
		check_group(d, check, pci);
	} else if (strcmp(driver, "igb_uio") == 0 || strcmp(driver, "uio_pci_generic") == 0) {
		found(d, DOCTOR_WARN, check,
			"UIO works, but without an IOMMU between the NIC and the memory",
			"given to %s", driver);
		mend_bind(d, pci);
	} else if (driver[0] == '\0') {
		found(d, DOCTOR_FAIL, check, why_bound, "no driver has it");
		mend_bind(d, pci);
	} else {
		kernel_has_it(d, check, pci, driver);
	}
}

void check_port_pci(struct doctor *d, const struct used_port *p)
{
	char check[96];
	long long class;

	snprintf(check, sizeof(check), "port %s", p->name);
	if (p->pci[0] == '\0') {
		found(d, DOCTOR_FAIL, check,
			"DPDK finds a port by its PCI address or --vdev name only",
			"neither a PCI address nor made by a --vdev in \"eal\"");
		mend(d, "dpdk-devbind.py --status-dev net   # and write an address like "
			"0000:01:00.0");
		return;
	}
	if (!sys_exists(d, "/sys/bus/pci/devices")) {
		found(d, DOCTOR_UNKNOWN, check, "", "/sys/bus/pci/devices cannot be read");
		return;
	}
	if (!sys_exists(d, DEVICE, p->pci)) {
		found(d, DOCTOR_FAIL, check, "the gateway does not start without its ports",
			"no PCI device is at %s", p->pci);
		mend(d, "dpdk-devbind.py --status-dev net   # the NICs there are");
		return;
	}
	class = sys_number(d, 0, DEVICE "/class", p->pci);
	if (!is_nic(class)) {
		found(d, DOCTOR_FAIL, check, "only a NIC has ports",
			"PCI device %s is of class 0x%06llx, no network controller", p->pci, class);
		mend(d, "dpdk-devbind.py --status-dev net   # the NICs there are");
		return;
	}
	check_driver(d, check, p->pci);
	check_slot(d, check, p->pci);
	check_port_node(d, check, (int)sys_number(d, -1, DEVICE "/numa_node", p->pci), "the NIC");
}

void check_port_node(struct doctor *d, const char *check, int node, const char *what)
{
	struct cpuset workers, all, far = {{0}}, nodes = {{0}};
	char text[256], list[128];

	if (sys_text(d, text, sizeof(text), "/sys/devices/system/node/online") > 0)
		cpuset_parse(&nodes, text);
	if (cpuset_count(&nodes) < 2 || !worker_cpus(d->config, &workers, &all))
		return; // one node only, or said already that lcores are mapped
	if (node < 0) {
		found(d, DOCTOR_UNKNOWN, check,
			"on a host of several NUMA nodes the way between matters",
			"the firmware does not tell which NUMA node %s is on", what);
		return;
	}
	for (unsigned i = 0; i < CPUSET_MAX; i++)
		if (cpuset_has(&workers, i) && cpu_node(d, i) != node)
			cpuset_add(&far, i);
	if (cpuset_count(&far) == 0) {
		found(d, DOCTOR_OK, check, "", "%s and all workers are on NUMA node %d", what,
			node);
		return;
	}
	cpuset_format(&far, list, sizeof(list));
	sys_text(d, text, sizeof(text), "/sys/devices/system/node/node%d/cpulist", node);
	found(d, DOCTOR_WARN, check,
		"every packet of a worker on the other node crosses the link between the sockets",
		"%s is on NUMA node %d, workers on CPU %s are not", what, node, list);
	mend(d, "choose workers.lcores and -l of %s from CPU %s", d->config->path, text);
}
