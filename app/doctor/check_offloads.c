// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Offloads of kernel interfaces that make other frames than those on the wire: merged on receipt,
// or not yet cut to size and without checksums where the other end of a veth pair sends.

#include "app/doctor/part.h"

#include <stdlib.h>
#include <string.h>

#define MERGES (DOCTOR_GRO | DOCTOR_GRO_HW | DOCTOR_LRO | DOCTOR_UDP_GRO)
#define LEAVES (DOCTOR_TSO | DOCTOR_GSO | DOCTOR_TX_CSUM)

static const struct {
	uint32_t bit;
	const char *name, *off; // as ethtool -K takes it
} NAMES[] = {{DOCTOR_GRO, "GRO", "gro off"}, {DOCTOR_GRO_HW, "GRO in hardware", "rx-gro-hw off"},
	{DOCTOR_LRO, "LRO", "lro off"},
	{DOCTOR_UDP_GRO, "GRO of UDP", "rx-udp-gro-forwarding off rx-gro-list off"},
	{DOCTOR_TSO, "TSO", "tso off"}, {DOCTOR_GSO, "GSO", "gso off"},
	{DOCTOR_TX_CSUM, "checksums on sending", "tx off"}};

static void spell(uint32_t bits, char *names, size_t n_size, char *off, size_t o_size)
{
	names[0] = off[0] = '\0';
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		if ((bits & NAMES[i].bit) == 0)
			continue;
		snprintf(names + strlen(names), n_size - strlen(names), "%s%s",
			names[0] != '\0' ? ", " : "", NAMES[i].name);
		snprintf(off + strlen(off), o_size - strlen(off), " %s", NAMES[i].off);
	}
}

// The interface whose number is that of the other end and whose own other end is this one; "" where
// there is none.
static void find_peer(struct doctor *d, const char *iface, char *out, size_t size)
{
	long long link = sys_number(d, -1, "/sys/class/net/%s/iflink", iface);
	long long own = sys_number(d, -2, "/sys/class/net/%s/ifindex", iface);
	char **names;
	int n = sys_list(d, &names, "/sys/class/net");

	out[0] = '\0';
	for (int i = 0; i < n; i++)
		if (sys_number(d, -3, "/sys/class/net/%s/ifindex", names[i]) == link &&
			sys_number(d, -3, "/sys/class/net/%s/iflink", names[i]) == own)
			snprintf(out, size, "%s", names[i]);
	sys_list_free(names, n);
}

static void check_merges(
	struct doctor *d, const char *check, const struct used_port *p, uint32_t on)
{
	const char *iface = p->vdev->iface;
	char names[160], off[160];

	if ((on & MERGES) == 0) {
		found(d, DOCTOR_OK, check, "", "%s does not merge frames that it receives", iface);
		return;
	}
	spell(on & MERGES, names, sizeof(names), off, sizeof(off));
	if (p->inline_)
		found(d, DOCTOR_FAIL, check,
			"frames that are merged on receipt are longer than the MTU: they cannot "
			"leave, and bulk transfers through the wire stall",
			"%s merges received frames: %s", iface, names);
	else
		found(d, DOCTOR_WARN, check,
			"merged frames are longer than a buffer and are cut; packets are counted "
			"wrong",
			"%s merges received frames: %s", iface, names);
	mend(d, "ethtool -K %s%s", iface, off);
}

// What a sender leaves to a NIC never gets done on a veth pair: it arrives here undone.
static void check_sender(struct doctor *d, const char *check, const char *iface, bool away)
{
	char peer[64] = "", names[160], off[160];
	struct doctor_iface i;

	if (!away)
		find_peer(d, iface, peer, sizeof(peer));
	if (peer[0] == '\0') {
		found(d, DOCTOR_NOTE, check,
			"what the other end leaves to its NIC (cutting to size, checksums) nobody "
			"does on a veth pair: it arrives as oversized frames with wrong checksums",
			"%s is a veth whose other end is in another network namespace and cannot "
			"be seen from here",
			iface);
		mend(d, "at the other end: ethtool -K <interface> tso off gso off tx off");
		return;
	}
	if (d->host->iface(peer, &i) < 0) {
		found(d, DOCTOR_UNKNOWN, check, "",
			"the offloads of %s, the other end of %s, cannot be read", peer, iface);
		return;
	}
	if ((i.offloads & LEAVES) == 0) {
		found(d, DOCTOR_OK, check, "", "%s, the other end of %s, leaves nothing undone",
			peer, iface);
		return;
	}
	spell(i.offloads & LEAVES, names, sizeof(names), off, sizeof(off));
	found(d, DOCTOR_WARN, check,
		"what the other end leaves to its NIC nobody does on a veth pair: oversized frames "
		"and wrong checksums enter the wire",
		"%s, the other end of %s, leaves to its NIC: %s", peer, iface, names);
	mend(d, "ethtool -K %s%s", peer, off);
}

void check_offloads(struct doctor *d, const struct used_port *p)
{
	const char *iface = p->vdev->iface;
	struct doctor_iface i;
	char check[96], names[160], off[160];
	int rc = d->host->iface(iface, &i);

	snprintf(check, sizeof(check), "port %s", p->name);
	if (rc < 0) {
		found(d, DOCTOR_UNKNOWN, check,
			"GRO and LRO merge received frames into ones that cannot leave",
			"the offloads of %s cannot be read: %s", iface, strerror(-rc));
		mend(d, "ethtool -k %s", iface);
		return;
	}
	check_merges(d, check, p, i.offloads);
	if (i.veth) {
		check_sender(d, check, iface, i.away);
	} else if ((i.offloads & (DOCTOR_TSO | DOCTOR_GSO)) != 0 && p->inline_) {
		spell(i.offloads & (DOCTOR_TSO | DOCTOR_GSO), names, sizeof(names), off,
			sizeof(off));
		found(d, DOCTOR_NOTE, check,
			"the gateway's frames leave as they are; only what this host itself sends "
			"here is cut by the NIC. Off is one doubt less where frames go missing",
			"%s has %s on", iface, names);
		mend(d, "ethtool -K %s%s", iface, off);
	}
}
