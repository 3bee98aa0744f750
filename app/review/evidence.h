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

// What a log cannot say, for people; lines with newlines.
extern const char evidence_limits[];

// A whole file, "-": standard input, NUL behind it; free() it. NULL with a line on standard error.
char *evidence_read(const char *path, size_t *len);
// In place of the old one, by way of a rename; NULL: to standard output. 0, or -errno with a line
// on standard error.
int evidence_write(const char *path, const char *text);
