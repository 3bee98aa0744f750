// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Any bytes as a JSON document with positions: what the own check lets through jansson takes too,
// every value of the tree has a place inside the text, and a pointer to nothing has none.
// Input: a JSON pointer up to the first NUL, then the document.
#include "policy/jsondoc.h"
#include "tests/fuzz/want.h"

#include <stdlib.h>
#include <string.h>

#define MAX_VALUES 200 // of a document that are located

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct walk {
	struct jsondoc *doc;
	unsigned left;
};

// ~ and / of a key, escaped (RFC 6901).
static char *join(const char *pointer, const char *key)
{
	char *out = malloc(strlen(pointer) + 2 * strlen(key) + 2), *o;

	want(out != NULL);
	o = stpcpy(out, pointer);
	*o++ = '/';
	for (; *key != '\0'; key++) {
		if (*key == '~' || *key == '/') {
			*o++ = '~';
			*o++ = *key == '~' ? '0' : '1';
		} else {
			*o++ = *key;
		}
	}
	*o = '\0';
	return out;
}

static void locate(struct walk *w, json_t *v, const char *pointer)
{
	unsigned line = 0, column = 0;
	const char *key;
	json_t *child;
	char *below;
	size_t i;

	if (w->left == 0)
		return;
	w->left--;
	want(jsondoc_locate(w->doc, pointer, &line, &column) == 0);
	want(line >= 1 && column >= 1 && line <= w->doc->len + 1 && column <= w->doc->len);
	json_object_foreach (v, key, child) {
		below = join(pointer, key);
		locate(w, child, below);
		free(below);
	}
	json_array_foreach (v, i, child) {
		char index[24];

		snprintf(index, sizeof(index), "%zu", i);
		below = join(pointer, index);
		locate(w, child, below);
		free(below);
	}
}

static void use(struct jsondoc *doc, const char *pointer)
{
	static const char *const known[] = {"schema", "name", "rules", NULL};
	struct walk w = {doc, MAX_VALUES};
	unsigned line, column;
	json_t *found = NULL;

	locate(&w, doc->root, "");
	if (jsondoc_locate(doc, pointer, &line, &column) == 0)
		want(line >= 1 && column >= 1);
	else
		want(line == 0 && column == 0);
	jsondoc_diag(doc, DIAG_WARNING, pointer, NULL, "looked at");
	if (json_is_object(doc->root)) {
		jsondoc_check_keys(doc, "", doc->root, known);
		found = json_object_get(doc->root, "rules");
	}
	if (json_is_object(found))
		jsondoc_check_keys(doc, "/rules", found, known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, '\0', size);
	const char *pointer = nul != NULL ? (const char *)data : "/rules/0";
	const char *text = nul != NULL ? (const char *)nul + 1 : (const char *)data;
	size_t len = size - (size_t)(text - (const char *)data);
	struct diag_list d;
	struct jsondoc doc;
	char line[4096];
	int rc;

	diag_init(&d, "f");
	rc = jsondoc_parse(&doc, text, len, &d);
	want((rc == 0) == (doc.root != NULL) && (rc == 0) != diag_failed(&d));
	if (rc == 0)
		use(&doc, pointer);
	for (size_t i = 0; i < d.n; i++) {
		diag_format(&d, i, line, sizeof(line));
		want(strchr(line, '\n') == NULL);
	}
	jsondoc_free(&doc);
	diag_clear(&d);
	return 0;
}
