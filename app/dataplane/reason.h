// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Why a packet passed or was stopped: one list gives the enumerators, the counters, the names in
// `bhctl stats` and in the summary of a replay.
//
// Every packet that a worker received ends in exactly one OUTCOME. NOTES say what was odd about a
// packet on its way there; a packet may have several.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// X(name, text, stopped)
#define REASON_OUTCOMES(X)                                                                         \
	X(PASS_ALLOW, "pass_allow", false)     /* a verdict of allow */                            \
	X(PASS_FLAG, "pass_flag", false)       /* a verdict of flag */                             \
	X(PASS_PENDING, "pass_pending", false) /* no verdict yet, the pending action passes */     \
	X(PASS_LOCAL, "pass_local", false)     /* both ends inside */                              \
	X(PASS_NOT_IP, "pass_not_ip", false)   /* ARP, LLDP, LACP, STP, ...: a wire passes them */ \
	X(PASS_MALFORMED, "pass_malformed", false)                                                 \
	X(PASS_NO_STATE, "pass_flow_table_full", false)                                            \
	X(PASS_OVERLOAD, "pass_overload", false) /* new, and no time for it */                     \
	X(STOP_BLOCK, "stop_block", true)        /* a verdict of block */                          \
	X(STOP_PENDING, "stop_pending", true)    /* no verdict yet, the pending action blocks */   \
	X(STOP_MALFORMED, "stop_malformed", true)                                                  \
	X(STOP_NO_STATE, "stop_flow_table_full", true)                                             \
	X(STOP_OVERLOAD, "stop_overload", true)                                                    \
	X(STOP_RING_FULL, "stop_record_ring_full", true)                                           \
	X(STOP_LOG_FULL, "stop_log_disk_full", true)                                               \
	X(LOST_TX, "lost_tx_full", true)           /* the other port took no more */               \
	X(LOST_HANDOFF, "lost_handoff_full", true) /* the other worker's ring took no more */      \
	X(LOST_CUT, "lost_cut", true) /* longer than the port's ring can hold: not whole */        \
	X(LOST_MTU, "lost_mtu", true) /* longer than the other port's interface sends */

// X(name, text, malformed): malformed ones follow the exception policy of that name
#define REASON_NOTES(X)                                                                            \
	X(ARP, "arp", false)                                                                       \
	X(LLDP, "lldp", false)                                                                     \
	X(SLOW, "slow_protocols", false) /* LACP and its kin, IEEE 802.3 annex 57A */              \
	X(LLC, "llc", false)             /* STP, IS-IS, ...: IEEE 802.2 frames */                  \
	X(OTHER_TYPE, "other_ethertype", false)                                                    \
	X(SHORT_FRAME, "short_frame", true)                                                        \
	X(SHORT_TAG, "short_vlan_tag", true)                                                       \
	X(MANY_TAGS, "too_many_vlan_tags", true)                                                   \
	X(SHORT_MPLS, "short_mpls", true)                                                          \
	X(SHORT_PPPOE, "short_pppoe", true)                                                        \
	X(IP_VERSION, "ip_version", true)                                                          \
	X(IP4_SHORT, "ipv4_short", true)                                                           \
	X(IP4_HEADER, "ipv4_header_length", true)                                                  \
	X(IP4_LENGTH, "ipv4_total_length", true)                                                   \
	X(IP6_SHORT, "ipv6_short", true)                                                           \
	X(IP6_LENGTH, "ipv6_payload_length", true)                                                 \
	X(IP6_EXT, "ipv6_extension_header", true)                                                  \
	X(L4_SHORT, "transport_header_short", true)                                                \
	X(TCP_OFFSET, "tcp_data_offset", true)                                                     \
	X(UDP_LENGTH, "udp_length", true)                                                          \
	X(FRAG_TINY, "fragment_tiny", true) /* RFC 1858: no room for the transport header */       \
	X(FRAG_OVERLAP, "fragment_offset_one", true) /* RFC 1858: would overlap the TCP header */  \
	X(FRAG_FIRST, "fragment_first", false)                                                     \
	X(FRAG_LATER, "fragment_later", false)                                                     \
	X(FRAG_ORPHAN, "fragment_orphan", false) /* the first was not seen: no ports */            \
	X(FRAG_TABLE, "fragment_table_evicted", false)                                             \
	X(TUNNEL_DEPTH, "tunnel_depth", false)                                                     \
	X(TUNNEL_INNER, "tunnel_inner_invalid", false)                                             \
	X(CUT, "cut_by_capture", false) /* the capture kept less than the wire carried */

enum reason_outcome {
#define X(name, text, stopped) REASON_##name,
	REASON_OUTCOMES(X)
#undef X
	REASON_OUTCOME_COUNT,
	// None, and counted nowhere: another worker serves the packet (pipeline_burst()).
	REASON_ELSEWHERE = REASON_OUTCOME_COUNT,
};

enum reason_note {
#define X(name, text, malformed) NOTE_##name,
	REASON_NOTES(X)
#undef X
	NOTE_COUNT
};

_Static_assert(NOTE_COUNT <= 32, "notes are bits of one word");

#define NOTE_BIT(name) (1u << NOTE_##name)

// The notes that make a packet malformed, as a mask.
enum {
#define X(name, text, malformed) +((malformed) ? (1 << NOTE_##name) : 0)
	NOTES_MALFORMED = 0 REASON_NOTES(X)
#undef X
};

_Static_assert(REASON_ELSEWHERE < 31, "outcomes are bits of one word, and this is, too");

// The outcomes that stop a packet, as a mask. What is another worker's does not go out here either.
enum {
#define X(name, text, stopped) +((stopped) ? (1 << REASON_##name) : 0)
	OUTCOMES_STOPPED = (1 << REASON_ELSEWHERE) REASON_OUTCOMES(X)
#undef X
};

static inline bool reason_outcome_stopped(enum reason_outcome r)
{
	return (OUTCOMES_STOPPED >> r & 1) != 0;
}

const char *reason_outcome_name(enum reason_outcome r);
const char *reason_note_name(enum reason_note n);
