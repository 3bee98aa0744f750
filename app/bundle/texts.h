// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What every bundle has, as it stands in the sources.
#pragma once

extern const char bundle_readme[];   // app/bundle/README.txt
extern const char bundle_verifier[]; // scripts/verify-bundle
