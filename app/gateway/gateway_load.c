// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a gateway reads before it touches DPDK, and the policy again later.

#include "app/gateway/gateway.h"
#include "app/gateway/policy_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t gateway_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int load_config(struct gateway *g, const char *path)
{
	struct diag_list diag;
	int rc;

	diag_init(&diag, path);
	rc = config_load(path, &g->config, &diag);
	policy_file_print(&diag, stderr);
	diag_clear(&diag);
	return rc;
}

static int make_dpi(struct gateway *g)
{
	struct dpi_config c = {
		.contexts = g->config.dpi.contexts / g->n_workers + 1,
		.max_packets_tcp = (uint16_t)g->config.dpi.max_packets_tcp,
		.max_packets_udp = (uint16_t)g->config.dpi.max_packets_udp,
	};

	g->dpi = calloc(g->n_workers + 1, sizeof(struct dpi *));
	for (unsigned i = 0; g->dpi != NULL && i <= g->n_workers; i++) {
		if (i == g->n_workers)
			c.contexts = 1; // for names only
		g->dpi[i] = dpi_create(&c, g->err, sizeof(g->err));
		if (g->dpi[i] == NULL) {
			fprintf(stderr, "bridgehead: %s\n", g->err);
			return -EIO;
		}
	}
	return g->dpi != NULL ? 0 : -ENOMEM;
}

static void say_policy(const struct policy *p, uint32_t epoch)
{
	const struct policy_info *info = policy_info(p);

	fprintf(stderr,
		"bridgehead: policy %s version %u in force (epoch %u): %u rules, %u limits, %u tenants\n",
		info->id, info->version, epoch, info->n_rules, info->n_limits, info->n_tenants - 1);
}

int gateway_load(struct gateway *g, const char *config, bool check)
{
	struct policy *p;
	struct diag_list diag;
	int rc = load_config(g, config);

	g->started_at = gateway_now();
	policy_slot_init(&g->slot);
	if (rc < 0)
		return rc;
	g->n_workers = (unsigned)g->config.workers.n_lcores;
	rc = make_dpi(g);
	if (rc < 0)
		return rc;
	diag_init(&diag, g->config.policy);
	p = policy_file_load(g->config.policy, g->started_at / 1000000, g->dpi[g->n_workers], &diag);
	policy_file_print(&diag, stderr);
	diag_clear(&diag);
	// What is wrong with the databases is told in the same go.
	g->geo = geo_load((const char *const *)g->config.country_db.v, g->config.country_db.n,
		(const char *const *)g->config.asn_db.v, g->config.asn_db.n, g->err, sizeof(g->err));
	if (g->geo == NULL)
		fprintf(stderr, "bridgehead: %s\n", g->err);
	if (p == NULL || g->geo == NULL) {
		policy_free(p);
		return -EINVAL;
	}
	if (policy_slot_publish(&g->slot, p) == 0) {
		policy_free(p);
		fprintf(stderr, "bridgehead: no memory for the policy\n");
		return -ENOMEM;
	}
	say_policy(p, 1);
	if (check) {
		printf("%s: good\n", config);
		return 0;
	}
	return gateway_quota_open(g);
}

// What goes into the policy record of an attempt.
static void note_policy(struct gateway *g, const struct policy *p, uint32_t epoch,
	struct notice_policy *n)
{
	char sha[65];

	n->t = gateway_now();
	n->epoch = epoch;
	n->outcome = epoch != 0 ? "published" : "refused";
	if (p != NULL) {
		const struct policy_info *info = policy_info(p);

		policy_file_hex(info->sha256, sha);
		n->id = info->id;
		n->version = info->version;
		n->sha256 = sha;
	}
	log_writer_policy(g->writer, n);
}

int gateway_reload(struct gateway *g, const char *how, const char *who)
{
	struct notice_policy n = {.how = how, .who = who};
	struct diag_list diag;
	struct policy *p;
	uint32_t epoch = 0;
	char first[1024] = "";

	diag_init(&diag, g->config.policy);
	p = policy_file_load(g->config.policy, gateway_now() / 1000000, g->dpi[g->n_workers], &diag);
	policy_file_print(&diag, stderr);
	for (size_t i = 0; i < diag.n && first[0] == '\0'; i++)
		if (diag.v[i].level == DIAG_ERROR)
			diag_format(&diag, i, first, sizeof(first));
	diag_clear(&diag);
	if (p != NULL) {
		epoch = policy_slot_publish(&g->slot, p);
		if (epoch == 0)
			snprintf(first, sizeof(first),
				"too many earlier policies still have live flows; try again later");
	}
	n.detail = first[0] != '\0' ? first : NULL;
	note_policy(g, p, epoch, &n);
	if (epoch == 0) {
		if (p != NULL)
			fprintf(stderr, "bridgehead: %s\n", first);
		fprintf(stderr, "bridgehead: %s: refused; the policy before stays in force\n",
			g->config.policy);
		policy_free(p);
		return -EINVAL;
	}
	say_policy(p, epoch);
	return 0;
}

// A pass: everything that was in the rings when the last one ended has been written.
static bool passed(struct gateway *g)
{
	for (unsigned i = 0; i < g->n_workers; i++)
		if (record_ring_taken_count(g->rings[i]) < g->pass_marks[i])
			return false;
	for (unsigned i = 0; i < g->n_workers; i++)
		g->pass_marks[i] = record_ring_put_count(g->rings[i]);
	return true;
}

void gateway_reclaim(struct gateway *g)
{
	g->pass += passed(g);
	policy_slot_reclaim(&g->slot, g->pass);
}
