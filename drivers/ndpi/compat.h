// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// nDPI's interface changed at several versions; what differs is here, keyed on the header's
// version. Built and run against 4.2; the other branches follow the changes that upstream
// documents.
#pragma once

#include <ndpi_api.h>
#include <ndpi_main.h>
#include <ndpi_typedefs.h>

#define NDPI_AT_LEAST(major, minor)                                                                \
	(NDPI_MAJOR > (major) || (NDPI_MAJOR == (major) && NDPI_MINOR >= (minor)))

static inline struct ndpi_detection_module_struct *compat_init(void)
{
#if NDPI_AT_LEAST(4, 10)
	return ndpi_init_detection_module(NULL);
#else
	return ndpi_init_detection_module(ndpi_no_prefs);
#endif
}

static inline void compat_enable_all(struct ndpi_detection_module_struct *m)
{
#if !NDPI_AT_LEAST(5, 0)
	NDPI_PROTOCOL_BITMASK all;

	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(m, &all);
#endif
}

static inline ndpi_protocol compat_process(struct ndpi_detection_module_struct *m,
	struct ndpi_flow_struct *f, const uint8_t *ip, uint16_t len, uint64_t ms)
{
#if NDPI_AT_LEAST(4, 6)
	return ndpi_detection_process_packet(m, f, ip, len, ms, NULL);
#else
	return ndpi_detection_process_packet(m, f, ip, len, ms);
#endif
}

static inline ndpi_protocol compat_giveup(
	struct ndpi_detection_module_struct *m, struct ndpi_flow_struct *f)
{
#if NDPI_AT_LEAST(5, 0)
	return ndpi_detection_giveup(m, f);
#elif NDPI_AT_LEAST(4, 10)
	uint8_t guessed;

	return ndpi_detection_giveup(m, f, &guessed);
#else
	uint8_t guessed;

	return ndpi_detection_giveup(m, f, 1, &guessed);
#endif
}

static inline bool compat_wants_more(
	struct ndpi_detection_module_struct *m, struct ndpi_flow_struct *f, const ndpi_protocol *p)
{
#if NDPI_AT_LEAST(5, 0)
	return p->state != NDPI_STATE_CLASSIFIED;
#else
	(void)p;
	return ndpi_extra_dissection_possible(m, f) != 0;
#endif
}

#if NDPI_AT_LEAST(4, 12)
#define COMPAT_APP(p)    ((p).proto.app_protocol)
#define COMPAT_MASTER(p) ((p).proto.master_protocol)
#else
#define COMPAT_APP(p)    ((p).app_protocol)
#define COMPAT_MASTER(p) ((p).master_protocol)
#endif

// JA3 of the client went at 4.14 (JA4 took its place).
#if !NDPI_AT_LEAST(4, 14)
#define COMPAT_JA3(f) ((f)->protos.tls_quic.ja3_client)
#endif
