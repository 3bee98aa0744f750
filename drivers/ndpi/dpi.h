// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Application classification: nDPI behind a small interface.
//
// One struct dpi per worker (nDPI's detection module is not thread-safe). A flow holds a context
// only while its label is not final; contexts come from a pool of fixed size. The way to a label is
// that of ndpiReader 4.2, so that both print the same for the same packets: every packet of the
// flow goes to the library until it has named an application and wants no more packets, or until
// the limit of packets is passed; then, where nothing was found, the library guesses.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dpi;
struct dpi_flow;

struct dpi_config {
	uint32_t contexts;        // flows in classification at once
	uint16_t max_packets_tcp; // packets of a flow, both directions; 80 as in ndpiReader
	uint16_t max_packets_udp; // and of every other protocol; 24
	bool touch; // take the memory of all contexts now, not each page when it is first used
};

enum dpi_confidence { // nDPI's own values move between versions; these do not
	DPI_CONF_NONE,
	DPI_CONF_PORT,
	DPI_CONF_IP,
	DPI_CONF_CACHE,
	DPI_CONF_DPI,
};

enum dpi_host_source {
	DPI_HOST_NONE,
	DPI_HOST_SNI,
	DPI_HOST_HTTP,
	DPI_HOST_QUIC,
	DPI_HOST_DNS,
};

struct dpi_label {
	uint16_t app;    // nDPI protocol id; 0: Unknown
	uint16_t master; // 0: none
	uint16_t cat;
	uint8_t conf; // enum dpi_confidence
	bool final;   // it will not change any more
	uint64_t risks;
};

// Size of a JA3 digest (MD5) in bytes, and the room for a host name with its NUL.
#define DPI_JA3_SIZE  16
#define DPI_HOST_SIZE 80

// NULL on error, with one line in err. Takes about 20 ms.
struct dpi *dpi_create(const struct dpi_config *c, char *err, size_t err_size);
void dpi_free(struct dpi *d);

// A context, zeroed; NULL where the pool is empty: the caller applies its exception policy.
struct dpi_flow *dpi_flow_open(struct dpi *d);
void dpi_flow_close(struct dpi *d, struct dpi_flow *f);
uint32_t dpi_flows_open(const struct dpi *d);
uint32_t dpi_contexts(const struct dpi *d); // of the pool

// Contexts by number, so that a flow entry keeps four bytes: 0 .. contexts - 1.
uint32_t dpi_flow_index(const struct dpi *d, const struct dpi_flow *f);
struct dpi_flow *dpi_flow_at(const struct dpi *d, uint32_t index);

// One packet of the flow, from its IP header on, in order and once; len is what was captured from
// there on (trailers included). ms is the time in milliseconds. Fills label.
void dpi_flow_packet(struct dpi *d, struct dpi_flow *f, const uint8_t *ip, uint16_t len,
	uint64_t ms, struct dpi_label *label);

// Counts a packet that came, whether it went to the library, waits, or was left out. proto is the
// transport protocol. True where the limit of packets is passed: finish the flow.
bool dpi_flow_count(const struct dpi *d, struct dpi_flow *f, uint8_t proto);

// No more packets will come: the best label there is, guesses included. label->final is set.
void dpi_flow_finish(struct dpi *d, struct dpi_flow *f, struct dpi_label *label);

// The name seen so far, "" where none, and where it came from. At most DPI_HOST_SIZE - 1
// characters: nDPI 4.2 keeps the tail of a longer name. Valid until the context is closed.
const char *dpi_flow_host(
	const struct dpi_flow *f, const struct dpi_label *label, enum dpi_host_source *source);
// False where the flow has none.
bool dpi_flow_ja3(
	const struct dpi_flow *f, const struct dpi_label *label, uint8_t ja3[DPI_JA3_SIZE]);

// ---- names: the same in every module of one process. NULL past the end or unknown.
const char *dpi_app_name(const struct dpi *d, uint16_t id);
const char *dpi_category_name(const struct dpi *d, uint16_t id);
const char *dpi_risk_name(const struct dpi *d, unsigned id);
// Id of a name, letter case ignored; -1: none.
int dpi_app_id(const struct dpi *d, const char *name);
int dpi_category_id(const struct dpi *d, const char *name);
int dpi_risk_id(const struct dpi *d, const char *name);
// The category that a label of these ids gets, as dpi_flow_packet() gives it; 0: none.
uint16_t dpi_app_category(const struct dpi *d, uint16_t app, uint16_t master);

// ---- versions
const char *dpi_library_version(void); // "4.2.0"
const char *dpi_header_version(void);
// Whether header and library agree in API version and in the flow's size; where they do not, err
// says how.
bool dpi_library_matches(char *err, size_t err_size);
