// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A made-up classifier's names, with the ids that the tests use.
#pragma once

#include "policy/policy.h"

enum {
	APP_UNKNOWN,
	APP_TLS,
	APP_SSH,
	APP_DNS,
	APP_BITTORRENT,
	APP_TOR,
	APP_DOH,
	APP_FTP_DATA,
	APP_SMB,
	APP_DROPBOX,
	APP_HTTP,
	CAT_NONE = 0,
	CAT_WEB,
	CAT_VPN,
	CAT_CLOUD,
	CAT_EMAIL,
	CAT_DATABASE,
	CAT_REMOTE,
	CAT_NETWORK,
};

extern const struct policy_names test_names;
