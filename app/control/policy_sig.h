// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Signatures of policies. A detached one, a file of JSON beside the policy (POLICY.sig):
//
//     {"format":"egress-policy-sig/1","id":"park","version":412,"key":"NAME+ID","signature":"BASE64"}
//
// Ed25519 over "egress-policy-sig/1\n" ID "\n" VERSION "\n" and the policy's exact bytes: id and
// version cannot be exchanged, and not a byte of the text.
#pragma once

#include "app/keys/key.h"

#define POLICY_SIG_MAX 4096 // bytes of the file

// The file's text, which the caller frees; NULL without memory.
char *policy_sig_make(const struct key_private *k, const char *text, size_t len, const char *id,
	uint32_t version);

// Which of the keys signed this text with this id and version: its index, or -EINVAL with a line in
// err that says what is wrong (no signature: sig NULL).
int policy_sig_check(const char *sig, size_t sig_len, const char *text, size_t len, const char *id,
	uint32_t version, const struct key_public *keys, unsigned n_keys, char *err,
	size_t err_size);
