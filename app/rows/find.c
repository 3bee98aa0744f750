// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/find.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define STEP 16

#ifdef __SSE2__
// Which of 16 places have both bytes, `apart` bytes from each other.
static unsigned both(const char *p, size_t apart, __m128i first, __m128i second)
{
	const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
	const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + apart));

	return (unsigned)_mm_movemask_epi8(
		_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, second)));
}

static const char *find_step(const char *at, const char *needle, size_t len, struct find_pair by)
{
	unsigned hits = both(at + by.first, by.second - by.first, _mm_set1_epi8(needle[by.first]),
		_mm_set1_epi8(needle[by.second]));

	for (; hits != 0; hits &= hits - 1) {
		const char *p = at + __builtin_ctz(hits);

		if (memcmp(p, needle, len) == 0) {
			return p;
		}
	}
	return NULL;
}

// The text is at least len + STEP - 1 bytes.
static const char *find_wide(const char *at, const char *end, const char *needle, size_t len)
{
	const struct find_pair by = find_pair(len);
	const char *last = end - len - (STEP - 1), *p = NULL; // the last step that can be made

	for (; p == NULL && at < last; at += STEP) {
		p = find_step(at, needle, len, by);
	}
	return p != NULL ? p : find_step(last, needle, len, by);
}
#else
static const char *find_wide(const char *at, const char *end, const char *needle, size_t len)
{
	return memmem(at, (size_t)(end - at), needle, len);
}
#endif

const char *find_text(const char *at, const char *end, const char *needle, size_t len)
{
	const size_t n = (size_t)(end - at);

	return len != 0 && n >= len + STEP - 1 ? find_wide(at, end, needle, len)
					       : memmem(at, n, needle, len);
}
