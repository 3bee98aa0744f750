// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Any bytes as a record must become one line of strict JSON without duplicate keys, and a buffer
// that is too small must be said to be full, never overrun. Input: a size for the small buffer (2
// bytes), then the bytes of a struct record. Needs libflowlog, libpolicy and jansson.

#include "app/flowlog/line.h"

#include <jansson.h>
#include <stdlib.h>

#define LINE_BYTES 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *name(void *ctx, uint16_t id)
{
	static const char *const names[] = {"Unknown", "TLS", "a\"b\\", "\x01\xff", "", NULL};

	return names[id % (sizeof(names) / sizeof(names[0]))];
}

static const char *risk(void *ctx, unsigned bit)
{
	if (bit > 63) {
		abort();
	}
	return bit % 3 == 0 ? NULL : "Risky \xc3\xa9";
}

// What the type system promises and bytes do not: booleans, and pointers to a policy that lives.
static void sanitise(
	struct record *r, const uint8_t *data, size_t size, const struct policy *policy)
{
	const uint8_t flags = size > 2 ? data[2] : 0;

	r->undecided = flags & 1;
	r->local = flags & 2;
	r->has_ja3 = flags & 4;
	r->policy = flags & 8 ? policy : NULL;
	r->candidate = flags & 16 ? policy : NULL;
}

static size_t write_line(char *buf, size_t size, const struct record *r, bool *full)
{
	const struct line_source source = {"\"gw\"", 4, {NULL, name, name, risk}};
	struct json_out j = {buf, buf + size, false};

	line_record(&j, &source, UINT64_MAX, r);
	*full = j.full;
	if (j.p > j.end) {
		abort();
	}
	return (size_t)(j.p - buf);
}

static void check_json(const char *line, size_t len)
{
	json_error_t error;
	json_t *root;

	if (len < 2 || line[len - 1] != '\n' || memchr(line, '\n', len) != line + len - 1) {
		abort();
	}
	root = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
	if (root == NULL || !json_is_object(root)) {
		abort();
	}
	json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char line[LINE_BYTES]; // scratch, written anew each time
	const size_t small = size > 1 ? (size_t)(data[0] | data[1] << 8) % 4096 : 0;
	struct policy *policy = policy_builtin(POLICY_FLAG, "FUZZ");
	struct record r = {0};
	char *exact;
	size_t len;
	bool full;

	if (size > 2) {
		memcpy(&r, data + 2, size - 2 < sizeof(r) ? size - 2 : sizeof(r));
	}
	sanitise(&r, data, size, policy);
	len = write_line(line, sizeof(line), &r, &full);
	if (full) {
		abort();
	}
	check_json(line, len);
	exact = malloc(small + 1); // the sanitiser sees the byte past the end
	if (exact != NULL) {
		write_line(exact, small, &r, &full);
		if (full != (small < len)) {
			abort();
		}
		free(exact);
	}
	policy_free(policy);
	return 0;
}
