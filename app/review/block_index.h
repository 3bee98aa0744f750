// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a block of the flow log may hold, in a few kB: whether a search need look at it.
//
// words   exact: sorted 32-bit hashes of its tenants, countries, pairs of both, applications,
// verdicts,
//         rules, reasons and events, behind the largest number of bytes of a record
// names   a Bloom filter (12 bits a key, 7 probes: about 0.3 % false alarms) of its addresses and
// of
//         the prefixes above them (/24 and /16; /64, /48 and /32), of its host names and what is
//         behind each of their dots, of its flows' ids
// kept    its lines but for allowed flows that one record tells whole (lone.h): flagged and blocked
//         flows, those that go on, policies, gaps, starts and stops. Where they are more than half
//         of the block they are not kept.
#pragma once

#include "app/review/filter.h"
#include "app/review/lone.h"
#include "app/rows/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct groups;

struct block_index {
	struct bytes words, names; // as they are stored
	bool odd;                  // a line was no record
	struct lone_lines lines;   // what lone_block() is to make kept of
	struct bytes kept;         // plain lines
	bool kept_all;             // kept is complete
	struct groups *rollup;     // see rollup.h
	bool rolled;               // rollup is complete
	uint64_t *keys;            // scratch
	size_t n_keys, cap_keys;
	uint32_t *hashes; // scratch
	size_t n_hashes, cap_hashes;
};

// Of a block's lines, over what was in x before (all zeros at first), but for what is kept. False:
// out of memory.
bool block_index_make(struct block_index *x, const char *lines, size_t len);
void block_index_fini(struct block_index *x);

// False only where no line of the block can match. words or names NULL: not looked at. What is not
// of this form counts as "can".
bool block_index_may_words(const struct filter *f, const uint8_t *words, size_t len);
bool block_index_may_names(const struct filter *f, const uint8_t *names, size_t len);

// Whether the filter asks for what is in names, whether all it asks for is among what is kept, and
// whether it asks for one kind of words and nothing else, of which words tells exactly.
bool block_index_asks_names(const struct filter *f);
bool block_index_asks_kept_only(const struct filter *f);
bool block_index_is_one_word(const struct filter *f);
