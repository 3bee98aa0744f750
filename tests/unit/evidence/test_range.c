// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Range proofs of every range of every tree of up to 64 leaves, against a plain model: one that has
// all leaves and computes subtrees by the definition of RFC 6962.

#include "app/evidence/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEAVES 64

static struct hasher *h;
static struct hash leaves[LEAVES + 1];
static struct range_maker maker;

static uint64_t half_of(uint64_t n)
{
	uint64_t k = 1;

	while (2 * k < n)
		k *= 2;
	return k;
}

// RFC 6962, 2.1, word for word.
static struct hash model_root(const struct hash *v, uint64_t n)
{
	struct hash left, right, out;

	if (n == 0) {
		hash_bytes(h, "", 0, &out);
		return out;
	}
	if (n == 1)
		return v[0];
	left = model_root(v, half_of(n));
	right = model_root(v + half_of(n), n - half_of(n));
	hash_node(h, &left, &right, &out);
	return out;
}

// What a verifier does that has the leaves of the range only: *used hashes of the proof.
static struct hash check_root(const struct range_proof *p, const struct hash *range, uint64_t from,
	uint64_t to, unsigned *used)
{
	struct hash left, right, out;
	uint64_t middle;

	if (to <= p->first || from >= p->end) {
		assert_true(*used < p->n);
		return p->hash[(*used)++];
	}
	if (to - from == 1)
		return range[from - p->first];
	middle = from + half_of(to - from);
	left = check_root(p, range, from, middle, used);
	right = check_root(p, range, middle, to, used);
	hash_node(h, &left, &right, &out);
	return out;
}

static void make(uint64_t first, uint64_t end, uint64_t size, struct range_proof *p)
{
	range_begin(&maker, first, end, size, p);
	for (uint64_t i = 0; i < size; i++)
		range_add(h, &maker, &leaves[i]);
	assert_int_equal(maker.done, p->n);
}

static bool holds(const struct range_proof *p, const struct hash *range, const struct hash *root)
{
	unsigned used = 0;
	const struct hash out = check_root(p, range, 0, p->size, &used);

	return used == p->n && hash_equal(&out, root);
}

static void test_every_range(void **state)
{
	struct range_proof p;

	for (uint64_t size = 1; size <= LEAVES; size++) {
		const struct hash root = model_root(leaves, size);

		for (uint64_t first = 0; first <= size; first++) {
			for (uint64_t end = first; end <= size; end++) {
				make(first, end, size, &p);
				assert_true(holds(&p, leaves + first, &root));
				assert_true(p.n <= 2 * 6);
			}
		}
	}
}

// The leaves of another range, another leaf, another hash, another tree.
static void test_nothing_else(void **state)
{
	struct hash range[LEAVES];
	struct range_proof p;

	for (uint64_t size = 2; size <= LEAVES; size++) {
		const struct hash root = model_root(leaves, size),
				  other = model_root(leaves, size - 1);

		for (uint64_t first = 0; first < size; first += 3) {
			for (uint64_t end = first + 1; end <= size; end += 5) {
				make(first, end, size, &p);
				memcpy(range, leaves + first, (end - first) * sizeof(range[0]));
				assert_false(holds(&p, leaves + first + 1, &root));
				assert_false(holds(&p, range, &other));
				range[(end - first) / 2].b[3] ^= 1;
				assert_false(holds(&p, range, &root));
				for (unsigned i = 0; i < p.n; i++) {
					p.hash[i].b[31] ^= 0x80;
					assert_false(holds(&p, leaves + first, &root));
					p.hash[i].b[31] ^= 0x80;
				}
			}
		}
	}
}

// With an empty range: the first hashes are the full subtrees of the smaller tree.
static void test_growth(void **state)
{
	struct range_proof p;

	for (uint64_t size = 1; size <= LEAVES; size++) {
		for (uint64_t old = 1; old < size; old++) {
			const struct hash root = model_root(leaves, size),
					  old_root = model_root(leaves, old);
			unsigned n = (unsigned)__builtin_popcountll(old);
			struct hash fold;

			make(old, old, size, &p);
			assert_true(holds(&p, NULL, &root));
			for (fold = p.hash[--n]; n-- != 0;)
				hash_node(h, &p.hash[n], &fold, &fold);
			assert_true(hash_equal(&fold, &old_root));
		}
		make(size, size, size, &p);
		assert_int_equal(p.n, 1);
	}
}

static void test_text(void **state)
{
	struct range_proof p;
	char *text;

	make(1, 3, 4, &p);
	text = range_write(&p);
	assert_non_null(text);
	assert_memory_equal(text, "bridgehead-range/1\nfirst 1\nend 3\nsize 4\n", 40);
	assert_int_equal(strlen(text), 40 + 2 * 45);
	assert_int_equal(text[40 + 44], '\n');
	free(text);
}

// The largest proof that there can be has room.
static void test_room(void **state)
{
	struct range_proof p;

	range_begin(&maker, (1ull << 62) - 1, (1ull << 62) + 1, (1ull << 63) - 1, &p);
	assert_true(p.n <= TREE_PROOF_MAX);
	assert_int_equal(p.n, 62 + 62);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_range),
		cmocka_unit_test(test_nothing_else),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_room),
	};
	int rc;

	h = hasher_new();
	for (unsigned i = 0; h != NULL && i <= LEAVES; i++)
		hash_leaf(h, &i, sizeof(i), &leaves[i]);
	rc = h != NULL ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
	hasher_free(h);
	return rc;
}
