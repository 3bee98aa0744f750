// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/config.h"

#include "app/dataplane/flow_table.h"
#include "app/gateway/config_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define PATH_LEN  4095
#define CONFIG(f) offsetof(struct gateway_config, f)
// A number in struct type; path is a member, also of a member.
#define NUMBER(text, type, path, lo, hi)                                                           \
	{                                                                                          \
		.key = text, .kind = CFG_U32, .offset = offsetof(type, path), .min = lo, .max = hi \
	}

static const struct cfg_word MODES[] = {
	{"inline", GATEWAY_INLINE}, {"tap", GATEWAY_TAP}, {NULL, 0}};
static const struct cfg_word CLASSIFY[] = {
	{"always", GATEWAY_CLASSIFY_ALWAYS}, {"needed", GATEWAY_CLASSIFY_NEEDED}, {NULL, 0}};
static const struct cfg_word IDLE[] = {
	{"poll", IDLE_POLL}, {"pause", IDLE_PAUSE}, {"sleep", IDLE_SLEEP}, {NULL, 0}};
static const struct cfg_word ACTIONS[] = {
	{"pass", POLICY_ALLOW}, {"flag", POLICY_FLAG}, {"block", POLICY_BLOCK}, {NULL, 0}};

static const struct cfg_field TOP[] = {
	{.key = "schema",
		.kind = CFG_OTHER,
		.required = true,
		.hint = "add \"schema\": \"gateway/1\""},
	{.key = "name",
		.kind = CFG_STRING,
		.required = true,
		.offset = CONFIG(name),
		.min = 1,
		.max = 63,
		.hint = "the gateway's name as the flow log will show it"},
	{.key = "mode",
		.kind = CFG_WORD,
		.required = true,
		.offset = CONFIG(mode),
		.words = MODES,
		.hint = "\"inline\" or \"tap\""},
	{.key = "eal", .kind = CFG_OTHER},
	{.key = "wires", .kind = CFG_OTHER},
	{.key = "taps", .kind = CFG_OTHER},
	{.key = "inside", .kind = CFG_OTHER},
	{.key = "workers",
		.kind = CFG_OTHER,
		.required = true,
		.hint = "add \"workers\": { \"lcores\": [1] }"},
	{.key = "flows", .kind = CFG_OTHER},
	{.key = "dpi", .kind = CFG_OTHER},
	{.key = "offload", .kind = CFG_OTHER},
	{.key = "country_db",
		.kind = CFG_OTHER,
		.required = true,
		.hint = "add [\"/usr/share/tor/geoip\", \"/usr/share/tor/geoip6\"] (package "
			"tor-geoipdb)"},
	{.key = "asn_db", .kind = CFG_OTHER},
	{.key = "policy",
		.kind = CFG_STRING,
		.required = true,
		.offset = CONFIG(policy),
		.min = 1,
		.max = PATH_LEN,
		.hint = "the path of an egress-policy/1 file"},
	{.key = "policy_keys", .kind = CFG_OTHER},
	{.key = "policy_watch", .kind = CFG_BOOL, .offset = CONFIG(policy_watch)},
	{.key = "state_dir",
		.kind = CFG_STRING,
		.offset = CONFIG(state_dir),
		.min = 1,
		.max = PATH_LEN},
	{.key = "log", .kind = CFG_OTHER},
	{.key = "exceptions", .kind = CFG_OTHER},
	{.key = "control_socket",
		.kind = CFG_STRING,
		.offset = CONFIG(control_socket),
		.min = 1,
		.max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1},
	{.key = "tunnels", .kind = CFG_OTHER},
	NUMBER("record_ring", struct gateway_config, record_ring, 64, 1u << 22),
};

static const struct cfg_field WORKERS[] = {
	{.key = "lcores", .kind = CFG_OTHER, .required = true, .hint = "add \"lcores\": [1]"},
	{.key = "dpi_lcores", .kind = CFG_OTHER},
	NUMBER("burst", struct gateway_workers, burst, 1, GATEWAY_MAX_BURST),
	NUMBER("rx_descriptors", struct gateway_workers, rx_descriptors, 64, 32768),
	NUMBER("tx_descriptors", struct gateway_workers, tx_descriptors, 64, 32768),
	NUMBER("mbufs", struct gateway_workers, mbufs, 1024, 1u << 26),
	NUMBER("mtu", struct gateway_workers, mtu, 68, 9702),
	{.key = "idle",
		.kind = CFG_WORD,
		.offset = offsetof(struct gateway_workers, idle),
		.words = IDLE},
	NUMBER("idle_us", struct gateway_workers, idle_us, 1, IDLE_MAX_US),
	{.key = "link_propagation",
		.kind = CFG_BOOL,
		.offset = offsetof(struct gateway_workers, link_propagation)},
};

static const struct cfg_field FLOWS[] = {
	NUMBER("max", struct gateway_flows, max, 1, FLOW_MAX),
	{.key = "timeouts_s", .kind = CFG_OTHER},
	NUMBER("new_share", struct gateway_flows, new_share, 0, 99),
	NUMBER("update_s", struct gateway_flows, update_s, 1, 86400),
};

#define TIMEOUT(f) NUMBER(#f, struct gateway_timeouts, f, 1, 604800)
static const struct cfg_field TIMEOUTS[] = {TIMEOUT(tcp_syn), TIMEOUT(tcp), TIMEOUT(tcp_closing),
	TIMEOUT(udp), TIMEOUT(icmp), TIMEOUT(other)};

static const struct cfg_field DPI[] = {
	NUMBER("contexts", struct gateway_dpi, contexts, 1, 1u << 24),
	{.key = "max_packets", .kind = CFG_OTHER},
	{.key = "classify",
		.kind = CFG_WORD,
		.offset = offsetof(struct gateway_dpi, classify),
		.words = CLASSIFY},
};

static const struct cfg_field MAX_PACKETS[] = {
	NUMBER("tcp", struct gateway_dpi, max_packets_tcp, 1, 65535),
	NUMBER("udp", struct gateway_dpi, max_packets_udp, 1, 65535),
};

static const struct cfg_field OFFLOAD[] = {
	{.key = "enabled",
		.kind = CFG_BOOL,
		.offset = offsetof(struct gateway_offload_config, enabled)},
	NUMBER("min_packets", struct gateway_offload_config, min_packets, 1, 1u << 30),
	NUMBER("max_flows", struct gateway_offload_config, max_flows, 1, 1u << 20),
	NUMBER("idle_s", struct gateway_offload_config, idle_s, 1, 3600),
};

static const struct cfg_field LOG[] = {
	{.key = "dir",
		.kind = CFG_STRING,
		.offset = offsetof(struct gateway_log, dir),
		.min = 1,
		.max = PATH_LEN},
	NUMBER("sync_ms", struct gateway_log, sync_ms, 0, 60000),
	{.key = "segment_bytes",
		.kind = CFG_U64,
		.offset = offsetof(struct gateway_log, segment_bytes),
		.min = 4096,
		.max = UINT64_C(1) << 40},
	NUMBER("segment_s", struct gateway_log, segment_s, 1, 604800),
	{.key = "capture_bytes",
		.kind = CFG_U64,
		.offset = offsetof(struct gateway_log, capture_bytes),
		.min = 4096,
		.max = UINT64_C(1) << 40},
	NUMBER("captures_per_s", struct gateway_log, captures_per_s, 1, 100000),
	{.key = "local_flows",
		.kind = CFG_BOOL,
		.offset = offsetof(struct gateway_log, local_flows)},
	{.key = "key",
		.kind = CFG_STRING,
		.offset = offsetof(struct gateway_log, key),
		.min = 1,
		.max = PATH_LEN},
	NUMBER("retain_days", struct gateway_log, retain_days, 0, 36500),
	{.key = "retain_bytes",
		.kind = CFG_U64,
		.offset = offsetof(struct gateway_log, retain_bytes),
		.min = 0,
		.max = UINT64_C(1) << 50},
};

#define EXCEPTION(f)                                                                               \
	{                                                                                          \
		.key = #f, .kind = CFG_WORD, .offset = offsetof(struct gateway_exceptions, f),     \
		.words = ACTIONS                                                                   \
	}
static const struct cfg_field EXCEPTIONS[] = {EXCEPTION(malformed), EXCEPTION(flow_table_full),
	EXCEPTION(dpi_full), EXCEPTION(record_ring_full), EXCEPTION(log_disk_full),
	EXCEPTION(overload)};

static int set_defaults(struct gateway_config *g)
{
	g->eal.main_lcore = -1;
	g->workers = (struct gateway_workers){.burst = 64,
		.rx_descriptors = 1024,
		.tx_descriptors = 1024,
		.mbufs = 65535,
		.idle_us = 50,
		.link_propagation = true};
	g->flows = (struct gateway_flows){.max = 1u << 20,
		.new_share = 5,
		.update_s = 60,
		.timeouts = {.tcp_syn = 10,
			.tcp = 300,
			.tcp_closing = 10,
			.udp = 60,
			.icmp = 10,
			.other = 60}};
	g->dpi = (struct gateway_dpi){.contexts = 65536,
		.max_packets_tcp = 80,
		.max_packets_udp = 24,
		.classify = GATEWAY_CLASSIFY_ALWAYS};
	g->offload = (struct gateway_offload_config){
		.min_packets = 10000, .max_flows = 4096, .idle_s = 10};
	g->log = (struct gateway_log){.dir = strdup("/var/log/bridgehead"),
		.sync_ms = 1000,
		.segment_bytes = UINT64_C(1) << 30,
		.segment_s = 3600,
		.capture_bytes = UINT64_C(1) << 30,
		.captures_per_s = 100};
	g->exceptions = (struct gateway_exceptions){.dpi_full = POLICY_FLAG};
	g->state_dir = strdup("/var/lib/bridgehead");
	g->control_socket = strdup("/run/bridgehead/control.sock");
	g->tunnels = GATEWAY_TUN_ALL;
	g->record_ring = 65536;
	return g->log.dir && g->state_dir && g->control_socket ? 0 : -ENOMEM;
}

static void read_schema(struct cfg *c, json_t *root)
{
	json_t *v = cfg_get(c, "", root, "schema", JSON_STRING);

	if (v != NULL && strcmp(json_string_value(v), "gateway/1") != 0)
		cfg_error(c, "", "schema", "this program reads \"gateway/1\"",
			"unknown format \"%.80s\"", json_string_value(v));
}

static void read_sections(struct cfg *c, json_t *root, struct gateway_config *g)
{
	json_t *v, *sub;

	v = cfg_get(c, "", root, "workers", JSON_OBJECT);
	if (v != NULL && cfg_fields(c, "/workers", v, WORKERS, COUNT(WORKERS), &g->workers)) {
		sub = cfg_get(c, "/workers", v, "lcores", JSON_ARRAY);
		if (sub != NULL)
			cfg_lcores(c, sub, g);
		sub = cfg_get(c, "/workers", v, "dpi_lcores", JSON_ARRAY);
		if (sub != NULL)
			cfg_dpi_lcores(c, sub, g);
	}
	v = cfg_get(c, "", root, "flows", JSON_OBJECT);
	if (v != NULL && cfg_fields(c, "/flows", v, FLOWS, COUNT(FLOWS), &g->flows)) {
		sub = cfg_get(c, "/flows", v, "timeouts_s", JSON_OBJECT);
		if (sub != NULL)
			cfg_fields(c, "/flows/timeouts_s", sub, TIMEOUTS, COUNT(TIMEOUTS),
				&g->flows.timeouts);
	}
	v = cfg_get(c, "", root, "dpi", JSON_OBJECT);
	if (v != NULL && cfg_fields(c, "/dpi", v, DPI, COUNT(DPI), &g->dpi)) {
		sub = cfg_get(c, "/dpi", v, "max_packets", JSON_OBJECT);
		if (sub != NULL)
			cfg_fields(c, "/dpi/max_packets", sub, MAX_PACKETS, COUNT(MAX_PACKETS),
				&g->dpi);
	}
	v = cfg_get(c, "", root, "offload", JSON_OBJECT);
	if (v != NULL)
		cfg_fields(c, "/offload", v, OFFLOAD, COUNT(OFFLOAD), &g->offload);
	v = cfg_get(c, "", root, "log", JSON_OBJECT);
	if (v != NULL)
		cfg_fields(c, "/log", v, LOG, COUNT(LOG), &g->log);
	v = cfg_get(c, "", root, "exceptions", JSON_OBJECT);
	if (v != NULL)
		cfg_fields(c, "/exceptions", v, EXCEPTIONS, COUNT(EXCEPTIONS), &g->exceptions);
}

static void read_lists(struct cfg *c, json_t *root, struct gateway_config *g)
{
	json_t *v;

	v = cfg_get(c, "", root, "eal", JSON_ARRAY);
	if (v != NULL)
		cfg_eal(c, v, &g->eal);
	v = cfg_get(c, "", root, "wires", JSON_ARRAY);
	if (v != NULL)
		cfg_wires(c, v, g);
	v = cfg_get(c, "", root, "taps", JSON_ARRAY);
	if (v != NULL)
		cfg_taps(c, v, g);
	v = cfg_get(c, "", root, "inside", JSON_ARRAY);
	if (v != NULL)
		cfg_inside(c, v, g);
	v = cfg_get(c, "", root, "country_db", JSON_ARRAY);
	if (v != NULL)
		cfg_strings(c, "/country_db", v, 1, GATEWAY_MAX_DBS, &g->country_db);
	v = cfg_get(c, "", root, "policy_keys", JSON_ARRAY);
	if (v != NULL)
		cfg_strings(c, "/policy_keys", v, 1, GATEWAY_MAX_KEYS, &g->policy_keys);
	v = cfg_get(c, "", root, "asn_db", JSON_ARRAY);
	if (v != NULL)
		cfg_strings(c, "/asn_db", v, 0, GATEWAY_MAX_DBS, &g->asn_db);
	v = cfg_get(c, "", root, "tunnels", JSON_ARRAY);
	if (v != NULL)
		cfg_tunnels(c, v, g);
}

// What is for the whole gateway is shared out over those who use it without locks, none of whom can
// do without.
static void check_shares(struct cfg *c, const struct gateway_config *g)
{
	const size_t workers = g->workers.n_lcores, dpi = g->workers.n_dpi_lcores;
	const size_t pairs = workers * (dpi != 0 ? dpi : 1);
	char hint[80];

	if (g->flows.max < workers) {
		snprintf(hint, sizeof(hint), "the least is %zu, one flow for each", workers);
		cfg_error(c, "/flows", "max", hint, "is %u, which %zu workers cannot share",
			g->flows.max, workers);
	}
	if (g->dpi.contexts < pairs) {
		snprintf(hint, sizeof(hint), "the least is %zu, one context for each", pairs);
		cfg_error(c, "/dpi", "contexts", hint,
			dpi == 0 ? "is %u, which %zu workers cannot share"
				 : "is %u, which %zu pairs of a worker and an lcore of "
				   "workers.dpi_lcores cannot share",
			g->dpi.contexts, pairs);
	}
}

// What a daemon started by systemd would look for in "/" and a person's shell somewhere else.
static void check_relative(struct cfg *c, const char *parent, const char *key, const char *path)
{
	if (path != NULL && path[0] != '/')
		cfg_warn(c, parent, key, "write the whole path",
			"\"%.80s\" depends on the folder that the gateway is started in", path);
}

static void check_whole(struct cfg *c, json_t *root, const struct gateway_config *g)
{
	const json_t *mode = json_object_get(root, "mode");
	bool wires = json_object_get(root, "wires") != NULL;
	bool taps = json_object_get(root, "taps") != NULL;

	if (g->name != NULL)
		cfg_check_name(c, "", "name", g->name);
	if (json_is_string(mode) && strcmp(json_string_value(mode), "inline") == 0) {
		if (!wires)
			cfg_error(c, "", NULL, "name the port pairs that the gateway joins",
				"\"wires\" is missing");
		if (taps)
			cfg_error(c, "", "taps", "set \"mode\": \"tap\", or take it out",
				"inline mode has no taps");
	} else if (json_is_string(mode) && strcmp(json_string_value(mode), "tap") == 0 && !wires &&
		   !taps) {
		cfg_error(c, "", NULL, "name the ports to listen on",
			"tap mode needs \"taps\" or \"wires\"");
	}
	if (g->offload.enabled && g->mode == GATEWAY_TAP)
		cfg_error(c, "/offload", "enabled", "set it to false, or take \"offload\" out",
			"a tap forwards nothing that a port could take over");
	cfg_check_ports(c, g);
	cfg_check_lcores(c, g);
	check_shares(c, g);
	check_relative(c, "", "state_dir", g->state_dir);
	check_relative(c, "/log", "dir", g->log.dir);
	check_relative(c, "/log", "key", g->log.key);
	check_relative(c, "", "control_socket", g->control_socket);
}

static int read_config(struct jsondoc *doc, const char *path, struct gateway_config *out)
{
	struct cfg c = {.doc = doc};
	int rc = set_defaults(out);

	out->path = strdup(path);
	if (rc == 0 && out->path != NULL) {
		if (cfg_fields(&c, "", doc->root, TOP, COUNT(TOP), out)) {
			read_schema(&c, doc->root);
			read_sections(&c, doc->root, out);
			read_lists(&c, doc->root, out);
			check_whole(&c, doc->root, out);
		}
	} else {
		c.no_memory = true;
	}
	if (c.no_memory) {
		diag_add(doc->diag, DIAG_ERROR, 0, 0, NULL, NULL, "out of memory");
		rc = -ENOMEM;
	} else if (diag_failed(doc->diag)) {
		rc = -EINVAL;
	}
	if (rc != 0)
		config_free(out);
	return rc;
}

int config_load(const char *path, struct gateway_config *out, struct diag_list *diag)
{
	struct jsondoc doc;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = jsondoc_file(&doc, path, diag);
	if (rc == 0)
		rc = read_config(&doc, path, out);
	jsondoc_free(&doc); // also where the text was refused
	return rc;
}

int config_parse(const char *path, const char *text, size_t len, struct gateway_config *out,
	struct diag_list *diag)
{
	struct jsondoc doc;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = jsondoc_parse(&doc, text, len, diag);
	if (rc == 0)
		rc = read_config(&doc, path, out);
	jsondoc_free(&doc); // also where the text was refused
	return rc;
}

static void free_strings(struct gateway_strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
}

void config_free(struct gateway_config *c)
{
	for (size_t i = 0; i < c->eal.n_vdevs; i++) {
		free(c->eal.vdevs[i].name);
		free(c->eal.vdevs[i].iface);
	}
	free(c->eal.vdevs);
	for (size_t i = 0; i < c->n_wires; i++) {
		free(c->wires[i].name);
		free(c->wires[i].inside);
		free(c->wires[i].outside);
	}
	free(c->wires);
	for (size_t i = 0; i < c->n_taps; i++) {
		free(c->taps[i].name);
		free(c->taps[i].port);
	}
	free(c->taps);
	free_strings(&c->eal.args);
	free_strings(&c->country_db);
	free_strings(&c->policy_keys);
	free_strings(&c->asn_db);
	free(c->inside);
	free(c->workers.lcores);
	free(c->workers.dpi_lcores);
	free(c->path);
	free(c->name);
	free(c->policy);
	free(c->state_dir);
	free(c->log.dir);
	free(c->log.key);
	free(c->control_socket);
	memset(c, 0, sizeof(*c));
}
