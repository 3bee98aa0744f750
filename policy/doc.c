// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/doc.h"
#include "policy/read.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

static void read_schema(struct reader *r, json_t *root)
{
	static const char *const known[] = {"egress-policy/1", NULL};
	struct place top = {0};

	read_word(r, PLACE_KEY(&top, "schema"),
		read_member(r, &top, root, "schema", JSON_STRING, true), known);
}

static void read_all(struct reader *r)
{
	static const char *const keys[] = {"schema", "meta", "home", "jurisdictions", "geo",
		"tenants", "apps", "defaults", "rules", "limits", NULL};
	struct place top = {0};
	json_t *root = r->json->root;

	if (!read_type(r, &top, root, JSON_OBJECT))
		return;
	read_schema(r, root);
	read_keys(r, &top, root, keys);
	read_meta(r, root);
	read_home(r, root);
	read_jurisdictions(r, root);
	read_overrides(r, root);
	read_tenants(r, root);
	read_groups(r, root);
	read_defaults(r, root);
	read_rules(r, root);
	read_limits(r, root);
}

struct policy_doc *doc_read(const char *text, size_t len, int64_t now,
	const struct policy_names *names, struct diag_list *diag)
{
	size_t errors = diag->errors, before = diag->n;
	struct jsondoc json;
	struct policy_doc *d = calloc(1, sizeof(*d));
	struct reader r = {.json = &json, .doc = d, .names = names, .now = now};

	if (d == NULL) {
		diag_add(diag, DIAG_ERROR, 0, 0, NULL, NULL, "no memory");
		return NULL;
	}
	r.arena = &d->arena;
	for (unsigned i = 0; i < INDEX_COUNT; i++)
		r.index[i] = json_object();
	if (jsondoc_parse(&json, text, len, diag) == 0) {
		read_all(&r);
		SHA256((const unsigned char *)text, len, d->info.sha256);
	}
	if (d->arena.failed || (json.root == NULL && diag->errors == errors))
		diag_add(diag, DIAG_ERROR, 0, 0, NULL, NULL, "no memory for the policy");
	jsondoc_free(&json);
	for (unsigned i = 0; i < INDEX_COUNT; i++)
		json_decref(r.index[i]);
	diag_sort(diag, before);
	if (diag->errors == errors)
		return d;
	doc_free(d);
	return NULL;
}

void doc_free(struct policy_doc *d)
{
	if (d == NULL)
		return;
	arena_free(&d->arena);
	free(d);
}
