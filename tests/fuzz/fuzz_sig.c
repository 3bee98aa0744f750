// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What comes with a pushed policy: the envelope of its signature ('e' and the text), and the public
// keys of a configuration ('k' and the text). The envelope's $K and $S stand for the name of the
// key that this run made and for its good signature, so that a search can be as near to an accepted
// one as it likes. Accepted must be that signature alone, over this text, id and version alone.

#include "app/control/policy_sig.h"
#include "tests/fuzz/want.h"

#include <jansson.h>
#include <string.h>

#define ID      "park"
#define VERSION 412u
#define TEXT    "{\"schema\":\"egress-policy/1\"}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct key_public keys[2]; // the one that did not sign comes first
static char good_name[KEY_NAME_MAX + 16], good_signature[96];

static void make_keys(void)
{
	struct key_private *other = key_make("other"), *k = key_make("fuzz");
	char *envelope = k != NULL ? policy_sig_make(k, TEXT, strlen(TEXT), ID, VERSION) : NULL;
	json_t *o = envelope != NULL ? json_loads(envelope, 0, NULL) : NULL;

	want(other != NULL && o != NULL);
	keys[0] = *key_public_of(other);
	keys[1] = *key_public_of(k);
	snprintf(good_name, sizeof(good_name), "%s", json_string_value(json_object_get(o, "key")));
	snprintf(good_signature, sizeof(good_signature), "%s",
		json_string_value(json_object_get(o, "signature")));
	json_decref(o);
	free(envelope);
	key_free(k);
	key_free(other);
}

// The input with what $K and $S stand for; the caller frees it.
static char *fill(const uint8_t *data, size_t size, size_t *len)
{
	char *out = malloc(size * (sizeof(good_signature) + sizeof(good_name)) + 1);

	want(out != NULL);
	*len = 0;
	for (size_t i = 0; i < size; i++) {
		const char *word = data[i] != '$' || i + 1 == size ? NULL
				   : data[i + 1] == 'K'            ? good_name
				   : data[i + 1] == 'S'            ? good_signature
								   : NULL;

		if (word == NULL) {
			out[(*len)++] = (char)data[i];
			continue;
		}
		memcpy(out + *len, word, strlen(word));
		*len += strlen(word);
		i++;
	}
	return out;
}

static int check(const char *sig, size_t len, const char *text, const char *id, uint32_t version)
{
	char err[256] = "";
	int k = policy_sig_check(
		sig, len, text, strlen(text), id, version, keys, 2, err, sizeof(err));

	want(k == -22 /* EINVAL */ || (k >= 0 && k < 2));
	want((k < 0) == (err[0] != '\0'));
	for (const char *c = err; *c != '\0'; c++) // goes to terminals and into JSON
		want(*c >= ' ' && *c <= '~');
	return k;
}

static void envelope(const uint8_t *data, size_t size)
{
	size_t len;
	char *sig = fill(data, size, &len);
	int k = check(sig, len, TEXT, ID, VERSION);
	json_t *o;

	want(check(sig, len, TEXT " ", ID, VERSION) < 0);
	want(check(sig, len, TEXT, ID, VERSION + 1) < 0);
	want(check(sig, len, TEXT, "par", VERSION) < 0);
	if (k >= 0) {
		want(k == 1);
		o = json_loadb(sig, len, 0, NULL);
		want(strcmp(json_string_value(json_object_get(o, "signature")), good_signature) ==
			0);
		want(strcmp(json_string_value(json_object_get(o, "key")), good_name) == 0);
		want(strcmp(json_string_value(json_object_get(o, "id")), ID) == 0);
		want(json_integer_value(json_object_get(o, "version")) == VERSION);
		json_decref(o);
	}
	free(sig);
}

static void public_key(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), again[KEY_TEXT_MAX];
	struct key_public k, same;

	want(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (key_parse(text, &k)) {
		want(key_name_ok(k.name));
		key_format(&k, again);
		want(key_parse(again, &same));
		want(same.id == k.id && strcmp(same.name, k.name) == 0);
		want(memcmp(same.key, k.key, sizeof(k.key)) == 0);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (good_name[0] == '\0')
		make_keys();
	if (size > 0 && data[0] == 'e')
		envelope(data + 1, size - 1);
	else if (size > 0 && data[0] == 'k')
		public_key(data + 1, size - 1);
	return 0;
}
