// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Policies that clients push, promote, withdraw: one after the other, in the order in which they
// came, so that each is held against what the one before has left in force. What goes into force is
// first shown to the workers, who count between their bursts which of their flows get another
// verdict by it. That is for the answer alone: no packet waits for it, and a policy not long.

#include "app/gateway/gateway_policy.h"
#include "app/gateway/gateway_view.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT_US 1000000 // a policy that blocks something is not to wait for millions of flows

struct gateway_push {
	struct gateway_push *next;
	enum push_kind kind;
	json_t *body; // of the request, owned: the offer borrows from it
	char who[32];
	uint64_t ticket;
	struct policy_offer offer;
	// When its turn has come.
	struct policy *policy; // owned; NULL: not yet checked
	struct policy_answer answer;
	int64_t since;
	bool counting, counted;
	uint64_t live, changed;
	json_t *changes; // owned
};

json_t *gateway_push_begin(struct gateway *g, const struct control_request *r, enum push_kind kind,
	char *err, size_t err_size)
{
	struct gateway_push *p = calloc(1, sizeof(*p)), **end = &g->pushes;

	if (p == NULL) {
		snprintf(err, err_size, "no memory");
		return NULL;
	}
	p->kind = kind;
	snprintf(p->who, sizeof(p->who), "uid:%u", r->peer.uid);
	if ((kind == PUSH_INTO_FORCE || kind == PUSH_SHADOW) &&
		gateway_take_offer(r, &p->offer, p->who, err, err_size) < 0) {
		free(p);
		return NULL;
	}
	p->body = json_incref(r->body);
	while (*end != NULL)
		end = &(*end)->next;
	*end = p;
	return control_wait(r, &p->ticket);
}

static void answer(struct gateway *g, struct gateway_push *p, const char *outcome)
{
	json_t *reply = gateway_policy_answer(&p->answer, outcome);

	control_answer(g->server, p->ticket, reply, "no memory for the answer");
	policy_answer_free(&p->answer);
}

// Whether there is a candidate, and where the client says which one it means, that one.
static bool has_candidate(struct gateway *g, const struct gateway_push *p)
{
	const json_t *wanted = json_object_get(p->body, "version");
	const struct policy *candidate = gateway_candidate(g);
	char err[64];

	if (candidate == NULL) {
		snprintf(err, sizeof(err), "there is no candidate");
	} else {
		uint32_t version = policy_info(candidate)->version;

		if (wanted == NULL || json_integer_value(wanted) == (json_int_t)version)
			return true;
		snprintf(err, sizeof(err), "the candidate is version %u", version);
	}
	control_answer(g->server, p->ticket, NULL, err);
	return false;
}

static void found(struct gateway *g, const struct gateway_view *v)
{
	struct gateway_push *p = g->pushes;

	p->counting = false;
	p->counted = true;
	p->live = v->all.seen;
	p->changed = v->all.matched;
	p->changes = view_moved_json(&v->all);
}

// False: it cannot be counted at all.
static bool begin_count(struct gateway *g, struct gateway_push *p)
{
	char err[128];
	struct gateway_view *v = gateway_view_new(g, err, sizeof(err));

	if (v == NULL)
		return false;
	v->found = found;
	v->all.candidate = p->policy;
	p->counting = gateway_view_start(g, v, err, sizeof(err)) == 0;
	return p->counting;
}

// Its turn has come. False: it is over already.
static bool take_up(struct gateway *g, struct gateway_push *p)
{
	if ((p->kind == PUSH_PROMOTE || p->kind == PUSH_WITHDRAW) && !has_candidate(g, p))
		return false;
	if (p->kind == PUSH_SHADOW) {
		int rc = gateway_candidate_offer(g, &p->offer, &p->answer);

		answer(g, p, rc < 0 ? "refused" : "shadow");
		return false;
	}
	if (p->kind == PUSH_WITHDRAW) {
		int rc = gateway_candidate_withdraw(g, p->who, &p->answer);

		answer(g, p, rc < 0 ? "refused" : "withdrawn");
		return false;
	}
	if (p->kind == PUSH_PROMOTE)
		p->offer = gateway_candidate_promotion(g, p->who);
	p->policy = gateway_policy_check(g, &p->offer, &p->answer);
	p->since = gateway_now();
	if (p->policy != NULL)
		return true;
	gateway_policy_enforce(g, NULL, &p->offer, &p->answer);
	answer(g, p, "refused");
	return false;
}

// Whether nothing holds it up any more.
static bool is_ready(struct gateway *g, struct gateway_push *p)
{
	int64_t now = gateway_now();

	if (p->counted)
		return true;
	if (!p->counting && g->view == NULL && !begin_count(g, p))
		return true;
	return now - p->since >= COUNT_US || now < p->since;
}

static void put_into_force(struct gateway *g, struct gateway_push *p)
{
	json_t *reply;
	int rc;

	if (p->counting)
		gateway_view_give_up(g);
	rc = gateway_policy_enforce(g, p->policy, &p->offer, &p->answer);
	// A worker may look at the policy for a moment more. One that is in force is not freed
	// while there is a look; another one goes with it.
	if (rc < 0 && p->counting)
		g->view->candidate = p->policy;
	else if (rc < 0)
		policy_free(p->policy);
	reply = gateway_policy_answer(&p->answer, rc < 0 ? "refused" : "published");
	if (rc == 0 && p->counted)
		json_object_update_new(
			reply, json_pack("{s:I, s:I, s:O}", "live", (json_int_t)p->live, "changed",
				       (json_int_t)p->changed, "changes", p->changes));
	else if (rc == 0)
		json_object_update_new(
			reply, json_pack("{s:n, s:n, s:n}", "live", "changed", "changes"));
	control_answer(g->server, p->ticket, reply, "no memory for the answer");
	policy_answer_free(&p->answer);
}

static void next(struct gateway *g)
{
	struct gateway_push *p = g->pushes;

	g->pushes = p->next;
	json_decref(p->changes);
	json_decref(p->body);
	free(p);
}

void gateway_push_poll(struct gateway *g)
{
	struct gateway_push *p;

	while ((p = g->pushes) != NULL) {
		if (p->policy != NULL || take_up(g, p)) {
			if (!is_ready(g, p))
				return;
			put_into_force(g, p);
		}
		next(g);
	}
}

void gateway_push_settle(struct gateway *g)
{
	if (g->pushes == NULL || g->pushes->policy == NULL)
		return;
	put_into_force(g, g->pushes);
	next(g);
}

void gateway_push_close(struct gateway *g)
{
	struct gateway_push *p;

	if (g->pushes == NULL)
		return;
	while ((p = g->pushes) != NULL) {
		if (p->policy != NULL || take_up(g, p))
			put_into_force(g, p);
		next(g);
	}
	control_server_poll(g->server, 0); // the answers
	while (g->pushes != NULL)          // who comes now comes too late
		next(g);
}
