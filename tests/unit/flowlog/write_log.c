// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A flow log for tests from outside.
//
//     write_log DIR GATEWAY KEY BLOCKS RECORDS SEGMENT_BYTES   BLOCKS blocks of RECORDS and a stop
//     write_log DIR GATEWAY KEY BLOCKS RECORDS SEGMENT_BYTES live   with a thread, by time
//     write_log DIR GATEWAY KEY BLOCKS RECORDS SEGMENT_BYTES every SECONDS FROM   not by time: a
//     block
//                                     every SECONDS of its records' time, the first FROM seconds on
//     write_log DIR GATEWAY KEY BLOCKS RECORDS SEGMENT_BYTES [every ..] retain BYTES   keeps so
//     many write_log DIR GATEWAY KEY forever COUNTER [BYTES]        live, until it is killed
//
// KEY "-": unsigned. COUNTER is a file whose first 8 bytes become the next number, as soon as a
// record has its own. Exit status: 0, 1: the log could not be closed whole, 2: not be opened.

#include "app/flowlog/flowlog.h"
#include "sample.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct flowlog_config config = {.sync_ms = 0};
static int64_t step = 2000000, begin = SAMPLE_T; // of blocks, microseconds

static struct flowlog *open_log(void)
{
	char err[512];
	struct flowlog *l;

	config.words = sample_words();
	l = flowlog_open(&config, err, sizeof(err));
	if (l == NULL) {
		fprintf(stderr, "%s\n", err);
		exit(2);
	}
	return l;
}

static void start(struct flowlog *l, int64_t t)
{
	static const char *const db[] = {"/usr/share/tor/geoip sha256:00"};
	const struct notice_start n = {.t = t,
		.version = "0.1.0",
		.mode = "inline",
		.dpi = "nDPI 4.2.0",
		.db = db,
		.n_db = 1};

	flowlog_start(l, &n);
}

static struct record vary(uint64_t i, int64_t t)
{
	struct record r = sample_record();

	r.fid = i * 0x9e3779b97f4a7c15ull;
	r.sport = (uint16_t)(1024 + i % 60000);
	r.ob = i * 37 % 1000003;
	r.t0 = t - (int64_t)(i % 1000);
	r.t1 = t;
	return r;
}

static int write_blocks(unsigned blocks, unsigned records)
{
	struct flowlog *l = open_log();
	char err[512];
	int64_t t = begin;

	flowlog_flush(l, t);
	start(l, t);
	for (unsigned b = 0; b < blocks; b++, t += step) {
		for (unsigned i = 0; i < records; i++) {
			const struct record r = vary(b * 10000 + i, t + i);

			flowlog_write(l, &r);
		}
		flowlog_lost(l, b % 3, "ring_full", t);
		flowlog_flush(l, t + 1900000);
	}
	flowlog_stop(l, &(struct notice_stop){.t = t, .why = "end of input", .missed = 7});
	if (flowlog_close(l, err, sizeof(err)) != 0) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	return 0;
}

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000ll + ts.tv_nsec / 1000;
}

static int write_forever(const char *counter)
{
	int fd = open(counter, O_RDWR | O_CREAT, 0600);
	volatile uint64_t *next =
		ftruncate(fd, 4096) == 0
			? mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
			: MAP_FAILED;
	struct flowlog_stats st;
	struct flowlog *l;

	if (next == MAP_FAILED)
		return 2;
	config.live = true;
	config.segment_bytes = 200000;
	l = open_log();
	flowlog_flush(l, now_us());
	start(l, now_us());
	for (uint64_t i = 0;; i++) {
		const struct record r = vary(i, now_us());

		flowlog_get_stats(l, &st);
		next[0] = st.next_seq;
		flowlog_write(l, &r);
		if (i % 64 == 0) { // in the gateway: every 100 ms, and blocks fill by themselves
			flowlog_lost(l, i % 128 / 64 * 3, "ring_full", now_us());
			flowlog_flush(l, now_us());
		}
	}
}

int main(int argc, char **argv)
{
	if (argc < 6)
		return 2;
	config.dir = argv[1];
	config.gateway = argv[2];
	config.key = strcmp(argv[3], "-") != 0 ? argv[3] : NULL;
	if (strcmp(argv[4], "forever") == 0) {
		config.retain_bytes = argc > 6 ? strtoull(argv[6], NULL, 10) : 0;
		return write_forever(argv[5]);
	}
	config.segment_bytes = argc > 6 ? strtoull(argv[6], NULL, 10) : 0;
	config.live = argc > 7 && strcmp(argv[7], "live") == 0;
	if (argc > 8 && strcmp(argv[argc - 2], "retain") == 0)
		config.retain_bytes = strtoull(argv[argc - 1], NULL, 10);
	if (argc > 9 && strcmp(argv[7], "every") == 0) {
		step = atoll(argv[8]) * 1000000;
		begin = SAMPLE_T + atoll(argv[9]) * 1000000;
	}
	return write_blocks((unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]));
}
