// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/tree.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct hasher {
	EVP_MD *md; // fetched once: looking it up costs more than hashing a line
	EVP_MD_CTX *ctx;
};

struct hasher *hasher_new(void)
{
	struct hasher *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->ctx = EVP_MD_CTX_new();
	if (h->md == NULL || h->ctx == NULL || EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1) {
		hasher_free(h);
		return NULL;
	}
	return h;
}

void hasher_free(struct hasher *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->md);
	free(h);
}

// With the context made, none of these calls allocates, so none fails; were one to, the hash is
// zeros, which no verifier takes for a root.
static void digest(struct hasher *h, const uint8_t *prefix, const void *a, size_t a_len,
	const void *b, size_t b_len, struct hash *out)
{
	struct hash result;
	unsigned n = 0;
	bool ok = EVP_DigestInit_ex2(h->ctx, NULL, NULL) == 1;

	if (prefix != NULL)
		ok = ok && EVP_DigestUpdate(h->ctx, prefix, 1) == 1;
	ok = ok && EVP_DigestUpdate(h->ctx, a, a_len) == 1;
	if (b_len != 0)
		ok = ok && EVP_DigestUpdate(h->ctx, b, b_len) == 1;
	ok = ok && EVP_DigestFinal_ex(h->ctx, result.b, &n) == 1;
	if (ok)
		*out = result;
	else
		memset(out, 0, sizeof(*out));
}

void hash_bytes(struct hasher *h, const void *data, size_t len, struct hash *out)
{
	digest(h, NULL, data, len, NULL, 0, out);
}

void hash_leaf(struct hasher *h, const void *data, size_t len, struct hash *out)
{
	static const uint8_t prefix = 0x00;

	digest(h, &prefix, data, len, NULL, 0, out);
}

void hash_node(
	struct hasher *h, const struct hash *left, const struct hash *right, struct hash *out)
{
	static const uint8_t prefix = 0x01;

	digest(h, &prefix, left->b, sizeof(left->b), right->b, sizeof(right->b), out);
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool hash_is_zero(const struct hash *a)
{
	static const struct hash zero;

	return hash_equal(a, &zero);
}

void hash_hex(const struct hash *a, char out[65])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < sizeof(a->b); i++) {
		out[2 * i] = digits[a->b[i] >> 4];
		out[2 * i + 1] = digits[a->b[i] & 15];
	}
	out[64] = '\0';
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hash_parse_hex(const char *text, struct hash *out)
{
	for (unsigned i = 0; i < sizeof(out->b); i++) {
		const int high = digit(text[2 * i]);
		const int low = high < 0 ? -1 : digit(text[2 * i + 1]);

		if (low < 0)
			return false;
		out->b[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
