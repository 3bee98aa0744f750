// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/worker.h"

#include <stdlib.h>

#define AHEAD_AFTER 4 // blocks that must stand one behind the other before one is read ahead of

bool worker_init(struct worker *w)
{
	*w = (struct worker){.reader = segment_reader_new(-1), .unpacker = unpacker_new()};
	worker_forget(w);
	return w->reader != NULL && w->unpacker != NULL;
}

void worker_fini(struct worker *w)
{
	segment_reader_free(w->reader);
	unpacker_free(w->unpacker);
	free(w->lines.v);
}

void worker_forget(struct worker *w)
{
	w->next = -1;
	w->run = 0;
}

void worker_go_to(struct worker *w, int fd, off_t offset, size_t size)
{
	w->run = offset == w->next ? w->run + 1 : 0;
	w->next = offset + (off_t)size;
	if (w->run <= AHEAD_AFTER) {
		segment_reader_place(w->reader, fd, offset, size);
	}
	if (w->run == AHEAD_AFTER) {
		segment_reader_seek(w->reader, offset); // and on behind it
	}
}
