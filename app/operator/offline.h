// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Policies without a gateway: read, checked and compiled here, with this host's nDPI.
#pragma once

#include "app/control/policy_file.h"
#include "app/keys/key.h"

#include <jansson.h>

struct offline_policy {
	struct policy_text text;
	struct policy *policy;
	struct dpi *dpi; // for names
	struct diag_list diag;
};

// A classifier for its names; free with dpi_free(). NULL with a line on standard error.
struct dpi *offline_dpi(void);

// False with the findings on standard error, errors first. any_time: not_before and expires are not
// held against the clock.
bool offline_load(struct offline_policy *p, const char *path, bool any_time);
void offline_free(struct offline_policy *p);

// Which policy it is, for an answer in JSON: file, id, version, sha256.
json_t *offline_about(const struct offline_policy *p, const char *path);

// Whether out with one of the suffixes, as of outputs_refused(), is the key, its PATH.pub or the
// policy (NULL: there is none). True with a line on standard error.
bool key_in_the_way(
	const char *out, const char *const *suffixes, const char *key, const char *policy);

// The private key that a signature is made with; its name from PATH.pub where name is NULL. NULL
// with a line on standard error.
struct key_private *key_for_signing(const char *path, const char *name);
