// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Any bytes as a capture: refused with one line, or read to an end that stays the end. What libpcap
// itself does with the bytes is not instrumented; what it hands on is touched byte by byte.
#include "drivers/pcap/capture.h"
#include "tests/fuzz/memory_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want_line(const char *err)
{
	if (err[0] == '\0' || strchr(err, '\n') != NULL)
		abort();
}

static void read_all(struct capture *c, char *err, size_t err_size)
{
	static volatile uint8_t sum; // keeps the reads
	struct capture_packet p;
	uint64_t done, size;
	int rc;

	while ((rc = capture_next(c, &p, err, err_size)) == 1) {
		if (p.wirelen < p.caplen)
			abort();
		for (uint32_t i = 0; i < p.caplen; i++)
			sum = (uint8_t)(sum + p.data[i]);
	}
	if (rc < 0)
		want_line(err);
	capture_progress(c, &done, &size);
	if (done > size)
		abort();
	if (capture_next(c, &p, err, err_size) != rc)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory_file f;
	char err[512] = "";
	struct capture *c;

	memory_file_make(&f, data, size);
	c = capture_open(f.path, err, sizeof(err));
	if (c != NULL)
		read_all(c, err, sizeof(err));
	else
		want_line(err);
	capture_close(c);
	memory_file_free(&f);
	return 0;
}
