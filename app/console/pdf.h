// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// An HTML file printed to PDF by Chromium, where that is installed.
#pragma once

#include <stddef.h>

// 0, or -errno with one line in err. Nothing is left behind where it fails.
int pdf_print(const char *html, const char *pdf, char *err, size_t err_size);
