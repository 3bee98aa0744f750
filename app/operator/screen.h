// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A terminal that is drawn anew: keys are read as they are struck, ^C and the like end with the
// terminal as it was.
#pragma once

#include <stdbool.h>

void screen_open(void);
void screen_clear(void);
// Waits; false: q was struck or a signal asks for the end.
bool screen_wait(int milliseconds);
void screen_close(void);
