// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The policies of a gateway on disk, in its state directory:
//
//     policy/current.json              the policy in force, with its signature, who brought it and
//     how policy/history/NNNNNNNN-vVERSION.json   each that was put into force, the last hundred
//     policy/candidate.json            the candidate, where there is one
//     policy/attempts.jsonl            every attempt, refused ones too, a line each
//
// A file is replaced whole or not at all (state_file.h), and written before the policy is put into
// force: after a crash at any instant the old or the new policy is there, never a mixture.
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct stored_policy {
	char *text, *sig; // owned; sig NULL: not signed
	size_t len;
	char *how, *who; // owned; who NULL: the gateway itself
	int64_t t;       // microseconds since 1970 UTC
	uint32_t version;
};

void stored_policy_free(struct stored_policy *p);

// Makes the folders. 0 or -errno.
int policy_store_open(const char *state_dir);

// Keeps a policy as the current one and in the history. 0 or -errno; then nothing has changed.
int policy_store_put(const char *state_dir, const struct stored_policy *p);

// The current policy. 0, -ENOENT, or -EINVAL where the file is damaged.
int policy_store_current(const char *state_dir, struct stored_policy *out);
// The last that was put into force with this version. The same.
int policy_store_get(const char *state_dir, uint32_t version, struct stored_policy *out);
// Goes back through the history, a policy a call: the one that came into force last before the one
// with this number (ULONG_MAX: the last of all), which becomes its own. version: only those of it;
// 0: all. 0, -ENOENT where there is none before, or -EINVAL where its file is damaged; then the
// next call goes on before it.
int policy_store_back(
	const char *state_dir, uint32_t version, unsigned long *number, struct stored_policy *out);
// Keeps a damaged current.json for whoever looks into it, as current.json.damaged. 0 or -errno.
int policy_store_set_aside(const char *state_dir);

// The candidate: the same, beside the current one and without a history. Dropping one that is not
// there is no error.
int policy_store_put_candidate(const char *state_dir, const struct stored_policy *p);
int policy_store_candidate(const char *state_dir, struct stored_policy *out);
int policy_store_drop_candidate(const char *state_dir);

// Adds a line to the attempts. 0 or -errno.
int policy_store_note(const char *state_dir, const json_t *attempt);
// The last n attempts, oldest first; a new array, empty where there are none.
json_t *policy_store_attempts(const char *state_dir, size_t n);
