// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/bundle/named.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Text behind a key, up to its quote; NULL: there is none.
static const char *text_of(const char *line, size_t len, const char *key, size_t *n)
{
	const char *p = memmem(line, len, key, strlen(key)), *end = line + len, *quote;

	if (p == NULL)
		return NULL;
	p += strlen(key);
	quote = memchr(p, '"', (size_t)(end - p));
	*n = quote != NULL ? (size_t)(quote - p) : 0;
	return quote != NULL ? p : NULL;
}

bool named_number(const char *line, size_t len, const char *key, int64_t *v)
{
	const char *p = memmem(line, len, key, strlen(key)), *end = line + len;
	bool negative;

	if (p == NULL)
		return false;
	p += strlen(key);
	negative = p < end && *p == '-';
	p += negative;
	if (p == end || !isdigit((unsigned char)*p))
		return false;
	for (*v = 0; p < end && isdigit((unsigned char)*p) && *v < INT64_MAX / 10 - 1; p++)
		*v = *v * 10 + (*p - '0');
	*v = negative ? -*v : *v;
	return true;
}

struct named_policy *named_find(struct named *n, const char *sha256)
{
	for (size_t i = 0; i < n->n_policies; i++) {
		if (strcmp(n->policies[i].sha256, sha256) == 0)
			return &n->policies[i];
	}
	return NULL;
}

static struct named_policy *take_policy(struct named *n, const char *sha256)
{
	struct named_policy *p = named_find(n, sha256);

	if (p != NULL)
		return p;
	if (n->n_policies == n->cap_policies) {
		const size_t cap = n->cap_policies != 0 ? 2 * n->cap_policies : 16;

		p = reallocarray(n->policies, cap, sizeof(*p));
		if (p == NULL)
			return NULL;
		n->policies = p;
		n->cap_policies = cap;
	}
	p = &n->policies[n->n_policies++];
	*p = (struct named_policy){.version = 0};
	snprintf(p->sha256, sizeof(p->sha256), "%s", sha256);
	return p;
}

bool named_in_force(struct named *n, const struct hash *policy)
{
	struct named_policy *p;
	char sha256[65];

	if (hash_is_zero(policy))
		return true;
	hash_hex(policy, sha256);
	p = take_policy(n, sha256);
	if (p != NULL)
		p->in_force = true;
	return p != NULL;
}

static bool policy_line(struct named *n, const char *line, size_t len)
{
	struct named_policy *p;
	struct hash hash;
	char sha256[65];
	const char *text;
	int64_t version;
	size_t size;

	text = text_of(line, len, ",\"sha256\":\"", &size);
	if (text == NULL || size != 64 || !hash_parse_hex(text, &hash))
		return true;
	hash_hex(&hash, sha256);
	p = take_policy(n, sha256);
	if (p == NULL)
		return false;
	if (named_number(line, len, ",\"pol\":", &version))
		p->version = (uint64_t)version;
	text = text_of(line, len, ",\"outcome\":\"", &size);
	if (text != NULL && size == 9 && memcmp(text, "published", 9) == 0)
		p->in_force = true;
	return true;
}

static bool file_ok(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && strchr("._-", name[i]) == NULL)
			return false;
	}
	return len != 0 && len < NAMED_FILE_MAX && name[0] != '.';
}

static bool capture_line(struct named *n, const char *text, size_t len)
{
	static const char folder[] = "captures/", hash[] = " sha256:";
	const char *name = text + sizeof(folder) - 1, *sha;
	struct named_capture *c;
	struct hash parsed;

	sha = memmem(text, len, hash, sizeof(hash) - 1);
	if (len < sizeof(folder) || memcmp(text, folder, sizeof(folder) - 1) != 0 || sha == NULL ||
		sha < name || !file_ok(name, (size_t)(sha - name)) ||
		text + len != sha + sizeof(hash) - 1 + 64 ||
		!hash_parse_hex(sha + sizeof(hash) - 1, &parsed))
		return true;
	if (n->n_captures == n->cap_captures) {
		const size_t cap = n->cap_captures != 0 ? 2 * n->cap_captures : 64;

		c = reallocarray(n->captures, cap, sizeof(*c));
		if (c == NULL)
			return false;
		n->captures = c;
		n->cap_captures = cap;
	}
	c = &n->captures[n->n_captures++];
	memset(c, 0, sizeof(*c));
	memcpy(c->file, name, (size_t)(sha - name));
	hash_hex(&parsed, c->sha256);
	return true;
}

bool named_line(struct named *n, const char *line, size_t len)
{
	static const char policy[] = "{\"v\":1,\"ev\":\"policy\"";
	const char *cap;
	size_t size;

	if (len > sizeof(policy) && memcmp(line, policy, sizeof(policy) - 1) == 0)
		return policy_line(n, line, len);
	cap = text_of(line, len, ",\"cap\":\"", &size);
	return cap == NULL || capture_line(n, cap, size);
}

static int by_name(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct named_capture));
}

void named_sort(struct named *n)
{
	size_t kept = 0;

	if (n->n_captures > 1)
		qsort(n->captures, n->n_captures, sizeof(*n->captures), by_name);
	for (size_t i = 0; i < n->n_captures; i++) {
		if (kept == 0 || by_name(&n->captures[kept - 1], &n->captures[i]) != 0)
			n->captures[kept++] = n->captures[i];
	}
	n->n_captures = kept;
}

void named_fini(struct named *n)
{
	free(n->policies);
	free(n->captures);
}
