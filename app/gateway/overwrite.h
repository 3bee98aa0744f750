// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Commands that read files and write files: none may write over what it reads. A slip of the
// command line would otherwise cost a capture, a policy or a key.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct overwrite_file {
	const char *path; // NULL: not given; "-": standard input, or standard output where written
	const char *what; // "the capture", "--records"
	bool written;
};

// Looks at what the paths name, by device and inode, so that another spelling, a symbolic or a hard
// link is the same file. A file that is not there yet is known by its folder and name. Devices,
// pipes and sockets hold nothing that could be overwritten. n files; true with a line on standard
// error where one that is written is another of them too. who: the program, for that line.
bool overwrite_refused(const char *who, const struct overwrite_file *f, size_t n);
