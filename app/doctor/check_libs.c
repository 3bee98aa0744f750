// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The libraries in use against those that the gateway was built with, and DPDK's drivers.

#include "app/doctor/part.h"

#include <stdlib.h>
#include <string.h>

// "22.11.7", "4.2.0": the first two numbers make the interface.
static bool same_release(const char *a, const char *b)
{
	const char *dot = strchr(a, '.');
	size_t n = dot != NULL ? (size_t)(dot - a) + 1 + strcspn(dot + 1, ".") : strlen(a);

	return strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == '.' || b[n] == '-');
}

static void check_ndpi(struct doctor *d)
{
	const struct doctor_host *h = d->host;

	if (h->ndpi_disagree[0] != '\0') {
		found(d, DOCTOR_FAIL, "ndpi",
			"with another layout of its structures the library writes where it should "
			"not: the gateway refuses to start",
			"%s (built with %s, library %s)", h->ndpi_disagree, h->ndpi_header,
			h->ndpi_library);
		mend(d, "apt-get install --reinstall libndpi-bin libndpi-dev && meson setup --wipe "
			"build && ninja -C build");
	} else if (!same_release(h->ndpi_header, h->ndpi_library)) {
		found(d, DOCTOR_WARN, "ndpi",
			"layouts agree, but names and numbers of applications may have moved",
			"nDPI %s, built with %s", h->ndpi_library, h->ndpi_header);
		mend(d, "meson setup --wipe build && ninja -C build   # with the installed "
			"libndpi-dev");
	} else {
		found(d, DOCTOR_OK, "ndpi", "", "nDPI %s, built with %s", h->ndpi_library,
			h->ndpi_header);
	}
}

static void check_dpdk(struct doctor *d)
{
	const struct doctor_host *h = d->host;

	if (!same_release(h->dpdk_header, h->dpdk_library)) {
		found(d, DOCTOR_FAIL, "dpdk",
			"releases of DPDK differ in their inline functions and structures, which "
			"are compiled into the gateway",
			"DPDK %s, built with %s", h->dpdk_library, h->dpdk_header);
		mend(d, "meson setup --wipe build && ninja -C build   # with the installed "
			"libdpdk-dev");
	} else {
		found(d, DOCTOR_OK, "dpdk", "", "DPDK %s, built with %s", h->dpdk_library,
			h->dpdk_header);
	}
}

// "net_af_packet0" is a device of driver net_af_packet.
static void driver_of(const char *device, char *out, size_t size)
{
	size_t n;

	snprintf(out, size, "%s", device);
	n = strlen(out);
	while (n > 0 && out[n - 1] >= '0' && out[n - 1] <= '9')
		out[--n] = '\0';
}

static void say_missing(struct doctor *d, const char *driver)
{
	char package[80];

	snprintf(package, sizeof(package), "librte-%s", driver);
	for (char *c = package; *c != '\0'; c++)
		if (*c == '_')
			*c = '-';
	found(d, DOCTOR_FAIL, "dpdk_drivers",
		"DPDK loads its drivers from there; the device cannot be made without",
		"%s has no librte_%s.so, which \"eal\" needs", d->host->dpdk_plugins, driver);
	mend(d, "apt-get install \"^%s[0-9]+$\"", package);
}

static void check_plugins(struct doctor *d)
{
	char **names, driver[64];
	unsigned missing = 0;
	int n = sys_list(d, &names, "%s", d->host->dpdk_plugins);

	if (n < 0) {
		found(d, DOCTOR_FAIL, "dpdk_drivers",
			"DPDK loads its drivers from there; without any it finds no port",
			"%s cannot be read", d->host->dpdk_plugins);
		mend(d, "apt-get install dpdk");
		return;
	}
	for (size_t v = 0; d->config != NULL && v < d->config->eal.n_vdevs; v++) {
		char file[96];
		bool have = false;

		driver_of(d->config->eal.vdevs[v].name, driver, sizeof(driver));
		snprintf(file, sizeof(file), "librte_%s.so", driver);
		for (int i = 0; i < n; i++)
			have |= strncmp(names[i], file, strlen(file)) == 0;
		if (!have && missing++ == 0)
			say_missing(d, driver);
	}
	if (missing == 0)
		found(d, DOCTOR_OK, "dpdk_drivers", "", "%s has them", d->host->dpdk_plugins);
	sys_list_free(names, n);
}

void check_libs(struct doctor *d)
{
	d->topic = "libraries";
	check_ndpi(d);
	check_dpdk(d);
	check_plugins(d);
}
