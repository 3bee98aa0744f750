// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A policy's text with another version, its form otherwise as it was: a rollback is read by people.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// meta/version becomes version, meta/restores the version that it was. The caller frees; NULL where
// the text is not a policy or there is no memory.
char *rewrite_version(const char *text, uint32_t version, uint32_t restores, size_t *len);

// meta/id of a policy's text, "" where there is none. Valid until the next call.
const char *rewrite_id(const char *text);

// Writes text to path and the signature, where there is one, to path.sig. False with a line on
// standard error.
bool rewrite_save(const char *path, const char *text, size_t len, const char *sig);
