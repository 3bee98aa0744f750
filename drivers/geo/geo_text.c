// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The text of tor-geoipdb: "first,last,CC" a line, sorted; addresses in decimal for IPv4, in text
// (RFC 4291) for IPv6; lines that begin with # are comments.

#include "drivers/geo/geo_part.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct text_line {
	const char *at, *end; // without the newline
	unsigned number;
};

// False at the end of the text.
static bool next_line(const struct geo_source *s, const char **next, struct text_line *l)
{
	const char *end = s->data + s->len, *nl;

	if (*next == end)
		return false;
	nl = memchr(*next, '\n', (size_t)(end - *next));
	l->at = *next;
	l->end = nl != NULL ? nl : end;
	*next = nl != NULL ? nl + 1 : end;
	l->number++;
	if (l->end > l->at && l->end[-1] == '\r')
		l->end--;
	return true;
}

// "# Generated: Thu, 25 Jun 2026 04:33:59 GMT". 0 where the line is not that. Not by strptime(),
// whose names of months follow the locale.
static int64_t generated(const struct text_line *l)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char text[96], month[4];
	struct tm tm = {0};
	size_t n = (size_t)(l->end - l->at);
	const char *m;

	if (n >= sizeof(text))
		return 0;
	memcpy(text, l->at, n);
	text[n] = '\0';
	if (sscanf(text, "# Generated: %*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT",
		    &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return 0;
	m = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (m == NULL || (m - months) % 3 != 0 || tm.tm_year < 1970)
		return 0;
	tm.tm_mon = (int)(m - months) / 3;
	tm.tm_year -= 1900;
	return timegm(&tm);
}

static bool decimal(const char *at, const char *end, ranges_addr *out)
{
	uint64_t v = 0;

	if (at == end || end - at > 10)
		return false;
	for (; at < end; at++) {
		if (*at < '0' || *at > '9')
			return false;
		v = v * 10 + (uint64_t)(*at - '0');
	}
	*out = v;
	return v <= UINT32_MAX;
}

static bool address6(const char *at, const char *end, ranges_addr *out)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t b[16];
	size_t n = (size_t)(end - at);

	if (n >= sizeof(text))
		return false;
	memcpy(text, at, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, b) != 1)
		return false;
	*out = 0;
	for (size_t i = 0; i < sizeof(b); i++)
		*out = *out << 8 | b[i];
	return true;
}

// The family that a line of ranges is in: 4, 6, or 0 where it is none.
static int family(const struct text_line *l)
{
	const char *comma = memchr(l->at, ',', (size_t)(l->end - l->at));
	ranges_addr a;

	if (comma == NULL)
		return 0;
	return decimal(l->at, comma, &a) ? 4 : address6(l->at, comma, &a) ? 6 : 0;
}

static int not_a_database(const struct geo_source *s, const struct text_line *l)
{
	if (memchr(s->data, '\0', s->len) != NULL)
		return geo_error(s, 0,
			"binary, but without MaxMind DB metadata at its end: cut short or another "
			"kind of file; fetch it again");
	return geo_error(s, l->number,
		"neither tor-geoipdb text (first,last,CC) nor a MaxMind DB; name a country "
		"database");
}

static int parse_line(
	const struct geo_source *s, int fam, const struct text_line *l, struct range *r)
{
	bool (*address)(const char *, const char *, ranges_addr *) = fam == 4 ? decimal : address6;
	const char *c1 = memchr(l->at, ',', (size_t)(l->end - l->at)), *c2 = NULL;
	int cc;

	if (c1 != NULL)
		c2 = memchr(c1 + 1, ',', (size_t)(l->end - c1 - 1));
	if (c2 == NULL || !address(l->at, c1, &r->first) || !address(c1 + 1, c2, &r->last))
		return geo_error(s, l->number,
			"not a range of IPv%d addresses (%s,CC); mend the line", fam,
			fam == 4 ? "decimal,decimal" : "address,address");
	cc = geo_code(c2 + 1, (size_t)(l->end - c2 - 1));
	if (cc < 0)
		return geo_error(s, l->number,
			"the country must be two upper-case letters or ??; mend the line");
	r->value = (uint32_t)cc;
	if (r->first > r->last)
		return geo_error(s, l->number, "the range ends before it begins; mend the line");
	return 0;
}

static int add(const struct geo_source *s, const struct text_line *l, struct ranges *to,
	const struct range *r)
{
	int rc = r->value != 0 ? ranges_add(to, r->first, r->last, r->value) : 0;

	if (rc == -E2BIG)
		return geo_error(
			s, l->number, "more than %u ranges; not a country database", RANGES_MAX);
	if (rc != 0)
		return geo_error(s, 0, "out of memory");
	return 0;
}

int geo_text_read(const struct geo_source *s, struct geo_loaded *out)
{
	struct text_line l = {0};
	const char *next = s->data;
	struct range r, prev = {0};
	bool first = true;
	int fam = 0, rc;

	while (next_line(s, &next, &l)) {
		if (l.at < l.end && *l.at == '#' && out->built == 0)
			out->built = generated(&l);
		if (l.at == l.end || *l.at == '#')
			continue;
		if (fam == 0) {
			fam = family(&l);
			if (fam == 0)
				return not_a_database(s, &l);
		}
		rc = parse_line(s, fam, &l, &r);
		if (rc != 0)
			return rc;
		if (!first && r.first <= prev.last)
			return geo_error(s, l.number, "the range %s the one before it; %s",
				r.last >= prev.first ? "overlaps" : "belongs before",
				"ranges must be sorted and apart");
		rc = add(s, &l, fam == 4 ? &out->r4 : &out->r6, &r);
		if (rc != 0)
			return rc;
		prev = r;
		first = false;
	}
	if (fam == 0)
		return geo_error(s, 0, "has no ranges; fetch the database again");
	out->kind = fam == 4 ? GEO_TEXT4 : GEO_TEXT6;
	return 0;
}
