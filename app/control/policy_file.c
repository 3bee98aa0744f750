// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/policy_file.h"
#include "app/control/policy_sig.h"
#include "app/control/state_file.h"
#include "policy/jsondoc.h"

#include <errno.h>
#include <limits.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define ZONE_MAX (64u << 10) // bytes; the largest of the tz database has 4

static int app_id(void *ctx, const char *name)
{
	return dpi_app_id(ctx, name);
}

static int category_id(void *ctx, const char *name)
{
	return dpi_category_id(ctx, name);
}

static int risk_id(void *ctx, const char *name)
{
	return dpi_risk_id(ctx, name);
}

static const char *app_at(void *ctx, size_t i)
{
	return i <= UINT16_MAX ? dpi_app_name(ctx, (uint16_t)i) : NULL;
}

// Categories have gaps; a list ends at the first NULL, so they are walked over.
static const char *category_at(void *ctx, size_t i)
{
	size_t seen = 0;

	for (uint16_t id = 0; id < POLICY_MAX_CATS; id++) {
		const char *name = dpi_category_name(ctx, id);

		if (name != NULL && seen++ == i)
			return name;
	}
	return NULL;
}

static const char *risk_at(void *ctx, size_t i)
{
	return i < POLICY_MAX_RISKS ? dpi_risk_name(ctx, (unsigned)i) : NULL;
}

// The folder is the tz database's own on Debian; a name never leaves it: the policy's syntax has no
// "..".
static int zone_data(void *ctx, const char *name, uint8_t **data, size_t *len)
{
	char path[512];
	long size;
	FILE *f;

	(void)ctx;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	f = fopen(path, "rbe");
	if (f == NULL)
		return -ENOENT;
	*data = malloc(ZONE_MAX);
	size = *data != NULL ? (long)fread(*data, 1, ZONE_MAX, f) : 0;
	fclose(f);
	*len = (size_t)size;
	return size > 0 ? 0 : -ENOENT;
}

struct policy_names policy_file_names(struct dpi *d)
{
	return (struct policy_names){
		.ctx = d,
		.app = app_id,
		.category = category_id,
		.risk = risk_id,
		.app_at = app_at,
		.category_at = category_at,
		.risk_at = risk_at,
		.zone = zone_data,
	};
}

struct policy *policy_file_load(
	const char *path, int64_t now, struct dpi *d, struct diag_list *diag)
{
	struct policy_names names = policy_file_names(d);
	struct policy *p = NULL;
	struct jsondoc doc;

	if (jsondoc_file(&doc, path, diag) == 0)
		p = policy_load(doc.text, doc.len, now, &names, diag);
	jsondoc_free(&doc);
	return p;
}

int policy_text_read(struct policy_text *t, const char *path, struct diag_list *diag)
{
	char sig[PATH_MAX];
	int rc;

	memset(t, 0, sizeof(*t));
	rc = jsondoc_read(path, &t->text, &t->len, diag);
	if (rc < 0)
		return rc;
	snprintf(sig, sizeof(sig), "%s.sig", path);
	t->sig = state_file_read(sig, POLICY_SIG_MAX, &t->sig_len);
	// Where signatures are wanted it will be refused as unsigned, which would not say why.
	if (t->sig == NULL && errno != ENOENT)
		diag_add(diag, DIAG_WARNING, 0, 0, NULL, "the policy is taken as unsigned",
			"its signature %s cannot be read: %s", sig, strerror(errno));
	return 0;
}

void policy_text_free(struct policy_text *t)
{
	free(t->text);
	free(t->sig);
	memset(t, 0, sizeof(*t));
}

bool policy_file_print(const struct diag_list *diag, FILE *to)
{
	char line[2048];

	for (int level = DIAG_ERROR; level >= DIAG_NOTE; level--) {
		for (size_t i = 0; i < diag->n; i++) {
			if ((int)diag->v[i].level != level)
				continue;
			diag_format(diag, i, line, sizeof(line));
			fprintf(to, "%s\n", line);
		}
	}
	if (diag->dropped != 0)
		fprintf(to, "%s: %zu more findings are not shown\n", diag->file, diag->dropped);
	return diag_failed(diag);
}

void policy_file_sha256(const char *text, size_t len, uint8_t out[32])
{
	SHA256((const unsigned char *)text, len, out);
}

void policy_file_hex(const uint8_t sha256[32], char out[65])
{
	for (unsigned i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", sha256[i]);
}
