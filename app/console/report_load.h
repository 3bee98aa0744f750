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

// Adds up all lines and finishes the digest, progress on a terminal. cache: how the log's
// catalogue is used, where it has one: lines that it has sums of are not read, as long as that
// gives the same to the last byte; NULL: all are. *torn: the log's end was left out. *rc: 0, or
// -errno with one line in err; what came before an error is in the digest. digest_free() it; NULL:
// no memory.
struct digest *report_read_lines(const char *source, const struct digest_options *o,
	const struct lookup_options *cache, bool *torn, int *rc, char *err, size_t err_size);

// 0, or -errno with one line in err. A log that is damaged is none: the answers say so.
int report_read_evidence(const char *source, const struct verify_options *o,
	struct report_evidence *out, char *err, size_t err_size);
// The same without an answer: it has room for them.
int report_read_notes(const char *source, struct report_evidence *out, char *err, size_t err_size);
void report_free_evidence(struct report_evidence *e);
