// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_ANSWER       (64u << 20)
#define CONTROL_ANSWER_S 120 // a large policy, or a walk over ten million flows

static int reach(const char *path, char *err, size_t err_size)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = CONTROL_ANSWER_S};
	int fd;

	if (strlen(path) >= sizeof(a.sun_path)) {
		snprintf(err, err_size, "%s: longer than a socket's path may be", path);
		return -1;
	}
	strcpy(a.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		return fd;
	}
	snprintf(err, err_size, "%s: %s%s", path, strerror(errno),
		errno == ENOENT || errno == ECONNREFUSED
			? "; is the gateway running, and is this its control_socket?"
		: errno == EACCES ? "; are you in group bridgehead?"
				  : "");
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool send_all(int fd, const char *text, size_t len)
{
	while (len != 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

// One line, without its end; the caller frees it.
static char *read_line(int fd, size_t *len)
{
	size_t size = 65536, n = 0;
	char *text = malloc(size);

	while (text != NULL) {
		ssize_t got;

		if (n == size) {
			char *more = size < MAX_ANSWER ? realloc(text, size * 2) : NULL;

			if (more == NULL)
				break;
			text = more;
			size *= 2;
		}
		got = recv(fd, text + n, size - n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
		if (text[n - 1] == '\n') {
			*len = n - 1;
			return text;
		}
	}
	free(text);
	return NULL;
}

// A request that went out may be done all the same, and later: who pushed a policy must know.
static void say_silence(const char *path, bool asked, char *err, size_t err_size)
{
	bool late = errno == EAGAIN || errno == EWOULDBLOCK;

	snprintf(err, err_size, "%s: the gateway %s%s", path,
		late ? "has not answered for two minutes"
		     : "closed the connection without an answer",
		asked ? "; what it was asked to do may be done all the same" : "");
}

json_t *control_ask(const char *path, json_t *request, char *err, size_t err_size)
{
	int fd = reach(path, err, err_size);
	char *text, *line = NULL;
	json_t *reply = NULL;
	bool asked;
	size_t len;

	if (fd < 0)
		return NULL;
	json_object_set_new(request, "v", json_integer(CONTROL_VERSION));
	text = json_dumps(request, JSON_COMPACT);
	if (text == NULL) {
		snprintf(err, err_size, "no memory for the request");
		goto out;
	}
	errno = 0;
	asked = send_all(fd, text, strlen(text)) && send_all(fd, "\n", 1);
	if (!asked || (line = read_line(fd, &len)) == NULL) {
		say_silence(path, asked, err, err_size);
		goto out;
	}
	reply = json_loadb(line, len, 0, NULL);
	if (!json_is_object(reply)) {
		snprintf(err, err_size, "%s: the answer is no JSON object", path);
		json_decref(reply);
		reply = NULL;
	} else if (!json_is_true(json_object_get(reply, "ok"))) {
		const char *said = json_string_value(json_object_get(reply, "error"));

		snprintf(err, err_size, "the gateway says: %s", said != NULL ? said : "no");
		json_decref(reply);
		reply = NULL;
	}
out:
	free(line);
	free(text);
	close(fd);
	return reply;
}
