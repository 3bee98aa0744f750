// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A control server and its clients in one thread, turn by turn.
#pragma once

#include "app/control/server.h"

#include <stdbool.h>
#include <stdint.h>

#define PING "{\"v\":1,\"cmd\":\"ping\"}\n"
#define PONG "{\"v\":1,\"ok\":true,\"pong\":1}\n"

struct bench {
	char folder[64], path[96];
	struct control_server *server;
	uint64_t ticket;
	char err[256];
	int64_t longest; // turn of the server, milliseconds
};

int64_t now_ms(void);
void set_up(struct bench *b);
void tear_down(struct bench *b);
void turn(struct bench *b);
int client(const struct bench *b);
bool say(struct bench *b, int fd, const char *text, size_t len);
char *hear(struct bench *b, int fd);
void ask(struct bench *b, const char *request, const char *answer);
json_t *answer_request(void *ctx, const struct control_request *r, char *err, size_t err_size);
