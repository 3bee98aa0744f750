// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/how_far.h"

#include "app/rows/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define STEP (16u << 20)

void how_far_begin(struct how_far *f, uint64_t total)
{
	*f = (struct how_far){.on = isatty(STDERR_FILENO), .total = total};
}

void how_far_begin_dir(struct how_far *f, const char *dir)
{
	char *path = (char *)(uintptr_t)dir, err[4400];
	struct source *s;

	how_far_begin(f, 0);
	s = f->on ? source_open(&path, 1, err, sizeof(err)) : NULL;
	if (s != NULL) {
		f->total = source_stats(s)->bytes_total;
	}
	source_close(s);
}

void how_far_show(struct how_far *f, uint64_t read)
{
	if (!f->on || (read >= f->shown && read - f->shown < STEP)) {
		return;
	}
	f->shown = read;
	fprintf(stderr, "\rbhlog: %" PRIu64 " MB of %" PRIu64 " MB ", read / 1000000,
		f->total / 1000000);
}

void how_far_end(struct how_far *f)
{
	if (f->shown != 0) {
		fputs("\r\033[K", stderr);
	}
}
