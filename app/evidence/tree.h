// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The Merkle tree of RFC 6962, section 2.1 (RFC 9162, 2.1), over SHA-256: roots, inclusion proofs
// and consistency proofs. Blocks are such trees over lines, the log is one over blocks.
//
//     leaf = SHA-256(0x00 || data)      node = SHA-256(0x01 || left || right)
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash {
	uint8_t b[32];
};

// What computes; one a thread. NULL without memory.
struct hasher;
struct hasher *hasher_new(void);
void hasher_free(struct hasher *h);

void hash_bytes(struct hasher *h, const void *data, size_t len, struct hash *out);
void hash_leaf(struct hasher *h, const void *data, size_t len, struct hash *out);
void hash_node(
	struct hasher *h, const struct hash *left, const struct hash *right, struct hash *out);

bool hash_equal(const struct hash *a, const struct hash *b);
bool hash_is_zero(const struct hash *a); // stands for: not known
void hash_hex(const struct hash *a, char out[65]);
// Exactly 64 lower-case digits at text.
bool hash_parse_hex(const char *text, struct hash *out);

#define TREE_LEVELS 64

// A tree that grows by one leaf at a time and keeps only its right edge: the roots of the full
// subtrees that the bits of its size name, peaks[k] of 2^k leaves.
struct tree {
	uint64_t size;
	struct hash peaks[TREE_LEVELS];
};

void tree_add(struct hasher *h, struct tree *t, const struct hash *leaf);
// Of an empty tree: SHA-256 of nothing.
void tree_root(struct hasher *h, const struct tree *t, struct hash *out);

// Proofs from all leaf hashes. Each returns how many hashes it put into out, in the order of the
// RFC.
#define TREE_PROOF_MAX 128 // more than a tree of 2^63 leaves needs

// index < n.
unsigned tree_inclusion(struct hasher *h, const struct hash *leaves, uint64_t n, uint64_t index,
	struct hash out[TREE_PROOF_MAX]);
// 0 <= m <= n; empty for m = 0 and m = n.
unsigned tree_consistency(struct hasher *h, const struct hash *leaves, uint64_t m, uint64_t n,
	struct hash out[TREE_PROOF_MAX]);

// RFC 9162, 2.1.3.2 and 2.1.4.2.
bool tree_check_inclusion(struct hasher *h, const struct hash *leaf, uint64_t index, uint64_t n,
	const struct hash *proof, unsigned proof_len, const struct hash *root);
bool tree_check_consistency(struct hasher *h, uint64_t m, const struct hash *m_root, uint64_t n,
	const struct hash *n_root, const struct hash *proof, unsigned proof_len);
