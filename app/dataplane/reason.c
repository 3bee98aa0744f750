// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/reason.h"

static const char *const outcome_names[] = {
#define X(name, text, stopped) text,
	REASON_OUTCOMES(X)
#undef X
};

static const char *const note_names[] = {
#define X(name, text, malformed) text,
	REASON_NOTES(X)
#undef X
};

const char *reason_outcome_name(enum reason_outcome r)
{
	return outcome_names[r];
}

const char *reason_note_name(enum reason_note n)
{
	return note_names[n];
}
