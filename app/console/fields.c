// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/fields.h"

#include <string.h>

static const struct {
	const char *text;
	size_t len;
} names[FIELD_COUNT] = {
#define X(name, text) {text, sizeof(text) - 1},
	FIELDS(X)
#undef X
};

// The log writes keys always in one order, which is that of FIELDS within a kind of record: the
// search goes on where the last one ended, and mostly has to step over a few names.
void fields_find(struct fields *f, const struct row *r)
{
	unsigned at = 0;

	memset(f, 0, sizeof(*f));
	for (unsigned i = 0; i < r->n; i++) {
		const struct cell *c = &r->cells[i];

		for (unsigned tried = 0; tried < FIELD_COUNT; tried++) {
			const unsigned k =
				at + tried < FIELD_COUNT ? at + tried : at + tried - FIELD_COUNT;

			if (names[k].len == c->key_len &&
				memcmp(names[k].text, c->key, c->key_len) == 0) {
				if (f->v[k] == NULL) {
					f->v[k] = c;
				}
				at = k + 1 < FIELD_COUNT ? k + 1 : 0;
				break;
			}
		}
	}
}

const char *field_key(enum field f)
{
	return names[f].text;
}
