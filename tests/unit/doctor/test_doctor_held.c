// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the doctor says of ports that a gateway has already.
#include "tests/unit/doctor/fake.h"

#define PORT0 "port 0000:01:00.0"

static void ports_are_one_gateways_alone(void **state)
{
	struct fake *f = *state;

	f->held = "device/0000:01:00.0";
	f->owner = 4711;
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "another gateway, process 4711", "-p 4711");
	fake_refute(f, "port 0000:01:00.1", DOCTOR_NOTE);
	f->owner = 0;
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "does not tell", "sudo bridgehead doctor");
	f->reach = 0;
	f->pid = f->owner = 815;
	fake_run(f);
	fake_refute(f, PORT0, DOCTOR_WARN);
	fake_expect(f, PORT0, DOCTOR_NOTE, "the gateway that runs", NULL);
	f->owner = 4711; // not the one at the configuration's control socket
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "another gateway, process 4711", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			ports_are_one_gateways_alone, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("doctor-held", tests, NULL, NULL);
}
