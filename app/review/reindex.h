// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The `reindex` command of bhlog: makes the catalogue of a log's directory. argv[0] is "reindex".
// Returns the exit status: 0 good, 1 segments could not be read, 2 an error (told on standard
// error).
#pragma once

int reindex_main(int argc, char **argv);
