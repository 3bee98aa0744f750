// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What `ethtool -k` asks the kernel about an interface: its features by name and which are on; and
// what `ip link` does: whether its other end is in another network namespace.

#include "app/doctor/doctor.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FEATURES 512

static const struct {
	const char *name;
	uint32_t bit;
} FEATURES[] = {{"rx-gro", DOCTOR_GRO}, {"rx-gro-hw", DOCTOR_GRO_HW}, {"rx-lro", DOCTOR_LRO},
	{"tx-tcp-segmentation", DOCTOR_TSO}, {"tx-tcp6-segmentation", DOCTOR_TSO},
	{"tx-generic-segmentation", DOCTOR_GSO}, {"tx-checksum-ip-generic", DOCTOR_TX_CSUM},
	{"tx-checksum-ipv4", DOCTOR_TX_CSUM}, {"tx-checksum-ipv6", DOCTOR_TX_CSUM},
	{"rx-udp-gro-forwarding", DOCTOR_UDP_GRO}, {"rx-gro-list", DOCTOR_UDP_GRO}};

static int ask(int fd, struct ifreq *r, void *command)
{
	r->ifr_data = command;
	return ioctl(fd, SIOCETHTOOL, r) == 0 ? 0 : -errno;
}

static int count_features(int fd, struct ifreq *r, uint32_t *n)
{
	struct ethtool_sset_info *q = calloc(1, sizeof(*q) + sizeof(q->data[0]));
	int rc;

	if (q == NULL)
		return -ENOMEM;
	q->cmd = ETHTOOL_GSSET_INFO;
	q->sset_mask = 1ULL << ETH_SS_FEATURES;
	rc = ask(fd, r, q);
	if (rc == 0 && q->sset_mask != 0)
		*n = q->data[0];
	else if (rc == 0)
		rc = -EOPNOTSUPP;
	free(q);
	return rc == 0 && *n > MAX_FEATURES ? -E2BIG : rc;
}

static int read_features(int fd, struct ifreq *r, uint32_t *on)
{
	struct ethtool_gstrings *names;
	struct ethtool_gfeatures *state;
	uint32_t n = 0, blocks;
	int rc = count_features(fd, r, &n);

	if (rc < 0)
		return rc;
	blocks = (n + 31) / 32;
	names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
	state = calloc(1, sizeof(*state) + blocks * sizeof(state->features[0]));
	rc = names == NULL || state == NULL ? -ENOMEM : 0;
	if (rc == 0) {
		names->cmd = ETHTOOL_GSTRINGS;
		names->string_set = ETH_SS_FEATURES;
		names->len = n;
		state->cmd = ETHTOOL_GFEATURES;
		state->size = blocks;
		rc = ask(fd, r, names);
	}
	if (rc == 0)
		rc = ask(fd, r, state);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		const char *name = (const char *)names->data + (size_t)i * ETH_GSTRING_LEN;

		if ((state->features[i / 32].active >> i % 32 & 1) == 0)
			continue;
		for (size_t k = 0; k < sizeof(FEATURES) / sizeof(FEATURES[0]); k++)
			if (strncmp(name, FEATURES[k].name, ETH_GSTRING_LEN) == 0)
				*on |= FEATURES[k].bit;
	}
	free(names);
	free(state);
	return rc;
}

// In another namespace the other end's number (iflink) may be that of an interface of this one,
// even of this end.
static bool is_away(unsigned index)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} ask = {
		.head = {.nlmsg_len = sizeof(ask),
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST},
		.info = {.ifi_index = (int)index},
	};
	char answer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *head = (const struct nlmsghdr *)answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), left;
	bool away = false;
	ssize_t n;

	if (fd < 0)
		return false;
	n = send(fd, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask)
		    ? recv(fd, answer, sizeof(answer), 0)
		    : -1;
	close(fd);
	if (n < 0 || !NLMSG_OK(head, (size_t)n) || head->nlmsg_type != RTM_NEWLINK)
		return false;
	left = (int)IFLA_PAYLOAD(head);
	for (const struct rtattr *a = IFLA_RTA(NLMSG_DATA(head)); RTA_OK(a, left);
		a = RTA_NEXT(a, left))
		away |= a->rta_type == IFLA_LINK_NETNSID;
	return away;
}

int doctor_iface_read(const char *name, struct doctor_iface *out)
{
	int rc, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq r;

	memset(out, 0, sizeof(*out));
	if (fd < 0)
		return -errno;
	memset(&r, 0, sizeof(r));
	if (strlen(name) >= sizeof(r.ifr_name)) {
		close(fd);
		return -ENAMETOOLONG;
	}
	strcpy(r.ifr_name, name);
	out->index = if_nametoindex(name);
	rc = read_features(fd, &r, &out->offloads);
	out->veth = ask(fd, &r, &driver) == 0 && strcmp(driver.driver, "veth") == 0;
	out->away = out->veth && is_away(out->index);
	out->has_ipv4 = ioctl(fd, SIOCGIFADDR, &r) == 0;
	close(fd);
	return out->index == 0 && rc != 0 ? -ENODEV : rc;
}
