// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The counters on disk: {"format":"limit-counters/1","counters":[{...}]}.

#include "app/control/quota.h"
#include "app/control/state_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define FORMAT "limit-counters/1"

static const char *const windows[] = {"", "hour", "day", "month"};

static json_t *describe(const struct quota_counter *c)
{
	char cc[3] = {(char)(c->cc >> 8), (char)(c->cc & 0xff), '\0'};

	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "limit", c->limit,
		"tenant", c->tenant, "country", c->cc != 0 ? cc : "", "window",
		windows[c->window & 3], "begin", (json_int_t)atomic_load(&c->begin), "bytes",
		(json_int_t)atomic_load(&c->bytes), "flows", (json_int_t)atomic_load(&c->flows),
		"seconds", (json_int_t)atomic_load(&c->seconds), "over", atomic_load(&c->over));
}

static bool counts(const struct quota_counter *c)
{
	return atomic_load_explicit(&c->ready, memory_order_acquire) != 0 &&
	       atomic_load(&c->begin) != INT64_MIN;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15; // 2^64 divided by the golden ratio
	return h ^ h >> 32;
}

uint64_t quota_digest(const struct quota *q)
{
	uint64_t h = 0xcbf29ce484222325;

	for (uint32_t i = 0; i < q->size && atomic_load(&q->used) != 0; i++) {
		const struct quota_counter *c = &q->counters[i];

		if (!counts(c))
			continue;
		h = mix(h, i);
		h = mix(h, (uint64_t)atomic_load(&c->begin));
		h = mix(h, atomic_load(&c->bytes));
		h = mix(h, atomic_load(&c->flows));
		h = mix(h, atomic_load(&c->seconds));
		h = mix(h, atomic_load(&c->over));
	}
	return h;
}

int quota_save(const struct quota *q, const char *path)
{
	json_t *list = json_array(), *whole;
	char *text;
	int rc;

	for (uint32_t i = 0; i < q->size; i++) {
		const struct quota_counter *c = &q->counters[i];

		if (atomic_load(&q->used) == 0)
			break;
		if (counts(c))
			json_array_append_new(list, describe(c));
	}
	whole = json_pack("{s:s, s:o}", "format", FORMAT, "counters", list);
	text = json_dumps(whole, JSON_INDENT(1));
	json_decref(whole);
	if (text == NULL)
		return -ENOMEM;
	rc = state_file_write(path, text, strlen(text));
	free(text);
	return rc;
}

struct saved {
	const char *limit, *tenant, *country;
	int window;
	int64_t begin;
	uint64_t bytes, flows, seconds;
	bool over;
};

static bool take(json_t *o, struct saved *s)
{
	json_int_t begin, bytes, flows, seconds;
	const char *window;
	int over;

	if (json_unpack(o, "{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "limit", &s->limit,
		    "tenant", &s->tenant, "country", &s->country, "window", &window, "begin",
		    &begin, "bytes", &bytes, "flows", &flows, "seconds", &seconds, "over",
		    &over) < 0)
		return false;
	s->begin = begin;
	s->bytes = (uint64_t)bytes;
	s->flows = (uint64_t)flows;
	s->seconds = (uint64_t)seconds;
	s->over = over != 0;
	for (s->window = 1; s->window < 4 && strcmp(windows[s->window], window) != 0; s->window++)
		;
	return s->window < 4 && bytes >= 0 && flows >= 0 && seconds >= 0 && *s->limit != '\0' &&
	       strlen(s->limit) < QUOTA_NAME_MAX && strlen(s->tenant) < QUOTA_NAME_MAX &&
	       (*s->country == '\0' || strlen(s->country) == 2);
}

static void restore(struct quota *q, const struct saved *s)
{
	uint16_t cc = *s->country != '\0' ? POLICY_CC(s->country[0], s->country[1]) : 0;
	struct quota_counter *c = quota_find(q, s->limit, *s->tenant != '\0' ? s->tenant : NULL, cc,
		(enum policy_limit_window)s->window);

	if (c == NULL)
		return;
	atomic_store(&c->begin, s->begin);
	atomic_store(&c->bytes, s->bytes);
	atomic_store(&c->committed, s->bytes);
	atomic_store(&c->flows, s->flows);
	atomic_store(&c->seconds, s->seconds);
	atomic_store(&c->over, s->over);
}

int quota_load(struct quota *q, const char *path, int64_t now, char *err, size_t err_size)
{
	json_error_t e;
	json_t *whole = json_load_file(path, JSON_REJECT_DUPLICATES, &e), *list, *o;
	const char *format = json_string_value(json_object_get(whole, "format"));
	struct saved s;
	int later = 0;
	size_t i;

	if (whole == NULL && json_error_code(&e) == json_error_cannot_open_file && errno == ENOENT)
		return 0;
	list = json_object_get(whole, "counters");
	if (whole == NULL || format == NULL || strcmp(format, FORMAT) != 0 ||
		!json_is_array(list)) {
		snprintf(err, err_size, "%s: not a file of limit counters: %s", path,
			whole == NULL ? e.text : "another format");
		json_decref(whole);
		return -EINVAL;
	}
	json_array_foreach (list, i, o) {
		if (!take(o, &s)) {
			snprintf(err, err_size, "%s: entry %zu is damaged", path, i);
			json_decref(whole);
			return -EINVAL;
		}
	}
	json_array_foreach (list, i, o) {
		if (!take(o, &s))
			continue;
		if (s.begin > now)
			later++;
		else
			restore(q, &s);
	}
	json_decref(whole);
	return later;
}
