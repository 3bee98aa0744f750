// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Whether prefixes together have every address of another, against counting the addresses.

#include "policy/cover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct policy_prefix prefix(const char *text)
{
	struct policy_prefix p;

	assert_int_equal(prefix_parse(text, &p), PREFIX_GOOD);
	return p;
}

// Of the 256 addresses of 10.0.0.0/24, those of p.
static void spread(const struct policy_prefix *p, bool has[256])
{
	for (unsigned i = 0; i < 256; i++) {
		struct policy_addr a = {.version = 4, .b = {10, 0, 0, (uint8_t)i}};

		has[i] |= prefix_covers(p, &a);
	}
}

// Prefixes of 10.0.0.0/24 and shorter ones around it, drawn from a fixed seed.
static struct policy_prefix draw(unsigned *seed)
{
	unsigned len = 20 + (unsigned)rand_r(seed) % 13;
	struct policy_prefix p = {.addr = {.version = 4, .b = {10, 0, 0, 0}}, .len = (uint8_t)len};

	if (len > 24)
		p.addr.b[3] = (uint8_t)((unsigned)rand_r(seed) & 0xff00u >> (len - 24) & 0xff);
	return p;
}

static void agrees_with_counting(void **state)
{
	unsigned seed = 1, yes = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct policy_prefix v[24], p = draw(&seed);
		const struct cover c = {.v = v, .n = (unsigned)rand_r(&seed) % 24};
		int longer = rand_r(&seed) % 3 == 0 ? -1 : 20 + rand_r(&seed) % 12;
		bool has[256] = {false}, want[256] = {false}, all = true;

		for (size_t i = 0; i < c.n; i++) {
			v[i] = draw(&seed);
			if (v[i].len < 25 && i % 4 != 0)
				v[i].len = 26;
		}
		if (c.n != 0)
			qsort(v, c.n, sizeof(*v), prefix_compare);
		for (size_t i = 0; i < c.n; i++)
			if (v[i].len > longer)
				spread(&v[i], has);
		spread(&p, want);
		for (unsigned i = 0; i < 256; i++)
			all &= has[i] || !want[i];
		// Of a wider one the addresses beyond are had by one as wide only.
		if (p.len < 24) {
			all = false;
			for (size_t i = 0; i < c.n; i++)
				all |= v[i].len > longer && v[i].len <= p.len;
		}
		assert_int_equal(cover_all(&c, &p, longer), all);
		yes += all;
	}
	assert_true(yes > 2000 && yes < 18000);
}

static void at_the_ends(void **state)
{
	struct policy_prefix halves[] = {prefix("0.0.0.0/1"), prefix("128.0.0.0/1"), prefix("::/1"),
		prefix("8000::/2"), prefix("c000::/2")};
	const struct cover c = {.v = halves, .n = 5}, none = {0};
	struct policy_prefix v4 = prefix("0.0.0.0/0"), v6 = prefix("::/0"),
			     one = prefix("255.255.255.255/32"),
			     last = prefix("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	size_t first;

	(void)state;
	assert_true(cover_all(&c, &v4, -1));
	assert_true(cover_all(&c, &v6, -1));
	assert_true(cover_all(&c, &v6, 0));
	assert_false(cover_all(&c, &v6, 1));
	assert_true(cover_all(&c, &one, 0));
	assert_false(cover_all(&c, &one, 1));
	assert_true(cover_all(&c, &last, 1));
	assert_false(cover_all(&none, &v4, -1));
	assert_int_equal(cover_within(&c, &v6, &first), 5);
	assert_int_equal(first, 2);
	assert_ptr_equal(cover_around(&c, &last), &halves[4]);
	assert_null(cover_around(&c, &v4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_counting),
		cmocka_unit_test(at_the_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
