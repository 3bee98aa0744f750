// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What most tests do with a log. Failures end the test.
#pragma once

#include "app/evidence/verify.h"
#include "app/flowlog/flowlog.h"
#include "scratch.h"

// A log in the scratch folder, of gateway: gw "a1".
struct flowlog_config steps_config(const struct scratch *s);
struct flowlog *steps_open(const struct flowlog_config *c);
void steps_close(struct flowlog *l);

void steps_start(struct flowlog *l, int64_t t);
void steps_stop(struct flowlog *l, int64_t t);

// n sample records, the i-th at t + i * step.
void steps_write(struct flowlog *l, unsigned n, int64_t t, int64_t step);

// Verifies a directory; the exit status must be this one.
struct verify_report steps_verify(const char *dir, const struct key_public *key, int status);
