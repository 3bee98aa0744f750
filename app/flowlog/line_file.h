// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A file that only ever holds whole lines: what a failed write left of a line is cut off again.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_file {
	int fd;
	bool regular;  // can be cut; a pipe cannot
	bool torn;     // a part of a line stands at its end and could not be cut off: write no more
	uint64_t size; // where the last whole line ends
};

// Takes over an open descriptor; lines are added where its offset stands.
void line_file_init(struct line_file *f, int fd);

// Writes len bytes of whole lines. 0, or -errno; *done is then how many of them, again whole lines,
// the file holds. Waits where the descriptor does not take them at once. A reader that went away is
// -EPIPE: the program must ignore SIGPIPE, and SIGXFSZ where it runs with a file size limit.
int line_file_write(struct line_file *f, const char *lines, size_t len, size_t *done);
