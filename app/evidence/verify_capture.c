// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Evidence captures: a record names its file in the log's folder and the file's SHA-256. One that
// is not there says nothing (they are large, and may be taken away); one that is another does.

#include "app/evidence/verify_part.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 160
#define CAPTURE_MAX  (1u << 30)
#define TAIL         320 // of a line: the field is the last but one, and most lines have none

// The record's field: its file's path, and the hash behind it. False: there is none of this form.
static bool read_field(const char *line, size_t len, char path[NAME_MAX_LEN], struct hash *sha256)
{
	static const char key[] = ",\"cap\":\"", folder[] = "captures/", hash[] = " sha256:";
	const char *end = line + len, *from = len > TAIL ? end - TAIL : line;
	const char *p = memmem(from, (size_t)(end - from), key, sizeof(key) - 1);
	size_t n = sizeof(folder) - 1;

	if (p == NULL)
		return false;
	p += sizeof(key) - 1;
	if ((size_t)(end - p) < n || memcmp(p, folder, n) != 0 || p + n == end || p[n] == '.')
		return false;
	while (p + n < end && n < NAME_MAX_LEN &&
		(isalnum((unsigned char)p[n]) || strchr("._-", p[n])))
		n++;
	if (n == sizeof(folder) - 1 || n >= NAME_MAX_LEN ||
		(size_t)(end - p) < n + sizeof(hash) - 1 + 65 ||
		memcmp(p + n, hash, sizeof(hash) - 1) != 0 || p[n + sizeof(hash) - 1 + 64] != '"' ||
		!hash_parse_hex(p + n + sizeof(hash) - 1, sha256))
		return false;
	memcpy(path, p, n);
	path[n] = '\0';
	return true;
}

bool verify_capture(struct verifier *v, uint64_t block, const char *line, size_t len)
{
	char path[NAME_MAX_LEN], *data;
	struct hash want, is;
	size_t size;

	if (!read_field(line, len, path, &want))
		return true;
	data = folder_read(v->dir_fd, path, CAPTURE_MAX, &size);
	if (data == NULL && errno == ENOENT) {
		v->r->captures_gone++;
		return true;
	}
	if (data == NULL) {
		v->r->integrity.status = VERIFY_UNREADABLE;
		snprintf(v->r->integrity.text, sizeof(v->r->integrity.text), "%s: %s", path,
			folder_strerror(errno));
		return false;
	}
	hash_bytes(v->hasher, data, size, &is);
	free(data);
	if (hash_equal(&is, &want))
		return true;
	verify_bad(v, &v->r->integrity, true, block, "%s is not the capture that its record is of",
		path);
	return false;
}
