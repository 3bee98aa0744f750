// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/keys/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALGORITHM 0x01 // Ed25519 in signed notes

struct key_private {
	struct key_public pub;
	EVP_PKEY *pkey;
};

bool key_name_ok(const char *name)
{
	size_t n =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/");

	return n != 0 && n <= KEY_NAME_MAX && name[n] == '\0';
}

static uint32_t id_of(const struct key_public *k)
{
	uint8_t text[KEY_NAME_MAX + 2 + 32], hash[SHA256_DIGEST_LENGTH];
	size_t n = strlen(k->name);

	memcpy(text, k->name, n);
	text[n++] = '\n';
	text[n++] = ALGORITHM;
	memcpy(text + n, k->key, sizeof(k->key));
	SHA256(text, n + sizeof(k->key), hash);
	return (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
}

// Takes the key over.
static struct key_private *wrap(EVP_PKEY *pkey, const char *name)
{
	struct key_private *k = calloc(1, sizeof(*k));
	size_t n = sizeof(k->pub.key);

	if (k == NULL || EVP_PKEY_get_raw_public_key(pkey, k->pub.key, &n) != 1 || n != 32) {
		EVP_PKEY_free(pkey);
		free(k);
		return NULL;
	}
	k->pkey = pkey;
	strcpy(k->pub.name, name);
	k->pub.id = id_of(&k->pub);
	return k;
}

struct key_private *key_make(const char *name)
{
	EVP_PKEY *pkey;

	if (!key_name_ok(name))
		return NULL;
	pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return pkey != NULL ? wrap(pkey, name) : NULL;
}

int key_open_secret(const char *path, char *err, size_t err_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0) {
		snprintf(err, err_size,
			"%s: a private key must be a file that its owner alone can read; chmod 600 "
			"it",
			path);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

struct key_private *key_read_private(const char *path, const char *name, char *err, size_t err_size)
{
	int fd = key_open_secret(path, err, err_size);
	struct key_private *k = NULL;
	EVP_PKEY *pkey;
	FILE *f;

	if (fd < 0)
		return NULL;
	f = fdopen(fd, "r");
	pkey = f != NULL ? PEM_read_PrivateKey(f, NULL, NULL, (void *)(uintptr_t) "") : NULL;
	if (f != NULL)
		fclose(f);
	else
		close(fd);
	if (pkey != NULL && EVP_PKEY_is_a(pkey, "ED25519") && key_name_ok(name))
		k = wrap(pkey, name);
	else
		EVP_PKEY_free(pkey);
	if (k == NULL)
		snprintf(err, err_size,
			"%s: not a private Ed25519 key in PEM (bhctl keygen makes one)", path);
	return k;
}

int key_write_private(const struct key_private *k, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc = 0;
	FILE *f;

	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (f == NULL) {
		rc = -errno;
		close(fd);
	} else {
		if (PEM_write_PKCS8PrivateKey(f, k->pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
			fflush(f) != 0 || fsync(fd) < 0)
			rc = -EIO;
		if (fclose(f) != 0)
			rc = -EIO;
	}
	if (rc < 0)
		unlink(path);
	return rc;
}

void key_free(struct key_private *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

const struct key_public *key_public_of(const struct key_private *k)
{
	return &k->pub;
}

void key_base64(const void *data, size_t len, char *out)
{
	EVP_EncodeBlock((unsigned char *)out, data, (int)len);
}

bool key_base64_decode(const char *text, uint8_t *out, size_t max, size_t *len)
{
	size_t n = strlen(text), pad = 0;
	unsigned char buf[1024];

	// OpenSSL would skip white space and take a text without its padding.
	if (n % 4 != 0 || n / 4 * 3 > sizeof(buf) ||
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") !=
			n)
		return false;
	while (pad < n && text[n - 1 - pad] == '=')
		pad++;
	if (pad > 2 || (n != 0 && strcspn(text, "=") != n - pad))
		return false;
	if (EVP_DecodeBlock(buf, (const unsigned char *)text, (int)n) < 0)
		return false;
	*len = n / 4 * 3 - pad;
	if (*len > max)
		return false;
	memcpy(out, buf, *len);
	return true;
}

void key_format(const struct key_public *k, char out[KEY_TEXT_MAX])
{
	uint8_t typed[33] = {ALGORITHM};
	char base64[48];

	memcpy(typed + 1, k->key, sizeof(k->key));
	key_base64(typed, sizeof(typed), base64);
	snprintf(out, KEY_TEXT_MAX, "%s+%08x+%s", k->name, k->id, base64);
}

bool key_parse(const char *text, struct key_public *out)
{
	const char *plus = strchr(text, '+');
	char base64[64], *end;
	uint8_t typed[33];
	size_t n, len;

	memset(out, 0, sizeof(*out));
	if (plus == NULL || (size_t)(plus - text) > KEY_NAME_MAX)
		return false;
	memcpy(out->name, text, (size_t)(plus - text));
	if (!key_name_ok(out->name) || strspn(plus + 1, "0123456789abcdefABCDEF") != 8 ||
		plus[9] != '+')
		return false;
	out->id = (uint32_t)strtoul(plus + 1, &end, 16);
	n = strcspn(plus + 10, " \t\r\n");
	if (n >= sizeof(base64) || plus[10 + n + strspn(plus + 10 + n, " \t\r\n")] != '\0')
		return false;
	memcpy(base64, plus + 10, n);
	base64[n] = '\0';
	if (!key_base64_decode(base64, typed, sizeof(typed), &len) || len != sizeof(typed) ||
		typed[0] != ALGORITHM)
		return false;
	memcpy(out->key, typed + 1, sizeof(out->key));
	return out->id == id_of(out);
}

bool key_read_public(const char *text_or_path, struct key_public *out, char *err, size_t err_size)
{
	char line[512] = "";
	FILE *f;

	if (key_parse(text_or_path, out))
		return true;
	f = fopen(text_or_path, "re");
	if (f == NULL) {
		snprintf(err, err_size,
			"%.300s: neither a public key nor a file that can be read: %s",
			text_or_path, strerror(errno));
		return false;
	}
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	if (key_parse(line, out))
		return true;
	snprintf(err, err_size, "%.300s: its first line is not a public key (NAME+ID+BASE64)",
		text_or_path);
	return false;
}

int key_sign(
	const struct key_private *k, const void *data, size_t len, uint8_t out[KEY_SIGNATURE_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = KEY_SIGNATURE_SIZE;
	int ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) == 1 &&
		 EVP_DigestSign(ctx, out, &n, data, len) == 1;

	EVP_MD_CTX_free(ctx);
	return ok && n == KEY_SIGNATURE_SIZE ? 0 : -EIO;
}

bool key_verify(const struct key_public *k, const void *data, size_t len,
	const uint8_t signature[KEY_SIGNATURE_SIZE])
{
	EVP_PKEY *pkey =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->key, sizeof(k->key));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = pkey != NULL && ctx != NULL &&
		  EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
		  EVP_DigestVerify(ctx, signature, KEY_SIGNATURE_SIZE, data, len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return ok;
}
