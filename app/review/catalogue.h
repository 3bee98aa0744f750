// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The catalogue of a log's directory: an SQLite file that says of the blocks of closed segments
// what they may hold (block_index.h), holds copies of the lines but for those of lone flows and
// sums of these (lone.h), and hourly rollups. It is a cache: what it does not tell is looked up in
// the segments, and it can be thrown away at any time.
//
// It is never believed unseen. What it says of a segment counts only where the name, the size, the
// time of change and the checksum of the footer are those of the file that is there, and each row's
// checksum covers its place and that of the segment. The first thing that does not fit ends its
// use. But checksums guard against damage, not against forgers. So its copies of lines only lead to
// blocks: a line that is shown is one of a block of the log, or is held against it. What it leaves
// out, and its sums, nobody can check without reading all, as `search --scan` and a report do.
//
// All calls by one thread.
#pragma once

#include "app/review/filter.h"
#include "app/review/groups.h"
#include "app/rows/blocks.h"

#define FILE_CATALOGUE "catalogue.sqlite"

struct catalogue;

enum catalogue_found {
	CATALOGUE_GOOD,
	CATALOGUE_NONE,    // there is no such file, or it may not be read
	CATALOGUE_DAMAGED, // no catalogue, or of another version; why tells
	CATALOGUE_NO_FILE, // a pipe, a directory or the like; why tells
};

// NULL but where it is good.
struct catalogue *catalogue_open(
	const char *path, enum catalogue_found *found, char *why, size_t why_size);
void catalogue_close(struct catalogue *c);

// The questions that follow are about this segment, of n blocks. True: it is known.
bool catalogue_segment(
	struct catalogue *c, const char *path, int fd, const struct frame_item *items, uint32_t n);

// Whether its block i need be looked at.
enum blocks_want catalogue_block(struct catalogue *c, const struct filter *f, uint32_t i);

// What its blocks say whole, for whoever needs all lines: the sums of lone flows (lone.h) of all
// blocks that are kept, and of block i the lines beside these: BLOCKS_INSTEAD, BLOCKS_SKIP where
// there are none, or BLOCKS_READ where it is not kept and in no sum. Such lines are to be added up;
// before one is shown it must be held against the log. False: not known; what was said of the
// segment before must be forgotten, too.
bool catalogue_lone(struct catalogue *c, struct blocks_lines *out);
bool catalogue_kept(
	struct catalogue *c, uint32_t i, struct blocks_lines *instead, enum blocks_want *want);

// What follows is about the catalogue as it is now, until it is closed: nobody can change it.
void catalogue_hold(struct catalogue *c);

// The segment's rollup (rollup_put()). False: there is none.
bool catalogue_rollup(struct catalogue *c, struct blocks_lines *out);

// Something did not fit: what is a string that stays. Nothing that it says counts from now on.
void catalogue_distrust(struct catalogue *c, const char *what);
// What did not fit; NULL: all did so far.
const char *catalogue_damage(const struct catalogue *c);
