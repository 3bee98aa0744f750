// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the parts of the verifier share.
#pragma once

#include "app/evidence/rotation.h"
#include "app/evidence/segment_read.h"
#include "app/evidence/verify.h"

#include <stdio.h>

// A root that the log must have had at some size. A year has three million of them.
struct target {
	uint64_t size;
	struct hash root;
	enum target_kind {
		TARGET_HISTORY,
		TARGET_NEWEST,
		TARGET_ANCHOR,
	} kind;
	bool witnessed; // signed by the witness that was asked for
	const char *file;
};

struct targets {
	struct target *v; // by rising size
	size_t n, cap;
	bool have_newest;
	struct checkpoint newest;
	char history[2][ORIGIN_MAX]; // its first origin, and the first that is another; "": none
	struct foreign {             // the first anchor that is not of the newest one's log
		const char *file;
		char origin[ORIGIN_MAX];
	} foreign;
};

// The sequence numbers of the lines.
struct numbers {
	uint64_t next;               // 0: not known yet
	uint64_t hole_from, hole_to; // not told yet; 0: none
	uint64_t gaps;
};

// Blocks that are newer than the newest checkpoint: nobody vouches for them. A gateway that writes
// signs every 10 seconds, so they reach little past its time; an attacker who puts an old
// checkpoint back has more to say than that.
struct tail {
	uint64_t blocks, records;
	int64_t t;       // latest of their records
	bool named_late; // the name of a segment of theirs is of a later time than they may have
	bool closed;     // the last is in a segment that nobody wrote any more
};

// What was there before the checkpoint was read. Blocks that came later may be as new as they like.
struct seen {
	bool any;        // a segment
	uint64_t first;  // the number of the first
	uint64_t closed; // segments before this one were closed
	uint64_t number; // of the last segment
	off_t size;      // and how long it was
};

// What the index of the segment that is read ought to hold.
struct index {
	struct frame_item *v;
	uint32_t n, cap;
};

struct verifier {
	int dir_fd;
	const struct verify_options *o;
	struct verify_report *r;
	struct hasher *hasher;
	struct key_public keys[ROTATION_MAX_KEYS]; // that was given, and those it led to
	unsigned n_keys;
	struct targets targets;
	size_t target;        // the next to be reached
	uint64_t good;        // size of the last that was right
	uint64_t good_anchor; // of those that others kept
	FILE *entries;
	uint64_t entry_bytes; // of the file when it was opened: what is behind came later
	char *line;           // of entries
	size_t line_cap;
	struct tree tree;
	struct entry before; // of block tree.size - 1
	struct hash before_hash;
	struct numbers numbers;
	struct segment_list list;
	uint64_t *first;     // of each in the list: its first block; UINT64_MAX: none was read
	const char *segment; // being read; NULL: the block at hand is not known to have been in it
	struct seen seen;
	struct tail tail;
	struct index index;
	bool sealed_tail; // a closed segment holds blocks that no entry tells of
	// Blocks that are not there.
	unsigned tries;   // this is the first, second ..
	bool again;       // it is to no purpose: begin anew
	bool judged;      // whether all that is missing may be
	bool stated_anew; // it is the first entry to state what is kept, of a log that had others
	int64_t stated_at, pruned_t; // latest record of the block that states, and of the removed
};

// The first thing that is wrong; those after it are not looked at. known: there is a block to name,
// and with it the segment that holds it, or held it where that is known.
void verify_bad(struct verifier *v, struct verify_answer *a, bool known, uint64_t block,
	const char *format, ...) __attribute__((format(printf, 5, 6)));
bool verify_is_bad(const struct verifier *v);

// Reads checkpoints from all places, and answers who signed.
void verify_read_targets(struct verifier *v);
// After a block was added: the roots that must hold now.
void verify_reach_targets(struct verifier *v);
// At the end: those that were not reached, and the anchor's answer.
void verify_end_targets(struct verifier *v);

// Before anything is read: which segments are there, and which of them are closed. Where the folder
// cannot be read the caller finds out later.
void verify_note_seen(struct verifier *v);
// A block that the newest checkpoint does not cover.
void verify_add_tail(
	struct verifier *v, const struct segment_file *f, const struct segment_block *b);
// At the end, where nothing is wrong: what that says of the blocks, signed and not.
void verify_answer_whole(struct verifier *v);

// Whether the segment says that it holds the block, which is not there.
bool verify_index_lists(int fd, uint64_t block);
// A segment is not there any more. Whether all is to be begun anew for that: the caller goes back.
bool verify_segment_went(struct verifier *v);
// The same, where the first segment is another than before the checkpoint was read.
bool verify_list_changed(struct verifier *v);
// Each entry, before it is v->before, and at the end, where nothing is wrong: demands what the log
// states that it keeps.
void verify_kept_add(struct verifier *v, const struct entry *e);
void verify_kept_end(struct verifier *v);
void verify_answer_redaction(struct verifier *v);

// A block of the segment that is read. False without memory.
bool verify_index_add(struct verifier *v, const struct segment_block *b);
// At the segment's end: that its index is of these blocks, and that there are any.
void verify_index_check(struct verifier *v, int fd, enum segment_next end, bool closed);

// A record's evidence capture, where it has one. False: it is bad, or cannot be read.
bool verify_capture(struct verifier *v, uint64_t block, const char *line, size_t len);

// The lines of a block. NULL, or what is wrong; where other answers are bad it has said so.
const char *verify_lines(struct verifier *v, const struct entry *e, const char *lines, size_t len);
