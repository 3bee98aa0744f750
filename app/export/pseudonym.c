// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/export/pseudonym.h"

#include "app/export/cells.h"
#include "app/export/prefix_cipher.h"
#include "app/keys/key.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAC_BYTES 32
#define TEXT_MAX  1024

enum treatment {
	LEAVE_OUT, // what the table does not know, too
	KEEP,
	ADDRESS,
	HOST,
	TENANT,
	WHO,
	FINGERPRINT,
	TUNNELS,
	ORIGIN, // of the remote end's prefix
};

static const struct {
	const char *key;
	enum treatment how;
} keys[] = {
	// flows
	{"v", KEEP},
	{"ev", KEEP},
	{"gw", KEEP},
	{"seq", KEEP},
	{"fid", KEEP},
	{"t0", KEEP},
	{"t1", KEEP},
	{"src", ADDRESS},
	{"sport", KEEP},
	{"dst", ADDRESS},
	{"dport", KEEP},
	{"proto", KEEP},
	{"vlan", LEAVE_OUT},
	{"tun", TUNNELS},
	{"init", KEEP},
	{"tn", TENANT},
	{"app", KEEP},
	{"master", KEEP},
	{"cat", KEEP},
	{"conf", KEEP},
	{"host", HOST},
	{"hsrc", KEEP},
	{"ja3", FINGERPRINT},
	{"risk", KEEP},
	{"asn", ORIGIN},
	{"cc", KEEP},
	{"ccs", KEEP},
	{"border", KEEP},
	{"act", KEEP},
	{"rule", KEEP},
	{"reason", KEEP},
	{"sev", KEEP},
	{"basis", KEEP},
	{"limit", KEEP},
	{"sh", KEEP},
	{"pol", KEEP},
	{"sact", KEEP},
	{"srule", KEEP},
	{"sreason", KEEP},
	{"spol", KEEP},
	{"ob", KEEP},
	{"rb", KEEP},
	{"op", KEEP},
	{"rp", KEEP},
	{"db", KEEP},
	{"dp", KEEP},
	{"pb", KEEP},
	{"pp", KEEP},
	{"dpkt", KEEP},
	{"cap", LEAVE_OUT},
	{"end", KEEP},
	// notices
	{"ver", KEEP},
	{"mode", KEEP},
	{"dpi", KEEP},
	{"dbs", KEEP},
	{"warn", LEAVE_OUT},
	{"how", KEEP},
	{"who", WHO},
	{"outcome", KEEP},
	{"id", KEEP},
	{"epoch", KEEP},
	{"sha256", KEEP},
	{"cause", KEEP},
	{"lost", KEEP},
	{"from", KEEP},
	{"to", KEEP},
	{"why", KEEP},
	{"attempted", KEEP},
	{"written", KEEP},
	{"lost_ring", KEEP},
	{"lost_disk", KEEP},
	{"pkts", KEEP},
	{"bytes", KEEP},
	{"missed", KEEP},
	{"detail", LEAVE_OUT},
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

struct pseudonym {
	EVP_MAC_CTX *mac;               // has the key
	struct prefix_cipher *prefixes; // NULL: addresses become tokens
};

// HMAC of kind, NUL, data: what is equal in two kinds does not get the same pseudonym.
static bool mac(
	struct pseudonym *p, const char *kind, const void *data, size_t len, uint8_t out[MAC_BYTES])
{
	size_t n = 0;

	return EVP_MAC_init(p->mac, NULL, 0, NULL) == 1 &&
	       EVP_MAC_update(p->mac, (const uint8_t *)kind, strlen(kind) + 1) == 1 &&
	       EVP_MAC_update(p->mac, data, len) == 1 &&
	       EVP_MAC_final(p->mac, out, &n, MAC_BYTES) == 1 && n == MAC_BYTES;
}

// ---- the key

static ssize_t read_key(const char *path, uint8_t *key, size_t size, char *err, size_t err_size)
{
	const int fd = key_open_secret(path, err, err_size);
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0) {
		return -1;
	}
	while (n < size && got > 0) {
		got = read(fd, key + n, size - n);
		n += got > 0 ? (size_t)got : 0;
		if (got < 0 && errno == EINTR) {
			got = 1;
		}
	}
	if (got < 0) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
	}
	close(fd);
	if (got >= 0 && (n < PSEUDONYM_KEY_MIN || n > PSEUDONYM_KEY_MAX)) {
		snprintf(err, err_size, "%s: expected a key of %d to %d random bytes, found %s%zu",
			path, PSEUDONYM_KEY_MIN, PSEUDONYM_KEY_MAX,
			n > PSEUDONYM_KEY_MAX ? "more than " : "",
			n > PSEUDONYM_KEY_MAX ? (size_t)PSEUDONYM_KEY_MAX : n);
		got = -1;
	}
	return got < 0 ? -1 : (ssize_t)n;
}

static bool start_mac(struct pseudonym *p, const uint8_t *key, size_t len)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	p->mac = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
	EVP_MAC_free(hmac); // the context keeps it
	return p->mac != NULL && EVP_MAC_init(p->mac, key, len, params) == 1;
}

static bool start_prefixes(struct pseudonym *p)
{
	uint8_t key[MAC_BYTES];
	const bool ok = mac(p, "prefixes", "", 0, key);

	static_assert(MAC_BYTES == PREFIX_CIPHER_KEY, "one HMAC is the cipher's key");
	p->prefixes = ok ? prefix_cipher_new(key) : NULL;
	OPENSSL_cleanse(key, sizeof(key));
	return p->prefixes != NULL;
}

struct pseudonym *pseudonym_open(
	const char *key_path, bool keep_prefixes, char *err, size_t err_size)
{
	uint8_t key[PSEUDONYM_KEY_MAX + 1];
	const ssize_t len = read_key(key_path, key, sizeof(key), err, err_size);
	struct pseudonym *p = len >= 0 ? calloc(1, sizeof(*p)) : NULL;

	if (len < 0) {
		return NULL;
	}
	if (p == NULL || !start_mac(p, key, (size_t)len) || (keep_prefixes && !start_prefixes(p))) {
		snprintf(err, err_size, "out of memory, or OpenSSL has no HMAC-SHA-256 or AES-128");
		pseudonym_close(p);
		p = NULL;
	}
	OPENSSL_cleanse(key, sizeof(key));
	return p;
}

void pseudonym_close(struct pseudonym *p)
{
	if (p == NULL) {
		return;
	}
	EVP_MAC_CTX_free(p->mac);
	prefix_cipher_free(p->prefixes);
	free(p);
}

// ---- values

static const uint8_t token_prefix[8] = {0x01}; // 100::/64

static bool put_address(struct pseudonym *p, struct json_out *j, const struct cell *c)
{
	struct address a = address_parse(c);
	uint8_t out[MAC_BYTES];

	if (p->prefixes != NULL) {
		if (!prefix_cipher_map(p->prefixes, &a)) {
			return false;
		}
	} else {
		if (!mac(p, "address", a.b, address_size(&a), out)) {
			return false;
		}
		out[0] = (uint8_t)((out[0] & 0x7f) | (a.version == 6 ? 0x80 : 0));
		a.version = 6;
		memcpy(a.b, token_prefix, 8);
		memcpy(a.b + 8, out, 8);
	}
	json_put_address(j, a.version, a.b);
	return true;
}

// `digits` hex digits of the HMAC of the text between what stands before and behind.
static bool put_token(struct pseudonym *p, struct json_out *j, const char *kind,
	const struct cell *c, const char *before, unsigned digits, const char *behind)
{
	static const char hex_digits[] = "0123456789abcdef";
	char text[TEXT_MAX], hex[2 * MAC_BYTES];
	const size_t len = cell_text(c, text, sizeof(text));
	uint8_t out[MAC_BYTES];

	for (size_t i = 0; i < len; i++) {
		text[i] = (char)tolower((unsigned char)text[i]);
	}
	if (!mac(p, kind, text, len, out)) {
		return false;
	}
	for (unsigned i = 0; i < MAC_BYTES; i++) {
		hex[2 * i] = hex_digits[out[i] >> 4];
		hex[2 * i + 1] = hex_digits[out[i] & 15];
	}
	JSON_LITERAL(j, "\"");
	json_put_raw(j, before, strlen(before));
	json_put_raw(j, hex, digits);
	json_put_raw(j, behind, strlen(behind));
	JSON_LITERAL(j, "\"");
	return true;
}

static void put_tunnels(struct json_out *j, const struct cell *list)
{
	struct cell item;
	size_t at = 0;

	JSON_LITERAL(j, "[");
	for (bool first = true; cell_next(list, &at, &item); first = false) {
		const char *colon = memchr(item.text, ':', item.len);
		const size_t len = colon != NULL ? (size_t)(colon - item.text) : item.len;

		if (!first) {
			JSON_LITERAL(j, ",");
		}
		json_put_string(j, item.text, len);
	}
	JSON_LITERAL(j, "]");
}

static bool put_value(
	struct pseudonym *p, struct json_out *j, enum treatment how, const struct cell *c)
{
	switch (how) {
	case ADDRESS:
		return put_address(p, j, c);
	case HOST:
		return put_token(p, j, "host", c, "h-", 32, ".invalid");
	case TENANT:
		if (cell_is(c, "_unlisted", false)) {
			cells_put(j, c);
			return true;
		}
		return put_token(p, j, "tenant", c, "tn-", 16, "");
	case WHO:
		return put_token(p, j, "who", c, "who-", 16, "");
	case FINGERPRINT:
		return put_token(p, j, "ja3", c, "", 32, "");
	case TUNNELS:
		put_tunnels(j, c);
		return true;
	case LEAVE_OUT:
	case KEEP:
	case ORIGIN:
		break;
	}
	cells_put(j, c);
	return true;
}

// *at is where the key before was found: lines have their keys in the table's order.
static enum treatment find_key(const struct cell *c, unsigned *at)
{
	for (unsigned i = 0; i < N_KEYS; i++, *at = (*at + 1) % N_KEYS) {
		if (strlen(keys[*at].key) == c->key_len &&
			memcmp(keys[*at].key, c->key, c->key_len) == 0) {
			return keys[*at].how;
		}
	}
	return LEAVE_OUT;
}

static enum treatment treatment_of(const struct pseudonym *p, const struct cell *c, unsigned *at)
{
	const enum treatment how = find_key(c, at);

	if ((how == ORIGIN && p->prefixes != NULL) ||
		(how == ADDRESS && address_parse(c).version == 0) ||
		(how == TUNNELS && c->kind != CELL_LIST)) {
		return LEAVE_OUT;
	}
	return how;
}

bool pseudonym_put(struct pseudonym *p, struct json_out *j, const struct row *r)
{
	bool first = true;
	unsigned at = 0;

	JSON_LITERAL(j, "{");
	for (unsigned i = 0; i < r->n; i++) {
		const struct cell *c = &r->cells[i];
		const enum treatment how = treatment_of(p, c, &at);

		if (how == LEAVE_OUT) {
			continue;
		}
		if (!first) {
			JSON_LITERAL(j, ",");
		}
		first = false;
		JSON_LITERAL(j, "\"");
		json_put_raw(j, c->key, c->key_len); // one of the table's
		JSON_LITERAL(j, "\":");
		if (!put_value(p, j, how, c)) {
			return false;
		}
	}
	JSON_LITERAL(j, "}");
	return true;
}
