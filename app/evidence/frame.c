// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/frame.h"

#include "app/evidence/crc32c.h"
#include "app/evidence/entry.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAGIC_ENTRY  0x184d2a5bu
#define MAGIC_FOOTER 0x184d2a5fu
#define HEAD         8  // magic and size of a skippable frame
#define ENTRY_HEAD   16 // "BHB1" and three numbers
#define ITEM         48
#define FOOTER_MAX   (64u << 20)

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

bool segment_name_parse(const char *name, uint64_t *number, bool *open)
{
	static const char form[] = "flow-########T######Z-"; // #: a digit
	uint64_t v = 0;
	unsigned digits = 0;

	for (unsigned i = 0; i < sizeof(form) - 1; i++) {
		if (form[i] == '#' ? !isdigit((unsigned char)name[i]) : name[i] != form[i])
			return false;
	}
	name += sizeof(form) - 1;
	for (; isdigit((unsigned char)*name); name++, digits++)
		v = v * 10 + (uint64_t)(*name - '0');
	if (digits < 6 || digits > 18 ||
		strncmp(name, SEGMENT_SUFFIX, sizeof(SEGMENT_SUFFIX) - 1) != 0)
		return false;
	name += sizeof(SEGMENT_SUFFIX) - 1;
	*open = strcmp(name, SEGMENT_SUFFIX_OPEN) == 0;
	*number = v;
	return *open || *name == '\0';
}

void segment_name_make(int64_t t, uint64_t number, char out[SEGMENT_NAME_MAX])
{
	const int64_t last = 253402300799; // 9999-12-31T23:59:59Z: four digits for the year
	const int64_t seconds = t / 1000000;
	const time_t when = (time_t)(seconds < 0 ? 0 : seconds > last ? last : seconds);
	struct tm tm;

	gmtime_r(&when, &tm);
	snprintf(out, SEGMENT_NAME_MAX, "flow-%04d%02d%02dT%02d%02d%02dZ-%06" PRIu64 SEGMENT_SUFFIX,
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		number);
}

size_t frame_entry_size(size_t entry_len)
{
	return HEAD + ENTRY_HEAD + entry_len + 4;
}

void frame_put_entry(uint8_t *out, const struct frame_block *b)
{
	uint8_t *p = out + HEAD;

	put32(out, MAGIC_ENTRY);
	put32(out + 4, (uint32_t)(frame_entry_size(b->entry_len) - HEAD));
	memcpy(p, "BHB1", 4);
	put32(p + 4, b->data_len);
	put32(p + 8, b->data_crc);
	put32(p + 12, b->raw_len);
	memcpy(p + ENTRY_HEAD, b->entry, b->entry_len);
	put32(p + ENTRY_HEAD + b->entry_len, crc32c(p, ENTRY_HEAD + b->entry_len));
}

static bool read_entry(const uint8_t *p, uint32_t size, struct frame_block *b)
{
	if (memcmp(p, "BHB1", 4) != 0 || crc32c(p, size - 4) != get32(p + size - 4))
		return false;
	b->data_len = get32(p + 4);
	b->data_crc = get32(p + 8);
	b->raw_len = get32(p + 12);
	b->entry = (const char *)p + ENTRY_HEAD;
	b->entry_len = size - ENTRY_HEAD - 4;
	return b->raw_len <= FRAME_MAX_RAW;
}

enum frame_kind frame_read(const uint8_t *p, size_t len, struct frame_block *b, size_t *size)
{
	static const uint8_t rest[] = {0x2a, 0x4d, 0x18}; // of either magic
	uint32_t magic, payload;

	if (len < 4) { // as far as they are there, these must be the first bytes of one
		*size = HEAD;
		return len == 0 || ((p[0] == 0x5b || p[0] == 0x5f) &&
					   memcmp(p + 1, rest, len - 1) == 0)
			       ? FRAME_CUT
			       : FRAME_BAD;
	}
	magic = get32(p);
	if (magic != MAGIC_ENTRY && magic != MAGIC_FOOTER)
		return FRAME_BAD;
	if (len < HEAD) {
		*size = HEAD;
		return FRAME_CUT;
	}
	payload = get32(p + 4);
	if (magic == MAGIC_ENTRY
			? payload < ENTRY_HEAD + 4 || payload > ENTRY_HEAD + 4 + ENTRY_LINE_MAX
			: payload < 20 || payload > FOOTER_MAX)
		return FRAME_BAD;
	*size = HEAD + (size_t)payload;
	if (len < *size)
		return FRAME_CUT;
	if (magic == MAGIC_ENTRY)
		return read_entry(p + HEAD, payload, b) ? FRAME_ENTRY : FRAME_BAD;
	return frame_read_footer(p, *size, &payload) ? FRAME_FOOTER : FRAME_BAD;
}

size_t frame_footer_size(size_t n)
{
	return HEAD + 8 + n * ITEM + 12;
}

void frame_put_footer(uint8_t *out, const struct frame_item *items, uint32_t n)
{
	const size_t size = frame_footer_size(n);
	uint8_t *p = out + HEAD;

	put32(out, MAGIC_FOOTER);
	put32(out + 4, (uint32_t)(size - HEAD));
	memcpy(p, "BHF1", 4);
	put32(p + 4, n);
	p += 8;
	for (uint32_t i = 0; i < n; i++, p += ITEM) {
		put64(p, items[i].offset);
		put64(p + 8, items[i].block);
		put64(p + 16, items[i].first);
		put64(p + 24, items[i].last);
		put64(p + 32, (uint64_t)items[i].t0);
		put64(p + 40, (uint64_t)items[i].t1);
	}
	put32(p, crc32c(out + HEAD, 8 + n * (size_t)ITEM));
	put32(p + 4, (uint32_t)size);
	memcpy(p + 8, "BHX1", 4);
}

size_t frame_footer_tail(const uint8_t tail[8])
{
	const uint32_t size = get32(tail);

	return memcmp(tail + 4, "BHX1", 4) == 0 && size >= frame_footer_size(0) &&
			       size <= FOOTER_MAX
		       ? size
		       : 0;
}

bool frame_read_footer(const uint8_t *p, size_t len, uint32_t *n)
{
	if (len < frame_footer_size(0) || get32(p) != MAGIC_FOOTER || get32(p + 4) != len - HEAD ||
		memcmp(p + HEAD, "BHF1", 4) != 0 || frame_footer_tail(p + len - 8) != len)
		return false;
	*n = get32(p + HEAD + 4);
	return frame_footer_size(*n) == len &&
	       crc32c(p + HEAD, 8 + *n * (size_t)ITEM) == get32(p + len - 12);
}

void frame_footer_item(const uint8_t *p, uint32_t i, struct frame_item *out)
{
	p += HEAD + 8 + i * (size_t)ITEM;
	*out = (struct frame_item){get64(p), get64(p + 8), get64(p + 16), get64(p + 24),
		(int64_t)get64(p + 32), (int64_t)get64(p + 40)};
}
