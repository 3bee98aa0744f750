// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// MaxMind DB (https://maxmind.github.io/MaxMind-DB/, spec 2.0): the search tree is walked once,
// from left to right, so that its leaves come as sorted ranges.

#include "drivers/geo/geo_part.h"

#include <errno.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MMDB_MARKER      "\xab\xcd\xefMaxMind.com"
#define MMDB_MARKER_LEN  14
#define MMDB_MARKER_TAIL (128u << 10) // the spec's limit on the size of the metadata
#define MMDB_CACHE       4096u        // answers by offset: many leaves share one
#define MMDB_VISITS      8u           // times the nodes that a walk may take: a tree takes 1

struct walk {
	const struct geo_source *src;
	MMDB_s db;
	bool asn;
	struct geo_loaded *out;
	uint64_t visits;
	size_t leaves, answers, asns; // leaves, of them with what is wanted, with an AS number
	struct {
		uint32_t offset; // + 1; 0: free
		uint32_t value;
	} cache[MMDB_CACHE];
};

bool geo_mmdb_is(const struct geo_source *s)
{
	size_t tail = s->len < MMDB_MARKER_TAIL ? s->len : MMDB_MARKER_TAIL;

	return memmem(s->data + s->len - tail, tail, MMDB_MARKER, MMDB_MARKER_LEN) != NULL;
}

static bool get(MMDB_entry_s *e, const char *const *path, uint32_t type, MMDB_entry_data_s *d)
{
	return MMDB_aget_value(e, d, path) == MMDB_SUCCESS && d->has_data && d->type == type;
}

// Other names than MaxMind's are not guessed at: a country must be one that the file calls so.
static int country_of(struct walk *w, MMDB_entry_s *e, uint32_t *value)
{
	static const char *const paths[2][3] = {
		{"country", "iso_code", NULL}, {"registered_country", "iso_code", NULL}};
	MMDB_entry_data_s d;
	int cc;

	*value = 0;
	for (size_t i = 0; i < 2; i++) {
		if (!get(e, paths[i], MMDB_DATA_TYPE_UTF8_STRING, &d))
			continue;
		cc = geo_code(d.utf8_string, d.data_size);
		if (cc < 0)
			return geo_error(w->src, 0,
				"%s.iso_code is not two upper-case letters; not a country database",
				paths[i][0]);
		*value = (uint32_t)cc;
		w->answers++;
		return 0;
	}
	return 0;
}

static bool asn_of(MMDB_entry_s *e, uint32_t *value)
{
	static const char *const path[] = {"autonomous_system_number", NULL};
	MMDB_entry_data_s d;

	*value = 0;
	if (!get(e, path, MMDB_DATA_TYPE_UINT32, &d))
		return false;
	// AS 4294967295 is reserved (RFC 7300): nobody's.
	*value = d.uint32 != UINT32_MAX ? d.uint32 : 0;
	return true;
}

static int leaf_value(struct walk *w, MMDB_entry_s *e, uint32_t *value)
{
	uint32_t slot = e->offset % MMDB_CACHE;
	MMDB_entry_data_s d;
	uint32_t asn;
	bool has_asn;
	int rc;

	w->leaves++;
	if (w->cache[slot].offset == e->offset + 1) {
		*value = w->cache[slot].value;
		return 0;
	}
	// The whole entry is looked at once, so that a damaged one is an error, not "no country".
	rc = MMDB_get_value(e, &d, NULL);
	if (rc != MMDB_SUCCESS)
		return geo_error(w->src, 0, "damaged (%s); fetch it again", MMDB_strerror(rc));
	has_asn = asn_of(e, &asn);
	w->asns += has_asn;
	if (w->asn) {
		*value = asn;
		w->answers += has_asn;
	} else {
		rc = country_of(w, e, value);
		if (rc != 0)
			return rc;
	}
	w->cache[slot].offset = e->offset + 1;
	w->cache[slot].value = *value;
	return 0;
}

// A leaf of the tree, as a range of one family. In an IPv6 tree ::/96 holds the IPv4 addresses; a
// leaf above that speaks of both.
static int add_leaf(struct walk *w, ranges_addr first, unsigned depth, uint32_t value)
{
	bool v6 = w->db.metadata.ip_version == 6;
	unsigned host = (v6 ? 128 : 32) - depth;
	ranges_addr size1 = host == 128 ? ~(ranges_addr)0 : (((ranges_addr)1 << host) - 1);
	ranges_addr last = first + size1;
	int rc = 0;

	if (value == 0)
		return 0;
	if (first <= UINT32_MAX) {
		rc = ranges_add(&w->out->r4, first, last < UINT32_MAX ? last : UINT32_MAX, value);
		first = (ranges_addr)UINT32_MAX + 1;
	}
	if (rc == 0 && first <= last)
		rc = ranges_add(&w->out->r6, first, last, value);
	if (rc == -E2BIG)
		return geo_error(w->src, 0, "more than %u ranges; not a country or ASN database",
			RANGES_MAX);
	return rc != 0 ? geo_error(w->src, 0, "out of memory") : 0;
}

// The IPv4 subtree hangs in an IPv6 tree under several names (::ffff:0:0/96, 2001::/32, 2002::/16).
// Only ::/96 is walked: the others would give the same ranges again.
static bool is_alias(const struct walk *w, uint64_t node, ranges_addr prefix)
{
	return w->db.metadata.ip_version == 6 && w->db.ipv4_start_node.netmask == 96 &&
	       node == w->db.ipv4_start_node.node_value && prefix != 0;
}

static int walk_node(struct walk *w, uint32_t number, ranges_addr prefix, unsigned depth);

static int walk_record(struct walk *w, uint64_t record, uint8_t type, MMDB_entry_s *entry,
	ranges_addr prefix, unsigned depth)
{
	uint32_t value = 0;
	int rc;

	switch (type) {
	case MMDB_RECORD_TYPE_EMPTY:
		return 0;
	case MMDB_RECORD_TYPE_DATA:
		rc = leaf_value(w, entry, &value);
		return rc != 0 ? rc : add_leaf(w, prefix, depth, value);
	case MMDB_RECORD_TYPE_SEARCH_NODE:
		if (is_alias(w, record, prefix))
			return 0;
		return walk_node(w, (uint32_t)record, prefix, depth);
	default:
		return geo_error(w->src, 0, "damaged (bad search tree record); fetch it again");
	}
}

// Left before right gives sorted ranges. As deep as an address has bits, and no deeper.
static int walk_node(struct walk *w, uint32_t number, ranges_addr prefix, unsigned depth)
{
	unsigned bits = w->db.metadata.ip_version == 6 ? 128 : 32;
	MMDB_search_node_s node;
	ranges_addr right;
	int rc;

	// A damaged tree may loop back into itself, and then has 2^128 ways to the bottom.
	if (depth == bits || ++w->visits > (uint64_t)MMDB_VISITS * w->db.metadata.node_count)
		return geo_error(w->src, 0, "damaged (the search tree loops); fetch it again");
	rc = MMDB_read_node(&w->db, number, &node);
	if (rc != MMDB_SUCCESS)
		return geo_error(w->src, 0, "damaged (%s); fetch it again", MMDB_strerror(rc));
	right = prefix | (ranges_addr)1 << (bits - depth - 1);
	rc = walk_record(w, node.left_record, node.left_record_type, &node.left_record_entry,
		prefix, depth + 1);
	if (rc != 0)
		return rc;
	return walk_record(w, node.right_record, node.right_record_type, &node.right_record_entry,
		right, depth + 1);
}

static int walk_tree(struct walk *w)
{
	const MMDB_metadata_s *m = &w->db.metadata;
	int rc;

	if ((m->ip_version != 4 && m->ip_version != 6) || m->node_count == 0)
		return geo_error(w->src, 0, "damaged (bad metadata); fetch it again");
	rc = walk_node(w, 0, 0, 0);
	if (rc != 0 || w->answers > 0)
		return rc;
	if (w->leaves == 0)
		return geo_error(w->src, 0, "has no ranges; fetch the database again");
	if (w->asn)
		return geo_error(w->src, 0,
			"has no autonomous_system_number (its type is \"%.64s\"); name an ASN "
			"database",
			m->database_type);
	if (w->asns > 0)
		return geo_error(w->src, 0,
			"is an ASN database (its type is \"%.64s\"); name a country database here, "
			"this "
			"one as ASN database",
			m->database_type);
	return geo_error(w->src, 0,
		"has no country.iso_code (its type is \"%.64s\"); name a country database",
		m->database_type);
}

// libmaxminddb opens names only. A memory file gives it the bytes that were hashed, and cannot be
// cut under its mapping by whoever replaces the database just now.
static int open_copy(struct walk *w)
{
	char name[64];
	int fd = memfd_create("mmdb", MFD_CLOEXEC), rc;
	size_t at = 0;

	if (fd < 0)
		return geo_error(w->src, 0, "no memory file: %s", strerror(errno));
	while (at < w->src->len) {
		ssize_t n = write(fd, w->src->data + at, w->src->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = geo_error(w->src, 0, "no memory file: %s", strerror(errno));
			close(fd);
			return rc;
		}
		at += (size_t)n;
	}
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	rc = MMDB_open(name, MMDB_MODE_MMAP, &w->db);
	close(fd);
	if (rc != MMDB_SUCCESS)
		return geo_error(w->src, 0, "damaged (%s); fetch it again", MMDB_strerror(rc));
	return 0;
}

int geo_mmdb_read(const struct geo_source *s, bool asn, struct geo_loaded *out)
{
	struct walk *w = calloc(1, sizeof(*w));
	int rc;

	if (w == NULL)
		return geo_error(s, 0, "out of memory");
	w->src = s;
	w->asn = asn;
	w->out = out;
	rc = open_copy(w);
	if (rc == 0) {
		rc = walk_tree(w);
		out->kind = asn ? GEO_MMDB_ASN : GEO_MMDB_COUNTRY;
		out->built = w->db.metadata.build_epoch < INT64_MAX
				     ? (int64_t)w->db.metadata.build_epoch
				     : 0;
		MMDB_close(&w->db);
	}
	free(w);
	return rc;
}
