// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Checkpoints of the log: C2SP tlog-checkpoint in C2SP signed-note form
// (https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note).
//
//     gw-a1                                            origin: the gateway's name
//     1204                                             blocks in the log tree
//     CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     its root
//     time 1795510800000000                            extension: microseconds since 1970 UTC
//
//     — gw-a1 Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGz…
//
// Each signature line is an em dash, the key's name, and base64 of the key's id (4 bytes, see
// app/keys/key.h) and the Ed25519 signature of the text up to and with the last newline before the
// empty line. A log without a key has none: such a checkpoint is a note's body only.
#pragma once

#include "app/evidence/tree.h"
#include "app/keys/key.h"

#define NOTE_MAX   8192 // bytes of a whole note
#define ORIGIN_MAX 256

struct checkpoint {
	char origin[ORIGIN_MAX];
	uint64_t size;
	struct hash root;
	bool has_time;
	int64_t time;
};

// One note in a longer text.
struct note {
	const char *text;
	size_t body; // bytes, up to and with the newline before the empty line
	size_t len;  // of all
	unsigned signatures;
};

enum note_signature {
	NOTE_SIGNED,
	NOTE_UNSIGNED, // not by this key
	NOTE_FORGED,   // a line says so, but it is not so
};

// The length, without the NUL behind it; 0 where signing fails or the origin is no origin (empty,
// too long, control characters). k NULL: unsigned.
size_t note_make(const struct checkpoint *c, const struct key_private *k, char out[NOTE_MAX]);

// Adds a signature to a whole note, with any text, in place. The new length, or 0.
size_t note_cosign(char note[NOTE_MAX], size_t len, const struct key_private *k);

// Reads the note that begins at text and the checkpoint in it. False: there is no whole one.
bool note_read(const char *text, size_t len, struct note *n, struct checkpoint *c);

// The same of a note with any text.
bool note_split(const char *text, size_t len, struct note *n);

enum note_signature note_check(const struct note *n, const struct key_public *k);

// NAME+ID of the i-th signature line, for people; false: there is none.
bool note_signer(const struct note *n, unsigned i, char out[KEY_NAME_MAX + 16]);
