// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Which policy a gateway begins with: that of its configuration or, where that one is not valid or
// is older, the last that was in force and is good; where none is, what the last one said for this
// case.

#include "app/control/policy_file.h"
#include "app/control/policy_store.h"
#include "app/control/state_file.h"
#include "app/gateway/gateway_policy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_POLICY_FILE "policy/without"

static int read_keys(struct gateway *g)
{
	const struct gateway_strings *from = &g->config.policy_keys;
	int rc = 0;

	g->keys = calloc(from->n + 1, sizeof(*g->keys));
	if (g->keys == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < from->n; i++) {
		if (key_read_public(from->v[i], &g->keys[i], g->err, sizeof(g->err)))
			continue;
		fprintf(stderr, "bridgehead: policy_keys: %s\n", g->err);
		rc = -EINVAL;
	}
	g->n_keys = (unsigned)from->n;
	return rc;
}

static struct policy *from_file(
	struct gateway *g, struct policy_text *text, struct policy_answer *a)
{
	struct policy_offer o = {.name = g->config.policy, .how = "boot"};
	struct policy *p = NULL;

	diag_init(&a->diag, o.name);
	if (policy_text_read(text, g->config.policy, &a->diag) == 0) {
		policy_file_print(&a->diag, stderr);
		diag_clear(&a->diag);
		o.text = text->text;
		o.len = text->len;
		o.sig = text->sig;
		o.sig_len = text->sig_len;
		p = gateway_policy_check(g, &o, a);
	}
	policy_file_print(&a->diag, stderr);
	return p;
}

// A policy that was in force, and where it was found.
struct last {
	struct stored_policy stored;
	struct policy_answer answer;
	struct policy *policy; // NULL: none
	const char *found;     // what to say of it
	bool whole;            // current.json is
	bool current;          // stored is what stands there
};

static bool is_good(struct gateway *g, struct last *l, const char *name)
{
	struct policy_offer o = gateway_offer_of(&l->stored, name, "boot", NULL);

	o.was_in_force = l->current;
	policy_answer_free(&l->answer);
	l->policy = gateway_policy_check(g, &o, &l->answer);
	if (l->policy == NULL)
		fprintf(stderr, "bridgehead: %s: %s\n", o.name, l->answer.why);
	else if (policy_info(l->policy)->not_before > gateway_now() / 1000000)
		fprintf(stderr,
			"bridgehead: WARNING: %s was in force before, and begins only now by the "
			"clock: the clock is wrong\n",
			o.name);
	return l->policy != NULL;
}

// The newest that is good. What was refused as the current one is there too, and not tried again.
static void from_history(struct gateway *g, struct last *l)
{
	unsigned long number = ULONG_MAX;
	struct stored_policy s;
	char name[64];
	int rc;

	while ((rc = policy_store_back(g->config.state_dir, 0, &number, &s)) != -ENOENT) {
		if (rc < 0) {
			fprintf(stderr, "bridgehead: %s/policy/history: %08lu is damaged\n",
				g->config.state_dir, number);
			continue;
		}
		if (l->stored.text != NULL && l->stored.len == s.len &&
			memcmp(l->stored.text, s.text, s.len) == 0) {
			stored_policy_free(&s);
			continue;
		}
		stored_policy_free(&l->stored);
		l->stored = s;
		l->current = false;
		snprintf(name, sizeof(name), "version %u of the history", s.version);
		if (is_good(g, l, name))
			return;
	}
}

static void from_store(struct gateway *g, struct last *l)
{
	int rc = policy_store_current(g->config.state_dir, &l->stored);

	l->whole = l->current = rc == 0;
	if (rc == 0) {
		l->found = "the last in force";
		if (is_good(g, l, "the last policy in force"))
			return;
		l->found = "the last good one of the history, for the last in force is refused";
	} else if (rc == -ENOENT) {
		l->found = "the last good one of the history, for current.json is missing";
	} else {
		fprintf(stderr, "bridgehead: %s/policy/current.json is damaged\n",
			g->config.state_dir);
		policy_store_set_aside(g->config.state_dir);
		l->found = "the last good one of the history, for current.json is damaged";
	}
	from_history(g, l);
}

// What the last policy in force said for the case that there is none.
static struct policy *without(struct gateway *g, struct policy_answer *a)
{
	char path[PATH_MAX], *word;
	enum policy_action action = POLICY_BLOCK;
	struct policy *p;
	size_t len;

	snprintf(path, sizeof(path), "%s/" NO_POLICY_FILE, g->config.state_dir);
	word = state_file_read(path, 64, &len);
	if (word == NULL)
		return NULL;
	if (strncmp(word, "flag", 4) == 0)
		action = POLICY_FLAG;
	free(word);
	p = policy_builtin(action, "NO_VALID_POLICY");
	if (p == NULL)
		return NULL;
	snprintf(a->id, sizeof(a->id), "%s", policy_info(p)->id);
	fprintf(stderr,
		"bridgehead: WARNING: there is no valid policy; everything is %s "
		"(boot_without_policy) until one is pushed\n",
		action == POLICY_BLOCK ? "blocked" : "passed and flagged");
	return p;
}

void gateway_policy_remember_boot(struct gateway *g, const struct policy *p)
{
	const char *word =
		policy_info(p)->boot_without_policy == POLICY_FLAG ? "flag\n" : "block\n";
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" NO_POLICY_FILE, g->config.state_dir);
	if (state_file_write(path, word, strlen(word)) < 0)
		fprintf(stderr, "bridgehead: %s: cannot be written\n", path);
}

static bool same_text(const struct stored_policy *s, const struct policy_text *text)
{
	return s->len == text->len && memcmp(s->text, text->text, text->len) == 0;
}

// Whether the text, of this version, was in force, and another one since.
static bool is_replaced(const struct gateway *g, const struct policy_text *text, uint32_t version)
{
	unsigned long number = ULONG_MAX;
	struct stored_policy s;
	bool found = false;
	int rc;

	while (!found &&
		(rc = policy_store_back(g->config.state_dir, version, &number, &s)) != -ENOENT) {
		if (rc < 0)
			continue; // damaged
		found = same_text(&s, text);
		stored_policy_free(&s);
	}
	return found;
}

// The last policy in force wins over an older file: a push outlives a restart. The file is older by
// its version; or, as versions may step back and ids change where no keys are, because it was in
// force before.
static bool stored_wins(const struct gateway *g, const struct policy *file,
	const struct policy_text *text, const struct last *last)
{
	const struct policy_info *f, *s;

	if (last->policy == NULL || file == NULL)
		return last->policy != NULL;
	f = policy_info(file);
	s = policy_info(last->policy);
	if (strcmp(f->id, s->id) == 0 && s->version > f->version)
		return true;
	return !same_text(&last->stored, text) && is_replaced(g, text, f->version);
}

// The flow log is not open yet: it has the boot's record of its own.
static void note_boot(struct gateway *g, const struct policy *p)
{
	struct policy_offer o = {.how = "boot"};
	struct policy_answer a = {.version = policy_info(p)->version, .epoch = 1};

	snprintf(a.id, sizeof(a.id), "%s", policy_info(p)->id);
	policy_file_hex(policy_info(p)->sha256, a.sha256);
	snprintf(a.warning, sizeof(a.warning), "%s", g->boot_why);
	gateway_policy_note(g, &o, &a, "published");
}

static void keep(struct gateway *g, const struct stored_policy *s)
{
	if (policy_store_put(g->config.state_dir, s) < 0)
		fprintf(stderr, "bridgehead: WARNING: %s: the policy cannot be kept there\n",
			g->config.state_dir);
}

// text: of the file; NULL: the policy is the last one, or none of both.
static int put_into_force(struct gateway *g, struct policy *p, const struct policy_text *text,
	const struct last *last, const struct policy_answer *a)
{
	const struct stored_policy *stored = &last->stored;

	if (text != NULL && (!last->current || !same_text(stored, text))) {
		keep(g, &(struct stored_policy){
				.text = text->text,
				.len = text->len,
				.sig = text->sig,
				.version = a->version,
				.how = (char *)(uintptr_t) "boot",
				.t = g->started_at,
			});
	} else if (text == NULL && p == last->policy && !last->whole) {
		// (One that is refused today, for its time or for keys, may be good at the next
		// start: it stays the current one.)
		keep(g, stored);
	}
	if (policy_slot_publish(&g->slot, p) == 0) {
		fprintf(stderr, "bridgehead: no memory for the policy\n");
		return -ENOMEM;
	}
	gateway_policy_remember_boot(g, p);
	note_boot(g, p);
	fprintf(stderr,
		"bridgehead: policy %s version %u in force (epoch 1): %u rules, %u limits, %u "
		"tenants\n",
		policy_info(p)->id, policy_info(p)->version, policy_info(p)->n_rules,
		policy_info(p)->n_limits, policy_info(p)->n_tenants - 1);
	return 0;
}

// Says so, here and in the records of the start.
static void begin_with_last(struct gateway *g, const struct policy *file, const struct last *l)
{
	const char *why = file == NULL ? "not valid" : "older than what was in force";
	const struct stored_policy *s = &l->stored;

	fprintf(stderr, "bridgehead: %s: %s; beginning with version %u, %s (%s%s%s)\n",
		g->config.policy, why, l->answer.version, l->found, s->how,
		s->who != NULL ? " by " : "", s->who != NULL ? s->who : "");
	snprintf(g->boot_why, sizeof(g->boot_why), "the policy file is %s: version %u is %s", why,
		l->answer.version, l->found);
}

static int choose(struct gateway *g, struct policy *file, struct policy_text *text,
	const struct policy_answer *fa)
{
	struct last last = {0};
	struct policy *p;
	int rc = policy_store_open(g->config.state_dir);

	if (rc < 0) {
		fprintf(stderr, "bridgehead: state_dir %s: %s\n", g->config.state_dir,
			strerror(-rc));
		policy_free(file);
		return rc;
	}
	from_store(g, &last);
	if (stored_wins(g, file, text, &last)) {
		begin_with_last(g, file, &last);
		policy_free(file);
		p = last.policy;
		text = NULL;
	} else {
		policy_free(last.policy);
		last.policy = NULL;
		p = file != NULL ? file : without(g, &last.answer);
		text = file != NULL ? text : NULL;
	}
	rc = p == NULL ? -EINVAL : put_into_force(g, p, text, &last, fa);
	if (rc < 0)
		policy_free(p);
	policy_answer_free(&last.answer);
	stored_policy_free(&last.stored);
	return rc;
}

int gateway_policy_boot(struct gateway *g, bool check)
{
	struct policy_answer a = {0};
	struct policy_text text = {0};
	struct policy *p;
	int rc = read_keys(g);

	if (rc < 0)
		return rc;
	p = from_file(g, &text, &a);
	if (!check) {
		rc = choose(g, p, &text, &a);
	} else {
		rc = p != NULL ? 0 : -EINVAL;
		if (p != NULL)
			printf("policy %s version %u: %u rules, %u limits, %u tenants%s%s\n", a.id,
				a.version, a.rules, a.limits, a.tenants,
				a.key[0] != '\0' ? ", signed by " : "", a.key);
		policy_free(p);
	}
	policy_text_free(&text);
	policy_answer_free(&a);
	return rc;
}
