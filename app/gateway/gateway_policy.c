// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/gateway_policy.h"
#include "app/control/policy_file.h"
#include "app/control/policy_sig.h"
#include "app/control/policy_store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void policy_answer_free(struct policy_answer *a)
{
	diag_clear(&a->diag);
}

void policy_answer_warn(struct policy_answer *a, const char *format, ...)
{
	size_t n = strlen(a->warning);
	va_list args;

	if (n != 0)
		n += (size_t)snprintf(a->warning + n, sizeof(a->warning) - n, "; ");
	if (n >= sizeof(a->warning))
		return;
	va_start(args, format);
	vsnprintf(a->warning + n, sizeof(a->warning) - n, format, args);
	va_end(args);
}

static void describe(const struct policy *p, struct policy_answer *a)
{
	const struct policy_info *i = policy_info(p);

	snprintf(a->id, sizeof(a->id), "%s", i->id);
	a->version = i->version;
	a->rules = i->n_rules;
	a->limits = i->n_limits;
	a->tenants = i->n_tenants - 1;
}

static void first_error(struct policy_answer *a)
{
	for (size_t i = 0; i < a->diag.n && a->why[0] == '\0'; i++)
		if (a->diag.v[i].level == DIAG_ERROR)
			diag_format(&a->diag, i, a->why, sizeof(a->why));
}

// What keys demand: a signature by one of them over this text, this id and version, and no step
// back.
static bool may_follow(struct gateway *g, const struct policy *p, const struct policy_offer *o,
	struct policy_answer *a)
{
	const struct policy_generation *gen = atomic_load(&g->slot.now);
	const struct policy_info *now = gen != NULL ? policy_info(gen->policy) : NULL;
	const struct policy_info *i = policy_info(p);
	int k;

	// A file that lies there and is older than what was pushed since is no news.
	if (strcmp(o->how, "watch") == 0 && now != NULL && strcmp(now->id, i->id) == 0 &&
		i->version < now->version) {
		snprintf(a->why, sizeof(a->why),
			"version %u is older than version %u, which is in force", i->version,
			now->version);
		return false;
	}
	if (g->n_keys == 0)
		return true;
	k = policy_sig_check(o->sig, o->sig_len, o->text, o->len, i->id, i->version, g->keys,
		g->n_keys, a->why, sizeof(a->why));
	if (k < 0)
		return false;
	snprintf(a->key, sizeof(a->key), "%s+%08x", g->keys[k].name, g->keys[k].id);
	// What was in force when it expired goes on as its on_expiry says, over a restart too.
	if (i->expires <= gateway_now() / 1000000 && !o->was_in_force) {
		snprintf(a->why, sizeof(a->why), "the policy has expired");
	} else if (now != NULL && now->version != 0 && strcmp(now->id, i->id) != 0) {
		snprintf(a->why, sizeof(a->why),
			"this is policy %s; this gateway is governed by %s", i->id, now->id);
	} else if (now != NULL && i->version < now->version) {
		snprintf(a->why, sizeof(a->why),
			"version %u is older than version %u, which is in force; to go back, sign "
			"the earlier text as a new version (bhctl policy rollback)",
			i->version, now->version);
	} else if (now != NULL && now->version != 0 && i->version == now->version &&
		   memcmp(now->sha256, i->sha256, sizeof(i->sha256)) != 0) {
		snprintf(a->why, sizeof(a->why),
			"version %u is in force with another text; a changed policy needs a higher "
			"version",
			i->version);
	} else {
		return true;
	}
	return false;
}

// Without keys anybody who reaches the socket may do what keys refuse; but not unawares.
static void warn_of_step(const struct gateway *g, const struct policy *p, struct policy_answer *a)
{
	const struct policy_generation *gen = atomic_load(&g->slot.now);
	const struct policy_info *now = gen != NULL ? policy_info(gen->policy) : NULL;
	const struct policy_info *i = policy_info(p);

	if (g->n_keys != 0 || now == NULL || now->version == 0)
		return;
	if (strcmp(now->id, i->id) != 0)
		policy_answer_warn(a, "another policy: id %s replaces id %s", i->id, now->id);
	else if (i->version < now->version)
		policy_answer_warn(a, "version %u replaces version %u", i->version, now->version);
	else if (i->version == now->version &&
		 memcmp(now->sha256, i->sha256, sizeof(i->sha256)) != 0)
		policy_answer_warn(a,
			"the same version number as in force, with another text: records of both "
			"say pol %u",
			i->version);
}

struct policy *gateway_policy_check(
	struct gateway *g, const struct policy_offer *o, struct policy_answer *a)
{
	struct policy_names names = policy_file_names(g->dpi[g->n_workers]);
	int64_t begin = gateway_now();
	struct policy *p;
	uint8_t sha[32];

	memset(a, 0, sizeof(*a));
	diag_init(&a->diag, o->name);
	policy_file_sha256(o->text, o->len, sha); // known also where the text is no policy
	policy_file_hex(sha, a->sha256);
	// What was in force had begun: where its time is still to come, the clock is wrong, as it
	// may be until it is set after a host's start.
	p = policy_load(o->text, o->len, o->was_in_force ? POLICY_ANY_TIME : begin / 1000000,
		&names, &a->diag);
	a->compile_us = gateway_now() - begin;
	if (p == NULL) {
		first_error(a);
		return NULL;
	}
	describe(p, a);
	if (may_follow(g, p, o, a)) {
		warn_of_step(g, p, a);
		return p;
	}
	diag_add(&a->diag, DIAG_ERROR, 0, 0, NULL, NULL, "%s", a->why);
	policy_free(p);
	return NULL;
}

// A disk that is full must not stop an operator from blocking something: the policy goes into
// force, and the answer says that a restart would not find it.
static void keep(struct gateway *g, const struct policy_offer *o, struct policy_answer *a)
{
	struct stored_policy s = {
		.text = (char *)(uintptr_t)o->text,
		.sig = (char *)(uintptr_t)o->sig,
		.len = o->len,
		.how = (char *)(uintptr_t)o->how,
		.who = (char *)(uintptr_t)o->who,
		.t = gateway_now(),
		.version = a->version,
	};
	int rc = policy_store_put(g->config.state_dir, &s);

	if (rc < 0)
		policy_answer_warn(a,
			"the policy could not be kept in %.100s (%s): a restart would not find it",
			g->config.state_dir, strerror(-rc));
}

void gateway_policy_note(struct gateway *g, const struct policy_offer *o,
	const struct policy_answer *a, const char *outcome)
{
	const char *detail = a->why[0] != '\0' ? a->why : a->warning[0] != '\0' ? a->warning : NULL;
	struct notice_policy n = {
		.t = gateway_now(),
		.how = o->how,
		.who = o->who,
		.outcome = outcome,
		.id = a->id[0] != '\0' ? a->id : NULL,
		.version = a->version,
		.epoch = a->epoch,
		.sha256 = a->sha256[0] != '\0' ? a->sha256 : NULL,
		.detail = detail,
	};
	json_t *line = json_pack("{s:I, s:s, s:s?, s:s, s:s, s:I, s:I, s:s, s:s, s:o}", "t",
		(json_int_t)n.t, "how", o->how, "who", o->who, "outcome", outcome, "id", a->id,
		"version", (json_int_t)a->version, "epoch", (json_int_t)a->epoch, "sha256",
		a->sha256, "key", a->key, "detail",
		detail != NULL ? control_text(detail) : json_null());

	if (g->writer != NULL)
		log_writer_policy(g->writer, &n);
	if (line != NULL && policy_store_note(g->config.state_dir, line) < 0)
		fprintf(stderr, "bridgehead: %s: the attempt could not be kept\n",
			g->config.state_dir);
	json_decref(line);
}

// Puts a checked policy into force (it is the slot's then), keeps and records it. 0, or -errno
// where it stays the caller's, the one before stays in force and nothing is recorded.
static int publish(
	struct gateway *g, struct policy *p, const struct policy_offer *o, struct policy_answer *a)
{
	struct policy_generation *next;

	// On disk first: whatever happens from here on, a restart finds this one or the one before,
	// whole.
	if (policy_slot_full(&g->slot)) {
		snprintf(a->why, sizeof(a->why),
			"too many earlier policies still have live flows; try again later");
		return -EAGAIN;
	}
	keep(g, o, a);
	next = policy_slot_prepare(&g->slot, p);
	if (next == NULL) {
		snprintf(a->why, sizeof(a->why), "no memory to publish the policy");
		return -ENOMEM;
	}
	a->epoch = next->epoch;
	// In the log it stands before all that it decides.
	gateway_policy_note(g, o, a, "published");
	policy_slot_commit(&g->slot, next);
	g->expiry_said = false;
	gateway_policy_remember_boot(g, p);
	return 0;
}

static void say(const struct policy_answer *a)
{
	fprintf(stderr,
		"bridgehead: policy %s version %u in force (epoch %u): %u rules, %u limits, %u "
		"tenants\n",
		a->id, a->version, a->epoch, a->rules, a->limits, a->tenants);
	if (a->warning[0] != '\0')
		fprintf(stderr, "bridgehead: WARNING: %s\n", a->warning);
}

struct policy_offer gateway_offer_of(
	const struct stored_policy *s, const char *name, const char *how, const char *who)
{
	return (struct policy_offer){
		.name = name,
		.text = s->text,
		.sig = s->sig,
		.len = s->len,
		.sig_len = s->sig != NULL ? strlen(s->sig) : 0,
		.how = how,
		.who = who,
	};
}

int gateway_policy_enforce(
	struct gateway *g, struct policy *p, const struct policy_offer *o, struct policy_answer *a)
{
	int rc = -EINVAL;

	if (p != NULL)
		rc = publish(g, p, o, a);
	if (rc == 0) {
		say(a);
		gateway_candidate_settle(g, o);
	} else {
		gateway_policy_note(g, o, a, "refused");
		fprintf(stderr, "bridgehead: %s: refused: %s; the policy before stays in force\n",
			a->diag.file, a->why);
	}
	return rc;
}

int gateway_policy_offer(struct gateway *g, const struct policy_offer *o, struct policy_answer *a)
{
	struct policy *p = gateway_policy_check(g, o, a);
	int rc = gateway_policy_enforce(g, p, o, a);

	if (rc < 0)
		policy_free(p);
	return rc;
}

// The very text: only its signature, or the time of its file, is another.
static bool is_in_force(const struct gateway *g, const struct policy_text *text)
{
	const struct policy_generation *gen = atomic_load(&g->slot.now);
	uint8_t sha[32];

	policy_file_sha256(text->text, text->len, sha);
	return memcmp(sha, policy_info(gen->policy)->sha256, sizeof(sha)) == 0;
}

int gateway_policy_reload(struct gateway *g, const char *how, const char *who)
{
	struct policy_offer o = {.name = g->config.policy, .how = how, .who = who};
	struct policy_answer a = {0};
	struct policy_text text;
	int rc;

	gateway_push_settle(g);
	diag_init(&a.diag, o.name);
	rc = policy_text_read(&text, g->config.policy, &a.diag);
	if (rc < 0) {
		first_error(&a);
		gateway_policy_note(g, &o, &a, "refused");
		fprintf(stderr, "bridgehead: %s; the policy before stays in force\n", a.why);
	} else {
		policy_file_print(&a.diag, stderr);
		diag_clear(&a.diag);
		o.text = text.text;
		o.len = text.len;
		o.sig = text.sig;
		o.sig_len = text.sig_len;
		if (strcmp(how, "watch") != 0 || !is_in_force(g, &text)) {
			rc = gateway_policy_offer(g, &o, &a);
			policy_file_print(&a.diag, stderr);
		}
		policy_text_free(&text);
	}
	policy_answer_free(&a);
	return rc;
}

void gateway_policy_clock(struct gateway *g)
{
	const struct policy_info *i =
		policy_info(((struct policy_generation *)atomic_load(&g->slot.now))->policy);
	struct policy_offer o = {.how = "expiry"};
	struct policy_answer a = {.version = i->version, .epoch = g->slot.epoch};

	if (g->expiry_said || i->expires > gateway_now() / 1000000)
		return;
	g->expiry_said = true;
	snprintf(a.id, sizeof(a.id), "%s", i->id);
	policy_file_hex(i->sha256, a.sha256);
	snprintf(a.warning, sizeof(a.warning), "the policy has expired: its on_expiry applies");
	fprintf(stderr,
		"bridgehead: WARNING: policy %s version %u has expired: its on_expiry applies\n",
		i->id, i->version);
	gateway_policy_note(g, &o, &a, "expired");
}
