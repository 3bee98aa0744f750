// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The whole pipeline over any series of packets: real nDPI, a fixed policy, tables so small that
// they fill, a clock that the input moves. Every packet has one outcome, every flow one end, every
// record a line, and nothing is left open. Input: a byte of settings (struct settings), then
// packets: how it comes (enum how), its length in two bytes (the top bit: cut by the capture),
// data.
#include "app/control/policy_file.h"
#include "app/dataplane/pipeline.h"
#include "app/flowlog/line.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/want.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TIME  1767225600000000 // 2026-01-01
#define BURST 32
#define FLOWS 24
#define DPI   8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum settings {
	SET_BLOCK = 1, // exception policies: block, else flag
	SET_LOCAL = 2,
	SET_NEEDED = 4, // classify only where a rule needs it
	SET_NO_TUNNELS = 8,
	SET_PREFIXES = 16, // inside by prefixes, not by tenants
	SET_REFUSE = 32,   // the sink takes every second record
	SET_FLOOD = 64,    // every second burst comes when there is no time for new flows
};

enum how {
	HOW_LINK = 15,  // enum parse_link; past the last: a new policy is published first
	HOW_SIDE = 16,  // times 0 to 3: enum packet_side
	HOW_LATER = 64, // times 0 to 3: by 0, 1 ms, 1 s, 61 s
};

struct world { // made once: nDPI's module and the policy slot serve many pipelines
	struct dpi *dpi;
	struct geo *geo;
	struct policy_slot slot;
	struct policy_reader *reader;
};

struct run {
	struct pipeline *pl;
	struct packet packets[BURST];
	uint8_t *bytes[BURST];
	unsigned n;
	int64_t now;
	uint64_t given, ended, refused;
	bool refuse, flood;
};

static struct world world;

static struct policy *load_policy(void)
{
	struct diag_list d;
	struct policy *p;

	diag_init(&d, FUZZ_DIR "/policy.json");
	p = policy_file_load(d.file, POLICY_ANY_TIME, world.dpi, &d);
	policy_file_print(&d, stderr);
	diag_clear(&d);
	want(p != NULL);
	return p;
}

static void make_world(void)
{
	static const char countries[] = "3221225984,3221226111,CN\n3221226112,3221226239,US\n"
					"3325256704,3325256831,DE\n3325256832,3325256959,JP\n";
	const struct dpi_config dc = {
		.contexts = DPI, .max_packets_tcp = 80, .max_packets_udp = 24};
	struct memory_file f;
	const char *path = f.path;
	char err[512];

	memory_file_make(&f, (const uint8_t *)countries, sizeof(countries) - 1);
	world.dpi = dpi_create(&dc, err, sizeof(err));
	world.geo = geo_load(&path, 1, NULL, 0, err, sizeof(err));
	memory_file_free(&f);
	policy_slot_init(&world.slot);
	policy_slot_add_screens(&world.slot, screen_build, world.geo);
	world.reader = policy_slot_add_reader(&world.slot);
	if (world.dpi == NULL || world.geo == NULL || world.reader == NULL) {
		fprintf(stderr, "fuzz: %s\n", err);
		exit(2);
	}
	want(policy_slot_publish(&world.slot, load_policy()) != 0);
}

static const char *app_word(void *ctx, uint16_t id)
{
	return dpi_app_name(ctx, id);
}

static const char *category_word(void *ctx, uint16_t id)
{
	return dpi_category_name(ctx, id);
}

static const char *risk_word(void *ctx, unsigned bit)
{
	return dpi_risk_name(ctx, bit);
}

static int emit(void *ctx, const struct record *r)
{
	static char line[65536];
	const struct line_source source = {
		"\"gw\"", 4, {world.dpi, app_word, category_word, risk_word}};
	struct json_out j = {line, line + sizeof(line), false};
	struct run *run = ctx;

	line_record(&j, &source, 1, r);
	want(!j.full && j.p > line && j.p[-1] == '\n');
	want(r->t1 >= r->t0 && r->t1 <= run->pl->now);
	run->ended += r->ev == RECORD_END;
	if (run->refuse && (++run->refused & 1))
		return -ENOSPC;
	return 0;
}

static void start(struct run *r, uint8_t settings)
{
	static const struct pipeline_prefix inside[] = {
		{4, 18, {198, 19, 192}}, {6, 48, {0x20, 0x01, 0x0d, 0xb8, 0, 0x20}}};
	uint8_t exception = settings & SET_BLOCK ? POLICY_BLOCK : POLICY_FLAG;
	const struct pipeline_config c = {
		.max_flows = FLOWS,
		.seed = {{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
			0xd6e8feb86659fd93}},
		.timeout_us = {10000000, 300000000, 10000000, 60000000, 10000000, 60000000},
		.update_us = 60000000,
		.local_flows = settings & SET_LOCAL,
		.classify_always = !(settings & SET_NEEDED),
		.tunnels = settings & SET_NO_TUNNELS ? 0 : PARSE_ALL_TUNNELS,
		.inside = settings & SET_PREFIXES ? inside : NULL,
		.n_inside = settings & SET_PREFIXES ? 2 : 0,
		.exceptions = {exception, exception, exception, exception, exception, exception},
		.slot = &world.slot,
		.reader = world.reader,
		.dpi = world.dpi,
		.geo = world.geo,
		.sink = {.ctx = r, .emit = emit},
	};

	r->now = TIME;
	r->refuse = settings & SET_REFUSE;
	r->flood = settings & SET_FLOOD;
	r->pl = aligned_alloc(64, sizeof(*r->pl));
	want(r->pl != NULL && pipeline_init(r->pl, &c, r->now) == 0);
}

static void burst(struct run *r)
{
	pipeline_age(r->pl, r->now, UINT32_MAX);
	r->pl->budget.credit = -BUDGET_MOST; // which counts where packets wait
	pipeline_burst(r->pl, r->packets, r->n, r->now, false);
	want(r->pl->n_injects <= PIPELINE_MAX_INJECTS);
	for (unsigned i = 0; i < r->pl->n_injects; i++)
		want(r->pl->injects[i].len <= sizeof(r->pl->injects[i].data));
	for (unsigned i = 0; i < r->n; i++) {
		want(r->packets[i].outcome < REASON_LOST_TX);
		free(r->bytes[i]);
	}
	r->given += r->n;
	r->n = 0;
	r->pl->budget.behind = r->flood && !r->pl->budget.behind;
}

static void add(struct run *r, uint8_t how, const uint8_t *data, uint32_t len, bool cut)
{
	static const int64_t later[] = {0, 1000, 1000000, 61000000};
	unsigned step = how / HOW_LATER;
	struct packet *p;

	if (step != 0 || r->n == BURST)
		burst(r);
	r->now += later[step];
	if ((how & HOW_LINK) > LINK_RADIOTAP) {
		burst(r);
		want(policy_slot_publish(&world.slot, load_policy()) != 0);
	}
	r->bytes[r->n] = malloc(len != 0 ? len : 1); // the sanitizer sees its end
	want(r->bytes[r->n] != NULL);
	memcpy(r->bytes[r->n], data, len);
	p = &r->packets[r->n];
	memset(p, 0, sizeof(*p));
	p->data = r->bytes[r->n++];
	p->ts = r->now;
	p->len = len;
	p->wire_len = len + (cut ? 100 : 0);
	p->side = (how / HOW_SIDE) % 4 % (SIDE_OUTSIDE + 1);
	p->link = (how & HOW_LINK) % (LINK_RADIOTAP + 1);
}

static void finish(struct run *r)
{
	const struct pipeline_stats *s = &r->pl->stats;
	uint64_t packets = 0, ended = 0;

	burst(r);
	pipeline_stop(r->pl);
	for (unsigned i = 0; i < REASON_OUTCOME_COUNT; i++)
		packets += s->packets[i];
	for (unsigned i = 0; i <= RECORD_END_STOP; i++)
		ended += s->flows_ended[i];
	want(packets == r->given);
	want(s->packets[REASON_PASS_OVERLOAD] + s->packets[REASON_STOP_OVERLOAD] == s->flows_shed);
	want(s->flows_live == 0 && ended == s->flows_begun);
	want(r->ended <= ended);
	want(dpi_flows_open(world.dpi) == 0);
	want(r->pl->order.pool.used == 0 && r->pl->order.oldest == BLOCK_NONE);
	want(datagrams_waiting(r->pl->datagrams) <= r->given);
	pipeline_burst(r->pl, NULL, 0, r->now, false); // says that it has seen the newest policy
	pipeline_fini(r->pl);
	free(r->pl);
	// Nothing refers to an old policy any more.
	want(policy_slot_reclaim(&world.slot, UINT64_MAX) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run r = {0};

	if (size == 0)
		return 0;
	if (world.dpi == NULL)
		make_world();
	start(&r, data[0]);
	data++;
	size--;
	while (size > 3) {
		uint8_t how = data[0];
		bool cut = data[1] & 0x80;
		size_t len = (size_t)(data[1] & 0x7f) << 8 | data[2];

		data += 3;
		size -= 3;
		len = len > size ? size : len;
		add(&r, how, data, (uint32_t)len, cut);
		data += len;
		size -= len;
	}
	finish(&r);
	return 0;
}
