// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What one process holds no other can take, until it ends, and who has it is told.
#include "drivers/eal/hold.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

// A name that no other run of this test has.
static const char *name_of(const char *what)
{
	static char name[HOLD_NAME_MAX];

	snprintf(name, sizeof(name), "test/%d/%s", (int)getpid(), what);
	return name;
}

static void a_name_has_one_holder(void **state)
{
	const char *name = name_of("one");
	int a, b;
	pid_t pid = -1;

	assert_int_equal(hold_owner(name, &pid), 0);
	assert_int_equal(hold_take(name, &a), 0);
	assert_int_equal(hold_take(name, &b), -EADDRINUSE);
	assert_int_equal(hold_owner(name, &pid), 1);
	assert_int_equal(pid, getpid());
	close(a);
	assert_int_equal(hold_owner(name, &pid), 0);
	assert_int_equal(hold_take(name, &b), 0);
	close(b);
}

// "interface/1" is not "interface/12".
static void names_are_whole(void **state)
{
	char longer[HOLD_NAME_MAX + 1], endless[200];
	int a, b;
	pid_t pid;

	snprintf(longer, sizeof(longer), "%s2", name_of("interface/1"));
	assert_int_equal(hold_take(longer, &a), 0);
	assert_int_equal(hold_owner(name_of("interface/1"), &pid), 0);
	assert_int_equal(hold_take(name_of("interface/1"), &b), 0);
	close(a);
	assert_int_equal(hold_owner(longer, &pid), 0);
	close(b);
	memset(endless, 'x', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_int_equal(hold_take(endless, &a), -ENAMETOOLONG);
}

static void a_hold_ends_with_its_process(void **state)
{
	const char *name = name_of("killed");
	int ready[2], fd, status;
	char c = 0;
	pid_t child, pid;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		c = hold_take(name, &fd) == 0;
		if (write(ready[1], &c, 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, 1);
	assert_int_equal(hold_take(name, &fd), -EADDRINUSE);
	assert_int_equal(hold_owner(name, &pid), 1);
	assert_int_equal(pid, child);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(hold_take(name, &fd), 0);
	close(fd);
	close(ready[0]);
	close(ready[1]);
}

// An interface has a number in its own network namespace only.
static void namespaces_have_their_own_names(void **state)
{
	const char *name = name_of("elsewhere");
	int fd, status;
	pid_t child, pid;

	assert_int_equal(hold_take(name, &fd), 0);
	child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNET) != 0)
			_exit(77);
		_exit(hold_owner(name, &pid) != 0 || hold_take(name, &fd) != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close(fd);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip(); // no right to make one
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_one_holder),
		cmocka_unit_test(names_are_whole),
		cmocka_unit_test(a_hold_ends_with_its_process),
		cmocka_unit_test(namespaces_have_their_own_names),
	};

	return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
