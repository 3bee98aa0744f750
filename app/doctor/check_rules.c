// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Whether a port can take over flows by rules of its own ("offload"), as far as that can be seen
// without starting it: a driver without rules, net_tap without what its rules are made of, a NIC
// that is not in the mode for it.

#include "app/doctor/part.h"

#include <stdlib.h>
#include <string.h>

// Virtual devices of DPDK 22.11 whose drivers have no rte_flow.
static const char *const WITHOUT[] = {"net_af_packet", "net_af_xdp", "net_pcap", "net_ring",
	"net_null", "net_memif", "net_virtio"};

// What net_tap writes its rules with.
static const char *const MODULES[] = {"sch_multiq", "cls_flower", "act_gact"};

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

// Built in, loaded, or there to be loaded.
static bool has_module(struct doctor *d, const char *release, const char *name)
{
	static const char *const lists[] = {"modules.builtin", "modules.dep"};
	char file[64];

	if (sys_exists(d, "/sys/module/%s", name))
		return true;
	snprintf(file, sizeof(file), "/%s.ko", name);
	for (size_t i = 0; i < 2; i++) {
		char path[SYS_PATH];
		char *text;
		bool there;

		snprintf(path, sizeof(path), "/lib/modules/%s/%s", release, lists[i]);
		text = sys_whole(d, path);
		there = text != NULL && strstr(text, file) != NULL;
		free(text);
		if (there)
			return true;
	}
	return false;
}

static void check_tap(struct doctor *d, const char *check)
{
	char release[128] = "", missing[128] = "";

	sys_text(d, release, sizeof(release), "/proc/sys/kernel/osrelease");
	for (size_t i = 0; i < sizeof(MODULES) / sizeof(MODULES[0]); i++)
		if (!has_module(d, release, MODULES[i]))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				"%s%s", missing[0] != '\0' ? ", " : "", MODULES[i]);
	if (missing[0] == '\0') {
		found(d, DOCTOR_OK, check, "",
			"net_tap can stop UDP flows by filters of the kernel, and nothing else");
		return;
	}
	found(d, DOCTOR_WARN, check,
		"net_tap's rules are filters of the kernel: offload does nothing",
		"kernel %s seems to have no %s", release, missing);
	mend(d, "modprobe -a sch_multiq cls_flower act_gact   # or a kernel that has them");
}

static void check_nic(struct doctor *d, const char *check, const char *pci)
{
	char driver[64] = "";

	sys_link(d, driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver", pci);
	found(d, DOCTOR_NOTE, check,
		"what a port can is tried when the gateway starts: bhctl policy status says it",
		"offload: NIC with driver %s", driver[0] != '\0' ? driver : "none");
	if (strcmp(driver, "mlx5_core") == 0)
		mend(d, "devlink dev eswitch show pci/%s   # to pass flows on: mode switchdev",
			pci);
}

void check_rules(struct doctor *d, const struct used_port *p)
{
	char check[96];

	snprintf(check, sizeof(check), "port %s", p->name);
	if (begins(p->name, "net_tap")) {
		check_tap(d, check);
		return;
	}
	for (size_t i = 0; i < sizeof(WITHOUT) / sizeof(WITHOUT[0]); i++)
		if (begins(p->name, WITHOUT[i])) {
			found(d, DOCTOR_WARN, check,
				"offload is on, but no flow of this port can be given to it",
				"the driver of %s takes no rules", p->name);
			mend(d, "take \"offload\" out of the configuration, or use a NIC that has "
				"rules and counters");
			return;
		}
	if (p->pci[0] != '\0')
		check_nic(d, check, p->pci);
	else
		found(d, DOCTOR_NOTE, check, "bhctl policy status says it once the gateway runs",
			"offload: what %s can is tried when the gateway starts", p->name);
}
