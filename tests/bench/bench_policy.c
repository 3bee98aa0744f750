// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a policy costs: to load and compile it, in memory, and at a flow's first packet.
//
//     bench_policy ROUNDS POLICY TEXT4 TEXT6     (country files of Debian's tor-geoipdb or of their
//     form)
//
// Flows come from random addresses of 10.0.0.0/8 and of the tenants' 172.16.0.0/12 and go to
// random addresses, half of them not classified yet. They are made before the clock runs, and each
// round asks for all of them, so that a flow's facts and what it meets in the policy are not in the
// nearest cache. One line of JSON on standard output; times are medians over the rounds.

#include "app/control/policy_file.h"
#include "drivers/geo/geo.h"
#include "tests/bench/figures.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FLOWS      65536
#define MAX_ROUNDS 101

static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint32_t draw(void) // xorshift64*
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * UINT64_C(2685821657736338717)) >> 32);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// A line of /proc/self/status in kB.
static double status_kb(const char *name)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	double kb = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			kb = strtod(line + strlen(name), NULL);
	if (f != NULL)
		fclose(f);
	return kb;
}

// From here on VmHWM is the peak of what comes (proc(5), clear_refs).
static void forget_peak(void)
{
	FILE *f = fopen("/proc/self/clear_refs", "w");

	if (f != NULL) {
		fputs("5", f);
		fclose(f);
	}
}

static void make_flows(struct policy_facts *f, const char **hosts, unsigned n_hosts, struct dpi *d)
{
	const int app = dpi_app_id(d, "TLS");

	memset(f, 0, FLOWS * sizeof(*f));
	for (unsigned i = 0; i < FLOWS; i++) {
		uint32_t inside = draw(), remote = htonl(draw());

		inside = htonl(
			i % 2 ? 0x0a000000 | (inside & 0xffffff) : 0xac100000 | (inside & 0xffff));
		f[i].inside.version = f[i].remote.version = 4;
		memcpy(f[i].inside.b, &inside, 4);
		memcpy(f[i].remote.b, &remote, 4);
		f[i].sport = (uint16_t)(1024 + draw() % 60000);
		f[i].dport = (uint16_t)(draw() % 30000);
		f[i].proto = draw() % 2 ? IPPROTO_TCP : IPPROTO_UDP;
		f[i].initiator = draw() % 4 ? POLICY_INIT_INSIDE : POLICY_INIT_OUTSIDE;
		f[i].final = draw() % 2;
		if (f[i].final) {
			f[i].app = f[i].master = (uint16_t)app;
			f[i].conf = POLICY_CONF_DPI;
			f[i].host = hosts[draw() % n_hosts];
		}
	}
}

struct costs {
	double tenant[MAX_ROUNDS], country[MAX_ROUNDS], eval[MAX_ROUNDS];
	unsigned long decided, pending; // rules that decided, verdicts that wait: what was measured
};

static void one_round(const struct policy *p, const struct geo *g, struct policy_facts *f,
	struct costs *c, unsigned round)
{
	double a = now_ns(), b, e;
	struct policy_verdict v;

	for (unsigned i = 0; i < FLOWS; i++)
		f[i].tenant = policy_tenant(p, &f[i].inside, POLICY_VLAN_NONE, POLICY_VNI_NONE);
	b = now_ns();
	c->tenant[round] = (b - a) / FLOWS;
	for (unsigned i = 0; i < FLOWS; i++) {
		if (!policy_override(p, &f[i].remote, &f[i].cc))
			f[i].cc = geo_country(g, f[i].remote.version, f[i].remote.b);
		if (f[i].cc == 0)
			f[i].cc = POLICY_CC_XX;
		f[i].border = (uint8_t)policy_border(p, f[i].cc);
	}
	e = now_ns();
	c->country[round] = (e - b) / FLOWS;
	c->decided = c->pending = 0;
	for (unsigned i = 0; i < FLOWS; i++) {
		policy_eval(p, &f[i], 1800000000, &v);
		c->decided += v.rule < POLICY_MAX_RULES;
		c->pending += v.state == POLICY_UNDECIDED;
	}
	c->eval[round] = (now_ns() - e) / FLOWS;
}

int main(int argc, char **argv)
{
	const struct dpi_config config = {
		.contexts = 1, .max_packets_tcp = 1, .max_packets_udp = 1};
	const char *hosts[] = {
		"www.example", "a.h2.example", "b.h4094.example", "x.y.h1000.example"};
	unsigned rounds = argc >= 4 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	struct policy_facts *flows = malloc(FLOWS * sizeof(*flows));
	struct policy_info const *info;
	const struct geo_file *files;
	double load[MAX_ROUNDS], geo_ms, before, after = 0, peak = 0, tenant, country, eval;
	struct costs *costs = calloc(1, sizeof(*costs));
	struct diag_list diag;
	struct policy *p = NULL;
	struct geo *g;
	struct dpi *d;
	size_t ranges = 0;
	char err[256];

	if (rounds == 0 || rounds > MAX_ROUNDS || flows == NULL || costs == NULL) {
		fprintf(stderr, "use: bench_policy ROUNDS POLICY COUNTRIES...; 1 to %d rounds\n",
			MAX_ROUNDS);
		return 2;
	}
	geo_ms = now_ns();
	g = geo_load((const char *const *)argv + 3, (size_t)argc - 3, NULL, 0, err, sizeof(err));
	geo_ms = (now_ns() - geo_ms) / 1e6;
	d = g != NULL ? dpi_create(&config, err, sizeof(err)) : NULL;
	if (d == NULL) {
		fprintf(stderr, "bench_policy: %s\n", err);
		return 2;
	}
	for (size_t i = geo_files(g, &files); i-- > 0;)
		ranges += files[i].ranges4 + files[i].ranges6;
	make_flows(flows, hosts, sizeof(hosts) / sizeof(*hosts), d);

	diag_init(&diag, argv[2]);
	malloc_trim(0); // what loading the countries left must not hide what the policy takes
	before = status_kb("VmRSS:");
	forget_peak();
	for (unsigned i = 0; i < rounds; i++) {
		double from = now_ns();

		policy_free(p);
		p = policy_file_load(argv[2], POLICY_ANY_TIME, d, &diag);
		load[i] = (now_ns() - from) / 1e6;
		if (p == NULL) {
			policy_file_print(&diag, stderr);
			return 2;
		}
		if (i == 0) { // later ones find memory that the first left
			after = status_kb("VmRSS:");
			peak = status_kb("VmHWM:");
		}
	}
	for (unsigned i = 0; i < rounds; i++)
		one_round(p, g, flows, costs, i);
	tenant = median(costs->tenant, rounds);
	country = median(costs->country, rounds);
	eval = median(costs->eval, rounds); // sorted from here on
	info = policy_info(p);
	printf("{\"rules\":%u,\"tenants\":%u,\"ranges\":%zu,\"geo_ms\":%.1f,\"geo_mb\":%.1f,"
	       "\"load_ms\":%.1f,\"kept_mb\":%.1f,\"peak_mb\":%.1f,\"tenant_ns\":%.1f,"
	       "\"country_ns\":%.1f,\"eval_ns\":%.1f,\"eval_min_ns\":%.1f,\"eval_max_ns\":%.1f,"
	       "\"decided\":%lu,\"pending\":%lu}\n",
		info->n_rules, info->n_tenants, ranges, geo_ms, (double)geo_memory(g) / 1e6,
		median(load, rounds), (after - before) / 1e3, (peak - before) / 1e3, tenant,
		country, eval, costs->eval[0], costs->eval[rounds - 1], costs->decided,
		costs->pending);
	policy_free(p);
	diag_clear(&diag);
	dpi_free(d);
	geo_free(g);
	free(costs);
	free(flows);
	return 0;
}
