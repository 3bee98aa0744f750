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
	// When records began to be lost on a disk that is full, where the run came to its end that
	// way, microseconds since 1970 UTC; 0: it did not.
	volatile int64_t full_since;
};

// Reads what the last run left into *last, zeros for nothing; *known: it is its last word. Then
// maps the page for this one. NULL: there is no page to map (a full disk): the count of a crash
// will not be known.
struct progress *progress_open(int dir_fd, struct progress *last, bool *known);
// The page becomes that of a file in another directory, at the same place in memory, so that
// another thread may go on with it meanwhile. Where there is no room for the file it stays as it
// is.
void progress_move(struct progress *p, int dir_fd);
void progress_close(struct progress *p);
