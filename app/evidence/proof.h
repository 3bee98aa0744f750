// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Proofs that stand by themselves, as text.
//
// An inclusion proof shows that a record is in the log that a checkpoint is of:
//
//     bridgehead-proof/1
//     {"v":1,"ev":…}         the record, byte for byte
//     leaf 17                its index in its block
//     BASE64                 the path in the block's tree, from the leaf up, one hash a line
//     {"v":1,"gw":…}         the block's entry: its "root" and "n" are the block's tree
//     BASE64                 the path in the log tree; the index is the entry's "block"
//                            an empty line, and the checkpoint as it is (note.h)
//
// A consistency proof shows that a checkpoint's log begins with that of an older one. It is the
// body of an add-checkpoint request of C2SP tlog-witness: "old SIZE", hashes in base64, an empty
// line, the checkpoint.
#pragma once

#include "app/evidence/entry.h"
#include "app/evidence/note.h"

#define PROOF_MAX (1u << 20)

struct proof {
	char *text; // of its own; all else points into it
	const char *record;
	size_t record_len;
	uint64_t leaf;
	struct hash in_block[TREE_PROOF_MAX], in_log[TREE_PROOF_MAX];
	unsigned n_block, n_log;
	struct entry entry;
	const char *entry_line;
	size_t entry_len;
	struct note note;
	struct checkpoint checkpoint;
};

// Takes text over, which is freed by proof_free(). False: it is not a proof.
bool proof_read(char *text, size_t len, struct proof *out);
void proof_free(struct proof *p);
// NULL, or what does not hold.
const char *proof_check(struct hasher *h, const struct proof *p);
// Text that the caller frees; NULL: no memory.
char *proof_write(const char *record, size_t record_len, uint64_t leaf, const struct hash *in_block,
	unsigned n_block, const char *entry, size_t entry_len, const struct hash *in_log,
	unsigned n_log, const char *note, size_t note_len);

struct consistency {
	uint64_t old_size;
	struct hash proof[TREE_PROOF_MAX];
	unsigned n;
	struct note note; // points into the text
	struct checkpoint checkpoint;
};

bool consistency_read(const char *text, size_t len, struct consistency *out);
char *consistency_write(
	uint64_t old_size, const struct hash *proof, unsigned n, const char *note, size_t note_len);

// The leaf hashes of a directory's entries, at most `limit`, and the entry that holds number seq
// (0: none is looked for).
struct leaves {
	struct hash *v;
	uint64_t n;
	bool states_kept; // as the last does, where there are as many as asked for (entry.h)
	uint64_t kept;
	bool found;
	struct entry entry;
	char line[ENTRY_LINE_MAX];
	size_t line_len;
};
// 0 or -errno.
int leaves_read(struct hasher *h, int dir_fd, uint64_t limit, uint64_t seq, struct leaves *out);
void leaves_free(struct leaves *l);

// Whether the directory's newest checkpoint is by now of more blocks than so many: then what is not
// there may have been removed by what it states.
bool checkpoint_grew(int dir_fd, uint64_t size);
