// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/report_load.h"

#include "app/console/report_check.h"
#include "app/evidence/folder.h"
#include "app/evidence/note.h"
#include "app/review/lookup.h"
#include "app/rows/how_far.h"
#include "app/rows/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- the lines

// One pass over the log.
struct pass {
	struct digest *digest;
	struct catalogue *catalogue; // NULL: not used
	bool behind;                 // it knew all segments so far
	bool lone;                   // it tells of the one at hand
	bool wrong;                  // it said something that does not hold
	struct blocks_lines sums;    // scratch
};

static bool can_sum(struct pass *p)
{
	struct lone_sum s;
	size_t at = 0;

	while (lone_next(p->sums.v, p->sums.len, &at, &s)) {
		if (!digest_can_sum(p->digest, &s)) {
			return false;
		}
	}
	p->wrong = p->wrong || at != p->sums.len;
	return at == p->sums.len;
}

// Which ends are a flow's only record shows from the segments before: it must know all of them.
static void take_segment(
	void *ctx, const char *path, int fd, const struct frame_item *items, uint32_t n)
{
	struct pass *p = ctx;
	struct lone_sum s;
	size_t at = 0;

	p->behind = p->behind && catalogue_segment(p->catalogue, path, fd, items, n);
	p->lone = p->behind && catalogue_lone(p->catalogue, &p->sums) && can_sum(p);
	while (p->lone && lone_next(p->sums.v, p->sums.len, &at, &s)) {
		p->wrong = digest_sum(p->digest, &s) != 0 || p->wrong;
	}
}

static enum blocks_want take_block(
	void *ctx, uint32_t i, const struct frame_item *item, struct blocks_lines *instead)
{
	struct pass *p = ctx;
	enum blocks_want want = BLOCKS_READ;

	(void)item;
	if (p->lone && !p->wrong) {
		p->wrong = !catalogue_kept(p->catalogue, i, instead, &want);
	}
	return p->wrong ? BLOCKS_SKIP : want; // all is for nothing
}

static int foreign(const struct source *s, char *err, size_t err_size)
{
	source_place(s, err, err_size);
	snprintf(err + strlen(err), err_size - strlen(err),
		": a record of another gateway than those before; make a report of each");
	return -EXDEV;
}

static int read_lines(struct pass *p, const char *log, bool *torn, char *err, size_t err_size)
{
	char *path = (char *)(uintptr_t)log;
	struct source *s = source_open(&path, 1, err, err_size);
	const struct source_stats *st;
	struct how_far how_far;
	const char *line;
	size_t len;
	int rc;

	if (s == NULL) {
		return -EIO;
	}
	source_select(s, &(struct source_select){.ctx = p,
				 .threads = blocks_threads(),
				 .segment = p->catalogue != NULL ? take_segment : NULL,
				 .block = p->catalogue != NULL ? take_block : NULL});
	st = source_stats(s);
	how_far_begin(&how_far, st->bytes_total);
	while ((rc = source_next(s, &line, &len, err, err_size)) > 0 && !p->wrong) {
		if (digest_line(p->digest, line, len) == -EXDEV) {
			rc = foreign(s, err, err_size);
			break;
		}
		how_far_show(&how_far, st->read);
	}
	how_far_end(&how_far);
	*torn = st->torn != 0;
	source_close(s);
	digest_finish(p->digest);
	free(p->sums.v);
	p->sums = (struct blocks_lines){0};
	return rc;
}

static bool shows_the_log(const struct digest *d, struct catalogue *c, const char *log)
{
	const int rc = report_check(d, log);

	if (rc == -EBADMSG) {
		catalogue_distrust(c, "a line in it is not the log's");
	}
	return rc == 0;
}

// With the catalogue. 1; 0: it cannot tell, all lines are needed; -errno with one line in why: what
// is there under its name is none of ours.
static int read_catalogue(struct pass *p, const char *log, const struct lookup_options *cache,
	bool *torn, char *why, size_t why_size)
{
	char *path = (char *)(uintptr_t)log, err[4400];
	struct lookup l;
	bool good = false;
	const int rc = lookup_open(&l, NULL, &path, 1, cache, why, why_size);

	if (rc != 0) {
		return rc;
	}
	if (l.catalogue != NULL) {
		catalogue_hold(l.catalogue);
		p->catalogue = l.catalogue;
		p->behind = true;
		good = read_lines(p, log, torn, err, sizeof(err)) == 0 && !p->wrong &&
		       catalogue_damage(l.catalogue) == NULL && digest_is_exact(p->digest) &&
		       shows_the_log(p->digest, l.catalogue, log);
	}
	p->digest->cached = good;
	lookup_close(&l);
	return good;
}

static struct digest *no_memory(int *rc, char *err, size_t err_size)
{
	snprintf(err, err_size, "out of memory");
	*rc = -ENOMEM;
	return NULL;
}

struct digest *report_read_catalogue(const char *log, const struct digest_options *o,
	const struct lookup_options *cache, bool *torn, int *rc, char *err, size_t err_size)
{
	struct pass p = {.digest = digest_new(o)};

	if (p.digest == NULL) {
		return no_memory(rc, err, err_size);
	}
	*rc = read_catalogue(&p, log, cache, torn, err, err_size);
	if (*rc <= 0) {
		digest_free(p.digest);
		return NULL;
	}
	*rc = 0;
	return p.digest;
}

struct digest *report_read_lines(const char *source, const struct digest_options *o, bool *torn,
	int *rc, char *err, size_t err_size)
{
	struct pass p = {.digest = digest_new(o)};

	if (p.digest == NULL) {
		return no_memory(rc, err, err_size);
	}
	*rc = read_lines(&p, source, torn, err, err_size);
	return p.digest;
}

// ---- what the verifier answers

int report_read_notes(const char *source, struct report_evidence *out, char *err, size_t err_size)
{
	struct stat st;
	size_t len;
	int fd;

	memset(out, 0, sizeof(*out));
	if (stat(source, &st) != 0 || !S_ISDIR(st.st_mode)) {
		return 0;
	}
	out->answers = calloc(1, sizeof(*out->answers));
	fd = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->answers == NULL || fd < 0) {
		snprintf(err, err_size, "%s: %s", source, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -EIO;
	}
	out->checkpoint = folder_read(fd, FILE_CHECKPOINT, NOTE_MAX, &len);
	out->cosigned = folder_read(fd, FILE_COSIGNED, NOTE_MAX, &len);
	close(fd);
	return 0;
}

void report_free_evidence(struct report_evidence *e)
{
	free(e->answers);
	free(e->checkpoint);
	free(e->cosigned);
	memset(e, 0, sizeof(*e));
}
