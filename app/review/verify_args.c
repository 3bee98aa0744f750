// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/verify_args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void verify_args_init(struct verify_args *a)
{
	memset(a, 0, sizeof(*a));
	a->o.anchors = a->anchors;
}

static int take_key(struct key_public *k, const struct key_public **to, const char *text, char *err,
	size_t err_size)
{
	if (!key_read_public(text, k, err, err_size))
		return -EINVAL;
	*to = k;
	return 0;
}

int verify_args_take(
	struct verify_args *a, int option, const char *text, char *err, size_t err_size)
{
	switch (option) {
	case VERIFY_ARG_KEY:
		return take_key(&a->key, &a->o.key, text, err, err_size);
	case VERIFY_ARG_WITNESS:
		return take_key(&a->witness, &a->o.witness, text, err, err_size);
	case VERIFY_ARG_ANCHOR:
		if (a->o.n_anchors == VERIFY_ARGS_ANCHORS) {
			snprintf(err, err_size, "--anchor \"%s\": expected no more than %d of them",
				text, VERIFY_ARGS_ANCHORS);
			return -EINVAL;
		}
		a->anchors[a->o.n_anchors++] = text;
		return 0;
	default:
		return 1;
	}
}
