// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The cores that workers poll on: there, theirs alone, and left alone by the kernel.

#include "app/doctor/part.h"

#include <string.h>

static bool read_set(struct doctor *d, const char *path, struct cpuset *out)
{
	char text[1024];

	memset(out, 0, sizeof(*out));
	return sys_text(d, text, sizeof(text), "%s", path) >= 0 && cpuset_parse(out, text);
}

static void check_present(struct doctor *d, const struct cpuset *all)
{
	struct cpuset online, missing, barred;
	char list[128], have[128];

	if (!read_set(d, "/sys/devices/system/cpu/online", &online)) {
		found(d, DOCTOR_UNKNOWN, "lcores", "",
			"/sys/devices/system/cpu/online cannot be read");
		return;
	}
	missing = cpuset_minus(all, &online);
	barred = cpuset_minus(all, &d->host->affinity);
	cpuset_format(&online, have, sizeof(have));
	if (cpuset_count(&missing) != 0) {
		cpuset_format(&missing, list, sizeof(list));
		found(d, DOCTOR_FAIL, "lcores", "DPDK does not start with a CPU that is not there",
			"\"eal\" and workers.lcores name CPU %s; online are %s", list, have);
		mend(d, "name CPUs of %s in \"eal\" (-l) and workers.lcores of %s", have,
			d->config->path);
	} else if (cpuset_count(&barred) != 0) {
		cpuset_format(&barred, list, sizeof(list));
		found(d, DOCTOR_WARN, "lcores",
			"a CPU outside of the process's set (taskset, cgroup, systemd's "
			"CPUAffinity) is refused to its threads",
			"CPU %s online but not allowed to this shell; the service may differ",
			list);
		mend(d, "systemctl show bridgehead -p CPUAffinity -p AllowedCPUs");
	} else {
		cpuset_format(all, list, sizeof(list));
		found(d, DOCTOR_OK, "lcores", "", "CPU %s online and allowed", list);
	}
}

static void check_isolated(struct doctor *d, const struct cpuset *workers)
{
	struct cpuset isolated, group, tickless, missing;
	char list[128], have[128];

	if (!read_set(d, "/sys/devices/system/cpu/isolated", &isolated)) {
		found(d, DOCTOR_UNKNOWN, "isolated_cores", "",
			"/sys/devices/system/cpu/isolated cannot be read");
		return;
	}
	if (read_set(d, "/sys/fs/cgroup/cpuset.cpus.isolated", &group))
		for (unsigned i = 0; i < CPUSET_MAX; i++)
			if (cpuset_has(&group, i))
				cpuset_add(&isolated, i);
	missing = cpuset_minus(workers, &isolated);
	cpuset_format(&missing, list, sizeof(list));
	cpuset_format(&isolated, have, sizeof(have));
	if (cpuset_count(&missing) != 0) {
		found(d, DOCTOR_WARN, "isolated_cores",
			"a worker shares its core with whatever the scheduler puts there: each "
			"time, some milliseconds of packets wait or are lost",
			"workers poll on CPU %s, not isolated from the scheduler (isolated: %s)",
			list, have);
		mend_boot(d, "isolcpus=%s nohz_full=%s rcu_nocbs=%s", list, list, list);
		return;
	}
	found(d, DOCTOR_OK, "isolated_cores", "", "workers' CPUs are among the isolated ones (%s)",
		have);
	// Without nohz_full the file is missing or says "(null)".
	if (!read_set(d, "/sys/devices/system/cpu/nohz_full", &tickless))
		memset(&tickless, 0, sizeof(tickless));
	missing = cpuset_minus(workers, &tickless);
	if (cpuset_count(&missing) == 0)
		return;
	cpuset_format(&missing, list, sizeof(list));
	found(d, DOCTOR_NOTE, "nohz_full",
		"the scheduler's tick interrupts a worker 100 to 1000 times a second, some "
		"microseconds each",
		"CPU %s isolated, but with the tick", list);
	mend_boot(d, "nohz_full=%s rcu_nocbs=%s", list, list);
}

// Two busy threads on one core.
static void check_siblings(struct doctor *d, const struct cpuset *all, const struct cpuset *workers)
{
	bool shared = false, seen = false;

	for (unsigned i = 0; i < CPUSET_MAX; i++) {
		struct cpuset twins;
		char path[96];

		snprintf(path, sizeof(path),
			"/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", i);
		if (!cpuset_has(workers, i) || !read_set(d, path, &twins))
			continue;
		seen = true;
		for (unsigned k = 0; k < CPUSET_MAX; k++) {
			// Two workers meet twice; the main lcore is none and has its own say.
			if (k == i || !cpuset_has(&twins, k) || !cpuset_has(all, k) ||
				(cpuset_has(workers, k) && k < i))
				continue;
			shared = true;
			found(d, cpuset_has(workers, k) ? DOCTOR_WARN : DOCTOR_NOTE, "siblings",
				"two threads of one core share its execution units and caches: a "
				"worker beside another does about half the work",
				"CPU %u (worker) and CPU %u (%s) are threads of one core", i, k,
				cpuset_has(workers, k) ? "worker" : "main lcore");
			mend(d, "choose CPUs of different cores: lscpu -e=CPU,CORE,NODE");
		}
	}
	if (!seen)
		found(d, DOCTOR_UNKNOWN, "siblings", "",
			"/sys does not tell which CPUs are threads of one core");
	else if (!shared)
		found(d, DOCTOR_OK, "siblings", "", "every worker has a core of its own");
}

void check_cores(struct doctor *d)
{
	struct cpuset workers, all, isolated;
	char have[128];

	if (d->config == NULL) {
		if (!read_set(d, "/sys/devices/system/cpu/isolated", &isolated)) {
			found(d, DOCTOR_UNKNOWN, "isolated_cores", "",
				"/sys/devices/system/cpu/isolated cannot be read");
			return;
		}
		cpuset_format(&isolated, have, sizeof(have));
		found(d, DOCTOR_NOTE, "isolated_cores",
			"workers want isolated cores; with --config it is checked that theirs are",
			"isolated from the scheduler: %s", have);
		return;
	}
	if (!worker_cpus(d->config, &workers, &all)) {
		found(d, DOCTOR_UNKNOWN, "lcores",
			"isolation and NUMA nodes are checked only where an lcore is the CPU of "
			"its number",
			"--lcores in \"eal\" maps lcores to other CPUs");
		return;
	}
	check_present(d, &all);
	check_isolated(d, &workers);
	check_siblings(d, &all, &workers);
}
