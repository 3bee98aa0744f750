// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/report_load.h"

#include "app/evidence/folder.h"
#include "app/evidence/note.h"
#include "app/rows/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_BYTES (16u << 20)

static int foreign(const struct source *s, char *err, size_t err_size)
{
	source_place(s, err, err_size);
	snprintf(err + strlen(err), err_size - strlen(err),
		": a record of another gateway than those before; make a report of each");
	return -EXDEV;
}

int report_read_lines(const char *source, struct digest *d, bool *torn, char *err, size_t err_size)
{
	const bool progress = isatty(STDERR_FILENO);
	char *path = (char *)(uintptr_t)source;
	struct source *s = source_open(&path, 1, err, err_size);
	const struct source_stats *st;
	uint64_t shown = 0;
	const char *line;
	size_t len;
	int rc;

	if (s == NULL) {
		return -EIO;
	}
	st = source_stats(s);
	while ((rc = source_next(s, &line, &len, err, err_size)) > 0) {
		if (digest_line(d, line, len) == -EXDEV) {
			rc = foreign(s, err, err_size);
			break;
		}
		if (progress && st->read - shown >= PROGRESS_BYTES) {
			shown = st->read;
			fprintf(stderr, "\rbhlog: %" PRIu64 " MB of %" PRIu64 " MB ",
				shown / 1000000, st->bytes_total / 1000000);
		}
	}
	if (shown != 0) {
		fputs("\r\033[K", stderr);
	}
	*torn = st->torn != 0;
	source_close(s);
	digest_finish(d);
	return rc;
}

int report_read_evidence(const char *source, const struct verify_options *o,
	struct report_evidence *out, char *err, size_t err_size)
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
	verify_log(source, o, out->answers);
	return 0;
}

void report_free_evidence(struct report_evidence *e)
{
	free(e->answers);
	free(e->checkpoint);
	free(e->cosigned);
	memset(e, 0, sizeof(*e));
}
