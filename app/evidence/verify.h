// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Verifies a log's directory: five questions, each answered by itself. scripts/verify-log answers
// the same ones and shares no code with this.
//
//   integrity     is every block the one that its entry and the checkpoints say?
//   signer        who signed the newest checkpoint?
//   anchor        does it agree with what others have seen: a witness, a checkpoint kept elsewhere?
//   completeness  attempted - lost = present, and every hole in the numbers told by a gap record?
//   redaction     which blocks are not there?
//
// Blocks may be missing at the begin only, and only those that retention removed by what the log
// states (entry.h): all from "kept" of the last entry of the newest checkpoint on must be there.
// Of a log of format 1, which states nothing, any may be missing there; it is said.
//
// Block by block: its entry (form, number, chain, counters), its copy in the segment, the data,
// what the segment's index tells of it; and where a checkpoint is of as many blocks, the root of
// the log tree. The first that fails is named.
//
// Nothing vouches for blocks that are newer than the newest checkpoint, and whoever can write to
// the directory could put an old checkpoint back and write others behind it. So they are good only
// where they look like those of the moment before the next one: no record, and no segment by its
// name, more than VERIFY_TAIL_US past the checkpoint, and the last of them in a segment that is
// open.
#pragma once

#include "app/evidence/entry.h"
#include "app/evidence/folder.h"
#include "app/evidence/note.h"

// A gateway signs every 10 seconds; a busy one, or one that starts anew after a crash, is late.
#define VERIFY_TAIL_US 60000000ll

enum verify_status {
	VERIFY_GOOD,
	VERIFY_TAMPERED,
	VERIFY_UNREADABLE,
	VERIFY_UNCONFIRMED,
	VERIFY_UNASKED, // nobody asked; says so
	VERIFY_PRUNED,
};

const char *verify_status_name(enum verify_status s);

struct verify_answer {
	enum verify_status status;
	char text[600];
};

struct verify_options {
	const struct key_public *key;     // NULL: not given
	const struct key_public *witness; // NULL: not given
	const char *const *anchors;       // files of checkpoints that were kept elsewhere
	unsigned n_anchors;
	// NULL, or called for the lines of each block, in their order, once they are those that its
	// entry is of; size: bytes of the block in its file. What checkpoints say of the entries
	// shows later: the lines are the log's where integrity is answered with good. begin: before
	// the first block, each time that it begins; what came before counts for nothing.
	void (*begin)(void *ctx);
	void (*lines)(void *ctx, const char *lines, size_t len, size_t size);
	void *ctx;
};

struct verify_report {
	struct verify_answer integrity, signer, anchor, completeness, redaction;
	bool has_bad;
	uint64_t bad_block;                         // the first
	char bad_segment[SEGMENT_NAME_MAX + 8];     // where it is or should be; "" unknown
	char gateway[ENTRY_TEXT_MAX];               // JSON
	uint64_t segments, blocks, records, pruned; // pruned: blocks before the first that is there
	// What the last entry of the checkpoint states as kept (not of format 1), and the first
	// block whose entry states that those before it that are not there are not kept.
	bool has_kept, has_stated;
	uint64_t kept, stated_in;
	uint64_t entries, checkpoint;               // blocks that each covers
	uint64_t not_signed;                        // blocks newer than the checkpoint
	uint64_t no_index; // closed segments without one: a full disk leaves them so, and a search
			   // reads them whole, so that nothing can be hidden by taking it away
	uint64_t attempted, lost, missed, gaps; // as the last block says; gap records
	uint64_t captures_gone; // evidence captures that records name, and that are not there
	int64_t checkpoint_time;
	bool torn;             // the last segment ends in what is no whole block, left out: it is
			       // being written, or a crash tore it
	uint64_t torn_history; // bytes behind the last note of FILE_CHECKPOINTS, of a write that
			       // was cut
};

// 0 good, 1 tampered, 2 unreadable, 3 unconfirmed: the exit status of the answers together.
int verify_exit(const struct verify_report *r);

void verify_log(const char *dir, const struct verify_options *o, struct verify_report *out);
