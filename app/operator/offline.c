// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/offline.h"
#include "app/control/server.h"

#include <string.h>
#include <time.h>

struct dpi *offline_dpi(void)
{
	// It sees no packet: the least that it can be made with.
	const struct dpi_config c = {.contexts = 1, .max_packets_tcp = 1, .max_packets_udp = 1};
	char err[256];
	struct dpi *dpi = dpi_create(&c, err, sizeof(err));

	if (dpi == NULL)
		fprintf(stderr, "bhctl: %s\n", err);
	return dpi;
}

bool offline_load(struct offline_policy *p, const char *path, bool any_time)
{
	struct policy_names names;

	memset(p, 0, sizeof(*p));
	diag_init(&p->diag, path);
	p->dpi = offline_dpi();
	if (p->dpi == NULL) {
		offline_free(p);
		return false;
	}
	names = policy_file_names(p->dpi);
	if (policy_text_read(&p->text, path, &p->diag) == 0)
		p->policy = policy_load(p->text.text, p->text.len,
			any_time ? POLICY_ANY_TIME : (int64_t)time(NULL), &names, &p->diag);
	policy_file_print(&p->diag, stderr);
	if (p->policy != NULL)
		return true;
	offline_free(p);
	return false;
}

void offline_free(struct offline_policy *p)
{
	policy_free(p->policy);
	dpi_free(p->dpi);
	policy_text_free(&p->text);
	diag_clear(&p->diag);
	memset(p, 0, sizeof(*p));
}

json_t *offline_about(const struct offline_policy *p, const char *path)
{
	const struct policy_info *i = policy_info(p->policy);
	char sha[65];

	policy_file_hex(i->sha256, sha);
	return json_pack("{s:o, s:s, s:I, s:s}", "file", control_text(path), "id", i->id, "version",
		(json_int_t)i->version, "sha256", sha);
}
