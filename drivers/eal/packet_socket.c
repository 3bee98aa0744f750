// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/packet_socket.h"

#include <dirent.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Of the value that the kernel takes and gives: the group, then type and flags in the upper half.
#define DEFRAG ((unsigned)PACKET_FANOUT_FLAG_DEFRAG << 16)

// In place of libc's, for every library of the process.
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	unsigned fanout;

	if (level == SOL_PACKET && name == PACKET_FANOUT && len == sizeof(fanout)) {
		memcpy(&fanout, value, sizeof(fanout));
		fanout &= ~DEFRAG;
		return (int)syscall(SYS_setsockopt, fd, level, name, &fanout, len);
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

static bool defragments(int fd)
{
	unsigned fanout = 0;
	socklen_t len = sizeof(fanout);
	int domain = 0;
	socklen_t domain_len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) == 0 &&
	       domain == AF_PACKET &&
	       getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &fanout, &len) == 0 &&
	       (fanout & DEFRAG) != 0;
}

unsigned packet_sockets_defragmenting(void)
{
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *e;
	unsigned n = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' && defragments(atoi(e->d_name));
	closedir(d);
	return n;
}
