// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Files that bhctl writes, held against those that it reads.
#pragma once

#include "app/gateway/overwrite.h"

// out, of --out or made from a name, with each of the suffixes (NULL ends them; "": itself) is
// written through state_file_write(). True with a line on standard error where that would overwrite
// one of the n files that are read. out NULL: nothing is written.
bool outputs_refused(
	const char *out, const char *const *suffixes, const struct overwrite_file *in, size_t n);
