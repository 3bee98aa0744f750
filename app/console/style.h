// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The style sheet of all pages: light, dark, 360 pixels wide, A4.
#pragma once

extern const char style_sheet[];
