// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/tree.h"

void tree_add(struct hasher *h, struct tree *t, const struct hash *leaf)
{
	struct hash node = *leaf;
	unsigned k = 0;

	for (; (t->size >> k & 1) != 0; k++)
		hash_node(h, &t->peaks[k], &node, &node);
	t->peaks[k] = node;
	t->size++;
}

void tree_root(struct hasher *h, const struct tree *t, struct hash *out)
{
	unsigned k = 0;

	if (t->size == 0) {
		hash_bytes(h, "", 0, out);
		return;
	}
	while ((t->size >> k & 1) == 0)
		k++;
	*out = t->peaks[k];
	for (k++; k < TREE_LEVELS && t->size >> k != 0; k++) {
		if ((t->size >> k & 1) != 0)
			hash_node(h, &t->peaks[k], out, out);
	}
}

static void range_root(struct hasher *h, const struct hash *leaves, uint64_t n, struct hash *out)
{
	struct tree t = {0};

	for (uint64_t i = 0; i < n; i++)
		tree_add(h, &t, &leaves[i]);
	tree_root(h, &t, out);
}

// The largest power of two below n; n > 1.
static uint64_t split(uint64_t n)
{
	return 1ull << (63 - __builtin_clzll(n - 1));
}

unsigned tree_inclusion(struct hasher *h, const struct hash *leaves, uint64_t n, uint64_t index,
	struct hash out[TREE_PROOF_MAX])
{
	struct hash from_top[TREE_LEVELS];
	unsigned depth = 0;

	while (n > 1) {
		const uint64_t k = split(n);

		if (index < k) {
			range_root(h, leaves + k, n - k, &from_top[depth++]);
			n = k;
		} else {
			range_root(h, leaves, k, &from_top[depth++]);
			leaves += k;
			index -= k;
			n -= k;
		}
	}
	for (unsigned i = 0; i < depth; i++)
		out[i] = from_top[depth - 1 - i];
	return depth;
}

unsigned tree_consistency(struct hasher *h, const struct hash *leaves, uint64_t m, uint64_t n,
	struct hash out[TREE_PROOF_MAX])
{
	struct hash from_top[TREE_LEVELS + 1];
	unsigned depth = 0;
	bool whole = true; // the old tree's root is known to who checks

	if (m == 0 || m == n)
		return 0;
	while (m != n) {
		const uint64_t k = split(n);

		if (m <= k) {
			range_root(h, leaves + k, n - k, &from_top[depth++]);
			n = k;
		} else {
			range_root(h, leaves, k, &from_top[depth++]);
			leaves += k;
			m -= k;
			n -= k;
			whole = false;
		}
	}
	if (!whole)
		range_root(h, leaves, m, &from_top[depth++]);
	for (unsigned i = 0; i < depth; i++)
		out[i] = from_top[depth - 1 - i];
	return depth;
}

bool tree_check_inclusion(struct hasher *h, const struct hash *leaf, uint64_t index, uint64_t n,
	const struct hash *proof, unsigned proof_len, const struct hash *root)
{
	uint64_t fn = index, sn = n - 1;
	struct hash r = *leaf;

	if (index >= n)
		return false;
	for (unsigned i = 0; i < proof_len; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			hash_node(h, &proof[i], &r, &r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			hash_node(h, &r, &proof[i], &r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_equal(&r, root);
}

bool tree_check_consistency(struct hasher *h, uint64_t m, const struct hash *m_root, uint64_t n,
	const struct hash *n_root, const struct hash *proof, unsigned proof_len)
{
	uint64_t fn = m - 1, sn = n - 1;
	struct hash fr, sr;
	unsigned i = 0;

	if (m > n)
		return false;
	if (m == n)
		return proof_len == 0 && hash_equal(m_root, n_root);
	if (m == 0)
		return proof_len == 0;
	// A power of two is a subtree of the new tree: its root leads the proof.
	if ((m & (m - 1)) == 0)
		fr = *m_root;
	else if (proof_len != 0)
		fr = proof[i++];
	else
		return false;
	sr = fr;
	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	for (; i < proof_len; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			hash_node(h, &proof[i], &fr, &fr);
			hash_node(h, &proof[i], &sr, &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			hash_node(h, &sr, &proof[i], &sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_equal(&fr, m_root) && hash_equal(&sr, n_root);
}
