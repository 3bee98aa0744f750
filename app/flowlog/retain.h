// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Retention: whole segments go, oldest first. The entries stay, so what remains can be verified and
// old proofs hold. The newest closed segment always stays.
#pragma once

#include <stdint.h>

// Removes closed segments whose successor began before now - retain_us, and then as many as it
// takes for the closed ones together to hold at most retain_bytes; 0: no such bound. 0 or -errno.
int retain_prune(int dir_fd, int64_t now, int64_t retain_us, uint64_t retain_bytes);
