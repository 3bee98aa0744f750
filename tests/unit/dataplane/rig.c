// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/dataplane/rig.h"

#include "tests/unit/dataplane/recipe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int keep(void *ctx, const struct record *rec)
{
	struct rig *r = ctx;

	if (r->refuse)
		return -ENOSPC;
	flow_capture_release(rec->capture);
	r->records[r->n_records++ % RIG_RECORDS] = *rec;
	r->ends += rec->ev == RECORD_END;
	return 0;
}

static int app(void *ctx, const char *name)
{
	return dpi_app_id(ctx, name);
}

static struct policy *load(struct rig *r, const struct rig_options *o)
{
	const struct policy_names names = {.ctx = r->dpi, .app = app};
	struct diag_list diag;
	struct policy *p;
	char text[4096], line[512];

	snprintf(text, sizeof(text),
		"{\"schema\":\"egress-policy/"
		"1\",\"meta\":{\"id\":\"t\",\"version\":1,\"issuer\":\"x\","
		"\"not_before\":\"2025-01-01T00:00:00Z\",\"expires\":\"2090-01-01T00:00:00Z\","
		"\"timezone\":\"UTC\"},\"home\":[\"CN\"],"
		"\"geo\":{\"overrides\":[%s]},\"tenants\":{\"a\":{\"prefixes\":[\"10.0.0.0/"
		"8\"]}},\"apps\":{\"ssh\":{\"apps\":[\"SSH\"]}},"
		"\"defaults\":{\"action\":\"allow\",\"reason\":\"NO_RULE\",\"min_confidence\":"
		"\"cache\","
		"\"block_with\":\"%s\",\"pending\":{\"action\":\"%s\",\"max_packets\":{\"tcp\":%u,"
		"\"udp\":%u},"
		"\"max_bytes_out\":%u,\"max_ms\":%u},\"on_expiry\":\"block\","
		"\"boot_without_policy\":\"block\"},\"rules\":[%s],\"limits\":[%s]}",
		o->overrides != NULL ? o->overrides : "",
		o->block_with != NULL ? o->block_with : "drop",
		o->pending != NULL ? o->pending : "pass", o->max_packets != 0 ? o->max_packets : 80,
		o->max_packets != 0 ? o->max_packets : 24, o->max_bytes != 0 ? o->max_bytes : 10000,
		o->max_ms != 0 ? o->max_ms : 3000, o->rules != NULL ? o->rules : "",
		o->limits != NULL ? o->limits : "");
	diag_init(&diag, "test");
	p = policy_load(text, strlen(text), POLICY_ANY_TIME, &names, &diag);
	for (size_t i = 0; i < diag.n; i++) {
		diag_format(&diag, i, line, sizeof(line));
		print_error("%s\n", line);
	}
	assert_non_null(p);
	diag_clear(&diag);
	return p;
}

void rig_publish(struct rig *r, const struct rig_options *o)
{
	assert_int_not_equal(policy_slot_publish(&r->slot, load(r, o)), 0);
}

void rig_shadow(struct rig *r, const struct rig_options *o)
{
	assert_int_not_equal(policy_slot_publish(&r->shadow, o != NULL ? load(r, o) : NULL), 0);
}

static void make_lanes(struct rig *r, const struct rig_options *o, const struct dpi_config *c)
{
	struct lanes *all = &r->lanes;
	char err[256];

	assert_int_equal(lanes_init(&r->lanes, o->lanes, c,
				 o->lane_bytes != 0 ? o->lane_bytes : LANE_REQUEST_BYTES),
		0);
	for (unsigned i = 0; i < o->lanes; i++)
		assert_int_equal(lane_server_init(&r->servers[i], &all, 1, i, c, &r->stop_serving,
					 err, sizeof(err)),
			0);
}

struct rig *rig_new(const struct rig_options *o)
{
	const struct dpi_config dc = {.contexts = o->contexts != 0 ? o->contexts : 1000,
		.max_packets_tcp = (uint16_t)(o->dpi_packets != 0 ? o->dpi_packets : 80),
		.max_packets_udp = 24};
	struct pipeline_config c = {
		.max_flows = o->max_flows != 0 ? o->max_flows : 1000,
		.seed = {{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
			0xd6e8feb86659fd93}},
		.timeout_us = {10000000, 300000000, 10000000, 60000000, 10000000, 60000000},
		.update_us = o->no_updates ? 0 : 60000000,
		.classify_always = !o->lazy,
		.local_flows = o->local_flows,
		.inside = o->inside,
		.n_inside = o->n_inside,
		.tunnels = PARSE_ALL_TUNNELS,
		.exceptions = o->exceptions,
	};
	struct rig *r = calloc(1, sizeof(*r));
	char err[256];

	r->now = RIG_START;
	r->dpi = dpi_create(&dc, err, sizeof(err));
	assert_non_null(r->dpi);
	policy_slot_init(&r->slot);
	policy_slot_add_screens(&r->slot, screen_build, NULL);
	rig_publish(r, o);
	policy_slot_init(&r->shadow);
	rig_shadow(r, NULL);
	c.slot = &r->slot;
	c.shadow = &r->shadow;
	c.shadow_reader = policy_slot_add_reader(&r->shadow);
	c.reader = r->reader = policy_slot_add_reader(&r->slot);
	if (o->lanes != 0) {
		make_lanes(r, o, &dc);
		c.lanes = &r->lanes;
	} else {
		c.dpi = r->dpi;
	}
	c.sink = (struct record_sink){.ctx = r, .emit = keep};
	c.log_full = &r->log_full;
	if (o->captures != 0)
		c.captures = r->captures = flow_capture_pool_create(o->captures * 2, o->captures);
	r->pl = aligned_alloc(64, (sizeof(*r->pl) + 63) & ~(size_t)63);
	assert_int_equal(pipeline_init(r->pl, &c, r->now), 0);
	return r;
}

void rig_free(struct rig *r)
{
	pipeline_fini(r->pl);
	free(r->pl);
	flow_capture_pool_free(r->captures);
	for (unsigned i = 0; i < r->lanes.n; i++)
		lane_server_fini(&r->servers[i]);
	lanes_fini(&r->lanes);
	dpi_free(r->dpi);
	policy_slot_fini(&r->slot);
	policy_slot_fini(&r->shadow);
	free(r);
}

void rig_add(struct rig *r, const struct rig_packet *x)
{
	uint8_t *f = r->frames[r->n], *ip = f + 14, *l4 = ip + 20;
	struct packet *p = &r->packets[r->n];
	unsigned head = x->proto == 6 ? 20 : 8,
		 size = x->payload != NULL ? (unsigned)strlen(x->payload) : 0;
	uint32_t in = 0x0a000000 | (x->flow & 0xffff), out = 0xc6336400 | (x->flow >> 16 & 0xff);
	uint16_t sport = 40000, dport = x->dport != 0 ? x->dport : 12345;

	assert_in_range(14 + 20 + head + size, 0, sizeof(r->frames[0]));
	memset(f, 0, sizeof(r->frames[0]));
	put_be16(f + 12, 0x0800);
	ip[0] = 0x45;
	put_be16(ip + 2, 20 + head + size);
	ip[8] = 64;
	ip[9] = x->proto;
	put_be32(ip + 12, x->answer ? out : in);
	put_be32(ip + 16, x->answer ? in : out);
	put_be16(l4, x->answer ? dport : sport);
	put_be16(l4 + 2, x->answer ? sport : dport);
	if (x->proto == 6) {
		put_be32(l4 + 4, x->seq);
		put_be32(l4 + 8, x->ack);
		l4[12] = 0x50;
		l4[13] = x->flags;
		put_be16(l4 + 14, 65535);
	} else {
		put_be16(l4 + 4, 8 + size);
	}
	if (size != 0)
		memcpy(l4 + head, x->payload, size);
	memset(p, 0, sizeof(*p));
	p->data = f;
	p->len = p->wire_len = 14 + 20 + head + size;
	p->ts = r->now;
	p->side = x->answer ? SIDE_OUTSIDE : SIDE_INSIDE;
	p->link = LINK_ETHERNET;
	if (++r->n == RIG_BURST)
		rig_run(r);
}

void rig_udp(struct rig *r, unsigned flow, bool answer)
{
	const struct rig_packet p = {
		.flow = flow, .answer = answer, .proto = 17, .payload = "0123456789"};

	rig_add(r, &p);
	rig_run(r);
}

uint64_t rig_outcome(const struct rig *r, enum reason_outcome o)
{
	return r->pl->stats.packets[o];
}

void rig_words(struct rig *r, const char *words, bool back, uint8_t side)
{
	struct packet *p = &r->packets[r->n];
	struct recipe frame;

	recipe_make(&frame, words, back);
	assert_true(frame.n <= sizeof(r->frames[0]));
	memcpy(r->frames[r->n], frame.b, frame.n);
	memset(p, 0, sizeof(*p));
	p->data = r->frames[r->n];
	p->len = p->wire_len = frame.n;
	p->ts = r->now;
	p->side = side;
	p->link = LINK_ETHERNET;
	if (++r->n == RIG_BURST)
		rig_run(r);
}

void rig_run(struct rig *r)
{
	pipeline_burst(r->pl, r->packets, r->n, r->now, false);
	r->n = 0;
	r->now += 1000;
}

void rig_wait(struct rig *r, int64_t us)
{
	r->now += us;
	while (pipeline_age(r->pl, r->now, 64) != 0)
		;
}

void rig_serve(struct rig *r)
{
	for (unsigned i = 0; i < r->lanes.n; i++)
		while (lane_server_turn(&r->servers[i], 16) != 0)
			pipeline_answers(r->pl, r->now, 16);
	while (pipeline_answers(r->pl, r->now, 16) != 0)
		;
}

const struct record *rig_last(const struct rig *r, enum record_ev ev)
{
	for (uint64_t i = r->n_records; i-- > 0 && i + RIG_RECORDS >= r->n_records;)
		if (r->records[i % RIG_RECORDS].ev == ev)
			return &r->records[i % RIG_RECORDS];
	return NULL;
}

unsigned rig_count(const struct rig *r, enum record_ev ev)
{
	unsigned n = 0;

	for (uint64_t i = 0; i < r->n_records && i < RIG_RECORDS; i++)
		n += r->records[i].ev == ev;
	return n;
}
