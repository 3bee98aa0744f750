// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/config_parts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Paths and EAL arguments: PATH_MAX of Linux.
#define STRING_MAX 4095

void cfg_strings(struct cfg *c, const char *pointer, json_t *list, size_t min, size_t max,
	struct gateway_strings *out)
{
	size_t n = json_array_size(list);

	if (n < min || n > max) {
		cfg_error(c, pointer, NULL, NULL, "has %zu elements; %zu to %zu are possible", n,
			min, max);
		return;
	}
	if (n == 0)
		return;
	out->v = calloc(n, sizeof(*out->v));
	if (out->v == NULL) {
		c->no_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		char key[24];
		char *s;

		snprintf(key, sizeof(key), "%zu", i);
		s = cfg_string(c, pointer, key, json_array_get(list, i), 1, STRING_MAX);
		if (s != NULL)
			out->v[out->n++] = s;
	}
}

struct lcore_list {
	const char *pointer, *runs;
	size_t min, max;
	uint32_t **v;
	size_t *n;
};

static void one_lcore(struct cfg *c, const struct lcore_list *l, size_t i, const json_t *v)
{
	json_int_t id = json_integer_value(v);
	char key[24];

	snprintf(key, sizeof(key), "%zu", i);
	if (!json_is_integer(v)) {
		cfg_error(c, l->pointer, key, NULL, "must be a whole number, not %s",
			cfg_type_name(v));
		return;
	}
	if (id < 0 || id > GATEWAY_MAX_LCORE) {
		cfg_error(c, l->pointer, key, NULL,
			"is %" JSON_INTEGER_FORMAT ", out of range 0 to %d", id, GATEWAY_MAX_LCORE);
		return;
	}
	for (size_t k = 0; k < *l->n; k++)
		if ((*l->v)[k] == (uint32_t)id)
			cfg_error(
				c, l->pointer, key, l->runs, "lcore %u is given twice", (*l->v)[k]);
	(*l->v)[(*l->n)++] = (uint32_t)id;
}

static void read_lcores(struct cfg *c, const json_t *list, const struct lcore_list *l)
{
	size_t n = json_array_size(list);

	if (n < l->min || n > l->max) {
		cfg_error(c, l->pointer, NULL, NULL, "has %zu elements; %zu to %zu are possible", n,
			l->min, l->max);
		return;
	}
	*l->v = calloc(n + 1, sizeof(**l->v));
	if (*l->v == NULL) {
		c->no_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		one_lcore(c, l, i, json_array_get(list, i));
}

void cfg_lcores(struct cfg *c, json_t *list, struct gateway_config *out)
{
	read_lcores(c, list,
		&(struct lcore_list){"/workers/lcores", "each lcore runs one worker", 1,
			GATEWAY_MAX_LCORES, &out->workers.lcores, &out->workers.n_lcores});
}

void cfg_dpi_lcores(struct cfg *c, json_t *list, struct gateway_config *out)
{
	read_lcores(c, list,
		&(struct lcore_list){"/workers/dpi_lcores", "name each lcore once", 0,
			GATEWAY_MAX_DPI, &out->workers.dpi_lcores, &out->workers.n_dpi_lcores});
}

static void check_lcores(struct cfg *c, const struct gateway_eal *eal, const char *pointer,
	const uint32_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t id = v[i];
		char key[24];

		snprintf(key, sizeof(key), "%zu", i);
		if (eal->lcores_known && !(eal->lcores[id / 8] >> id % 8 & 1))
			cfg_error(c, pointer, key, "add it to -l in eal, or take it out here",
				"lcore %u is not among the EAL's", id);
		else if (eal->main_lcore == (int)id)
			cfg_error(c, pointer, key,
				"give eal one more lcore in -l, or choose it with --main-lcore",
				"lcore %u is the EAL's main lcore, which runs the control side",
				id);
	}
}

void cfg_check_lcores(struct cfg *c, const struct gateway_config *g)
{
	const struct gateway_workers *w = &g->workers;

	check_lcores(c, &g->eal, "/workers/lcores", w->lcores, w->n_lcores);
	check_lcores(c, &g->eal, "/workers/dpi_lcores", w->dpi_lcores, w->n_dpi_lcores);
	for (size_t i = 0; i < w->n_dpi_lcores; i++)
		for (size_t k = 0; k < w->n_lcores; k++) {
			char key[24];

			if (w->dpi_lcores[i] != w->lcores[k])
				continue;
			snprintf(key, sizeof(key), "%zu", i);
			cfg_error(c, "/workers/dpi_lcores", key,
				"an lcore runs a worker or does DPI",
				"lcore %u is in workers.lcores too", w->lcores[k]);
		}
}

static bool parse_prefix(const char *text, struct gateway_prefix *out)
{
	const char *slash = strchr(text, '/');
	char addr[INET6_ADDRSTRLEN];
	size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
	unsigned long len, max;
	char *end;

	memset(out, 0, sizeof(*out));
	if (n >= sizeof(addr))
		return false;
	memcpy(addr, text, n);
	addr[n] = '\0';
	if (inet_pton(AF_INET, addr, out->addr.b) == 1)
		out->addr.version = 4;
	else if (inet_pton(AF_INET6, addr, out->addr.b) == 1)
		out->addr.version = 6;
	else
		return false;
	max = out->addr.version == 4 ? 32 : 128;
	out->len = (uint8_t)max;
	if (slash == NULL)
		return true;
	if (!isdigit((unsigned char)slash[1]) || (slash[1] == '0' && slash[2] != '\0'))
		return false;
	len = strtoul(slash + 1, &end, 10);
	if (*end != '\0' || len > max)
		return false;
	out->len = (uint8_t)len;
	return true;
}

// True where a bit past the prefix is set; the address is then cleared to what was meant.
static bool clear_host_bits(struct gateway_prefix *p)
{
	bool set = false;

	for (unsigned i = p->len; i < 128; i++) {
		uint8_t bit = (uint8_t)(0x80u >> i % 8);

		set |= (p->addr.b[i / 8] & bit) != 0;
		p->addr.b[i / 8] &= (uint8_t)~bit;
	}
	return set;
}

static bool same_prefix(const struct gateway_prefix *a, const struct gateway_prefix *b)
{
	return a->len == b->len && a->addr.version == b->addr.version &&
	       memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b)) == 0;
}

static void one_inside(struct cfg *c, const char *key, const char *text, struct gateway_config *out)
{
	struct gateway_prefix p;
	char addr[INET6_ADDRSTRLEN], cleared[INET6_ADDRSTRLEN + 8], hint[DIAG_MEANT_MAX];

	if (!parse_prefix(text, &p)) {
		cfg_error(c, "/inside", key, "write \"192.0.2.0/24\" or \"2001:db8:20::/48\"",
			"is not a prefix: \"%.80s\"", text);
		return;
	}
	if (clear_host_bits(&p)) {
		inet_ntop(p.addr.version == 4 ? AF_INET : AF_INET6, p.addr.b, addr, sizeof(addr));
		snprintf(cleared, sizeof(cleared), "%s/%u", addr, p.len);
		cfg_error(c, "/inside", key, diag_meant(hint, cleared),
			"\"%s\" has bits set behind its length", text);
		return;
	}
	for (size_t k = 0; k < out->n_inside; k++)
		if (same_prefix(&out->inside[k], &p))
			cfg_error(c, "/inside", key, NULL, "\"%s\" is given twice", text);
	out->inside[out->n_inside++] = p;
}

void cfg_inside(struct cfg *c, json_t *list, struct gateway_config *out)
{
	size_t n = json_array_size(list);

	if (n > GATEWAY_MAX_INSIDE) {
		cfg_error(c, "/inside", NULL, NULL, "has %zu prefixes; at most %d are possible", n,
			GATEWAY_MAX_INSIDE);
		return;
	}
	if (n == 0)
		return;
	out->inside = calloc(n, sizeof(*out->inside));
	if (out->inside == NULL) {
		c->no_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);
		char key[24];

		snprintf(key, sizeof(key), "%zu", i);
		if (json_is_string(v))
			one_inside(c, key, json_string_value(v), out);
		else
			cfg_error(c, "/inside", key, NULL, "must be a string, not %s",
				cfg_type_name(v));
	}
}

static const struct cfg_word TUNNELS[] = {{"ipip", GATEWAY_TUN_IPIP}, {"vxlan", GATEWAY_TUN_VXLAN},
	{"geneve", GATEWAY_TUN_GENEVE}, {"gtpu", GATEWAY_TUN_GTPU}, {"tzsp", GATEWAY_TUN_TZSP},
	{"capwap", GATEWAY_TUN_CAPWAP}, {NULL, 0}};

void cfg_tunnels(struct cfg *c, json_t *list, struct gateway_config *out)
{
	struct gateway_strings names = {0};

	out->tunnels = 0;
	cfg_strings(c, "/tunnels", list, 0, 6, &names);
	for (size_t i = 0; i < names.n; i++) {
		const struct cfg_word *w = TUNNELS;
		char key[24];

		snprintf(key, sizeof(key), "%zu", i);
		while (w->text != NULL && strcmp(w->text, names.v[i]) != 0)
			w++;
		if (w->text == NULL)
			cfg_error(c, "/tunnels", key,
				"one of \"ipip\", \"vxlan\", \"geneve\", \"gtpu\", \"tzsp\", "
				"\"capwap\"",
				"unknown tunnel \"%.80s\"", names.v[i]);
		else if (out->tunnels & (uint32_t)w->value)
			cfg_error(c, "/tunnels", key, NULL, "\"%s\" is given twice", w->text);
		else
			out->tunnels |= (uint32_t)w->value;
		free(names.v[i]);
	}
	free(names.v);
}
