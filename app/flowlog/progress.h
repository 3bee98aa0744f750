// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How many numbers the log has given: in a page of a file that the kernel keeps when the process is
// killed, so that the next run can say exactly how many records went with it. A loss of power may
// leave an older page; the kernel's boot id in it tells that there was one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
	char magic[8];
	uint8_t kernel[16];        // boot id
	volatile uint64_t next;    // sequence number
	volatile uint64_t waiting; // records that have none yet, in the workers' rings
};

// Reads what the last run left; *known: it is its last word. Then maps the page for this one. NULL:
// there is no page to map (a full disk): the count of a crash will not be known.
struct progress *progress_open(int dir_fd, uint64_t *next, uint64_t *waiting, bool *known);
// The page becomes that of a file in another directory, at the same place in memory, so that
// another thread may go on with it meanwhile. Where there is no room for the file it stays as it
// is.
void progress_move(struct progress *p, int dir_fd);
void progress_close(struct progress *p);
