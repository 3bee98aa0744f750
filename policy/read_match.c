// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a rule or limit matches: names become indexes.

#include "policy/read.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// Names of things of the document, for look-ups and "did you mean".
struct names {
	const struct policy_doc *doc;
	enum index index;
	const char *(*at)(void *ctx, size_t i); // ctx: the document
	const char *what, *where;
};

static const char *tenant_at(void *ctx, size_t i)
{
	const struct policy_doc *d = ctx;

	return i < d->info.n_tenants ? d->tenants[i].name : NULL;
}

static const char *group_at(void *ctx, size_t i)
{
	const struct policy_doc *d = ctx;

	return i < d->n_groups ? d->groups[i].name : NULL;
}

static const char *jurisdiction_at(void *ctx, size_t i)
{
	const struct policy_doc *d = ctx;

	return i < d->n_jurisdictions ? d->jurisdictions[i].name : NULL;
}

static const char *rule_at(void *ctx, size_t i)
{
	const struct policy_doc *d = ctx;

	if (i >= d->info.n_rules)
		return NULL;
	return d->rules[i].id != NULL ? d->rules[i].id : "";
}

// Index of the name; -1 with a finding.
static long find(
	struct reader *r, const struct place *at, const json_t *v, const struct names *names)
{
	char hint[192], near[DIAG_MEANT_MAX];
	const json_t *number;
	const char *s;

	if (!read_type(r, at, v, JSON_STRING))
		return -1;
	s = json_string_value(v);
	number = json_object_get(r->index[names->index], s);
	if (number != NULL)
		return (long)json_integer_value(number);
	if (read_meant(near, s, names->at, (void *)(uintptr_t)names->doc) != NULL)
		snprintf(hint, sizeof(hint), "%s", near);
	else
		snprintf(hint, sizeof(hint), "they are named in %s", names->where);
	read_error(r, at, hint, "unknown %s \"%s\"", names->what, s);
	return -1;
}

// A non-empty list without repetition; NULL with a finding or where it is absent. *present: the key
// is there.
static json_t *dim_list(
	struct reader *r, const struct place *at, json_t *o, const char *key, size_t min)
{
	json_t *list = read_list(r, at, o, key, min, 65535, false);

	if (list != NULL)
		read_unique(r, PLACE_KEY(at, key), list);
	return list;
}

static uint16_t *read_indexes(struct reader *r, const struct place *at, json_t *o, const char *key,
	const struct names *names, uint16_t *n)
{
	struct place here = {.up = at, .key = key};
	json_t *list = dim_list(r, at, o, key, 1);
	uint16_t *out;

	*n = 0;
	out = arena_alloc(r->arena, json_array_size(list), sizeof(*out));
	for (size_t i = 0; out != NULL && i < json_array_size(list); i++) {
		long k = find(r, PLACE_INDEX(&here, i), json_array_get(list, i), names);

		if (k >= 0)
			out[(*n)++] = (uint16_t)k;
	}
	return out;
}

static void read_match_tenants(
	struct reader *r, const struct place *at, json_t *o, struct policy_match *m)
{
	const struct names names = {r->doc, INDEX_TENANTS, tenant_at, "tenant", "/tenants"};
	struct place here = {.up = at, .key = "tenants"};
	json_t *list = dim_list(r, at, o, "tenants", 1);
	uint32_t *out = arena_alloc(r->arena, json_array_size(list), sizeof(*out));

	for (size_t i = 0; out != NULL && i < json_array_size(list); i++) {
		long k = find(r, PLACE_INDEX(&here, i), json_array_get(list, i), &names);

		if (k >= 0)
			out[m->n_tenants++] = (uint32_t)k;
	}
	m->tenants = out;
}

// "443", "1000-2000".
static bool port_range(const char *s, struct port_range *out)
{
	unsigned v[2] = {0, 0}, n = 0, digits = 0;

	for (; *s != '\0'; s++) {
		if (*s == '-' && n == 0 && digits != 0) {
			n = 1;
			digits = 0;
		} else if (*s >= '0' && *s <= '9' && digits < 5) {
			v[n] = 10 * v[n] + (unsigned)(*s - '0');
			digits++;
		} else {
			return false;
		}
	}
	if (digits == 0 || v[0] > 65535 || v[1] > 65535)
		return false;
	out->from = (uint16_t)v[0];
	out->to = (uint16_t)v[n];
	return true;
}

static struct port_range *read_ports(
	struct reader *r, const struct place *at, json_t *o, const char *key, uint16_t *n)
{
	struct place here = {.up = at, .key = key};
	json_t *list = dim_list(r, at, o, key, 0);
	struct port_range *out = arena_alloc(r->arena, json_array_size(list), sizeof(*out));

	for (size_t i = 0; out != NULL && i < json_array_size(list); i++) {
		struct place p = {.up = &here, .index = i};
		const json_t *v = json_array_get(list, i);

		if (!read_type(r, &p, v, JSON_STRING))
			continue;
		if (!port_range(json_string_value(v), &out[*n]))
			read_error(r, &p, "write \"443\" or \"1000-2000\", at most 65535",
				"\"%s\" is not a port or a range of ports", json_string_value(v));
		else if (out[*n].from > out[*n].to)
			read_error(r, &p, "the lower port comes first",
				"the range \"%s\" ends before it begins", json_string_value(v));
		else
			(*n)++;
	}
	return out;
}

static const char *const proto_words[] = {
	"tcp", "udp", "icmp", "icmp6", "sctp", "esp", "gre", NULL};
static const uint8_t proto_numbers[] = {6, 17, 1, 58, 132, 50, 47};

const char *match_proto_name(uint8_t number)
{
	for (size_t i = 0; proto_words[i] != NULL; i++)
		if (proto_numbers[i] == number)
			return proto_words[i];
	return NULL;
}

static void read_protos(struct reader *r, const struct place *at, json_t *o, struct policy_match *m)
{
	struct place here = {.up = at, .key = "protos"};
	json_t *list = dim_list(r, at, o, "protos", 0);
	uint8_t *out = arena_alloc(r->arena, json_array_size(list), sizeof(*out));

	for (size_t i = 0; out != NULL && i < json_array_size(list); i++) {
		int w = read_word(r, PLACE_INDEX(&here, i), json_array_get(list, i), proto_words);

		if (w >= 0)
			out[m->n_protos++] = proto_numbers[w];
	}
	m->protos = out;
}

// Labels of letters, digits, "-" and "_", at most 63 each, 253 in all; "*." may stand in front.
static bool host_ok(const char *s)
{
	size_t label = 0;

	if (s[0] == '*' && s[1] == '.')
		s += 2;
	if (*s == '\0' || strlen(s) > 253)
		return false;
	for (; *s != '\0'; s++) {
		if (*s == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (!isalnum((unsigned char)*s) && *s != '-' && *s != '_') {
			return false;
		} else if (++label > 63) {
			return false;
		}
	}
	return label != 0;
}

static void read_hosts(struct reader *r, const struct place *at, json_t *o, struct policy_match *m)
{
	struct place here = {.up = at, .key = "hosts"};
	json_t *list = dim_list(r, at, o, "hosts", 1);
	const char **out = arena_alloc(r->arena, json_array_size(list), sizeof(*out));

	for (size_t i = 0; out != NULL && i < json_array_size(list); i++) {
		struct place p = {.up = &here, .index = i};
		const json_t *v = json_array_get(list, i);
		const char *s = read_text(r, &p, v, 1, 253);
		char *host;

		if (s == NULL)
			continue;
		if (!host_ok(s)) {
			read_error(r, &p,
				"a name such as www.example.org or *.example.org, in ASCII "
				"(xn--...), without a port",
				"\"%s\" is not a host name", s);
			continue;
		}
		host = arena_strdup(r->arena, s);
		for (char *c = host; c != NULL && *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
		if (host != NULL)
			out[m->n_hosts++] = host;
	}
	m->hosts = out;
}

static void read_border(struct reader *r, const struct place *at, json_t *o, struct policy_match *m)
{
	static const char *const words[] = {"home", "cross", "unknown", NULL};
	struct place here = {.up = at, .key = "border"};
	json_t *list = dim_list(r, at, o, "border", 0);

	for (size_t i = 0; i < json_array_size(list); i++) {
		int w = read_word(r, PLACE_INDEX(&here, i), json_array_get(list, i), words);

		if (w >= 0)
			m->border |= (uint8_t)(1u << w);
	}
}

static void read_risks(struct reader *r, const struct place *at, json_t *o, struct policy_match *m)
{
	struct place here = {.up = at, .key = "risks"};
	json_t *list = dim_list(r, at, o, "risks", 1);
	const struct policy_names *n = r->names;
	char hint[DIAG_MEANT_MAX];

	for (size_t i = 0; i < json_array_size(list); i++) {
		struct place p = {.up = &here, .index = i};
		const char *s = read_text(r, &p, json_array_get(list, i), 1, 253);
		int id = s != NULL && n != NULL && n->risk != NULL ? n->risk(n->ctx, s) : -1;

		if (s == NULL)
			continue;
		if (id < 0 || id >= POLICY_MAX_RISKS)
			read_error(r, &p,
				n != NULL && n->risk_at != NULL
					? read_meant(hint, s, n->risk_at, n->ctx)
					: NULL,
				"unknown risk \"%s\"", s);
		else
			m->risks |= 1ull << id;
	}
}

static void read_asns(struct reader *r, const struct place *at, json_t *o, struct policy_match *m)
{
	struct place here = {.up = at, .key = "asns"};
	json_t *list = dim_list(r, at, o, "asns", 1);
	uint32_t *out = arena_alloc(r->arena, json_array_size(list), sizeof(*out));
	uint64_t n;

	for (size_t i = 0; out != NULL && i < json_array_size(list); i++)
		if (read_number(
			    r, PLACE_INDEX(&here, i), json_array_get(list, i), 1, UINT32_MAX, &n))
			out[m->n_asns++] = (uint32_t)n;
	m->asns = out;
}

const char *const match_keys[] = {
	[DIM_TENANTS] = "tenants",
	[DIM_INITIATOR] = "initiator",
	[DIM_BORDER] = "border",
	[DIM_COUNTRIES] = "countries",
	[DIM_JURISDICTIONS] = "jurisdictions",
	[DIM_SRC] = "src",
	[DIM_DST] = "dst",
	[DIM_PROTOS] = "protos",
	[DIM_SPORTS] = "sports",
	[DIM_DPORTS] = "dports",
	[DIM_ASNS] = "asns",
	[DIM_RULES] = "rules",
	[DIM_APPS] = "apps",
	[DIM_HOSTS] = "hosts",
	[DIM_RISKS] = "risks",
	[DIM_COUNT] = NULL,
};

void read_match(
	struct reader *r, const struct place *at, json_t *o, bool rules, struct policy_match *m)
{
	static const char *const initiators[] = {"inside", "outside", NULL};
	const struct names groups = {r->doc, INDEX_GROUPS, group_at, "application group", "/apps"},
			   jur = {r->doc, INDEX_JURISDICTIONS, jurisdiction_at, "jurisdiction",
				   "/jurisdictions"},
			   rule = {r->doc, INDEX_RULES, rule_at, "rule", "/rules"};
	unsigned n;
	int w;

	read_keys(r, at, o, match_keys);
	if (json_object_size(o) == 0)
		read_error(r, at, "what holds for everything belongs into the defaults",
			"must name at least one condition");
	for (unsigned d = 0; d < DIM_COUNT; d++)
		if (json_object_get(o, match_keys[d]) != NULL)
			m->present |= 1u << d;
	if ((m->present & 1u << DIM_RULES) && !rules)
		read_error(r, PLACE_KEY(at, "rules"),
			"a rule looks at flows, a limit at what rules decided",
			"only a limit can match rules");
	read_match_tenants(r, at, o, m);
	w = read_word(r, PLACE_KEY(at, "initiator"),
		read_member(r, at, o, "initiator", JSON_STRING, false), initiators);
	m->initiator = w == 1 ? POLICY_INIT_OUTSIDE : POLICY_INIT_INSIDE;
	read_border(r, at, o, m);
	m->countries = read_countries(r, at, o, "countries", 1, true, &n);
	m->n_countries = (uint16_t)n;
	m->jurisdictions = read_indexes(r, at, o, "jurisdictions", &jur, &m->n_jurisdictions);
	m->src = read_prefixes(r, at, o, "src", 0, &m->n_src);
	m->dst = read_prefixes(r, at, o, "dst", 0, &m->n_dst);
	read_protos(r, at, o, m);
	m->sports = read_ports(r, at, o, "sports", &m->n_sports);
	m->dports = read_ports(r, at, o, "dports", &m->n_dports);
	read_asns(r, at, o, m);
	m->apps = read_indexes(r, at, o, "apps", &groups, &m->n_apps);
	read_hosts(r, at, o, m);
	read_risks(r, at, o, m);
	if (rules)
		m->rules = read_indexes(r, at, o, "rules", &rule, &m->n_rules);
}
