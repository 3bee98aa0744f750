// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/period_args.h"

#include "app/review/period.h"

#include <errno.h>
#include <stdio.h>

static int wrong(
	char *err, size_t err_size, const char *option, const char *text, const char *expected)
{
	snprintf(err, err_size, "--%s \"%s\": expected %s", option, text, expected);
	return -EINVAL;
}

static int read_bound(const char *text, int64_t offset, bool until, bool *has, int64_t *to,
	char *err, size_t err_size)
{
	if (text == NULL) {
		return 0;
	}
	if (!period_bound(text, offset, until, to)) {
		return wrong(err, err_size, until ? "until" : "since", text,
			"a date such as 2026-11-24, or a time such as 2026-11-24T17:00:00+08:00");
	}
	*has = true;
	return 0;
}

int period_args_read(const struct period_args *a, int64_t offset, struct period_bounds *to,
	char *err, size_t err_size)
{
	int rc;

	*to = (struct period_bounds){0};
	if (a->period != NULL) {
		if (a->since != NULL || a->until != NULL) {
			snprintf(err, err_size, "--period or --since and --until, not both");
			return -EINVAL;
		}
		if (!period_parse(a->period, offset, &to->since, &to->until)) {
			return wrong(err, err_size, "period", a->period,
				"a year, month, day, or FROM/UNTIL, such as 2026-11 or "
				"2026-10/2026-12");
		}
		to->has_since = to->has_until = true;
		return 0;
	}
	rc = read_bound(a->since, offset, false, &to->has_since, &to->since, err, err_size);
	if (rc == 0) {
		rc = read_bound(a->until, offset, true, &to->has_until, &to->until, err, err_size);
	}
	if (rc == 0 && to->has_since && to->has_until && to->since >= to->until) {
		snprintf(err, err_size, "--since %s is not before --until %s", a->since, a->until);
		rc = -EINVAL;
	}
	return rc;
}
