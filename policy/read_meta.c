// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The parts of a policy that say what it is and what holds where no rule does: meta, defaults.

#include "policy/moment.h"
#include "policy/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ^[A-Za-z_]+(/[A-Za-z_+-]+)*$, as the schema has it. Beside the zones lie tables that count leap
// seconds, which no packet's time does, and links to whichever zone the host's owner chose.
static bool timezone_ok(const char *s)
{
	static const char *const no_zones[] = {"right", "posixrules", "localtime"};
	bool first = true, part = false;

	for (size_t i = 0; i < sizeof(no_zones) / sizeof(no_zones[0]); i++)
		if (strncmp(s, no_zones[i], strcspn(s, "/")) == 0 &&
			strlen(no_zones[i]) == strcspn(s, "/"))
			return false;
	for (; *s != '\0'; s++) {
		bool letter = (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') || *s == '_';
		bool more = *s == '+' || *s == '-';

		if (*s == '/') {
			if (!part)
				return false;
			first = part = false;
		} else if (letter || (more && !first)) {
			part = true;
		} else {
			return false;
		}
	}
	return part;
}

static void read_basis(struct reader *r, const struct place *at, json_t *meta)
{
	json_t *o = read_member(r, at, meta, "basis", JSON_OBJECT, false), *v;
	struct place here = {.up = at, .key = "basis"};
	struct policy_basis_doc *b;
	const char *key;
	unsigned n = 0;

	b = arena_alloc(r->arena, json_object_size(o), sizeof(*b));
	if (o == NULL || b == NULL)
		return;
	json_object_foreach (o, key, v) {
		struct place p = {.up = &here, .key = key};

		read_name_ok(r, &p, key, NAME_BASIS);
		b[n].id = arena_strdup(r->arena, key);
		b[n++].text = read_text(r, &p, v, 0, 512);
	}
	r->doc->basis = b;
	r->doc->n_basis = n;
}

static void read_times(struct reader *r, const struct place *at, json_t *meta)
{
	struct policy_info *i = &r->doc->info;
	json_t *from = json_object_get(meta, "not_before"), *to = json_object_get(meta, "expires");
	bool have_from, have_to;
	char text[MOMENT_TEXT_MAX];

	if (from == NULL)
		read_missing(r, at, "not_before");
	if (to == NULL)
		read_missing(r, at, "expires");
	have_from = read_moment(r, PLACE_KEY(at, "not_before"), from, &i->not_before);
	have_to = read_moment(r, PLACE_KEY(at, "expires"), to, &i->expires);
	if (have_from && have_to && i->expires <= i->not_before)
		read_error(r, PLACE_KEY(at, "expires"), "it must be later than not_before",
			"expires before it begins");
	else if (have_from && r->now != POLICY_ANY_TIME && i->not_before > r->now) {
		moment_format(r->now, text);
		read_error(r, PLACE_KEY(at, "not_before"), "push it then, or mend the clock",
			"the policy is not valid yet; it is %s now", text);
	} else if (have_to && r->now != POLICY_ANY_TIME && i->expires <= r->now) {
		moment_format(r->now, text);
		read_warn(r, PLACE_KEY(at, "expires"), "defaults/on_expiry applies",
			"the policy has expired; it is %s now", text);
	}
}

static void read_zone(struct reader *r, const struct place *at, const char *name)
{
	const struct policy_names *n = r->names;
	uint8_t *data = NULL;
	size_t len = 0;

	if (n == NULL || n->zone == NULL)
		return;
	if (n->zone(n->ctx, name, &data, &len) < 0)
		read_error(r, at,
			"a name of the tz database, such as Asia/Shanghai; package tzdata brings "
			"them",
			"unknown timezone \"%s\"", name);
	else if (!zone_parse(&r->doc->zone, r->arena, data, len))
		read_error(r, at, "it is no timezone's, damaged, or counts leap seconds",
			"the host's data for timezone \"%s\" cannot be used", name);
	free(data);
}

void read_meta(struct reader *r, json_t *root)
{
	static const char *const keys[] = {"id", "version", "issuer", "title", "not_before",
		"expires", "timezone", "restores", "basis", NULL};
	struct policy_info *i = &r->doc->info;
	struct place top = {0}, at = {.up = &top, .key = "meta"};
	json_t *o = read_member(r, &top, root, "meta", JSON_OBJECT, true), *v;
	uint64_t n;

	if (o == NULL)
		return;
	read_keys(r, &at, o, keys);
	for (unsigned k = 0; k < 3; k++)
		if (json_object_get(o, keys[k]) == NULL)
			read_missing(r, &at, keys[k]);
	i->id = read_name(r, PLACE_KEY(&at, "id"), json_object_get(o, "id"), NAME_ID);
	if (read_number(
		    r, PLACE_KEY(&at, "version"), json_object_get(o, "version"), 1, UINT32_MAX, &n))
		i->version = (uint32_t)n;
	i->issuer = read_text(r, PLACE_KEY(&at, "issuer"), json_object_get(o, "issuer"), 1, 128);
	i->title = read_text(r, PLACE_KEY(&at, "title"), json_object_get(o, "title"), 0, 256);
	if (read_number(r, PLACE_KEY(&at, "restores"), json_object_get(o, "restores"), 1,
		    UINT32_MAX, &n))
		r->doc->restores = (uint32_t)n;
	if (r->doc->restores != 0 && r->doc->restores >= i->version && i->version != 0)
		read_error(r, PLACE_KEY(&at, "restores"), "a rollback is a new, higher version",
			"restores version %u, which is not earlier", r->doc->restores);
	v = read_member(r, &at, o, "timezone", JSON_STRING, true);
	if (v != NULL && !timezone_ok(json_string_value(v)))
		read_error(r, PLACE_KEY(&at, "timezone"),
			"a name of a place such as Asia/Shanghai, or UTC",
			"\"%s\" is not the name of a timezone", json_string_value(v));
	else if (v != NULL)
		read_zone(r, PLACE_KEY(&at, "timezone"), json_string_value(v));
	if (v != NULL)
		i->timezone = arena_strdup(r->arena, json_string_value(v));
	read_times(r, &at, o);
	read_basis(r, &at, o);
}

static void read_pending(struct reader *r, const struct place *up, json_t *defaults)
{
	static const char *const keys[] = {
		"action", "max_packets", "max_bytes_out", "max_ms", NULL};
	static const char *const protos[] = {"tcp", "udp", NULL};
	static const char *const actions[] = {"pass", "block", NULL};
	struct policy_pending *p = &r->doc->info.pending;
	struct place at = {.up = up, .key = "pending"}, packets = {.up = &at, .key = "max_packets"};
	json_t *o = read_member(r, up, defaults, "pending", JSON_OBJECT, true), *m, *a;
	uint64_t n;

	if (o == NULL)
		return;
	read_keys(r, &at, o, keys);
	a = read_member(r, &at, o, "action", JSON_STRING, true);
	if (a != NULL && read_word(r, PLACE_KEY(&at, "action"), a, actions) == 1)
		p->action = POLICY_BLOCK;
	m = read_member(r, &at, o, "max_packets", JSON_OBJECT, true);
	if (m != NULL) {
		read_keys(r, &packets, m, protos);
		for (unsigned i = 0; i < 2; i++) {
			json_t *v = read_member(r, &packets, m, protos[i], JSON_INTEGER, true);

			if (read_number(r, PLACE_KEY(&packets, protos[i]), v, 1, 1024, &n))
				*(i == 0 ? &p->max_packets_tcp : &p->max_packets_udp) = (uint32_t)n;
		}
	}
	if (read_number(r, PLACE_KEY(&at, "max_bytes_out"),
		    read_member(r, &at, o, "max_bytes_out", JSON_INTEGER, true), 1, INT64_MAX, &n))
		p->max_bytes_out = n;
	if (read_number(r, PLACE_KEY(&at, "max_ms"),
		    read_member(r, &at, o, "max_ms", JSON_INTEGER, true), 1, 60000, &n))
		p->max_ms = (uint32_t)n;
}

// A required word of defaults; -1 with a finding.
static int default_word(struct reader *r, const struct place *at, json_t *o, const char *key,
	const char *const *words, bool required)
{
	return read_word(
		r, PLACE_KEY(at, key), read_member(r, at, o, key, JSON_STRING, required), words);
}

void read_defaults(struct reader *r, json_t *root)
{
	static const char *const keys[] = {"action", "reason", "severity", "min_confidence",
		"block_with", "pending", "on_expiry", "boot_without_policy", NULL};
	static const char *const actions[] = {"allow", "flag", "block", NULL};
	static const char *const severities[] = {"info", "low", "medium", "high", "critical", NULL};
	static const char *const confs[] = {"port", "ip", "cache", "dpi", NULL};
	static const char *const withs[] = {"drop", "reset", NULL};
	static const char *const expiries[] = {"keep_and_flag", "default_only", "block", NULL};
	static const char *const boots[] = {"block", "flag", NULL};
	struct policy_doc *d = r->doc;
	struct place top = {0}, at = {.up = &top, .key = "defaults"};
	json_t *o = read_member(r, &top, root, "defaults", JSON_OBJECT, true);
	int w;

	if (o == NULL)
		return;
	read_keys(r, &at, o, keys);
	if ((w = default_word(r, &at, o, "action", actions, true)) >= 0)
		d->default_action = (uint8_t)w;
	d->default_reason = read_name(r, PLACE_KEY(&at, "reason"),
		read_member(r, &at, o, "reason", JSON_STRING, true), NAME_REASON);
	if ((w = default_word(r, &at, o, "severity", severities, false)) >= 0)
		d->default_severity = (uint8_t)(w + POLICY_SEV_INFO);
	if ((w = default_word(r, &at, o, "min_confidence", confs, true)) >= 0)
		d->info.min_confidence = (uint8_t)(w + POLICY_CONF_PORT);
	if ((w = default_word(r, &at, o, "block_with", withs, false)) >= 0)
		d->info.block_with = (uint8_t)w;
	if ((w = default_word(r, &at, o, "on_expiry", expiries, true)) >= 0)
		d->on_expiry = (uint8_t)w;
	if ((w = default_word(r, &at, o, "boot_without_policy", boots, true)) >= 0)
		d->info.boot_without_policy = w == 0 ? POLICY_BLOCK : POLICY_FLAG;
	read_pending(r, &at, o);
}
