// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/filter.h"

#include "app/flowlog/json.h"
#include "app/rows/find.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Keys that an exact field may stand under; NULL: compared in another way.
static const struct {
	const char *name;
	const char *keys[2];
	bool exact;
	const char *const *words; // the only values there are; ends in NULL
} fields[FILTER_FIELDS] = {
	[FILTER_TENANT] = {"tenant", {"tn"}, true},
	[FILTER_COUNTRY] = {"country", {"cc"}, true},
	[FILTER_APP] = {"app", {"app", "master"}},
	[FILTER_HOST] = {"host", {"host"}},
	[FILTER_ADDR] = {"addr", {"src", "dst"}},
	[FILTER_REMOTE] = {"remote", {"src", "dst"}},
	[FILTER_ACT] = {"act", {"act"}, true,
		(const char *const[]){"allow", "flag", "block", NULL}},
	[FILTER_RULE] = {"rule", {"rule"}, true},
	[FILTER_REASON] = {"reason", {"reason"}, true},
	[FILTER_EV] = {"ev", {"ev"}, true,
		(const char *const[]){
			"decision", "update", "end", "policy", "gap", "start", "stop", NULL}},
	[FILTER_FID] = {"fid", {"fid"}, true},
};

static int bad(
	char *err, size_t err_size, enum filter_field field, const char *text, const char *expected)
{
	snprintf(err, err_size, "--%s \"%s\": expected %s", fields[field].name, text, expected);
	return -EINVAL;
}

bool filter_prefix(const char *text, struct prefix *p)
{
	char addr[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	const size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned long bits;
	char *end;

	if (len >= sizeof(addr)) {
		return false;
	}
	memcpy(addr, text, len);
	addr[len] = '\0';
	memset(p, 0, sizeof(*p));
	if (inet_pton(AF_INET, addr, p->b + 12) == 1) {
		p->version = 4;
		p->b[10] = p->b[11] = 0xff;
	} else if (inet_pton(AF_INET6, addr, p->b) == 1) {
		p->version = 6;
	} else {
		return false;
	}
	p->bits = 128;
	if (slash == NULL) {
		return true;
	}
	bits = strtoul(slash + 1, &end, 10);
	if (!isdigit((unsigned char)slash[1]) || *end != '\0' ||
		bits > (p->version == 4 ? 32 : 128)) {
		return false;
	}
	p->bits = (uint8_t)(p->version == 4 ? 96 + bits : bits);
	return true;
}

static bool covers(const struct prefix *p, const struct prefix *addr)
{
	const unsigned whole = p->bits / 8, rest = p->bits % 8;

	if (p->version != addr->version || memcmp(p->b, addr->b, whole) != 0) {
		return false;
	}
	return rest == 0 || (p->b[whole] ^ addr->b[whole]) >> (8 - rest) == 0;
}

static bool is_word(const char *const *words, const char *text)
{
	for (; *words != NULL; words++) {
		if (strcmp(*words, text) == 0) {
			return true;
		}
	}
	return false;
}

static int check(enum filter_field field, struct filter_value *v, char *err, size_t err_size)
{
	const char *t = v->text;

	if (*t == '\0' || strlen(t) > 255) {
		return bad(err, err_size, field, t, "1 to 255 characters");
	}
	if (fields[field].words != NULL && !is_word(fields[field].words, t)) {
		return bad(err, err_size, field, t,
			field == FILTER_ACT ? "allow, flag or block"
					    : "decision, update, end, policy, gap, start or stop");
	}
	if (field == FILTER_COUNTRY && (strlen(t) != 2 || !isupper((unsigned char)t[0]) ||
					       !isupper((unsigned char)t[1]))) {
		return bad(err, err_size, field, t, "two capital letters, such as DE, or XX");
	}
	if (field == FILTER_FID && (strlen(t) != 16 || strspn(t, "0123456789abcdef") != 16)) {
		return bad(err, err_size, field, t, "16 hexadecimal digits, small letters");
	}
	if ((field == FILTER_ADDR || field == FILTER_REMOTE) && !filter_prefix(t, &v->prefix)) {
		return bad(err, err_size, field, t,
			"an address or a prefix, such as 198.51.100.7 or 2001:db8::/32");
	}
	return 0;
}

// "key":"value" as the log writes it.
static void make_needle(char *out, size_t size, const char *key, const char *text)
{
	struct json_out j = {out, out + size - 1, false};

	json_put_string(&j, key, strlen(key));
	JSON_LITERAL(&j, ":");
	json_put_string(&j, text, strlen(text));
	*(j.full ? out : j.p) = '\0'; // too long: no needle, the row decides
}

static void make_needles(enum filter_field field, struct filter_value *v)
{
	char canonical[64];
	struct json_out j = {canonical, canonical + sizeof(canonical), false};

	if ((field == FILTER_ADDR || field == FILTER_REMOTE) && v->prefix.bits == 128) {
		json_put_address(&j, v->prefix.version,
			v->prefix.version == 4 ? v->prefix.b + 12 : v->prefix.b);
		snprintf(v->needle[0], sizeof(v->needle[0]), "\"src\":%.*s", (int)(j.p - canonical),
			canonical);
		snprintf(v->needle[1], sizeof(v->needle[1]), "\"dst\":%.*s", (int)(j.p - canonical),
			canonical);
	} else if (field == FILTER_APP || field == FILTER_HOST) {
		for (unsigned k = 0; k < 2 && fields[field].keys[k] != NULL; k++) {
			snprintf(v->needle[k], sizeof(v->needle[k]), ",\"%s\":\"",
				fields[field].keys[k]);
		}
	} else if (fields[field].exact) {
		make_needle(v->needle[0], sizeof(v->needle[0]), fields[field].keys[0], v->text);
	}
}

int filter_add(
	struct filter *f, enum filter_field field, const char *text, char *err, size_t err_size)
{
	struct filter_value *v;
	int rc;

	if (f->n[field] == FILTER_MAX_VALUES) {
		snprintf(err, err_size, "--%s: at most %d values", fields[field].name,
			FILTER_MAX_VALUES);
		return -E2BIG;
	}
	v = &f->values[field][f->n[field]];
	memset(v, 0, sizeof(*v));
	v->text = text;
	rc = check(field, v, err, err_size);
	if (rc == 0) {
		make_needles(field, v);
		f->n[field]++;
	}
	return rc;
}

static bool holds(const char *line, size_t len, const char *needle)
{
	return *needle != '\0' && find_text(line, line + len, needle, strlen(needle)) != NULL;
}

// A text of the line that stands between quotes and holds no escapes, held against the value
// without taking the line apart. A key with its quotes can stand nowhere else: within a string they
// would be escaped.
static bool may_fold(
	const struct filter_value *v, const char *needle, bool suffix, const char *line, size_t len)
{
	const char *at = memmem(line, len, needle, strlen(needle)), *text = v->text, *end;
	size_t have, want = strlen(text);

	if (at == NULL) {
		return false;
	}
	at += strlen(needle);
	end = memchr(at, '"', (size_t)(line + len - at));
	if (end == NULL || memchr(at, '\\', (size_t)(end - at)) != NULL) {
		return true;
	}
	have = (size_t)(end - at);
	if (suffix && text[0] == '*' && text[1] == '.') {
		want--;
		return have > want && strncasecmp(end - want, text + 1, want) == 0;
	}
	return have == want && strncasecmp(at, text, want) == 0;
}

static bool may_value(unsigned field, const struct filter_value *v, const char *line, size_t len)
{
	if (field == FILTER_APP || field == FILTER_HOST) {
		return may_fold(v, v->needle[0], field == FILTER_HOST, line, len) ||
		       (v->needle[1][0] != '\0' && may_fold(v, v->needle[1], false, line, len));
	}
	return v->needle[0][0] == '\0' || holds(line, len, v->needle[0]) ||
	       holds(line, len, v->needle[1]);
}

static bool may_field(const struct filter *f, unsigned field, const char *line, size_t len)
{
	for (unsigned i = 0; i < f->n[field]; i++) {
		if (may_value(field, &f->values[field][i], line, len)) {
			return true;
		}
	}
	return f->n[field] == 0;
}

const char filter_begin[] = "{\"v\":1,\"ev\":\"";

// Fields by how few records have one of their values, as a rule.
const char *filter_needle(const struct filter *f)
{
	static const uint8_t ends[] = {FILTER_ADDR, FILTER_REMOTE};
	static const uint8_t order[] = {FILTER_FID, FILTER_RULE, FILTER_COUNTRY, FILTER_TENANT,
		FILTER_REASON, FILTER_ACT, FILTER_EV};

	for (unsigned i = 0; i < sizeof(ends); i++) {
		const char *needle = f->values[ends[i]][0].needle[0];

		if (f->n[ends[i]] == 1 && needle[0] != '\0') {
			return strchr(needle, ':') + 1; // the address, whichever key it is behind
		}
	}
	for (unsigned i = 0; i < sizeof(order); i++) {
		if (f->n[order[i]] == 1) {
			return f->values[order[i]][0].needle[0];
		}
	}
	return "";
}

bool filter_may_match(const struct filter *f, const char *line, size_t len)
{
	if (len < sizeof(filter_begin) ||
		memcmp(line, filter_begin, sizeof(filter_begin) - 1) != 0) {
		return true; // written by someone else: take it apart
	}
	for (unsigned field = 0; field < FILTER_FIELDS; field++) {
		if (!may_field(f, field, line, len)) {
			return false;
		}
	}
	return true;
}

static bool host_is(const struct cell *c, const char *text)
{
	char host[1024];
	size_t len, suffix;

	if (text[0] != '*' || text[1] != '.') {
		return cell_is(c, text, true);
	}
	if (c == NULL) {
		return false;
	}
	len = cell_text(c, host, sizeof(host));
	suffix = strlen(text) - 1; // with its dot
	return len > suffix && strcasecmp(host + len - suffix, text + 1) == 0;
}

static bool addr_in(const struct cell *c, const struct prefix *p)
{
	char text[64];
	struct prefix addr;

	cell_text(c, text, sizeof(text));
	return filter_prefix(text, &addr) && covers(p, &addr);
}

static bool value_match(const struct filter *f, unsigned field, unsigned i, const struct cell *c)
{
	const struct filter_value *v = &f->values[field][i];

	switch (field) {
	case FILTER_HOST:
		return host_is(c, v->text);
	case FILTER_ADDR:
	case FILTER_REMOTE:
		return addr_in(c, &v->prefix);
	default:
		return cell_is(c, v->text, !fields[field].exact);
	}
}

static bool field_match(const struct filter *f, unsigned field, const struct row *r)
{
	if (f->n[field] == 0) {
		return true;
	}
	for (unsigned k = 0; k < 2 && fields[field].keys[k] != NULL; k++) {
		// The remote end is dst where the flow was opened inside, src where not.
		if (field == FILTER_REMOTE &&
			!cell_is(row_find(r, "init"), k == 0 ? "outside" : "inside", false)) {
			continue;
		}
		const struct cell *c = row_find(r, fields[field].keys[k]);

		for (unsigned i = 0; c != NULL && i < f->n[field]; i++) {
			if (value_match(f, field, i, c)) {
				return true;
			}
		}
	}
	return false;
}

bool filter_may_hold(const struct filter *f, int64_t t0, int64_t t1)
{
	return (!f->when.has_since || t1 >= f->when.since) &&
	       (!f->when.has_until || t0 < f->when.until);
}

static bool time_match(const struct filter *f, const struct row *r)
{
	int64_t t0, t1;

	if (!f->when.has_since && !f->when.has_until) {
		return true;
	}
	return cell_i64(row_find(r, "t0"), &t0) && cell_i64(row_find(r, "t1"), &t1) &&
	       filter_may_hold(f, t0, t1);
}

static bool bytes_match(const struct filter *f, const struct row *r)
{
	uint64_t out, in;

	if (!f->has_min_bytes) {
		return true;
	}
	if (!cell_u64(row_find(r, "ob"), &out) || !cell_u64(row_find(r, "rb"), &in)) {
		return false;
	}
	return __builtin_add_overflow(out, in, &out) || out >= f->min_bytes;
}

bool filter_match(const struct filter *f, const struct row *r)
{
	for (unsigned field = 0; field < FILTER_FIELDS; field++) {
		if (!field_match(f, field, r)) {
			return false;
		}
	}
	return time_match(f, r) && bytes_match(f, r);
}
