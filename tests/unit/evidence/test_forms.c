// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The forms that stand on disk: entries, checkpoints, frames, names.

#include "app/evidence/crc32c.h"
#include "app/evidence/entry.h"
#include "app/evidence/frame.h"
#include "app/evidence/note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEX_12 "1212121212121212121212121212121212121212121212121212121212121212"
#define HEX_00 "0000000000000000000000000000000000000000000000000000000000000000"

static const char line[] =
	"{\"v\":2,\"gw\":\"gw \\\"a1\\\"\",\"boot\":\"00000000deadbeef\",\"block\":41,"
	"\"kept\":12,\"first\":163841,"
	"\"n\":4096,\"t0\":-5,\"t1\":1795510800000000,\"root\":\"" HEX_12 "\",\"prev\":\"" HEX_00
	"\",\"attempted\":167999,\"ring_full\":1,\"disk_full\":2,\"write_error\":3,\"too_long\":4,"
	"\"crash\":5,\"missed\":18446744073709551615,\"policy\":\"" HEX_12 "\",\"db\":\"" HEX_00
	"\",\"dpi\":\"nDPI 4.2.0\"}";

static void test_entry(void **state)
{
	char again[ENTRY_LINE_MAX];
	struct entry e;

	assert_true(entry_parse(line, sizeof(line) - 1, &e));
	assert_string_equal(e.gw, "\"gw \\\"a1\\\"\"");
	assert_true(e.states_kept && e.kept == 12);
	assert_true(e.boot == 0xdeadbeef && e.block == 41 && e.first == 163841 && e.n == 4096);
	assert_true(e.t0 == -5 && e.t1 == 1795510800000000 && e.attempted == 167999);
	assert_true(e.missed == UINT64_MAX && entry_lost(&e) == 15);
	assert_true(e.root.b[31] == 0x12 && hash_is_zero(&e.prev) && hash_is_zero(&e.db));
	assert_int_equal(entry_format(&e, again), sizeof(line) - 1);
	assert_string_equal(again, line);
}

static bool parses(const char *from, const char *to)
{
	char text[ENTRY_LINE_MAX + 64];
	const char *at = strstr(line, from);
	struct entry e;

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line, to, at + strlen(from));
	return entry_parse(text, strlen(text), &e);
}

// One form only: what means the same but is written otherwise has another hash.
static void test_entry_has_one_form(void **state)
{
	struct entry e;
	char text[ENTRY_LINE_MAX];

	assert_true(parses("163841", "163842"));
	assert_false(parses("163841", "0163841"));
	assert_false(parses("163841", " 163841"));
	assert_false(parses("163841", "+163841"));
	assert_false(parses("163841", "1638410000000000000000000"));
	assert_false(parses("163841", "163841.0"));
	assert_false(parses("\"n\":4096,", ""));
	assert_false(parses("\"n\":4096,", "\"n\":4096,\"n\":4096,"));
	assert_false(parses("\"v\":2", "\"v\":1"));
	assert_false(parses("\"v\":2", "\"v\":3"));
	assert_false(parses("\"kept\":12,", ""));
	assert_false(parses("\"kept\":12,", "\"kept\":012,"));
	assert_false(parses("\"block\":41,\"kept\":12,", "\"kept\":12,\"block\":41,"));
	assert_false(parses("deadbeef", "DEADBEEF"));
	assert_false(parses("1212\",\"prev", "121\",\"prev"));
	assert_false(parses("1212\",\"prev", "12AB\",\"prev"));
	assert_false(parses("nDPI 4.2.0\"}", "nDPI 4.2.0\"} "));
	assert_false(parses("nDPI 4.2.0\"}", "nDPI 4.2.0\",\"x\":1}"));
	assert_false(parses("nDPI", "\n"));
	for (size_t n = 0; n < sizeof(line) - 1; n++)
		assert_false(entry_parse(line, n, &e));
	for (size_t i = 0; i < sizeof(line) - 1; i++) { // no byte can be lost
		memcpy(text, line, i);
		memcpy(text + i, line + i + 1, sizeof(line) - 1 - i);
		if (entry_parse(text, sizeof(line) - 2, &e)) {
			char again[ENTRY_LINE_MAX];

			entry_format(&e, again);
			assert_string_equal(again, text);
		}
	}
}

// An entry of before "kept" was: it states nothing, and is written as it was read.
static void test_entry_of_format_1(void **state)
{
	char text[ENTRY_LINE_MAX], again[ENTRY_LINE_MAX];
	const char *at = strstr(line, "\"kept\":12,");
	struct entry e;

	snprintf(text, sizeof(text), "{\"v\":1%.*s%s", (int)(at - line) - 6, line + 6,
		at + strlen("\"kept\":12,"));
	assert_true(entry_parse(text, strlen(text), &e));
	assert_true(!e.states_kept && e.kept == 0 && e.block == 41 && e.first == 163841);
	assert_int_equal(entry_format(&e, again), strlen(text));
	assert_string_equal(again, text);
}

// What is kept never becomes more, nor begins behind the block itself, nor is stated no more.
static void test_kept_follows(void **state)
{
	struct entry a, b;

	assert_true(entry_parse(line, sizeof(line) - 1, &a));
	b = a;
	b.block = 42;
	b.first = b.attempted = a.attempted + 1;
	b.n = 1;
	assert_null(entry_follows(&b, &a));
	b.kept = 42;
	assert_null(entry_follows(&b, &a));
	b.kept = 43;
	assert_non_null(entry_follows(&b, &a));
	b.kept = 11;
	assert_non_null(entry_follows(&b, &a));
	b.states_kept = false;
	b.kept = 0;
	assert_non_null(entry_follows(&b, &a));
	a.states_kept = false;
	a.kept = 0;
	assert_null(entry_follows(&b, &a));
	b.states_kept = true;
	b.kept = 7;
	assert_null(entry_follows(&b, &a));
}

static void test_entries_follow(void **state)
{
	struct entry a, b;

	assert_true(entry_parse(line, sizeof(line) - 1, &a));
	b = a;
	b.block = 42;
	b.first = a.attempted + 4; // three lost
	b.n = 2;
	b.attempted = b.first + 1;
	b.t0 = 0;
	assert_null(entry_follows(&b, &a));
	assert_false(entry_adds_up(&b, &a));
	b.ring_full += 3;
	assert_true(entry_adds_up(&b, &a));
	b.ring_full += 1;
	assert_false(entry_adds_up(&b, &a));
	b.block = 43;
	assert_non_null(entry_follows(&b, &a));
	b.block = 42;
	b.first = a.attempted;
	assert_non_null(entry_follows(&b, &a));
	b.first = a.attempted + 4;
	b.n = 3; // more records than numbers
	assert_non_null(entry_follows(&b, &a));
	b.n = 2;
	strcpy(b.gw, "\"gw-b2\"");
	assert_non_null(entry_follows(&b, &a));
	assert_non_null(entry_follows(&a, NULL));
}

// The example of Go's golang.org/x/mod/sumdb/note, which the specification grew from.
static void test_published_note(void **state)
{
	static const char vkey[] =
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
	static const char text[] = "If you think cryptography is the answer to your problem,\n"
				   "then you don't know what your problem is.\n\n"
				   "\xe2\x80\x94 PeterNeumann "
				   "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2"
				   "pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
	struct note n = {.text = text, .len = sizeof(text) - 1, .signatures = 1};
	char changed[sizeof(text)], signer[KEY_NAME_MAX + 16];
	struct key_public k;

	n.body = (size_t)(strstr(text, "\n\n") + 1 - text);
	assert_true(key_parse(vkey, &k));
	assert_int_equal(note_check(&n, &k), NOTE_SIGNED);
	assert_true(note_signer(&n, 0, signer));
	assert_string_equal(signer, "PeterNeumann+c74f20a3");
	memcpy(changed, text, sizeof(text));
	changed[0] = 'i';
	n.text = changed;
	assert_int_equal(note_check(&n, &k), NOTE_FORGED);
	k.id++;
	assert_int_equal(note_check(&n, &k), NOTE_UNSIGNED);
}

static void test_checkpoint(void **state)
{
	struct checkpoint c = {.origin = "gw-a1", .size = 1204, .has_time = true, .time = 7}, again;
	struct key_private *k = key_make("gw-a1"), *w = key_make("witness.example/w1");
	char text[NOTE_MAX + 1];
	struct note n;
	size_t len, both;

	memset(c.root.b, 0xa5, sizeof(c.root.b));
	len = note_make(&c, NULL, text);
	assert_string_equal(
		text, "gw-a1\n1204\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\ntime 7\n\n");
	assert_true(note_read(text, len, &n, &again));
	assert_true(n.len == len && n.signatures == 0 && n.body == len - 1);
	len = note_make(&c, k, text);
	both = note_cosign(text, len, w);
	assert_true(both > len);
	assert_true(note_read(text, both, &n, &again));
	assert_true(n.len == both && n.signatures == 2);
	assert_memory_equal(&again.root, &c.root, sizeof(c.root));
	assert_true(again.size == 1204 && again.has_time && again.time == 7);
	assert_int_equal(note_check(&n, key_public_of(k)), NOTE_SIGNED);
	assert_int_equal(note_check(&n, key_public_of(w)), NOTE_SIGNED);
	text[len + 30] ^= 1; // the witness's
	assert_int_equal(note_check(&n, key_public_of(k)), NOTE_SIGNED);
	assert_true(note_check(&n, key_public_of(w)) != NOTE_SIGNED);
	// Cut anywhere, it is no note, but for where its signatures end (or their dash has only
	// begun).
	for (size_t i = 0; i < both; i++) {
		if (note_read(text, i, &n, &again)) {
			assert_in_range(i, n.len, n.len + 3);
			assert_true(n.signatures == 0 ? n.len == n.body + 1 : n.len == len);
		}
	}
	key_free(k);
	key_free(w);
}

static void test_bad_checkpoints(void **state)
{
	static const char *const bad[] = {"", "\n", "gw\n01\nAAAA\n\n", "gw\n1\nAAAA\n\n",
		"gw\n-1\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\n\n",
		"\n1\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\n\n",
		"gw\n1\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU\n\n",
		"gw\n1\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\n",
		"gw\n99999999999999999999\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\n\n"};
	struct checkpoint c = {.origin = ""};
	char text[NOTE_MAX];
	struct note n;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(note_read(bad[i], strlen(bad[i]), &n, &c));
	c.origin[0] = '\0';
	assert_int_equal(note_make(&c, NULL, text), 0);
	strcpy(c.origin, "two\nlines");
	assert_int_equal(note_make(&c, NULL, text), 0);
}

static void test_crc(void **state)
{
	uint8_t bytes[32] = {0};

	assert_int_equal(crc32c("123456789", 9), 0xe3069283); // the usual check value
	assert_int_equal(crc32c(bytes, 32), 0x8a9136aa);      // RFC 3720, B.4
	for (unsigned i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	assert_int_equal(crc32c(bytes, 32), 0x46dd794e);
}

static void test_entry_frame(void **state)
{
	const struct frame_block b = {77, 0x12345678, 1000, line, sizeof(line) - 1};
	const size_t size = frame_entry_size(sizeof(line) - 1);
	uint8_t *p = malloc(size);
	struct frame_block out;
	size_t used;

	assert_non_null(p);
	frame_put_entry(p, &b);
	assert_memory_equal(p, "\x5b\x2a\x4d\x18", 4);
	assert_int_equal(frame_read(p, size, &out, &used), FRAME_ENTRY);
	assert_int_equal(used, size);
	assert_true(out.data_len == 77 && out.data_crc == 0x12345678 && out.raw_len == 1000);
	assert_int_equal(out.entry_len, sizeof(line) - 1);
	assert_memory_equal(out.entry, line, sizeof(line) - 1);
	for (size_t n = 0; n < size; n++)
		assert_int_equal(frame_read(p, n, &out, &used), FRAME_CUT);
	for (size_t i = 0; i < size * 8; i++) { // no bit can turn
		p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_true(frame_read(p, size, &out, &used) != FRAME_ENTRY);
		p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	free(p);
}

static void test_footer(void **state)
{
	const struct frame_item items[2] = {
		{0, 41, 163841, 167999, -5, 7}, {1234567890123, 42, 168000, 168001, 8, INT64_MAX}};
	const size_t size = frame_footer_size(2);
	uint8_t *p = malloc(size);
	struct frame_block b;
	struct frame_item out;
	size_t used;
	uint32_t n;

	assert_non_null(p);
	frame_put_footer(p, items, 2);
	assert_int_equal(frame_read(p, size, &b, &used), FRAME_FOOTER);
	assert_int_equal(frame_footer_tail(p + size - 8), size);
	assert_true(frame_read_footer(p, size, &n));
	assert_int_equal(n, 2);
	for (uint32_t i = 0; i < 2; i++) {
		frame_footer_item(p, i, &out);
		assert_memory_equal(&out, &items[i], sizeof(out));
	}
	for (size_t i = 0; i < size * 8; i++) {
		p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(frame_read_footer(p, size, &n));
		p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	free(p);
}

static void test_names(void **state)
{
	char name[SEGMENT_NAME_MAX];
	uint64_t number;
	bool open;

	segment_name_make(1795510800000000, 7, name);
	assert_string_equal(name, "flow-20261124T090000Z-000007.jsonl.zst");
	assert_true(segment_name_parse(name, &number, &open));
	assert_true(number == 7 && !open);
	assert_true(
		segment_name_parse("flow-20261124T090000Z-1234567.jsonl.zst.open", &number, &open));
	assert_true(number == 1234567 && open);
	segment_name_make(-1, 1, name);
	assert_string_equal(name, "flow-19700101T000000Z-000001.jsonl.zst");
	segment_name_make(INT64_MAX, 1, name);
	assert_string_equal(name, "flow-99991231T235959Z-000001.jsonl.zst");
	assert_false(segment_name_parse("flow-20261124T090000Z-000007.jsonl", &number, &open));
	assert_false(
		segment_name_parse("flow-20261124T090000Z-000007.jsonl.zst.torn", &number, &open));
	assert_false(segment_name_parse("flow-20261124T090000Z-00007.jsonl.zst", &number, &open));
	assert_false(segment_name_parse("flow-2026", &number, &open));
	assert_false(segment_name_parse("", &number, &open));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_entry_has_one_form),
		cmocka_unit_test(test_entry_of_format_1),
		cmocka_unit_test(test_kept_follows),
		cmocka_unit_test(test_entries_follow),
		cmocka_unit_test(test_published_note),
		cmocka_unit_test(test_checkpoint),
		cmocka_unit_test(test_bad_checkpoints),
		cmocka_unit_test(test_crc),
		cmocka_unit_test(test_entry_frame),
		cmocka_unit_test(test_footer),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
