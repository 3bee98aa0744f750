// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/policy_sig.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "egress-policy-sig/1"

// What is signed; the caller frees it.
static char *signed_bytes(const char *text, size_t len, const char *id, uint32_t version, size_t *n)
{
	char head[160];
	int h = snprintf(head, sizeof(head), FORMAT "\n%.64s\n%u\n", id, version);
	char *all = malloc((size_t)h + len);

	if (all == NULL)
		return NULL;
	memcpy(all, head, (size_t)h);
	memcpy(all + h, text, len);
	*n = (size_t)h + len;
	return all;
}

char *policy_sig_make(
	const struct key_private *k, const char *text, size_t len, const char *id, uint32_t version)
{
	const struct key_public *pub = key_public_of(k);
	uint8_t sig[KEY_SIGNATURE_SIZE];
	char name[KEY_NAME_MAX + 16], base64[96], *out = NULL;
	size_t n;
	char *all = signed_bytes(text, len, id, version, &n);
	json_t *o;

	if (all == NULL || key_sign(k, all, n, sig) < 0) {
		free(all);
		return NULL;
	}
	free(all);
	key_base64(sig, sizeof(sig), base64);
	snprintf(name, sizeof(name), "%s+%08x", pub->name, pub->id);
	o = json_pack("{s:s, s:s, s:I, s:s, s:s}", "format", FORMAT, "id", id, "version",
		(json_int_t)version, "key", name, "signature", base64);
	out = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return out;
}

static int bad(char *err, size_t err_size, const char *what)
{
	snprintf(err, err_size, "%s", what);
	return -EINVAL;
}

// What an envelope says goes to terminals, records and answers in JSON: only what cannot harm them.
static const char *shown(const char *name)
{
	const size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (name[i] < ' ' || name[i] > '~')
			return "(no name)";
	return len <= KEY_NAME_MAX + 9 ? name : "(too long)"; // a key's has its id behind it
}

struct envelope {
	const char *format, *id, *key, *signature;
	json_int_t version;
};

static int find_key(const char *name, const struct key_public *keys, unsigned n)
{
	char text[KEY_NAME_MAX + 16];

	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%s+%08x", keys[i].name, keys[i].id);
		if (strcmp(text, name) == 0)
			return (int)i;
	}
	return -1;
}

static int check(const struct envelope *e, const char *text, size_t len, const char *id,
	uint32_t version, const struct key_public *keys, unsigned n_keys, char *err,
	size_t err_size)
{
	uint8_t sig[KEY_SIGNATURE_SIZE];
	size_t n_sig, n;
	int k = find_key(e->key, keys, n_keys);
	bool good;
	char *all;

	if (strcmp(e->id, id) != 0 || e->version != (json_int_t)version) {
		snprintf(err, err_size,
			"the signature is for policy %s version %" JSON_INTEGER_FORMAT
			", the text is policy %.64s version %u",
			shown(e->id), e->version, id, version);
		return -EINVAL;
	}
	if (k < 0) {
		snprintf(err, err_size, "signed by key %s, which is not among policy_keys",
			shown(e->key));
		return -EINVAL;
	}
	if (!key_base64_decode(e->signature, sig, sizeof(sig), &n_sig) || n_sig != sizeof(sig))
		return bad(err, err_size, "the signature is damaged");
	all = signed_bytes(text, len, id, version, &n);
	if (all == NULL)
		return bad(err, err_size, "no memory to check the signature");
	good = key_verify(&keys[k], all, n, sig);
	free(all);
	return good ? k
		    : bad(err, err_size,
			      "the signature does not fit the text: the policy was changed after "
			      "it was signed");
}

int policy_sig_check(const char *sig, size_t sig_len, const char *text, size_t len, const char *id,
	uint32_t version, const struct key_public *keys, unsigned n_keys, char *err,
	size_t err_size)
{
	struct envelope e;
	json_error_t je;
	json_t *o;
	int rc;

	if (sig == NULL || sig_len == 0)
		return bad(err, err_size,
			"the policy is not signed, and this gateway has policy_keys");
	o = sig_len <= POLICY_SIG_MAX ? json_loadb(sig, sig_len, JSON_REJECT_DUPLICATES, &je)
				      : NULL;
	if (o == NULL ||
		json_unpack_ex(o, &je, JSON_STRICT, "{s:s, s:s, s:I, s:s, s:s}", "format",
			&e.format, "id", &e.id, "version", &e.version, "key", &e.key, "signature",
			&e.signature) < 0 ||
		strcmp(e.format, FORMAT) != 0)
		rc = bad(err, err_size, "the signature is no " FORMAT);
	else
		rc = check(&e, text, len, id, version, keys, n_keys, err, err_size);
	json_decref(o);
	return rc;
}
