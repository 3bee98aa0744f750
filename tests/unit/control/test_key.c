// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/keys/key.h"
#include "tests/unit/control/folder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void round_trip(void **state)
{
	const char *path = folder_path(state, "key"), *pub = folder_path(state, "key.pub");
	struct key_private *k = key_make("park/gw-1"), *again;
	uint8_t sig[KEY_SIGNATURE_SIZE], sig2[KEY_SIGNATURE_SIZE];
	char text[KEY_TEXT_MAX], line[KEY_TEXT_MAX + 32], err[256] = "";
	struct key_public p, q;
	struct stat st;

	assert_non_null(k);
	assert_int_equal(key_write_private(k, path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(key_write_private(k, path), -EEXIST); // never over an old one
	again = key_read_private(path, "park/gw-1", err, sizeof(err));
	assert_non_null(again);
	key_format(key_public_of(k), text);
	assert_true(key_parse(text, &p));
	assert_memory_equal(&p, key_public_of(again), sizeof(p));
	snprintf(line, sizeof(line), "%s\nsomething else\n", text);
	folder_write(state, "key.pub", line);
	assert_true(key_read_public(pub, &q, err, sizeof(err)));
	assert_memory_equal(&p, &q, sizeof(p));
	assert_int_equal(key_sign(k, "some text", 9, sig), 0);
	assert_int_equal(key_sign(again, "some text", 9, sig2), 0);
	assert_memory_equal(sig, sig2, sizeof(sig)); // Ed25519 is deterministic
	assert_true(key_verify(&p, "some text", 9, sig));
	key_free(k);
	key_free(again);
}

static void every_bit_of_a_signature_counts(void **state)
{
	struct key_private *k = key_make("park"), *other = key_make("park");
	uint8_t sig[KEY_SIGNATURE_SIZE];
	char text[] = "some text";

	(void)state;
	assert_int_equal(key_sign(k, text, 9, sig), 0);
	for (unsigned i = 0; i < 8 * sizeof(sig); i++) {
		sig[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(key_verify(key_public_of(k), text, 9, sig));
		sig[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (unsigned i = 0; i < 8 * 9; i++) {
		text[i / 8] ^= (char)(1 << i % 8);
		assert_false(key_verify(key_public_of(k), text, 9, sig));
		text[i / 8] ^= (char)(1 << i % 8);
	}
	assert_false(key_verify(key_public_of(k), text, 8, sig));
	assert_false(key_verify(key_public_of(other), text, 9, sig));
	assert_true(key_verify(key_public_of(k), text, 9, sig));
	key_free(k);
	key_free(other);
}

static void modes_that_others_can_read(void **state)
{
	const char *path = folder_path(state, "key");
	struct key_private *k = key_make("park"), *got;
	char err[256];

	assert_int_equal(key_write_private(k, path), 0);
	for (unsigned mode = 0; mode < 0100; mode++) {
		assert_int_equal(chmod(path, 0600 | mode), 0);
		err[0] = '\0';
		got = key_read_private(path, "park", err, sizeof(err));
		if (mode == 0) {
			assert_non_null(got);
		} else {
			assert_null(got);
			assert_non_null(strstr(err, "chmod 600"));
		}
		key_free(got);
	}
	assert_null(key_read_private(*state, "park", err, sizeof(err))); // a folder
	assert_null(key_read_private(folder_path(state, "none"), "park", err, sizeof(err)));
	assert_non_null(strstr(err, "No such file"));
	key_free(k);
}

static void files_that_are_no_keys(void **state)
{
	// From `openssl genpkey -algorithm X25519`: a private key, but none that signs.
	static const char x25519[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VuBCIEIHBn+7Iq6ZkqFlYxQ0p0XHjvXh1Tz9o0aYbqXKJxT2Vd\n"
		"-----END PRIVATE KEY-----\n";
	static const char *const texts[] = {"", "no key\n", x25519,
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"};
	char err[256];

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		folder_write(state, "bad", texts[i]);
		assert_int_equal(chmod(folder_path(state, "bad"), 0600), 0);
		err[0] = '\0';
		assert_null(key_read_private(folder_path(state, "bad"), "park", err, sizeof(err)));
		assert_non_null(strstr(err, "not a private Ed25519 key"));
	}
}

static void public_keys_that_are_none(void **state)
{
	struct key_private *k = key_make("park");
	char good[KEY_TEXT_MAX], text[KEY_TEXT_MAX + 8];
	struct key_public p;
	size_t n;

	(void)state;
	key_format(key_public_of(k), good);
	n = strlen(good);
	// Each character replaced by another, cut everywhere, and something behind it: the id is a
	// hash over the name and the key.
	for (size_t i = 0; i < n; i++) {
		strcpy(text, good);
		text[i] = text[i] == 'B' ? 'C' : 'B';
		if (text[i] == 'B' && good[i] == 'b') // the id may be in capitals
			continue;
		assert_false(key_parse(text, &p));
		strcpy(text, good);
		text[i] = '\0';
		assert_false(key_parse(text, &p));
	}
	strcpy(text, good);
	strcat(text, " x");
	assert_false(key_parse(text, &p));
	strcpy(text, good);
	strcat(text, "\n");
	assert_true(key_parse(text, &p));
	key_free(k);
}

static void names(void **state)
{
	char longest[KEY_NAME_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[KEY_NAME_MAX + 1] = '\0';
	assert_false(key_name_ok(longest));
	longest[KEY_NAME_MAX] = '\0';
	assert_true(key_name_ok(longest));
	assert_true(key_name_ok("park.example/gw_1-a"));
	assert_false(key_name_ok(""));
	assert_false(key_name_ok("a+b"));
	assert_false(key_name_ok("a b"));
	assert_false(key_name_ok("p\xc3\xa4rk"));
	assert_null(key_make("a+b"));
}

static void base64(void **state)
{
	static const char *const bad[] = {"A", "AA", "AAA", "A===", "====", "AA=A", "AA==AAAA",
		"AAAA\n", " AAA", "AA-_", "AAAAA"};
	uint8_t data[48] = {0}, back[48];
	char text[80];
	size_t n;

	(void)state;
	for (size_t len = 0; len <= sizeof(data); len++) {
		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)(31 * i + len);
		key_base64(data, len, text);
		assert_int_equal(strlen(text), 4 * ((len + 2) / 3));
		assert_true(key_base64_decode(text, back, sizeof(back), &n));
		assert_int_equal(n, len);
		assert_memory_equal(back, data, len);
		if (len != 0)
			assert_false(key_base64_decode(text, back, len - 1, &n));
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(key_base64_decode(bad[i], back, sizeof(back), &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(round_trip, folder_make, folder_remove),
		cmocka_unit_test(every_bit_of_a_signature_counts),
		cmocka_unit_test_setup_teardown(
			modes_that_others_can_read, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(files_that_are_no_keys, folder_make, folder_remove),
		cmocka_unit_test(public_keys_that_are_none),
		cmocka_unit_test(names),
		cmocka_unit_test(base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
