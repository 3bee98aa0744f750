// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/dataplane/offload_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void *fake_make(void *ctx, const struct offload_match *m)
{
	struct offload_bench *b = ctx;

	if (b->refuse_from != 0 && b->made + 1 >= b->refuse_from)
		return NULL;
	for (unsigned i = 0; i < BENCH_RULES; i++)
		if (!b->rules[i].used) {
			b->rules[i] =
				(struct fake_rule){.used = true, .m = *m, .c.idle_s = OFFLOAD_NONE};
			b->made++;
			return &b->rules[i];
		}
	return NULL;
}

static int fake_query(void *ctx, void *rule, struct offload_counts *out)
{
	struct offload_bench *b = ctx;

	*out = ((struct fake_rule *)rule)->c;
	return b->blind ? -ENOTSUP : 0;
}

static int fake_remove(void *ctx, void *rule)
{
	struct offload_bench *b = ctx;

	if (b->keeps)
		return -EBUSY;
	((struct fake_rule *)rule)->used = false;
	b->removed++;
	return 0;
}

struct offload_bench *bench_new(struct rig_options o, uint32_t max)
{
	struct offload_bench *b = calloc(1, sizeof(*b) + 64);
	const struct offload_ops ops = {b, fake_make, fake_query, fake_remove};
	struct offload *one = &b->o;

	o.lazy = true;
	b->r = rig_new(&o);
	assert_int_equal(offload_init(&b->o, max, BENCH_MIN_PACKETS), 0);
	memset(b->o.kinds, 0xff, sizeof(b->o.kinds));
	assert_int_equal(offload_server_init(&b->s, &one, 1, &ops, BENCH_IDLE_S * BENCH_SECOND), 0);
	b->r->pl->c.offload = &b->o;
	return b;
}

void bench_free(struct offload_bench *b)
{
	offload_server_fini(&b->s);
	for (unsigned i = 0; i < BENCH_RULES; i++)
		assert_false(b->rules[i].used);
	offload_fini(&b->o);
	rig_free(b->r);
	free(b);
}

void bench_turn(struct offload_bench *b)
{
	for (unsigned i = 0; i < 3; i++) {
		pipeline_offload_turn(b->r->pl, UINT32_MAX);
		offload_server_turn(&b->s, b->r->now);
	}
	pipeline_offload_turn(b->r->pl, UINT32_MAX);
}

void bench_add(struct offload_bench *b, unsigned flow, uint8_t proto, bool answer, uint8_t flags)
{
	rig_add(b->r, &(struct rig_packet){.flow = flow,
			      .proto = proto,
			      .answer = answer,
			      .flags = flags,
			      .payload = "0123456789"});
}

void bench_elephant(struct offload_bench *b, unsigned flow, uint8_t proto)
{
	for (unsigned ms = 0; ms < 1100; ms++) {
		for (unsigned i = 0; i < 16; i++)
			bench_add(b, flow, proto, i % 2, proto == 6 ? TCP_ACK : 0);
		rig_run(b->r);
		pipeline_offload_sample(b->r->pl, b->r->packets, 16);
		pipeline_offload_turn(b->r->pl, UINT32_MAX);
	}
}

void bench_handshake(struct offload_bench *b, unsigned flow)
{
	bench_add(b, flow, 6, false, TCP_SYN);
	bench_add(b, flow, 6, true, TCP_SYN | TCP_ACK);
	bench_add(b, flow, 6, false, TCP_ACK);
	rig_run(b->r);
}

unsigned bench_rules(const struct offload_bench *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < BENCH_RULES; i++)
		n += b->rules[i].used;
	return n;
}

void bench_hit(struct offload_bench *b, bool from_inside, uint64_t packets)
{
	for (unsigned i = 0; i < BENCH_RULES; i++)
		if (b->rules[i].used && b->rules[i].m.from_inside == from_inside) {
			b->rules[i].c.packets += packets;
			b->rules[i].c.bytes += packets * BENCH_FRAME;
		}
}

struct offload_bench *bench_with_elephant(struct rig_options o, uint8_t proto)
{
	struct offload_bench *b = bench_new(o, 4);

	if (proto == 6)
		bench_handshake(b, 1);
	bench_elephant(b, 1, proto);
	bench_turn(b);
	assert_int_equal(bench_rules(b), 2);
	assert_int_equal(b->o.stats.live, 1);
	return b;
}

void bench_wait(struct offload_bench *b, int64_t us)
{
	for (; us > 0; us -= BENCH_SECOND / 4) {
		rig_wait(b->r, BENCH_SECOND / 4);
		bench_turn(b);
	}
}
