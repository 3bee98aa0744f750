// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the sentences and the meanings of a diff have in common.
#pragma once

#include "app/operator/command.h"
#include "app/operator/policy_diff.h"

#include <stdio.h>
#include <string.h>

#define LISTED 8 // values of a list that are named; the change itself has all

static inline bool is_in(const json_t *change, const char *in)
{
	return strcmp(command_text(change, "in"), in) == 0;
}

static inline bool is_what(const json_t *change, const char *what)
{
	return strcmp(command_text(change, "what"), what) == 0;
}

static inline bool in_match(const char *path)
{
	return strncmp(path, "match.", 6) == 0;
}

static inline const char *done_to(const char *action)
{
	return strcmp(action, "allow") == 0  ? "allowed"
	       : strcmp(action, "flag") == 0 ? "flagged"
					     : "blocked";
}

// The first values of a list, one spelling each; "nothing" where it is empty.
void policy_diff_list(FILE *to, const char *key, const json_t *list);

// What follows from a change; nothing where its words say it all. Arguments as of
// policy_diff_words().
void policy_diff_means(FILE *to, const struct policy_pair *p, const json_t *change,
	const json_t *one, const json_t *crossed);
