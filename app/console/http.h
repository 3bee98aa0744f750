// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A small HTTP server for people who review a log: it answers GET, keeps out whoever should not
// ask, and tells browsers to run, load and send nothing but what is its own.
//
// Who may ask: with a token, whoever brings it ("Authorization: Bearer", or ?token= once, which
// leads to the same address without it and a cookie, so that it stays in no history). Without,
// anybody who reaches the address, which is therefore a loopback one. "Host" must be an address or
// "localhost", so that no web page can reach it by a name of its own (DNS rebinding).
//
// A request must be there within 10 s and an answer taken within 120 s, however its bytes drip; of
// connections that wait for a request the oldest goes where there are many. What remains: whoever
// may ask can have the server's threads count and verify all the time, and whoever can open new
// connections faster than others send a request on theirs (48 in one round trip) can keep these
// out.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_TOKEN_MIN 16

struct http_request {
	const char *path;
	struct MHD_Connection *connection;
};

// What is asked for: the value behind "?key=", percent signs decoded; NULL: it is not there.
const char *http_query(const struct http_request *r, const char *key);
// Calls put() for all that is asked for, in order.
void http_each_query(const struct http_request *r,
	void (*put)(void *ctx, const char *key, const char *value), void *ctx);
// The first key that is none of the names (NULL behind the last), comes twice, or whose value has a
// NUL in it, which would hide the rest; NULL: all are well.
const char *http_odd_query(const struct http_request *r, const char *const *names);
// NULL: none of that name.
const char *http_cookie(const struct http_request *r, const char *name);

struct http_reply {
	unsigned status; // 200, 400, 404, ...
	const char *type;
	char *body; // malloc()ed, taken over; NULL: out of memory
	size_t len;
	const char *file_name;  // NULL, or the reply is to be saved under this name
	const char *set_cookie; // NULL, or NAME=VALUE of a setting to be kept
	const char *location;   // NULL, or where the browser goes on
};

struct http_options {
	const char *address; // IPv4 or IPv6
	uint16_t port;       // 0: any
	const char *token;   // NULL: none
	void (*answer)(void *ctx, const struct http_request *r, struct http_reply *reply);
	// Says how to bring the token; status and type are set.
	void (*refuse)(void *ctx, const struct http_request *r, struct http_reply *reply);
	const char *const *open; // paths for which nobody needs the token, NULL behind the last
	void *ctx;               // answer() and refuse() are called by several threads at once
};

struct http_server;

// NULL with one line in err: the address is none, not a loopback one (without a token), or taken.
struct http_server *http_start(const struct http_options *o, char *err, size_t err_size);
// Where it can be reached, "127.0.0.1:8080". For all addresses of the machine: at one of them that
// others can reach, where there is one.
void http_place(const struct http_server *s, char *out, size_t size);
void http_stop(struct http_server *s);
