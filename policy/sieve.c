// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Which countries and protocols no rule blocks without a label: where a flood leaves no time to
// evaluate each packet, most need no evaluation.

#include "policy/engine.h"

static void and_bits(uint64_t *to, const struct matcher *m, uint32_t class_)
{
	const uint64_t *from = bitmaps_at(&m->bitmaps, class_);

	for (unsigned w = 0; w < m->bitmaps.words; w++)
		to[w] &= from[w];
}

// Rules that block, at any time, what never gets a label: Unknown, without a name, without a risk.
static void unlabelled(const struct engine *e, uint64_t *out)
{
	const struct matcher *m = &e->rules;
	const uint64_t *without = bitmaps_at(&m->bitmaps, m->without[0]);

	for (unsigned w = 0; w < m->bitmaps.words; w++) {
		out[w] = 0;
		for (unsigned t = 0; t < e->n_times; t++)
			out[w] |= e->in_force[t][w];
		out[w] &= e->blocking[w] & ~e->shadow[w];
		if (m->dims & 1u << DIM_APPS)
			out[w] &= without[w] | bitmaps_at(&m->bitmaps, m->app[0])[w] |
				  bitmaps_at(&m->bitmaps, m->cat[0])[w];
	}
	if (m->dims & 1u << DIM_HOSTS)
		and_bits(out, m, m->without[1]);
	if (m->dims & 1u << DIM_RISKS)
		and_bits(out, m, m->without[2]);
}

// Of those the ones that hold for a protocol of the class.
static void of_class(
	const struct engine *e, const uint64_t *in, enum policy_sieve_class class_, uint64_t *out)
{
	const struct matcher *m = &e->rules;
	unsigned words = m->bitmaps.words;

	memcpy(out, in, words * sizeof(*out));
	if ((m->dims & 1u << DIM_PROTOS) == 0)
		return;
	memset(out, 0, words * sizeof(*out));
	for (unsigned p = 0; p < 256; p++)
		for (unsigned w = 0; policy_sieve_class((uint8_t)p) == class_ && w < words; w++)
			out[w] |= in[w] & bitmaps_at(&m->bitmaps, m->proto[p])[w];
}

static bool any_for(const struct engine *e, const uint64_t *rules, unsigned country)
{
	const struct matcher *m = &e->rules;
	const unsigned border = country == country_index(POLICY_CC_XX) ? POLICY_BORDER_UNKNOWN
				: e->home[country]                     ? POLICY_BORDER_HOME
								       : POLICY_BORDER_CROSS;

	for (unsigned w = 0; w < m->bitmaps.words; w++) {
		uint64_t left = rules[w];

		if (m->dims & 1u << DIM_BORDER)
			left &= bitmaps_at(&m->bitmaps, m->border[border])[w];
		if (m->dims & (1u << DIM_COUNTRIES | 1u << DIM_JURISDICTIONS))
			left &= bitmaps_at(&m->bitmaps, m->country[country])[w];
		if (left != 0)
			return true;
	}
	return false;
}

void engine_build_sieve(struct engine *e, const struct policy_doc *d)
{
	uint64_t all[MATCHER_WORDS], some[MATCHER_WORDS];

	unlabelled(e, all);
	for (enum policy_sieve_class k = 0; k < POLICY_SIEVE_CLASSES; k++) {
		of_class(e, all, k, some);
		for (unsigned c = 0; c < COUNTRY_INDEX_MAX; c++)
			if (d->default_action == POLICY_BLOCK || any_for(e, some, c))
				e->sieve[c] |= (uint8_t)(1u << k);
	}
}

void policy_sieve_ports(const struct policy *p, enum policy_sieve_class class_, bool destination,
	void (*take)(void *ctx, uint16_t first, uint16_t last), void *ctx)
{
	const struct matcher *m = &p->engine->rules;
	const struct port_classes *ports = destination ? &m->dports : &m->sports;
	uint64_t all[MATCHER_WORDS], some[MATCHER_WORDS];

	if (p->doc->default_action == POLICY_BLOCK ||
		(m->dims & 1u << (destination ? DIM_DPORTS : DIM_SPORTS)) == 0) {
		take(ctx, 0, UINT16_MAX);
		return;
	}
	unlabelled(p->engine, all);
	of_class(p->engine, all, class_, some);
	for (uint32_t i = 0; i < ports->n; i++) {
		const uint64_t *here = bitmaps_at(&m->bitmaps, ports->class_[i]);
		uint64_t any = 0;

		for (unsigned w = 0; w < m->bitmaps.words; w++)
			any |= some[w] & here[w];
		if (any != 0)
			take(ctx, ports->start[i],
				i + 1 < ports->n ? (uint16_t)(ports->start[i + 1] - 1)
						 : UINT16_MAX);
	}
}

const uint8_t *policy_sieve(const struct policy *p, int64_t now)
{
	const struct policy_doc *d = p->doc;

	if (now >= d->info.expires && d->on_expiry != ON_EXPIRY_KEEP_AND_FLAG)
		return NULL;
	return p->engine->sieve;
}

bool policy_sieve_blocks(const uint8_t *sieve, uint16_t cc, uint8_t proto)
{
	return sieve[country_index(cc)] >> policy_sieve_class(proto) & 1;
}

bool policy_may_block(const struct policy *p, uint16_t cc, uint8_t proto, int64_t now)
{
	const uint8_t *sieve = policy_sieve(p, now);

	return sieve == NULL || policy_sieve_blocks(sieve, cc, proto);
}
