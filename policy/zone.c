// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/zone.h"
#include "policy/moment.h"

#include <string.h>

#define HEADER_SIZE 44

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static uint64_t big_endian(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static bool header(const uint8_t *p, size_t len, struct counts *c)
{
	if (len < HEADER_SIZE || memcmp(p, "TZif", 4) != 0)
		return false;
	c->isut = (uint32_t)big_endian(p + 20, 4);
	c->isstd = (uint32_t)big_endian(p + 24, 4);
	c->leap = (uint32_t)big_endian(p + 28, 4);
	c->time = (uint32_t)big_endian(p + 32, 4);
	c->type = (uint32_t)big_endian(p + 36, 4);
	c->chars = (uint32_t)big_endian(p + 40, 4);
	return true;
}

static uint64_t block_size(const struct counts *c, unsigned width)
{
	return (uint64_t)c->time * (width + 1) + (uint64_t)c->type * 6 + c->chars +
	       (uint64_t)c->leap * (width + 4) + c->isstd + c->isut;
}

// ---- the footer: "CST-8", "EST5EDT,M3.2.0,M11.1.0/2"

static const char *skip_name(const char *s)
{
	if (*s == '<') {
		while (*s != '\0' && *s != '>')
			s++;
		return *s == '>' ? s + 1 : NULL;
	}
	while ((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z'))
		s++;
	return s;
}

static const char *number(const char *s, int32_t max, int32_t *out)
{
	const char *from = s;

	for (*out = 0; *s >= '0' && *s <= '9'; s++) {
		*out = 10 * *out + (*s - '0');
		if (*out > max)
			return NULL;
	}
	return s != from ? s : NULL;
}

// [+-]hh[:mm[:ss]]
static const char *clock_time(const char *s, int32_t *out)
{
	int32_t sign = *s == '-' ? -1 : 1, part, unit = 3600;

	if (*s == '-' || *s == '+')
		s++;
	s = number(s, 167, &part);
	*out = s != NULL ? part * unit : 0;
	while (s != NULL && *s == ':' && unit > 1) {
		unit /= 60;
		s = number(s + 1, 59, &part);
		*out += s != NULL ? part * unit : 0;
	}
	*out *= sign;
	return s;
}

static const char *rule(const char *s, struct zone_rule *r)
{
	int32_t month, week, day;

	if (s[0] != ',' || s[1] != 'M')
		return NULL;
	s = number(s + 2, 12, &month);
	if (s == NULL || *s != '.' || month < 1)
		return NULL;
	s = number(s + 1, 5, &week);
	if (s == NULL || *s != '.' || week < 1)
		return NULL;
	s = number(s + 1, 6, &day);
	if (s == NULL)
		return NULL;
	*r = (struct zone_rule){(uint8_t)month, (uint8_t)week, (uint8_t)day, 7200};
	return *s == '/' ? clock_time(s + 1, &r->time) : s;
}

// False where there is none or it is of a form that no zone uses today; then the last offset goes
// on.
static bool footer(struct zone *z, const char *s)
{
	int32_t west;

	s = skip_name(s);
	s = s != NULL ? clock_time(s, &west) : NULL;
	if (s == NULL)
		return false;
	z->standard = z->daylight = -west;
	if (*s == '\0')
		return true;
	z->daylight += 3600;
	s = skip_name(s);
	if (s != NULL && *s != ',' && *s != '\0') {
		s = clock_time(s, &west);
		z->daylight = -west;
	}
	s = s != NULL ? rule(s, &z->begin) : NULL;
	s = s != NULL ? rule(s, &z->end) : NULL;
	z->has_rules = s != NULL && *s == '\0';
	return z->has_rules;
}

// ---- the data block of 64-bit times

static bool take_block(struct zone *z, struct arena *a, const uint8_t *p, const struct counts *c)
{
	const uint8_t *types = p + 8 * (size_t)c->time, *info = types + c->time;
	int64_t *at = arena_alloc(a, c->time, sizeof(*at));
	int32_t *east = arena_alloc(a, c->time, sizeof(*east));

	if (c->type == 0 || at == NULL || east == NULL)
		return false;
	for (uint32_t i = 0; i < c->type; i++) {
		int32_t offset = (int32_t)big_endian(info + 6 * (size_t)i, 4);

		if (offset < -25 * 3600 || offset > 26 * 3600) // RFC 9636, 3.2
			return false;
	}
	z->first = (int32_t)big_endian(info, 4);
	for (uint32_t i = 0; i < c->time; i++) {
		if (types[i] >= c->type)
			return false;
		at[i] = (int64_t)big_endian(p + 8 * (size_t)i, 8);
		east[i] = (int32_t)big_endian(info + 6 * (size_t)types[i], 4);
		if (i != 0 && at[i] <= at[i - 1])
			return false;
	}
	z->at = at;
	z->east = east;
	z->n = c->time;
	z->standard = z->daylight = c->time != 0 ? east[c->time - 1] : z->first;
	return true;
}

bool zone_parse(struct zone *z, struct arena *a, const uint8_t *data, size_t len)
{
	struct counts c;
	char text[128] = "";
	uint64_t skip;
	size_t n = 0;

	*z = ZONE_UTC;
	if (!header(data, len, &c) || data[4] < '2')
		return false; // version 1 ends in 2038 and nobody writes it any more
	skip = HEADER_SIZE + block_size(&c, 4);
	if (skip > len || !header(data + skip, len - skip, &c))
		return false;
	data += skip + HEADER_SIZE;
	len -= skip + HEADER_SIZE;
	if (c.leap != 0) // of the "right" tables, whose times are none of POSIX's
		return false;
	if (block_size(&c, 8) > len || !take_block(z, a, data, &c))
		return false;
	data += block_size(&c, 8);
	len -= block_size(&c, 8);
	if (len < 2 || data[0] != '\n')
		return true;
	while (n + 1 < len && n + 1 < sizeof(text) && data[1 + n] != '\n') {
		text[n] = (char)data[1 + n];
		n++;
	}
	if (text[0] != '\0' && !footer(z, text)) {
		z->standard = z->daylight = z->n != 0 ? z->east[z->n - 1] : z->first;
		z->has_rules = false;
	}
	return true;
}

// ---- times

// When a rule applies in a year, in local seconds since 1970.
static int64_t rule_time(const struct zone_rule *r, int64_t year)
{
	int64_t first = moment_days(year, r->month, 1), next, day;
	unsigned weekday = (unsigned)(((first + 4) % 7 + 7) % 7); // 1970-01-01 was a Thursday

	day = first + (r->day + 7 - weekday) % 7 + 7 * (r->week - 1);
	next = r->month == 12 ? moment_days(year + 1, 1, 1) : moment_days(year, r->month + 1u, 1);
	while (day >= next)
		day -= 7;
	return day * 86400 + r->time;
}

static int32_t by_rules(const struct zone *z, int64_t t)
{
	unsigned month, day;
	int64_t year, begin, end;
	bool on;

	if (!z->has_rules)
		return z->standard;
	moment_civil(floor_div(t + z->standard, 86400), &year, &month, &day);
	begin = rule_time(&z->begin, year) - z->standard;
	end = rule_time(&z->end, year) - z->daylight;
	on = begin < end ? t >= begin && t < end : t >= begin || t < end;
	return on ? z->daylight : z->standard;
}

int32_t zone_offset(const struct zone *z, int64_t t)
{
	uint32_t lo = 0, hi = z->n;

	if (z->n == 0)
		return z->has_rules || z->standard != 0 ? by_rules(z, t) : z->first;
	if (t < z->at[0])
		return z->first;
	if (t >= z->at[z->n - 1])
		return by_rules(z, t);
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (z->at[mid] <= t)
			lo = mid;
		else
			hi = mid;
	}
	return z->east[lo];
}

// The first instant whose local time is at least the one given: where clocks skip it, when they
// skip; where it comes twice, the first time.
static int64_t from_local(const struct zone *z, int64_t local)
{
	int64_t lo = local - 26 * 3600, hi = local + 26 * 3600;

	// Offsets change at most once within the span that matters, and then local time jumps: a
	// search for the first instant at or after the wall time finds either side of the jump.
	while (hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;

		if (mid + zone_offset(z, mid) >= local)
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}

// The second, after a and at most b, from which on clocks show what they do at b. They differ at a,
// and change once between.
static int64_t change_after(const struct zone *z, int64_t a, int64_t b)
{
	int32_t offset = zone_offset(z, b);

	while (b - a > 1) {
		int64_t middle = a + (b - a) / 2;

		if (zone_offset(z, middle) == offset)
			b = middle;
		else
			a = middle;
	}
	return b;
}

void zone_span(const struct zone *z, enum zone_window w, int64_t t, int64_t *begin, int64_t *end)
{
	int64_t local = t + zone_offset(z, t), days = floor_div(local, 86400), year;
	unsigned month, day;

	if (w == ZONE_HOUR) { // by the clock on the wall; an hour that comes twice counts twice
		*begin = t - (local - floor_div(local, 3600) * 3600);
		*end = *begin + 3600;
		// Where clocks change within an hour (Lord Howe Island, by half of one) the window
		// ends there: windows never overlap.
		if (zone_offset(z, *begin) != zone_offset(z, t))
			*begin = change_after(z, *begin, t);
		if (zone_offset(z, *end - 1) != zone_offset(z, t))
			*end = change_after(z, t, *end - 1);
		return;
	}
	if (w == ZONE_DAY) {
		*begin = from_local(z, days * 86400);
		*end = from_local(z, (days + 1) * 86400);
		return;
	}
	moment_civil(days, &year, &month, &day);
	*begin = from_local(z, moment_days(year, month, 1) * 86400);
	*end = from_local(z, month == 12 ? moment_days(year + 1, 1, 1) * 86400
					 : moment_days(year, month + 1, 1) * 86400);
}
