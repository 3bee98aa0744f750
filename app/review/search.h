// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The `search` command of bhlog. argv[0] is "search". Returns the exit status: 0 found, 1 nothing
// found, 2 an error (told on standard error).
#pragma once

#define REVIEW_FOUND   0
#define REVIEW_NOTHING 1
#define REVIEW_ERROR   2

int search_main(int argc, char **argv);
