// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What stands beside the blocks: words, the verifier, checkpoints and keys, policies and captures.

#include "app/bundle/bundle.h"
#include "app/bundle/texts.h"
#include "app/evidence/folder.h"
#include "app/evidence/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICY_MAX  (64u << 20)
#define CAPTURE_MAX (1u << 30)

int bundle_put_words(struct bundle *b)
{
	int rc = bundle_put(b, "README.txt", bundle_readme, strlen(bundle_readme));

	if (rc == 0) {
		rc = tar_put(
			b->tar, "verify-bundle", 0755, bundle_verifier, strlen(bundle_verifier));
		rc = rc != 0 ? bundle_say_write(b, rc) : 0;
	}
	return rc;
}

// ---- checkpoints and keys

static int put_key(struct bundle *b, const char *name, const struct key_public *k)
{
	char text[KEY_TEXT_MAX + 1];

	key_format(k, text);
	strcat(text, "\n"); // room: KEY_TEXT_MAX is with a NUL
	return bundle_put(b, name, text, strlen(text));
}

// A key that did not sign would only make the bundle say so later, elsewhere.
static int check_keys(struct bundle *b)
{
	struct key_public keys[ROTATION_MAX_KEYS];
	const struct key_public *by;
	unsigned n;

	if (b->o->key != NULL) {
		n = rotation_follow(b->rotations != NULL ? b->rotations : "", b->rotations_len,
			b->o->key, keys);
		if (rotation_check(&b->newest.n, keys, n, &by) != NOTE_SIGNED)
			return bundle_say(b, -EKEYREJECTED,
				"the checkpoint is not signed by the key %s+%08x", b->o->key->name,
				b->o->key->id);
	}
	if (b->o->witness != NULL && b->cosigned.text == NULL)
		return bundle_say(b, -EKEYREJECTED,
			"%.300s/" FILE_COSIGNED ": there is no checkpoint that a witness signed",
			b->o->dir);
	if (b->o->witness != NULL && note_check(&b->cosigned.n, b->o->witness) != NOTE_SIGNED)
		return bundle_say(b, -EKEYREJECTED,
			"%.300s/" FILE_COSIGNED ": is not signed by the witness %s+%08x", b->o->dir,
			b->o->witness->name, b->o->witness->id);
	return 0;
}

int bundle_put_notes(struct bundle *b)
{
	int rc = check_keys(b);

	if (rc == 0)
		rc = bundle_put(b, FILE_CHECKPOINT, b->newest.text, b->newest.len);
	if (rc == 0 && b->cosigned.text != NULL)
		rc = bundle_put(b, FILE_COSIGNED, b->cosigned.text, b->cosigned.len);
	if (rc == 0 && b->rotations != NULL)
		rc = bundle_put(b, FILE_ROTATIONS, b->rotations, b->rotations_len);
	if (rc == 0 && b->o->key != NULL)
		rc = put_key(b, "keys/log.pub", b->o->key);
	if (rc == 0 && b->o->witness != NULL)
		rc = put_key(b, "keys/witness.pub", b->o->witness);
	return rc;
}

// ---- policies and captures

static int put_policy(struct bundle *b, const char *path)
{
	size_t len;
	char *text = folder_read(AT_FDCWD, path, POLICY_MAX, &len), hex[65], name[96];
	struct named_policy *p;
	struct hash sha256;
	int rc = 0;

	if (text == NULL)
		return bundle_say(b, -errno, "%.300s: %s", path, strerror(errno));
	hash_bytes(b->hasher, text, len, &sha256);
	hash_hex(&sha256, hex);
	p = named_find(&b->named, hex);
	if (p == NULL) {
		rc = bundle_say(b, -EINVAL,
			"%.300s: no policy that the records of this period name (SHA-256 %s)", path,
			hex);
	} else if (!p->here) {
		snprintf(name, sizeof(name), "policies/%s.json", hex);
		rc = bundle_put(b, name, text, len);
		p->here = true;
	}
	free(text);
	return rc;
}

// A whole one, which the caller frees also on error. -EBADMSG: not the one that the record is of.
static int read_capture(
	const struct bundle *b, int fd, const struct named_capture *c, char **data, size_t *len)
{
	struct stat st;
	struct hash sha256;
	char hex[65];
	ssize_t n;

	*data = NULL;
	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > CAPTURE_MAX)
		return -EBADMSG;
	*len = (size_t)st.st_size;
	*data = malloc(*len + 1);
	if (*data == NULL)
		return -ENOMEM;
	n = pread(fd, *data, *len + 1, 0);
	if (n < 0)
		return -errno;
	hash_bytes(b->hasher, *data, (size_t)n, &sha256);
	hash_hex(&sha256, hex);
	*len = (size_t)n;
	return strcmp(hex, c->sha256) == 0 ? 0 : -EBADMSG;
}

// One that was pruned or is another is said and left out: the record stays, and with it the hash.
static int put_capture(struct bundle *b, int dir_fd, const struct named_capture *c)
{
	char name[TAR_NAME_MAX + 1], *data = NULL;
	const int fd = openat(dir_fd, c->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	size_t len = 0;
	int rc = fd >= 0 ? read_capture(b, fd, c, &data, &len) : -errno;

	if (rc == 0) {
		snprintf(name, sizeof(name), "captures/%s", c->file);
		rc = bundle_put(b, name, data, len);
	} else if (rc == -ENOMEM) {
		bundle_say(b, rc, "out of memory");
	} else {
		fprintf(stderr, "bhlog: captures/%s: %s\n", c->file,
			rc == -EBADMSG ? "not what its record is of; left out" : strerror(-rc));
		b->named.captures_gone += rc != -EBADMSG;
		b->named.captures_other += rc == -EBADMSG;
		rc = 0;
	}
	free(data);
	if (fd >= 0)
		close(fd);
	return rc;
}

int bundle_put_named(struct bundle *b)
{
	int rc = 0, dir_fd;

	for (unsigned i = 0; i < b->o->n_policies && rc == 0; i++)
		rc = put_policy(b, b->o->policies[i]);
	named_sort(&b->named);
	if (rc != 0 || !b->o->captures)
		return rc;
	dir_fd = openat(b->dir_fd, "captures", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < b->named.n_captures && rc == 0; i++)
		rc = put_capture(b, dir_fd, &b->named.captures[i]);
	if (dir_fd >= 0)
		close(dir_fd);
	return rc;
}
