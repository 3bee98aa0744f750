// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/command.h"
#include "policy/moment.h"

#include <time.h>

bool command_time(const char *option, const char *text, int64_t *out)
{
	bool impossible;

	if (text == NULL) {
		*out = (int64_t)time(NULL);
		return true;
	}
	if (moment_parse(text, out, &impossible) ||
		(!impossible && moment_parse_date(text, out, &impossible)))
		return true;
	fprintf(stderr, "bhctl: --%s: \"%s\" is no time%s\n", option, text,
		impossible ? ": there is no such day or hour"
			   : "; write 2026-01-31T09:00:00+08:00, with the offset or Z, or "
			     "2026-01-31");
	return false;
}
