// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What runs in the browser: web/*.js, put into a string by embed.py when it is built.
#pragma once

extern const char console_script[];
