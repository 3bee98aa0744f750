// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/server.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE  65536 // bytes; enough for every request but a policy
#define STALLED_MS 1000  // nothing of an answer was taken for so long

struct client {
	int fd; // -1: free
	struct control_peer peer;
	int64_t since; // of its last whole request or of what it took of an answer, milliseconds
	char *in;      // grows as a request comes in
	size_t n_in, size_in, searched; // [0, searched) holds no end of a line
	uint64_t ticket;                // of the request that is answered later, 0: none
	char *out;                      // NULL: nothing to send
	size_t n_out, sent;
	bool last; // close when sent
};

struct control_server {
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	control_handler *handler;
	void *ctx;
	struct client clients[CONTROL_MAX_CLIENTS];
	uint64_t next_ticket;
	struct control_stats stats;
	json_t *later; // what a handler returns that answers later
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int make_folder(const char *path, char *err, size_t err_size)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)], *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return 0;
	*slash = '\0';
	if (mkdir(folder, 0750) == 0) {
		struct group *g = getgrnam("bridgehead");

		// Who may use the socket must be able to reach it.
		if (g == NULL || chown(folder, (uid_t)-1, g->gr_gid) == 0)
			return 0;
		snprintf(err, err_size,
			"control socket: cannot give folder %s to group bridgehead: %s", folder,
			strerror(errno));
		return -errno;
	}
	if (errno == EEXIST)
		return 0;
	snprintf(err, err_size, "control socket: cannot make folder %s: %s", folder,
		strerror(errno));
	return -errno;
}

static int bind_socket(struct control_server *s, char *err, size_t err_size)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct group *g = getgrnam("bridgehead");
	struct stat st;
	mode_t old;
	int rc;

	memcpy(a.sun_path, s->path, sizeof(a.sun_path));
	// A connection that is refused tells a socket without a gateway behind it.
	if (connect(s->fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
		snprintf(
			err, err_size, "control socket %s: another gateway answers there", s->path);
		return -EADDRINUSE;
	}
	// It tells a file of another kind too, which is not ours to remove.
	if (errno == ECONNREFUSED && lstat(s->path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(s->path);
	old = umask(0117);
	rc = bind(s->fd, (struct sockaddr *)&a, sizeof(a));
	umask(old);
	if (rc < 0) {
		snprintf(err, err_size, "control socket %s: %s", s->path, strerror(errno));
		return -EADDRINUSE;
	}
	if (g != NULL && chown(s->path, (uid_t)-1, g->gr_gid) < 0)
		snprintf(err, err_size, "control socket %s: cannot give it to group bridgehead: %s",
			s->path, strerror(errno));
	else if (listen(s->fd, CONTROL_MAX_CLIENTS) < 0)
		snprintf(err, err_size, "control socket %s: %s", s->path, strerror(errno));
	else
		return 0;
	unlink(s->path);
	return -EIO;
}

struct control_server *control_server_open(
	const char *path, control_handler *handler, void *ctx, char *err, size_t err_size)
{
	struct control_server *s = calloc(1, sizeof(*s));

	if (s == NULL || strlen(path) >= sizeof(s->path)) {
		snprintf(err, err_size, "control socket: %s",
			s == NULL ? "no memory" : "the path is longer than 107 characters");
		free(s);
		return NULL;
	}
	strcpy(s->path, path);
	s->handler = handler;
	s->ctx = ctx;
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++)
		s->clients[i].fd = -1;
	s->fd = -1;
	s->later = json_object();
	if (make_folder(path, err, err_size) < 0)
		goto fail;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0) {
		snprintf(err, err_size, "control socket: %s", strerror(errno));
		goto fail;
	}
	if (bind_socket(s, err, err_size) == 0)
		return s;
fail:
	if (s->fd >= 0)
		close(s->fd);
	json_decref(s->later);
	free(s);
	return NULL;
}

static void drop(struct client *c)
{
	close(c->fd);
	free(c->in);
	free(c->out);
	memset(c, 0, sizeof(*c));
	c->fd = -1;
}

// Who has kept a place longest without asking anything whole, or takes nothing of its answer. Who
// waits for an answer is none of them. NULL: all do.
static struct client *longest_incomplete(struct control_server *s)
{
	struct client *longest = NULL;
	int64_t now = now_ms();

	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		struct client *c = &s->clients[i];

		if (c->ticket != 0 || (c->out != NULL && now - c->since < STALLED_MS))
			continue;
		if (longest == NULL || c->since < longest->since)
			longest = c;
	}
	return longest;
}

// A place for a client; NULL: there is none.
static struct client *place(struct control_server *s)
{
	struct client *c;

	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++)
		if (s->clients[i].fd < 0)
			return &s->clients[i];
	c = longest_incomplete(s);
	if (c == NULL) {
		s->stats.turned_away++;
		return NULL;
	}
	drop(c);
	s->stats.cut_off++;
	return c;
}

static void accept_client(struct control_server *s)
{
	int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *c;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (fd < 0)
		return;
	c = place(s);
	if (c == NULL || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) {
		close(fd);
		return;
	}
	c->fd = fd;
	c->since = now_ms();
	c->peer = (struct control_peer){.uid = cred.uid, .gid = cred.gid, .pid = cred.pid};
}

// Length of the character at s, of n bytes; 0: it is none.
static size_t character(const char *s, size_t n)
{
	for (size_t len = 1; len <= 4 && len <= n; len++) {
		json_t *one = json_stringn(s, len);

		json_decref(one);
		if (one != NULL)
			return len;
	}
	return 0;
}

json_t *control_text(const char *s)
{
	size_t n = strlen(s), len;
	json_t *text = json_stringn(s, n);
	char *fit = text == NULL ? strdup(s) : NULL;

	for (size_t i = 0; fit != NULL && i < n; i += len) {
		len = character(s + i, n - i);
		if (len == 0)
			fit[i] = '?';
		len += len == 0;
	}
	if (fit != NULL)
		text = json_stringn(fit, n);
	free(fit);
	return text;
}

static void answer(struct client *c, json_t *reply, const char *error)
{
	json_t *whole = json_pack("{s:i, s:b}", "v", CONTROL_VERSION, "ok", reply != NULL);
	char *text;

	if (reply != NULL)
		json_object_update(whole, reply);
	else
		json_object_set_new(whole, "error", control_text(error));
	text = json_dumps(whole, JSON_COMPACT);
	json_decref(whole);
	json_decref(reply);
	if (text == NULL) {
		c->last = true;
		return;
	}
	c->n_out = strlen(text);
	c->out = realloc(text, c->n_out + 2);
	if (c->out == NULL) {
		free(text);
		c->last = true;
		return;
	}
	c->out[c->n_out++] = '\n';
	c->sent = 0;
}

json_t *control_wait(const struct control_request *request, uint64_t *ticket)
{
	struct control_server *s = request->server;

	*ticket = s->clients[request->client].ticket =
		++s->next_ticket * CONTROL_MAX_CLIENTS + request->client;
	return json_incref(s->later);
}

static struct client *waiting(const struct control_server *s, uint64_t ticket)
{
	const struct client *c = &s->clients[ticket % CONTROL_MAX_CLIENTS];

	return c->fd >= 0 && c->ticket == ticket ? (struct client *)(uintptr_t)c : NULL;
}

bool control_gone(const struct control_server *s, uint64_t ticket)
{
	return waiting(s, ticket) == NULL;
}

void control_answer(struct control_server *s, uint64_t ticket, json_t *reply, const char *error)
{
	struct client *c = waiting(s, ticket);

	if (c == NULL) {
		json_decref(reply);
		return;
	}
	c->ticket = 0;
	c->since = now_ms();
	answer(c, reply, error);
}

static void serve(struct control_server *s, struct client *c, const char *line, size_t len)
{
	json_error_t e;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e),
	       *reply = NULL;
	struct control_request r = {.body = request,
		.peer = c->peer,
		.server = s,
		.client = (unsigned)(c - s->clients)};
	char err[2048] = "";
	const char *cmd;

	if (!json_is_object(request)) {
		snprintf(err, sizeof(err), "a request is one object of JSON on a line");
	} else if (json_integer_value(json_object_get(request, "v")) != CONTROL_VERSION) {
		snprintf(err, sizeof(err), "this gateway speaks version %d of the control protocol",
			CONTROL_VERSION);
	} else {
		cmd = json_string_value(json_object_get(request, "cmd"));
		if (cmd == NULL)
			snprintf(err, sizeof(err), "a request needs \"cmd\"");
		else
			reply = s->handler(s->ctx, (r.cmd = cmd, &r), err, sizeof(err));
	}
	json_decref(request);
	if (reply == s->later)
		json_decref(reply);
	else
		answer(c, reply, err);
}

static void take_lines(struct control_server *s, struct client *c)
{
	char *end;

	if (c->out != NULL || c->ticket != 0 || c->n_in == 0)
		return;
	end = memchr(c->in + c->searched, '\n', c->n_in - c->searched);
	c->searched = end == NULL ? c->n_in : 0;
	if (end == NULL)
		return;
	c->since = now_ms();
	serve(s, c, c->in, (size_t)(end - c->in));
	c->n_in -= (size_t)(end + 1 - c->in);
	memmove(c->in, end + 1, c->n_in);
	if (c->size_in > READ_SIZE && c->n_in < READ_SIZE) { // a large request is rare
		char *less = realloc(c->in, READ_SIZE);

		c->in = less != NULL ? less : c->in;
		c->size_in = less != NULL ? READ_SIZE : c->size_in;
	}
}

// Room for more of a request. False where it is longer than may be, or all clients together ask too
// much.
static bool make_room(struct control_server *s, struct client *c)
{
	size_t size = c->size_in == 0 ? READ_SIZE : 2 * c->size_in, all = 0;
	char *more;

	if (c->n_in < c->size_in)
		return true;
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++)
		all += s->clients[i].size_in;
	if (size > CONTROL_MAX_REQUEST)
		size = CONTROL_MAX_REQUEST;
	if (c->size_in == CONTROL_MAX_REQUEST || all - c->size_in + size > CONTROL_MAX_MEMORY)
		return false;
	more = realloc(c->in, size);
	if (more == NULL)
		return false;
	c->in = more;
	c->size_in = size;
	return true;
}

static bool receive(struct control_server *s, struct client *c)
{
	ssize_t n;

	if (!make_room(s, c)) {
		answer(c, NULL, "the request is too long");
		c->last = true;
		c->n_in = 0;
		return true;
	}
	n = recv(c->fd, c->in + c->n_in, c->size_in - c->n_in, 0);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	if (n > 0) {
		c->n_in += (size_t)n;
		take_lines(s, c);
	}
	return true;
}

static bool send_some(struct control_server *s, struct client *c)
{
	ssize_t n = send(c->fd, c->out + c->sent, c->n_out - c->sent, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	c->since = now_ms();
	if (c->sent < c->n_out)
		return true;
	free(c->out);
	c->out = NULL;
	take_lines(s, c);
	return !c->last;
}

void control_server_poll(struct control_server *s, int timeout_ms)
{
	struct pollfd fds[CONTROL_MAX_CLIENTS + 1];
	int64_t now;

	fds[0] = (struct pollfd){.fd = s->fd, .events = POLLIN};
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++) // poll() passes over -1
		fds[i + 1] = (struct pollfd){.fd = s->clients[i].fd,
			.events = s->clients[i].out != NULL   ? POLLOUT
				  : s->clients[i].ticket != 0 ? 0
							      : POLLIN};
	if (poll(fds, CONTROL_MAX_CLIENTS + 1, timeout_ms) < 0)
		return;
	now = now_ms();
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		struct client *c = &s->clients[i];
		bool keep = true;

		if (c->fd < 0)
			continue;
		if (fds[i + 1].revents & POLLOUT)
			keep = send_some(s, c);
		else if (c->ticket != 0)
			keep = (fds[i + 1].revents & (POLLHUP | POLLERR)) == 0;
		else if (fds[i + 1].revents & (POLLIN | POLLHUP | POLLERR))
			keep = receive(s, c);
		if (!keep || (c->ticket == 0 && now - c->since > CONTROL_IDLE_MS))
			drop(c);
	}
	if (fds[0].revents & POLLIN)
		accept_client(s);
}

struct control_stats control_server_stats(const struct control_server *s)
{
	return s->stats;
}

void control_server_close(struct control_server *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			drop(&s->clients[i]);
	close(s->fd);
	unlink(s->path);
	json_decref(s->later);
	free(s);
}
