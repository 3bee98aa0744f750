// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/export/cells.h"

#include <ctype.h>

static bool value_sound(const struct cell *c)
{
	uint64_t u;
	int64_t i;

	switch (c->kind) {
	case CELL_STRING:
		return true;
	case CELL_NUMBER: // JSON has no leading zeroes
		return (cell_u64(c, &u) || cell_i64(c, &i)) &&
		       (c->len == 1 || c->text[c->text[0] == '-'] != '0');
	case CELL_LIST:
		return false; // of lists
	}
	return false;
}

// row_parse() has found the end of a list, and not looked at what stands between its items.
static bool list_sound(const struct cell *list)
{
	struct cell item;
	size_t at = 0;

	while (cell_next(list, &at, &item)) {
		if (!value_sound(&item) || (list->text[at] != ',' && list->text[at] != ']')) {
			return false;
		}
	}
	if (at != 0) {
		return list->text[at] == ']';
	}
	for (at = 1; list->text[at] == ' ' || list->text[at] == '\t' || list->text[at] == '\r';
		at++) {
	}
	return list->text[at] == ']'; // nothing in it
}

static bool key_sound(const struct cell *c)
{
	for (size_t i = 0; i < c->key_len; i++) {
		if (!isalnum((unsigned char)c->key[i]) && c->key[i] != '_') {
			return false;
		}
	}
	return c->key_len != 0;
}

bool cells_sound(const struct row *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct cell *c = &r->cells[i];

		if (!key_sound(c)) {
			return false;
		}
		if (c->kind == CELL_LIST ? !list_sound(c) : !value_sound(c)) {
			return false;
		}
	}
	return true;
}

static void put_string(struct json_out *j, const struct cell *c)
{
	char plain[CELLS_STRING_MAX + 1];

	if (memchr(c->text, '\\', c->len) == NULL) {
		json_put_string(j, c->text, c->len);
	} else {
		json_put_string(j, plain, cell_text(c, plain, sizeof(plain)));
	}
}

void cells_put(struct json_out *j, const struct cell *c)
{
	struct cell item;
	size_t at = 0;

	switch (c->kind) {
	case CELL_STRING:
		put_string(j, c);
		break;
	case CELL_NUMBER:
		json_put_raw(j, c->text, c->len);
		break;
	case CELL_LIST:
		JSON_LITERAL(j, "[");
		for (bool first = true; cell_next(c, &at, &item); first = false) {
			if (!first) {
				JSON_LITERAL(j, ",");
			}
			cells_put(j, &item);
		}
		JSON_LITERAL(j, "]");
		break;
	}
}

static bool is_key(const struct cell *c, const char *key)
{
	return strlen(key) == c->key_len && memcmp(key, c->key, c->key_len) == 0;
}

static bool has_key(const char *const *keys, const struct cell *c)
{
	for (; *keys != NULL; keys++) {
		if (is_key(c, *keys)) {
			return true;
		}
	}
	return false;
}

static bool stands_before(const struct row *r, unsigned i)
{
	for (unsigned k = 0; k < i; k++) {
		if (r->cells[k].key_len == r->cells[i].key_len &&
			memcmp(r->cells[k].key, r->cells[i].key, r->cells[i].key_len) == 0) {
			return true;
		}
	}
	return false;
}

void cells_put_others(struct json_out *j, const struct row *r, const char *const *but)
{
	bool first = true;

	for (unsigned i = 0; i < r->n; i++) {
		const struct cell *c = &r->cells[i];

		if (has_key(but, c) || stands_before(r, i)) {
			continue;
		}
		if (!first) {
			JSON_LITERAL(j, ",");
		}
		first = false;
		JSON_LITERAL(j, "\"");
		json_put_raw(j, c->key, c->key_len);
		JSON_LITERAL(j, "\":");
		cells_put(j, c);
	}
}

void cells_name(struct json_out *j, const char *name)
{
	JSON_LITERAL(j, ",\"");
	json_put_raw(j, name, strlen(name));
	JSON_LITERAL(j, "\":");
}

void cells_put_as(struct json_out *j, const char *name, const struct row *r, const char *key)
{
	const struct cell *c = row_find(r, key);

	if (c != NULL) {
		cells_name(j, name);
		cells_put(j, c);
	}
}
