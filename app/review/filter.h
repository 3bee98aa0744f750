// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Which records a search means. Values of one field are alternatives, fields must all hold; a field
// without a value holds for every record, one with a value never for a record that lacks it.
#pragma once

#include "app/review/period_args.h"
#include "app/rows/row.h"

enum filter_field {
	FILTER_TENANT,
	FILTER_COUNTRY,
	FILTER_APP,    // application or master, letters in any case
	FILTER_HOST,   // exact, or "*." and a suffix; letters in any case
	FILTER_ADDR,   // source or destination; an address or a prefix
	FILTER_REMOTE, // the end that is not inside
	FILTER_ACT,
	FILTER_RULE,
	FILTER_REASON,
	FILTER_EV,
	FILTER_FID, // a flow's id
	FILTER_FIELDS,
};

#define FILTER_MAX_VALUES 16

struct prefix {
	uint8_t version, bits; // bits of the 128 of `b`
	uint8_t b[16];         // IPv4 as ::ffff:0:0/96
};

struct filter_value {
	const char *text; // borrowed
	struct prefix prefix;
	// What a line of the log must hold one of where the field is exact; where letters may
	// differ in case, what stands before the value. Empty: not known.
	char needle[2][320];
};

struct filter {
	struct filter_value values[FILTER_FIELDS][FILTER_MAX_VALUES];
	unsigned n[FILTER_FIELDS];
	bool has_min_bytes;        // also of 0: of records that count bytes, which notices do not
	uint64_t min_bytes;        // outbound and inbound together
	struct period_bounds when; // overlaps it
};

// An address or a prefix. False: neither.
bool filter_prefix(const char *text, struct prefix *p);

// Adds a value, checked. 0, or -EINVAL or -E2BIG with one line in err that says what is expected.
int filter_add(
	struct filter *f, enum filter_field field, const char *text, char *err, size_t err_size);

// False only where the line, as the log writes it, cannot match: a look at the bytes that costs a
// fraction of taking it apart.
bool filter_may_match(const struct filter *f, const char *line, size_t len);

// The begin of a line as the log writes it.
extern const char filter_begin[];
// What each such line that matches must hold: the rarest of what is asked for, as far as one exact
// value is. "": none is. Part of the filter.
const char *filter_needle(const struct filter *f);

// False only where nothing whose times lie in [t0, t1] can match.
bool filter_may_hold(const struct filter *f, int64_t t0, int64_t t1);

bool filter_match(const struct filter *f, const struct row *r);
