// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The control socket: a Unix stream socket on which clients ask and are answered in lines of JSON.
//
// One request a line, {"v":1,"cmd":"..."}, one answer a line, {"v":1,"ok":true,...} or
// {"v":1,"ok":false,"error":"..."}. Everything happens in control_server_poll(), on one thread: a
// client that is slow, silent or malicious costs a place for a while and holds nobody up. Where all
// places are taken, whoever comes gets that of the client which has been without a whole request
// for longest.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTROL_VERSION     1
#define CONTROL_MAX_REQUEST (48u << 20) // bytes of a line: a policy of 16 MiB as a string of JSON
#define CONTROL_MAX_CLIENTS 16
#define CONTROL_MAX_MEMORY  (128u << 20) // of all requests that are coming in
#define CONTROL_IDLE_MS     10000 // without a whole request, or without taking any answer: sent away

struct control_server;

// Who asks, as the kernel says (SO_PEERCRED).
struct control_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

// A request, for the time of the handler's call.
struct control_request {
	const char *cmd;
	json_t *body; // borrowed
	struct control_peer peer;
	struct control_server *server;
	unsigned client;
};

// Answers a request. Returns a new object without "v" and "ok", which the server adds; or NULL with
// a line in err; or control_wait(request) where the answer comes later.
typedef json_t *control_handler(
	void *ctx, const struct control_request *request, char *err, size_t err_size);

// The answer will be given by control_answer(*ticket, ...); until then the client's next request
// waits.
json_t *control_wait(const struct control_request *request, uint64_t *ticket);
// reply is taken; NULL: error. Nothing happens where the client has gone.
void control_answer(struct control_server *s, uint64_t ticket, json_t *reply, const char *error);
// Has the client that waits for the answer gone?
bool control_gone(const struct control_server *s, uint64_t ticket);

// A string of JSON, which must be UTF-8. A file's name may be anything, and a line that was cut to
// its buffer may end within a character: "?" for each byte that is of none. NULL: no memory.
json_t *control_text(const char *s);

// Makes the socket (mode 0660, group "bridgehead" where there is one) and its folder (0750). A
// socket that a gateway left behind is replaced; one on which a gateway answers is not. NULL with a
// line in err.
struct control_server *control_server_open(
	const char *path, control_handler *handler, void *ctx, char *err, size_t err_size);

// Waits up to timeout_ms for something to do and does it.
void control_server_poll(struct control_server *s, int timeout_ms);

// Where all places were taken.
struct control_stats {
	uint64_t cut_off;     // clients that had not asked anything whole, or took no answer
	uint64_t turned_away; // clients that came while all others waited for answers
};

struct control_stats control_server_stats(const struct control_server *s);

// Removes the socket.
void control_server_close(struct control_server *s);

// ---- client side: one request, one answer (a new reference; "ok" has been checked). NULL with a
// line in err.
json_t *control_ask(const char *path, json_t *request, char *err, size_t err_size);
