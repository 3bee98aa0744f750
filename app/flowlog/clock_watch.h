// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Whether the wall clock may be believed where an age is to remove something. One that has stepped
// forward makes all that is there old at once; so it is believed only when it has gone on from
// there for a day of a clock that nobody can set (CLOCK_BOOTTIME). It reads no clock itself. All
// times in microseconds.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_WATCH_STEP   3600000000ll  // forward, against the steady clock
#define CLOCK_WATCH_AHEAD  86400000000ll // of the newest record, at the start
#define CLOCK_WATCH_BELIEF 86400000000ll // how long it must go on

struct clock_watch {
	int64_t newest; // record when the log was opened; 0: none
	int64_t offset; // of the wall clock to the steady one when it was believed, or stepped
	int64_t steady; // as it was looked at last
	int64_t left;   // for which it must still go on; 0: it is believed
	bool begun;     // it was looked at
};

// A log is opened: of when its newest record is (0: there is none, and nothing to remove), and the
// `left` of the run before (0: it believed the clock, or there was none): a start is no way around.
void clock_watch_begin(struct clock_watch *w, int64_t newest, int64_t left);

// Whether ages count, at this time of the wall clock and of the steady one. Look often: what goes
// back and forward between two looks is not seen.
bool clock_watch_look(struct clock_watch *w, int64_t wall, int64_t steady);
