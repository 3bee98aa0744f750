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

void cfg_lcores(struct cfg *c, json_t *list, struct gateway_config *out)
{
	struct gateway_workers *w = &out->workers;
	size_t n = json_array_size(list);

	if (n < 1 || n > GATEWAY_MAX_LCORES) {
		cfg_error(c, "/workers/lcores", NULL, NULL,
			"has %zu elements; 1 to %d are possible", n, GATEWAY_MAX_LCORES);
		return;
	}
	w->lcores = calloc(n, sizeof(*w->lcores));
	if (w->lcores == NULL) {
		c->no_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);
		json_int_t id = json_integer_value(v);
		char key[24];

		snprintf(key, sizeof(key), "%zu", i);
		if (!json_is_integer(v)) {
			cfg_error(c, "/workers/lcores", key, NULL, "must be a whole number, not %s",
				cfg_type_name(v));
			continue;
		}
		if (id < 0 || id > GATEWAY_MAX_LCORE) {
			cfg_error(c, "/workers/lcores", key, NULL,
				"is %" JSON_INTEGER_FORMAT ", out of range 0 to %d", id,
				GATEWAY_MAX_LCORE);
			continue;
		}
		for (size_t k = 0; k < w->n_lcores; k++)
			if (w->lcores[k] == (uint32_t)id)
				cfg_error(c, "/workers/lcores", key, "each lcore runs one worker",
					"lcore %u is given twice", w->lcores[k]);
		w->lcores[w->n_lcores++] = (uint32_t)id;
	}
}

void cfg_check_lcores(struct cfg *c, const struct gateway_config *g)
{
	for (size_t i = 0; i < g->workers.n_lcores; i++) {
		uint32_t id = g->workers.lcores[i];
		char key[24];

		snprintf(key, sizeof(key), "%zu", i);
		if (g->eal.lcores_known && !(g->eal.lcores[id / 8] >> id % 8 & 1))
			cfg_error(c, "/workers/lcores", key,
				"add it to -l in eal, or take it out here",
				"lcore %u is not among the EAL's", id);
		else if (g->eal.main_lcore == (int)id)
			cfg_error(c, "/workers/lcores", key,
				"give eal one more lcore in -l, or choose it with --main-lcore",
				"lcore %u is the EAL's main lcore, which runs the control side",
				id);
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
	char addr[INET6_ADDRSTRLEN], hint[INET6_ADDRSTRLEN + 40];

	if (!parse_prefix(text, &p)) {
		cfg_error(c, "/inside", key, "write \"192.0.2.0/24\" or \"2001:db8:20::/48\"",
			"is not a prefix: \"%.80s\"", text);
		return;
	}
	if (clear_host_bits(&p)) {
		inet_ntop(p.addr.version == 4 ? AF_INET : AF_INET6, p.addr.b, addr, sizeof(addr));
		snprintf(hint, sizeof(hint), "did you mean \"%s/%u\"?", addr, p.len);
		cfg_error(c, "/inside", key, hint, "\"%s\" has bits set behind its length", text);
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
