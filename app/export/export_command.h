// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The `export` command of bhlog. argv[0] is "export". Returns the exit status: 0 written, 1 nothing
// matched, 2 an error (told on standard error).
#pragma once

int export_main(int argc, char **argv);
