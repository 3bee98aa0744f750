// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A candidate: a whole policy in shadow beside the one in force. It comes the same way as a policy
// that is pushed, by the same checks; it may go into force by the same way again, or be withdrawn.

#include "app/control/policy_file.h"
#include "app/gateway/gateway_policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct policy *gateway_candidate(const struct gateway *g)
{
	const struct policy_generation *gen = atomic_load(&g->shadow.now);

	return gen != NULL ? gen->policy : NULL;
}

static const struct policy_info *in_force(const struct gateway *g)
{
	return policy_info(((struct policy_generation *)atomic_load(&g->slot.now))->policy);
}

static bool is_in_force(const struct gateway *g, const struct policy *p)
{
	return memcmp(in_force(g)->sha256, policy_info(p)->sha256, 32) == 0;
}

static char *copy(const char *text, size_t len)
{
	char *s = text != NULL ? malloc(len + 1) : NULL;

	if (s != NULL) {
		memcpy(s, text, len);
		s[len] = '\0';
	}
	return s;
}

static bool keep_offer(
	struct stored_policy *s, const struct policy_offer *o, const struct policy *p)
{
	*s = (struct stored_policy){
		.text = copy(o->text, o->len),
		.sig = copy(o->sig, o->sig_len),
		.len = o->len,
		.how = strdup(o->how),
		.who = o->who != NULL ? strdup(o->who) : NULL,
		.t = gateway_now(),
		.version = policy_info(p)->version,
	};
	if (s->text != NULL && s->how != NULL && (o->sig == NULL || s->sig != NULL) &&
		(o->who == NULL || s->who != NULL))
		return true;
	stored_policy_free(s);
	return false;
}

// p is the slot's and s the gateway's from now on, or both stay the caller's.
static int put(struct gateway *g, struct policy *p, struct stored_policy *s)
{
	if (policy_slot_publish(&g->shadow, p) == 0)
		return -ENOMEM;
	stored_policy_free(&g->candidate);
	g->candidate = *s;
	return 0;
}

static int take(
	struct gateway *g, struct policy *p, const struct policy_offer *o, struct policy_answer *a)
{
	struct stored_policy s;
	int rc;

	if (is_in_force(g, p)) {
		snprintf(a->why, sizeof(a->why), "this very text is in force");
		return -EEXIST;
	}
	if (policy_slot_full(&g->shadow)) {
		snprintf(a->why, sizeof(a->why),
			"too many earlier candidates still wait for their records; try again "
			"later");
		return -EAGAIN;
	}
	if (!keep_offer(&s, o, p)) {
		snprintf(a->why, sizeof(a->why), "no memory for the candidate");
		return -ENOMEM;
	}
	rc = policy_store_put_candidate(g->config.state_dir, &s);
	if (rc < 0)
		policy_answer_warn(a,
			"the candidate could not be kept in %.100s (%s): a restart would not find "
			"it",
			g->config.state_dir, strerror(-rc));
	rc = put(g, p, &s);
	if (rc == 0)
		return 0;
	stored_policy_free(&s);
	snprintf(a->why, sizeof(a->why), "no memory for the candidate");
	// The disk must not say otherwise than what is so.
	if (gateway_candidate(g) == NULL)
		policy_store_drop_candidate(g->config.state_dir);
	else
		policy_store_put_candidate(g->config.state_dir, &g->candidate);
	return rc;
}

// What the check warns of is not so yet.
static struct policy *check(
	struct gateway *g, const struct policy_offer *o, struct policy_answer *a)
{
	struct policy *p = gateway_policy_check(g, o, a);
	char warning[sizeof(a->warning)];

	memcpy(warning, a->warning, sizeof(warning));
	a->warning[0] = '\0';
	if (warning[0] != '\0')
		policy_answer_warn(a, "once it is promoted: %s", warning);
	return p;
}

int gateway_candidate_offer(
	struct gateway *g, const struct policy_offer *o, struct policy_answer *a)
{
	struct policy *p = check(g, o, a);
	int rc = p != NULL ? take(g, p, o, a) : -EINVAL;

	if (rc < 0)
		policy_free(p);
	gateway_policy_note(g, o, a, rc == 0 ? "shadow" : "refused");
	if (rc < 0)
		fprintf(stderr, "bridgehead: %s: refused as a candidate: %s\n", a->diag.file,
			a->why);
	else
		fprintf(stderr,
			"bridgehead: policy %s version %u is a candidate: it decides "
			"nothing\n%s%s%s",
			a->id, a->version, a->warning[0] != '\0' ? "bridgehead: WARNING: " : "",
			a->warning, a->warning[0] != '\0' ? "\n" : "");
	return rc;
}

static void describe(const struct gateway *g, struct policy_answer *a)
{
	const struct policy_info *i = policy_info(gateway_candidate(g));

	memset(a, 0, sizeof(*a));
	diag_init(&a->diag, "the candidate");
	snprintf(a->id, sizeof(a->id), "%s", i->id);
	policy_file_hex(i->sha256, a->sha256);
	a->version = i->version;
	a->rules = i->n_rules;
	a->limits = i->n_limits;
	a->tenants = i->n_tenants - 1;
}

// Empties the slot. An error of the disk is a warning: the candidate is gone, but would come back.
static int drop(struct gateway *g, struct policy_answer *a)
{
	int rc;

	if (policy_slot_publish(&g->shadow, NULL) == 0) {
		snprintf(a->why, sizeof(a->why), "no memory to withdraw the candidate");
		return -ENOMEM;
	}
	stored_policy_free(&g->candidate);
	rc = policy_store_drop_candidate(g->config.state_dir);
	if (rc < 0)
		policy_answer_warn(a,
			"the candidate's file in %.100s could not be removed (%s): a restart would "
			"find it",
			g->config.state_dir, strerror(-rc));
	return 0;
}

int gateway_candidate_withdraw(struct gateway *g, const char *who, struct policy_answer *a)
{
	const struct policy_offer o = {.name = "the candidate", .how = "withdraw", .who = who};
	int rc;

	describe(g, a);
	rc = drop(g, a);
	gateway_policy_note(g, &o, a, rc == 0 ? "withdrawn" : "refused");
	if (rc == 0)
		fprintf(stderr, "bridgehead: candidate %s version %u is withdrawn%s%s\n", a->id,
			a->version, a->warning[0] != '\0' ? "; WARNING: " : "", a->warning);
	return rc;
}

struct policy_offer gateway_candidate_promotion(const struct gateway *g, const char *who)
{
	return gateway_offer_of(&g->candidate, "the candidate", "promote", who);
}

void gateway_candidate_settle(struct gateway *g, const struct policy_offer *o)
{
	const struct policy *p = gateway_candidate(g);
	struct policy_offer left = {.how = o->how, .who = o->who};
	struct policy_answer a;
	bool promoted = strcmp(o->how, "promote") == 0;

	if (p == NULL || !is_in_force(g, p))
		return;
	describe(g, &a);
	if (drop(g, &a) < 0) {
		// It stays, and says the same as the policy in force, until it is withdrawn.
		fprintf(stderr, "bridgehead: %s\n", a.why);
	} else if (!promoted) {
		snprintf(a.why, sizeof(a.why), "it is in force now");
		gateway_policy_note(g, &left, &a, "withdrawn");
	} else if (a.warning[0] != '\0') {
		fprintf(stderr, "bridgehead: WARNING: %s\n", a.warning);
	}
	policy_answer_free(&a);
}

static void boot_with(struct gateway *g, struct stored_policy *s)
{
	const struct policy_offer o = gateway_offer_of(s, "the candidate", "boot", NULL);
	struct policy_answer a;
	struct policy *p = check(g, &o, &a);
	bool promoted = p != NULL && is_in_force(g, p);

	if (p != NULL && !promoted && put(g, p, s) < 0) {
		snprintf(a.why, sizeof(a.why), "no memory for the candidate");
	} else if (p != NULL && !promoted) {
		fprintf(stderr, "bridgehead: policy %s version %u is a candidate still\n", a.id,
			a.version);
		gateway_policy_note(g, &o, &a, "shadow");
		policy_answer_free(&a);
		return;
	}
	// A crash came between its promotion and the end of its file: all is as it should be.
	if (!promoted) {
		fprintf(stderr, "bridgehead: WARNING: the candidate is withdrawn: %s\n", a.why);
		gateway_policy_note(g, &o, &a, "withdrawn");
	}
	policy_store_drop_candidate(g->config.state_dir);
	policy_free(p);
	stored_policy_free(s);
	policy_answer_free(&a);
}

void gateway_candidate_boot(struct gateway *g)
{
	struct stored_policy s;
	int rc = policy_store_candidate(g->config.state_dir, &s);

	if (rc == 0)
		boot_with(g, &s);
	else if (rc != -ENOENT)
		fprintf(stderr,
			"bridgehead: WARNING: %s/policy/candidate.json is damaged; there is no "
			"candidate\n",
			g->config.state_dir);
}
