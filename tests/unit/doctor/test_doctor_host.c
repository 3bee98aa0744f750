// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the doctor says of memory, CPUs, time, libraries and limits of good and bad hosts.
#include "tests/unit/doctor/fake.h"

#include <errno.h>
#include <string.h>

#define HUGE "/sys/kernel/mm/hugepages/hugepages-2048kB"

static void good_hosts_have_no_findings(void **state)
{
	struct fake *f = *state;

	fake_run(f);
	fake_all_good(f);
	fake_nics(f, NULL);
	fake_run(f);
	fake_all_good(f);
	fake_expect(f, "hugepages", DOCTOR_OK, "1024 of 1024 pages of 2 MiB are free", NULL);
	fake_expect(f, "hugepages_node", DOCTOR_OK, "NUMA node 0", NULL);
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_all_good(f);
}

static void missing_hugepages_fail(void **state)
{
	struct fake *f = *state;

	fake_put(f, HUGE "/nr_hugepages", "0\n");
	fake_put(f, HUGE "/free_hugepages", "0\n");
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_FAIL, "none are reserved", "sysctl -w vm.nr_hugepages=");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_FAIL, "this configuration", "/etc/sysctl.d/");
}

// Enough for the buffers alone; what others hold is asked for on top.
static void few_hugepages_warn(void **state)
{
	struct fake *f = *state;

	fake_put(f, HUGE "/nr_hugepages", "200\n");
	fake_put(f, HUGE "/free_hugepages", "100\n");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_WARN, "100 of 200 pages", "sysctl -w vm.nr_hugepages=2");
	fake_refute(f, "hugepages", DOCTOR_FAIL);
}

// Every table takes pages of its own, of the default size.
static void large_pages_are_counted_whole(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/proc/meminfo", "MemAvailable:   16000000 kB\nHugepagesize:    1048576 kB\n");
	fake_gone(f, HUGE);
	fake_put(f, "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "2\n");
	fake_put(f, "/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "2\n");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_WARN,
		"2 of 2 pages of 1 GiB are free; enough for the buffers",
		"sysctl -w vm.nr_hugepages=4");
	fake_put(f, "/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "4\n");
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_OK, "flow tables 3 GiB", NULL);
	// DPDK takes pages of any size; then all of the default size are left to the tables.
	fake_put(f, "/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "3\n");
	fake_put(f, HUGE "/nr_hugepages", "100\n");
	fake_put(f, HUGE "/free_hugepages", "100\n");
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_OK, "100 of 100 pages of 2 MiB", NULL);
}

static void a_running_gateway_holds_its_pages(void **state)
{
	struct fake *f = *state;

	fake_put(f, HUGE "/free_hugepages", "10\n");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_FAIL, "10 of 1024", NULL);
	f->reach = 0;
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_OK, "the running gateway holds its share", NULL);
	fake_expect(f, "control_socket", DOCTOR_NOTE, "a gateway is running", NULL);
	fake_all_good(f);
	f->reach = -EACCES;
	fake_run(f);
	fake_expect(f, "control_socket", DOCTOR_UNKNOWN, "may not use", "sudo");
}

static void pages_on_the_wrong_node_fail(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages",
		"0\n");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_OK, NULL, NULL);
	fake_expect(f, "hugepages_node", DOCTOR_FAIL, "0 B of huge pages on NUMA node 0",
		"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages");
}

// Half of the buffers where the other port is, and the tables where the workers are.
static void pages_are_needed_where_ports_and_workers_are(void **state)
{
	static const char free0[] =
		"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages";
	static const char free1[] =
		"/sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages";
	struct fake *f = *state;

	fake_nics(f, NULL);
	fake_put(f, "/sys/bus/pci/devices/0000:01:00.1/numa_node", "1\n");
	fake_run(f);
	fake_expect(f, "hugepages_node", DOCTOR_OK, "on NUMA node 0", NULL);
	fake_expect(f, "hugepages_node", DOCTOR_OK, "on NUMA node 1", NULL);
	fake_expect(f, "hugepages_node", DOCTOR_OK, "for buffers, 0 B for flow tables", NULL);
	fake_put(f, free1, "10\n");
	fake_run(f);
	fake_expect(f, "hugepages_node", DOCTOR_FAIL, "20 MiB of huge pages on NUMA node 1",
		"/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages");
	fake_expect(f, "hugepages_node", DOCTOR_OK, "on NUMA node 0", NULL);
	fake_put(f, free1, "512\n");
	fake_put(f, free0, "100\n");
	fake_run(f);
	fake_expect(f, "hugepages_node", DOCTOR_WARN, "enough for the buffers there",
		"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages");
}

static void hugepages_that_cannot_be_read_are_unknown(void **state)
{
	struct fake *f = *state;

	fake_gone(f, "/sys/kernel/mm");
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_UNKNOWN, NULL, NULL);
	fake_gone(f, "/proc/meminfo");
	fake_run(f);
	fake_expect(f, "memory", DOCTOR_UNKNOWN, "/proc/meminfo", NULL);
	assert_true(doctor_has_findings(&f->d));
}

static void hugetlbfs_is_wanted_where_files_are(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/proc/mounts", "proc /proc proc rw 0 0\n");
	fake_run(f);
	fake_expect(f, "hugetlbfs", DOCTOR_NOTE, NULL, "mount -t hugetlbfs");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "hugetlbfs", DOCTOR_FAIL, "no hugetlbfs", "mount -t hugetlbfs");
	fake_vdevs(f, NULL); // --in-memory
	fake_run(f);
	fake_refute(f, "hugetlbfs", DOCTOR_NOTE);
}

static void ordinary_memory_is_held_against_the_tables(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/proc/meminfo",
		"MemAvailable:     100000 kB\nSwapTotal:    1000000 kB\nCommitLimit:    16000000 "
		"kB\nCommitted_AS:   15990000 kB\nHugepagesize:       2048 kB\n");
	fake_put(f, "/proc/sys/vm/overcommit_memory", "2\n");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "memory", DOCTOR_WARN, "available; full flow tables", "flows.max");
	fake_expect(f, "overcommit", DOCTOR_FAIL, "vm.overcommit_memory is 2", "sysctl -w vm.over");
	fake_expect(f, "swap", DOCTOR_NOTE, "977 MiB", "swapoff");
	fake_vdevs(f, "{\"eal\":[\"-l\",\"0-1\",\"--no-huge\",\"--no-pci\",\"--vdev=net_af_packet0,"
		      "iface=in0\",\"--vdev=net_af_packet1,iface=out0\"]}");
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_NOTE, "--no-huge", NULL);
	fake_expect(f, "memory", DOCTOR_FAIL, NULL, NULL);
}

// Without huge pages DPDK has 64 MB or what -m says; a buffer takes a page.
static void plain_pages_must_do(void **state)
{
	static const struct {
		const char *eal, *workers, *saw, *mend; // saw NULL: nothing is wrong
	} cases[] = {
		{"", "", "has 64 MiB (no -m in \"eal\")", "\"-m\", \"282\""},
		{",\"-m\",\"128\"", ",\"mbufs\":32768", "has 128 MiB", "\"-m\", \"153\""},
		{",\"-m\",\"132\"", ",\"mbufs\":32768", NULL, NULL},
		{"", ",\"mbufs\":1024", NULL, NULL},
		{",\"-m\",\"70\"", ",\"mbufs\":8192,\"mtu\":9000", "need 99", NULL},
		{",\"-m\",\"77\"", ",\"mbufs\":8192,\"mtu\":9000", NULL, NULL},
	};
	struct fake *f = *state;
	char set[300];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(set, sizeof(set),
			"{\"eal\":[\"-l\",\"0-1\",\"--no-huge\",\"--no-pci\","
			"\"--vdev=net_af_packet0,"
			"iface=in0\",\"--vdev=net_af_packet1,iface=out0\"%s],\"workers\":{"
			"\"lcores\":[1]%s}}",
			cases[i].eal, cases[i].workers);
		fake_vdevs(f, set);
		fake_run(f);
		if (cases[i].saw != NULL)
			fake_expect(f, "dpdk_memory", DOCTOR_FAIL, cases[i].saw, cases[i].mend);
		else
			fake_refute(f, "dpdk_memory", DOCTOR_NOTE);
	}
}

static void the_need_follows_the_configuration(void **state)
{
	struct fake *f = *state;

	// A million buffers of jumbo frames are 9 GiB.
	fake_nics(f, "{\"workers\":{\"lcores\":[1,2],\"mbufs\":1048576,\"mtu\":9000}}");
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_FAIL, "buffers 9", "vm.nr_hugepages=4");
	fake_nics(f, "{\"flows\":{\"max\":16}, \"workers\":{\"lcores\":[1,2],\"mbufs\":1024}}");
	fake_put(f, HUGE "/free_hugepages", "40\n");
	fake_run(f);
	fake_expect(f, "hugepages", DOCTOR_OK, "40 of 1024", NULL);
}

static void cpus_that_lack_features_fail(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/proc/cpuinfo",
		"model name\t: Old CPU\nflags\t\t: fpu cx16 lahf_lm sse4_1 ssse3\n");
	fake_run(f);
	fake_expect(f, "cpu_features", DOCTOR_FAIL, "Old CPU lacks popcnt sse4_2", NULL);
	fake_put(f, "/proc/cpuinfo",
		"model name\t: V CPU\nflags\t\t: cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3 "
		"hypervisor\n");
	fake_run(f);
	fake_expect(f, "cpu_features", DOCTOR_OK, NULL, NULL);
	fake_expect(f, "cpu_tsc", DOCTOR_WARN, "not invariant", "invtsc");
	fake_put(f, "/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
	fake_run(f);
	fake_expect(f, "cpu_features", DOCTOR_UNKNOWN, NULL, NULL);
}

static void slow_clock_sources_warn(void **state)
{
	static const char dir[] = "/sys/devices/system/clocksource/clocksource0";
	struct fake *f = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/current_clocksource", dir);
	fake_put(f, path, "hpet\n");
	fake_run(f);
	fake_expect(f, "clocksource", DOCTOR_WARN, "hpet",
		"echo tsc > /sys/devices/system/clocksource");
	snprintf(path, sizeof(path), "%s/available_clocksource", dir);
	fake_put(f, path, "hpet acpi_pm\n");
	fake_run(f);
	fake_expect(f, "clocksource", DOCTOR_WARN, "available: hpet acpi_pm", "tsc=reliable");
	fake_gone(f, dir);
	fake_run(f);
	fake_expect(f, "clocksource", DOCTOR_UNKNOWN, NULL, NULL);
}

static void governors_are_read_for_workers(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/sys/devices/system/cpu/cpu7/cpufreq/scaling_governor", "powersave\n");
	fake_run(f);
	fake_expect(f, "governor", DOCTOR_WARN, "\"powersave\" on CPU 7", "cpupower -c 7 ");
	fake_nics(f, NULL); // no worker is there
	fake_run(f);
	fake_expect(f, "governor", DOCTOR_OK, "CPU 1-2", NULL);
	fake_gone(f, "/sys/devices/system/cpu/cpu1/cpufreq");
	fake_run(f);
	fake_expect(f, "governor", DOCTOR_UNKNOWN, "CPU 1", NULL);
	fake_put(f, "/proc/cpuinfo",
		"model name\t: V\nflags\t\t: cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3 hypervisor "
		"constant_tsc nonstop_tsc\n");
	fake_run(f);
	fake_expect(f, "governor", DOCTOR_NOTE, "virtual machine", NULL);
}

static void stolen_time_warns(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/proc/cpuinfo",
		"model name\t: V\nflags\t\t: cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3 hypervisor "
		"constant_tsc nonstop_tsc\n");
	fake_put(f, "/proc/stat",
		"cpu  9 0 0 9 0 0 0 9 0 0\ncpu0 50 0 0 0 0 0 0 50 0 0\ncpu1 960 0 0 0 0 0 0 40 0 "
		"0\ncpu2 1000 0 0 0 0 0 0 0 0 0\n");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "cpu_steal", DOCTOR_WARN, "2.0 %", NULL); // of CPUs 1 and 2
	fake_put(f, "/proc/stat", "cpu1 960 0 0 0 0 0 0 0 0 0\n");
	fake_run(f);
	fake_expect(f, "cpu_steal", DOCTOR_NOTE, "0.00 %", NULL);
	fake_gone(f, "/proc/stat");
	fake_run(f);
	fake_expect(f, "cpu_steal", DOCTOR_UNKNOWN, NULL, NULL);
}

static void lcores_must_be_there(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/sys/devices/system/cpu/online", "0-1\n");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "lcores", DOCTOR_FAIL, "name CPU 2; online are 0-1", "gw.json");
	fake_put(f, "/sys/devices/system/cpu/online", "0-7\n");
	memset(&f->host.affinity, 0, sizeof(f->host.affinity));
	cpuset_add(&f->host.affinity, 0);
	fake_run(f);
	fake_expect(f, "lcores", DOCTOR_WARN, "CPU 1-2", "CPUAffinity");
	fake_nics(f, "{\"eal\":[\"--lcores\",\"0@4,1@5,2@6\"]}");
	fake_run(f);
	fake_expect(f, "lcores", DOCTOR_UNKNOWN, "maps lcores", NULL);
	fake_gone(f, "/sys/devices/system/cpu/online");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "lcores", DOCTOR_UNKNOWN, NULL, NULL);
}

static void workers_want_isolated_cores(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/sys/devices/system/cpu/isolated", "\n");
	fake_run(f);
	fake_expect(f, "isolated_cores", DOCTOR_NOTE, "none", NULL);
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "isolated_cores", DOCTOR_WARN, "CPU 1-2",
		"&isolcpus=1-2 nohz_full=1-2 rcu_nocbs=1-2 /' /etc/default/grub");
	fake_gone(f, "/etc/default/grub");
	fake_run(f);
	fake_expect(f, "isolated_cores", DOCTOR_WARN, NULL, "in the boot loader");
	// A cgroup's partition isolates as well, but keeps the tick.
	fake_put(f, "/sys/fs/cgroup/cpuset.cpus.isolated", "1-2\n");
	fake_put(f, "/sys/devices/system/cpu/nohz_full", "(null)\n");
	fake_run(f);
	fake_expect(f, "isolated_cores", DOCTOR_OK, "1-2", NULL);
	fake_expect(f, "nohz_full", DOCTOR_NOTE, "CPU 1-2", "nohz_full=1-2");
	fake_gone(f, "/sys/devices/system/cpu/isolated");
	fake_run(f);
	fake_expect(f, "isolated_cores", DOCTOR_UNKNOWN, NULL, NULL);
}

static void threads_of_one_core_are_told(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "1-2\n");
	fake_put(f, "/sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "1-2\n");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "siblings", DOCTOR_WARN, "CPU 1 (worker) and CPU 2 (worker)", "lscpu");
	fake_refute(f, "siblings", DOCTOR_FAIL);
	fake_put(f, "/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "0-1\n");
	fake_put(f, "/sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "2\n");
	fake_run(f);
	fake_expect(f, "siblings", DOCTOR_NOTE, "CPU 0 (main lcore)", NULL);
	fake_gone(f, "/sys/devices/system/cpu/cpu1/topology");
	fake_gone(f, "/sys/devices/system/cpu/cpu2/topology");
	fake_run(f);
	fake_expect(f, "siblings", DOCTOR_UNKNOWN, NULL, NULL);
}

static void clocks_must_be_kept(void **state)
{
	struct fake *f = *state;

	f->host.clock.synchronised = false;
	fake_run(f);
	fake_expect(
		f, "clock_sync", DOCTOR_WARN, "not synchronised; chronyd is running", "chronyc");
	fake_gone(f, "/proc/712");
	fake_run(f);
	fake_expect(
		f, "clock_sync", DOCTOR_WARN, "no time service found", "apt-get install chrony");
	f->host.clock.synchronised = true;
	f->host.clock.max_error_us = 16000000;
	fake_run(f);
	fake_expect(f, "clock_sync", DOCTOR_WARN, "16.0 s off", NULL);
	f->host.clock.max_error_us = 400000;
	fake_run(f);
	fake_expect(f, "clock_sync", DOCTOR_NOTE, "at most 400 ms", NULL);
	f->host.clock.error = EPERM;
	fake_run(f);
	fake_expect(f, "clock_sync", DOCTOR_UNKNOWN, NULL, NULL);
	f->host.now = 1000;
	fake_run(f);
	fake_expect(f, "clock", DOCTOR_FAIL, "1970-01-01", "date -u -s");
}

static void libraries_must_agree(void **state)
{
	struct fake *f = *state;

	f->host.ndpi_library = "4.8.0";
	f->host.dpdk_library = "23.11.1";
	fake_run(f);
	fake_expect(f, "ndpi", DOCTOR_WARN, "nDPI 4.8.0, built with 4.2", "libndpi-dev");
	fake_expect(f, "dpdk", DOCTOR_FAIL, "DPDK 23.11.1, built with 22.11.10", "libdpdk-dev");
	strcpy(f->host.ndpi_disagree, "a flow has 900 bytes, not 688");
	fake_run(f);
	fake_expect(f, "ndpi", DOCTOR_FAIL, "900 bytes", "--reinstall");
	f->host.dpdk_library = "22.11.1-rc1";
	fake_run(f);
	fake_expect(f, "dpdk", DOCTOR_OK, NULL, NULL);
	f->host.dpdk_library = "22.1.1";
	fake_run(f);
	fake_expect(f, "dpdk", DOCTOR_FAIL, NULL, NULL);
}

static void drivers_of_virtual_devices_must_be_installed(void **state)
{
	struct fake *f = *state;

	fake_gone(f, "/plugins/librte_net_af_packet.so.23.0");
	fake_put(f, "/plugins/librte_net_pcap.so.23.0", "\n");
	fake_run(f);
	fake_expect(f, "dpdk_drivers", DOCTOR_OK, NULL, NULL); // none is needed
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(
		f, "dpdk_drivers", DOCTOR_FAIL, "librte_net_af_packet.so", "librte-net-af-packet");
	fake_gone(f, "/plugins");
	fake_run(f);
	fake_expect(f, "dpdk_drivers", DOCTOR_FAIL, "cannot be read", "apt-get install dpdk");
}

static void limits_and_rights_are_told(void **state)
{
	struct fake *f = *state;

	f->host.uid = 1000;
	f->host.memlock = 8 << 20;
	f->host.nofile = 300;
	fake_put(f, "/proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\n");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "rights", DOCTOR_WARN, "uid 1000 without CAP_NET_ADMIN CAP_NET_RAW", "sudo");
	fake_expect(f, "memlock", DOCTOR_FAIL, "8 MiB", "LimitMEMLOCK=infinity");
	fake_expect(f, "nofile", DOCTOR_WARN, "300 files", "LimitNOFILE");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "memlock", DOCTOR_NOTE, NULL, NULL);
	fake_put(f, "/proc/self/status", "Name:\tx\nCapEff:\t0000000000004000\n"); // CAP_IPC_LOCK
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "memlock", DOCTOR_OK, "does not bind", NULL);
	fake_gone(f, "/proc/self");
	fake_run(f);
	fake_expect(f, "rights", DOCTOR_UNKNOWN, NULL, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_hosts_have_no_findings),
		TEST(missing_hugepages_fail),
		TEST(few_hugepages_warn),
		TEST(large_pages_are_counted_whole),
		TEST(a_running_gateway_holds_its_pages),
		TEST(pages_on_the_wrong_node_fail),
		TEST(pages_are_needed_where_ports_and_workers_are),
		TEST(hugepages_that_cannot_be_read_are_unknown),
		TEST(hugetlbfs_is_wanted_where_files_are),
		TEST(ordinary_memory_is_held_against_the_tables),
		TEST(plain_pages_must_do),
		TEST(the_need_follows_the_configuration),
		TEST(cpus_that_lack_features_fail),
		TEST(slow_clock_sources_warn),
		TEST(governors_are_read_for_workers),
		TEST(stolen_time_warns),
		TEST(lcores_must_be_there),
		TEST(workers_want_isolated_cores),
		TEST(threads_of_one_core_are_told),
		TEST(clocks_must_be_kept),
		TEST(libraries_must_agree),
		TEST(drivers_of_virtual_devices_must_be_installed),
		TEST(limits_and_rights_are_told),
	};

	return cmocka_run_group_tests_name("doctor-host", tests, NULL, NULL);
}
