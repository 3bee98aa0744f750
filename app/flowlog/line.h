// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// One line of the flow log: a flat JSON object and a newline, keys in the order of the design's
// table. tests/schema/record.schema.json is the same format, closed, for a machine.
//
// A line is written into the buffer of a struct json_out. Where it does not fit, `full` is set and
// the caller starts again with a larger buffer.
#pragma once

#include "app/flowlog/json.h"
#include "app/flowlog/notice.h"
#include "app/flowlog/record.h"

struct line_source {
	const char *gateway; // JSON string with its quotes
	size_t gateway_len;
	struct record_words words;
	const char *cap; // of the record at hand; NULL: none
};

// Enum values out of range and unterminated host names do no harm: what cannot be named is left
// out.
void line_record(
	struct json_out *j, const struct line_source *s, uint64_t seq, const struct record *r);

void line_start(struct json_out *j, const struct line_source *s, uint64_t seq,
	const struct notice_start *n);
void line_policy(struct json_out *j, const struct line_source *s, uint64_t seq,
	const struct notice_policy *n);
void line_gap(
	struct json_out *j, const struct line_source *s, uint64_t seq, const struct notice_gap *n);
void line_stop(
	struct json_out *j, const struct line_source *s, uint64_t seq, const struct notice_stop *n);

// {"v":1,"ev":EV,"gw":…,"seq":…  ev is a literal with its quotes.
void line_head(struct json_out *j, const struct line_source *s, const char *ev, uint64_t seq);
