// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/server.h"
#include "app/operator/live.h"
#include "policy/diag.h"

#include <string.h>

static const char *name_at(void *ctx, size_t i)
{
	return json_string_value(json_array_get(ctx, i));
}

// names: those that there are; NULL: nobody says.
static bool is_there(const char *what, const char *name, json_t *names)
{
	char hint[DIAG_MEANT_MAX];
	const char *meant, *other;
	json_t *v;
	size_t i;

	if (names == NULL)
		return true;
	json_array_foreach (names, i, v) {
		other = json_string_value(v);
		if (other != NULL && strcmp(other, name) == 0)
			return true;
	}
	meant = diag_meant(hint, diag_nearest(name, name_at, names));
	fprintf(stderr, "bhctl: --%s: no %s \"%s\" in the policy in force%s%s\n", what, what, name,
		meant != NULL ? "; " : "", meant != NULL ? meant : "");
	return false;
}

// The default is among them, as "_default".
static json_t *rules_in_force(const char *socket)
{
	json_t *reply = live_ask(socket, json_pack("{s:s}", "cmd", "rules")), *names, *rule;
	size_t i;

	if (reply == NULL)
		return NULL;
	names = json_array();
	json_array_foreach (json_object_get(reply, "rules"), i, rule)
		json_array_append_new(names, json_string(command_text(rule, "id")));
	json_decref(reply);
	return names;
}

// They are told by the policy's text alone, which a gateway that keeps none has not got.
static json_t *tenants_in_force(const char *socket)
{
	json_t *request = json_pack("{s:s}", "cmd", "policy.get"), *reply, *doc, *names = NULL, *v;
	const char *key;
	char err[2560];

	reply = control_ask(socket, request, err, sizeof(err));
	json_decref(request);
	doc = reply != NULL ? json_loads(command_text(reply, "text"), 0, NULL) : NULL;
	if (doc != NULL) {
		names = json_pack("[s]", "_unlisted");
		json_object_foreach (json_object_get(doc, "tenants"), key, v)
			json_array_append_new(names, json_string(key));
	}
	json_decref(doc);
	json_decref(reply);
	return names;
}

bool live_known(const char *socket, const struct live_filter *f)
{
	json_t *names;
	bool known = true;

	if (f->rule != NULL) {
		names = rules_in_force(socket);
		known = is_there("rule", f->rule, names);
		json_decref(names);
	}
	if (f->tenant != NULL) {
		names = tenants_in_force(socket);
		known &= is_there("tenant", f->tenant, names);
		json_decref(names);
	}
	return known;
}
