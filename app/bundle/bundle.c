// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/bundle/bundle.h"
#include "app/evidence/folder.h"
#include "app/review/moment.h"
#include "app/review/out_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int bundle_say(struct bundle *b, int rc, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(b->err, sizeof(b->err), format, ap);
	va_end(ap);
	return rc;
}

int bundle_say_write(struct bundle *b, int rc)
{
	return bundle_say(b, rc, "%.300s: %s", b->o->out, strerror(-rc));
}

int bundle_put(struct bundle *b, const char *name, const void *data, size_t len)
{
	const int rc = tar_put(b->tar, name, 0644, data, len);

	return rc == 0 ? 0 : bundle_say_write(b, rc);
}

// "20261124T000000Z"
static void stamp(int64_t t, char out[32])
{
	char text[32];
	size_t n = 0;

	moment_format(t, text);
	for (const char *p = text; *p != '\0'; p++) {
		if (*p != '-' && *p != ':')
			out[n++] = *p;
	}
	out[n] = '\0';
}

// So that two bundles unpacked in one place are two folders: the gateway's name, with what may be
// in a file's name only, and the period.
static void folder_name(const struct bundle *b, char out[TAR_TOP_MAX + 1])
{
	char gateway[48], from[32], to[32];
	size_t n = 0;

	for (const char *p = b->newest.c.origin; *p != '\0' && n + 1 < sizeof(gateway); p++)
		gateway[n++] = isalnum((unsigned char)*p) || strchr("-_", *p) != NULL ? *p : '_';
	gateway[n] = '\0';
	stamp(b->o->when.since, from);
	stamp(b->o->when.until, to);
	snprintf(out, TAR_TOP_MAX + 1, "bundle-%s-%s-%s", gateway, from, to);
}

static int put_all(struct bundle *b)
{
	int (*const parts[])(struct bundle *) = {bundle_put_words, bundle_put_notes,
		bundle_put_entries, bundle_put_blocks, bundle_put_named, bundle_put_manifest};
	int rc = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && rc == 0; i++)
		rc = parts[i](b);
	if (rc == 0) {
		rc = tar_finish(b->tar);
		rc = rc != 0 ? bundle_say_write(b, rc) : 0;
	}
	return rc;
}

// A pipe or a device cannot be sought in, and an old file is kept.
static int check_out(struct bundle *b)
{
	struct stat st;

	if (stat(b->o->out, &st) != 0)
		return 0;
	if (!S_ISREG(st.st_mode))
		return bundle_say(b, -EINVAL, "%.300s: not a plain file", b->o->out);
	return b->o->force ? 0
			   : bundle_say(b, -EEXIST, "%.300s: is there already; --force replaces it",
				     b->o->out);
}

static int write_file(struct bundle *b)
{
	char folder[TAR_TOP_MAX + 1];
	struct out_file out;
	int rc = check_out(b), end_rc;

	if (rc != 0)
		return rc;
	rc = out_file_begin(&out, b->o->out);
	if (rc != 0)
		return bundle_say_write(b, rc);
	folder_name(b, folder);
	b->tar = tar_new(out.f, folder, b->newest.c.time);
	rc = b->tar != NULL ? put_all(b) : bundle_say(b, -ENOMEM, "out of memory");
	end_rc = out_file_end(&out, rc);
	return rc == 0 && end_rc != 0 ? bundle_say_write(b, end_rc) : rc;
}

// The notes in the order that makes each of them one of a log that the next covers, too.
static int read_notes(struct bundle *b)
{
	static const char *const files[] = {FILE_COSIGNED, FILE_CHECKPOINT};
	struct bundle_note *const notes[] = {&b->cosigned, &b->newest};

	for (unsigned i = 0; i < 2; i++) {
		struct bundle_note *n = notes[i];

		n->text = folder_read(b->dir_fd, files[i], NOTE_MAX, &n->len);
		if (n->text == NULL && errno == ENOENT)
			continue;
		if (n->text == NULL || !note_read(n->text, n->len, &n->n, &n->c) ||
			n->n.len != n->len)
			return bundle_say(b, -EBADMSG, "%.300s/%s: cannot be read as a checkpoint",
				b->o->dir, files[i]);
	}
	if (b->newest.text == NULL)
		return bundle_say(b, -ENOENT, "%.300s: the log has no checkpoint yet", b->o->dir);
	if (b->cosigned.c.size > b->newest.c.size)
		return bundle_say(b, -EBADMSG,
			"the witness's checkpoint is of more blocks than the log's; see bhlog "
			"verify");
	b->rotations = folder_read(b->dir_fd, FILE_ROTATIONS, 16 * NOTE_MAX, &b->rotations_len);
	if (b->rotations == NULL && errno != ENOENT)
		return bundle_say(
			b, -errno, "%.300s/" FILE_ROTATIONS ": %s", b->o->dir, strerror(errno));
	return 0;
}

int bundle_make(struct bundle *b, const struct bundle_options *o)
{
	int rc;

	b->o = o;
	b->dir_fd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->dir_fd < 0)
		return bundle_say(b, -errno, "%.300s: %s", o->dir, strerror(errno));
	b->hasher = hasher_new();
	if (b->hasher == NULL)
		return bundle_say(b, -ENOMEM, "out of memory");
	rc = read_notes(b);
	if (rc == 0)
		rc = bundle_choose(b);
	return rc == 0 ? write_file(b) : rc;
}

void bundle_fini(struct bundle *b)
{
	tar_free(b->tar);
	named_fini(&b->named);
	hasher_free(b->hasher);
	free(b->newest.text);
	free(b->cosigned.text);
	free(b->rotations);
	if (b->o != NULL && b->dir_fd >= 0)
		close(b->dir_fd);
}
