// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The tree of RFC 6962 against the vectors that Certificate Transparency's own tests publish
// (google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc), and against itself.

#include "app/evidence/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *bytes;
	size_t len;
} inputs[8] = {
	{"", 0},
	{"\x00", 1},
	{"\x10", 1},
	{"\x20\x21", 2},
	{"\x30\x31", 2},
	{"\x40\x41\x42\x43", 4},
	{"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
	{"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

static const char *const roots[9] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

#define H_5F08 "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
#define H_6B47 "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
#define H_96A2 "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
#define H_BC1A "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
#define H_CA85 "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
#define H_D37E "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
#define H_0EBC "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
#define H_6E34 "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
#define H_FAC5 "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"

struct vector {
	uint64_t a, n;
	const char *proof[4];
};

static const struct vector inclusions[] = {
	{0, 1, {NULL}},
	{0, 8, {H_96A2, H_5F08, H_6B47}},
	{5, 8, {H_BC1A, H_CA85, H_D37E}},
	{2, 3, {H_FAC5}},
	{1, 5, {H_6E34, H_5F08, H_BC1A}},
};

static const struct vector consistencies[] = {
	{1, 1, {NULL}},
	{1, 8, {H_96A2, H_5F08, H_6B47}},
	{6, 8, {H_0EBC, H_CA85, H_D37E}},
	{2, 5, {H_5F08, H_BC1A}},
};

static struct hasher *h;
static struct hash leaves[70], tree_roots[70];

static void make_roots(uint64_t n)
{
	struct tree t = {0};

	for (uint64_t i = 0; i <= n; i++) {
		tree_root(h, &t, &tree_roots[i]);
		if (i < n)
			tree_add(h, &t, &leaves[i]);
	}
}

static void make_vectors(void)
{
	for (unsigned i = 0; i < 8; i++)
		hash_leaf(h, inputs[i].bytes, inputs[i].len, &leaves[i]);
	make_roots(8);
}

static void same(const struct hash *a, const char *hex)
{
	char text[65];

	hash_hex(a, text);
	assert_string_equal(text, hex);
}

static void test_roots(void **state)
{
	make_vectors();
	for (unsigned i = 0; i <= 8; i++)
		same(&tree_roots[i], roots[i]);
}

static void test_published_proofs(void **state)
{
	struct hash proof[TREE_PROOF_MAX];

	make_vectors();
	for (unsigned i = 0; i < sizeof(inclusions) / sizeof(inclusions[0]); i++) {
		const struct vector *v = &inclusions[i];
		const unsigned n = tree_inclusion(h, leaves, v->n, v->a, proof);

		for (unsigned k = 0; k < n; k++)
			same(&proof[k], v->proof[k]);
		assert_null(v->proof[n]);
		assert_true(tree_check_inclusion(
			h, &leaves[v->a], v->a, v->n, proof, n, &tree_roots[v->n]));
	}
	for (unsigned i = 0; i < sizeof(consistencies) / sizeof(consistencies[0]); i++) {
		const struct vector *v = &consistencies[i];
		const unsigned n = tree_consistency(h, leaves, v->a, v->n, proof);

		for (unsigned k = 0; k < n; k++)
			same(&proof[k], v->proof[k]);
		assert_null(v->proof[n]);
	}
}

static void make_many(void)
{
	for (unsigned i = 0; i < 69; i++)
		hash_leaf(h, &i, sizeof(i), &leaves[i]);
	make_roots(69);
}

// Every leaf of every size is proven, and by no proof but its own.
static void test_all_inclusions(void **state)
{
	struct hash proof[TREE_PROOF_MAX];

	make_many();
	for (uint64_t n = 1; n < 69; n++) {
		for (uint64_t i = 0; i < n; i++) {
			const unsigned len = tree_inclusion(h, leaves, n, i, proof);

			assert_true(tree_check_inclusion(
				h, &leaves[i], i, n, proof, len, &tree_roots[n]));
			assert_false(tree_check_inclusion(
				h, &leaves[i + 1], i, n, proof, len, &tree_roots[n]));
			assert_false(tree_check_inclusion(
				h, &leaves[i], i, n, proof, len, &tree_roots[n + 1]));
			assert_false(tree_check_inclusion(
				h, &leaves[i], n, n, proof, len, &tree_roots[n]));
			proof[len] = leaves[0];
			assert_false(tree_check_inclusion(
				h, &leaves[i], i, n, proof, len + 1, &tree_roots[n]));
			if (len != 0) {
				proof[len - 1].b[7] ^= 1;
				assert_false(tree_check_inclusion(
					h, &leaves[i], i, n, proof, len, &tree_roots[n]));
			}
		}
	}
}

static void test_all_consistencies(void **state)
{
	struct hash proof[TREE_PROOF_MAX];

	make_many();
	for (uint64_t n = 1; n < 69; n++) {
		for (uint64_t m = 1; m <= n; m++) {
			const unsigned len = tree_consistency(h, leaves, m, n, proof);

			assert_true(tree_check_consistency(
				h, m, &tree_roots[m], n, &tree_roots[n], proof, len));
			assert_false(tree_check_consistency(
				h, m, &tree_roots[m - 1], n, &tree_roots[n], proof, len));
			assert_false(tree_check_consistency(
				h, m, &tree_roots[m], n, &tree_roots[n + 1], proof, len));
			assert_false(tree_check_consistency(
				h, n + 1, &tree_roots[n + 1], n, &tree_roots[n], proof, len));
			proof[len] = leaves[0];
			assert_false(tree_check_consistency(
				h, m, &tree_roots[m], n, &tree_roots[n], proof, len + 1));
			if (len != 0)
				assert_false(tree_check_consistency(
					h, m, &tree_roots[m], n, &tree_roots[n], proof, len - 1));
		}
	}
}

static void test_hex(void **state)
{
	struct hash a, b;
	char text[65];

	hash_bytes(h, "abc", 3, &a); // FIPS 180-2, B.1
	same(&a, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash_hex(&a, text);
	assert_true(hash_parse_hex(text, &b));
	assert_true(hash_equal(&a, &b));
	assert_false(hash_is_zero(&a));
	for (unsigned i = 0; i < 64; i++) {
		const char was = text[i];

		text[i] = was >= 'a' ? (char)(was - 'a' + 'A') : 'g';
		assert_false(hash_parse_hex(text, &b));
		text[i] = was;
	}
	memset(&a, 0, sizeof(a));
	assert_true(hash_is_zero(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_published_proofs),
		cmocka_unit_test(test_all_inclusions),
		cmocka_unit_test(test_all_consistencies),
		cmocka_unit_test(test_hex),
	};
	int rc;

	h = hasher_new();
	rc = h != NULL ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
	hasher_free(h);
	return rc;
}
