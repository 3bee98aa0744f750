// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/policy_words.h"

#include "app/evidence/tree.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct policy_words {
	unsigned n;
	struct policy_words_file files[POLICY_WORDS_MAX_FILES];
	json_t *documents[POLICY_WORDS_MAX_FILES];
	char *texts[POLICY_WORDS_MAX_FILES];
};

struct policy_words *policy_words_new(void)
{
	return calloc(1, sizeof(struct policy_words));
}

void policy_words_free(struct policy_words *p)
{
	for (unsigned i = 0; p != NULL && i < p->n; i++) {
		json_decref(p->documents[i]);
		free(p->texts[i]);
	}
	free(p);
}

// The whole file; free() it. NULL: errno tells.
static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = f != NULL ? malloc(POLICY_WORDS_MAX_BYTES + 2) : NULL;
	int rc = 0;

	if (text != NULL) {
		*len = fread(text, 1, POLICY_WORDS_MAX_BYTES + 1, f);
		rc = ferror(f) ? EIO : *len > POLICY_WORDS_MAX_BYTES ? EFBIG : 0;
	}
	if (f != NULL) {
		fclose(f);
	}
	if (rc != 0) {
		free(text);
		errno = rc;
		return NULL;
	}
	return text;
}

static int hash_file(const char *text, size_t len, char out[65])
{
	struct hasher *h = hasher_new();
	struct hash sum;

	if (h == NULL) {
		return -ENOMEM;
	}
	hash_bytes(h, text, len, &sum);
	hash_hex(&sum, out);
	hasher_free(h);
	return 0;
}

int policy_words_add(struct policy_words *p, const char *path, char *err, size_t err_size)
{
	json_error_t e;
	json_t *document;
	size_t len;
	char *text;
	int rc;

	if (p->n == POLICY_WORDS_MAX_FILES) {
		snprintf(err, err_size, "%s: no more than %u policies", path,
			POLICY_WORDS_MAX_FILES);
		return -E2BIG;
	}
	text = read_file(path, &len);
	if (text == NULL) {
		rc = -errno;
		snprintf(err, err_size, "%s: %s", path, strerror(-rc));
		return rc;
	}
	document = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	rc = hash_file(text, len, p->files[p->n].sha256);
	if (document == NULL) {
		snprintf(err, err_size, "%s:%d:%d: %s", path, e.line, e.column, e.text);
		free(text);
		return -EINVAL;
	}
	if (rc != 0 || !json_is_object(json_object_get(document, "meta"))) {
		snprintf(err, err_size, "%s: %s", path,
			rc != 0 ? strerror(-rc) : "not a policy (no \"meta\")");
		json_decref(document);
		free(text);
		return rc != 0 ? rc : -EINVAL;
	}
	text[len] = '\0';
	p->files[p->n].path = path;
	p->files[p->n].text = p->texts[p->n] = text;
	p->documents[p->n++] = document;
	return 0;
}

unsigned policy_words_files(const struct policy_words *p)
{
	return p->n;
}

const struct policy_words_file *policy_words_file(const struct policy_words *p, unsigned i)
{
	return &p->files[i];
}

const char *policy_words_basis(const struct policy_words *p, const char *id)
{
	const char *text = NULL;

	for (unsigned i = 0; text == NULL && i < p->n; i++) {
		const json_t *meta = json_object_get(p->documents[i], "meta");

		text = json_string_value(json_object_get(json_object_get(meta, "basis"), id));
	}
	return text;
}

bool policy_words_group(const struct policy_words *p, unsigned i, struct policy_words_group *out)
{
	for (unsigned f = 0; f < p->n; f++) {
		json_t *groups = json_object_get(p->documents[f], "jurisdictions");
		const char *name;
		json_t *group;

		json_object_foreach (groups, name, group) {
			const json_t *countries = json_object_get(group, "countries");
			const char *as_of = json_string_value(json_object_get(group, "as_of"));

			if (i-- == 0) {
				*out = (struct policy_words_group){name,
					as_of != NULL ? as_of : "?", p->files[f].path, countries,
					json_array_size(countries)};
				return true;
			}
		}
	}
	return false;
}

bool policy_words_in_group(const struct policy_words_group *g, const char *country)
{
	for (size_t i = 0; i < g->n; i++) {
		const char *code = json_string_value(json_array_get(g->countries, i));

		if (code != NULL && strcmp(code, country) == 0) {
			return true;
		}
	}
	return false;
}
