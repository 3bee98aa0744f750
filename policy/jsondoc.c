// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/jsondoc.h"
#include "policy/hint.h"
#include "policy/jsonscan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// What jansson refuses though the check before has let it pass: there should be no such thing.
static int refuse(struct jsondoc *doc, const json_error_t *e)
{
	struct json_text t = {.begin = doc->text, .end = doc->text + doc->len};
	unsigned line = 0, column = 0;

	if (e->position > 0 && (size_t)e->position <= doc->len)
		json_place(&t, doc->text + e->position - 1, &line, &column);
	diag_add(doc->diag, DIAG_ERROR, line, column, NULL, NULL, "cannot be read as JSON");
	return -EINVAL;
}

int jsondoc_parse(struct jsondoc *doc, const char *text, size_t len, struct diag_list *diag)
{
	struct json_text t;
	json_error_t e;
	int rc;

	memset(doc, 0, sizeof(*doc));
	doc->diag = diag;
	if (len > JSONDOC_MAX_SIZE) {
		diag_add(diag, DIAG_ERROR, 0, 0, NULL, "split it or leave out what is unused",
			"the document is larger than %u MiB", JSONDOC_MAX_SIZE >> 20);
		return -EINVAL;
	}
	doc->text = malloc(len + 1);
	if (!doc->text)
		return -ENOMEM;
	if (len > 0)
		memcpy(doc->text, text, len);
	doc->text[len] = '\0';
	doc->len = len;
	t = (struct json_text){.begin = doc->text, .end = doc->text + len};
	rc = json_check(&t, diag);
	if (rc < 0)
		return rc;
	doc->root = json_loadb(doc->text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &e);
	if (!doc->root)
		return json_error_code(&e) == json_error_out_of_memory ? -ENOMEM : refuse(doc, &e);
	doc->trail = jsondoc_trail_new(doc->text, len); // without it findings have no place
	return 0;
}

static int file_error(struct diag_list *diag, int err, const char *what)
{
	diag_add(diag, DIAG_ERROR, 0, 0, NULL, NULL, "%s: %s", what, strerror(err));
	return -err;
}

// Reads all of fd, at most one byte more than a document may have. Files that do not know their
// size (pipes, /dev/stdin) are read all the same.
static int read_all(int fd, char **out, size_t *len)
{
	size_t cap = 1 << 16, n = 0;
	char *buf = malloc(cap), *more;

	while (buf && n <= JSONDOC_MAX_SIZE) {
		ssize_t got;

		if (n == cap) {
			more = realloc(buf, cap *= 2);
			if (!more)
				break;
			buf = more;
		}
		got = read(fd, buf + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int err = errno;

			free(buf);
			return -err;
		}
		n += (size_t)got;
		if (got == 0)
			break;
	}
	if (!buf || (n == cap && n <= JSONDOC_MAX_SIZE)) {
		free(buf);
		return -ENOMEM;
	}
	*out = buf;
	*len = n;
	return 0;
}

int jsondoc_read(const char *path, char **text, size_t *len, struct diag_list *diag)
{
	struct stat st;
	int fd, rc;

	*text = NULL;
	*len = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return file_error(diag, errno, "cannot be opened");
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return file_error(diag, EISDIR, "cannot be read");
	}
	rc = read_all(fd, text, len);
	close(fd);
	return rc < 0 ? file_error(diag, -rc, "cannot be read") : 0;
}

int jsondoc_file(struct jsondoc *doc, const char *path, struct diag_list *diag)
{
	size_t len;
	char *text;
	int rc;

	memset(doc, 0, sizeof(*doc));
	rc = jsondoc_read(path, &text, &len, diag);
	if (rc < 0)
		return rc;
	rc = jsondoc_parse(doc, text, len, diag);
	free(text);
	if (rc == -ENOMEM)
		return file_error(diag, ENOMEM, "cannot be parsed");
	return rc;
}

void jsondoc_free(struct jsondoc *doc)
{
	json_decref(doc->root);
	free(doc->text);
	free(doc->trail);
	memset(doc, 0, sizeof(*doc));
}

void jsondoc_diag(struct jsondoc *doc, enum diag_level level, const char *pointer, const char *hint,
	const char *what, ...)
{
	unsigned line = 0, column = 0;
	char *near = NULL, *text = NULL, *slash;
	va_list ap;

	if (doc->diag->n >= DIAG_MAX) {
		diag_add(doc->diag, level, 0, 0, NULL, NULL, "%s", what);
		return;
	}
	near = strdup(pointer);
	while (near && jsondoc_locate(doc, near, &line, &column) < 0 &&
		(slash = strrchr(near, '/')) != NULL)
		*slash = '\0';
	free(near);
	va_start(ap, what);
	if (vasprintf(&text, what, ap) < 0)
		text = NULL;
	va_end(ap);
	diag_add(doc->diag, level, line, column, pointer, hint, "%s", text ? text : what);
	free(text);
}

static const char *known_at(void *ctx, size_t i)
{
	const char *const *known = ctx;
	return known[i];
}

static bool is_known(const char *key, const char *const *known)
{
	for (; *known; known++)
		if (strcmp(key, *known) == 0)
			return true;
	return false;
}

static char *member_pointer(const char *pointer, const char *key)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		return NULL;
	fprintf(f, "%s/", pointer);
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			fputs(*key == '~' ? "~0" : "~1", f);
		else
			fputc(*key, f);
	}
	fclose(f);
	return out;
}

void jsondoc_check_keys(
	struct jsondoc *doc, const char *pointer, json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach (object, key, value) {
		const char *meant, *said;
		char *at, hint[HINT_MAX];

		if (is_known(key, known))
			continue;
		meant = diag_nearest(key, known_at, (void *)(uintptr_t)known);
		said = meant ? diag_meant(hint, meant) : hint_keys(hint, known);
		at = member_pointer(pointer, key);
		jsondoc_diag(doc, DIAG_ERROR, at ? at : pointer, said, "unknown key \"%s\"", key);
		free(at);
	}
}
