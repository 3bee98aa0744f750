// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// memmem() for long texts in which the needle is rare: looks at many bytes at a time where the
// processor can.
#pragma once

#include <stddef.h>

// The first place of the needle in [at, end); NULL: none. An empty needle is at `at`.
const char *find_text(const char *at, const char *end, const char *needle, size_t len);
