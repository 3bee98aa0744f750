// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Country and AS databases for commands that need no gateway.
#pragma once

#include "drivers/geo/geo.h"

// From the command line; NULL: not given.
struct geo_words {
	const char *country_db, *asn_db; // files, comma separated
	const char *config;              // of a gateway: its databases
};

// Loads what is wanted: countries, ASNs. Where nothing names country databases, those of Debian's
// tor-geoipdb are taken, as far as they are there. False with a line on standard error; else *out
// may be NULL: there are none.
bool geo_files_load(const struct geo_words *w, bool countries, bool asns, struct geo **out);
