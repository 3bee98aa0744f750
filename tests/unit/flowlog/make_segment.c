// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A segment of the lines on standard input, for readers that do not verify: its entries are no
// log's.
//
//     make_segment FILE              a block for every three lines, no footer
//     make_segment FILE N[,N...]     a block for every N lines, the numbers in turn, and a footer:
//     a
//                                    closed segment

#include "app/evidence/crc32c.h"
#include "app/evidence/entry.h"
#include "app/evidence/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <zstd.h>

#define LINES_A_BLOCK 3
#define MAX_BLOCKS    4096

static struct frame_item items[MAX_BLOCKS];

static void put_footer(FILE *f, uint64_t blocks)
{
	uint8_t *footer = malloc(frame_footer_size(blocks));

	if (footer == NULL)
		exit(2);
	frame_put_footer(footer, items, (uint32_t)blocks);
	fwrite(footer, 1, frame_footer_size(blocks), f);
	free(footer);
}

static int64_t number_behind(const char *line, const char *key, int64_t without)
{
	const char *at = strstr(line, key);

	return at != NULL ? strtoll(at + strlen(key), NULL, 10) : without;
}

// t, seq: of its lines, the least and the greatest.
static void put_block(FILE *f, uint64_t number, const char *lines, size_t len, const int64_t t[2],
	const int64_t seq[2])
{
	struct entry e = {.gw = "\"test\"",
		.dpi = "\"\"",
		.block = number,
		.first = (uint64_t)seq[0],
		.n = (uint64_t)(seq[1] - seq[0] + 1),
		.attempted = (uint64_t)seq[1],
		.t0 = t[0],
		.t1 = t[1]};
	const size_t bound = ZSTD_compressBound(len);
	char line[ENTRY_LINE_MAX];
	uint8_t *data = malloc(bound), *head;
	struct frame_block b = {.entry = line, .raw_len = (uint32_t)len};

	if (data == NULL)
		exit(2);
	b.data_len = (uint32_t)ZSTD_compress(data, bound, lines, len, 3);
	b.data_crc = crc32c(data, b.data_len);
	b.entry_len = entry_format(&e, line);
	head = malloc(frame_entry_size(b.entry_len));
	if (head == NULL)
		exit(2);
	frame_put_entry(head, &b);
	if (number == MAX_BLOCKS)
		exit(2);
	items[number] = (struct frame_item){.offset = (uint64_t)ftell(f),
		.block = number,
		.first = (uint64_t)seq[0],
		.last = (uint64_t)seq[1],
		.t0 = t[0],
		.t1 = t[1]};
	fwrite(head, 1, frame_entry_size(b.entry_len), f);
	fwrite(data, 1, b.data_len, f);
	free(head);
	free(data);
}

// The number at *at, of `all`, which it goes through in turn.
static unsigned next_size(const char *all, const char **at)
{
	const unsigned size = (unsigned)atoi(*at);
	const char *comma = strchr(*at, ',');

	*at = comma != NULL ? comma + 1 : all;
	return size;
}

int main(int argc, char **argv)
{
	const char *at = argc == 3 ? argv[2] : NULL;
	unsigned block = at != NULL ? next_size(argv[2], &at) : LINES_A_BLOCK;
	FILE *f = argc == 2 || argc == 3 ? fopen(argv[1], "wb") : NULL;
	char *lines = NULL, *line = NULL;
	size_t len = 0, cap = 0;
	uint64_t number = 0;
	unsigned n = 0;
	int64_t t[2], seq[2];
	ssize_t got;

	if (f == NULL)
		return 2;
	while ((got = getline(&line, &cap, stdin)) > 0) {
		lines = realloc(lines, len + (size_t)got);
		if (lines == NULL)
			return 2;
		memcpy(lines + len, line, (size_t)got);
		len += (size_t)got;
		t[0] = n != 0 ? t[0] : INT64_MAX;
		t[1] = n != 0 ? t[1] : 0;
		t[0] = MIN(t[0], number_behind(line, "\"t0\":", INT64_MAX));
		t[1] = MAX(t[1], number_behind(line, "\"t1\":", 0));
		seq[0] = n != 0 ? seq[0] : INT64_MAX;
		seq[1] = n != 0 ? seq[1] : 1;
		seq[0] = MIN(seq[0], number_behind(line, "\"seq\":", 1));
		seq[1] = MAX(seq[1], number_behind(line, "\"seq\":", 1));
		if (++n == block) {
			put_block(f, number++, lines, len, t, seq);
			len = n = 0;
			block = at != NULL ? next_size(argv[2], &at) : block;
		}
	}
	if (len != 0)
		put_block(f, number++, lines, len, t, seq);
	if (argc == 3)
		put_footer(f, number);
	free(line);
	free(lines);
	return fclose(f) == 0 ? 0 : 2;
}
