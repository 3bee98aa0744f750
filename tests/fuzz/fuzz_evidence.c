// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a verifier reads was in the hands of whoever may have changed it: segments, entries, notes,
// proofs, rotations. The first byte says which the rest is. Needs libevidence and libmemory_file.

#include "app/evidence/proof.h"
#include "app/evidence/rotation.h"
#include "app/evidence/segment_read.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/want.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_segment(const uint8_t *data, size_t size)
{
	struct hasher *h = hasher_new();
	struct segment_reader *r;
	enum segment_next next;
	struct segment_block b;
	struct frame_item last;
	struct memory_file f;
	off_t at = 0;

	memory_file_make(&f, data, size);
	r = segment_reader_new(f.fd);
	want(r != NULL && h != NULL);
	while ((next = segment_reader_next(r, &b)) == SEGMENT_BLOCK) {
		struct hash root;
		uint64_t n;
		size_t len;
		const char *lines = segment_reader_lines(r, &b, &len);

		want(b.offset == at && b.size != 0);
		at += (off_t)b.size;
		want((size_t)at <= size);
		if (lines != NULL)
			segment_root(h, lines, len, &root, &n);
	}
	want(next != SEGMENT_ERROR);
	want(next != SEGMENT_OPEN || (size_t)at == size);
	segment_last(f.fd, &last);
	segment_reader_free(r);
	hasher_free(h);
	memory_file_free(&f);
}

static void read_entry(const char *text, size_t size)
{
	char again[ENTRY_LINE_MAX];
	struct entry e;

	if (!entry_parse(text, size, &e))
		return;
	want(entry_format(&e, again) == size && memcmp(again, text, size) == 0);
	entry_follows(&e, &e);
	entry_adds_up(&e, NULL);
}

static const struct key_public *some_key(void)
{
	static struct key_public k;

	want(key_parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &k));
	return &k;
}

static void read_note(const char *text, size_t size)
{
	struct key_public keys[ROTATION_MAX_KEYS];
	char signer[KEY_NAME_MAX + 16];
	struct checkpoint c;
	struct note n;

	if (note_read(text, size, &n, &c)) {
		want(n.len <= size && n.body < n.len);
		for (unsigned i = 0; note_signer(&n, i, signer); i++)
			want(i < n.signatures);
		note_check(&n, some_key());
	}
	want(rotation_follow(text, size, some_key(), keys) == 1); // nobody has its private half
}

static void read_proof(const char *text, size_t size)
{
	struct hasher *h = hasher_new();
	char *copy = malloc(size + 1);
	struct proof p;

	want(h != NULL && copy != NULL);
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (proof_read(copy, size, &p))
		proof_check(h, &p);
	proof_free(&p);
	hasher_free(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	// A copy of the exact size, so that the sanitiser sees its end.
	char *text = malloc(size != 0 ? size : 1);
	struct consistency c;

	want(text != NULL);
	if (size != 0) {
		memcpy(text, data + 1, size - 1);
		switch (data[0] % 5) {
		case 0:
			read_segment(data + 1, size - 1);
			break;
		case 1:
			read_entry(text, size - 1);
			break;
		case 2:
			read_note(text, size - 1);
			break;
		case 3:
			read_proof(text, size - 1);
			break;
		default:
			consistency_read(text, size - 1, &c);
		}
	}
	free(text);
	return 0;
}
