// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Any text as the gateway's configuration: loaded without an error, or refused with at least one
// and nothing left allocated. What is loaded keeps its promises.
#include "app/gateway/config.h"
#include "tests/fuzz/want.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct gateway_config *g)
{
	want(g->name != NULL && g->policy != NULL && g->state_dir != NULL);
	want(g->control_socket != NULL && g->country_db.n >= 1);
	want(g->workers.n_lcores >= 1 && g->workers.n_lcores <= GATEWAY_MAX_LCORES);
	want(g->workers.burst >= 1 && g->workers.burst <= GATEWAY_MAX_BURST);
	want(g->n_wires * 2 + g->n_taps >= 1 && g->n_wires * 2 + g->n_taps <= GATEWAY_MAX_PORTS);
	want(g->mode == GATEWAY_TAP || g->n_taps == 0);
	for (size_t i = 0; i < g->n_inside; i++)
		want(g->inside[i].len <= (g->inside[i].addr.version == 4 ? 32 : 128));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gateway_config empty;
	struct gateway_config g;
	struct diag_list d;
	char line[4096];
	int rc;

	diag_init(&d, "gateway.json");
	rc = config_parse("gateway.json", (const char *)data, size, &g, &d);
	want((rc == 0) != diag_failed(&d));
	if (rc == 0)
		check(&g);
	else
		want(memcmp(&g, &empty, sizeof(g)) == 0);
	for (size_t i = 0; i < d.n; i++) {
		diag_format(&d, i, line, sizeof(line));
		want(strchr(line, '\n') == NULL);
	}
	config_free(&g);
	diag_clear(&d);
	return 0;
}
