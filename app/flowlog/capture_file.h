// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Evidence captures as files: DIR/captures/YYYYMMDDTHHMMSSZ-FID.pcapng (-FID-2 and so on where
// another run wrote one of that name), named and hashed in the flow's record. pcapng
// (draft-ietf-opsawg-pcapng): one section, one interface, an enhanced packet block for each packet
// with microseconds, a comment that names the gateway and the flow.
#pragma once

#include "app/flowlog/record.h"

#define CAPTURE_FILE_TEXT 160 // of the record's field

struct capture_files;

struct capture_files_config {
	const char *dir; // of the log
	const char *gateway;
	uint64_t max_bytes; // of all files together
	uint32_t max_per_s; // files a second
};

struct capture_files_stats {
	uint64_t files, bytes; // written by this run
	uint64_t shed;         // not written: over a bound
	uint64_t failed;       // not written: the disk
};

// NULL on error, with one line in err. The folder is made when the first file is written.
struct capture_files *capture_files_open(
	const struct capture_files_config *c, char *err, size_t err_size);
void capture_files_close(struct capture_files *f);

// Writes the record's capture and puts "captures/NAME sha256:HEX" into out. False where nothing was
// written (counted).
bool capture_files_save(
	struct capture_files *f, const struct record *r, char out[CAPTURE_FILE_TEXT]);
void capture_files_get_stats(const struct capture_files *f, struct capture_files_stats *out);
