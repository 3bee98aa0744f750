// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/control/server_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

int64_t bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

json_t *bench_answer(void *ctx, const struct control_request *r, char *err, size_t err_size)
{
	struct server_bench *b = ctx;

	if (strcmp(r->cmd, "ping") == 0)
		return json_pack("{s:i}", "pong", 1);
	if (strcmp(r->cmd, "peer") == 0)
		return json_pack("{s:I, s:I}", "uid", (json_int_t)r->peer.uid, "pid",
			(json_int_t)r->peer.pid);
	if (strcmp(r->cmd, "large") == 0) {
		char *text = malloc(8 << 20);
		json_t *o;

		memset(text, 'x', 8 << 20);
		o = json_pack("{s:s#}", "text", text, 8 << 20);
		free(text);
		return o;
	}
	if (strcmp(r->cmd, "later") == 0)
		return control_wait(r, &b->ticket);
	snprintf(err, err_size, "no command \"%s\"", r->cmd);
	return NULL;
}

void bench_open(struct server_bench *b)
{
	memset(b, 0, sizeof(*b));
	snprintf(b->folder, sizeof(b->folder), "/tmp/control-test-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->path, sizeof(b->path), "%s/run/socket", b->folder);
	b->server = control_server_open(b->path, bench_answer, b, b->err, sizeof(b->err));
	if (b->server == NULL)
		fail_msg("%s", b->err);
}

void bench_close(struct server_bench *b)
{
	char text[128];

	control_server_close(b->server);
	assert_int_equal(access(b->path, F_OK), -1);
	snprintf(text, sizeof(text), "%s/run", b->folder);
	assert_int_equal(rmdir(text), 0);
	assert_int_equal(rmdir(b->folder), 0);
}

void bench_turn(struct server_bench *b)
{
	int64_t begin = bench_now();

	control_server_poll(b->server, 1);
	if (bench_now() - begin > b->longest)
		b->longest = bench_now() - begin;
}

int bench_client(const struct server_bench *b)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	strcpy(a.sun_path, b->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

bool bench_say(struct server_bench *b, int fd, const char *text, size_t len)
{
	for (int64_t end = bench_now() + 20000; len != 0;) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		assert_true(bench_now() < end);
		if (n < 0 && errno != EAGAIN)
			return false;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
		bench_turn(b);
	}
	return true;
}

char *bench_hear(struct server_bench *b, int fd)
{
	static char line[4096];
	size_t n = 0;

	for (int64_t end = bench_now() + 20000; bench_now() < end;) {
		ssize_t got;

		bench_turn(b);
		got = recv(fd, line + n, 1, 0);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			return line[0] = '\0', line;
		n += got > 0;
		assert_true(n < sizeof(line));
		line[n] = '\0';
		if (n != 0 && line[n - 1] == '\n')
			return line;
	}
	fail_msg("no answer in 20 s");
	return NULL;
}

void bench_ask(struct server_bench *b, const char *request, const char *answer)
{
	int fd = bench_client(b);

	assert_true(bench_say(b, fd, request, strlen(request)));
	assert_string_equal(bench_hear(b, fd), answer);
	close(fd);
	bench_turn(b);
}
