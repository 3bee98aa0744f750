// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A made-up host in a temporary folder, on which everything is as it should be, for tests that
// spoil one thing and look at what the doctor says. Any error fails the test at once.
#pragma once

#include "app/doctor/doctor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fake_iface {
	const char *name;
	int error;
	struct doctor_iface is;
};

struct fake {
	char dir[64];
	struct doctor_host host;
	struct doctor_space space;
	int space_error, reach; // what host.space and host.reach give
	pid_t pid;              // of what host.reach reaches
	const char *held;       // the name that host.owner says is held, and by whom
	pid_t owner;
	struct fake_iface ifaces[8];
	struct gateway_config config;
	bool has_config;
	struct doctor d;
};

// cmocka's set-up and tear-down: *state is a struct fake.
int fake_setup(void **state);
int fake_teardown(void **state);

// Files below the host's root; folders on the way are made.
void fake_put(struct fake *f, const char *path, const char *text, ...)
	__attribute__((format(printf, 3, 4)));
void fake_link(struct fake *f, const char *path, const char *to);
void fake_gone(struct fake *f, const char *path); // with all below it
// root/path, until the next call.
const char *fake_path(struct fake *f, const char *path);

// A country database of this age, and a policy that expires so many days from now.
void fake_database(struct fake *f, const char *path, int age_days);
void fake_policy(struct fake *f, const char *path, int expires_days);

// What interface the host has by ioctl; offloads: enum doctor_offload.
struct fake_iface *fake_iface(struct fake *f, const char *name);

// A configuration with two NICs, or with two interfaces by net_af_packet. set: members that replace
// those of the usual one, as JSON, or NULL.
void fake_nics(struct fake *f, const char *set);
void fake_vdevs(struct fake *f, const char *set);

// Lets the doctor look; the findings before are gone.
void fake_run(struct fake *f);

// There is a finding of this check and level that saw this and is mended so (parts of the texts;
// NULL: anything). It also has a reason, where it is not OK.
void fake_expect(struct fake *f, const char *check, enum doctor_level level, const char *saw,
	const char *mend);
// None of this check at this level or a worse one.
void fake_refute(struct fake *f, const char *check, enum doctor_level level);
// Nothing is wrong or unknown at all.
void fake_all_good(struct fake *f);
