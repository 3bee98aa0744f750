// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A control server and its clients on one thread: whatever a client does here, the server turns
// meanwhile.
#pragma once

#include "app/control/server.h"

#define PING "{\"v\":1,\"cmd\":\"ping\"}\n"
#define PONG "{\"v\":1,\"ok\":true,\"pong\":1}\n"

struct server_bench {
	char folder[64], path[96];
	struct control_server *server;
	uint64_t ticket;
	char err[256];
	int64_t longest; // turn of the server, milliseconds
};

int64_t bench_now(void); // milliseconds

// A server in a folder of its own. It answers "ping", "peer", "large" (8 MiB), and "later" when it
// is told to.
void bench_open(struct server_bench *b);
// The socket and the folder are gone after that.
void bench_close(struct server_bench *b);
json_t *bench_answer(void *ctx, const struct control_request *r, char *err, size_t err_size);

void bench_turn(struct server_bench *b);
int bench_client(const struct server_bench *b);
// Sends all of it. False where the server has closed.
bool bench_say(struct server_bench *b, int fd, const char *text, size_t len);
// What comes until a line ends or the server closes: "" then.
char *bench_hear(struct server_bench *b, int fd);
// One request by a client of its own, and the answer that it must get.
void bench_ask(struct server_bench *b, const char *request, const char *answer);
