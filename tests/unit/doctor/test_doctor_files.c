// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the doctor says of policy, databases and folders, and how it prints.
#include "app/control/policy_sig.h"
#include "tests/unit/doctor/fake.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static void policies_must_load(void **state)
{
	struct fake *f = *state;

	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "policy", DOCTOR_OK, "13 rules", NULL);
	fake_expect(f, "policy_expiry", DOCTOR_OK, "in 400 days", NULL);
	fake_put(f, "/policy.json", "{\"schema\":\"egress-policy/1\",\n \"idd\": 1}\n");
	fake_run(f);
	fake_expect(f, "policy", DOCTOR_FAIL,
		"policy.json:", "bridgehead run --config gw.json --check");
	fake_refute(f, "policy_expiry", DOCTOR_OK);
	fake_gone(f, "/policy.json");
	fake_run(f);
	fake_expect(f, "policy", DOCTOR_FAIL, "No such file", NULL);
}

static void policies_end(void **state)
{
	struct fake *f = *state;

	fake_vdevs(f, NULL);
	fake_policy(f, "/policy.json", 13);
	fake_run(f);
	fake_expect(f, "policy_expiry", DOCTOR_WARN, "in 13 days", "systemctl reload bridgehead");
	fake_policy(f, "/policy.json", -1);
	fake_run(f);
	fake_expect(f, "policy_expiry", DOCTOR_FAIL, "expired at", NULL);
	fake_policy(f, "/policy.json", 15);
	fake_run(f);
	fake_expect(f, "policy_expiry", DOCTOR_OK, NULL, NULL);
}

// A signature over the policy that is there.
static void sign(struct fake *f, const struct key_private *k)
{
	static char text[65536];
	FILE *from = fopen(fake_path(f, "/policy.json"), "r");
	size_t len;
	char *sig;

	assert_non_null(from);
	len = fread(text, 1, sizeof(text), from);
	fclose(from);
	assert_in_range(len, 1, sizeof(text) - 1);
	sig = policy_sig_make(k, text, len, "lingang-park-egress", 412);
	assert_non_null(sig);
	fake_put(f, "/policy.json.sig", "%s", sig);
	free(sig);
}

static void policies_are_signed_where_keys_are_named(void **state)
{
	struct fake *f = *state;
	struct key_private *k = key_make("park"), *other = key_make("other");
	char set[512], key[KEY_TEXT_MAX];

	key_format(key_public_of(k), key);
	snprintf(set, sizeof(set), "{\"policy_keys\":[\"%s\"]}", key);
	fake_vdevs(f, set);
	fake_run(f);
	fake_expect(f, "policy_signature", DOCTOR_FAIL, "policy.json", "bhctl policy sign --key");
	sign(f, k);
	fake_run(f);
	fake_expect(f, "policy_signature", DOCTOR_OK, "signed by park+", NULL);
	fake_all_good(f);
	sign(f, other);
	fake_run(f);
	fake_expect(f, "policy_signature", DOCTOR_FAIL, NULL, NULL);
	sign(f, k);
	fake_policy(f, "/policy.json", 500); // another text than was signed
	fake_run(f);
	fake_expect(f, "policy_signature", DOCTOR_FAIL, NULL, NULL);
	fake_vdevs(f, "{\"policy_keys\":[\"/nonexistent/park.pub\"]}");
	fake_run(f);
	fake_expect(f, "policy_keys", DOCTOR_FAIL, "/nonexistent/park.pub", "bhctl keygen");
	fake_refute(f, "policy_signature", DOCTOR_OK);
	fake_vdevs(f, NULL); // no keys, no question
	fake_run(f);
	fake_refute(f, "policy_signature", DOCTOR_OK);
	key_free(k);
	key_free(other);
}

static void old_databases_warn(void **state)
{
	struct fake *f = *state;

	fake_database(f, "/usr/share/tor/geoip", 181);
	fake_run(f);
	fake_expect(f, "country_db", DOCTOR_WARN, "181 days old", "tor-geoipdb");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "country_db", DOCTOR_WARN, "181 days old", "tor-geoipdb");
	fake_database(f, "/usr/share/tor/geoip", 179);
	fake_run(f);
	fake_expect(f, "country_db", DOCTOR_OK, "1 ranges", NULL);
	fake_database(f, "/usr/share/tor/geoip", -400);
	fake_run(f);
	fake_expect(f, "clock", DOCTOR_FAIL, "yet to reach", "date -u");
}

static void bad_databases_fail(void **state)
{
	struct fake *f = *state;
	char set[256];

	fake_put(f, "/usr/share/tor/geoip", "no ranges\n");
	snprintf(set, sizeof(set), "{\"asn_db\":[\"%s\"]}", fake_path(f, "/asn.mmdb"));
	fake_vdevs(f, set);
	fake_run(f);
	fake_expect(f, "country_db", DOCTOR_FAIL, "geoip:1:", "--reinstall tor-geoipdb");
	fake_expect(f, "asn_db", DOCTOR_FAIL, "asn.mmdb", "geoipupdate");
	f->has_config = false;
	fake_gone(f, "/usr/share/tor");
	fake_run(f);
	fake_expect(f, "country_db", DOCTOR_NOTE, "geoip6", "apt-get install tor-geoipdb");
}

static void logs_need_room(void **state)
{
	struct fake *f = *state;

	fake_vdevs(f, NULL);
	f->space.bytes = UINT64_C(5) << 30;
	fake_run(f);
	fake_expect(f, "log_space", DOCTOR_WARN, "5 segments of 1 GiB", "df -h");
	f->space.bytes = UINT64_C(1) << 29;
	fake_run(f);
	fake_expect(f, "log_space", DOCTOR_FAIL, "512 MiB free", NULL);
	f->space.bytes = UINT64_C(100) << 30;
	f->space.inodes = 3;
	fake_run(f);
	fake_expect(f, "log_space", DOCTOR_FAIL, "inodes", NULL);
	f->space.inodes = UINT64_MAX;
	f->space.volatile_ = true;
	fake_run(f);
	fake_expect(f, "log_space", DOCTOR_WARN, "in memory", "log.dir");
	f->space_error = -EACCES;
	fake_run(f);
	fake_expect(f, "log_space", DOCTOR_UNKNOWN, NULL, NULL);
}

static void folders_must_be_writable(void **state)
{
	struct fake *f = *state;
	char set[256];

	fake_vdevs(f, NULL);
	fake_gone(f, "/log");
	fake_run(f);
	fake_expect(f, "log_dir", DOCTOR_OK, "the gateway makes it", NULL);
	snprintf(set, sizeof(set), "{\"log\":{\"dir\":\"%s\"}}", fake_path(f, "/var/log/bh"));
	fake_vdevs(f, set);
	fake_run(f);
	fake_expect(f, "log_dir", DOCTOR_FAIL, "/var/log is there", "mkdir -p -m 0750");
	fake_vdevs(f, NULL);
	fake_put(f, "/log", "a file\n");
	fake_run(f);
	fake_expect(f, "log_dir", DOCTOR_FAIL, "is no folder", "mv ");
	if (geteuid() != 0)
		return; // another user's folder is needed below
	fake_gone(f, "/log");
	fake_put(f, "/log/.keep", "\n");
	assert_int_equal(chmod(f->dir, 0755), 0);
	assert_int_equal(setresuid(0, NOBODY, 0), 0);
	f->host.uid = NOBODY;
	fake_run(f);
	assert_int_equal(setresuid(0, 0, 0), 0);

	fake_expect(f, "log_dir", DOCTOR_FAIL, "cannot be written by this user (uid 65534)",
		"install -d");
	fake_expect(f, "state_dir", DOCTOR_FAIL, "Permission denied", NULL);
}

static void the_control_socket_must_fit(void **state)
{
	struct fake *f = *state;
	char set[512];

	fake_put(f, "/run/c.sock", "not a socket\n");
	fake_put(f, "/etc/group", "root:x:0:\nbridgeheads:x:990:\n");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "control_socket", DOCTOR_FAIL, "is no socket", "mv ");
	fake_expect(f, "control_group", DOCTOR_NOTE, "no group", "groupadd --system bridgehead");
	fake_gone(f, "/run");
	fake_run(f);
	fake_expect(f, "control_socket", DOCTOR_OK, "the gateway makes it", NULL);
	snprintf(set, sizeof(set), "{\"control_socket\":\"/run/%0100d\"}", 0);
	fake_vdevs(f, set);
	fake_gone(f, "/etc/group");
	fake_run(f);
	fake_expect(f, "control_socket", DOCTOR_OK, NULL, NULL);
	fake_expect(f, "control_group", DOCTOR_UNKNOWN, NULL, NULL);
}

static char *printed(struct fake *f, int how) // 0: text, 1: colour, 2: JSON
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	if (how == 2)
		doctor_print_json(&f->d, to);
	else
		doctor_print_text(&f->d, how == 1, to);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void json_has_every_finding(void **state)
{
	static const char *const keys[] = {"check", "level", "saw", "why", "mend"};
	struct fake *f = *state;
	char *text;
	json_t *all, *o;
	size_t i;

	f->host.clock.synchronised = false;
	fake_vdevs(f, NULL);
	fake_run(f);
	text = printed(f, 2);
	all = json_loads(text, 0, NULL);
	assert_int_equal(json_array_size(all), f->d.n);
	json_array_foreach (all, i, o) {
		assert_int_equal(json_object_size(o), 5);
		for (size_t k = 0; k < 5; k++)
			assert_true(json_is_string(json_object_get(o, keys[k])));
		assert_string_equal(
			json_string_value(json_object_get(o, "check")), f->d.v[i].check);
		assert_string_equal(json_string_value(json_object_get(o, "saw")), f->d.v[i].saw);
	}
	assert_non_null(strstr(text, "\"level\": \"warn\""));
	json_decref(all);
	free(text);
}

static void text_is_coloured_only_where_asked(void **state)
{
	struct fake *f = *state;
	char *plain, *colour;

	f->host.clock.synchronised = false;
	fake_run(f);
	plain = printed(f, 0);
	colour = printed(f, 1);
	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(colour, "\033[33mWARN"));
	assert_non_null(strstr(plain, "\n  WARN    clock_sync "));
	assert_non_null(strstr(plain, "0 fail, 1 warn (clock_sync), 0 unknown, "));
	assert_non_null(strstr(plain, "Without --config"));
	free(plain);
	free(colour);
}

static void cpu_lists_are_read_and_written(void **state)
{
	static const char *const good[] = {"0-3,8", "5", "managed_irq,domain,2-3", ""};
	static const char *const same[] = {"0-3,8", "5", "2-3", "none"};
	static const char *const bad[] = {"(null)", "1-", "1-2-3", "1;2", "-1", "0x3"};
	char out[64];

	for (size_t i = 0; i < 4; i++) {
		struct cpuset s = {{0}};

		assert_true(cpuset_parse(&s, good[i]));
		cpuset_format(&s, out, sizeof(out));
		assert_string_equal(out, same[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cpuset s = {{0}};

		assert_false(cpuset_parse(&s, bad[i]));
	}
	for (size_t size = 1; size < 8; size++) { // cut off, never past the end
		struct cpuset s = {{0}};
		char small[9] = "########";

		assert_true(cpuset_parse(&s, "100-200,300-1023,5000"));
		cpuset_format(&s, small, size);
		assert_true(strlen(small) < size);
		assert_int_equal(small[size], '#');
	}
}

static void the_logs_key_must_be_readable(void **state)
{
	struct fake *f = *state;
	struct key_private *k = key_make("gw");
	char set[512];

	fake_vdevs(f, NULL);
	fake_run(f);
	fake_refute(f, "log_key", DOCTOR_OK);
	snprintf(set, sizeof(set), "{\"log\":{\"dir\":\"%s\",\"key\":\"%s/log.key\"}}",
		fake_path(f, "/log"), f->dir);
	fake_vdevs(f, set);
	fake_run(f);
	fake_expect(f, "log_key", DOCTOR_FAIL, "log.key: No such file", "bhctl keygen --out");
	assert_int_equal(key_write_private(k, fake_path(f, "/log.key")), 0);
	fake_run(f);
	fake_expect(f, "log_key", DOCTOR_OK, "log.key signs the log", NULL);
	fake_put(f, "/log.key.pub", "no key\n");
	fake_run(f);
	fake_expect(f, "log_key", DOCTOR_FAIL, "log.key.pub", NULL);
	key_free(k);
}

static void log_and_state_are_apart(void **state)
{
	struct fake *f = *state;
	char set[512];

	snprintf(set, sizeof(set), "{\"log\":{\"dir\":\"%s\"},\"state_dir\":\"%s\"}",
		fake_path(f, "/log"), fake_path(f, "/log"));
	fake_vdevs(f, set);
	fake_run(f);
	fake_expect(f, "log_dir", DOCTOR_FAIL, "are one folder", "give each");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(policies_must_load),
		TEST(policies_end),
		TEST(policies_are_signed_where_keys_are_named),
		TEST(old_databases_warn),
		TEST(bad_databases_fail),
		TEST(logs_need_room),
		TEST(folders_must_be_writable),
		TEST(the_control_socket_must_fit),
		TEST(the_logs_key_must_be_readable),
		TEST(log_and_state_are_apart),
		TEST(json_has_every_finding),
		TEST(text_is_coloured_only_where_asked),
		cmocka_unit_test(cpu_lists_are_read_and_written),
	};

	return cmocka_run_group_tests_name("doctor-files", tests, NULL, NULL);
}
