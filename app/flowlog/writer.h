// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The writer thread of a live gateway: one ring a worker, drained into one flow log.
//
// A ring has one producer (its worker) and one consumer (the thread); records are copied in and out by
// value; a full ring refuses the record and counts it. No locks between them, and the two sides'
// indexes never share a cache line.
#pragma once

#include "app/flowlog/flowlog.h"

#include <pthread.h>
#include <stdint.h>

struct record_ring;

// size: records, rounded up to a power of two. NULL without memory.
struct record_ring *record_ring_create(uint32_t size);
void record_ring_free(struct record_ring *r);

// Producer. 0, or -ENOSPC: counted as lost.
int record_ring_put(struct record_ring *r, const struct record *rec);
// Consumer: up to n records; returns how many.
unsigned record_ring_get(struct record_ring *r, struct record *out, unsigned n);
// Any thread: records put and refused so far, records taken out so far.
uint64_t record_ring_put_count(const struct record_ring *r);
uint64_t record_ring_taken_count(const struct record_ring *r);
uint64_t record_ring_lost_count(const struct record_ring *r);
// A sink for a worker.
struct record_sink record_ring_sink(struct record_ring *r);

struct log_writer;

// Starts the thread, named "bh-log". The log is the thread's until log_writer_stop(). rings are
// borrowed. NULL on error.
struct log_writer *log_writer_start(struct flowlog *log, struct record_ring *const *rings,
	unsigned n_rings, char *err, size_t err_size);

// Any thread: a notice to be written in turn. The strings are copied.
int log_writer_policy(struct log_writer *w, const struct notice_policy *n);
void log_writer_stats(struct log_writer *w, struct flowlog_stats *out);

// Drains every ring, writes the stop notice, flushes, ends the thread. The workers must have stopped.
// The caller closes the log.
int log_writer_stop(struct log_writer *w, const struct notice_stop *n);
