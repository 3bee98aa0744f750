// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Looks at the live flows of all workers (app/dataplane/view.h), one at a time, each an answer to a
// client of the control socket. The control thread goes on with its work meanwhile.
#pragma once

#include "app/gateway/gateway.h"
#include "app/gateway/gateway_policy.h"

struct gateway_view {
	struct view per_worker[WORKER_MAX];
	struct view all; // rows and sums of all workers together
	uint64_t ticket;
	int64_t begun;
	char strings[4][256];        // of the filter
	struct policy *candidate;    // owned; NULL: none
	struct policy_answer answer; // on the candidate
	// Makes the answer when all workers are through; takes nothing over.
	json_t *(*finish)(struct gateway *g, struct gateway_view *v);
	// A look for the gateway itself: called instead, and nobody is answered.
	void (*found)(struct gateway *g, const struct gateway_view *v);
	bool given_up; // nobody wants what it finds
	unsigned limit;
};

// Handlers of the control socket.
json_t *gateway_view_flows(
	struct gateway *g, const struct control_request *r, char *err, size_t size);
json_t *gateway_view_top(
	struct gateway *g, const struct control_request *r, char *err, size_t size);
json_t *gateway_view_rules(
	struct gateway *g, const struct control_request *r, char *err, size_t size);
json_t *gateway_view_dry_run(
	struct gateway *g, const struct control_request *r, char *err, size_t size);

// Takes over what a policy's generation has counted (struct policy_slot).
void gateway_rules_retired(void *ctx, const struct policy_generation *gen);

// A new view that waits to be begun; NULL with a line in err where one is under way or no memory is
// left.
struct gateway_view *gateway_view_new(struct gateway *g, char *err, size_t err_size);
// Hands it to the workers. 0, or -ENOMEM with a line in err: then it is freed.
int gateway_view_start(struct gateway *g, struct gateway_view *v, char *err, size_t err_size);
// The same, and lets the client wait.
json_t *gateway_view_begin(struct gateway *g, struct gateway_view *v,
	const struct control_request *r, char *err, size_t err_size);
void gateway_view_free(struct gateway_view *v);
// The one under way is not wanted any more; it ends when each worker has seen so.
void gateway_view_give_up(struct gateway *g);

// Answers where all workers are through.
void gateway_view_poll(struct gateway *g);
// After the workers have stopped.
void gateway_view_close(struct gateway *g);

// The offer that a client makes in its request; who has room for its name. 0, or -EINVAL with a
// line in err.
int gateway_take_offer(const struct control_request *r, struct policy_offer *o, char who[32],
	char *err, size_t err_size);
// What is said of an attempt.
json_t *gateway_policy_answer(const struct policy_answer *a, const char *outcome);

// ---- as JSON
json_t *view_rows_json(
	struct gateway *g, struct view *v, unsigned limit, const struct policy *candidate);
json_t *view_sums_json(struct gateway *g, const struct view *v);
json_t *view_moved_json(const struct view *v); // {"allow->flag": flows, ...}
