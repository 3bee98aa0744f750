// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the CPUs can do, and whether they do it at full and even speed.

#include "app/doctor/part.h"

#include <stdlib.h>
#include <string.h>

// The first line of /proc/cpuinfo with this key, without it; "" where there is none.
static void cpuinfo_line(const char *info, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);

	out[0] = '\0';
	for (const char *line = info; line != NULL; line = strchr(line, '\n')) {
		const char *at;

		line += *line == '\n';
		if (strncmp(line, key, len) != 0 || (line[len] != '\t' && line[len] != ' '))
			continue;
		at = strchr(line, ':');
		if (at == NULL)
			return;
		at += at[1] == ' ' ? 2 : 1;
		snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
		return;
	}
}

static void check_features(struct doctor *d, const char *info)
{
	// What the compiler was told to use (x86-64-v2), which Debian's DPDK needs too.
	static const char *const needed[] = {
		"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"};
	char flags[8192], model[128], missing[128] = "";

	cpuinfo_line(info, "flags", flags, sizeof(flags));
	cpuinfo_line(info, "model name", model, sizeof(model));
	if (flags[0] == '\0') {
		found(d, DOCTOR_UNKNOWN, "cpu_features",
			"the gateway is built for x86-64-v2 and stops at the first instruction "
			"that the CPU lacks",
			"/proc/cpuinfo lists no flags");
		return;
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!has_word(flags, needed[i]))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				" %s", needed[i]);
	if (missing[0] != '\0') {
		found(d, DOCTOR_FAIL, "cpu_features",
			"the gateway is built for x86-64-v2 and stops at the first instruction "
			"that the CPU lacks",
			"%s lacks%s", model, missing);
		mend(d, "run it on a CPU of 2010 or later; in a virtual machine give it the host's "
			"CPU model (libvirt: <cpu mode='host-passthrough'/>)");
		return;
	}
	found(d, DOCTOR_OK, "cpu_features", "", "%s: x86-64-v2%s%s", model,
		has_word(flags, "avx2") ? ", AVX2" : "",
		has_word(flags, "avx512f") ? ", AVX-512" : "");
	if (has_word(flags, "constant_tsc") && has_word(flags, "nonstop_tsc"))
		return;
	found(d, DOCTOR_WARN, "cpu_tsc",
		"DPDK's timers, and a fast wall clock, need a counter that runs evenly in every "
		"state",
		"the time stamp counter is not invariant (no constant_tsc, nonstop_tsc)");
	mend(d, "in a virtual machine: pass invtsc through (libvirt: <feature policy='require' "
		"name='invtsc'/>)");
}

static void check_clocksource(struct doctor *d)
{
	static const char dir[] = "/sys/devices/system/clocksource/clocksource0";
	// Those that a process reads without a system call.
	static const char fast[] = "tsc kvm-clock hyperv_clocksource_tsc_page arch_sys_counter";
	char current[64], available[256];

	if (sys_text(d, current, sizeof(current), "%s/current_clocksource", dir) <= 0) {
		found(d, DOCTOR_UNKNOWN, "clocksource", "", "%s cannot be read", dir);
		return;
	}
	if (has_word(fast, current)) {
		found(d, DOCTOR_OK, "clocksource", "", "%s, read without a system call", current);
		return;
	}
	sys_text(d, available, sizeof(available), "%s/available_clocksource", dir);
	found(d, DOCTOR_WARN, "clocksource",
		"workers read the wall clock for every burst; by this source that is a slow device "
		"access or a system call each time",
		"%s (available: %s)", current, available);
	if (has_word(available, "tsc"))
		mend(d, "echo tsc > %s/current_clocksource", dir);
	else
		mend_boot(d, "tsc=reliable");
}

static void check_governor(struct doctor *d, const struct cpuset *cpus)
{
	struct cpuset slow = {{0}}, blind = {{0}};
	char name[32], list[128], first[32] = "";

	for (unsigned i = 0; i < CPUSET_MAX; i++) {
		if (!cpuset_has(cpus, i))
			continue;
		if (sys_text(d, name, sizeof(name),
			    "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", i) <= 0) {
			cpuset_add(&blind, i);
		} else if (strcmp(name, "performance") != 0) {
			cpuset_add(&slow, i);
			snprintf(first, sizeof(first), "%s", name);
		}
	}
	if (cpuset_count(&slow) != 0) {
		cpuset_format(&slow, list, sizeof(list));
		found(d, DOCTOR_WARN, "governor",
			"a polling core that is clocked down, or changes its clock, drops packets "
			"in bursts",
			"\"%s\" on CPU %s", first, list);
		mend(d, "cpupower -c %s frequency-set -g performance   # package linux-cpupower",
			list);
		mend(d, "for f in /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor; do echo "
			"performance > $f; done   # without cpupower");
	} else if (cpuset_count(&blind) == 0) {
		cpuset_format(cpus, list, sizeof(list));
		found(d, DOCTOR_OK, "governor", "", "performance on CPU %s", list);
	} else if (is_virtual(d)) {
		found(d, DOCTOR_NOTE, "governor",
			"the hypervisor sets the frequency; look there for \"performance\"",
			"this virtual machine has no say in its CPUs' frequency");
	} else {
		cpuset_format(&blind, list, sizeof(list));
		found(d, DOCTOR_UNKNOWN, "governor",
			"whether these cores run at full speed cannot be seen; the firmware may "
			"scale them by itself",
			"no cpufreq driver for CPU %s", list);
		mend(d, "set the BIOS power profile to \"maximum performance\" or \"OS control\"");
	}
}

// Ticks stolen by the hypervisor and in all, of these CPUs.
static bool stolen(const char *stat, const struct cpuset *cpus, unsigned long long *steal,
	unsigned long long *all)
{
	*steal = *all = 0;
	for (const char *line = stat; line != NULL; line = strchr(line, '\n')) {
		unsigned long long v[8];
		unsigned cpu;

		line += *line == '\n';
		if (sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &v[0],
			    &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 9 ||
			!cpuset_has(cpus, cpu))
			continue;
		*steal += v[7];
		for (unsigned i = 0; i < 8; i++)
			*all += v[i];
	}
	return *all != 0;
}

static void check_steal(struct doctor *d, const struct cpuset *cpus)
{
	unsigned long long steal, all;
	char *stat;

	if (!is_virtual(d))
		return;
	stat = sys_whole(d, "/proc/stat");
	if (stat == NULL || !stolen(stat, cpus, &steal, &all)) {
		found(d, DOCTOR_UNKNOWN, "cpu_steal", "", "/proc/stat tells nothing of these CPUs");
	} else if (steal * 1000 >= all * 5) {
		found(d, DOCTOR_WARN, "cpu_steal",
			"while the hypervisor runs somebody else on a worker's core, packets are "
			"dropped",
			"%.1f %% of these CPUs' time since the start was taken by other guests",
			100.0 * (double)steal / (double)all);
		mend(d, "on the hypervisor: pin this machine's CPUs to cores of their own (virsh "
			"vcpupin)");
	} else {
		found(d, DOCTOR_NOTE, "cpu_steal",
			"figures of a virtual machine hold for its host's load at the time",
			"this is a virtual machine; %.2f %% of these CPUs' time since the start "
			"was taken by others",
			100.0 * (double)steal / (double)all);
	}
	free(stat);
}

void check_cpu(struct doctor *d)
{
	char *info = sys_whole(d, "/proc/cpuinfo"), online[256];
	struct cpuset cpus = {{0}}, all;

	d->topic = "cpu";
	if (info == NULL)
		found(d, DOCTOR_UNKNOWN, "cpu_features", "", "/proc/cpuinfo cannot be read");
	else
		check_features(d, info);
	free(info);
	check_clocksource(d);
	if (d->config == NULL || !worker_cpus(d->config, &cpus, &all)) {
		memset(&cpus, 0, sizeof(cpus));
		if (sys_text(d, online, sizeof(online), "/sys/devices/system/cpu/online") <= 0 ||
			!cpuset_parse(&cpus, online)) {
			found(d, DOCTOR_UNKNOWN, "governor", "",
				"/sys/devices/system/cpu/online cannot be read");
			return;
		}
	}
	check_governor(d, &cpus);
	check_steal(d, &cpus);
}
