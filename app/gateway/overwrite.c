// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/overwrite.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct identity {
	bool known;
	dev_t dev;
	ino_t ino;
	char name[NAME_MAX + 1]; // within the folder dev and ino, of a file to come; "": the file
};

// A symbolic link to nothing is not followed: what it names is made all the same, and no input can
// be there.
static void to_come(const char *path, struct identity *id)
{
	char copy[PATH_MAX];
	struct stat st;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy) ||
		(size_t)snprintf(id->name, sizeof(id->name), "%s", basename(copy)) >=
			sizeof(id->name))
		return;
	snprintf(copy, sizeof(copy), "%s", path);
	if (stat(dirname(copy), &st) < 0)
		return;
	id->known = true;
	id->dev = st.st_dev;
	id->ino = st.st_ino;
}

static struct identity identify(const struct overwrite_file *f)
{
	struct identity id = {0};
	struct stat st;
	int rc;

	if (f->path == NULL)
		return id;
	if (strcmp(f->path, "-") == 0)
		rc = fstat(f->written ? STDOUT_FILENO : STDIN_FILENO, &st);
	else
		rc = stat(f->path, &st);
	if (rc < 0 && errno == ENOENT && f->written)
		to_come(f->path, &id);
	if (rc == 0 && S_ISREG(st.st_mode)) {
		id.known = true;
		id.dev = st.st_dev;
		id.ino = st.st_ino;
	}
	return id;
}

static bool same(const struct identity *a, const struct identity *b)
{
	return a->known && b->known && a->dev == b->dev && a->ino == b->ino &&
	       strcmp(a->name, b->name) == 0;
}

static void say(const char *who, const struct overwrite_file *out, const struct overwrite_file *f)
{
	if (f->written)
		fprintf(stderr, "%s: %s %s and %s %s are one file; write to two\n", who, out->what,
			out->path, f->what, f->path);
	else
		fprintf(stderr, "%s: %s %s would overwrite %s %s; write to another file\n", who,
			out->what, out->path, f->what, f->path);
}

bool overwrite_refused(const char *who, const struct overwrite_file *f, size_t n)
{
	struct identity *id = calloc(n + 1, sizeof(*id));
	bool refused = id == NULL;

	if (refused)
		fprintf(stderr, "%s: no memory\n", who);
	for (size_t i = 0; !refused && i < n; i++)
		id[i] = identify(&f[i]);
	for (size_t i = 0; !refused && i < n; i++) {
		for (size_t k = 0; !refused && f[i].written && k < n; k++) {
			refused = k != i && same(&id[i], &id[k]);
			if (refused)
				say(who, &f[i], &f[k]);
		}
	}
	free(id);
	return refused;
}
