// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A log's key hands over to the next one: a signed note (note.h) that both have signed.
//
//     bridgehead-rotation/1
//     gw-a1+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW     the old public key
//     gw-a1+0518123b+AQ…                                              the new one
//
//     — gw-a1 …                                                       signature of the old key
//     — gw-a1 …                                                       and of the new one
//
// bhctl keygen --replaces makes it, the gateway puts it into the log's file "rotations", where the
// verifier that was given the old key finds its way to the new one. Whoever holds the old key can
// make one: a key that was stolen is not put right by this, only by the witness and by telling
// people.
#pragma once

#include "app/evidence/note.h"

#define ROTATION_MAX_KEYS 16

// The length, without the NUL behind it; 0 where signing fails.
size_t rotation_make(
	const struct key_private *old, const struct key_private *new, char out[NOTE_MAX]);

// The keys that text, notes one behind the other, leads to from `first`, which is the first of
// them. Returns their number. Notes that are no rotation, or that do not go on from the last key,
// are passed over; what is no note ends it.
unsigned rotation_follow(const char *text, size_t len, const struct key_public *first,
	struct key_public keys[ROTATION_MAX_KEYS]);

// Whether one of the n keys signed; *by is then the one. A false signature in the name of any of
// them makes it NOTE_FORGED.
enum note_signature rotation_check(const struct note *note, const struct key_public *keys,
	unsigned n, const struct key_public **by);
