// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/policy/names.h"

#include <strings.h>

static const char *const apps[] = {"Unknown", "TLS", "SSH", "DNS", "BitTorrent", "Tor", "DoH_DoT",
	"FTP_DATA", "SMBv23", "Dropbox", "HTTP", NULL};
static const char *const cats[] = {
	"Unspecified", "Web", "VPN", "Cloud", "Email", "Database", "RemoteAccess", "Network", NULL};
static const char *const risks[] = {"No risk", "XSS Attack", "Self-signed Certificate", NULL};

static int find(const char *const *names, const char *name)
{
	for (int i = 0; names[i] != NULL; i++)
		if (strcasecmp(names[i], name) == 0)
			return i;
	return -1;
}

static int app(void *ctx, const char *name)
{
	return find(apps, name);
}

static int category(void *ctx, const char *name)
{
	return find(cats, name);
}

static int risk(void *ctx, const char *name)
{
	return find(risks, name);
}

static const char *app_at(void *ctx, size_t i)
{
	return i < sizeof(apps) / sizeof(apps[0]) ? apps[i] : NULL;
}

static const char *category_at(void *ctx, size_t i)
{
	return i < sizeof(cats) / sizeof(cats[0]) ? cats[i] : NULL;
}

static const char *risk_at(void *ctx, size_t i)
{
	return i < sizeof(risks) / sizeof(risks[0]) ? risks[i] : NULL;
}

const struct policy_names test_names = {NULL, app, category, risk, app_at, category_at, risk_at};
