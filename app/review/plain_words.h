// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a search means, in plain words:
//
//     all flows of tenant auto-oem to country JP,US app TLS last tuesday
//     blocked to 203.0.113.0/24 since yesterday
//
//     tenant, country, app, host, address, rule, reason, event    and what it is to be; commas
//                                      between alternatives
//     to, remote                       the remote end: an address, a prefix, or a country
//     allowed, flagged, blocked        the verdict
//     today, yesterday, last tuesday; this or last hour, day, week, month, year
//     since, until, on                 a time, a date, a month, today, yesterday
//     all, flows, records, of, and, with, in    are passed over
//
// Days begin at midnight of `offset` seconds east of UTC, weeks on Monday (ISO 8601). "last
// tuesday" is the last one before today; the last hour is the 60 minutes until now, all else are
// calendar units.
#pragma once

#include "app/review/filter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plain_words {
	struct filter *filter; // that they are added to
	int64_t now;           // microseconds since 1970 UTC
	int64_t offset;
	char *text[FILTER_FIELDS * FILTER_MAX_VALUES]; // values that the filter borrows
	unsigned n_text;
};

// Whether it is one of the words that can begin a clause, or begins with one and a blank.
bool plain_words_is(const char *arg);

// The word that was likely meant; NULL: none is near.
const char *plain_words_near(const char *word);

// A word may also hold several with blanks between, as they are quoted for a shell; not a value
// behind another word. 0, or -EINVAL, -E2BIG, -ENOMEM with one line in err. An unknown word, a
// value that is missing, a second time that contradicts the first are refused.
int plain_words_parse(
	struct plain_words *p, char *const *words, unsigned n, char *err, size_t err_size);
void plain_words_fini(struct plain_words *p);
