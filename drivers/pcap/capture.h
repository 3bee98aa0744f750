// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Captures in and out, by libpcap: pcap and pcapng. Needs no EAL, no root.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct capture;
struct capture_writer;

struct capture_packet {
	const uint8_t *data; // owned by the capture until the next call
	uint32_t caplen;     // bytes in data
	uint32_t wirelen;    // bytes on the wire
	int64_t ts_us;       // microseconds since 1970 UTC
};

// Opens a file ("-": standard input). NULL on error, with one line in err that names the file and
// says what is wrong: missing, unreadable, a folder, empty, not a capture, a link type that the
// pipeline does not know. Nanosecond captures are read as microseconds.
struct capture *capture_open(const char *path, char *err, size_t err_size);
void capture_close(struct capture *c);

// The DLT_ number of the link type (see pcap-linktype(7)).
int capture_linktype(const struct capture *c);
const char *capture_linktype_name(int dlt);

// 1 with a packet, 0 at the end, -EIO with a line in err where the file is cut short or damaged (the
// packets before it were given).
int capture_next(struct capture *c, struct capture_packet *p, char *err, size_t err_size);

// Bytes read so far and the file's size (0: not known), for progress.
void capture_progress(const struct capture *c, uint64_t *read, uint64_t *size);

// A pcap file of one link type. Errors as above; the file is whole only after a close that returns 0.
struct capture_writer *capture_create(const char *path, int dlt, uint32_t snaplen, char *err,
	size_t err_size);
int capture_write(struct capture_writer *w, const struct capture_packet *p);
int capture_writer_close(struct capture_writer *w, char *err, size_t err_size);
