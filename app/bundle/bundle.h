// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A bundle: what of a log somebody takes away to check and to keep. A tar archive with one folder:
//
//     README.txt        how to check it, in English and Chinese; what a record cannot say
//     verify-bundle     the verifier, a Python program that needs nothing but Python
//     checkpoint        the log's newest (note.h), and cosigned, the one that a witness signed
//     rotations         how the log's keys handed over, where the log has that
//     keys/             public keys: log.pub and witness.pub, as they were given
//     entries           of the blocks of the period and of one block on each side (entry.h)
//     proof             that these entries are in the log of the checkpoint (range.h)
//     growth            that this log begins with that of cosigned (range.h)
//     blocks/N.jsonl.gz the lines: for each segment a file that begins with block N, for each block
//                       one member of gzip (RFC 1952), so that zcat gives the lines
//     policies/, captures/   those that the records name by their hashes, where they were asked for
//     manifest.json     what all this is, with the SHA-256 of every file; signed by nobody, and
//                       believed by no verifier
//
// A record is written when its flow ends or is updated: behind its t1, and by the idle timeout at
// most. So where the timeout is not above BUNDLE_MARGIN, the blocks of a period are those from the
// first whose latest t1 is not before its begin less the margin (what stands before was written
// before it began) to the first whose latest t1 is not before its end and the margin (what stands
// behind was written later than that). Where the clock went back: to the last such. The entries of
// these and of the block before show it to who has but the bundle, that of the block behind them
// whether there is one.
#pragma once

#include "app/bundle/named.h"
#include "app/bundle/tar.h"
#include "app/evidence/entry.h"
#include "app/evidence/note.h"
#include "app/evidence/range.h"
#include "app/review/period_args.h"

#include <stdbool.h>

#define BUNDLE_MARGIN       600000000ll // microseconds
#define BUNDLE_POLICIES_MAX 64

struct bundle_options { // all borrowed
	const char *dir, *out;
	struct period_bounds when; // both bounds
	const struct key_public *key, *witness;
	const char *policies[BUNDLE_POLICIES_MAX]; // files
	unsigned n_policies;
	bool captures; // whether they go in
	bool force;    // over an old file
	bool progress; // on standard error
};

struct bundle_note {
	char *text; // owned; NULL: there is none
	size_t len;
	struct note n;
	struct checkpoint c;
};

// What is being made; what the parts of this library share.
struct bundle {
	const struct bundle_options *o;
	int dir_fd;
	struct hasher *hasher;
	struct tar *tar;
	struct bundle_note newest, cosigned;
	char *rotations; // owned; NULL: none
	size_t rotations_len;
	char gateway[ENTRY_TEXT_MAX]; // JSON
	uint64_t first, end;          // blocks of the period; the log may have lost the first
	int64_t last;                 // the latest t1 of the last of them
	uint64_t pruned;              // so many of them
	bool states_kept;             // as the last entry of the checkpoint does (entry.h)
	uint64_t kept;
	uint64_t records, of_period;  // written; with a t1 in the period
	struct named named;           // by the records that were written
	char err[600];
};

// Makes the file. 0; 1: there is nothing of the period; or -errno. b, which was zeroed, tells what
// was made; but for 0 with a line in err, and no file.
int bundle_make(struct bundle *b, const struct bundle_options *o);
void bundle_fini(struct bundle *b);

// ---- the parts, in the order of their work; each 0 or -errno with a line in err

// Chooses the period's blocks: gateway, first, end, kept. 1: there are none.
int bundle_choose(struct bundle *b);
// Writes entries, proof and growth, and holds all entries against the checkpoints.
int bundle_put_entries(struct bundle *b);
// Writes blocks/, each held against its entry. 1: all were pruned. -EBADMSG, too: the first are not
// there, and the log does not state that retention removed them.
int bundle_put_blocks(struct bundle *b);
// README.txt and verify-bundle; checkpoints and keys; what records name; manifest.json.
int bundle_put_words(struct bundle *b);
int bundle_put_notes(struct bundle *b);
int bundle_put_named(struct bundle *b);
int bundle_put_manifest(struct bundle *b);

// A member, whole.
int bundle_put(struct bundle *b, const char *name, const void *data, size_t len);
// A line in err; rc.
int bundle_say(struct bundle *b, int rc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
// Of a member that tar could not write.
int bundle_say_write(struct bundle *b, int rc);

// The file "entries", one after another.
struct entries {
	FILE *f;
	char *line; // the entry that was read last, without a newline
	size_t len, cap;
	uint64_t next; // its number + 1
	struct entry e;
};
int entries_open(struct bundle *b, struct entries *e);
// The next one. 0, or -EBADMSG where it is not there or no entry.
int entries_next(struct bundle *b, struct entries *e);
void entries_close(struct entries *e);
