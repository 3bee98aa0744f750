// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/cover.h"

#include <string.h>

typedef unsigned __int128 u128;

static unsigned width(const struct policy_prefix *p)
{
	return p->addr.version == 4 ? 32 : 128;
}

static u128 number(const struct policy_addr *a)
{
	u128 n = 0;

	for (unsigned i = 0; i < (a->version == 4 ? 4u : 16u); i++)
		n = n << 8 | a->b[i];
	return n;
}

// The last address of a prefix.
static u128 last(const struct policy_prefix *p)
{
	unsigned host = width(p) - p->len;

	return number(&p->addr) | (host == 128 ? ~(u128)0 : ((u128)1 << host) - 1);
}

// The first of the set that is not before p.
static size_t lower_bound(const struct cover *c, const struct policy_prefix *p)
{
	size_t lo = 0, hi = c->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (prefix_compare(&c->v[mid], p) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t cover_within(const struct cover *c, const struct policy_prefix *p, size_t *first)
{
	size_t i = *first = lower_bound(c, p);

	while (i < c->n && prefix_within(&c->v[i], p))
		i++;
	return i;
}

// p cut to fewer bits.
static struct policy_prefix shorter(const struct policy_prefix *p, unsigned len)
{
	struct policy_prefix out = {.addr = {.version = p->addr.version}, .len = (uint8_t)len};

	memcpy(out.addr.b, p->addr.b, (len + 7) / 8);
	if (len % 8 != 0)
		out.addr.b[len / 8] &= (uint8_t)(0xff00 >> len % 8);
	return out;
}

static const struct policy_prefix *find(const struct cover *c, const struct policy_prefix *p)
{
	size_t i = lower_bound(c, p);

	return i < c->n && prefix_compare(&c->v[i], p) == 0 ? &c->v[i] : NULL;
}

// The longest that has all of p and more than longer_than bits.
static const struct policy_prefix *around(
	const struct cover *c, const struct policy_prefix *p, int longer_than)
{
	for (int len = p->len; len > longer_than; len--) {
		struct policy_prefix cut = shorter(p, (unsigned)len);
		const struct policy_prefix *found = find(c, &cut);

		if (found != NULL)
			return found;
	}
	return NULL;
}

const struct policy_prefix *cover_around(const struct cover *c, const struct policy_prefix *p)
{
	return around(c, p, -1);
}

bool cover_all(const struct cover *c, const struct policy_prefix *p, int longer_than)
{
	u128 next = number(&p->addr);
	size_t i, end;

	if (around(c, p, longer_than) != NULL)
		return true;
	// In order: each begins where those before end, or lies in one of them.
	for (end = cover_within(c, p, &i); i < end; i++) {
		const struct policy_prefix *q = &c->v[i];

		if (q->len <= longer_than || number(&q->addr) < next)
			continue;
		if (number(&q->addr) > next)
			return false;
		if (last(q) == last(p))
			return true;
		next = last(q) + 1;
	}
	return false;
}
