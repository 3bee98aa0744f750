// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What must hold for every input. Not assert(): its promise may not depend on NDEBUG.
#pragma once

#include <stdio.h>
#include <stdlib.h>

#define want(good)                                                                                 \
	do {                                                                                       \
		if (!(good)) {                                                                     \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #good);  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)
