// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The bytes of a segment file: Zstandard frames (RFC 8878) only, so that zstdcat gives its plain
// lines. For each block
//
//     entry frame    a skippable frame, magic 0x184D2A5B, payload:
//                      "BHB1"
//                      u32   bytes of the data frame
//                      u32   CRC-32C of the data frame
//                      u32   bytes of the lines
//                      …     the block's entry (entry.h), without a newline
//                      u32   CRC-32C of the payload before it
//     data frame     the lines of the block, one Zstandard frame
//
// and in a file that is whole, at its end
//
//     footer         a skippable frame, magic 0x184D2A5F, payload:
//                      "BHF1"
//                      u32   blocks, and for each:
//                        u64 offset of its entry frame, u64 number, u64 first and u64 last sequence
//                        number, i64 earliest t0, i64 latest t1
//                      u32   CRC-32C of the payload before it
//                      u32   bytes of the whole footer, with the 8 of the frame's head
//                      "BHX1"
//
// Numbers are little-endian. A file's name is flow-YYYYMMDDTHHMMSSZ-NNNNNN.jsonl.zst, UTC of its
// first record and a number that runs on and gives the order (and grows past six digits where it
// must); ".open" follows while it is written.
#pragma once

#include "app/evidence/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEGMENT_SUFFIX      ".jsonl.zst"
#define SEGMENT_SUFFIX_OPEN ".open"
#define SEGMENT_SUFFIX_TORN ".torn"
#define SEGMENT_NAME_MAX    64

#define FRAME_MAX_RAW (96u << 20) // bytes of the lines of a block

// The number in a file's name; false: the name is not a segment's. *open: it ends in ".open".
bool segment_name_parse(const char *name, uint64_t *number, bool *open);
// t: microseconds since 1970 UTC.
void segment_name_make(int64_t t, uint64_t number, char out[SEGMENT_NAME_MAX]);

struct frame_block {
	uint32_t data_len, data_crc, raw_len;
	const char *entry; // in the frame
	size_t entry_len;
};

// Bytes of an entry frame.
size_t frame_entry_size(size_t entry_len);
void frame_put_entry(uint8_t *out, const struct frame_block *b);

// What stands at p, of which len bytes are there.
enum frame_kind {
	FRAME_ENTRY,
	FRAME_FOOTER,
	FRAME_CUT, // the file ends inside it
	FRAME_BAD,
};
// *size: bytes of the frame (FRAME_ENTRY, FRAME_FOOTER); where FRAME_CUT, how many it needs at
// least.
enum frame_kind frame_read(const uint8_t *p, size_t len, struct frame_block *b, size_t *size);

struct frame_item { // of the footer
	uint64_t offset, block, first, last;
	int64_t t0, t1;
};

size_t frame_footer_size(size_t n);
void frame_put_footer(uint8_t *out, const struct frame_item *items, uint32_t n);
// The footer's size by the file's last 8 bytes, 0: they are not a footer's.
size_t frame_footer_tail(const uint8_t tail[8]);
// A whole footer: how many blocks it tells of, and the i-th. False: it is damaged.
bool frame_read_footer(const uint8_t *p, size_t len, uint32_t *n);
void frame_footer_item(const uint8_t *p, uint32_t i, struct frame_item *out);
