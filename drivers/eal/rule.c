// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/rule.h"
#include "drivers/eal/rule_kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGE_S     1 // the counter's step; nobody asks whether it has passed
#define NO_FRAGS  0x3fff
#define TCP_EVENT 0x07 // FIN, SYN, RST

struct rule {
	struct rule_port port;
	struct rule_match match;
	struct rte_flow *flow;
	bool ages;
};

// Everything that a rule is made of; the parts point at each other.
struct draft {
	struct rte_flow_attr attr;
	struct rte_flow_item items[5];
	struct rte_flow_action actions[4];
	struct rte_flow_item_ethdev from;
	struct rte_flow_item_eth eth, eth_mask;
	struct rte_flow_action_ethdev to;
	struct rte_flow_item_ipv4 ip4, ip4_mask;
	struct rte_flow_item_ipv6 ip6, ip6_mask;
	struct rte_flow_item_tcp tcp, tcp_mask;
	struct rte_flow_item_udp udp, udp_mask;
	struct rte_flow_action_count count;
	struct rte_flow_action_age age;
};

static uint8_t kind(const struct rule_match *m)
{
	return (uint8_t)(1u << ((m->drop ? 4 : 0) | (m->version == 6 ? 2 : 0) |
				 (m->proto == IPPROTO_TCP ? 1 : 0)));
}

int rule_port_init(struct rule_port *p, const struct port *port, const struct port *peer)
{
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(port->id, &info);

	*p = (struct rule_port){.id = port->id,
		.peer = peer->id,
		.if_index = port->if_index,
		.kernel = strcmp(port->driver, "net_tap") == 0,
		.domain = info.switch_info.domain_id};
	if (rc == 0)
		rc = rte_eth_dev_info_get(peer->id, &info);
	p->peer_domain = info.switch_info.domain_id;
	return rc;
}

static void fill_ip(struct draft *d, const struct rule_port *p, const struct rule_match *m,
	struct rte_flow_item *item)
{
	if (m->version == 4) {
		memcpy(&d->ip4.hdr.src_addr, m->src, 4);
		memcpy(&d->ip4.hdr.dst_addr, m->dst, 4);
		d->ip4.hdr.next_proto_id = m->proto;
		d->ip4_mask.hdr.src_addr = d->ip4_mask.hdr.dst_addr = UINT32_MAX;
		d->ip4_mask.hdr.next_proto_id = UINT8_MAX;
		if (!p->kernel)
			d->ip4_mask.hdr.fragment_offset = htons(NO_FRAGS);
		*item = (struct rte_flow_item){
			.type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = &d->ip4, .mask = &d->ip4_mask};
		return;
	}
	memcpy(d->ip6.hdr.src_addr, m->src, 16);
	memcpy(d->ip6.hdr.dst_addr, m->dst, 16);
	d->ip6.hdr.proto = m->proto;
	memset(d->ip6_mask.hdr.src_addr, 0xff, 16);
	memset(d->ip6_mask.hdr.dst_addr, 0xff, 16);
	d->ip6_mask.hdr.proto = UINT8_MAX;
	if (!p->kernel)
		d->ip6_mask.has_frag_ext = 1;
	*item = (struct rte_flow_item){
		.type = RTE_FLOW_ITEM_TYPE_IPV6, .spec = &d->ip6, .mask = &d->ip6_mask};
}

static void fill_transport(struct draft *d, const struct rule_match *m, struct rte_flow_item *item)
{
	if (m->proto == IPPROTO_TCP) {
		d->tcp.hdr.src_port = htons(m->sport);
		d->tcp.hdr.dst_port = htons(m->dport);
		d->tcp_mask.hdr.src_port = d->tcp_mask.hdr.dst_port = UINT16_MAX;
		d->tcp_mask.hdr.tcp_flags = TCP_EVENT;
		*item = (struct rte_flow_item){
			.type = RTE_FLOW_ITEM_TYPE_TCP, .spec = &d->tcp, .mask = &d->tcp_mask};
		return;
	}
	d->udp.hdr.src_port = htons(m->sport);
	d->udp.hdr.dst_port = htons(m->dport);
	d->udp_mask.hdr.src_port = d->udp_mask.hdr.dst_port = UINT16_MAX;
	*item = (struct rte_flow_item){
		.type = RTE_FLOW_ITEM_TYPE_UDP, .spec = &d->udp, .mask = &d->udp_mask};
}

static void fill_actions(
	struct draft *d, const struct rule_port *p, const struct rule_match *m, bool ages)
{
	unsigned n = 0;

	if (!p->kernel) // whose filters count anyway, and take one action
		d->actions[n++] = (struct rte_flow_action){
			.type = RTE_FLOW_ACTION_TYPE_COUNT, .conf = &d->count};
	if (ages) {
		d->age.timeout = AGE_S;
		d->actions[n++] =
			(struct rte_flow_action){.type = RTE_FLOW_ACTION_TYPE_AGE, .conf = &d->age};
	}
	d->to.port_id = p->peer;
	d->actions[n++] =
		m->drop ? (struct rte_flow_action){.type = RTE_FLOW_ACTION_TYPE_DROP}
			: (struct rte_flow_action){
				  .type = RTE_FLOW_ACTION_TYPE_REPRESENTED_PORT, .conf = &d->to};
	d->actions[n] = (struct rte_flow_action){.type = RTE_FLOW_ACTION_TYPE_END};
}

static void fill(struct draft *d, const struct rule_port *p, const struct rule_match *m, bool ages)
{
	unsigned n = 0;

	memset(d, 0, sizeof(*d));
	if (m->drop) {
		d->attr.ingress = 1;
	} else { // what comes from the wire, whoever the port stands for
		d->attr.transfer = 1;
		d->from.port_id = p->id;
		d->items[n++] = (struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_REPRESENTED_PORT,
			.spec = &d->from,
			.mask = &rte_flow_item_ethdev_mask};
	}
	// Filters of the kernel with one priority have one protocol.
	d->attr.priority = p->kernel && m->version == 6;
	d->items[n] = (struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_ETH};
	if (!p->kernel) { // the same addresses behind a tag are another flow
		d->eth_mask.has_vlan = 1;
		d->items[n].spec = &d->eth;
		d->items[n].mask = &d->eth_mask;
	}
	n++;
	fill_ip(d, p, m, &d->items[n++]);
	fill_transport(d, m, &d->items[n++]);
	d->items[n] = (struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_END};
	fill_actions(d, p, m, ages);
}

static int say(int rc, const struct rte_flow_error *e, char *why, size_t size)
{
	rc = rc < 0 ? rc : -EIO;
	if (rc == -ENOSYS || rc == -ENOTSUP)
		snprintf(why, size, "the driver takes no such rules%s%s",
			e->message != NULL ? ": " : "", e->message != NULL ? e->message : "");
	else
		snprintf(why, size, "%s%s%s", strerror(-rc), e->message != NULL ? ": " : "",
			e->message != NULL ? e->message : "");
	return rc;
}

static int validate(
	const struct rule_port *p, const struct rule_match *m, bool ages, char *why, size_t size)
{
	struct rte_flow_error e = {0};
	struct draft d;
	int rc;

	fill(&d, p, m, ages);
	rc = rte_flow_validate(p->id, &d.attr, d.items, d.actions, &e);
	return rc == 0 ? 0 : say(rc, &e, why, size);
}

static int try_one(const struct rule_port *p, const struct rule_match *m, char *why, size_t size)
{
	struct rule *r = rule_make(p, m, why, size);
	struct rule_counts counts;
	int rc, removed;

	if (r == NULL)
		return -EIO;
	rc = rule_query(r, &counts);
	if (rc < 0)
		snprintf(why, size, "its counters cannot be read: %s", strerror(-rc));
	removed = rule_remove(r);
	if (removed < 0) {
		snprintf(why, size, "a rule cannot be removed: %s", strerror(-removed));
		rc = removed;
	}
	return rc;
}

int rule_check(
	struct rule_port *p, bool drop, uint8_t version, uint8_t proto, char *why, size_t size)
{
	struct rule_match m = {
		.drop = drop, .version = version, .proto = proto, .sport = 9, .dport = 9};
	static const uint8_t net4[4] = {192, 0, 2, 1}, net6[4] = {0x20, 0x01, 0x0d, 0xb8};
	int rc;

	memcpy(m.src, version == 4 ? net4 : net6, 4);
	memcpy(m.dst, m.src, 4);
	m.dst[version == 4 ? 3 : 15] = 2;
	if (!drop && !p->kernel &&
		(p->domain != p->peer_domain ||
			p->domain == RTE_ETH_DEV_SWITCH_DOMAIN_ID_INVALID)) {
		snprintf(why, size, "its ports are not of one switch");
		return -ENOTSUP;
	}
	if (!p->kernel && validate(p, &m, true, why, size) == 0)
		p->ages |= kind(&m);
	rc = validate(p, &m, (p->ages & kind(&m)) != 0, why, size);
	return rc == 0 ? try_one(p, &m, why, size) : rc;
}

struct rule *rule_make(
	const struct rule_port *p, const struct rule_match *m, char *why, size_t size)
{
	struct rule *r = calloc(1, sizeof(*r));
	struct rte_flow_error e = {0};
	struct draft d;

	if (r == NULL)
		return NULL;
	r->port = *p;
	r->match = *m;
	r->ages = (p->ages & kind(m)) != 0;
	fill(&d, p, m, r->ages);
	r->flow = rte_flow_create(p->id, &d.attr, d.items, d.actions, &e);
	if (r->flow == NULL) {
		say(-rte_errno, &e, why, size);
		free(r);
		return NULL;
	}
	return r;
}

static int query_device(struct rule *r, struct rule_counts *out)
{
	const struct rte_flow_action count[] = {
		{.type = RTE_FLOW_ACTION_TYPE_COUNT}, {.type = RTE_FLOW_ACTION_TYPE_END}};
	const struct rte_flow_action age[] = {
		{.type = RTE_FLOW_ACTION_TYPE_AGE}, {.type = RTE_FLOW_ACTION_TYPE_END}};
	struct rte_flow_query_count c = {0};
	struct rte_flow_query_age a = {0};
	struct rte_flow_error e;
	int rc = rte_flow_query(r->port.id, r->flow, count, &c, &e);

	if (rc != 0)
		return rc < 0 ? rc : -EIO;
	if (!c.hits_set || !c.bytes_set)
		return -ENOTSUP; // records want both
	out->packets = c.hits;
	out->bytes = c.bytes;
	out->idle_s = RULE_IDLE_UNKNOWN;
	if (r->ages && rte_flow_query(r->port.id, r->flow, age, &a, &e) == 0 &&
		a.sec_since_last_hit_valid)
		out->idle_s = a.sec_since_last_hit;
	return 0;
}

int rule_query(struct rule *r, struct rule_counts *out)
{
	if (r->port.kernel)
		return rule_kernel_query(r->port.if_index, &r->match, out);
	return query_device(r, out);
}

int rule_remove(struct rule *r)
{
	struct rte_flow_error e;
	int rc = rte_flow_destroy(r->port.id, r->flow, &e);

	if (rc != 0)
		return rc < 0 ? rc : -EIO;
	free(r);
	return 0;
}
