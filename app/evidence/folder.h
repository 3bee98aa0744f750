// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The files of a log's directory.
//
//     flow-….jsonl.zst        segments, see frame.h; ".open" behind the one that is being written
//     flow-….jsonl.zst.torn   what a crash left of a block, kept for inspection
//     entries                 the log tree's leaves: line i is the entry of block i (entry.h); what
//                             was pruned of the segments stays here
//     checkpoint              the newest checkpoint (note.h)
//     checkpoints             all of them, oldest first, one behind the other
//     cosigned                a checkpoint that a witness signed, for the verifier; optional
//     rotations               how the log's keys handed over (rotation.h); optional
//     tree                    the writer's notes on the log tree's right edge, so that a start need
//                             not read all entries; believed only where they give the
//                             checkpoint's root
//     progress                how many numbers the writer has given, for the start after a crash
//     catalogue.sqlite        what `bhlog reindex` found in the closed segments; a cache that no
//                             verifier looks at
//     lock                    the writer's process id, held with flock(2)
#pragma once

#include "app/evidence/frame.h"

#define FILE_ENTRIES     "entries"
#define FILE_CHECKPOINT  "checkpoint"
#define FILE_CHECKPOINTS "checkpoints"
#define FILE_COSIGNED    "cosigned"
#define FILE_ROTATIONS   "rotations"
#define FILE_TREE        "tree"
#define FILE_PROGRESS    "progress"
#define FILE_LOCK        "lock"

struct segment_file {
	char name[SEGMENT_NAME_MAX + sizeof(SEGMENT_SUFFIX_OPEN)];
	uint64_t number;
	bool open;
};

struct segment_list {
	struct segment_file *v; // by rising number
	size_t n;
};

// 0 or -errno. Where two files have one number (a writer renamed one meanwhile), the closed one.
int segment_list_read(int dir_fd, struct segment_list *l);
void segment_list_free(struct segment_list *l);

// Opens a file for reading. The descriptor, or -errno: what is no regular file is refused and not
// waited for (a pipe in place of a segment would keep a reader for ever): -EISDIR, -EMEDIUMTYPE; a
// name that leads nowhere is not "no such file": -ENOLINK.
int folder_open(int dir_fd, const char *name);
// strerror() of these, errno or its negative.
const char *folder_strerror(int error);

// The same; one that was closed since the list was read, under its final name.
int segment_file_open(int dir_fd, const struct segment_file *f);

// A whole small file, at most max bytes, NUL behind it; free() it. NULL: errno tells (EFBIG:
// larger). With AT_FDCWD somebody named it, and it may be a pipe; in a log's directory it may not.
char *folder_read(int dir_fd, const char *name, size_t max, size_t *len);
