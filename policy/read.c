// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/read.h"
#include "policy/country.h"
#include "policy/hint.h"
#include "policy/moment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Keys are escaped as RFC 6901 says.
static void write_place(FILE *f, const struct place *at)
{
	if (at->up != NULL)
		write_place(f, at->up);
	if (at->key == NULL && at->up == NULL)
		return; // the document itself
	if (at->key == NULL) {
		fprintf(f, "/%zu", at->index);
		return;
	}
	fputc('/', f);
	for (const char *k = at->key; *k != '\0'; k++) {
		if (*k == '~' || *k == '/')
			fputs(*k == '~' ? "~0" : "~1", f);
		else
			fputc(*k, f);
	}
}

static void finding(struct reader *r, enum diag_level level, const struct place *at,
	const char *hint, const char *what, va_list ap)
{
	char text[512], *pointer = NULL;
	size_t size;
	FILE *f = open_memstream(&pointer, &size);

	if (f != NULL) {
		if (at != NULL)
			write_place(f, at);
		fclose(f);
	}
	vsnprintf(text, sizeof(text), what, ap);
	jsondoc_diag(r->json, level, pointer != NULL ? pointer : "", hint, "%s", text);
	free(pointer);
}

void read_error(struct reader *r, const struct place *at, const char *hint, const char *what, ...)
{
	va_list ap;

	va_start(ap, what);
	finding(r, DIAG_ERROR, at, hint, what, ap);
	va_end(ap);
}

void read_warn(struct reader *r, const struct place *at, const char *hint, const char *what, ...)
{
	va_list ap;

	va_start(ap, what);
	finding(r, DIAG_WARNING, at, hint, what, ap);
	va_end(ap);
}

static const char *type_name(json_type type)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "a list",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "a whole number",
		[JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "true or false",
		[JSON_FALSE] = "true or false",
		[JSON_NULL] = "null",
	};

	return names[type];
}

bool read_type(struct reader *r, const struct place *at, const json_t *v, json_type type)
{
	char hint[HINT_MAX];

	if (v == NULL)
		return false;
	if (json_typeof(v) == type || (type == JSON_TRUE && json_is_false(v)))
		return true;
	read_error(r, at,
		hint_type(hint, at->key, at->key == NULL && at->up != NULL ? at->up->key : NULL, v,
			type),
		"must be %s, not %s", type_name(type), type_name(json_typeof(v)));
	return false;
}

void read_missing(struct reader *r, const struct place *at, const char *key)
{
	char hint[HINT_MAX];

	read_error(r, at, hint_missing(hint, key), "\"%s\" is missing", key);
}

json_t *read_member(struct reader *r, const struct place *at, json_t *o, const char *key,
	json_type type, bool required)
{
	json_t *v = json_object_get(o, key);

	if (v == NULL) {
		if (required)
			read_missing(r, at, key);
		return NULL;
	}
	return read_type(r, PLACE_KEY(at, key), v, type) ? v : NULL;
}

static const char *word_at(void *ctx, size_t i)
{
	const char *const *words = ctx;

	return words[i];
}

const char *read_meant(char hint[DIAG_MEANT_MAX], const char *word,
	const char *(*at)(void *ctx, size_t i), void *ctx)
{
	return diag_meant(hint, diag_nearest(word, at, ctx));
}

void read_keys(struct reader *r, const struct place *at, json_t *o, const char *const *known)
{
	char near[DIAG_MEANT_MAX], all[HINT_MAX];
	const char *key, *hint;
	json_t *v;

	json_object_foreach (o, key, v) {
		unsigned i = 0;

		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] != NULL)
			continue;
		hint = read_meant(near, key, word_at, (void *)(uintptr_t)known);
		read_error(r, PLACE_KEY(at, key), hint != NULL ? hint : hint_keys(all, known),
			"unknown key \"%s\"", key);
	}
}

bool read_number(struct reader *r, const struct place *at, const json_t *v, uint64_t min,
	uint64_t max, uint64_t *out)
{
	char hint[64];
	json_int_t n;

	if (!read_type(r, at, v, JSON_INTEGER))
		return false;
	n = json_integer_value(v);
	if (n < 0 || (uint64_t)n < min || (uint64_t)n > max) {
		if (max >= INT64_MAX)
			snprintf(hint, sizeof(hint), "at least %" PRIu64, min);
		else
			snprintf(hint, sizeof(hint), "from %" PRIu64 " to %" PRIu64, min, max);
		read_error(r, at, hint, "%" JSON_INTEGER_FORMAT " is out of range", n);
		return false;
	}
	*out = (uint64_t)n;
	return true;
}

static size_t code_points(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

const char *read_text(
	struct reader *r, const struct place *at, const json_t *v, size_t min, size_t max)
{
	char hint[64];
	const char *s;
	size_t n;

	if (!read_type(r, at, v, JSON_STRING))
		return NULL;
	s = json_string_value(v);
	n = code_points(s);
	if (n < min) {
		read_error(r, at, "one character at least", "must not be empty");
		return NULL;
	}
	if (n > max) {
		snprintf(hint, sizeof(hint), "at most %zu", max);
		read_error(r, at, hint, "is %zu characters long", n);
		return NULL;
	}
	return arena_strdup(r->arena, s);
}

int read_word(struct reader *r, const struct place *at, const json_t *v, const char *const *words)
{
	char list[128] = "", hint[DIAG_MEANT_MAX];
	size_t used = 0;

	if (!read_type(r, at, v, JSON_STRING))
		return -1;
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], json_string_value(v)) == 0)
			return i;
	for (unsigned i = 0; words[i] != NULL && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
			i == 0                 ? ""
			: words[i + 1] == NULL ? " or "
					       : ", ",
			words[i]);
	read_error(r, at, read_meant(hint, json_string_value(v), word_at, (void *)(uintptr_t)words),
		"\"%s\" must be %s", json_string_value(v), list);
	return -1;
}

static bool name_char(char c, enum read_name kind, bool first)
{
	bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z',
	     digit = c >= '0' && c <= '9';

	switch (kind) {
	case NAME_ID:
		return lower || digit || c == '_' || (!first && (c == '.' || c == '-'));
	case NAME_BASIS:
		return upper || digit || (!first && (c == '.' || c == '-'));
	case NAME_REASON:
		return upper || (!first && (digit || c == '_'));
	}
	return false; // there is no other kind
}

bool read_name_ok(struct reader *r, const struct place *at, const char *text, enum read_name kind)
{
	static const char *const hints[] = {
		"lower-case letters, digits, \"_\", \".\" and \"-\", at most 64, beginning with a "
		"letter, digit or \"_\"",
		"upper-case letters, digits, \".\" and \"-\", at most 64, beginning with a letter "
		"or digit",
		"upper-case letters, digits and \"_\", at most 48, beginning with a letter",
	};
	size_t n = strlen(text), max = kind == NAME_REASON ? 48 : 64;
	bool good = n != 0 && n <= max;

	for (size_t i = 0; good && i < n; i++)
		good = name_char(text[i], kind, i == 0);
	if (!good)
		read_error(
			r, at, hints[kind], "\"%s\" is not a name of the form wanted here", text);
	return good;
}

const char *read_name(
	struct reader *r, const struct place *at, const json_t *v, enum read_name kind)
{
	if (!read_type(r, at, v, JSON_STRING) || !read_name_ok(r, at, json_string_value(v), kind))
		return NULL;
	return arena_strdup(r->arena, json_string_value(v));
}

json_t *read_list(struct reader *r, const struct place *at, json_t *o, const char *key, size_t min,
	size_t max, bool required)
{
	json_t *v = read_member(r, at, o, key, JSON_ARRAY, required);
	char hint[64];

	if (v == NULL)
		return NULL;
	if (json_array_size(v) < min) {
		read_error(r, PLACE_KEY(at, key), "name at least one, or leave the key out",
			"must not be empty");
		return NULL;
	}
	if (json_array_size(v) > max) {
		snprintf(hint, sizeof(hint), "at most %zu", max);
		read_error(r, PLACE_KEY(at, key), hint, "has %zu entries", json_array_size(v));
		return NULL;
	}
	return v;
}

struct element {
	const json_t *v;
	size_t i;
};

static int by_value(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	int c = 0;

	if (json_typeof(x->v) != json_typeof(y->v))
		return json_typeof(x->v) < json_typeof(y->v) ? -1 : 1;
	if (json_is_string(x->v))
		c = strcmp(json_string_value(x->v), json_string_value(y->v));
	else if (json_is_integer(x->v))
		c = json_integer_value(x->v) < json_integer_value(y->v)
			    ? -1
			    : json_integer_value(x->v) > json_integer_value(y->v);
	if (c != 0)
		return c;
	return x->i < y->i ? -1 : x->i > y->i;
}

static int by_place(const void *a, const void *b)
{
	const struct element *x = a, *y = b;

	return x->i < y->i ? -1 : x->i > y->i;
}

void read_unique(struct reader *r, const struct place *at, const json_t *list)
{
	size_t n = json_array_size(list), twice = 0;
	struct element *e = calloc(n + 1, sizeof(*e));

	if (e == NULL) {
		r->arena->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		e[i] = (struct element){.v = json_array_get(list, i), .i = i};
	qsort(e, n, sizeof(*e), by_value);
	for (size_t i = 1; i < n; i++) {
		const json_t *x = e[i - 1].v, *y = e[i].v;

		if ((json_is_string(x) && json_is_string(y) &&
			    strcmp(json_string_value(x), json_string_value(y)) == 0) ||
			(json_is_integer(x) && json_is_integer(y) &&
				json_integer_value(x) == json_integer_value(y)))
			e[twice++] = e[i]; // what stood at e[twice] has been looked at
	}
	qsort(e, twice, sizeof(*e), by_place);
	for (size_t i = 0; i < twice; i++) {
		if (json_is_string(e[i].v))
			read_error(r, PLACE_INDEX(at, e[i].i), "name it once",
				"\"%s\" stands here twice", json_string_value(e[i].v));
		else
			read_error(r, PLACE_INDEX(at, e[i].i), "name it once",
				"%" JSON_INTEGER_FORMAT " stands here twice",
				json_integer_value(e[i].v));
	}
	free(e);
}

void read_index(struct reader *r, enum index which, const char *name, size_t number)
{
	if (name == NULL || json_object_get(r->index[which], name) != NULL)
		return;
	if (json_object_set_new(r->index[which], name, json_integer((json_int_t)number)) < 0)
		r->arena->failed = true;
}

uint16_t read_country(struct reader *r, const struct place *at, const json_t *v)
{
	const char *s, *meant = NULL;
	char hint[DIAG_MEANT_MAX], up[3] = "";
	uint16_t cc;

	if (!read_type(r, at, v, JSON_STRING))
		return 0;
	s = json_string_value(v);
	cc = country_code(s);
	if (cc != 0)
		return cc;
	if (strlen(s) == 2) {
		up[0] = (char)(s[0] >= 'a' && s[0] <= 'z' ? s[0] - 32 : s[0]);
		up[1] = (char)(s[1] >= 'a' && s[1] <= 'z' ? s[1] - 32 : s[1]);
	}
	meant = country_code(up) != 0 ? up : country_meant(s);
	meant = diag_meant(hint, meant);
	read_error(r, at,
		meant != NULL ? meant : "a code of ISO 3166-1 alpha-2, upper case; XX is unknown",
		"unknown country \"%s\"", s);
	return 0;
}

static void check_mapped(
	struct reader *r, const struct place *at, const char *s, const struct policy_prefix *p)
{
	char text[PREFIX_TEXT_MAX], hint[DIAG_MEANT_MAX];
	struct policy_prefix v4;

	if (!prefix_mapped(p, &v4))
		return;
	prefix_format(&v4, text);
	snprintf(hint, sizeof(hint), "write \"%s\"", text);
	read_warn(r, at, hint, "\"%s\" is IPv4 written as IPv6: no packet's address is in it", s);
}

bool read_prefix(
	struct reader *r, const struct place *at, const json_t *v, struct policy_prefix *out)
{
	char text[PREFIX_TEXT_MAX], hint[DIAG_MEANT_MAX];
	const char *s;

	if (!read_type(r, at, v, JSON_STRING))
		return false;
	s = json_string_value(v);
	switch (prefix_parse(s, out)) {
	case PREFIX_GOOD:
		check_mapped(r, at, s, out);
		return true;
	case PREFIX_SYNTAX:
		read_error(r, at, "write 10.20.0.0/16 or 2001:db8::/32; one address is /32 or /128",
			"\"%s\" is not a prefix", s);
		break;
	case PREFIX_ADDRESS:
		read_error(r, at,
			"four numbers up to 255 without leading zeros, or IPv6 such as 2001:db8::",
			"\"%s\" has no address that can be read", s);
		break;
	case PREFIX_LENGTH:
		snprintf(hint, sizeof(hint), "at most /%u, which is one address",
			out->addr.version == 4 ? 32 : 128);
		read_error(r, at, hint, "\"%s\" has a length that no IPv%u prefix has", s,
			out->addr.version);
		break;
	case PREFIX_HOST_BITS:
		prefix_format(out, text);
		read_error(
			r, at, diag_meant(hint, text), "\"%s\" has bits set behind its length", s);
		break;
	}
	return false;
}

bool read_moment(struct reader *r, const struct place *at, const json_t *v, int64_t *out)
{
	bool impossible;

	if (!read_type(r, at, v, JSON_STRING))
		return false;
	if (moment_parse(json_string_value(v), out, &impossible))
		return true;
	if (impossible)
		read_error(r, at, "look at its month, day, hour, minute, second and offset",
			"there is no time \"%s\"", json_string_value(v));
	else
		read_error(r, at, "write it as 2026-01-31T09:00:00+08:00, with the offset or Z",
			"\"%s\" is not a time", json_string_value(v));
	return false;
}
