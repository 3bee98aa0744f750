// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a rule is to DPDK: its functions for rules are this file's own, and look at what they get.

#include "drivers/eal/rule.h"

#include <errno.h>
#include <netinet/in.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

RTE_DEFINE_PER_LCORE(int, _rte_errno);

static struct {
	uint16_t domain[2]; // of switches, by port
	bool ages, blind, refuses, stays;
	unsigned made, removed;
	// Of the rule seen last:
	uint16_t port;
	struct rte_flow_attr attr;
	bool counts, has_age, drops, from_wire, ports, untagged;
	int to; // port, -1: none
	uint16_t frag_mask;
	bool frag_ext;
	uint8_t tcp_flags, proto;
	uint32_t src4, dst4;
	uint16_t sport, dport;
} dev;

static void look_item(const struct rte_flow_item *i)
{
	const struct rte_flow_item_eth *me = i->mask, *ve = i->spec;
	const struct rte_flow_item_ipv4 *m4 = i->mask, *v4 = i->spec;
	const struct rte_flow_item_ipv6 *m6 = i->mask, *v6 = i->spec;
	const struct rte_flow_item_tcp *mt = i->mask, *vt = i->spec;
	const struct rte_flow_item_udp *mu = i->mask, *vu = i->spec;

	switch (i->type) {
	case RTE_FLOW_ITEM_TYPE_REPRESENTED_PORT:
		dev.from_wire = ((const struct rte_flow_item_ethdev *)i->spec)->port_id == dev.port;
		break;
	case RTE_FLOW_ITEM_TYPE_ETH:
		dev.untagged = me != NULL && me->has_vlan && !ve->has_vlan;
		break;
	case RTE_FLOW_ITEM_TYPE_IPV4:
		dev.frag_mask = ntohs(m4->hdr.fragment_offset);
		assert_int_equal(v4->hdr.fragment_offset, 0);
		assert_int_equal(m4->hdr.src_addr, UINT32_MAX);
		assert_int_equal(m4->hdr.dst_addr, UINT32_MAX);
		dev.src4 = ntohl(v4->hdr.src_addr);
		dev.dst4 = ntohl(v4->hdr.dst_addr);
		dev.proto = v4->hdr.next_proto_id;
		break;
	case RTE_FLOW_ITEM_TYPE_IPV6:
		dev.frag_ext = m6->has_frag_ext && !v6->has_frag_ext;
		dev.proto = v6->hdr.proto;
		break;
	case RTE_FLOW_ITEM_TYPE_TCP:
		assert_int_equal(vt->hdr.tcp_flags, 0);
		dev.tcp_flags = mt->hdr.tcp_flags;
		dev.sport = ntohs(vt->hdr.src_port);
		dev.dport = ntohs(vt->hdr.dst_port);
		dev.ports = mt->hdr.src_port == UINT16_MAX && mt->hdr.dst_port == UINT16_MAX;
		break;
	case RTE_FLOW_ITEM_TYPE_UDP:
		dev.sport = ntohs(vu->hdr.src_port);
		dev.dport = ntohs(vu->hdr.dst_port);
		dev.ports = mu->hdr.src_port == UINT16_MAX && mu->hdr.dst_port == UINT16_MAX;
		break;
	default:
		fail_msg("item %d", i->type);
	}
}

static void look_action(const struct rte_flow_action *a)
{
	switch (a->type) {
	case RTE_FLOW_ACTION_TYPE_COUNT:
		dev.counts = true;
		break;
	case RTE_FLOW_ACTION_TYPE_AGE:
		dev.has_age = true;
		break;
	case RTE_FLOW_ACTION_TYPE_DROP:
		dev.drops = true;
		break;
	case RTE_FLOW_ACTION_TYPE_REPRESENTED_PORT:
		dev.to = ((const struct rte_flow_action_ethdev *)a->conf)->port_id;
		break;
	default:
		fail_msg("action %d", a->type);
	}
}

static int look(uint16_t port, const struct rte_flow_attr *attr, const struct rte_flow_item items[],
	const struct rte_flow_action actions[])
{
	memset(&dev.port, 0, sizeof(dev) - offsetof(typeof(dev), port));
	dev.port = port;
	dev.attr = *attr;
	dev.to = -1;
	for (; items->type != RTE_FLOW_ITEM_TYPE_END; items++)
		look_item(items);
	for (; actions->type != RTE_FLOW_ACTION_TYPE_END; actions++)
		look_action(actions);
	return dev.refuses || (dev.has_age && !dev.ages) ? -ENOTSUP : 0;
}

int rte_flow_validate(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item items[], const struct rte_flow_action actions[],
	struct rte_flow_error *e)
{
	e->message = "not this one";
	return look(port, attr, items, actions);
}

struct rte_flow *rte_flow_create(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item items[], const struct rte_flow_action actions[],
	struct rte_flow_error *e)
{
	assert_int_equal(look(port, attr, items, actions), 0);
	dev.made++;
	return (struct rte_flow *)&dev;
}

int rte_flow_destroy(uint16_t port, struct rte_flow *flow, struct rte_flow_error *e)
{
	if (dev.stays)
		return -EBUSY;
	dev.removed++;
	return 0;
}

int rte_flow_query(uint16_t port, struct rte_flow *flow, const struct rte_flow_action *action,
	void *data, struct rte_flow_error *e)
{
	struct rte_flow_query_count *c = data;
	struct rte_flow_query_age *a = data;

	if (action->type == RTE_FLOW_ACTION_TYPE_AGE) {
		a->sec_since_last_hit_valid = 1;
		a->sec_since_last_hit = 3;
		return 0;
	}
	c->hits_set = 1;
	c->bytes_set = !dev.blind;
	c->hits = 5;
	c->bytes = 500;
	return 0;
}

int rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	memset(info, 0, sizeof(*info));
	info->switch_info.domain_id = dev.domain[port];
	return 0;
}

static struct rule_port open_port(const char *driver, uint16_t domain)
{
	struct port a = {.id = 0}, b = {.id = 1};
	struct rule_port p;

	memset(&dev, 0, sizeof(dev));
	dev.domain[0] = domain;
	strcpy(a.driver, driver);
	assert_int_equal(rule_port_init(&p, &a, &b), 0);
	return p;
}

static int check_one(struct rule_port *p, bool drop, uint8_t version, uint8_t proto)
{
	char why[128] = "";
	int rc = rule_check(p, drop, version, proto, why, sizeof(why));

	assert_int_equal(dev.made, dev.removed);
	return rc;
}

static void passes_within_a_switch(void **state)
{
	struct rule_port p = open_port("net_mlx", 0);

	assert_int_equal(check_one(&p, false, 4, IPPROTO_TCP), 0);
	assert_int_equal(dev.made, 1); // it was tried
	assert_true(dev.attr.transfer && !dev.attr.ingress);
	assert_true(dev.from_wire && dev.counts && !dev.drops && dev.ports && !dev.has_age);
	assert_true(dev.untagged);
	assert_int_equal(dev.to, 1);
	assert_int_equal(dev.tcp_flags, 0x07);
	assert_int_equal(dev.frag_mask, 0x3fff);
	assert_int_equal(dev.src4, 0xc0000201);
	assert_int_equal(dev.dst4, 0xc0000202);
	p = open_port("net_mlx", 4); // its peer is of switch 0
	assert_int_equal(check_one(&p, false, 4, IPPROTO_UDP), -ENOTSUP);
	assert_int_equal(check_one(&p, true, 4, IPPROTO_UDP), 0); // drops all the same
}

static void drops_and_counts(void **state)
{
	struct rule_port p = open_port("net_ice", 7);

	assert_int_equal(check_one(&p, true, 6, IPPROTO_UDP), 0);
	assert_true(dev.attr.ingress && !dev.attr.transfer);
	assert_true(dev.counts && dev.drops && dev.frag_ext && dev.ports && !dev.from_wire);
	assert_int_equal(dev.proto, IPPROTO_UDP);
	dev.blind = true; // packets without bytes
	assert_int_equal(check_one(&p, true, 6, IPPROTO_UDP), -ENOTSUP);
	dev.refuses = true;
	assert_int_equal(check_one(&p, true, 6, IPPROTO_UDP), -ENOTSUP);
}

static void reads_counters(void **state)
{
	const struct rule_match m = {.drop = true,
		.version = 4,
		.proto = IPPROTO_UDP,
		.sport = 1000,
		.dport = 2000,
		.src = {10, 0, 0, 1},
		.dst = {10, 0, 0, 2}};
	struct rule_port p = open_port("net_mlx", 0);
	struct rule_counts c;
	char why[128];
	struct rule *r;

	for (unsigned i = 0; i < 2; i++) {
		dev.ages = i == 1;
		assert_int_equal(check_one(&p, true, 4, IPPROTO_UDP), 0);
		r = rule_make(&p, &m, why, sizeof(why));
		assert_non_null(r);
		assert_int_equal(dev.src4, 0x0a000001);
		assert_int_equal(dev.sport, 1000);
		assert_int_equal(dev.dport, 2000);
		assert_int_equal(dev.has_age, i == 1);
		assert_int_equal(rule_query(r, &c), 0);
		assert_int_equal(c.packets, 5);
		assert_int_equal(c.bytes, 500);
		assert_int_equal(c.idle_s, i == 1 ? 3 : RULE_IDLE_UNKNOWN);
		dev.stays = true;
		assert_int_equal(rule_remove(r), -EBUSY);
		dev.stays = false;
		assert_int_equal(rule_remove(r), 0);
	}
}

// net_tap takes one action and no masks of flags and fragments; its counters are elsewhere.
static void tap_is_asked_for_less(void **state)
{
	const struct rule_match m = {.drop = true, .version = 6, .proto = IPPROTO_UDP};
	struct rule_port p = open_port("net_tap", 0);
	struct rule_counts c;
	char why[128];
	struct rule *r = rule_make(&p, &m, why, sizeof(why));

	assert_non_null(r);
	assert_true(dev.drops && !dev.counts && !dev.frag_ext && !dev.untagged);
	assert_int_equal(dev.attr.priority, 1); // beside IPv4's 0
	assert_true(rule_query(r, &c) < 0);     // there is no such interface
	assert_int_equal(rule_remove(r), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_within_a_switch),
		cmocka_unit_test(drops_and_counts),
		cmocka_unit_test(reads_counters),
		cmocka_unit_test(tap_is_asked_for_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
