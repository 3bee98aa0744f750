// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Whose connection is closed when too many wait.

#include "app/console/waiting.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ALL (WAITING_MAX + 3)

struct client {
	int fd, of_server;
	struct waiting_one *one;
};

static void come(struct waiting *w, struct client *c)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	c->fd = fds[0];
	c->of_server = fds[1];
	c->one = waiting_add(w, c->of_server, 100);
	assert_non_null(c->one);
}

static void leave(struct waiting *w, struct client *c)
{
	waiting_remove(w, c->one);
	close(c->fd);
	close(c->of_server);
}

static bool is_cut(const struct client *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

// All within a second, and the last ones in places of clients that left.
static void test_longest_goes(void **state)
{
	struct waiting *w = waiting_new(ALL);
	struct client c[ALL + 1];

	(void)state;
	assert_non_null(w);
	for (unsigned i = 0; i < WAITING_MAX; i++) {
		come(w, &c[i]);
	}
	leave(w, &c[0]);
	come(w, &c[WAITING_MAX]);
	for (unsigned i = 1; i <= WAITING_MAX; i++) {
		assert_false(is_cut(&c[i]));
	}
	waiting_set(w, c[1].one, false, 100); // its request is whole
	waiting_set(w, c[2].one, true, 100);  // and that one's next begins
	come(w, &c[WAITING_MAX + 1]);         // takes the place of the one that does not wait
	come(w, &c[WAITING_MAX + 2]);
	for (unsigned i = 1; i <= WAITING_MAX + 2; i++) {
		assert_int_equal(is_cut(&c[i]), i == 3);
	}
	come(w, &c[ALL]);
	for (unsigned i = 1; i <= ALL; i++) {
		assert_int_equal(is_cut(&c[i]), i == 3 || i == 4);
		leave(w, &c[i]);
	}
	waiting_free(w);
}

// As many as there is room for, and time that is over.
static void test_bounds(void **state)
{
	struct waiting *w = waiting_new(2);
	struct client a, b, late;
	struct pollfd p = {.events = POLLIN};

	(void)state;
	assert_non_null(w);
	come(w, &a);
	come(w, &b);
	assert_null(waiting_add(w, a.of_server, 100));
	leave(w, &b);
	come(w, &late);
	waiting_set(w, late.one, true, 1);
	p.fd = late.fd;
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_false(is_cut(&a));
	leave(w, &a);
	leave(w, &late);
	waiting_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longest_goes),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
