// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/config_read.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void join(char *out, size_t size, const char *parent, const char *key)
{
	if (key == NULL)
		snprintf(out, size, "%s", parent);
	else
		snprintf(out, size, "%s/%s", parent, key);
}

static void finding(struct cfg *c, enum diag_level level, const char *pointer, const char *hint,
	const char *what, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), what, ap);
	jsondoc_diag(c->doc, level, pointer, hint, "%s", text);
}

void cfg_error(
	struct cfg *c, const char *parent, const char *key, const char *hint, const char *what, ...)
{
	char pointer[CFG_POINTER_MAX];
	va_list ap;

	join(pointer, sizeof(pointer), parent, key);
	va_start(ap, what);
	finding(c, DIAG_ERROR, pointer, hint, what, ap);
	va_end(ap);
}

void cfg_warn(
	struct cfg *c, const char *parent, const char *key, const char *hint, const char *what, ...)
{
	char pointer[CFG_POINTER_MAX];
	va_list ap;

	join(pointer, sizeof(pointer), parent, key);
	va_start(ap, what);
	finding(c, DIAG_WARNING, pointer, hint, what, ap);
	va_end(ap);
}

const char *cfg_type_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a number";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		return "null";
	}
	return "something else"; // jansson has no other type
}

static const char *wanted_name(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a whole number";
	default:
		return "true or false";
	}
}

static bool is_type(
	struct cfg *c, const char *parent, const char *key, const json_t *v, json_type type)
{
	if (json_typeof(v) == type || (type == JSON_TRUE && json_is_boolean(v)))
		return true;
	cfg_error(c, parent, key, NULL, "must be %s, not %s", wanted_name(type), cfg_type_name(v));
	return false;
}

json_t *cfg_get(struct cfg *c, const char *parent, json_t *obj, const char *key, json_type type)
{
	json_t *v = json_object_get(obj, key);

	if (v == NULL || !is_type(c, parent, key, v, type))
		return NULL;
	return v;
}

char *cfg_string(
	struct cfg *c, const char *parent, const char *key, json_t *v, size_t min, size_t max)
{
	char *s;
	size_t len;

	if (!is_type(c, parent, key, v, JSON_STRING))
		return NULL;
	len = json_string_length(v);
	if (len < min) {
		cfg_error(c, parent, key, NULL, "must not be empty");
		return NULL;
	}
	if (len > max) {
		cfg_error(c, parent, key, NULL, "is %zu bytes long; at most %zu are possible", len,
			max);
		return NULL;
	}
	s = strdup(json_string_value(v));
	if (s == NULL)
		c->no_memory = true;
	return s;
}

void cfg_check_name(struct cfg *c, const char *parent, const char *key, const char *name)
{
	size_t len = strlen(name);

	if (len <= 63 && isalnum((unsigned char)name[0]) &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
			len)
		return;
	cfg_error(c, parent, key,
		"use letters, digits, \".\", \"_\" and \"-\", beginning with a letter or digit, at "
		"most 63",
		"is not a name: \"%.80s\"", name);
}

static void read_number(
	struct cfg *c, const char *pointer, const struct cfg_field *f, json_t *v, void *base)
{
	char *at = (char *)base + f->offset;
	json_int_t n;

	if (!is_type(c, pointer, f->key, v, JSON_INTEGER))
		return;
	n = json_integer_value(v);
	if (n < 0 || (uint64_t)n < f->min || (uint64_t)n > f->max) {
		cfg_error(c, pointer, f->key, f->hint,
			"is %" JSON_INTEGER_FORMAT ", out of range %" PRIu64 " to %" PRIu64, n,
			f->min, f->max);
		return;
	}
	if (f->kind == CFG_U32)
		*(uint32_t *)(void *)at = (uint32_t)n;
	else
		*(uint64_t *)(void *)at = (uint64_t)n;
}

static const char *word_at(void *ctx, size_t i)
{
	return ((const struct cfg_word *)ctx)[i].text;
}

static void read_word(
	struct cfg *c, const char *pointer, const struct cfg_field *f, json_t *v, void *base)
{
	char choices[160] = "", hint[192];
	const char *near, *text;
	union {
		const void *in;
		void *out;
	} words = {f->words}; // diag_nearest() takes any context, this one is only read

	if (!is_type(c, pointer, f->key, v, JSON_STRING))
		return;
	text = json_string_value(v);
	for (const struct cfg_word *w = f->words; w->text != NULL; w++) {
		size_t n = strlen(choices);

		if (strcmp(w->text, text) == 0) {
			*(int *)(void *)((char *)base + f->offset) = w->value;
			return;
		}
		snprintf(choices + n, sizeof(choices) - n, "%s\"%s\"", n > 0 ? ", " : "", w->text);
	}
	near = diag_nearest(text, word_at, words.out);
	if (diag_meant(hint, near) == NULL)
		snprintf(hint, sizeof(hint), "one of %s", choices);
	cfg_error(c, pointer, f->key, hint, "unknown word \"%.80s\"", text);
}

static void read_field(
	struct cfg *c, const char *pointer, const struct cfg_field *f, json_t *v, void *base)
{
	char **str = (char **)(void *)((char *)base + f->offset);
	char *s;

	switch (f->kind) {
	case CFG_U32:
	case CFG_U64:
		read_number(c, pointer, f, v, base);
		break;
	case CFG_BOOL:
		if (is_type(c, pointer, f->key, v, JSON_TRUE))
			*(bool *)((char *)base + f->offset) = json_is_true(v);
		break;
	case CFG_WORD:
		read_word(c, pointer, f, v, base);
		break;
	case CFG_STRING:
		s = cfg_string(c, pointer, f->key, v, f->min, f->max);
		if (s != NULL) {
			free(*str); // the default
			*str = s;
		}
		break;
	case CFG_OTHER:
		break;
	}
}

bool cfg_fields(struct cfg *c, const char *pointer, json_t *obj, const struct cfg_field *fields,
	size_t n, void *base)
{
	const char *known[CFG_MAX_FIELDS + 1] = {NULL};

	if (!is_type(c, pointer, NULL, obj, JSON_OBJECT))
		return false;
	for (size_t i = 0; i < n && i < CFG_MAX_FIELDS; i++)
		known[i] = fields[i].key;
	jsondoc_check_keys(c->doc, pointer, obj, known);
	for (size_t i = 0; i < n; i++) {
		json_t *v = json_object_get(obj, fields[i].key);

		if (v != NULL)
			read_field(c, pointer, &fields[i], v, base);
		else if (fields[i].required)
			cfg_error(c, pointer, NULL, fields[i].hint, "\"%s\" is missing",
				fields[i].key);
	}
	return true;
}
