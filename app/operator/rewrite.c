// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/rewrite.h"
#include "app/control/state_file.h"
#include "policy/jsondoc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Where the number at the pointer stands in the text; false where there is none.
static bool number_at(const struct jsondoc *d, const char *pointer, size_t *from, size_t *len)
{
	unsigned line, column;
	size_t at = 0;

	if (jsondoc_locate(d, pointer, &line, &column) < 0)
		return false;
	for (unsigned l = 1; l < line; l++) {
		const char *end = memchr(d->text + at, '\n', d->len - at);

		if (end == NULL)
			return false;
		at = (size_t)(end + 1 - d->text);
	}
	*from = at + column - 1;
	*len = strspn(d->text + *from, "0123456789");
	return *len != 0;
}

static char *splice(const struct jsondoc *d, uint32_t version, uint32_t restores, size_t *len)
{
	size_t v, v_len, r, r_len;
	bool has = number_at(d, "/meta/restores", &r, &r_len);
	char *out = NULL;
	FILE *f;

	if (!number_at(d, "/meta/version", &v, &v_len))
		return NULL;
	f = open_memstream(&out, len);
	if (f == NULL)
		return NULL;
	if (has && r < v)
		fprintf(f, "%.*s%u%.*s%u%s", (int)r, d->text, restores, (int)(v - r - r_len),
			d->text + r + r_len, version, d->text + v + v_len);
	else if (has)
		fprintf(f, "%.*s%u%.*s%u%s", (int)v, d->text, version, (int)(r - v - v_len),
			d->text + v + v_len, restores, d->text + r + r_len);
	else
		fprintf(f, "%.*s%u, \"restores\": %u%s", (int)v, d->text, version, restores,
			d->text + v + v_len);
	fclose(f);
	return out;
}

char *rewrite_version(const char *text, uint32_t version, uint32_t restores, size_t *len)
{
	struct diag_list diag;
	struct jsondoc d;
	char *out = NULL;

	diag_init(&diag, "policy");
	if (jsondoc_parse(&d, text, strlen(text), &diag) == 0)
		out = splice(&d, version, restores, len);
	jsondoc_free(&d);
	diag_clear(&diag);
	return out;
}

const char *rewrite_id(const char *text)
{
	static char id[65];
	json_t *o = json_loads(text, 0, NULL);
	const char *s = json_string_value(json_object_get(json_object_get(o, "meta"), "id"));

	snprintf(id, sizeof(id), "%s", s != NULL ? s : "");
	json_decref(o);
	return id;
}

bool rewrite_save(const char *path, const char *text, size_t len, const char *sig)
{
	char to[PATH_MAX];
	int rc = state_file_write(path, text, len);

	snprintf(to, sizeof(to), "%s.sig", path);
	if (rc == 0 && sig != NULL)
		rc = state_file_write(to, sig, strlen(sig));
	if (rc < 0)
		fprintf(stderr, "bhctl: %s: %s\n", path, strerror(-rc));
	return rc == 0;
}
