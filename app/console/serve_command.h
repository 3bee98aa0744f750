// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The command "bhlog serve". argv[0] is its name. Returns the exit status.
#pragma once

int serve_main(int argc, char **argv);
