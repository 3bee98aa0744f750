// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the control socket can be asked.

#include "app/control/policy_file.h"
#include "app/control/policy_store.h"
#include "app/gateway/gateway_policy.h"
#include "app/gateway/gateway_view.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static json_t *stats(struct gateway *g, const struct control_request *r, char *err, size_t err_size)
{
	(void)r, (void)err, (void)err_size;
	return gateway_stats(g);
}

static json_t *status(
	struct gateway *g, const struct control_request *r, char *err, size_t err_size)
{
	(void)r, (void)err, (void)err_size;
	return gateway_status(g);
}

static json_t *findings(const struct diag_list *d)
{
	json_t *list = json_array();
	char line[2048];

	for (size_t i = 0; i < d->n; i++) {
		diag_format(d, i, line, sizeof(line));
		json_array_append_new(list, control_text(line));
	}
	return list;
}

json_t *gateway_policy_answer(const struct policy_answer *a, const char *outcome)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
		"outcome", outcome, "id", a->id, "version", (json_int_t)a->version, "epoch",
		(json_int_t)a->epoch, "sha256", a->sha256, "key", a->key, "compile_us",
		(json_int_t)a->compile_us, "rules", (json_int_t)a->rules, "limits",
		(json_int_t)a->limits, "tenants", (json_int_t)a->tenants, "why",
		control_text(a->why), "warning", control_text(a->warning), "findings",
		findings(&a->diag));
}

// The offer that a client makes; who has room for its name.
int gateway_take_offer(const struct control_request *r, struct policy_offer *o, char who[32],
	char *err, size_t err_size)
{
	json_t *text = json_object_get(r->body, "text"), *sig = json_object_get(r->body, "sig");
	const char *name = json_string_value(json_object_get(r->body, "name"));
	const char *how = json_string_value(json_object_get(r->body, "how"));

	if (!json_is_string(text)) {
		snprintf(err, err_size, "\"text\" is missing: the policy");
		return -EINVAL;
	}
	snprintf(who, 32, "uid:%u", r->peer.uid);
	*o = (struct policy_offer){
		.name = name != NULL ? name : "policy",
		.text = json_string_value(text),
		.len = json_string_length(text),
		.sig = json_string_value(sig),
		.sig_len = json_string_length(sig),
		.how = how != NULL && strcmp(how, "rollback") == 0 ? "rollback" : "push",
		.who = who,
	};
	return 0;
}

static json_t *push(struct gateway *g, const struct control_request *r, char *err, size_t err_size)
{
	return gateway_push_begin(g, r, PUSH_INTO_FORCE, err, err_size);
}

static json_t *shadow(
	struct gateway *g, const struct control_request *r, char *err, size_t err_size)
{
	return gateway_push_begin(g, r, PUSH_SHADOW, err, err_size);
}

static json_t *promote(
	struct gateway *g, const struct control_request *r, char *err, size_t err_size)
{
	return gateway_push_begin(g, r, PUSH_PROMOTE, err, err_size);
}

static json_t *withdraw(
	struct gateway *g, const struct control_request *r, char *err, size_t err_size)
{
	return gateway_push_begin(g, r, PUSH_WITHDRAW, err, err_size);
}

static json_t *history(
	struct gateway *g, const struct control_request *r, char *err, size_t err_size)
{
	(void)r, (void)err, (void)err_size;
	return json_pack("{s:o}", "attempts", policy_store_attempts(g->config.state_dir, 200));
}

// The one in force. current.json may be another, where that one was refused at the start.
static int get_current(struct gateway *g, struct stored_policy *s)
{
	const struct policy_generation *gen = atomic_load(&g->slot.now);
	const struct policy_info *now = policy_info(gen->policy);
	int rc = policy_store_current(g->config.state_dir, s);

	if (rc < 0 || s->version == now->version)
		return rc;
	stored_policy_free(s);
	return policy_store_get(g->config.state_dir, now->version, s);
}

// The one that was in force before: by order, whatever its id and version, for these can be used
// again. The very text in force may have come into force several times in a row.
static int get_before(struct gateway *g, struct stored_policy *s)
{
	const struct policy_generation *gen = atomic_load(&g->slot.now);
	unsigned long number = ULONG_MAX;
	uint8_t sha[32];
	int rc;

	while ((rc = policy_store_back(g->config.state_dir, 0, &number, s)) != -ENOENT) {
		if (rc < 0)
			continue; // damaged: the one before it
		policy_file_sha256(s->text, s->len, sha);
		if (memcmp(sha, policy_info(gen->policy)->sha256, sizeof(sha)) != 0)
			return 0;
		stored_policy_free(s);
	}
	return rc;
}

// The text of a version that was in force, of the one before, or of the one that is (version 0 or
// none).
static json_t *get(struct gateway *g, const struct control_request *r, char *err, size_t err_size)
{
	const json_t *wanted = json_object_get(r->body, "version");
	json_int_t version = json_integer_value(wanted);
	bool before = json_is_true(json_object_get(r->body, "before"));
	struct stored_policy s;
	json_t *o;
	int rc;

	if ((wanted != NULL && !json_is_integer(wanted)) || version < 0 || version > UINT32_MAX) {
		snprintf(err, err_size, "\"version\" is a whole number up to %u", UINT32_MAX);
		return NULL;
	}
	rc = before         ? get_before(g, &s)
	     : version == 0 ? get_current(g, &s)
			    : policy_store_get(g->config.state_dir, (uint32_t)version, &s);
	if (rc < 0 && before) {
		snprintf(err, err_size, "no earlier policy is kept here; see bhctl policy history");
		return NULL;
	}
	if (rc < 0) {
		snprintf(err, err_size, "version %" JSON_INTEGER_FORMAT " is not kept here%s",
			version, rc == -EINVAL ? ": its file is damaged" : "");
		return NULL;
	}
	o = json_pack("{s:I, s:s%, s:s?, s:s, s:s?, s:I}", "version", (json_int_t)s.version, "text",
		s.text, s.len, "sig", s.sig, "how", s.how, "who", s.who, "t", (json_int_t)s.t);
	stored_policy_free(&s);
	return o;
}

json_t *gateway_request(
	void *ctx, const struct control_request *request, char *err, size_t err_size)
{
	static const struct {
		const char *cmd;
		json_t *(*run)(struct gateway *g, const struct control_request *r, char *err,
			size_t err_size);
	} known[] = {
		{"stats", stats},
		{"policy.status", status},
		{"policy.push", push},
		{"policy.shadow", shadow},
		{"policy.promote", promote},
		{"policy.withdraw", withdraw},
		{"policy.history", history},
		{"policy.get", get},
		{"policy.dry_run", gateway_view_dry_run},
		{"flows", gateway_view_flows},
		{"top", gateway_view_top},
		{"rules", gateway_view_rules},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].cmd, request->cmd) == 0)
			return known[i].run(ctx, request, err, err_size);
	snprintf(err, err_size, "this gateway knows no command \"%.40s\"", request->cmd);
	return NULL;
}
