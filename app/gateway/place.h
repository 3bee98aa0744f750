// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Where memory lies. The kernel takes a page from the NUMA node of the core that touches it first:
// what an lcore works with is made on that lcore, once the EAL has started and before the lcore
// begins its work.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Runs f(arg) on an lcore that is not at work, and waits for it. What f returns, or -EBUSY.
int place_run(unsigned lcore, int (*f)(void *arg), void *arg);

// Runs f(ctx, i) on the i-th of n lcores, one after the other. 0, or what one has returned that is
// not 0: those after it are left out.
int place_each(const uint32_t *lcores, size_t n, int (*f)(void *ctx, unsigned i), void *ctx);
