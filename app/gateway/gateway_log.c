// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The gateway's flow log: where it goes, and what its first records say.

#include "app/control/policy_file.h"
#include "app/flowlog/writer.h"
#include "app/gateway/gateway.h"
#include "app/gateway/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static int make_ring(void *ctx, unsigned i)
{
	struct gateway *g = ctx;

	g->rings[i] = record_ring_create(g->config.record_ring);
	return g->rings[i] != NULL ? 0 : -ENOMEM;
}

int gateway_open_log(struct gateway *g)
{
	const struct flowlog_config c = {
		.gateway = g->config.name,
		.dir = g->config.log.dir,
		.segment_bytes = g->config.log.segment_bytes,
		.segment_s = g->config.log.segment_s,
		.sync_ms = g->config.log.sync_ms,
		.capture_bytes = g->config.log.capture_bytes,
		.captures_per_s = g->config.log.captures_per_s,
		.key = g->config.log.key,
		.retain_days = g->config.log.retain_days,
		.retain_bytes = g->config.log.retain_bytes,
		.live = true,
		.words = {.ctx = g->dpi[g->n_workers],
			.app = app_word,
			.category = category_word,
			.risk = risk_word},
	};

	g->rings = calloc(g->n_workers, sizeof(struct record_ring *));
	g->pass_marks = calloc(g->n_workers, sizeof(*g->pass_marks));
	if (g->rings == NULL || g->pass_marks == NULL) {
		snprintf(g->err, sizeof(g->err), "no memory");
		return -ENOMEM;
	}
	if (place_each(g->config.workers.lcores, g->n_workers, make_ring, g) < 0) {
		snprintf(g->err, sizeof(g->err), "no memory for %u records a worker",
			g->config.record_ring);
		return -ENOMEM;
	}
	g->log = flowlog_open(&c, g->err, sizeof(g->err));
	if (g->log == NULL)
		return -EIO;
	gateway_log_start(g);
	g->writer = log_writer_start(g->log, g->rings, g->n_workers, g->err, sizeof(g->err));
	return g->writer != NULL ? 0 : -EIO;
}

// One string for each database: path, hash, when it was built.
static unsigned describe(const struct gateway *g, char ***out)
{
	const struct geo_file *f;
	size_t n = geo_files(g->geo, &f);
	char sha[65];

	*out = calloc(n, sizeof(**out));
	if (*out == NULL)
		return 0;
	for (size_t i = 0; i < n; i++) {
		policy_file_hex(f[i].sha256, sha);
		if (asprintf(&(*out)[i], "%s sha256:%s built:%lld", f[i].path, sha,
			    (long long)f[i].built) < 0)
			(*out)[i] = NULL;
	}
	return (unsigned)n;
}

void gateway_log_start(struct gateway *g)
{
	const struct policy_info *info = policy_info(policy_slot_words(&g->slot, 0));
	char dpi[48], sha[65], **db;
	struct notice_start start = {
		.t = g->started_at,
		.version = BRIDGEHEAD_VERSION,
		.mode = g->config.mode == GATEWAY_TAP ? "tap" : "inline",
		.dpi = dpi,
		.n_db = describe(g, &db),
	};
	struct notice_policy policy = {
		.t = g->started_at,
		.how = "boot",
		.outcome = "published",
		.id = info->id,
		.version = info->version,
		.epoch = 1,
		.sha256 = sha,
		.detail = g->boot_why[0] != '\0' ? g->boot_why : NULL,
	};

	snprintf(dpi, sizeof(dpi), "nDPI %s", dpi_library_version());
	policy_file_hex(info->sha256, sha);
	start.db = (const char *const *)db;
	flowlog_start(g->log, &start);
	flowlog_policy(g->log, &policy);
	for (unsigned i = 0; i < start.n_db; i++)
		free(db[i]);
	free(db);
}
