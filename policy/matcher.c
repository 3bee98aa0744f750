// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The look-ups of a match: from what is known of a flow to bitmaps.

#include "policy/matcher.h"

static uint32_t port_class(const struct port_classes *p, uint16_t port)
{
	uint32_t lo = 0, hi = p->n;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (p->start[mid] <= port)
			lo = mid;
		else
			hi = mid;
	}
	return p->class_[lo];
}

static uint32_t value_class(const struct value_classes *v, uint32_t value)
{
	uint32_t lo = 0, hi = v->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (v->value[mid] == value)
			return v->class_[mid];
		if (v->value[mid] < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return v->none;
}

static uint32_t prefix_class(const struct prefix_classes *p, const struct policy_addr *a)
{
	uint32_t i = lpm_find(&p->lpm, a);

	return i == LPM_NONE ? p->none : p->class_[i];
}

static void or_bits(uint64_t *to, const uint64_t *from, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		to[i] |= from[i];
}

static const uint64_t *bits(const struct matcher *m, uint32_t class_)
{
	return bitmaps_at(&m->bitmaps, class_);
}

static void probe_apps(const struct matcher *m, const struct policy_facts *f,
	uint8_t min_confidence, struct probe *out)
{
	uint16_t app = 0, master = 0, cat = 0;
	uint64_t *sum = out->sum[0];

	out->pending[0] = !f->final;
	if (!f->final) {
		out->three[0] = bits(m, m->without[0]);
		return;
	}
	if (f->conf >= min_confidence) { // a label that is not sure enough counts as Unknown
		app = f->app;
		master = f->master;
		cat = f->cat;
	}
	memcpy(sum, bits(m, m->without[0]), out->words * sizeof(*sum));
	if (app < POLICY_MAX_APPS)
		or_bits(sum, bits(m, m->app[app]), out->words);
	if (master != 0 && master < POLICY_MAX_APPS)
		or_bits(sum, bits(m, m->app[master]), out->words);
	if (cat < POLICY_MAX_CATS)
		or_bits(sum, bits(m, m->cat[cat]), out->words);
	out->three[0] = sum;
}

static void add_host(
	const struct matcher *m, const char *name, size_t len, uint32_t hash, struct probe *out)
{
	const struct host_classes *h = &m->hosts;

	for (uint32_t at = hash & (h->size - 1); h->table[at].name != NULL;
		at = (at + 1) & (h->size - 1)) {
		const struct host_entry *e = &h->table[at];

		if (e->hash == hash && strlen(e->name) == len && memcmp(e->name, name, len) == 0)
			or_bits(out->sum[1], bits(m, e->class_), out->words);
	}
}

size_t host_plain(const char *host, char out[256])
{
	const char *colon = strchr(host, ':');
	size_t n = strlen(host);

	if (colon != NULL && strchr(colon + 1, ':') == NULL)
		n = (size_t)(colon - host);
	if (n > 0 && host[n - 1] == '.')
		n--;
	if (n > 255) { // longer than a name can be: its tail still tells the suffix
		host += n - 255;
		n = 255;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = host[i] >= 'A' && host[i] <= 'Z' ? (char)(host[i] + 32) : host[i];
	out[n] = '\0';
	return n;
}

bool host_matches(const char *pattern, const char *host)
{
	size_t n = strlen(host), k;

	if (pattern[0] != '*')
		return strcmp(host, pattern) == 0;
	k = strlen(pattern + 1); // ".a.example": "b.a.example" and "*.b.a.example" end in it
	return n >= k && strcmp(host + n - k, pattern + 1) == 0;
}

static void probe_hosts(const struct matcher *m, const struct policy_facts *f, struct probe *out)
{
	uint32_t hash = HOST_HASH_START;
	char name[256];
	size_t n;

	out->pending[1] = f->host == NULL && !f->final;
	if (f->host == NULL) {
		out->three[1] = bits(m, m->without[1]);
		return;
	}
	memcpy(out->sum[1], bits(m, m->without[1]), out->words * sizeof(out->sum[1][0]));
	out->three[1] = out->sum[1];
	n = host_plain(f->host, name);
	for (size_t i = n; i-- > 0;) {
		hash = host_hash_step(hash, name[i]);
		if (i == 0 ||
			name[i] == '.') // the name itself; ".suffix" behind at least one label
			add_host(m, name + i, n - i, hash, out);
	}
}

static void probe_risks(const struct matcher *m, const struct policy_facts *f, struct probe *out)
{
	uint64_t left = f->risks;

	out->pending[2] = !f->final;
	memcpy(out->sum[2], bits(m, m->without[2]), out->words * sizeof(out->sum[2][0]));
	out->three[2] = out->sum[2];
	for (; left != 0; left &= left - 1)
		or_bits(out->sum[2], bits(m, m->risk[__builtin_ctzll(left)]), out->words);
}

static void probe_ports(const struct matcher *m, const struct policy_facts *f, struct probe *out)
{
	bool ports = policy_has_ports(f->proto);

	if (m->dims & 1u << DIM_SPORTS)
		out->always[out->n++] =
			bits(m, ports ? port_class(&m->sports, f->sport) : m->sports.none);
	if (m->dims & 1u << DIM_DPORTS)
		out->always[out->n++] =
			bits(m, ports ? port_class(&m->dports, f->dport) : m->dports.none);
}

void matcher_probe(const struct matcher *m, const struct policy_facts *f, uint8_t min_confidence,
	uint32_t rule, struct probe *out)
{
	const uint32_t dims = m->dims;

	out->words = m->bitmaps.words;
	out->n = 0;
	out->three[0] = out->three[1] = out->three[2] = NULL;
	if (dims & 1u << DIM_TENANTS)
		out->always[out->n++] = bits(
			m, m->tenant[f->tenant < m->n_tenants ? f->tenant : POLICY_TENANT_NONE]);
	if (dims & 1u << DIM_BORDER)
		out->always[out->n++] = bits(m, m->border[f->border <= 2 ? f->border : 2]);
	if (dims & (1u << DIM_COUNTRIES | 1u << DIM_JURISDICTIONS))
		out->always[out->n++] = bits(m, m->country[country_index(f->cc)]);
	if (dims & 1u << DIM_INITIATOR)
		out->always[out->n++] = bits(m, m->initiator[f->initiator & 1]);
	if (dims & 1u << DIM_PROTOS)
		out->always[out->n++] = bits(m, m->proto[f->proto]);
	probe_ports(m, f, out);
	if (dims & 1u << DIM_SRC)
		out->always[out->n++] = bits(m, prefix_class(&m->src, &f->inside));
	if (dims & 1u << DIM_DST)
		out->always[out->n++] = bits(m, prefix_class(&m->dst, &f->remote));
	if (dims & 1u << DIM_ASNS)
		out->always[out->n++] = bits(m, value_class(&m->asns, f->asn));
	if (dims & 1u << DIM_RULES)
		out->always[out->n++] = bits(m, value_class(&m->rules, rule));
	if (dims & 1u << DIM_APPS)
		probe_apps(m, f, min_confidence, out);
	if (dims & 1u << DIM_HOSTS)
		probe_hosts(m, f, out);
	if (dims & 1u << DIM_RISKS)
		probe_risks(m, f, out);
}
