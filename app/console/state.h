// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Whether the log that a console shows is whole. Verifying takes a pass over all of it: it is done
// in the background when somebody looks, and its answer kept for as long as the log's files stay as
// they are. Of a log that grows all the time the last answer is shown with its time, and the next
// check waits so long that checks take no more than a small part of the time.
#pragma once

#include "app/evidence/verify.h"

struct state;

struct state_answer {
	bool known;
	bool current; // of the files as they are now
	bool running; // a check is on its way
	int64_t at;   // microseconds since 1970 UTC: when the check that is known began
	struct verify_report report;
};

// dir and what o points to are borrowed until state_free(). NULL: no memory.
struct state *state_new(const char *dir, const struct verify_options *o);
// Returns soon, whatever the size of the log: what is known, and begins a check where one is due.
// For any number of threads, as the next.
void state_get(struct state *s, struct state_answer *out);
// Verifies here and now, and keeps the answer.
void state_check(struct state *s, struct verify_report *out);
// False: a check is running. It only reads, and ends with the process; nothing that it uses may be
// freed.
bool state_free(struct state *s);
