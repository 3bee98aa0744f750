// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Reads a log for its pages: the records, and what the verifier answers.
#pragma once

#include "app/console/digest.h"
#include "app/evidence/verify.h"
#include "app/review/lookup.h"

#include <stdbool.h>

struct report_evidence {
	struct verify_report *answers; // NULL: the source is no directory
	char *checkpoint, *cosigned;   // notes; NULL: there is none
};

// Adds up all lines and finishes the digest, progress on a terminal. *torn: the log's end was left
// out. *rc: 0, or -errno with one line in err; what came before an error is in the digest.
// digest_free() it; NULL: no memory.
struct digest *report_read_lines(const char *source, const struct digest_options *o, bool *torn,
	int *rc, char *err, size_t err_size);

// The same with the catalogue of a log's directory, of which lines that it has sums of are not
// read. NULL with *rc 0: there is none, or it does not give the same to the last byte; with
// -errno: no memory, or what is there under its name is none of ours.
struct digest *report_read_catalogue(const char *log, const struct digest_options *o,
	const struct lookup_options *cache, bool *torn, int *rc, char *err, size_t err_size);

// The notes, with room for the answers, which are not given. 0, or -errno with one line in err.
int report_read_notes(const char *source, struct report_evidence *out, char *err, size_t err_size);
void report_free_evidence(struct report_evidence *e);
