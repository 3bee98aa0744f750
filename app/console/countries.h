// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Names of countries.
#pragma once

#include "app/console/words.h"

// NULL: there is no such code. "XX": unknown.
const char *country_name(const char *code, enum lang lang);
