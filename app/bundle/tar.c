// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/bundle/tar.h"

#include "app/evidence/tree.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define RECORD         512
#define SIZE_MAX_OCTAL (1ull << 33)

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == RECORD, "a tar header is one record");

struct tar {
	FILE *f;
	char top[TAR_TOP_MAX + 1];
	int64_t t;
	struct tar_member *v;
	size_t n, cap;
	EVP_MD_CTX *sha;
	// The member that is being written:
	off_t at;
	unsigned mode;
	int rc;
};

struct tar *tar_new(FILE *f, const char *top, int64_t t)
{
	struct tar *tar = calloc(1, sizeof(*tar));

	if (tar == NULL)
		return NULL;
	tar->f = f;
	snprintf(tar->top, sizeof(tar->top), "%s", top);
	tar->t = t > 0 ? t / 1000000 : 0;
	tar->sha = EVP_MD_CTX_new();
	if (tar->sha == NULL) {
		tar_free(tar);
		return NULL;
	}
	return tar;
}

void tar_free(struct tar *t)
{
	if (t == NULL)
		return;
	EVP_MD_CTX_free(t->sha);
	free(t->v);
	free(t);
}

static void fail(struct tar *t, int rc)
{
	t->rc = t->rc != 0 ? t->rc : rc;
}

static void write_out(struct tar *t, const void *data, size_t len)
{
	if (t->rc == 0 && fwrite(data, 1, len, t->f) != len)
		fail(t, errno != 0 ? -errno : -EIO);
}

void tar_begin(struct tar *t, const char *name, unsigned mode)
{
	static const struct header none;
	struct tar_member *m;

	t->rc = strlen(name) > TAR_NAME_MAX ? -ENAMETOOLONG : 0;
	t->mode = mode;
	if (t->n == t->cap) {
		const size_t cap = t->cap != 0 ? 2 * t->cap : 64;

		m = reallocarray(t->v, cap, sizeof(*m));
		if (m == NULL) {
			fail(t, -ENOMEM);
			return;
		}
		t->v = m;
		t->cap = cap;
	}
	m = &t->v[t->n];
	*m = (struct tar_member){.size = 0};
	snprintf(m->name, sizeof(m->name), "%s", name);
	t->at = ftello(t->f);
	if (t->at < 0)
		fail(t, -errno);
	if (EVP_DigestInit_ex(t->sha, EVP_sha256(), NULL) != 1)
		fail(t, -ENOMEM);
	write_out(t, &none, sizeof(none));
}

void tar_add(struct tar *t, const void *data, size_t len)
{
	if (t->rc != 0)
		return;
	write_out(t, data, len);
	t->v[t->n].size += len;
	if (EVP_DigestUpdate(t->sha, data, len) != 1)
		fail(t, -ENOMEM);
}

static void put_header(struct tar *t, const struct tar_member *m)
{
	struct header h = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
	unsigned sum = 0;

	memcpy(h.name, m->name, strlen(m->name));
	memcpy(h.prefix, t->top, strlen(t->top));
	snprintf(h.mode, sizeof(h.mode), "%07o", t->mode & 07777);
	snprintf(h.uid, sizeof(h.uid), "%07o", 0);
	snprintf(h.gid, sizeof(h.gid), "%07o", 0);
	snprintf(h.size, sizeof(h.size), "%011llo", (unsigned long long)m->size);
	snprintf(h.mtime, sizeof(h.mtime), "%011llo",
		(unsigned long long)t->t & (SIZE_MAX_OCTAL - 1));
	memset(h.sum, ' ', sizeof(h.sum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((const unsigned char *)&h)[i];
	snprintf(h.sum, sizeof(h.sum), "%06o", sum);
	if (fseeko(t->f, t->at, SEEK_SET) != 0)
		fail(t, -errno);
	write_out(t, &h, sizeof(h));
	if (t->rc == 0 && fseeko(t->f, 0, SEEK_END) != 0)
		fail(t, -errno);
}

int tar_end(struct tar *t)
{
	static const char zeros[RECORD];
	struct tar_member *m;
	struct hash sha;

	if (t->rc != 0)
		return t->rc;
	m = &t->v[t->n];
	if (m->size >= SIZE_MAX_OCTAL)
		fail(t, -EFBIG);
	if (EVP_DigestFinal_ex(t->sha, sha.b, NULL) != 1)
		fail(t, -ENOMEM);
	hash_hex(&sha, m->sha256);
	write_out(t, zeros, (size_t)(-m->size & (RECORD - 1)));
	put_header(t, m);
	t->n++;
	return t->rc;
}

int tar_put(struct tar *t, const char *name, unsigned mode, const void *data, size_t len)
{
	tar_begin(t, name, mode);
	tar_add(t, data, len);
	return tar_end(t);
}

int tar_finish(struct tar *t)
{
	static const char zeros[2 * RECORD];

	t->rc = 0;
	write_out(t, zeros, sizeof(zeros));
	return t->rc;
}

const struct tar_member *tar_members(const struct tar *t, size_t *n)
{
	*n = t->n;
	return t->v;
}
