// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// From a JSON pointer to its place in the text. The way down to the last place found is kept, one
// step a level, so that the next pointer is looked for from the nearest point of that way.

#include "policy/jsondoc.h"
#include "policy/jsonscan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct step {
	const char *member; // where the member or element begins in its container
	const char *value;  // where its value begins; the same in an array
	size_t index;       // in an array
};

struct jsondoc_trail {
	struct json_text text;
	unsigned n;
	struct step step[JSONDOC_MAX_DEPTH + 1];
};

struct jsondoc_trail *jsondoc_trail_new(const char *text, size_t len)
{
	struct jsondoc_trail *tr = calloc(1, sizeof(*tr));

	if (tr)
		tr->text = (struct json_text){.begin = text, .end = text + len};
	return tr;
}

struct token {
	const char *s;
	size_t len;
};

static bool next_token(const char **pointer, struct token *t)
{
	const char *p = *pointer;

	if (*p != '/')
		return false;
	t->s = ++p;
	while (*p && *p != '/')
		p++;
	t->len = (size_t)(p - t->s);
	*pointer = p;
	return true;
}

// Compares a key in the text (opening quote at p) with a token of a pointer (RFC 6901 escapes).
static bool key_is(const char *p, const struct token *t)
{
	const char *s = t->s, *end = t->s + t->len;

	for (p++; *p != '"';) {
		char c[4];
		size_t n = json_put_utf8(json_char(&p), c);

		for (size_t i = 0; i < n; i++, s++) {
			char want;

			if (s >= end)
				return false;
			want = *s;
			if (want == '~' && s + 1 < end && (s[1] == '0' || s[1] == '1'))
				want = *++s == '0' ? '~' : '/';
			if (want != c[i])
				return false;
		}
	}
	return s == end;
}

// Steps to the member that follows st. False at the end of the container.
static bool next_member(struct step *st, const char *end)
{
	const char *p = json_space(json_skip(st->value, end), end);

	if (p >= end || *p != ',')
		return false;
	st->member = json_space(p + 1, end);
	st->value = st->member;
	st->index++;
	return true;
}

static void to_value(struct step *st, const char *end)
{
	st->value = json_space(json_space(json_skip_string(st->member, end), end) + 1, end);
}

static bool first_member(const char *container, struct step *st, const char *end)
{
	const char *p = json_space(container + 1, end);

	if (p >= end || *p == '}' || *p == ']')
		return false;
	*st = (struct step){.member = p, .value = p};
	return true;
}

static bool find_key(
	const char *container, const struct token *t, struct step *st, bool resume, const char *end)
{
	const char *stop = resume ? st->member : NULL; // where a second round may end
	bool more = resume || first_member(container, st, end);

	while (more) {
		if (key_is(st->member, t)) {
			to_value(st, end);
			return true;
		}
		to_value(st, end);
		more = next_member(st, end);
		if (!more && resume) {
			resume = false;
			more = first_member(container, st, end);
		}
		if (!resume && stop && st->member == stop)
			return false;
	}
	return false;
}

static bool find_index(
	const char *container, const struct token *t, struct step *st, bool resume, const char *end)
{
	char *rest;
	size_t want = strtoul(t->s, &rest, 10);

	if (t->len == 0 || rest != t->s + t->len)
		return false;
	if ((!resume || st->index > want) && !first_member(container, st, end))
		return false;
	while (st->index < want)
		if (!next_member(st, end))
			return false;
	return true;
}

// Whether the step that was taken before is the one that the token asks for.
static bool same_step(const char *container, const struct step *st, const struct token *t)
{
	char *rest;

	if (*container == '{')
		return key_is(st->member, t);
	return t->len > 0 && strtoul(t->s, &rest, 10) == st->index && rest == t->s + t->len;
}

static const char *walk(struct jsondoc_trail *tr, const char *pointer)
{
	const char *here = json_space(tr->text.begin, tr->text.end);
	struct token t;

	for (unsigned i = 0; next_token(&pointer, &t); i++) {
		bool resume = i < tr->n, found;
		struct step *st = &tr->step[i];

		if (i > JSONDOC_MAX_DEPTH || (*here != '{' && *here != '['))
			return NULL;
		if (!resume || !same_step(here, st, &t)) {
			struct step try = *st;

			found = *here == '{' ? find_key(here, &t, &try, resume, tr->text.end)
					     : find_index(here, &t, &try, resume, tr->text.end);
			if (!found)
				return NULL;
			*st = try;
			tr->n = i + 1;
		}
		here = st->value;
	}
	return *pointer ? NULL : here;
}

int jsondoc_locate(const struct jsondoc *doc, const char *pointer, unsigned *line, unsigned *column)
{
	struct jsondoc_trail *tr = doc->trail;
	const char *place;

	*line = *column = 0;
	if (!tr || !doc->root)
		return -ENOENT;
	place = walk(tr, pointer);
	if (!place)
		return -ENOENT;
	json_place(&tr->text, place, line, column);
	return 0;
}
