// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a command writes: standard output, or a file that is there whole or not at all.
#pragma once

#include <stdio.h>

struct out_file {
	FILE *f;
	const char *path; // borrowed; NULL: standard output
	char *temporary;  // NULL: f is the file itself (standard output, a device, a pipe)
};

// path NULL: standard output. Of a file the old one stands until out_file_end(). 0 or -errno.
int out_file_begin(struct out_file *o, const char *path);

// rc 0: all was written, so the file takes its name, and is on disk when this returns; an old one
// goes. Otherwise what was written goes and an old file stays; only what went to standard output, a
// device or a pipe cannot be taken back. rc, or -errno of any write.
int out_file_end(struct out_file *o, int rc);
