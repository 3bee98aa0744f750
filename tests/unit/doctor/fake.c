// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/doctor/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct fake *current; // for the functions that the host is asked by

static int give_iface(const char *name, struct doctor_iface *out)
{
	for (size_t i = 0; i < sizeof(current->ifaces) / sizeof(current->ifaces[0]); i++) {
		const struct fake_iface *f = &current->ifaces[i];

		if (f->name == NULL || strcmp(f->name, name) != 0)
			continue;
		*out = f->is;
		return f->error;
	}
	return -ENODEV;
}

static int give_space(const char *path, struct doctor_space *out)
{
	*out = current->space;
	return current->space_error;
}

static int give_owner(const char *hold, pid_t *pid)
{
	*pid = current->owner;
	return current->held != NULL && strcmp(hold, current->held) == 0;
}

static int give_reach(const char *path, pid_t *pid)
{
	*pid = current->pid;
	return current->reach;
}

struct fake_iface *fake_iface(struct fake *f, const char *name)
{
	size_t i = 0;

	while (f->ifaces[i].name != NULL && strcmp(f->ifaces[i].name, name) != 0)
		i++;
	assert_in_range(i, 0, 7);
	f->ifaces[i].name = name;
	return &f->ifaces[i];
}

const char *fake_path(struct fake *f, const char *path)
{
	static char out[512];

	assert_in_range(snprintf(out, sizeof(out), "%s%s", f->dir, path), 1, sizeof(out) - 1);
	return out;
}

static void make_folders(struct fake *f, const char *path)
{
	char part[512];

	snprintf(part, sizeof(part), "%s", fake_path(f, path));
	for (char *slash = part + strlen(f->dir); (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		assert_true(mkdir(part, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

void fake_put(struct fake *f, const char *path, const char *text, ...)
{
	va_list ap;
	FILE *to;

	make_folders(f, path);
	to = fopen(fake_path(f, path), "w");
	assert_non_null(to);
	va_start(ap, text);
	assert_true(vfprintf(to, text, ap) >= 0);
	va_end(ap);
	assert_int_equal(fclose(to), 0);
}

void fake_link(struct fake *f, const char *path, const char *to)
{
	make_folders(f, path);
	unlink(fake_path(f, path));
	assert_int_equal(symlink(to, fake_path(f, path)), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

void fake_gone(struct fake *f, const char *path)
{
	if (nftw(fake_path(f, path), remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		fail_msg("%s: %s", fake_path(f, path), strerror(errno));
}

void fake_database(struct fake *f, const char *path, int age_days)
{
	struct timespec t[2] = {{.tv_sec = (time_t)(f->host.now - age_days * INT64_C(86400))}};

	t[1] = t[0];
	fake_put(f, path, "3221225984,3221226111,CN\n"); // 192.0.2.0/25
	assert_int_equal(utimensat(AT_FDCWD, fake_path(f, path), t, 0), 0);
}

void fake_policy(struct fake *f, const char *path, int expires_days)
{
	time_t at = (time_t)(f->host.now + expires_days * INT64_C(86400));
	json_t *doc = json_load_file(EXAMPLE_POLICY, 0, NULL), *meta;
	char text[64];
	struct tm tm;

	assert_non_null(doc);
	gmtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	meta = json_object_get(doc, "meta");
	json_object_set_new(meta, "not_before", json_string("2020-01-01T00:00:00Z"));
	json_object_set_new(meta, "expires", json_string(text));
	make_folders(f, path);
	assert_int_equal(json_dump_file(doc, fake_path(f, path), JSON_INDENT(1)), 0);
	json_decref(doc);
}

static void put_proc(struct fake *f)
{
	fake_put(f, "/proc/meminfo",
		"MemTotal:       32000000 kB\nMemAvailable:   16000000 kB\nSwapTotal:             "
		"0 kB\nCommitLimit:    16000000 kB\nCommitted_AS:    1000000 kB\nHugepagesize:     "
		"  2048 kB\n");
	fake_put(f, "/proc/mounts",
		"proc /proc proc rw 0 0\nhugetlbfs /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n");
	fake_put(f, "/proc/cpuinfo",
		"processor\t: 0\nmodel name\t: Example CPU\nflags\t\t: fpu cx16 lahf_lm popcnt "
		"sse4_1 sse4_2 ssse3 avx2 constant_tsc nonstop_tsc\n");
	fake_put(f, "/proc/stat", "cpu  4 0 0 4 0 0 0 0 0 0\n");
	fake_put(f, "/proc/net/route", "Iface\tDestination\tGateway\nmgmt0\t00000000\t010200C0\n");
	fake_put(
		f, "/proc/net/if_inet6", "00000000000000000000000000000001 01 80 10 80       lo\n");
	fake_put(f, "/proc/self/status", "Name:\tdoctor\nCapEff:\t000001ffffffffff\n");
	fake_put(f, "/proc/sys/vm/overcommit_memory", "0\n");
	fake_put(f, "/proc/1/comm", "systemd\n");
	fake_put(f, "/proc/712/comm", "chronyd\n");
	fake_put(f, "/etc/group", "root:x:0:\nbridgehead:x:990:\n");
	fake_put(f, "/etc/default/grub", "GRUB_CMDLINE_LINUX=\"\"\n");
	fake_put(f, "/plugins/librte_net_af_packet.so.23.0", "\n");
	fake_database(f, "/usr/share/tor/geoip", 30);
	fake_database(f, "/usr/share/tor/geoip6", 30);
}

// Two nodes of four CPUs; 1 to 3 are the workers'.
static void put_cpus(struct fake *f)
{
	char path[96];

	fake_put(f, "/sys/devices/system/cpu/online", "0-7\n");
	fake_put(f, "/sys/devices/system/cpu/isolated", "1-3\n");
	fake_put(f, "/sys/devices/system/cpu/nohz_full", "1-3\n");
	fake_put(f, "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
	fake_put(f, "/sys/devices/system/clocksource/clocksource0/available_clocksource",
		"tsc hpet acpi_pm \n");
	fake_put(f, "/sys/devices/system/node/online", "0-1\n");
	for (unsigned i = 0; i < 8; i++) {
		snprintf(path, sizeof(path),
			"/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", i);
		fake_put(f, path, "performance\n");
		snprintf(path, sizeof(path),
			"/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", i);
		fake_put(f, path, "%u\n", i);
	}
	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/cpulist", i);
		fake_put(f, path, i == 0 ? "0-3\n" : "4-7\n");
		snprintf(path, sizeof(path),
			"/sys/devices/system/node/node%u/hugepages/hugepages-2048kB/nr_hugepages",
			i);
		fake_put(f, path, "512\n");
		snprintf(path, sizeof(path),
			"/sys/devices/system/node/node%u/hugepages/hugepages-2048kB/free_hugepages",
			i);
		fake_put(f, path, "512\n");
	}
	fake_put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "1024\n");
	fake_put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "1024\n");
}

static void put_nic(struct fake *f, const char *pci, unsigned group)
{
	char path[128], to[256];

#define NIC(file, ...)                                                                             \
	do {                                                                                       \
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/" file, pci);                \
		fake_put(f, path, __VA_ARGS__);                                                    \
	} while (0)
	NIC("class", "0x020000\n");
	NIC("vendor", "0x8086\n");
	NIC("device", "0x1572\n");
	NIC("numa_node", "0\n");
	NIC("current_link_width", "8\n");
	NIC("max_link_width", "8\n");
#undef NIC
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", pci);
	fake_link(f, path, "../../../bus/pci/drivers/vfio-pci");
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u/devices/%s", group, pci);
	fake_put(f, path, "\n");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", pci);
	snprintf(to, sizeof(to), "%s/sys/kernel/iommu_groups/%u", f->dir, group);
	fake_link(f, path, to);
	snprintf(path, sizeof(path), "/dev/vfio/%u", group);
	fake_put(f, path, "\n");
}

static void put_net(struct fake *f, const char *name, unsigned index)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/net/%s/flags", name);
	fake_put(f, path, "0x1003\n");
	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", name);
	fake_put(f, path, "1\n");
	snprintf(path, sizeof(path), "/sys/class/net/%s/mtu", name);
	fake_put(f, path, "1500\n");
	snprintf(path, sizeof(path), "/sys/class/net/%s/speed", name);
	fake_put(f, path, "10000\n");
	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", name);
	fake_put(f, path, "%u\n", index);
	snprintf(path, sizeof(path), "/sys/class/net/%s/iflink", name);
	fake_put(f, path, "%u\n", index);
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/numa_node", name);
	fake_put(f, path, "0\n");
	fake_iface(f, name)->is = (struct doctor_iface){0};
}

static void fill_host(struct fake *f)
{
	static char plugins[] = "/plugins";

	f->host = (struct doctor_host){
		.root = f->dir,
		.now = (int64_t)time(NULL),
		.clock = {.synchronised = true, .max_error_us = 900},
		.memlock = DOCTOR_UNLIMITED,
		.nofile = 65536,
		.ndpi_header = "4.2",
		.ndpi_library = "4.2.0",
		.dpdk_header = "22.11.10",
		.dpdk_library = "22.11.11",
		.dpdk_plugins = plugins,
		.iface = give_iface,
		.space = give_space,
		.reach = give_reach,
		.owner = give_owner,
	};
	for (unsigned i = 0; i < 8; i++)
		cpuset_add(&f->host.affinity, i);
	f->space = (struct doctor_space){.bytes = UINT64_C(100) << 30, .inodes = UINT64_MAX};
	f->reach = -ENOENT;
}

int fake_setup(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	current = f;
	snprintf(f->dir, sizeof(f->dir), "/tmp/bridgehead-doctor-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	fill_host(f);
	put_proc(f);
	put_cpus(f);
	put_nic(f, "0000:01:00.0", 11);
	put_nic(f, "0000:01:00.1", 12);
	fake_put(f, "/sys/bus/pci/drivers/vfio-pci/new_id", "\n");
	fake_put(f, "/dev/vfio/vfio", "\n");
	put_net(f, "in0", 2);
	put_net(f, "out0", 3);
	fake_put(f, "/log/.keep", "\n");
	fake_put(f, "/state/.keep", "\n");
	fake_put(f, "/run/.keep", "\n");
	fake_policy(f, "/policy.json", 400);
	*state = f;
	return 0;
}

int fake_teardown(void **state)
{
	struct fake *f = *state;

	doctor_free(&f->d);
	config_free(&f->config);
	fake_gone(f, "");
	free(f);
	return 0;
}

static void load(struct fake *f, const char *ports, const char *set)
{
	json_t *doc = json_loads(ports, 0, NULL), *more;
	struct diag_list diag;
	char *text, line[512];

#define FILE_AT(key, path) json_object_set_new(doc, key, json_string(fake_path(f, path)))
	assert_non_null(doc);
	FILE_AT("policy", "/policy.json");
	FILE_AT("state_dir", "/state");
	FILE_AT("control_socket", "/run/c.sock");
#undef FILE_AT
	json_object_set_new(doc, "log", json_pack("{s:s}", "dir", fake_path(f, "/log")));
	json_object_set_new(
		doc, "country_db", json_pack("[s]", fake_path(f, "/usr/share/tor/geoip")));
	if (set != NULL) {
		more = json_loads(set, 0, NULL);
		assert_non_null(more);
		json_object_update_recursive(doc, more);
		json_decref(more);
	}
	text = json_dumps(doc, 0);
	json_decref(doc);
	config_free(&f->config);
	diag_init(&diag, "gw.json");
	if (config_parse("gw.json", text, strlen(text), &f->config, &diag) != 0) {
		diag_format(&diag, 0, line, sizeof(line));
		fail_msg("the test's configuration: %s", line);
	}
	diag_clear(&diag);
	free(text);
	f->has_config = true;
}

void fake_nics(struct fake *f, const char *set)
{
	load(f,
		"{\"schema\":\"gateway/"
		"1\",\"name\":\"gw\",\"mode\":\"inline\",\"eal\":[\"-l\",\"0-2\"],\"wires\":[{"
		"\"name\":\"w\",\"inside\":\"0000:01:00.0\",\"outside\":\"0000:01:00.1\"}],"
		"\"workers\":{\"lcores\":[1,2]}}",
		set);
}

void fake_vdevs(struct fake *f, const char *set)
{
	load(f,
		"{\"schema\":\"gateway/"
		"1\",\"name\":\"gw\",\"mode\":\"inline\",\"eal\":[\"-l\",\"0-1\",\"--in-memory\","
		"\"--no-pci\",\"--vdev=net_af_packet0,iface=in0\",\"--vdev=net_af_packet1,iface="
		"out0\"],\"wires\":[{\"name\":\"w\",\"inside\":\"net_af_packet0\",\"outside\":"
		"\"net_af_packet1\"}],\"workers\":{\"lcores\":[1]}}",
		set);
}

void fake_run(struct fake *f)
{
	doctor_free(&f->d);
	doctor_run(&f->d, &f->host, f->has_config ? &f->config : NULL);
	assert_false(f->d.no_memory);
}

static void print_all(const struct fake *f)
{
	doctor_print_text(&f->d, false, stderr);
}

void fake_expect(struct fake *f, const char *check, enum doctor_level level, const char *saw,
	const char *mend)
{
	for (size_t i = 0; i < f->d.n; i++) {
		const struct doctor_finding *v = &f->d.v[i];

		if (strcmp(v->check, check) != 0 || v->level != level ||
			(saw != NULL && strstr(v->saw, saw) == NULL) ||
			(mend != NULL && strstr(v->mend, mend) == NULL))
			continue;
		assert_true(level < DOCTOR_WARN || (v->why[0] != '\0' && v->mend[0] != '\0'));
		assert_true(level != DOCTOR_OK || v->mend[0] == '\0');
		return;
	}
	print_all(f);
	fail_msg("no finding of \"%s\" at level %d with \"%s\" and \"%s\"", check, level,
		saw != NULL ? saw : "", mend != NULL ? mend : "");
}

void fake_refute(struct fake *f, const char *check, enum doctor_level level)
{
	for (size_t i = 0; i < f->d.n; i++) {
		if (strcmp(f->d.v[i].check, check) != 0 || f->d.v[i].level < level)
			continue;
		print_all(f);
		fail_msg("a finding of \"%s\" at level %d: %s", check, f->d.v[i].level,
			f->d.v[i].saw);
	}
}

void fake_all_good(struct fake *f)
{
	if (!doctor_has_findings(&f->d))
		return;
	print_all(f);
	fail_msg("findings on a good host");
}
