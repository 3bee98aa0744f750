// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Flows that one record tells whole: allowed, and nothing but their end in the log. They are most
// of a log, nobody follows them from record to record, and what a report says of them are sums. So
// the catalogue keeps these sums, in steps of five minutes, and copies of all other lines.
//
// Whether an end stands alone shows only from all lines before it: lone_block() must see the blocks
// of a log in their order. An end that may be another record's is none of these.
#pragma once

#include "app/review/lone_open.h"
#include "app/rows/row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LONE_STEP_US  300000000ll
#define LONE_KEY_MAX  1500 // bytes; a record with a longer key is not one of these
#define LONE_TEXT_MAX 300  // of a gateway, country, tenant, application

enum lone_part {
	LONE_GATEWAY, // by gateway: all records
	LONE_ALL,     // those with a remote end; no key
	LONE_LOCAL,   // those without; no key
	// Of records with a remote end; those without one only leave their keys, with zeros.
	LONE_COUNTRY,
	LONE_TENANT,
	LONE_APP,
	LONE_RULE, // see lone_rule_key()
	LONE_PARTS,
};

enum lone_bytes {
	LONE_OUT,
	LONE_IN,
	LONE_STOPPED,
	LONE_BEFORE,
	LONE_BYTES,
};

struct lone_sum {
	enum lone_part part;
	int64_t first, last;        // t1 of the first and the last record
	uint64_t n;                 // records
	uint64_t bytes[LONE_BYTES]; // stop at UINT64_MAX
	const char *key;            // as it stands in the log
	size_t len;
};

// The key of what decided: act, rule, reason, sev, basis and limit as they stand in the log, each
// followed by LONE_SEPARATOR. In key, of at most `size` bytes. Its length; 0: it is longer.
#define LONE_RULE_PARTS 6
#define LONE_SEPARATOR  '\1'
size_t lone_rule_key(const struct cell *const parts[LONE_RULE_PARTS], char *key, size_t size);

// A packet for whose flow there was no room, or no time: a flow of one record, which nothing
// follows.
bool lone_packet(const struct cell *ev, const struct cell *rule, const struct cell *reason);

// Whether a record is a flow's, by what a report asks of such: an event, a gateway, an id, a
// moment.
bool lone_is_flow(const struct row *r, uint64_t *fid, int64_t *t1);

// ---- of a block's lines, by any thread

struct lone_line {
	uint32_t from, len;
	uint8_t what; // enum lone_what, lone.c
	bool alone;   // no other record before it may be of its flow, and none follows
	bool local;
	uint64_t fid;
	int64_t t1;
	uint64_t bytes[LONE_BYTES];
	struct {
		uint32_t from, len;
	} key[LONE_PARTS + LONE_RULE_PARTS - 1]; // those of the rule last
};

struct lone_lines {
	struct lone_line *v;
	size_t n, cap;
};

// Notes the line [at, at + len) of a block that starts at `lines`. False: out of memory.
bool lone_note(
	struct lone_lines *l, const struct row *r, const char *lines, const char *at, size_t len);

// ---- of a segment, block by block

struct lone_sums;

struct lone_sums *lone_sums_new(void); // NULL without memory
void lone_sums_free(struct lone_sums *s);
void lone_sums_clear(struct lone_sums *s);

struct bytes;

// A block's lines: copies those that are no lone flow into *kept, and adds up the others. Where the
// copies would be more than half of the block, or it holds lines that are no records (odd), it is
// left out: nothing is added up and *whole is false. Says of each line whether it is alone. False:
// out of memory.
bool lone_block(struct lone_sums *s, struct lone_open *open, struct lone_lines *l,
	const char *lines, size_t len, bool odd, struct bytes *kept, bool *whole);

// The sums as bytes. False: out of memory.
bool lone_sums_put(const struct lone_sums *s, struct bytes *out);
// The next of them: *at is 0 at first. False: there are no more; *at is len then, or they are
// damaged.
bool lone_next(const char *bytes, size_t len, size_t *at, struct lone_sum *out);
