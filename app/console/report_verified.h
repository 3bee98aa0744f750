// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Adds up a log in the pass that verifies it: the figures are of the very lines whose hashes were
// checked, so that nothing beside the log can change them, nor anybody who changes the log between
// two passes.
#pragma once

#include "app/console/report_load.h"

// Verifies the log and adds up each block's lines once they are found to be right; progress on a
// terminal. *digest: finished, the caller's; NULL where the source is no directory or its integrity
// is not answered with good: no figure is of verified lines alone then, and report_read_lines()
// adds up what can be read. digest NULL: only verifies. 0, or -errno with one line in err.
int report_read_verified(const char *source, const struct verify_options *o,
	const struct digest_options *d, struct report_evidence *out, struct digest **digest,
	char *err, size_t err_size);
