// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/bytes.h"

#include <stdlib.h>
#include <string.h>

bool bytes_add(struct bytes *b, const void *data, size_t len)
{
	if (b->cap - b->len < len) {
		const size_t cap = (b->len + len) * 2;
		uint8_t *v = realloc(b->v, cap);

		if (v == NULL) {
			return false;
		}
		b->v = v;
		b->cap = cap;
	}
	if (len != 0) {
		memcpy(b->v + b->len, data, len);
	}
	b->len += len;
	return true;
}
