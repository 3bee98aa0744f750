// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "made_up.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct made_up_name made_up_apps[] = {
	{"Unknown", 0},
	{"Alder", 1},
	{"Birch", 2},
	{"Cedar", 63},
	{"Dogwood", 64},
	{"Elm", 127},
	{"Fir", 128},
	{"Ginkgo", 300},
	{"Hazel", 511},
	{"Ironwood", 512},
	{"Juniper", 1000},
	{"Larch", 1023},
	{"Cart", 5}, // carriers: they are masters of others, as TLS and HTTP are
	{"Ferry", 91},
	{"Rail", 700},
	{NULL, 0},
};

const struct made_up_name made_up_categories[] = {
	{"Unspecified", 0},
	{"Archive", 1},
	{"Beacon", 2},
	{"Courier", 31},
	{"Depot", 63},
	{"Exchange", 64},
	{"Forum", 127},
	{"Gazette", 128},
	{"Harbour", 255},
	{NULL, 0},
};

const struct made_up_name made_up_risks[] = {
	{"Cracked Seal", 0},
	{"False Flag", 1},
	{"Leaking Hull", 31},
	{"Missing Chart", 32},
	{"Rogue Wave", 62},
	{"Silent Bell", 63},
	{NULL, 0},
};

const struct made_up_zone made_up_zones[] = {
	{"UTC", 0, "UTC0"},
	{"Asia/Shanghai", 28800, "CST-8"},
	{"Europe/Berlin", 3600, "CET-1CEST,M3.5.0,M10.5.0/3"},
	{"America/New_York", -18000, "EST5EDT,M3.2.0,M11.1.0"},
	{"Asia/Kathmandu", 20700, "<+0545>-5:45"},
	{"Australia/Lord_Howe", 37800, "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"}, // half an hour
	{"America/Havana", -18000, "CST5CDT,M3.2.0/0,M11.1.0/1"},               // skips a midnight
	{"America/Asuncion", -14400, "<-04>4<-03>,M10.1.0/0,M3.4.0/0"},         // repeats 23:00
	{"America/Nuuk", -7200, "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"}, // by a time before 0
	{"Europe/Dublin", 0, "IST-1GMT0,M10.5.0,M3.5.0/1"}, // winter is the time that is saved
	{NULL, 0, NULL},
};

static int find(const struct made_up_name *v, const char *name)
{
	for (; v->name; v++)
		if (!strcmp(v->name, name))
			return v->id;
	return -1;
}

static const char *at(const struct made_up_name *v, size_t i)
{
	while (v->name && i--)
		v++;
	return v->name;
}

static int app(void *ctx, const char *name)
{
	return find(made_up_apps, name);
}

static int category(void *ctx, const char *name)
{
	return find(made_up_categories, name);
}

static int risk(void *ctx, const char *name)
{
	return find(made_up_risks, name);
}

static const char *app_at(void *ctx, size_t i)
{
	return at(made_up_apps, i);
}

static const char *category_at(void *ctx, size_t i)
{
	return at(made_up_categories, i);
}

static const char *risk_at(void *ctx, size_t i)
{
	return at(made_up_risks, i);
}

// A header of RFC 9636, section 3.1, with one type, one empty designation and no transitions, and
// its data block: that type. Returns the end.
static uint8_t *tzif_part(uint8_t *p, int32_t offset)
{
	memset(p, 0, 44);
	memcpy(p, "TZif3", 5);
	p[39] = 1; // typecnt
	p[43] = 1; // charcnt
	p += 44;
	for (int shift = 24; shift >= 0; shift -= 8)
		*p++ = (uint8_t)((uint32_t)offset >> shift);
	*p++ = 0; // no daylight saving time
	*p++ = 0; // the designation at 0: ""
	*p++ = 0;
	return p;
}

// A file that leaves everything to its footer.
static int zone(void *ctx, const char *name, uint8_t **data, size_t *len)
{
	const struct made_up_zone *z = made_up_zones;
	uint8_t *p;

	while (z->name && strcmp(z->name, name))
		z++;
	if (!z->name)
		return -ENOENT;
	p = *data = malloc(256);
	if (!p)
		return -ENOMEM;
	p = tzif_part(p, z->offset);
	p = tzif_part(p, z->offset);
	*p++ = '\n';
	memcpy(p, z->rule, strlen(z->rule));
	p += strlen(z->rule);
	*p++ = '\n';
	*len = (size_t)(p - *data);
	return 0;
}

const struct policy_names made_up_names = {
	.app = app,
	.category = category,
	.risk = risk,
	.app_at = app_at,
	.category_at = category_at,
	.risk_at = risk_at,
	.zone = zone,
};
