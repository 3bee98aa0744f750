// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/outputs.h"

#include <limits.h>
#include <stdio.h>

#define FILES_MAX 12

bool outputs_refused(
	const char *out, const char *const *suffixes, const struct overwrite_file *in, size_t n)
{
	struct overwrite_file f[FILES_MAX];
	char path[FILES_MAX][PATH_MAX];
	size_t at = 0;

	if (out == NULL)
		return false;
	for (; *suffixes != NULL; suffixes++) {
		for (unsigned part = 0; part < 2 && at < FILES_MAX; part++, at++) {
			snprintf(path[at], sizeof(path[at]), "%s%s%s", out, *suffixes,
				part != 0 ? ".new" : "");
			f[at] = (struct overwrite_file){path[at], "the output", true};
		}
	}
	for (size_t i = 0; i < n && at < FILES_MAX; i++)
		f[at++] = in[i];
	return overwrite_refused("bhctl", f, at);
}
