// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/interface.h"
#include "drivers/eal/devargs.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// One request about an interface; filled in by its index. 0 or -errno.
static int request(uint32_t index, unsigned long what, struct ifreq *r)
{
	int rc, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	rc = if_indextoname(index, r->ifr_name) != NULL && ioctl(fd, what, r) == 0 ? 0 : -errno;
	close(fd);
	return rc;
}

bool interface_up(uint32_t index)
{
	struct ifreq r = {0};

	return request(index, SIOCGIFFLAGS, &r) == 0 &&
	       (r.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
}

bool interface_enabled(uint32_t index)
{
	struct ifreq r = {0};

	return request(index, SIOCGIFFLAGS, &r) < 0 || (r.ifr_flags & IFF_UP) != 0;
}

bool interface_promiscuous(uint32_t index)
{
	struct ifreq r = {0};

	return request(index, SIOCGIFFLAGS, &r) == 0 && (r.ifr_flags & IFF_PROMISC) != 0;
}

// otherwise: where the driver does not tell.
static uint32_t ethtool(uint32_t index, uint32_t command, uint32_t otherwise)
{
	struct ethtool_value v = {.cmd = command};
	struct ifreq r = {.ifr_data = (char *)&v};

	return request(index, SIOCETHTOOL, &r) < 0 ? otherwise : v.data;
}

bool interface_carries(uint32_t index)
{
	struct ifreq r = {0};

	return request(index, SIOCGIFFLAGS, &r) == 0 && (r.ifr_flags & IFF_UP) &&
	       ethtool(index, ETHTOOL_GLINK, 1) != 0;
}

const char *interface_merges(uint32_t index)
{
	const bool gro = ethtool(index, ETHTOOL_GGRO, 0) != 0;

	if ((ethtool(index, ETHTOOL_GFLAGS, 0) & ETH_FLAG_LRO) != 0)
		return gro ? "GRO and LRO" : "LRO";
	return gro ? "GRO" : NULL;
}

int interface_set_up(uint32_t index, bool up)
{
	struct ifreq r = {0};
	int rc = request(index, SIOCGIFFLAGS, &r);

	if (rc < 0)
		return rc;
	r.ifr_flags = (short)(up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
	return request(index, SIOCSIFFLAGS, &r);
}

int interface_mtu(uint32_t index)
{
	struct ifreq r = {0};
	int rc = request(index, SIOCGIFMTU, &r);

	return rc < 0 ? rc : r.ifr_mtu;
}

static long frame_size(const struct rte_device *dev)
{
	const struct rte_devargs *a = dev != NULL ? rte_dev_devargs(dev) : NULL;

	return devargs_number(a != NULL ? a->args : NULL, "framesz", INTERFACE_AF_PACKET_FRAMESZ);
}

uint16_t interface_af_packet_cut(uint32_t index, const struct rte_device *dev)
{
	long n = frame_size(dev) - INTERFACE_AF_PACKET_HEAD;

	return n > interface_mtu(index) + INTERFACE_LINK_HEAD && n <= UINT16_MAX ? (uint16_t)n : 0;
}

int interface_af_packet_mtu(
	uint32_t index, const struct rte_device *dev, uint16_t mtu, char *err, size_t err_size)
{
	int now = interface_mtu(index), want = mtu != 0 ? mtu : now;
	struct ifreq r = {0};
	int rc;

	if (now < 0) {
		snprintf(err, err_size, "its interface's MTU cannot be read: %s", strerror(-now));
		return now;
	}
	if (frame_size(dev) < want + INTERFACE_AF_PACKET_SPARE) {
		int frame = interface_af_packet_framesz(want);

		snprintf(err, err_size,
			"an MTU of %d needs longer frames in its rings; set workers.mtu to %d and "
			"add "
			"framesz=%d,blocksz=%ld to the --vdev",
			want, want, frame, interface_blocksz(frame));
		return -EMSGSIZE;
	}
	if (want == now)
		return 0;
	r.ifr_mtu = want;
	rc = request(index, SIOCSIFMTU, &r);
	if (rc < 0)
		snprintf(err, err_size,
			"its interface does not take the MTU of the configuration: %s",
			strerror(-rc));
	return rc;
}
