// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/geo/geo.h"

#include "drivers/geo/geo_part.h"
#include "drivers/geo/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct geo {
	struct table4 *country4, *asn4; // asn: NULL without an ASN database
	struct table6 *country6, *asn6;
	struct geo_file *files;
	size_t n_files;
	size_t memory;
};

struct load {
	struct geo *g;
	struct ranges r4, r6; // of the files so far
	char *err;
	size_t err_size;
};

static int parse(const struct geo_source *s, bool asn, struct geo_loaded *out)
{
	if (geo_mmdb_is(s))
		return geo_mmdb_read(s, asn, out);
	if (asn && memchr(s->data, '\0', s->len) == NULL)
		return geo_error(s, 0, "is text; an ASN database must be a MaxMind DB (.mmdb)");
	return geo_text_read(s, out);
}

static int describe(struct load *l, const struct geo_source *s, const struct geo_loaded *d)
{
	struct geo_file *f = &l->g->files[l->g->n_files];

	f->path = strdup(s->path);
	if (f->path == NULL)
		return geo_error(s, 0, "out of memory");
	l->g->n_files++;
	l->g->memory += sizeof(*f) + strlen(s->path) + 1;
	f->kind = d->kind;
	f->built = d->built != 0 ? d->built : s->mtime;
	f->ranges4 = d->r4.n;
	f->ranges6 = d->r6.n;
	return geo_source_sha256(s, f->sha256);
}

static int load_file(struct load *l, const char *path, bool asn)
{
	struct geo_source s = {.path = path, .err = l->err, .err_size = l->err_size};
	struct geo_loaded d = {0};
	int rc = geo_source_read(&s);

	if (rc == 0)
		rc = parse(&s, asn, &d);
	if (rc == 0)
		rc = describe(l, &s, &d);
	geo_source_free(&s);
	if (rc == 0 && (ranges_overlay(&l->r4, &d.r4) != 0 || ranges_overlay(&l->r6, &d.r6) != 0))
		rc = geo_error(&s, 0, "out of memory, or too many ranges with the files before it");
	ranges_free(&d.r4);
	ranges_free(&d.r6);
	return rc;
}

static int load_files(struct load *l, const char *const *paths, size_t n, bool asn)
{
	struct geo *g = l->g;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = load_file(l, paths[i], asn);
	if (rc == 0 && (n > 0 || !asn)) {
		struct table4 *t4 = table4_build(&l->r4, asn);
		struct table6 *t6 = table6_build(&l->r6, asn);

		*(asn ? &g->asn4 : &g->country4) = t4;
		*(asn ? &g->asn6 : &g->country6) = t6;
		if (t4 != NULL && t6 != NULL) {
			g->memory += table4_memory(t4) + table6_memory(t6);
		} else {
			snprintf(l->err, l->err_size, "country database: out of memory");
			rc = -ENOMEM;
		}
	}
	ranges_free(&l->r4);
	ranges_free(&l->r6);
	return rc;
}

struct geo *geo_load(const char *const *country_paths, size_t n_country,
	const char *const *asn_paths, size_t n_asn, char *err, size_t err_size)
{
	struct load l = {.err = err, .err_size = err_size};

	l.g = calloc(1, sizeof(*l.g));
	if (l.g != NULL)
		l.g->files = calloc(n_country + n_asn + 1, sizeof(*l.g->files));
	if (l.g == NULL || l.g->files == NULL) {
		snprintf(err, err_size, "country database: out of memory");
		free(l.g);
		return NULL;
	}
	l.g->memory = sizeof(*l.g);
	if (load_files(&l, country_paths, n_country, false) != 0 ||
		load_files(&l, asn_paths, n_asn, true) != 0) {
		geo_free(l.g);
		return NULL;
	}
	return l.g;
}

void geo_free(struct geo *g)
{
	if (g == NULL)
		return;
	table4_free(g->country4);
	table4_free(g->asn4);
	table6_free(g->country6);
	table6_free(g->asn6);
	for (size_t i = 0; i < g->n_files; i++)
		free((void *)(uintptr_t)g->files[i].path);
	free(g->files);
	free(g);
}

static inline uint32_t be32(const uint8_t *b)
{
	uint32_t v;

	memcpy(&v, b, sizeof(v));
	return __builtin_bswap32(v);
}

static inline uint64_t be64(const uint8_t *b)
{
	uint64_t v;

	memcpy(&v, b, sizeof(v));
	return __builtin_bswap64(v);
}

static inline uint32_t find(
	const struct table4 *t4, const struct table6 *t6, uint8_t version, const uint8_t *addr)
{
	uint64_t prefix, host;

	if (version == 4)
		return table4_find(t4, be32(addr));
	prefix = be64(addr);
	host = be64(addr + 8);
	if (prefix == 0 && host >> 32 == 0xffff) // ::ffff:0:0/96, IPv4-mapped
		return table4_find(t4, (uint32_t)host);
	return table6_find(t6, prefix, host);
}

uint16_t geo_country(const struct geo *g, uint8_t version, const uint8_t *addr)
{
	return (uint16_t)find(g->country4, g->country6, version, addr);
}

void geo_prefetch(const struct geo *g, uint8_t version, const uint8_t *addr, unsigned step)
{
	if (version == 4)
		table4_prefetch(g->country4, be32(addr), step);
	else
		table6_prefetch(g->country6, be64(addr), step);
}

void geo_ranges4(const struct geo *g,
	void (*take)(void *ctx, uint32_t first, uint32_t last, uint16_t cc), void *ctx)
{
	table4_ranges(g->country4, take, ctx);
}

void geo_ranges6(const struct geo *g,
	void (*take)(void *ctx, uint64_t first, uint64_t last, uint16_t cc), void *ctx)
{
	table6_ranges(g->country6, take, ctx);
}

uint32_t geo_asn(const struct geo *g, uint8_t version, const uint8_t *addr)
{
	return g->asn4 != NULL ? find(g->asn4, g->asn6, version, addr) : 0;
}

size_t geo_files(const struct geo *g, const struct geo_file **files)
{
	*files = g->files;
	return g->n_files;
}

size_t geo_memory(const struct geo *g)
{
	return g->memory;
}
