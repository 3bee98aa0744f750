// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The command "bhlog report". argv[0] is its name. Returns the exit status.
#pragma once

int report_main(int argc, char **argv);
