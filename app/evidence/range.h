// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A proof that leaves first..end-1 are those of a tree of `size` leaves (RFC 6962, section 2.1),
// all of them and no others between: the roots of the subtrees that lie outside, from the left. Who
// has the leaves divides the tree as the RFC does; a part that lies outside the range takes the
// next hash, one that lies inside is computed, any other is divided again. What comes out must be
// the tree's root.
//
// first = end is a proof of growth: the hashes before `first` are the full subtrees that a tree of
// so many leaves has, which give its root, and all together that of the larger tree.
//
// As text:
//
//     bridgehead-range/1
//     first 163            of the range
//     end 207              behind the last
//     size 1204            leaves of the tree
//     BASE64               the hashes, one a line
#pragma once

#include "app/evidence/tree.h"

struct range_proof {
	uint64_t first, end, size; // first <= end <= size
	unsigned n;
	struct hash hash[TREE_PROOF_MAX];
};

// Makes one from all leaves of the tree in their order, and keeps none of them.
struct range_maker {
	struct range_proof *proof; // borrowed
	struct {
		uint64_t from, to;
	} part[TREE_PROOF_MAX]; // outside the range, from the left
	unsigned done;
	uint64_t leaf;    // the next
	struct tree tree; // over part[done] so far
};

// out: whole when `size` leaves were added.
void range_begin(struct range_maker *m, uint64_t first, uint64_t end, uint64_t size,
	struct range_proof *out);
void range_add(struct hasher *h, struct range_maker *m, const struct hash *leaf);

// Text that the caller frees; NULL: no memory.
char *range_write(const struct range_proof *p);
