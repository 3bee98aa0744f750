// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/out_file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int out_file_begin(struct out_file *o, const char *path)
{
	const char *open = path;
	struct stat st;
	int rc;

	*o = (struct out_file){.f = stdout, .path = path};
	if (path == NULL) {
		return 0;
	}
	// A device or a pipe is written to; a file in its place would be no use to who reads it.
	if (stat(path, &st) != 0 || S_ISREG(st.st_mode)) {
		if (asprintf(&o->temporary, "%s.new", path) < 0) {
			o->temporary = NULL;
			return -ENOMEM;
		}
		open = o->temporary;
	}
	o->f = fopen(open, "we");
	if (o->f != NULL) {
		return 0;
	}
	rc = -errno;
	free(o->temporary);
	o->temporary = NULL;
	return rc;
}

int out_file_end(struct out_file *o, int rc)
{
	errno = 0;
	if ((fflush(o->f) != 0 || ferror(o->f)) && rc == 0) {
		rc = errno != 0 ? -errno : -EIO;
	}
	if (rc == 0 && o->temporary != NULL && fsync(fileno(o->f)) != 0) {
		rc = -errno;
	}
	if (o->path != NULL && fclose(o->f) != 0 && rc == 0) {
		rc = -errno;
	}
	if (rc == 0 && o->temporary != NULL && rename(o->temporary, o->path) != 0) {
		rc = -errno;
	}
	if (rc != 0 && o->temporary != NULL) {
		unlink(o->temporary);
	}
	free(o->temporary);
	o->temporary = NULL;
	o->f = NULL;
	return rc;
}
