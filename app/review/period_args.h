// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// --period, or --since and --until: the time that a command is about. Dates are days of an offset
// that may come later on the command line, so the words are kept and read at the end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct period_args { // words as they were given, borrowed; NULL: not given
	const char *since, *until, *period;
};

struct period_bounds { // [since, until), microseconds since 1970 UTC
	bool has_since, has_until;
	int64_t since, until;
};

// offset: seconds east of UTC. 0, or -EINVAL with a line in err: one of them is no time, both kinds
// are given, or the time is empty.
int period_args_read(const struct period_args *a, int64_t offset, struct period_bounds *to,
	char *err, size_t err_size);
