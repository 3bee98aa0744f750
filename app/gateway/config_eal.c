// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/config_cores.h"
#include "app/gateway/config_parts.h"
#include "drivers/eal/devargs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One option of the EAL that means something to the rest of the configuration.
struct option {
	const char *name; // "-l" or "--lcores"
	bool has_value;
};

static const struct option OPTIONS[] = {{"-l", true}, {"--lcores", true}, {"-c", true},
	{"--main-lcore", true}, {"--vdev", true}, {"-m", true}, {"--no-huge", false},
	{"--in-memory", false}, {"--no-pci", false}};

// The option that args[*i] is, with its value from "-l0-1", "--opt=value" or the next argument (*i
// then moves on). NULL: none that is known here.
static const struct option *match(const struct gateway_strings *args, size_t *i, const char **value)
{
	const char *arg = args->v[*i];

	for (size_t k = 0; k < sizeof(OPTIONS) / sizeof(OPTIONS[0]); k++) {
		const struct option *o = &OPTIONS[k];
		size_t n = strlen(o->name);

		if (strncmp(arg, o->name, n) != 0)
			continue;
		*value = NULL;
		if (arg[n] == '\0') {
			if (o->has_value && *i + 1 < args->n)
				*value = args->v[++*i];
			return o;
		}
		if (o->has_value && (o->name[1] != '-' || arg[n] == '=')) {
			*value = arg + n + (arg[n] == '=');
			return o;
		}
	}
	return NULL;
}

// What the lcores are: all that is said of them elsewhere is held against it.
static void take_cores(struct cfg *c, struct gateway_eal *e, const char *pointer, const char *name,
	const char *value)
{
	const char *at, *wrong, *hint = "write \"0-3,5\"";

	if (strcmp(name, "-c") == 0) {
		hint = "write \"0x1f\", or better -l \"0-4\"";
		wrong = cfg_core_mask(value, e, &at);
	} else if (strcmp(name, "-l") == 0) {
		wrong = cfg_core_list(value, e, &at);
	} else {
		hint = "write \"0-3,5\", or \"(0-3)@(4,5)\" to say their CPUs";
		wrong = cfg_core_map(value, e, &at);
	}
	if (wrong != NULL && *at != '\0')
		cfg_error(c, pointer, NULL, hint, "%s \"%.80s\": %s at \"%.40s\"", name, value,
			wrong, at);
	else if (wrong != NULL)
		cfg_error(
			c, pointer, NULL, hint, "%s \"%.80s\": %s at its end", name, value, wrong);
}

// arg: the element of the list where value is.
static void add_vdev(
	struct cfg *c, struct gateway_eal *e, const char *pointer, const char *value, size_t arg)
{
	size_t len = devargs_name(value), iface_len = 0;
	const char *iface = devargs_interface(value, &iface_len);
	struct gateway_vdev *v;

	if (len == 0) {
		cfg_error(c, pointer, NULL, "write \"--vdev=net_af_packet0,iface=NAME\"",
			"--vdev without a device name");
		return;
	}
	v = realloc(e->vdevs, (e->n_vdevs + 1) * sizeof(*v));
	if (v == NULL) {
		c->no_memory = true;
		return;
	}
	e->vdevs = v;
	v += e->n_vdevs++;
	v->name = strndup(value, len);
	v->iface = iface != NULL ? strndup(iface, iface_len) : NULL;
	v->arg = arg;
	v->text = value;
	if (v->name == NULL || (iface != NULL && v->iface == NULL)) {
		c->no_memory = true;
		return;
	}
	for (size_t i = 0; i + 1 < e->n_vdevs; i++) {
		const struct gateway_vdev *w = &e->vdevs[i];

		if (w->name == NULL)
			continue;
		if (strcmp(w->name, v->name) == 0)
			cfg_error(c, pointer, NULL, "give each a number of its own",
				"device \"%s\" is made twice", v->name);
		else if (w->iface != NULL && v->iface != NULL && strcmp(w->iface, v->iface) == 0)
			cfg_error(c, pointer, NULL, "a wire needs two interfaces",
				"interface \"%s\" is used by %s and by %s", v->iface, w->name,
				v->name);
	}
}

static void take_option(struct cfg *c, struct gateway_eal *e, const char *pointer,
	const struct option *o, const char *value, size_t arg)
{
	if (o->has_value && value == NULL) {
		cfg_error(c, pointer, NULL, "each argument is a list element of its own",
			"%s needs a value", o->name);
		return;
	}
	if (strcmp(o->name, "-l") == 0 || strcmp(o->name, "--lcores") == 0 ||
		strcmp(o->name, "-c") == 0)
		take_cores(c, e, pointer, o->name, value);
	else if (strcmp(o->name, "--main-lcore") == 0)
		e->main_lcore = (int)strtol(value, NULL, 10);
	else if (strcmp(o->name, "--vdev") == 0)
		add_vdev(c, e, pointer, value, arg);
	else if (strcmp(o->name, "-m") == 0)
		e->memory_mb = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(o->name, "--no-huge") == 0)
		e->no_huge = true;
	else if (strcmp(o->name, "--in-memory") == 0)
		e->in_memory = true;
	else if (strcmp(o->name, "--no-pci") == 0)
		e->no_pci = true;
}

const struct gateway_vdev *config_vdev(const struct gateway_eal *e, const char *name)
{
	for (size_t i = 0; i < e->n_vdevs; i++)
		if (e->vdevs[i].name != NULL && strcmp(e->vdevs[i].name, name) == 0)
			return &e->vdevs[i];
	return NULL;
}

void cfg_eal(struct cfg *c, json_t *list, struct gateway_eal *out)
{
	cfg_strings(c, "/eal", list, 0, GATEWAY_MAX_EAL, &out->args);
	for (size_t i = 0; i < out->args.n; i++) {
		char pointer[32];
		const struct option *o;
		const char *value;

		snprintf(pointer, sizeof(pointer), "/eal/%zu", i);
		if (strcmp(out->args.v[i], "--") == 0) {
			cfg_error(c, pointer, NULL, "leave it out", "\"--\" has no meaning here");
			continue;
		}
		o = match(&out->args, &i, &value);
		if (o != NULL)
			take_option(c, out, pointer, o, value, i);
	}
	// Without --main-lcore the EAL takes the lowest lcore that it has.
	for (int n = 0; out->lcores_known && out->main_lcore < 0 && n <= GATEWAY_MAX_LCORE; n++)
		if (out->lcores[n / 8] >> n % 8 & 1)
			out->main_lcore = n;
	if (out->no_huge && out->in_memory)
		cfg_error(c, "/eal", NULL, "with --no-huge use --no-shconf instead",
			"--no-huge and --in-memory do not work together in DPDK 22.11");
}
