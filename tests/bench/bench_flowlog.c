// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How fast records become lines in sealed segments, synced.
//
//     bench_flowlog DIR [RECORDS]
//
// RECORDS (default 5,000,000) varied records, into DIR, which must not hold a log yet:
//
//   format only            lines into memory
//   format and hash        and into the trees of their blocks: what the writer thread does
//   one thread, to files   and packed and written by the same thread, as in replay
//   writer and sealer      packed and written by a second thread, as in a gateway, by a checkpoint
//   signed
//                          every 10 s and a sync every second
//   ring and writer thread the same, from a ring that a third thread fills
//
// Prints records/s by the clock, the processor time a record takes in the calling thread and in all
// threads together, bytes a line and bytes a record on disk. On a busy machine only processor times
// tell.

#include "app/evidence/folder.h"
#include "app/flowlog/block.h"
#include "app/flowlog/line.h"
#include "app/flowlog/writer.h"
#include "tests/unit/flowlog/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void vary(struct record *r, uint64_t i)
{
	r->fid = i * 0x9e3779b97f4a7c15ull;
	r->sport = (uint16_t)(1024 + i % 60000);
	memcpy(r->dst + 1, &i, 3);
	r->ob = i * 37 % 1000003;
	r->rb = i * 101 % 100000007;
	r->t0 += 50;
	r->t1 = r->t0 + (int64_t)(i % 1000000);
}

static struct flowlog *open_log(const char *dir, bool live)
{
	const struct flowlog_config c = {.gateway = "gw-a1",
		.dir = dir,
		.sync_ms = 1000,
		.segment_s = UINT32_MAX,
		.live = live,
		.words = sample_words()};
	char err[256];
	struct flowlog *l = flowlog_open(&c, err, sizeof(err));

	if (l == NULL) {
		fprintf(stderr, "%s\n", err);
		exit(2);
	}
	return l;
}

struct clocks {
	double wall, writer, all; // seconds; the last two of processor time
};

static double cpu_seconds(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct clocks clocks_now(void)
{
	return (struct clocks){seconds(), cpu_seconds(CLOCK_THREAD_CPUTIME_ID),
		cpu_seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static uint64_t disk_bytes; // of segments, so far

static void report(const char *what, const struct clocks *from, const struct flowlog_stats *s,
	uint64_t on_disk)
{
	const struct clocks now = clocks_now();
	const double n = (double)s->written, us = 1e6 / n;

	printf("%-23s %9.0f records/s  cpu %5.2f us here, %5.2f us all  %5.1f bytes/line, %5.1f on "
	       "disk  "
	       "lost %" PRIu64 "\n",
		what, n / (now.wall - from->wall), (now.writer - from->writer) * us,
		(now.all - from->all) * us, (double)s->bytes / n, (double)on_disk / n,
		s->lost_ring + s->lost_disk);
}

// Bytes of segments that came since this was asked last.
static uint64_t new_bytes(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	struct segment_list l;
	uint64_t sum = 0, before = disk_bytes;

	if (fd < 0 || segment_list_read(fd, &l) != 0)
		return 0;
	for (size_t i = 0; i < l.n; i++) {
		struct stat st;

		sum += fstatat(fd, l.v[i].name, &st, 0) == 0 ? (uint64_t)st.st_size : 0;
	}
	segment_list_free(&l);
	close(fd);
	disk_bytes = sum;
	return sum - before;
}

static void bench_format(uint64_t n, bool hash)
{
	const struct line_source source = {"\"gw-a1\"", 7, sample_words()};
	struct record r = sample_record();
	struct hasher *h = hash ? hasher_new() : NULL;
	struct block b = {0};
	const struct clocks from = clocks_now();
	struct flowlog_stats s = {.written = n};

	for (uint64_t i = 0; i < n; i++) {
		struct json_out j;
		size_t size;

		if (b.entry.n == ENTRY_BLOCK_RECORDS)
			block_clear(&b);
		block_reserve(&b, 8192);
		j = (struct json_out){b.buf + b.len, b.buf + b.cap, false};
		vary(&r, i);
		line_record(&j, &source, i, &r);
		size = (size_t)(j.p - (b.buf + b.len));
		block_add(&b, h, size, i, r.t0, r.t1);
		s.bytes += size;
	}
	report(hash ? "format and hash" : "format only", &from, &s, 0);
	hasher_free(h);
	free(b.buf);
}

static void bench_direct(const char *dir, uint64_t n, bool live)
{
	struct flowlog *l = open_log(dir, live);
	struct record r = sample_record();
	struct flowlog_stats s;
	const struct clocks from = clocks_now();
	char err[256];

	for (uint64_t i = 0; i < n; i++) {
		vary(&r, i);
		flowlog_write(l, &r);
		if (i % 4096 == 0) {
			flowlog_flush(l, r.t1);
		}
	}
	flowlog_stop(l, &(struct notice_stop){.t = r.t1, .why = "end of input"});
	flowlog_flush(l, r.t1);
	flowlog_get_stats(l, &s);
	if (flowlog_close(l, err, sizeof(err)) != 0) {
		fprintf(stderr, "%s\n", err);
		exit(2);
	}
	report(live ? "writer and sealer" : "one thread, to files", &from, &s, new_bytes(dir));
}

static void bench_ring(const char *dir, uint64_t n)
{
	struct flowlog *l = open_log(dir, true);
	struct record_ring *ring = record_ring_create(65536);
	struct record r = sample_record();
	struct log_writer *w;
	struct flowlog_stats s;
	char err[256];
	const struct clocks from = clocks_now();

	w = log_writer_start(l, &ring, 1, err, sizeof(err));
	if (w == NULL) {
		fprintf(stderr, "%s\n", err);
		exit(2);
	}
	for (uint64_t i = 0; i < n; i++) {
		vary(&r, i);
		while (record_ring_put_count(ring) - record_ring_taken_count(ring) > 65000) {
			nanosleep(&(struct timespec){0, 100000}, NULL);
		}
		record_ring_put(ring, &r);
	}
	log_writer_stop(w, &(struct notice_stop){.t = r.t1, .why = "end of input"});
	flowlog_get_stats(l, &s);
	flowlog_close(l, err, sizeof(err));
	report("ring and writer thread", &from, &s, new_bytes(dir));
	record_ring_free(ring);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 5000000;

	if (argc < 2 || n == 0) {
		fprintf(stderr, "usage: bench_flowlog DIR [RECORDS]\n");
		return 2;
	}
	bench_format(n, false);
	bench_format(n, true);
	bench_direct(argv[1], n, false);
	bench_direct(argv[1], n, true);
	bench_ring(argv[1], n);
	return 0;
}
