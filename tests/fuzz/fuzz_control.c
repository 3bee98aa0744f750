// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Any bytes on the control socket: every answer is one line of JSON that says ok or why not, and
// the server serves the next client. Input: how many bytes are sent at a time, then what is sent.
#include "app/control/server.h"
#include "tests/fuzz/want.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct stage { // one for the whole run: a server serves many clients
	struct control_server *server;
	struct sockaddr_un addr;
	char folder[32];
	uint64_t ticket[1];
	unsigned waiting, answered;
};

static struct stage stage;

static json_t *answer(void *ctx, const struct control_request *q, char *err, size_t err_size)
{
	want(json_is_object(q->body) && q->peer.uid == getuid());
	if (strcmp(q->cmd, "stats") == 0)
		return json_pack("{s:O}", "asked", q->body);
	if (strcmp(q->cmd, "later") == 0) {
		want(stage.waiting == 0); // one request of a client at a time
		return control_wait(q, &stage.ticket[stage.waiting++]);
	}
	snprintf(err, err_size, "no command %s", q->cmd);
	return NULL;
}

// What was to be answered later: with an answer or with an error, in turn. Where the client has
// gone meanwhile nothing happens.
static void answer_waiting(void)
{
	while (stage.waiting > 0) {
		uint64_t ticket = stage.ticket[--stage.waiting];
		bool good = ++stage.answered & 1;

		control_gone(stage.server, ticket);
		control_answer(stage.server, ticket, good ? json_object() : NULL, "not today");
		want(control_gone(stage.server, ticket));
	}
}

static void clear(void)
{
	control_server_close(stage.server);
	rmdir(stage.folder);
}

static void open_stage(void)
{
	char err[512];

	strcpy(stage.folder, "/tmp/fuzz-control-XXXXXX");
	if (mkdtemp(stage.folder) == NULL) {
		perror("fuzz: folder");
		exit(2);
	}
	stage.addr.sun_family = AF_UNIX;
	snprintf(stage.addr.sun_path, sizeof(stage.addr.sun_path), "%s/sock", stage.folder);
	stage.server = control_server_open(stage.addr.sun_path, answer, NULL, err, sizeof(err));
	if (stage.server == NULL) {
		fprintf(stderr, "fuzz: %s\n", err);
		exit(2);
	}
	atexit(clear);
}

struct client {
	int fd;
	char line[1 << 20]; // longer than any answer to what the fuzzer sends
	size_t n;
};

static void take_answers(struct client *c)
{
	ssize_t got;
	char *nl;

	while ((got = recv(c->fd, c->line + c->n, sizeof(c->line) - c->n, MSG_DONTWAIT)) > 0) {
		c->n += (size_t)got;
		while ((nl = memchr(c->line, '\n', c->n)) != NULL) {
			json_t *v = json_loadb(c->line, (size_t)(nl - c->line), 0, NULL);
			json_t *ok = json_object_get(v, "ok");

			want(json_is_true(ok) ||
				(json_is_false(ok) && json_is_string(json_object_get(v, "error"))));
			json_decref(v);
			c->n -= (size_t)(nl + 1 - c->line);
			memmove(c->line, nl + 1, c->n);
		}
		want(c->n < sizeof(c->line));
	}
}

static void send_all(struct client *c, const uint8_t *data, size_t size, size_t piece)
{
	while (size > 0) {
		size_t n = size < piece ? size : piece;
		ssize_t sent = send(c->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			return; // the server has had enough
		if (sent > 0) {
			data += sent;
			size -= (size_t)sent;
		}
		control_server_poll(stage.server, 0);
		answer_waiting();
		take_answers(c);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct client c;

	if (size == 0)
		return 0;
	if (stage.server == NULL)
		open_stage();
	c.n = 0;
	c.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	want(c.fd >= 0 && connect(c.fd, (struct sockaddr *)&stage.addr, sizeof(stage.addr)) == 0);
	control_server_poll(stage.server, 0);
	send_all(&c, data + 1, size - 1, data[0] == 0 ? SIZE_MAX : data[0]);
	for (unsigned i = 0; i < 4; i++) { // what is left to answer
		control_server_poll(stage.server, 0);
		if (i != 3 || !(size & 1))
			answer_waiting();
		take_answers(&c);
	}
	close(c.fd);
	control_server_poll(stage.server, 0); // sees the end
	answer_waiting();                     // nobody is there any more
	return 0;
}
