// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/find.h"
#include "app/rows/marks.h"
#include "app/rows/pick.h"
#include "app/rows/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t state = 20261124;

static unsigned next(unsigned below) // xorshift64*
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * 0x2545f4914f6cdd1dull) >> 33) % below;
}

// Letters are few, so that needles are found, and nearly found, at all places.
static void fill(char *text, size_t n, unsigned letters)
{
	for (size_t i = 0; i < n; i++) {
		text[i] = (char)('a' + next(letters));
	}
}

static void test_is_memmem(void **ctx)
{
	(void)ctx;
	for (unsigned i = 0; i < 60000; i++) {
		const size_t len = next(200), n = next(8);
		const unsigned letters = 1 + next(4);
		char *text = malloc(len + 1); // of just this size: a read past it shows
		char needle[8];

		fill(text, len, letters);
		fill(needle, n, letters);
		assert_ptr_equal(find_text(text, text + len, needle, n),
			n == 0 ? text : memmem(text, len, needle, n));
		free(text);
	}
}

// Each end of a line, and at least each place where the needle is.
static void check_marks(const struct marks_needle *needle, const char *text, size_t len)
{
	struct marks m[5];
	size_t at = 0, n;

	while ((n = marks_make(needle, text + at, text + len, m, 5)) != 0) {
		assert_true(n <= 5);
		for (size_t i = 0; i < n * MARKS_STEP; i++) {
			const struct marks *w = &m[i / MARKS_STEP];
			const bool end = w->ends >> i % MARKS_STEP & 1;
			const bool place = w->places >> i % MARKS_STEP & 1;
			const size_t p = at + i;

			assert_int_equal(end, p < len && text[p] == '\n');
			if (p < len && len - p >= needle->len) {
				assert_true(place || memcmp(text + p, needle->text, needle->len));
			} else {
				assert_false(place);
			}
		}
		at = at + n * MARKS_STEP < len ? at + n * MARKS_STEP : len;
	}
	assert_int_equal(at, len);
}

static void test_marks(void **ctx)
{
	(void)ctx;
	for (unsigned i = 0; i < 20000; i++) {
		const size_t len = next(1000), n = 1 + (next(10) != 0 ? next(8) : next(99));
		const unsigned letters = 1 + next(3);
		char *text = malloc(len != 0 ? len : 1), needle[101];
		struct marks_needle m;

		fill(text, len, letters);
		for (size_t k = 0; k < len; k++) {
			text[k] = next(10) == 0 ? '\n' : text[k];
		}
		fill(needle, n, letters);
		needle[n] = '\0';
		m = marks_needle(needle);
		check_marks(&m, text, len);
		m.wide = false;
		check_marks(&m, text, len);
		free(text);
	}
}

static bool takes(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	return len == 0 || line[0] != 'b';
}

// Lines that begin as they should are picked by their needle, all others by takes() alone.
static void test_pick(void **ctx)
{
	struct pick *p = NULL;

	(void)ctx;
	for (unsigned i = 0; i < 6000; i++) {
		const struct pick_by by = {.line = takes,
			.needle = next(4) != 0 ? "ab" : "",
			.begin = next(4) != 0 ? "a" : ""};
		const size_t len = next(next(10) != 0 ? 300 : 20000);
		char *text = malloc(len != 0 ? len : 1);
		size_t found = 0, line = 0;

		fill(text, len, 3);
		for (size_t k = 0; k < len; k++) {
			text[k] = text[k] == 'c' && next(2) == 0 ? '\n' : text[k];
		}
		assert_true(pick_run(&by, text, len, &p));
		for (size_t at = 0; at < len;) {
			const char *nl = memchr(text + at, '\n', len - at);
			const size_t n = nl != NULL ? (size_t)(nl - text) - at : len - at;
			const bool begins = n >= strlen(by.begin) &&
					    memcmp(text + at, by.begin, strlen(by.begin)) == 0;

			line++;
			if ((!begins ||
				    memmem(text + at, n, by.needle, strlen(by.needle)) != NULL) &&
				takes(NULL, text + at, n)) {
				assert_true(found < p->n);
				assert_int_equal(p->v[found].len, n);
				assert_memory_equal(p->text.v + p->v[found].from, text + at, n);
				assert_int_equal(p->v[found++].line, line);
			}
			at += n + 1;
		}
		assert_int_equal(p->n, found);
		assert_int_equal(p->lines, line);
		free(text);
	}
	pick_free(p);
}

// Where a string of a line ends, with quotes and backslashes at all places.
static void test_strings(void **ctx)
{
	static const char head[] = "{\"k\":\"", letters[] = "aaaaaaaaa\"\\";
	const size_t from = sizeof(head) - 1;

	(void)ctx;
	for (unsigned i = 0; i < 60000; i++) {
		const size_t n = next(70), len = from + n + 2;
		char *line = malloc(len); // of just this size
		struct row r;
		size_t end = from;

		memcpy(line, head, from);
		for (size_t k = 0; k < n; k++) {
			line[from + k] = letters[next(sizeof(letters) - 1)];
		}
		memcpy(line + from + n, "\"}", 2);
		while (end < len && line[end] != '"') {
			end += line[end] == '\\' ? 2 : 1;
		}
		assert_int_equal(row_parse(&r, line, len), end == len - 2);
		if (end == len - 2) {
			assert_int_equal(r.n, 1);
			assert_ptr_equal(r.cells[0].text, line + from);
			assert_int_equal(r.cells[0].len, n);
		}
		free(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_memmem),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
