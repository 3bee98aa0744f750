// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/plain_words.h"

#include "app/review/period.h"
#include "app/review/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum clause {
	CLAUSE_FIELD, // a value follows
	CLAUSE_TO,
	CLAUSE_VERDICT,
	CLAUSE_TIME,
	CLAUSE_SINCE,
	CLAUSE_UNTIL,
	CLAUSE_ON,
	CLAUSE_FILLER,
};

static const struct word {
	const char *text;
	enum clause clause;
	enum filter_field field;
	const char *value;
} words[] = {
	{"tenant", CLAUSE_FIELD, FILTER_TENANT, NULL},
	{"country", CLAUSE_FIELD, FILTER_COUNTRY, NULL},
	{"countries", CLAUSE_FIELD, FILTER_COUNTRY, NULL},
	{"app", CLAUSE_FIELD, FILTER_APP, NULL},
	{"application", CLAUSE_FIELD, FILTER_APP, NULL},
	{"host", CLAUSE_FIELD, FILTER_HOST, NULL},
	{"address", CLAUSE_FIELD, FILTER_ADDR, NULL},
	{"addr", CLAUSE_FIELD, FILTER_ADDR, NULL},
	{"rule", CLAUSE_FIELD, FILTER_RULE, NULL},
	{"reason", CLAUSE_FIELD, FILTER_REASON, NULL},
	{"event", CLAUSE_FIELD, FILTER_EV, NULL},
	{"remote", CLAUSE_FIELD, FILTER_REMOTE, NULL},
	{"to", CLAUSE_TO, FILTER_REMOTE, NULL},
	{"allowed", CLAUSE_VERDICT, FILTER_ACT, "allow"},
	{"flagged", CLAUSE_VERDICT, FILTER_ACT, "flag"},
	{"blocked", CLAUSE_VERDICT, FILTER_ACT, "block"},
	{"today", CLAUSE_TIME, 0, NULL},
	{"yesterday", CLAUSE_TIME, 0, NULL},
	{"last", CLAUSE_TIME, 0, NULL},
	{"this", CLAUSE_TIME, 0, NULL},
	{"since", CLAUSE_SINCE, 0, NULL},
	{"until", CLAUSE_UNTIL, 0, NULL},
	{"on", CLAUSE_ON, 0, NULL},
	{"all", CLAUSE_FILLER, 0, NULL},
	{"flows", CLAUSE_FILLER, 0, NULL},
	{"records", CLAUSE_FILLER, 0, NULL},
	{"of", CLAUSE_FILLER, 0, NULL},
	{"and", CLAUSE_FILLER, 0, NULL},
	{"with", CLAUSE_FILLER, 0, NULL},
	{"in", CLAUSE_FILLER, 0, NULL},
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

struct parser {
	struct plain_words *p;
	char *const *words;
	unsigned n, at;
	char *err;
	size_t err_size;
};

static const struct word *find(const char *text)
{
	for (unsigned i = 0; i < N_WORDS; i++) {
		if (strcasecmp(words[i].text, text) == 0) {
			return &words[i];
		}
	}
	return NULL;
}

// What separates words that stand in one argument.
#define BLANKS " \t\n"

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, BLANKS);
}

bool plain_words_is(const char *arg)
{
	char first[24];
	const size_t len = strcspn(skip_blanks(arg), BLANKS);

	if (len >= sizeof(first)) {
		return false;
	}
	memcpy(first, skip_blanks(arg), len);
	first[len] = '\0';
	return find(first) != NULL;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	const unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

// Letters to change, add or leave out (Levenshtein 1966); long words count as far.
static unsigned distance(const char *a, const char *b)
{
	const size_t n = strlen(a), m = strlen(b);
	unsigned row[24], corner, up;

	if (n >= 24 || m >= 24) {
		return 24;
	}
	for (unsigned k = 0; k <= m; k++) {
		row[k] = k;
	}
	for (unsigned i = 1; i <= n; i++) {
		corner = row[0];
		row[0] = i;
		for (unsigned k = 1; k <= m; k++) {
			up = row[k];
			row[k] = least(up + 1, row[k - 1] + 1,
				corner + (tolower((unsigned char)a[i - 1]) != b[k - 1]));
			corner = up;
		}
	}
	return row[m];
}

const char *plain_words_near(const char *word)
{
	const char *near = NULL;
	unsigned best = strlen(word) > 4 ? 3 : 2;

	for (unsigned i = 0; i < N_WORDS; i++) {
		const unsigned d = distance(word, words[i].text);

		if (d < best && d < strlen(words[i].text)) {
			best = d;
			near = words[i].text;
		}
	}
	return near;
}

// The value behind the word at hand; NULL: there is none.
static const char *value(struct parser *s)
{
	const char *word = s->words[s->at];

	if (s->at + 1 == s->n) {
		snprintf(s->err, s->err_size, "what stands behind \"%s\" is missing", word);
		return NULL;
	}
	return s->words[++s->at];
}

static int add(struct parser *s, enum filter_field field, const char *text, size_t len)
{
	struct plain_words *p = s->p;
	char *copy;

	if (p->n_text == sizeof(p->text) / sizeof(p->text[0])) {
		snprintf(s->err, s->err_size, "too many words");
		return -E2BIG;
	}
	copy = strndup(text, len);
	if (copy == NULL) {
		snprintf(s->err, s->err_size, "out of memory");
		return -ENOMEM;
	}
	p->text[p->n_text++] = copy;
	return filter_add(p->filter, field, copy, s->err, s->err_size);
}

// Of alternatives with commas between.
static int add_all(struct parser *s, enum filter_field field, const char *text)
{
	for (;;) {
		const char *comma = strchr(text, ',');
		int rc = add(s, field, text, comma != NULL ? (size_t)(comma - text) : strlen(text));

		if (rc != 0 || comma == NULL) {
			return rc;
		}
		text = comma + 1;
	}
}

static int take_to(struct parser *s)
{
	const struct word *next = s->at + 1 < s->n ? find(s->words[s->at + 1]) : NULL;
	struct prefix unused;
	const char *text;
	char first[64];

	if (next != NULL && next->clause == CLAUSE_FIELD) {
		return 0; // "to country JP"
	}
	text = value(s);
	if (text == NULL) {
		return -EINVAL;
	}
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(text, ","), text);
	if (filter_prefix(first, &unused)) {
		return add_all(s, FILTER_REMOTE, text);
	}
	if (strlen(first) == 2 && isupper((unsigned char)first[0])) {
		return add_all(s, FILTER_COUNTRY, text);
	}
	snprintf(s->err, s->err_size,
		"to \"%s\": expected an address, a prefix or a country such as DE", text);
	return -EINVAL;
}

static int set_time(struct parser *s, bool has_since, int64_t since, bool has_until, int64_t until)
{
	struct period_bounds *f = &s->p->filter->when;

	if ((has_since && f->has_since) || (has_until && f->has_until)) {
		snprintf(s->err, s->err_size, "\"%s\": a time was named before", s->words[s->at]);
		return -EINVAL;
	}
	if (has_since) {
		f->has_since = true;
		f->since = since;
	}
	if (has_until) {
		f->has_until = true;
		f->until = until;
	}
	return 0;
}

// A span: of words, or as period_parse() knows it. False: neither; err tells.
static bool span(struct parser *s, int64_t *since, int64_t *until)
{
	const char *text = s->words[s->at];
	const char *next = s->at + 1 < s->n ? s->words[s->at + 1] : NULL;
	unsigned used = when_parse(text, next, s->p->now, s->p->offset, since, until);

	if (used != 0) {
		s->at += used - 1;
		return true;
	}
	if (period_parse(text, s->p->offset, since, until) ||
		(period_bound(text, s->p->offset, false, since) &&
			period_bound(text, s->p->offset, true, until))) {
		return true;
	}
	if (strcasecmp(text, "last") == 0 || strcasecmp(text, "this") == 0) {
		snprintf(s->err, s->err_size,
			"\"%s\"%s%s%s: expected hour, day, week, month, year%s behind it", text,
			next != NULL ? " \"" : "", next != NULL ? next : "",
			next != NULL ? "\"" : "",
			strcasecmp(text, "last") == 0 ? " or a day of the week" : "");
	} else {
		snprintf(s->err, s->err_size,
			"\"%s\": expected a date such as 2026-11-24, a time such as "
			"2026-11-24T17:00:00+08:00, today, yesterday, or last tuesday",
			text);
	}
	return false;
}

static int take_time(struct parser *s, enum clause clause)
{
	int64_t since, until;

	if (clause != CLAUSE_TIME && value(s) == NULL) {
		return -EINVAL;
	}
	if (!span(s, &since, &until)) {
		return -EINVAL;
	}
	if (clause == CLAUSE_ON && since == until) {
		snprintf(s->err, s->err_size, "on \"%s\": that is a moment; expected a day",
			s->words[s->at]);
		return -EINVAL;
	}
	return set_time(s, clause != CLAUSE_UNTIL, since, clause != CLAUSE_SINCE, until);
}

static int take(struct parser *s)
{
	const struct word *w = find(s->words[s->at]);
	const char *near, *text;

	if (w == NULL) {
		near = plain_words_near(s->words[s->at]);
		snprintf(s->err, s->err_size, "\"%s\" is no word of a search%s%s%s",
			s->words[s->at], near != NULL ? "; did you mean \"" : "",
			near != NULL ? near : "; \"bhlog search --help\" lists them",
			near != NULL ? "\"?" : "");
		return -EINVAL;
	}
	switch (w->clause) {
	case CLAUSE_FIELD:
		text = value(s);
		return text != NULL ? add_all(s, w->field, text) : -EINVAL;
	case CLAUSE_TO:
		return take_to(s);
	case CLAUSE_VERDICT:
		return add(s, w->field, w->value, strlen(w->value));
	case CLAUSE_FILLER:
		return 0;
	default:
		return take_time(s, w->clause);
	}
}

static int take_all(struct parser *s);

// Several words in one argument, where a clause begins: a value that stands by itself keeps its
// blanks.
static int take_quoted(struct parser *s)
{
	const struct parser whole = *s;
	char *text = strdup(s->words[s->at]), *save = NULL;
	char **list = calloc(strlen(s->words[s->at]) + 1, sizeof(*list));
	unsigned n = 0;
	int rc;

	if (text == NULL || list == NULL) {
		snprintf(s->err, s->err_size, "out of memory");
		free(text);
		free(list);
		return -ENOMEM;
	}
	for (char *word = strtok_r(text, BLANKS, &save); word != NULL;
		word = strtok_r(NULL, BLANKS, &save)) {
		list[n++] = word;
	}
	s->words = list;
	s->n = n;
	s->at = 0;
	rc = take_all(s);
	*s = whole;
	free(text);
	free(list);
	return rc;
}

static int take_all(struct parser *s)
{
	int rc = 0;

	for (; rc == 0 && s->at < s->n; s->at++) {
		const char *arg = s->words[s->at];

		rc = strpbrk(arg, BLANKS) != NULL && plain_words_is(arg) ? take_quoted(s) : take(s);
	}
	return rc;
}

int plain_words_parse(
	struct plain_words *p, char *const *list, unsigned n, char *err, size_t err_size)
{
	struct parser s = {.p = p, .words = list, .n = n, .err = err, .err_size = err_size};
	int rc = take_all(&s);

	if (rc == 0 && p->filter->when.has_since && p->filter->when.has_until &&
		p->filter->when.since >= p->filter->when.until) {
		snprintf(err, err_size, "the time that is meant ends before it begins");
		rc = -EINVAL;
	}
	return rc;
}

void plain_words_fini(struct plain_words *p)
{
	while (p->n_text > 0) {
		free(p->text[--p->n_text]);
	}
}
