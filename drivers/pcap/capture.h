// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Captures in and out, by libpcap: pcap and pcapng. Needs no EAL, no root.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct capture;
struct capture_writer;

#define CAPTURE_TIME_MAX (INT64_C(1) << 60) // 36,000 years

struct capture_packet {
	const uint8_t *data; // owned by the capture until the next call
	uint32_t caplen;     // bytes in data
	uint32_t wirelen;    // bytes on the wire, never below caplen
	int64_t ts_us;       // microseconds since 1970 UTC, within CAPTURE_TIME_MAX of it
};

// Opens a file ("-": standard input). NULL on error, with one line in err that names the file and
// says what is wrong: missing, unreadable, a folder, a device, empty, not a capture, compressed, a
// link type that the pipeline does not know. A FIFO is read as a stream. Nanosecond captures are
// read as microseconds.
//
// Link types (https://www.tcpdump.org/linktypes.html): Ethernet, raw IP, IPv4, IPv6, Linux cooked
// v1 and v2, BSD null and loop, PPP (plain, serial, PPPoE session), Cisco HDLC, 802.11 with and
// without radiotap.
struct capture *capture_open(const char *path, char *err, size_t err_size);
void capture_close(struct capture *c);

// The DLT_ number of the link type (see pcap-linktype(7)). The numbers by which systems call raw IP
// (12, 14, 101) are all given as DLT_RAW (12).
int capture_linktype(const struct capture *c);
// Its name without DLT_ ("EN10MB"), "unknown" where libpcap has none.
const char *capture_linktype_name(int dlt);

// 1 with a packet, 0 at the end, -EIO with a line in err where the file is cut short or damaged, or
// where libpcap cannot go on (pcapng with interfaces of several link types); the packets before it
// were given. After 0 or -EIO every further call gives the same.
int capture_next(struct capture *c, struct capture_packet *p, char *err, size_t err_size);

// Bytes read so far and the file's size (0: not known), for progress. Where the input is a stream
// the bytes are those of packets and their headers.
void capture_progress(const struct capture *c, uint64_t *read, uint64_t *size);

// A pcap file of one link type. Errors as above; the file is whole only after a close that returns
// 0: until then it grows as PATH.part, and a file that was at PATH stays. A device or FIFO is
// written to as it is. snaplen 0: no limit; longer packets are cut to snaplen.
struct capture_writer *capture_create(
	const char *path, int dlt, uint32_t snaplen, char *err, size_t err_size);
// 0 or -errno (disk full: -ENOSPC). Writes are buffered, so that an error may show at a later
// packet or at the close; after one nothing more is written and every call gives the same.
int capture_write(struct capture_writer *w, const struct capture_packet *p);
// Frees w in any case. On an error (of this or an earlier call) no file is left at PATH.part.
int capture_writer_close(struct capture_writer *w, char *err, size_t err_size);
