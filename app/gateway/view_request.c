// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What can be asked of live flows: flows, top, rules, and a policy's dry run.

#include "app/gateway/gateway_view.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A word of a list: its place; absent where there is none; -2 with a line in err where it is
// another.
static int word(const json_t *body, const char *key, const char *const *words, int absent,
	char *err, size_t size)
{
	const char *s = json_string_value(json_object_get(body, key));
	int n;

	if (s == NULL)
		return absent;
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], s) == 0)
			return i;
	n = snprintf(err, size, "\"%s\" is \"%.40s\", but can only be", key, s);
	for (int i = 0; words[i] != NULL && n >= 0 && (size_t)n < size; i++)
		n += snprintf(err + n, size - (size_t)n, "%s %s", i != 0 ? "," : "", words[i]);
	return -2;
}

static bool take_addr(const char *text, struct view_filter *f, char *err, size_t size)
{
	char addr[64], *slash, *end = addr;
	long len, max;

	snprintf(addr, sizeof(addr), "%s", text);
	slash = strchr(addr, '/');
	if (slash != NULL)
		*slash++ = '\0';
	f->addr_version = strchr(addr, ':') != NULL ? 6 : 4;
	max = f->addr_version == 4 ? 32 : 128;
	len = slash != NULL ? strtol(slash, &end, 10) : max;
	if (inet_pton(f->addr_version == 4 ? AF_INET : AF_INET6, addr, f->addr) != 1 || len < 0 ||
		len > max || (slash != NULL && (end == slash || *end != '\0'))) {
		snprintf(err, size, "\"%.60s\" is neither an address nor a prefix", text);
		return false;
	}
	f->addr_len = (uint8_t)len;
	f->has_addr = true;
	return true;
}

static const char *keep(struct gateway_view *v, unsigned which, const json_t *body, const char *key)
{
	const char *s = json_string_value(json_object_get(body, key));

	if (s == NULL)
		return NULL;
	snprintf(v->strings[which], sizeof(v->strings[which]), "%s", s);
	return v->strings[which];
}

// -1: absent; -2 with a line in err: not a number from 0 to max.
static int number(const json_t *body, const char *key, int max, char *err, size_t size)
{
	const json_t *n = json_object_get(body, key);

	if (n == NULL)
		return -1;
	if (json_is_integer(n) && json_integer_value(n) >= 0 && json_integer_value(n) <= max)
		return (int)json_integer_value(n);
	snprintf(err, size, "\"%s\" is a number from 0 to %d", key, max);
	return -2;
}

static bool take_filter(
	struct gateway *g, struct gateway_view *v, const json_t *body, char *err, size_t size)
{
	static const char *const actions[] = {"allow", "flag", "block", NULL};
	static const char *const borders[] = {"home", "cross", "unknown", NULL};
	struct view_filter *f = &v->all.filter;
	const char *cc = json_string_value(json_object_get(body, "country"));
	const char *app = json_string_value(json_object_get(body, "app"));
	const char *addr = json_string_value(json_object_get(body, "addr"));

	f->tenant = keep(v, 0, body, "tenant");
	f->rule = keep(v, 1, body, "rule");
	f->host = keep(v, 2, body, "host");
	f->action = word(body, "act", actions, -1, err, size);
	f->border = word(body, "border", borders, -1, err, size);
	f->proto = number(body, "proto", 255, err, size);
	f->port = number(body, "port", 65535, err, size);
	if (f->action == -2 || f->border == -2 || f->proto == -2 || f->port == -2)
		return false;
	if (cc != NULL)
		f->cc = strlen(cc) == 2 ? POLICY_CC(cc[0], cc[1]) : 1; // 1: none has it
	if (app != NULL && (f->app = dpi_app_id(g->dpi[g->n_workers], app)) < 0) {
		snprintf(err, size, "nDPI knows no application \"%.60s\"", app);
		return false;
	}
	return addr == NULL || take_addr(addr, f, err, size);
}

static bool take_limit(
	struct gateway_view *v, const json_t *body, unsigned otherwise, char *err, size_t size)
{
	static const char *const sorts[] = {"out", "in", "bytes", "packets", "age", "last", NULL};
	int sort = word(body, "sort", sorts, VIEW_BY_OUT, err, size);
	const json_t *n = json_object_get(body, "limit");

	if (sort == -2)
		return false;
	v->all.sort = (enum view_sort)sort;
	v->limit = otherwise;
	if (n != NULL) {
		if (!json_is_integer(n) || json_integer_value(n) < 0 ||
			json_integer_value(n) > VIEW_MAX_ROWS) {
			snprintf(err, size, "\"limit\" is a number from 0 to %d", VIEW_MAX_ROWS);
			return false;
		}
		v->limit = (unsigned)json_integer_value(n);
	}
	return true;
}

static json_t *flows_answer(struct gateway *g, struct gateway_view *v)
{
	return json_pack("{s:I, s:I, s:I, s:o}", "live", (json_int_t)v->all.seen, "matched",
		(json_int_t)v->all.matched, "took_us", (json_int_t)(gateway_now() - v->begun),
		"flows", view_rows_json(g, &v->all, v->limit, NULL));
}

json_t *gateway_view_flows(
	struct gateway *g, const struct control_request *r, char *err, size_t size)
{
	struct gateway_view *v = gateway_view_new(g, err, size);

	if (v == NULL)
		return NULL;
	v->finish = flows_answer;
	if (take_filter(g, v, r->body, err, size) && take_limit(v, r->body, 50, err, size))
		return gateway_view_begin(g, v, r, err, size);
	gateway_view_free(v);
	return NULL;
}

static json_t *top_answer(struct gateway *g, struct gateway_view *v)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "live", (json_int_t)v->all.seen, "matched",
		(json_int_t)v->all.matched, "not_told_apart", (json_int_t)v->all.sums_full, "t",
		(json_int_t)gateway_now(), "sums", view_sums_json(g, &v->all));
}

json_t *gateway_view_top(struct gateway *g, const struct control_request *r, char *err, size_t size)
{
	static const char *const keys[] = {
		"tenant", "country", "app", "rule", "shadow", "act", NULL};
	struct gateway_view *v = gateway_view_new(g, err, size);
	int by;

	if (v == NULL)
		return NULL;
	v->finish = top_answer;
	by = word(r->body, "by", keys, VIEW_KEY_COUNTRY, err, size);
	if (by >= 0 && take_filter(g, v, r->body, err, size)) {
		v->all.want_sums = true;
		v->all.key = (enum view_key)by;
		return gateway_view_begin(g, v, r, err, size);
	}
	gateway_view_free(v);
	return NULL;
}

static json_t *dry_run_answer(struct gateway *g, struct gateway_view *v)
{
	json_t *o = gateway_policy_answer(&v->answer, "checked");

	json_object_set_new(o, "live", json_integer((json_int_t)v->all.seen));
	json_object_set_new(o, "changed", json_integer((json_int_t)v->all.matched));
	json_object_set_new(o, "changes", view_moved_json(&v->all));
	json_object_set_new(o, "flows", view_rows_json(g, &v->all, v->limit, v->candidate));
	return o;
}

json_t *gateway_view_dry_run(
	struct gateway *g, const struct control_request *r, char *err, size_t size)
{
	struct gateway_view *v = gateway_view_new(g, err, size);
	struct policy_offer o;
	char who[32];

	if (v == NULL)
		return NULL;
	v->finish = dry_run_answer;
	if (gateway_take_offer(r, &o, who, err, size) == 0 &&
		take_limit(v, r->body, 20, err, size)) {
		json_t *refused;

		v->candidate = gateway_policy_check(g, &o, &v->answer);
		v->all.candidate = v->candidate;
		if (v->answer.warning[0] != '\0')
			diag_add(&v->answer.diag, DIAG_WARNING, 0, 0, NULL, NULL, "%s",
				v->answer.warning);
		if (v->candidate != NULL)
			return gateway_view_begin(g, v, r, err, size);
		refused = gateway_policy_answer(&v->answer, "refused");
		gateway_view_free(v);
		return refused;
	}
	gateway_view_free(v);
	return NULL;
}
