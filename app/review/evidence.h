// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The commands of bhlog that are about the log as evidence. argv[0] is the command's name. Each
// returns its exit status.
#pragma once

#include "app/keys/key.h"

#include <stddef.h>

int verify_main(int argc, char **argv);
int prove_main(int argc, char **argv);
int witness_main(int argc, char **argv);

// The proof that record number seq is in the log that the newest checkpoint is of, as "bhlog prove"
// writes it; free() it. 0, or an exit status of prove, *text NULL and in *why a line that tells
// (static, or of strerror()).
int prove_text(const char *dir, uint64_t seq, char **text, const char **why);

// What a log cannot say, for people; lines with newlines.
extern const char evidence_limits[];

// A whole file, "-": standard input, NUL behind it; free() it. NULL with a line on standard error.
char *evidence_read(const char *path, size_t *len);
// In place of the old one, by way of a rename; NULL: to standard output. 0, or -errno with a line
// on standard error.
int evidence_write(const char *path, const char *text);
