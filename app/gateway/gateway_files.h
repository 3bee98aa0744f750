// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Files and folders that a configuration names.
#pragma once

#include "app/gateway/config.h"

// Tries them, with a finding at its place in the configuration for each that will not do. all: also
// what a start makes itself, tells of itself or can do without: folders, control socket, policy. 0
// or -EINVAL.
int gateway_check_files(const struct gateway_config *g, bool all, struct diag_list *diag);

// The parts of it that others look at, too. The log's key, which must be configured, and the .pub
// beside it, if there is one. False with a line in err; *beside: it is of the .pub.
bool gateway_log_key_good(const struct gateway_config *g, bool *beside, char *err, size_t err_size);
// The folder that a path is in: "a/b" of "a/b/c", "." of "c", "/" of "/c".
void gateway_folder_of(const char *path, char *out, size_t size);
// One folder by two names; where one is not there, by the same name.
bool gateway_same_folder(const char *a, const char *b);
