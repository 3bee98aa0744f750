// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How far a pass over a log has come, for who waits at a terminal: a line on standard error that is
// written over.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct how_far {
	bool on;
	uint64_t total, shown; // bytes of files
};

// Where standard error is a terminal. total: bytes of the log's files.
void how_far_begin(struct how_far *f, uint64_t total);
// The same for the log in a directory.
void how_far_begin_dir(struct how_far *f, const char *dir);
// So much has been read; less than before where the pass begins again.
void how_far_show(struct how_far *f, uint64_t read);
// Takes the line away.
void how_far_end(struct how_far *f);
