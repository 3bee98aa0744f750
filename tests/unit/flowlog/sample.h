// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Records and words that the flow log's tests share.
#pragma once

#include "app/flowlog/flowlog.h"

// A finished TLS flow of auto-oem to US, decided by gdl-auto.
struct record sample_record(void);
struct record_words sample_words(void);

// 2026-11-24T09:00:00Z in microseconds.
#define SAMPLE_T 1795510800000000ll
