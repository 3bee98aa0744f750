// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/export/prefix_cipher.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16

struct prefix_cipher {
	EVP_CIPHER_CTX *aes;
	uint8_t pad[BLOCK];
	uint8_t in[128 * BLOCK], out[128 * BLOCK]; // one block for each bit of an address
};

static bool encrypt(struct prefix_cipher *p, const uint8_t *in, uint8_t *out, int n)
{
	int len = 0;

	return EVP_EncryptUpdate(p->aes, out, &len, in, n) == 1 && len == n;
}

struct prefix_cipher *prefix_cipher_new(const uint8_t key[PREFIX_CIPHER_KEY])
{
	struct prefix_cipher *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		return NULL;
	}
	p->aes = EVP_CIPHER_CTX_new();
	if (p->aes == NULL ||
		EVP_EncryptInit_ex2(p->aes, EVP_aes_128_ecb(), key, NULL, NULL) != 1 ||
		EVP_CIPHER_CTX_set_padding(p->aes, 0) != 1 ||
		!encrypt(p, key + BLOCK, p->pad, BLOCK)) {
		prefix_cipher_free(p);
		return NULL;
	}
	return p;
}

void prefix_cipher_free(struct prefix_cipher *p)
{
	if (p == NULL) {
		return;
	}
	EVP_CIPHER_CTX_free(p->aes);
	OPENSSL_cleanse(p, sizeof(*p));
	free(p);
}

// The first `bits` bits of a, then those of the padding.
static void put_prefix(uint8_t block[BLOCK], const uint8_t *pad, const uint8_t *a, unsigned bits)
{
	const unsigned whole = bits / 8;

	memcpy(block, pad, BLOCK);
	memcpy(block, a, whole);
	if (bits % 8 != 0) {
		const uint8_t mask = (uint8_t)(0xff00u >> bits % 8);

		block[whole] = (uint8_t)((a[whole] & mask) | (pad[whole] & ~mask));
	}
}

bool prefix_cipher_map(struct prefix_cipher *p, struct address *a)
{
	const unsigned bits = 8 * (unsigned)address_size(a);

	// Bit i is flipped by the first bit of the cipher of the i bits before it, so all blocks
	// are known beforehand and go through the cipher at once.
	for (unsigned i = 0; i < bits; i++) {
		put_prefix(p->in + (size_t)i * BLOCK, p->pad, a->b, i);
	}
	if (bits != 0 && !encrypt(p, p->in, p->out, (int)(bits * BLOCK))) {
		return false;
	}
	for (unsigned i = 0; i < bits; i++) {
		a->b[i / 8] ^= (uint8_t)((p->out[(size_t)i * BLOCK] >> 7) << (7 - i % 8));
	}
	return true;
}
