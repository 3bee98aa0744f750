// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How fast records become lines in segment files.
//
//     bench_flowlog DIR [RECORDS]
//
// One thread formats and writes RECORDS (default 5,000,000) varied records into DIR, which must not
// hold a log yet; then the same number goes through a ring and the writer thread. Prints records/s
// and bytes a line; the second figure shares the machine with the producer.

#include "app/flowlog/line.h"
#include "app/flowlog/writer.h"
#include "tests/unit/flowlog/sample.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void report(const char *what, double took, const struct flowlog_stats *s)
{
	printf("%-24s %9.0f records/s  %6.1f MB/s  %5.1f bytes/line  lost %" PRIu64 "\n", what,
		(double)s->written / took, (double)s->bytes / took / 1e6,
		(double)s->bytes / (double)s->written, s->lost_ring + s->lost_disk);
}

static void bench_format(uint64_t n)
{
	const struct line_source source = {"\"gw-a1\"", 7, sample_words()};
	struct record r = sample_record();
	char line[8192];
	double from = seconds();
	struct flowlog_stats s = {.written = n};

	for (uint64_t i = 0; i < n; i++) {
		struct json_out j = {line, line + sizeof(line), false};

		vary(&r, i);
		line_record(&j, &source, i, &r);
		s.bytes += (uint64_t)(j.p - line);
	}
	report("format only", seconds() - from, &s);
}

static void bench_direct(const char *dir, uint64_t n, bool live)
{
	struct flowlog *l = open_log(dir, live);
	struct record r = sample_record();
	struct flowlog_stats s;
	double from = seconds();
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
	report(live ? "writer and sealer" : "one thread, to files", seconds() - from, &s);
}

static void bench_ring(const char *dir, uint64_t n)
{
	struct flowlog *l = open_log(dir, true);
	struct record_ring *ring = record_ring_create(65536);
	struct record r = sample_record();
	struct log_writer *w;
	struct flowlog_stats s;
	char err[256];
	double from = seconds();

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
	report("ring and writer thread", seconds() - from, &s);
	record_ring_free(ring);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 5000000;

	if (argc < 2 || n == 0) {
		fprintf(stderr, "usage: bench_flowlog DIR [RECORDS]\n");
		return 2;
	}
	bench_format(n);
	bench_direct(argv[1], n, false);
	bench_direct(argv[1], n, true);
	bench_ring(argv[1], n);
	return 0;
}
