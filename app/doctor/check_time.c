// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The clock: records are evidence by their times, and policies begin and end by it.

#include "app/doctor/part.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SURE_US  100000 // a clock that may be a tenth of a second off still orders events
#define WRONG_US 1000000

static const char why_clock[] =
	"records are evidence by their times, and a policy's dates are held against this clock";

// The programs that keep a clock right; the first that runs.
static const char *find_keeper(struct doctor *d)
{
	// As /proc/PID/comm has them: fifteen characters.
	static const char *const known[] = {
		"chronyd", "systemd-timesyn", "ntpd", "ntpsec", "openntpd", "phc2sys", "ptp4l"};
	const char *keeper = NULL;
	char **names;
	int n = sys_list(d, &names, "/proc");

	for (int i = 0; i < n && keeper == NULL; i++) {
		char comm[32];

		if (!isdigit((unsigned char)names[i][0]) ||
			sys_text(d, comm, sizeof(comm), "/proc/%s/comm", names[i]) <= 0)
			continue;
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]) && keeper == NULL; k++)
			if (strcmp(comm, known[k]) == 0)
				keeper = known[k];
	}
	sys_list_free(names, n);
	return keeper;
}

static void mend_clock(struct doctor *d, const char *keeper)
{
	if (keeper == NULL)
		mend(d, "apt-get install chrony && systemctl enable --now chrony && chronyc "
			"waitsync 60");
	else if (strcmp(keeper, "chronyd") == 0)
		mend(d, "chronyc makestep && chronyc sources -v   # a reachable server is marked "
			"^*");
	else if (strcmp(keeper, "systemd-timesyn") == 0)
		mend(d, "timedatectl timesync-status && systemctl restart systemd-timesyncd");
	else
		mend(d, "ntpq -p   # or pmc -u -b 0 'GET TIME_STATUS_NP' for PTP");
}

static void check_sync(struct doctor *d)
{
	const struct doctor_host *h = d->host;
	const char *keeper = find_keeper(d);
	char with[64];

	snprintf(with, sizeof(with), "%s%s", keeper != NULL ? keeper : "no time service",
		keeper != NULL ? " is running" : " found");
	if (h->clock.error != 0) {
		found(d, DOCTOR_UNKNOWN, "clock_sync", why_clock, "the kernel does not say: %s; %s",
			strerror(h->clock.error), with);
		mend(d, "timedatectl");
		return;
	}
	if (!h->clock.synchronised) {
		found(d, DOCTOR_WARN, "clock_sync", why_clock,
			"the kernel's clock is not synchronised; %s", with);
		mend_clock(d, keeper);
	} else if (h->clock.max_error_us > WRONG_US) {
		found(d, DOCTOR_WARN, "clock_sync", why_clock,
			"synchronised, but possibly %.1f s off; %s",
			(double)h->clock.max_error_us / 1e6, with);
		mend_clock(d, keeper);
	} else if (h->clock.max_error_us > SURE_US) {
		found(d, DOCTOR_NOTE, "clock_sync", why_clock,
			"synchronised, at most %ld ms off; %s", h->clock.max_error_us / 1000, with);
	} else {
		found(d, DOCTOR_OK, "clock_sync", "", "synchronised, at most %ld ms off; %s",
			(h->clock.max_error_us + 999) / 1000, with);
	}
}

// A clock that stands before this program was built has not been set since.
static void check_year(struct doctor *d)
{
	static const char built[] = __DATE__; // "Nov 25 2026"
	struct tm t = {.tm_year = atoi(built + 7) - 1900, .tm_mday = 1};
	int64_t earliest = (int64_t)timegm(&t);
	char now[32];
	time_t clock = (time_t)d->host->now;

	if (d->host->now >= earliest)
		return;
	gmtime_r(&clock, &t);
	strftime(now, sizeof(now), "%Y-%m-%d %H:%M", &t);
	found(d, DOCTOR_FAIL, "clock", why_clock,
		"the clock says %s UTC, before this program was built", now);
	mend(d, "date -u -s 'YYYY-MM-DD hh:mm' && hwclock --systohc");
}

void check_time(struct doctor *d)
{
	d->topic = "time";
	check_year(d);
	check_sync(d);
}
