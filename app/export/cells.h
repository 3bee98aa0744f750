// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Cells of a line of the log as JSON again. The line may have been written by anyone; what comes
// out is JSON.
#pragma once

#include "app/flowlog/json.h"
#include "app/rows/row.h"

// Whether all is as the log writes it: keys of letters, digits and '_'; strings, whole numbers,
// lists of these.
bool cells_sound(const struct row *r);

// Of a sound row: a string is unescaped and escaped anew (cut off past CELLS_STRING_MAX bytes where
// it has escapes), a number stands as it is.
#define CELLS_STRING_MAX 65535
void cells_put(struct json_out *j, const struct cell *c);

// ,"key":value for all cells that no name in `but` (ends in NULL) says, each key once; the comma
// not before the first.
void cells_put_others(struct json_out *j, const struct row *r, const char *const *but);

// ,"name":value, or nothing where the row has no such key.
void cells_put_as(struct json_out *j, const char *name, const struct row *r, const char *key);

// ,"name":  name must need no escaping.
void cells_name(struct json_out *j, const char *name);
