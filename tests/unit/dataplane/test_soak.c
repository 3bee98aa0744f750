// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Many more flows than the table holds, through the real pipeline with the real classifier and a
// clock of the test's own: memory stays flat, every flow begun is ended and recorded, and what does
// not fit is treated as the exception policy says, counted and told.
//
// SOAK_FLOWS: how many; default 2,000,000, under sanitizers 200,000.

#include "app/dataplane/pipeline.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TABLE    100000
#define BURST    64
#define START_US 1790000000000000
#ifdef __SANITIZE_ADDRESS__
#define DEFAULT_FLOWS 200000
#else
#define DEFAULT_FLOWS 2000000
#endif

struct rig {
	struct policy_slot slot;
	struct dpi *dpi;
	struct pipeline *pl;
	struct packet packets[BURST];
	uint8_t frames[BURST][64];
	uint64_t records, ends, full_told, act[3];
};

static int count(void *ctx, const struct record *r)
{
	struct rig *rig = ctx;

	rig->records++;
	rig->ends += r->ev == RECORD_END;
	rig->full_told += r->exception == RECORD_EXC_FLOW_TABLE_FULL && r->ev == RECORD_DECISION;
	rig->act[r->action]++;
	return 0;
}

static void set_up(struct rig *rig, uint8_t table_full)
{
	const struct dpi_config dc = {
		.contexts = TABLE, .max_packets_tcp = 80, .max_packets_udp = 24};
	struct pipeline_config c = {
		.max_flows = TABLE,
		.seed = {{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
			0xd6e8feb86659fd93}},
		.timeout_us = {10000000, 300000000, 10000000, 60000000, 10000000, 60000000},
		.update_us = 60000000,
		.classify_always = true,
		.exceptions = {.flow_table_full = table_full},
		.slot = &rig->slot,
		.sink = {.ctx = rig, .emit = count},
	};
	char err[256];

	memset(rig, 0, sizeof(*rig));
	policy_slot_init(&rig->slot);
	assert_int_equal(policy_slot_publish(&rig->slot, policy_builtin(POLICY_ALLOW, "TEST")), 1);
	c.reader = policy_slot_add_reader(&rig->slot);
	c.dpi = rig->dpi = dpi_create(&dc, err, sizeof(err));
	rig->pl = aligned_alloc(64, (sizeof(*rig->pl) + 63) & ~(size_t)63);
	assert_non_null(rig->dpi);
	assert_int_equal(pipeline_init(rig->pl, &c, START_US), 0);
}

static void tear_down(struct rig *rig)
{
	pipeline_fini(rig->pl);
	free(rig->pl);
	dpi_free(rig->dpi);
	policy_slot_fini(&rig->slot);
}

// The n-th flow's packet: UDP from 10.x.y.z, a port and a remote end that change with n.
static void make_packet(struct rig *rig, unsigned slot, uint64_t n, int64_t now)
{
	uint8_t *f = rig->frames[slot];
	struct packet *p = &rig->packets[slot];
	uint32_t src = htonl(0x0a000000 | (uint32_t)(n & 0xffffff)),
		 dst = htonl(0xc6336400 | (n >> 24));

	memset(f, 0, 64);
	f[12] = 8;
	f[14] = 0x45;
	f[17] = 46; // 20 + 8 + 18
	f[22] = 64;
	f[23] = 17;
	memcpy(f + 26, &src, 4);
	memcpy(f + 30, &dst, 4);
	f[34] = (uint8_t)(40 + (n % 50));
	f[36] = 0x30;
	f[37] = 0x39;
	f[39] = 26;
	memset(p, 0, sizeof(*p));
	p->data = f;
	p->len = p->wire_len = 60;
	p->ts = now;
	p->side = SIDE_INSIDE;
	p->link = LINK_ETHERNET;
}

static long resident_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size, resident = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &size, &resident), 2);
	fclose(f);
	return resident * 4;
}

static uint64_t wanted(void)
{
	const char *s = getenv("SOAK_FLOWS");

	return s != NULL ? strtoull(s, NULL, 10) : DEFAULT_FLOWS;
}

// Flows come at a rate at which nearly the whole table is live all the time (60 s idle): 1,600 a
// second.
static void test_flat(void **state)
{
	uint64_t flows = wanted() / BURST * BURST;
	struct rig *rig = calloc(1, sizeof(*rig));
	int64_t now = START_US;
	long warm = 0;

	set_up(rig, POLICY_ALLOW);
	for (uint64_t n = 0; n < flows; n += BURST) {
		now += 40000;
		pipeline_age(rig->pl, now, 4 * BURST);
		for (unsigned i = 0; i < BURST; i++)
			make_packet(rig, i, n + i, now);
		pipeline_burst(rig->pl, rig->packets, BURST, now, false);
		assert_true(rig->pl->table.live <= TABLE);
		if (n >= 2 * TABLE - BURST && warm == 0)
			warm = resident_kb();
	}
	if (flows > 4 * TABLE)
		assert_in_range(resident_kb() - warm + 4096, 0, 8192); // KB: 4 MB either way
	assert_int_equal(rig->pl->stats.flows_begun, flows);
	assert_int_equal(rig->pl->stats.table_full, 0);
	pipeline_stop(rig->pl);
	assert_int_equal(rig->ends, flows);
	assert_int_equal(rig->pl->table.live, 0);
	assert_int_equal(dpi_flows_open(rig->dpi), 0);
	tear_down(rig);
	free(rig);
}

// Three times as many flows as the table holds within a second: a third has a place.
static void overflow(uint8_t exception)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	uint64_t n, pass, stop;
	int64_t now = START_US;

	set_up(rig, exception);
	for (n = 0; n < 3 * TABLE / BURST * BURST; n += BURST) {
		now += 100;
		for (unsigned i = 0; i < BURST; i++)
			make_packet(rig, i, n + i, now);
		pipeline_burst(rig->pl, rig->packets, BURST, now, false);
	}
	pass = rig->pl->stats.packets[REASON_PASS_NO_STATE];
	stop = rig->pl->stats.packets[REASON_STOP_NO_STATE];
	assert_int_equal(rig->pl->stats.flows_begun, TABLE);
	assert_int_equal(rig->pl->stats.table_full, n - TABLE);
	assert_int_equal(exception == POLICY_BLOCK ? stop : pass, n - TABLE);
	assert_int_equal(exception == POLICY_BLOCK ? pass : stop, 0);
	assert_in_range(rig->full_told, 1, 2); // once a second
	pipeline_stop(rig->pl);
	assert_int_equal(rig->ends, TABLE);
	// Places are free again.
	make_packet(rig, 0, 1, now);
	pipeline_burst(rig->pl, rig->packets, 1, now, false);
	assert_int_equal(rig->pl->table.live, 1);
	pipeline_stop(rig->pl);
	tear_down(rig);
	free(rig);
}

static void test_full_pass(void **state)
{
	overflow(POLICY_ALLOW);
}

static void test_full_flag(void **state)
{
	overflow(POLICY_FLAG);
}

static void test_full_block(void **state)
{
	overflow(POLICY_BLOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_full_pass),
		cmocka_unit_test(test_full_flag),
		cmocka_unit_test(test_full_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
