// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/marks.h"

#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

struct marks_needle marks_needle(const char *text)
{
	struct marks_needle n = {.text = text, .len = strlen(text)};

	if (n.len != 0) {
		n.by = find_pair(n.len);
	}
#ifdef __SSE2__
	n.wide = __builtin_cpu_supports("avx2");
#endif
	return n;
}

// Of less than MARKS_STEP bytes, or where what lies behind them must not be read.
static struct marks few(const struct marks_needle *needle, const char *at, const char *end)
{
	const size_t left = (size_t)(end - at), n = left < MARKS_STEP ? left : MARKS_STEP;
	struct marks m = {0, 0};

	for (size_t i = 0; i < n; i++) {
		const bool place = left - i >= needle->len &&
				   at[i + needle->by.first] == needle->text[needle->by.first] &&
				   at[i + needle->by.second] == needle->text[needle->by.second];

		m.ends |= (uint64_t)(at[i] == '\n') << i;
		m.places |= (uint64_t)place << i;
	}
	return m;
}

#ifdef __SSE2__
static uint64_t equal_16(const char *p, __m128i byte)
{
	return (unsigned)_mm_movemask_epi8(
		_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), byte));
}

static uint64_t both_16(const char *p, const char *q, __m128i a, __m128i b)
{
	const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	const __m128i y = _mm_loadu_si128((const __m128i *)(const void *)q);

	return (unsigned)_mm_movemask_epi8(
		_mm_and_si128(_mm_cmpeq_epi8(x, a), _mm_cmpeq_epi8(y, b)));
}

static void many_16(const struct marks_needle *needle, const char *at, struct marks *out, size_t n)
{
	const size_t first = needle->by.first, second = needle->by.second;
	const __m128i a = _mm_set1_epi8(needle->text[first]);
	const __m128i b = _mm_set1_epi8(needle->text[second]), nl = _mm_set1_epi8('\n');

	for (size_t i = 0; i < n; i++) {
		uint64_t ends = 0, places = 0;

		for (unsigned k = 0; k < MARKS_STEP; k += 16, at += 16) {
			ends |= equal_16(at, nl) << k;
			places |= both_16(at + first, at + second, a, b) << k;
		}
		out[i] = (struct marks){ends, places};
	}
}

#define AVX2 __attribute__((target("avx2")))

AVX2 static uint64_t equal_32(const char *p, __m256i byte)
{
	return (unsigned)_mm256_movemask_epi8(
		_mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)p), byte));
}

AVX2 static uint64_t both_32(const char *p, const char *q, __m256i a, __m256i b)
{
	const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
	const __m256i y = _mm256_loadu_si256((const __m256i *)(const void *)q);

	return (unsigned)_mm256_movemask_epi8(
		_mm256_and_si256(_mm256_cmpeq_epi8(x, a), _mm256_cmpeq_epi8(y, b)));
}

AVX2 static void many_32(
	const struct marks_needle *needle, const char *at, struct marks *out, size_t n)
{
	const size_t first = needle->by.first, second = needle->by.second;
	const __m256i a = _mm256_set1_epi8(needle->text[first]);
	const __m256i b = _mm256_set1_epi8(needle->text[second]), nl = _mm256_set1_epi8('\n');

	for (size_t i = 0; i < n; i++, at += MARKS_STEP) {
		out[i].ends = equal_32(at, nl) | equal_32(at + 32, nl) << 32;
		out[i].places = both_32(at + first, at + second, a, b) |
				both_32(at + 32 + first, at + 32 + second, a, b) << 32;
	}
}

static void many(const struct marks_needle *needle, const char *at, struct marks *out, size_t n)
{
	if (needle->wide) {
		many_32(needle, at, out, n);
	} else {
		many_16(needle, at, out, n);
	}
}
#else
static void many(const struct marks_needle *needle, const char *at, struct marks *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		out[i] = few(needle, at + i * MARKS_STEP,
			at + i * MARKS_STEP + needle->len + MARKS_STEP);
	}
}
#endif

size_t marks_make(const struct marks_needle *needle, const char *at, const char *end,
	struct marks *out, size_t n)
{
	const size_t left = (size_t)(end - at);
	size_t whole = left > needle->len ? (left - needle->len) / MARKS_STEP : 0;

	whole = whole < n ? whole : n;
	if (whole == 0) {
		if (left == 0 || n == 0) {
			return 0;
		}
		out[0] = few(needle, at, end);
		return 1;
	}
	many(needle, at, out, whole);
	return whole;
}
