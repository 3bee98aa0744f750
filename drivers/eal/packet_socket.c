// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/packet_socket.h"

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST 64 // sockets of one port: the driver makes 16 at most
// Of the value that the kernel takes and gives: the group, then type and flags in the upper half.
#define DEFRAG ((unsigned)PACKET_FANOUT_FLAG_DEFRAG << 16)

static int set(int fd, int level, int name, const void *value, socklen_t len)
{
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

// A filter, because a fanout group has taken PACKET_IGNORE_OUTGOING from its sockets only since
// Linux 6.8.
static int ignore_outgoing(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog filter = {.len = 4, .filter = code};

	return set(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0 ? 0 : -errno;
}

// In place of libc's, for every library of the process.
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	unsigned fanout;

	if (level == SOL_PACKET && name == PACKET_FANOUT && len == sizeof(fanout)) {
		memcpy(&fanout, value, sizeof(fanout));
		fanout &= ~DEFRAG;
		return set(fd, level, name, &fanout, len);
	}
	return set(fd, level, name, value, len);
}

static bool is_packet_socket(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_PACKET;
}

static bool defragments(int fd)
{
	unsigned fanout = 0;
	socklen_t len = sizeof(fanout);

	return is_packet_socket(fd) &&
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

struct packet_sockets {
	int fd[MOST];
	unsigned n;
	uint64_t dropped;
};

static bool is_bound(int fd, uint32_t if_index)
{
	struct sockaddr_ll a = {0};
	socklen_t len = sizeof(a);

	return is_packet_socket(fd) && getsockname(fd, (struct sockaddr *)&a, &len) == 0 &&
	       a.sll_ifindex == (int)if_index;
}

struct packet_sockets *packet_sockets_find(uint32_t if_index)
{
	struct packet_sockets *s = calloc(1, sizeof(*s));
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *e;

	while (s != NULL && d != NULL && (e = readdir(d)) != NULL && s->n < MOST)
		if (e->d_name[0] != '.' && is_bound(atoi(e->d_name), if_index))
			s->fd[s->n++] = atoi(e->d_name);
	if (d != NULL)
		closedir(d);
	if (s == NULL || s->n == 0) {
		free(s);
		return NULL;
	}
	return s;
}

int packet_sockets_ignore_outgoing(const struct packet_sockets *s)
{
	int rc = 0;

	for (unsigned i = 0; i < s->n && rc == 0; i++)
		rc = ignore_outgoing(s->fd[i]);
	return rc;
}

void packet_sockets_reset(struct packet_sockets *s)
{
	packet_sockets_dropped(s); // the kernel's counters begin anew
	s->dropped = 0;
}

void packet_sockets_free(struct packet_sockets *s)
{
	free(s);
}

uint64_t packet_sockets_dropped(struct packet_sockets *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct tpacket_stats stats = {0};
		socklen_t len = sizeof(stats);

		if (getsockopt(s->fd[i], SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
			s->dropped += stats.tp_drops;
	}
	return s->dropped;
}
