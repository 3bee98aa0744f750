// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// IOMMU and VFIO: how a NIC is given to a process safely. Of no interest where no NIC is.

#include "app/doctor/part.h"

#include <stdlib.h>
#include <string.h>

static const char why_iommu[] = "without an IOMMU vfio-pci refuses NICs, or, told to go without, a "
				"NIC can write anywhere in memory";

static void mend_iommu(struct doctor *d)
{
	char *info = sys_whole(d, "/proc/cpuinfo");
	bool amd = info != NULL && strstr(info, "AuthenticAMD") != NULL;

	free(info);
	if (is_virtual(d)) {
		mend(d, "on the hypervisor: give this machine a virtual IOMMU (QEMU: -device "
			"intel-iommu,intremap=on,caching-mode=on), then add intel_iommu=on to its "
			"kernel line");
		mend(d, "or, in a machine that you trust with its own memory: modprobe vfio "
			"enable_unsafe_noiommu_mode=1 && modprobe vfio-pci");
		return;
	}
	mend(d, "in the BIOS: switch on %s", amd ? "AMD-Vi (IOMMU)" : "VT-d");
	mend_boot(d, "%siommu=pt", amd ? "" : "intel_iommu=on ");
}

static void check_groups(struct doctor *d, bool needed)
{
	char **names, unsafe[8] = "";
	int n = sys_list(d, &names, "/sys/kernel/iommu_groups");

	sys_list_free(names, n);
	sys_text(d, unsafe, sizeof(unsafe),
		"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	if (n > 0) {
		found(d, DOCTOR_OK, "iommu", "", "on, with %d groups", n);
	} else if (n < 0 && !sys_exists(d, "/sys/kernel")) {
		found(d, DOCTOR_UNKNOWN, "iommu", why_iommu, "/sys/kernel cannot be read");
	} else if (!needed) {
		found(d, DOCTOR_NOTE, "iommu", "no port of this configuration is a PCI device",
			"off");
	} else if (strcmp(unsafe, "Y") == 0 || strcmp(unsafe, "1") == 0) {
		found(d, DOCTOR_WARN, "iommu", why_iommu,
			"off; VFIO is told to go without (enable_unsafe_noiommu_mode)");
		mend_iommu(d);
	} else {
		found(d, d->config != NULL ? DOCTOR_FAIL : DOCTOR_WARN, "iommu", why_iommu,
			"off: /sys/kernel/iommu_groups is empty");
		mend_iommu(d);
	}
}

static void check_vfio(struct doctor *d, bool needed)
{
	bool driver = sys_exists(d, "/sys/bus/pci/drivers/vfio-pci");
	bool device = sys_exists(d, "/dev/vfio/vfio");

	if (driver && device) {
		found(d, DOCTOR_OK, "vfio", "", "vfio-pci is loaded and /dev/vfio/vfio is there");
		return;
	}
	if (!needed) {
		found(d, DOCTOR_NOTE, "vfio", "no port of this configuration is a PCI device",
			"vfio-pci is not loaded");
		return;
	}
	found(d, d->config != NULL ? DOCTOR_FAIL : DOCTOR_WARN, "vfio",
		"vfio-pci is the driver that hands a NIC to DPDK (NVIDIA ConnectX alone does "
		"without)",
		"%s", driver ? "/dev/vfio/vfio is missing" : "the vfio-pci driver is not loaded");
	mend(d, "modprobe vfio-pci && echo vfio-pci > /etc/modules-load.d/bridgehead.conf");
}

// Whether a port of the configuration is a NIC that vfio-pci must hand over.
static bool needs_vfio(struct doctor *d)
{
	struct used_port p[GATEWAY_MAX_PORTS];
	size_t n;

	if (d->config == NULL)
		return true;
	n = used_ports(d->config, p);
	for (size_t i = 0; i < n; i++) {
		char driver[64] = "";

		if (p[i].vdev != NULL)
			continue;
		sys_link(d, driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver", p[i].pci);
		if (strncmp(driver, "mlx", 3) != 0 && strcmp(driver, "igb_uio") != 0 &&
			strcmp(driver, "uio_pci_generic") != 0)
			return true;
	}
	return false;
}

void check_iommu(struct doctor *d)
{
	bool needed = needs_vfio(d);

	d->topic = "ports";
	check_groups(d, needed);
	check_vfio(d, needed);
}
