// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Which limits hold for a flow, and their windows. The counting is the caller's.

#include "policy/engine.h"

unsigned policy_limits(const struct policy *p, const struct policy_facts *f, uint16_t rule,
	uint16_t out[POLICY_MAX_LIMITS])
{
	const struct engine *e = p->engine;
	struct probe probe;
	unsigned n = 0;

	if (e->limits.n == 0)
		return 0;
	matcher_probe(&e->limits, f, p->doc->info.min_confidence, rule, &probe);
	for (unsigned w = 0; w < probe.words; w++) {
		uint64_t maybe, held = probe_word(&probe, w, ~0ull, &maybe);

		for (; held != 0; held &= held - 1) {
			unsigned i = 64 * w + (unsigned)__builtin_ctzll(held);

			if (i < e->limits.n)
				out[n++] = (uint16_t)i;
		}
	}
	return n;
}

void policy_window(const struct policy *p, enum policy_limit_window w, int64_t now, int64_t *begin,
	int64_t *end)
{
	if (w == POLICY_WINDOW_NONE) {
		*begin = INT64_MIN;
		*end = INT64_MAX;
		return;
	}
	zone_span(&p->doc->zone,
		w == POLICY_WINDOW_HOUR  ? ZONE_HOUR
		: w == POLICY_WINDOW_DAY ? ZONE_DAY
					 : ZONE_MONTH,
		now, begin, end);
}

void policy_limit(const struct policy *p, uint16_t limit, struct policy_limit_info *out)
{
	const struct policy_limit_doc *l;

	*out = (struct policy_limit_info){0};
	if (limit >= p->doc->info.n_limits)
		return;
	l = &p->doc->limits[limit];
	*out = (struct policy_limit_info){
		.id = l->id,
		.reason = l->reason,
		.per = l->per,
		.window = l->window,
		.action = l->action,
		.severity = l->severity,
		.bytes_out = l->bytes_out,
		.flows = l->flows,
		.seconds = l->seconds,
	};
}
