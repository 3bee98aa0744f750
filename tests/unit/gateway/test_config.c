// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The configuration: tests/configs holds what must load and what must not, and with which words.
// The JSON Schema is held to the same files by tests/schema/check_configs.py.
#include "app/gateway/config.h"
#include "policy/jsondoc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int parse(const char *text, struct gateway_config *g, struct diag_list *d)
{
	diag_init(d, "gateway.json");
	return config_parse("gateway.json", text, strlen(text), g, d);
}

static void print_findings(const struct diag_list *d)
{
	char line[1024];

	for (size_t i = 0; i < d->n; i++) {
		diag_format(d, i, line, sizeof(line));
		print_message("  %s\n", line);
	}
}

static bool has_finding(const struct diag_list *d, const char *text)
{
	char line[1024];

	for (size_t i = 0; i < d->n; i++) {
		diag_format(d, i, line, sizeof(line));
		if (strstr(line, text) != NULL)
			return true;
	}
	return false;
}

static json_t *load_json(const char *path)
{
	json_error_t err;
	json_t *root = json_load_file(path, 0, &err);

	if (root == NULL)
		fail_msg("%s: %s", path, err.text);
	return root;
}

// The container of the value at a pointer, and its key there.
static json_t *walk(json_t *doc, const char *pointer, char *key, size_t size)
{
	const char *slash;

	for (pointer++; (slash = strchr(pointer, '/')) != NULL; pointer = slash + 1) {
		snprintf(key, size, "%.*s", (int)(slash - pointer), pointer);
		if (json_is_array(doc))
			doc = json_array_get(doc, strtoul(key, NULL, 10));
		else
			doc = json_object_get(doc, key);
		assert_non_null(doc);
	}
	snprintf(key, size, "%s", pointer);
	return doc;
}

static json_t *build(json_t *bases, json_t *c)
{
	json_t *doc = json_deep_copy(
		json_object_get(bases, json_string_value(json_object_get(c, "base"))));
	json_t *v, *where;
	const char *pointer;
	char key[64];
	size_t i;

	assert_non_null(doc);
	json_array_foreach (json_object_get(c, "remove"), i, v) {
		where = walk(doc, json_string_value(v), key, sizeof(key));
		assert_int_equal(json_object_del(where, key), 0);
	}
	json_object_foreach (json_object_get(c, "set"), pointer, v) {
		where = walk(doc, pointer, key, sizeof(key));
		if (json_is_array(where))
			json_array_set(where, strtoul(key, NULL, 10), v);
		else
			json_object_set(where, key, v);
	}
	return doc;
}

static void run_case(json_t *bases, json_t *c, unsigned *wrong)
{
	const char *finding = json_string_value(json_object_get(c, "finding"));
	bool loads = json_is_true(json_object_get(c, "loads"));
	json_t *doc = build(bases, c);
	char *text = json_dumps(doc, JSON_INDENT(1));
	struct gateway_config g;
	struct diag_list d;
	int rc = parse(text, &g, &d);

	if (loads != (rc == 0) || loads == diag_failed(&d) ||
		(finding != NULL && !has_finding(&d, finding)) || (finding == NULL && d.n > 0)) {
		print_message("%s: config_parse() gave %d; wanted: %s\n",
			json_string_value(json_object_get(c, "name")), rc,
			finding != NULL ? finding : "no finding");
		print_findings(&d);
		(*wrong)++;
	}
	config_free(&g);
	diag_clear(&d);
	free(text);
	json_decref(doc);
}

static void cases_are_judged_as_expected(void **state)
{
	static const char *const NAMES[] = {"example", "minimal", "tap"};
	json_t *cases = load_json(TESTS_DIR "/configs/cases.json"), *c;
	json_t *bases = json_object();
	unsigned wrong = 0;
	char path[512];
	size_t i;

	for (i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		snprintf(path, sizeof(path), TESTS_DIR "/configs/good/%s.json", NAMES[i]);
		json_object_set_new(bases, NAMES[i], load_json(path));
	}
	assert_true(json_array_size(cases) > 100);
	json_array_foreach (cases, i, c)
		run_case(bases, c, &wrong);
	assert_int_equal(wrong, 0);
	json_decref(bases);
	json_decref(cases);
}

static void load_good(const char *name, struct gateway_config *g)
{
	struct diag_list d;
	char path[512];

	snprintf(path, sizeof(path), TESTS_DIR "/configs/good/%s", name);
	diag_init(&d, path);
	if (config_load(path, g, &d) != 0) {
		print_findings(&d);
		fail_msg("%s does not load", path);
	}
	assert_int_equal(d.n, 0);
	assert_string_equal(g->path, path);
	diag_clear(&d);
}

static void example_has_its_values(void **state)
{
	struct gateway_config g;

	load_good("example.json", &g);
	assert_string_equal(g.name, "gw-a1");
	assert_int_equal(g.mode, GATEWAY_INLINE);
	assert_int_equal(g.eal.args.n, 6);
	assert_string_equal(g.eal.args.v[1], "0-1");
	assert_int_equal(g.eal.n_vdevs, 2);
	assert_string_equal(g.eal.vdevs[1].name, "net_af_packet1");
	assert_string_equal(g.eal.vdevs[1].iface, "veth-out");
	assert_true(g.eal.lcores_known && g.eal.in_memory && g.eal.no_pci && !g.eal.no_huge);
	assert_int_equal(g.eal.lcores[0], 3);
	assert_int_equal(g.eal.main_lcore, 0);
	assert_int_equal(g.n_wires, 1);
	assert_string_equal(g.wires[0].name, "uplink-a");
	assert_string_equal(g.wires[0].inside, "net_af_packet0");
	assert_string_equal(g.wires[0].outside, "net_af_packet1");
	assert_int_equal(g.n_inside, 2);
	assert_int_equal(g.inside[0].addr.version, 4);
	assert_int_equal(g.inside[0].addr.b[0], 10);
	assert_int_equal(g.inside[0].len, 8);
	assert_int_equal(g.inside[1].addr.version, 6);
	assert_int_equal(g.inside[1].addr.b[5], 0x20);
	assert_int_equal(g.inside[1].len, 48);
	assert_int_equal(g.workers.n_lcores, 1);
	assert_int_equal(g.workers.lcores[0], 1);
	assert_int_equal(g.workers.mbufs, 65535);
	assert_int_equal(g.flows.timeouts.tcp_closing, 10);
	assert_int_equal(g.country_db.n, 2);
	assert_string_equal(g.country_db.v[1], "/usr/share/tor/geoip6");
	assert_int_equal(g.asn_db.n, 0);
	assert_string_equal(g.policy, "/etc/bridgehead/policy.json");
	assert_string_equal(g.log.dir, "/var/log/bridgehead");
	assert_true(g.log.segment_bytes == UINT64_C(1) << 30);
	assert_int_equal(g.exceptions.dpi_full, POLICY_FLAG);
	assert_int_equal(g.exceptions.overload, POLICY_ALLOW);
	assert_int_equal(g.flows.new_share, 5);
	assert_int_equal(g.workers.idle, IDLE_POLL);
	assert_int_equal(g.workers.idle_us, 50);
	assert_int_equal(g.exceptions.malformed, POLICY_ALLOW);
	assert_string_equal(g.control_socket, "/run/bridgehead/control.sock");
	config_free(&g);
	assert_null(g.name);
	config_free(&g);
}

static void absent_parts_have_their_defaults(void **state)
{
	struct gateway_config g;

	load_good("minimal.json", &g);
	assert_int_equal(g.eal.args.n, 0);
	assert_false(g.eal.lcores_known);
	assert_int_equal(g.eal.main_lcore, -1);
	assert_int_equal(g.n_inside, 0);
	assert_int_equal(g.workers.burst, 64);
	assert_int_equal(g.workers.rx_descriptors, 1024);
	assert_int_equal(g.workers.tx_descriptors, 1024);
	assert_int_equal(g.workers.mbufs, 65535);
	assert_int_equal(g.workers.mtu, 0);
	assert_true(g.workers.link_propagation);
	assert_int_equal(g.flows.max, 1048576);
	assert_int_equal(g.flows.update_s, 60);
	assert_int_equal(g.flows.timeouts.tcp_syn, 10);
	assert_int_equal(g.flows.timeouts.tcp, 300);
	assert_int_equal(g.flows.timeouts.udp, 60);
	assert_int_equal(g.flows.timeouts.icmp, 10);
	assert_int_equal(g.flows.timeouts.other, 60);
	assert_int_equal(g.dpi.contexts, 65536);
	assert_int_equal(g.dpi.max_packets_tcp, 80);
	assert_int_equal(g.dpi.max_packets_udp, 24);
	assert_int_equal(g.dpi.classify, GATEWAY_CLASSIFY_ALWAYS);
	assert_string_equal(g.state_dir, "/var/lib/bridgehead");
	assert_string_equal(g.log.dir, "/var/log/bridgehead");
	assert_int_equal(g.log.sync_ms, 1000);
	assert_int_equal(g.log.segment_s, 3600);
	assert_false(g.log.local_flows);
	assert_null(g.log.key);
	assert_true(g.log.retain_days == 0 && g.log.retain_bytes == 0);
	assert_int_equal(g.exceptions.flow_table_full, POLICY_ALLOW);
	assert_int_equal(g.exceptions.dpi_full, POLICY_FLAG);
	assert_int_equal(g.tunnels, GATEWAY_TUN_ALL);
	assert_int_equal(g.record_ring, 65536);
	config_free(&g);
}

static void tap_has_its_values(void **state)
{
	struct gateway_config g;

	load_good("tap.json", &g);
	assert_int_equal(g.mode, GATEWAY_TAP);
	assert_int_equal(g.n_taps, 1);
	assert_string_equal(g.taps[0].name, "span");
	assert_string_equal(g.taps[0].port, "net_af_packet0");
	assert_int_equal(g.n_wires, 1);
	assert_true(g.eal.no_huge);
	assert_int_equal(g.eal.memory_mb, 512);
	assert_int_equal(g.eal.lcores[0], 0x1f);
	assert_int_equal(g.eal.main_lcore, 4);
	assert_string_equal(g.eal.vdevs[1].iface, "fibre-rx");
	assert_int_equal(g.inside[0].len, 32);
	assert_int_equal(g.inside[2].len, 0);
	assert_int_equal(g.inside[2].addr.version, 6);
	assert_int_equal(g.workers.burst, 256);
	assert_int_equal(g.workers.mtu, 9000);
	assert_false(g.workers.link_propagation);
	assert_int_equal(g.flows.timeouts.udp, 1);
	assert_int_equal(g.flows.timeouts.tcp, 300);
	assert_int_equal(g.dpi.max_packets_tcp, 1);
	assert_int_equal(g.dpi.max_packets_udp, 24);
	assert_int_equal(g.dpi.classify, GATEWAY_CLASSIFY_NEEDED);
	assert_int_equal(g.tunnels, GATEWAY_TUN_VXLAN | GATEWAY_TUN_GTPU);
	assert_int_equal(g.log.sync_ms, 0);
	assert_true(g.log.local_flows);
	assert_int_equal(g.exceptions.malformed, POLICY_BLOCK);
	assert_int_equal(g.exceptions.log_disk_full, POLICY_FLAG);
	config_free(&g);
}

static void findings_have_place_pointer_and_hint(void **state)
{
	static const char TEXT[] = "{\n"
				   "  \"schema\": \"gateway/1\",\n"
				   "  \"name\": \"gw\",\n"
				   "  \"mode\": \"tap\",\n"
				   "  \"taps\": [{ \"name\": \"t\", \"port\": \"net_null0\" }],\n"
				   "  \"workers\": { \"lcores\": [1], \"burst\": 257 },\n"
				   "  \"country_db\": [\"geoip\"],\n"
				   "  \"polcy\": \"p.json\"\n"
				   "}\n";
	struct gateway_config g;
	struct diag_list d;

	assert_int_equal(parse(TEXT, &g, &d), -EINVAL);
	assert_int_equal(d.errors, 4);
	assert_true(has_finding(&d, "gateway.json:6:40: /workers/burst: is 257, out of range 1 to "
				    "256"));
	assert_true(has_finding(&d, "gateway.json:8:"));
	assert_true(has_finding(&d, "did you mean \"policy\""));
	assert_true(has_finding(&d, "\"policy\" is missing; the path of an egress-policy/1 file"));
	assert_true(has_finding(&d, "/taps/0/port: no --vdev of eal makes \"net_null0\"; add"));
	diag_clear(&d);
}

static void text_that_is_no_object_is_refused(void **state)
{
	static const char *const TEXTS[] = {"", " ", "[]", "1", "null", "\"x\"", "{", "{}}",
		"{\"a\":}", "\xff\xfe{}", "{\"schema\":\"gateway/1\",\"schema\":\"gateway/1\"}"};

	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
		struct gateway_config g;
		struct diag_list d;

		assert_int_not_equal(parse(TEXTS[i], &g, &d), 0);
		assert_true(diag_failed(&d) && d.n > 0);
		assert_null(g.name);
		diag_clear(&d);
	}
}

static void files_that_cannot_be_read_are_refused(void **state)
{
	static const char *const PATHS[] = {"/nonexistent/gateway.json", "/", "/dev/null"};

	for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
		struct gateway_config g;
		struct diag_list d;

		diag_init(&d, PATHS[i]);
		assert_true(config_load(PATHS[i], &g, &d) < 0);
		assert_int_equal(d.errors, 1);
		assert_true(has_finding(&d, PATHS[i]));
		diag_clear(&d);
	}
}

// Every file cut at every byte: refused, with a finding, and (under the sanitizers) no stray
// access.
static void cut_texts_are_refused(void **state)
{
	json_t *root = load_json(TESTS_DIR "/configs/good/tap.json");
	char *text = json_dumps(root, JSON_COMPACT);
	size_t len = strlen(text);

	for (size_t n = 0; n < len; n++) {
		struct gateway_config g;
		struct diag_list d;

		diag_init(&d, "cut.json");
		assert_int_not_equal(config_parse("cut.json", text, n, &g, &d), 0);
		assert_true(diag_failed(&d));
		diag_clear(&d);
	}
	free(text);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_are_judged_as_expected),
		cmocka_unit_test(example_has_its_values),
		cmocka_unit_test(absent_parts_have_their_defaults),
		cmocka_unit_test(tap_has_its_values),
		cmocka_unit_test(findings_have_place_pointer_and_hint),
		cmocka_unit_test(text_that_is_no_object_is_refused),
		cmocka_unit_test(files_that_cannot_be_read_are_refused),
		cmocka_unit_test(cut_texts_are_refused),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
