// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Ed25519 keys (RFC 8032) that sign policies and log checkpoints.
//
// A private key is a PEM file (PKCS#8, RFC 5958), readable by its owner alone. A public key is one
// line of text as in C2SP's signed notes, NAME+HEX+BASE64: the key's name, its id (the first four
// bytes of SHA-256(NAME || "\n" || 0x01 || key)), and 0x01 followed by the 32 bytes of the key.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_SIGNATURE_SIZE 64
#define KEY_NAME_MAX       64
#define KEY_TEXT_MAX       192 // of a public key, with the NUL

struct key_public {
	char name[KEY_NAME_MAX + 1];
	uint32_t id;
	uint8_t key[32];
};

struct key_private; // with its public half

// A name is letters, digits, ".", "_", "-", "/"; 1 to KEY_NAME_MAX of them.
bool key_name_ok(const char *name);

// Makes a key. NULL without randomness or memory.
struct key_private *key_make(const char *name);
// Opens a file that holds a secret: a plain file that nobody but its owner (and root) can read. A
// descriptor, or -1 with a line in err.
int key_open_secret(const char *path, char *err, size_t err_size);
// From a PEM file that nobody but its owner (and root) can read. NULL with a line in err.
struct key_private *key_read_private(
	const char *path, const char *name, char *err, size_t err_size);
// Writes a new file, mode 0600; never over an old one. 0 or -errno.
int key_write_private(const struct key_private *k, const char *path);
void key_free(struct key_private *k);
const struct key_public *key_public_of(const struct key_private *k);

// One line of text, without a newline, and back. False where it is not a public key or its id is
// not its own.
void key_format(const struct key_public *k, char out[KEY_TEXT_MAX]);
bool key_parse(const char *text, struct key_public *out);
// The text itself, or the first line of the file of that name. False with a line in err.
bool key_read_public(const char *text_or_path, struct key_public *out, char *err, size_t err_size);

// 0 or -EIO.
int key_sign(
	const struct key_private *k, const void *data, size_t len, uint8_t out[KEY_SIGNATURE_SIZE]);
bool key_verify(const struct key_public *k, const void *data, size_t len,
	const uint8_t signature[KEY_SIGNATURE_SIZE]);

// Base64 (RFC 4648, section 4), padded. Room: 4 * ((len + 2) / 3) + 1.
void key_base64(const void *data, size_t len, char *out);
// False where it is not base64, or not of at most max bytes.
bool key_base64_decode(const char *text, uint8_t *out, size_t max, size_t *len);
