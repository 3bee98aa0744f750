// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/colour.h"

#include <string.h>

void colour_put(FILE *to, bool on, enum colour c, int width, const char *text)
{
	static const char *const codes[] = {
		"", "\033[1m", "\033[2m", "\033[32m", "\033[33m", "\033[1;31m"};
	int n = (int)strlen(text);

	on = on && c != COLOUR_NONE;
	// The spaces stay plain.
	fprintf(to, "%s%s%s%*s", on ? codes[c] : "", text, on ? "\033[0m" : "",
		width > n ? width - n : 0, "");
}
