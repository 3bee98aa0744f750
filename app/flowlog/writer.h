// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The writer thread of a live gateway: one ring a worker, drained into one flow log.
//
// A ring has one producer (its worker) and one consumer (the thread); records are copied in and out
// by value; a full ring refuses the record and counts it. No locks between them, and the two sides'
// indexes never share a cache line.
#pragma once

#include "app/flowlog/flowlog.h"

#include <pthread.h>
#include <stdint.h>

struct record_ring;

// size: records (512 bytes each), rounded up to a power of two, at most 2^24. NULL without memory.
struct record_ring *record_ring_create(uint32_t size);
void record_ring_free(struct record_ring *r);

// Producer. 0, or -ENOSPC: counted as lost.
int record_ring_put(struct record_ring *r, const struct record *rec);

// Consumer: up to n records; returns how many.
unsigned record_ring_get(struct record_ring *r, struct record *out, unsigned n);
// Consumer, without a copy: how many records wait (there may be more than told where it is want or
// more), the i-th of them, and giving the first n of them back.
unsigned record_ring_available(struct record_ring *r, unsigned want);
const struct record *record_ring_peek(const struct record_ring *r, unsigned i);
void record_ring_release(struct record_ring *r, unsigned n);

// Any thread: records put, records taken out (given back), records refused, all so far. The writer
// thread gives a record back when its line is made, so the policies of the first n records put are
// not needed any more once n have been taken.
uint64_t record_ring_put_count(const struct record_ring *r);
uint64_t record_ring_taken_count(const struct record_ring *r);
uint64_t record_ring_lost_count(const struct record_ring *r);
// A sink for a worker.
struct record_sink record_ring_sink(struct record_ring *r);

struct log_writer;

// Starts the thread, named "bh-log". Write the start notice before. The log is the thread's until
// log_writer_stop(). rings are borrowed. NULL on error. The thread takes no signals.
struct log_writer *log_writer_start(struct flowlog *log, struct record_ring *const *rings,
	unsigned n_rings, char *err, size_t err_size);

// Any thread: a notice to be written in turn: it stands before every record that is put into a ring
// after this has returned. The strings are copied. 0, -ENOMEM, or -ENOSPC where
// more than a thousand notices wait already; either is counted as a lost record.
int log_writer_policy(struct log_writer *w, const struct notice_policy *n);
// Any thread: packets that the ports have missed so far, for the blocks' counters.
void log_writer_missed(struct log_writer *w, uint64_t packets);
// Any thread: as they were at most 100 ms ago.
void log_writer_stats(struct log_writer *w, struct flowlog_stats *out);

// Drains every ring, writes the stop notice, flushes, ends the thread. The workers must have
// stopped. The caller closes the log. 0, or -errno where the last flush failed.
int log_writer_stop(struct log_writer *w, const struct notice_stop *n);
