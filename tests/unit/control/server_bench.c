// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/control/server_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

json_t *answer_request(void *ctx, const struct control_request *r, char *err, size_t err_size)
{
	struct bench *b = ctx;

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

void set_up(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	snprintf(b->folder, sizeof(b->folder), "/tmp/control-test-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->path, sizeof(b->path), "%s/run/socket", b->folder);
	b->server = control_server_open(b->path, answer_request, b, b->err, sizeof(b->err));
	if (b->server == NULL)
		fail_msg("%s", b->err);
}

void tear_down(struct bench *b)
{
	char text[128];

	control_server_close(b->server);
	assert_int_equal(access(b->path, F_OK), -1);
	snprintf(text, sizeof(text), "%s/run", b->folder);
	assert_int_equal(rmdir(text), 0);
	assert_int_equal(rmdir(b->folder), 0);
}

void turn(struct bench *b)
{
	int64_t begin = now_ms();

	control_server_poll(b->server, 1);
	if (now_ms() - begin > b->longest)
		b->longest = now_ms() - begin;
}

int client(const struct bench *b)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	strcpy(a.sun_path, b->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

// Sends all of it while the server turns. False where the server has closed.
bool say(struct bench *b, int fd, const char *text, size_t len)
{
	for (int64_t end = now_ms() + 20000; len != 0;) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		assert_true(now_ms() < end);
		if (n < 0 && errno != EAGAIN)
			return false;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
		turn(b);
	}
	return true;
}

// What comes until a line ends or the server closes: "" then. The server turns meanwhile.
char *hear(struct bench *b, int fd)
{
	static char line[4096];
	size_t n = 0;

	for (int64_t end = now_ms() + 20000; now_ms() < end;) {
		ssize_t got;

		turn(b);
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

void ask(struct bench *b, const char *request, const char *answer)
{
	int fd = client(b);

	assert_true(say(b, fd, request, strlen(request)));
	assert_string_equal(hear(b, fd), answer);
	close(fd);
	turn(b);
}
