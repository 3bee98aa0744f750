// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/filter_args.h"

#include "app/review/period.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int take_number(
	const char *option, const char *text, uint64_t *v, char *err, size_t err_size)
{
	char *end;

	errno = 0;
	*v = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0) {
		snprintf(err, err_size, "--%s \"%s\": expected a whole number", option, text);
		return -EINVAL;
	}
	return 0;
}

int filter_args_take(
	struct filter_args *a, int option, const char *text, char *err, size_t err_size)
{
	int rc;

	if (option >= 0 && option < FILTER_FIELDS) {
		return filter_add(&a->filter, (enum filter_field)option, text, err, err_size);
	}
	switch (option) {
	case FILTER_ARG_MIN_BYTES:
		a->filter.has_min_bytes = true;
		return take_number("min-bytes", text, &a->filter.min_bytes, err, err_size);
	case FILTER_ARG_SINCE:
		a->period.since = text;
		return 0;
	case FILTER_ARG_UNTIL:
		a->period.until = text;
		return 0;
	case FILTER_ARG_PERIOD:
		a->period.period = text;
		return 0;
	case FILTER_ARG_OFFSET:
		if (!offset_parse(text, &a->offset)) {
			snprintf(err, err_size,
				"--offset \"%s\": expected +HH:MM or -HH:MM, such as +08:00", text);
			return -EINVAL;
		}
		return 0;
	case FILTER_ARG_LIMIT:
		rc = take_number("limit", text, &a->limit, err, err_size);
		if (rc == 0 && a->limit == 0) {
			snprintf(err, err_size,
				"--limit \"%s\": expected 1 or more; without it there is no limit",
				text);
			rc = -EINVAL;
		}
		return rc;
	default:
		return 1;
	}
}

int filter_args_end(struct filter_args *a, char *err, size_t err_size)
{
	return period_args_read(&a->period, a->offset, &a->filter.when, err, err_size);
}
