// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/policy_sig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "{\"schema\": \"egress-policy/1\"}\n";

struct fixture {
	struct key_private *a, *b;
	struct key_public keys[2];
	char *sig; // by b over text, "park", 7
	char err[256];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->a = key_make("first");
	f->b = key_make("second");
	f->keys[0] = *key_public_of(f->a);
	f->keys[1] = *key_public_of(f->b);
	f->sig = policy_sig_make(f->b, text, strlen(text), "park", 7);
	assert_non_null(f->sig);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	key_free(f->a);
	key_free(f->b);
	free(f->sig);
	free(f);
	return 0;
}

static int check(struct fixture *f, const char *sig, const char *of, const char *id,
	uint32_t version, unsigned n_keys)
{
	f->err[0] = '\0';
	return policy_sig_check(sig, sig != NULL ? strlen(sig) : 0, of, strlen(of), id, version,
		f->keys, n_keys, f->err, sizeof(f->err));
}

// Refused, and the reason has these words.
static void refused(struct fixture *f, const char *sig, const char *of, const char *id,
	uint32_t version, const char *why)
{
	assert_int_equal(check(f, sig, of, id, version, 2), -EINVAL);
	if (strstr(f->err, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", f->err, why);
}

static void good(void **state)
{
	struct fixture *f = *state;
	char *by_a = policy_sig_make(f->a, text, strlen(text), "park", 7);

	assert_int_equal(check(f, f->sig, text, "park", 7, 2), 1); // which key it was
	assert_int_equal(check(f, by_a, text, "park", 7, 2), 0);
	free(by_a);
}

static void stripped(void **state)
{
	struct fixture *f = *state;

	refused(f, NULL, text, "park", 7, "not signed");
	refused(f, "", text, "park", 7, "not signed");
}

static void tampered(void **state)
{
	struct fixture *f = *state;
	char other[sizeof(text) + 1];

	for (size_t i = 0; i < strlen(text); i++) {
		strcpy(other, text);
		other[i] ^= 1;
		refused(f, f->sig, other, "park", 7, "does not fit the text");
	}
	strcpy(other, text);
	strcat(other, " ");
	refused(f, f->sig, other, "park", 7, "does not fit the text");
	refused(f, f->sig, "", "park", 7, "does not fit the text");
}

static void other_key(void **state)
{
	struct fixture *f = *state;
	struct key_private *same_name = key_make("second");
	char *sig = policy_sig_make(same_name, text, strlen(text), "park", 7), *at;

	assert_int_equal(check(f, f->sig, text, "park", 7, 1), -EINVAL);
	assert_non_null(strstr(f->err, "not among policy_keys"));
	refused(f, sig, text, "park", 7, "not among policy_keys");
	// The stranger writes the known key's name and id into it.
	at = strstr(sig, "second+");
	assert_non_null(at);
	snprintf(f->err, sizeof(f->err), "%08x", f->keys[1].id);
	memcpy(at + 7, f->err, 8);
	refused(f, sig, text, "park", 7, "does not fit the text");
	free(sig);
	key_free(same_name);
}

static void other_id_or_version(void **state)
{
	struct fixture *f = *state;
	char *at;

	refused(f, f->sig, text, "quay", 7, "the signature is for policy park version 7");
	refused(f, f->sig, text, "park", 8, "the text is policy park version 8");
	refused(f, f->sig, text, "par", 7, "the signature is for");
	// The envelope is made to fit: what was signed does not.
	at = strstr(f->sig, "\"version\":7");
	assert_non_null(at);
	at[10] = '8';
	refused(f, f->sig, text, "park", 8, "does not fit the text");
	at[10] = '7';
	memcpy(strstr(f->sig, "\"park\"") + 1, "quay", 4);
	refused(f, f->sig, text, "quay", 7, "does not fit the text");
}

static void damaged(void **state)
{
	struct fixture *f = *state;
	char *copy = strdup(f->sig), *at = strstr(copy, "\"signature\":\"") + 13;
	size_t n = strlen(f->sig);
	char *padded;

	for (unsigned i = 0; i < 88; i++) { // every character of the base64
		char had = at[i];

		at[i] = '!';
		refused(f, copy, text, "park", 7, "the signature is damaged");
		at[i] = had == 'A' ? 'B' : 'A';
		// The last before the padding has four bits that mean nothing (RFC 4648, 3.5).
		if (i != 85 || check(f, copy, text, "park", 7, 2) < 0)
			assert_int_equal(check(f, copy, text, "park", 7, 2), -EINVAL);
		at[i] = had;
	}
	for (size_t len = 1; len < n; len++) { // cut everywhere
		strcpy(copy, f->sig);
		copy[len] = '\0';
		refused(f, copy, text, "park", 7, "no egress-policy-sig/1");
	}
	refused(f, "[]", text, "park", 7, "no egress-policy-sig/1");
	refused(f, "{}", text, "park", 7, "no egress-policy-sig/1");
	padded = calloc(1, POLICY_SIG_MAX + 2);
	memset(padded, ' ', POLICY_SIG_MAX + 1);
	memcpy(padded, f->sig, n);
	refused(f, padded, text, "park", 7, "no egress-policy-sig/1");
	padded[POLICY_SIG_MAX] = '\0';
	assert_int_equal(check(f, padded, text, "park", 7, 2), 1);
	free(padded);
	free(copy);
}

static void more_than_belongs_there(void **state)
{
	struct fixture *f = *state;
	char sig[1024];

	snprintf(sig, sizeof(sig), "{\"more\":1,%s", f->sig + 1);
	refused(f, sig, text, "park", 7, "no egress-policy-sig/1");
	snprintf(sig, sizeof(sig), "{\"version\":7,%s", f->sig + 1);
	refused(f, sig, text, "park", 7, "no egress-policy-sig/1");
	snprintf(sig, sizeof(sig), "%s x", f->sig);
	refused(f, sig, text, "park", 7, "no egress-policy-sig/1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good, setup, teardown),
		cmocka_unit_test_setup_teardown(stripped, setup, teardown),
		cmocka_unit_test_setup_teardown(tampered, setup, teardown),
		cmocka_unit_test_setup_teardown(other_key, setup, teardown),
		cmocka_unit_test_setup_teardown(other_id_or_version, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(more_than_belongs_there, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
