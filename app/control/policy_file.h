// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// From a policy file to a compiled policy, with nDPI's names.
#pragma once

#include "drivers/ndpi/dpi.h"
#include "policy/policy.h"

#include <stdint.h>
#include <stdio.h>

// The classifier's names for policy_load(); valid as long as d.
struct policy_names policy_file_names(struct dpi *d);

// Reads, checks and compiles. now: seconds since 1970 UTC, or POLICY_ANY_TIME. Findings go to diag,
// which the caller has initialised. NULL on error.
struct policy *policy_file_load(
	const char *path, int64_t now, struct dpi *d, struct diag_list *diag);

// A policy's file and, where there is one beside it (PATH.sig), its signature.
struct policy_text {
	char *text, *sig; // sig NULL: none
	size_t len, sig_len;
};

// 0 or -errno with findings in diag. The caller frees.
int policy_text_read(struct policy_text *t, const char *path, struct diag_list *diag);
void policy_text_free(struct policy_text *t);

// Writes every finding as a line, the worst first, and how many were left out. Returns whether
// there were errors.
bool policy_file_print(const struct diag_list *diag, FILE *to);

void policy_file_sha256(const char *text, size_t len, uint8_t out[32]);
// 64 hex digits and a NUL.
void policy_file_hex(const uint8_t sha256[32], char out[65]);
