// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How many numbers the log has given: in a page of a file that the kernel keeps when the process is
// killed, so that the next run can say exactly how many records went with it. A loss of power may
// leave an older page; the kernel's boot id in it tells that there was one.
//
// The page is written with each record, by plain stores: no CRC could keep up with it. What stays
// as it is has one; the number stands there twice, once as its complement, and the records that
// wait with theirs in one word. So what was cut between two stores is still read, and what nobody
// wrote is not.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	char magic[8];
	uint8_t kernel[16]; // boot id
	int64_t full_since; // see below
	uint32_t check;     // CRC32C of what is above
	uint32_t none;
	// The log's thread: rw.
	volatile uint64_t next, not_next;
	volatile uint64_t waiting; // in the lower half, and in the upper their complement
	// The thread that writes blocks: rw. clock_watch.h
	volatile int64_t clock_left;
};

// What the last run left; zeros for nothing.
struct progress_last {
	bool known;       // it is its last word
	bool damaged;     // there is something, but nobody wrote it so
	uint64_t next;    // sequence number
	uint64_t waiting; // records that have none yet, in the workers' rings
	// When records began to be lost on a disk that is full, where the run came to its end that
	// way, microseconds since 1970 UTC; 0: it did not.
	int64_t full_since;
	int64_t clock_left;
};

// Reads what the last run left, and maps the page for this one. NULL: there is no page to map (a
// full disk): the count of a crash will not be known.
struct progress *progress_open(int dir_fd, struct progress_last *last);
// The page becomes that of a file in another directory, at the same place in memory, so that
// another thread may go on with it meanwhile. Where there is no room for the file it stays as it
// is.
void progress_move(struct progress *p, int dir_fd);
void progress_close(struct progress *p);

// All of these: NULL is no page.
void progress_full(struct progress *p, int64_t since);

static inline void progress_next(struct progress *p, uint64_t next)
{
	if (p != NULL) {
		p->next = next;
		p->not_next = ~next;
	}
}

// More than the half of a word holds are as many as it holds.
static inline void progress_waiting(struct progress *p, uint64_t records)
{
	const uint64_t n = records < UINT32_MAX ? records : UINT32_MAX;

	if (p != NULL)
		p->waiting = ~n << 32 | n;
}
