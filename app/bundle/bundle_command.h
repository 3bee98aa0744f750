// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The `bundle` command of bhlog. argv[0] is "bundle". Returns the exit status: 0 written, 1 nothing
// of the period is there, 2 an error (told on standard error).
#pragma once

int bundle_main(int argc, char **argv);
