// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/rule_kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PARENT   0x00010000u // net_tap's multiq, 1:
#define BUFFER   32768
#define WAIT_S   1
#define FIRST    1 // the only action of a filter
#define KEYS_MAX TCA_FLOWER_MAX

// Attributes by number; those beyond max are left out.
static void split(const struct rtattr *a, int len, const struct rtattr **out, unsigned max)
{
	memset(out, 0, (max + 1) * sizeof(*out));
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		unsigned type = a->rta_type & NLA_TYPE_MASK;

		if (type <= max)
			out[type] = a;
	}
}

static void split_nested(const struct rtattr *a, const struct rtattr **out, unsigned max)
{
	split(RTA_DATA(a), (int)RTA_PAYLOAD(a), out, max);
}

static bool has(const struct rtattr *a, const void *value, size_t size)
{
	return a != NULL && RTA_PAYLOAD(a) >= size && memcmp(RTA_DATA(a), value, size) == 0;
}

static bool is_filter_of(const struct rtattr **keys, const struct rule_match *m)
{
	uint16_t sport = htons(m->sport), dport = htons(m->dport);
	bool v4 = m->version == 4, tcp = m->proto == IPPROTO_TCP;
	size_t size = v4 ? 4 : 16;

	return has(keys[TCA_FLOWER_KEY_IP_PROTO], &m->proto, 1) &&
	       has(keys[v4 ? TCA_FLOWER_KEY_IPV4_SRC : TCA_FLOWER_KEY_IPV6_SRC], m->src, size) &&
	       has(keys[v4 ? TCA_FLOWER_KEY_IPV4_DST : TCA_FLOWER_KEY_IPV6_DST], m->dst, size) &&
	       has(keys[tcp ? TCA_FLOWER_KEY_TCP_SRC : TCA_FLOWER_KEY_UDP_SRC], &sport, 2) &&
	       has(keys[tcp ? TCA_FLOWER_KEY_TCP_DST : TCA_FLOWER_KEY_UDP_DST], &dport, 2);
}

static int read_action(const struct rtattr *list, struct rule_counts *out)
{
	const struct rtattr *actions[FIRST + 1], *action[TCA_ACT_MAX + 1];
	const struct rtattr *stats[TCA_STATS_MAX + 1], *gact[TCA_GACT_MAX + 1];
	struct gnet_stats_basic basic;

	split_nested(list, actions, FIRST);
	if (actions[FIRST] == NULL)
		return -ENOTSUP;
	split_nested(actions[FIRST], action, TCA_ACT_MAX);
	if (action[TCA_ACT_STATS] == NULL)
		return -ENOTSUP;
	split_nested(action[TCA_ACT_STATS], stats, TCA_STATS_MAX);
	if (stats[TCA_STATS_BASIC] == NULL || RTA_PAYLOAD(stats[TCA_STATS_BASIC]) < 12)
		return -ENOTSUP;
	memcpy(&basic, RTA_DATA(stats[TCA_STATS_BASIC]), 12);
	out->bytes = basic.bytes;
	out->packets = basic.packets;
	if (stats[TCA_STATS_PKT64] != NULL && RTA_PAYLOAD(stats[TCA_STATS_PKT64]) >= 8)
		memcpy(&out->packets, RTA_DATA(stats[TCA_STATS_PKT64]), 8);
	out->idle_s = RULE_IDLE_UNKNOWN;
	if (action[TCA_ACT_OPTIONS] != NULL) {
		split_nested(action[TCA_ACT_OPTIONS], gact, TCA_GACT_MAX);
		if (gact[TCA_GACT_TM] != NULL &&
			RTA_PAYLOAD(gact[TCA_GACT_TM]) >= sizeof(struct tcf_t)) {
			struct tcf_t t;

			memcpy(&t, RTA_DATA(gact[TCA_GACT_TM]), sizeof(t));
			out->idle_s = (uint32_t)(t.lastuse / (uint64_t)sysconf(_SC_CLK_TCK));
		}
	}
	return 0;
}

// 1: not this one.
static int read_filter(
	const struct nlmsghdr *h, const struct rule_match *m, struct rule_counts *out)
{
	const struct tcmsg *t = NLMSG_DATA(h);
	const struct rtattr *tca[TCA_MAX + 1], *keys[KEYS_MAX + 1];

	split(TCA_RTA(t), (int)TCA_PAYLOAD(h), tca, TCA_MAX);
	if (!has(tca[TCA_KIND], "flower", sizeof("flower")) || tca[TCA_OPTIONS] == NULL)
		return 1;
	split_nested(tca[TCA_OPTIONS], keys, KEYS_MAX);
	if (!is_filter_of(keys, m))
		return 1;
	return keys[TCA_FLOWER_ACT] != NULL ? read_action(keys[TCA_FLOWER_ACT], out) : -ENOTSUP;
}

static int ask(int fd, uint32_t if_index)
{
	struct {
		struct nlmsghdr h;
		struct tcmsg t;
	} q = {.h = {.nlmsg_len = sizeof(q),
		       .nlmsg_type = RTM_GETTFILTER,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.t = {.tcm_family = AF_UNSPEC, .tcm_ifindex = (int)if_index, .tcm_parent = PARENT}};

	return send(fd, &q, sizeof(q), 0) == sizeof(q) ? 0 : -errno;
}

// Reads the whole list, also where what was looked for has been found: each socket is for one.
static int find(int fd, const struct rule_match *m, struct rule_counts *out)
{
	char buffer[BUFFER] __attribute__((aligned(8)));
	int found = -ENOENT;

	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		const struct nlmsghdr *h = (const struct nlmsghdr *)buffer;
		unsigned len = (unsigned)n;

		if (n < 0)
			return -errno;
		for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
			int rc = 1;

			if (h->nlmsg_type == NLMSG_DONE)
				return found;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
			if (h->nlmsg_type == RTM_NEWTFILTER)
				rc = read_filter(h, m, out);
			if (rc <= 0)
				found = rc;
		}
	}
}

int rule_kernel_query(uint32_t if_index, const struct rule_match *m, struct rule_counts *out)
{
	const struct timeval wait = {.tv_sec = WAIT_S};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), rc;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	rc = ask(fd, if_index);
	if (rc == 0)
		rc = find(fd, m, out);
	close(fd);
	return rc;
}
