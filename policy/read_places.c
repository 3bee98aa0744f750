// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The parts of a policy that say what lies where: home, jurisdictions, overrides of countries,
// tenants.

#include "policy/country.h"
#include "policy/moment.h"
#include "policy/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint16_t *read_countries(struct reader *r, const struct place *at, json_t *o, const char *key,
	size_t min, bool unknown_too, unsigned *n)
{
	struct place here = {.up = at, .key = key};
	json_t *list = read_list(r, at, o, key, min, COUNTRY_INDEX_MAX, false);
	uint16_t *cc;

	*n = 0;
	if (list == NULL)
		return NULL;
	read_unique(r, &here, list);
	cc = arena_alloc(r->arena, json_array_size(list), sizeof(*cc));
	for (size_t i = 0; cc != NULL && i < json_array_size(list); i++) {
		uint16_t c = read_country(r, PLACE_INDEX(&here, i), json_array_get(list, i));

		if (c == POLICY_CC_XX && !unknown_too)
			read_error(r, PLACE_INDEX(&here, i),
				"match it with \"border\": [\"unknown\"]",
				"XX is unknown and belongs to no group");
		else if (c != 0)
			cc[(*n)++] = c;
	}
	return cc;
}

void read_home(struct reader *r, json_t *root)
{
	struct place top = {0};

	if (json_object_get(root, "home") == NULL)
		read_missing(r, &top, "home");
	r->doc->home = read_countries(r, &top, root, "home", 1, false, &r->doc->n_home);
}

static void read_jurisdiction(
	struct reader *r, const struct place *at, json_t *o, struct policy_jurisdiction_doc *j)
{
	static const char *const keys[] = {"as_of", "countries", "partial", NULL};
	json_t *v;
	bool impossible;

	read_keys(r, at, o, keys);
	v = read_member(r, at, o, "as_of", JSON_STRING, true);
	if (v != NULL && !moment_parse_date(json_string_value(v), &j->as_of, &impossible))
		read_error(r, PLACE_KEY(at, "as_of"),
			impossible ? "look at its month and day" : "write it as 2026-01-31",
			impossible ? "there is no day \"%s\"" : "\"%s\" is not a date",
			json_string_value(v));
	if (json_object_get(o, "countries") == NULL)
		read_missing(r, at, "countries");
	j->countries = read_countries(r, at, o, "countries", 1, false, &j->n_countries);
	j->partial = read_countries(r, at, o, "partial", 1, false, &j->n_partial);
	for (unsigned i = 0; i < j->n_partial && j->countries != NULL; i++) {
		char cc[3];
		unsigned k = 0;

		while (k < j->n_countries && j->countries[k] != j->partial[i])
			k++;
		country_format(j->partial[i], cc);
		if (k == j->n_countries)
			read_warn(r, PLACE_KEY(at, "partial"),
				"\"partial\" only remarks on countries",
				"%s is not among the countries and will not match", cc);
	}
}

void read_jurisdictions(struct reader *r, json_t *root)
{
	struct place top = {0}, at = {.up = &top, .key = "jurisdictions"};
	json_t *o = read_member(r, &top, root, "jurisdictions", JSON_OBJECT, false), *v;
	struct policy_jurisdiction_doc *j;
	const char *key;
	unsigned n = 0;

	j = arena_alloc(r->arena, json_object_size(o), sizeof(*j));
	if (o == NULL || j == NULL)
		return;
	json_object_foreach (o, key, v) {
		struct place here = {.up = &at, .key = key};

		read_name_ok(r, &here, key, NAME_ID);
		j[n].name = arena_strdup(r->arena, key);
		read_index(r, INDEX_JURISDICTIONS, key, n);
		if (read_type(r, &here, v, JSON_OBJECT))
			read_jurisdiction(r, &here, v, &j[n]);
		n++;
	}
	r->doc->jurisdictions = j;
	r->doc->n_jurisdictions = n;
}

// A prefix with the place where it stands, so that equal ones are found in one pass.
struct placed {
	struct policy_prefix p;
	size_t i;
};

static int by_prefix(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int c = prefix_compare(&x->p, &y->p);

	return c != 0 ? c : x->i < y->i ? -1 : x->i > y->i;
}

// Of one list: equal prefixes are errors, one that another covers adds nothing. Copies in order.
static struct policy_prefix *take_sorted(
	struct reader *r, const struct place *at, struct placed *v, size_t n)
{
	struct policy_prefix *out = arena_alloc(r->arena, n, sizeof(*out));
	const struct policy_prefix *wide = NULL;
	char text[PREFIX_TEXT_MAX], other[PREFIX_TEXT_MAX];

	qsort(v, n, sizeof(*v), by_prefix);
	for (size_t i = 0; out != NULL && i < n; i++) {
		const struct policy_prefix *p = &v[i].p;

		out[i] = *p;
		prefix_format(p, text);
		if (i > 0 && prefix_compare(p, &v[i - 1].p) == 0) {
			read_error(r, PLACE_INDEX(at, v[i].i), "name it once",
				"%s stands here twice", text);
		} else if (wide != NULL && p->len >= wide->len && prefix_covers(wide, &p->addr)) {
			prefix_format(wide, other);
			read_error(r, PLACE_INDEX(at, v[i].i), "leave it out",
				"%s lies within %s of the same list", text, other);
		} else {
			wide = p;
		}
	}
	return out;
}

const struct policy_prefix *read_prefixes(struct reader *r, const struct place *at, json_t *o,
	const char *key, size_t min, uint32_t *n)
{
	struct place here = {.up = at, .key = key};
	json_t *list = read_list(r, at, o, key, min, 1u << 20, false);
	const struct policy_prefix *out;
	struct placed *v;

	*n = 0;
	if (list == NULL)
		return NULL;
	v = calloc(json_array_size(list) + 1, sizeof(*v));
	if (v == NULL) {
		r->arena->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		v[*n].i = i;
		if (read_prefix(r, PLACE_INDEX(&here, i), json_array_get(list, i), &v[*n].p))
			(*n)++;
	}
	out = take_sorted(r, &here, v, *n);
	free(v);
	return out;
}

static bool read_override(
	struct reader *r, const struct place *at, json_t *v, struct policy_override_doc *out)
{
	static const char *const keys[] = {"prefix", "country", "note", NULL};
	bool good;

	if (!read_type(r, at, v, JSON_OBJECT))
		return false;
	read_keys(r, at, v, keys);
	good = read_prefix(r, PLACE_KEY(at, "prefix"),
		read_member(r, at, v, "prefix", JSON_STRING, true), &out->prefix);
	out->cc = read_country(
		r, PLACE_KEY(at, "country"), read_member(r, at, v, "country", JSON_STRING, true));
	out->note = read_text(
		r, PLACE_KEY(at, "note"), read_member(r, at, v, "note", JSON_STRING, true), 1, 256);
	return good && out->cc != 0;
}

// The same prefix twice cannot be right: which country would it be?
static void check_overrides(struct reader *r, const struct place *at, struct placed *v, unsigned n)
{
	char text[PREFIX_TEXT_MAX];

	qsort(v, n, sizeof(*v), by_prefix);
	for (unsigned i = 1; i < n; i++) {
		if (prefix_compare(&v[i].p, &v[i - 1].p) != 0)
			continue;
		prefix_format(&v[i].p, text);
		read_error(r, PLACE_KEY(PLACE_INDEX(at, v[i].i), "prefix"), "keep one of them",
			"%s has an override already", text);
	}
}

void read_overrides(struct reader *r, json_t *root)
{
	static const char *const keys[] = {"overrides", NULL};
	struct place top = {0}, geo = {.up = &top, .key = "geo"},
		     at = {.up = &geo, .key = "overrides"};
	json_t *o = read_member(r, &top, root, "geo", JSON_OBJECT, false), *list = NULL;
	struct policy_override_doc *v;
	struct placed *placed;
	unsigned n = 0;

	if (o != NULL) {
		read_keys(r, &geo, o, keys);
		list = read_list(r, &geo, o, "overrides", 0, 65536, false);
	}
	if (list == NULL)
		return;
	v = arena_alloc(r->arena, json_array_size(list), sizeof(*v));
	placed = calloc(json_array_size(list) + 1, sizeof(*placed));
	if (v == NULL || placed == NULL)
		r->arena->failed = true;
	for (size_t i = 0; !r->arena->failed && i < json_array_size(list); i++) {
		struct place here = {.up = &at, .index = i};

		if (!read_override(r, &here, json_array_get(list, i), &v[n]))
			continue;
		placed[n] = (struct placed){.p = v[n].prefix, .i = i};
		n++;
	}
	if (placed != NULL)
		check_overrides(r, &at, placed, n);
	free(placed);
	r->doc->overrides = v;
	r->doc->info.n_overrides = n;
}
