// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a pass over a log says of itself on a terminal, and that it says nothing elsewhere.

#include "app/rows/how_far.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define MB 1000000ull

// What a pass says where standard error is fd; out: what comes of it at from.
static void say(int fd, int from, char out[4096])
{
	struct pollfd p = {.fd = from, .events = POLLIN};
	int own = dup(STDERR_FILENO);
	struct how_far f;
	size_t n = 0;
	ssize_t got;

	assert_true(own >= 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	how_far_begin(&f, 100 * MB);
	for (uint64_t read = 0; read <= 40 * MB; read += MB)
		how_far_show(&f, read);
	how_far_show(&f, 0); // it begins again
	how_far_show(&f, 20 * MB);
	how_far_end(&f);
	fflush(stderr);
	assert_true(dup2(own, STDERR_FILENO) >= 0);
	close(own);
	while (poll(&p, 1, 200) > 0 && (got = read(from, out + n, 4095 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
}

static void test_terminal(void **state)
{
	int parent = posix_openpt(O_RDWR | O_NOCTTY), child;
	struct termios raw;
	char out[4096];

	assert_true(parent >= 0 && grantpt(parent) == 0 && unlockpt(parent) == 0);
	child = open(ptsname(parent), O_RDWR | O_NOCTTY);
	assert_true(child >= 0);
	assert_int_equal(tcgetattr(child, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(child, TCSANOW, &raw), 0);
	say(child, parent, out);
	assert_string_equal(out,
		"\rbhlog: 17 MB of 100 MB \rbhlog: 34 MB of 100 MB \rbhlog: 0 MB of 100 MB "
		"\rbhlog: 20 MB of 100 MB \r\033[K");
	close(child);
	close(parent);
}

static void test_pipe(void **state)
{
	char out[4096];
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	say(fds[1], fds[0], out);
	assert_string_equal(out, "");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
