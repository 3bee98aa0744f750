// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The gateway's configuration, format gateway/1: a JSON document, checked as a whole, as a plain
// struct that owns its strings. tests/schema/gateway.schema.json is the same format as a JSON
// Schema; what no schema can say (a port used twice, an lcore that the EAL does not have) is
// checked here only.
//
// Required: schema, name, mode, wires (inline) or wires or taps (tap), workers.lcores, country_db,
// policy. Everything else has the default that its comment names.
#pragma once

#include "app/gateway/worker_idle.h"
#include "policy/diag.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATEWAY_MAX_PORTS  32   // wires * 2 + taps; DPDK's RTE_MAX_ETHPORTS in Debian
#define GATEWAY_MAX_LCORES 128  // workers; DPDK's RTE_MAX_LCORE in Debian
#define GATEWAY_MAX_DPI    32   // lcores that do DPI
#define GATEWAY_MAX_LCORE  1023 // highest lcore id that a list may name
#define GATEWAY_MAX_INSIDE 4096
#define GATEWAY_MAX_EAL    128
#define GATEWAY_MAX_DBS    16
#define GATEWAY_MAX_KEYS   16
#define GATEWAY_MAX_BURST  256

enum gateway_mode {
	GATEWAY_INLINE, // wires: what comes in on one port leaves on its peer
	GATEWAY_TAP,    // receive only
};

enum gateway_classify {
	GATEWAY_CLASSIFY_ALWAYS, // every flow gets a label
	GATEWAY_CLASSIFY_NEEDED, // only flows whose verdict can depend on one
};

// Which tunnels the parser looks into (bits of gateway_config.tunnels).
enum gateway_tunnel {
	GATEWAY_TUN_IPIP = 1 << 0, // IP in IP of any versions
	GATEWAY_TUN_VXLAN = 1 << 1,
	GATEWAY_TUN_GENEVE = 1 << 2,
	GATEWAY_TUN_GTPU = 1 << 3,
	GATEWAY_TUN_TZSP = 1 << 4,
	GATEWAY_TUN_CAPWAP = 1 << 5,
	GATEWAY_TUN_ALL = 63,
};

struct gateway_strings {
	char **v; // NULL where n is 0
	size_t n;
};

// Two ports whose sides are known. In tap mode both only receive (an optical tap gives one fibre
// for each direction).
struct gateway_wire {
	char *name;
	char *inside, *outside; // DPDK device names: "net_af_packet0", "0000:01:00.0"
};

// Tap mode: one receive-only port that carries both directions (a SPAN port). Which end is inside
// is told by the inside prefixes, or the tenants' prefixes where there are none.
struct gateway_tap {
	char *name;
	char *port;
};

struct gateway_prefix {
	struct policy_addr addr; // host bits are zero
	uint8_t len;             // 0..32 or 0..128
};

struct gateway_workers {
	uint32_t *lcores; // n_lcores of them, each once, none the EAL's main lcore
	size_t n_lcores;
	uint32_t *dpi_lcores;    // that do nothing but DPI, for all workers; none of the others
	size_t n_dpi_lcores;     // ..32; default 0: each worker does its own
	uint32_t burst;          // packets, 1..256; default 64
	uint32_t rx_descriptors; // per queue, 64..32768; default 1024
	uint32_t tx_descriptors;
	uint32_t mbufs; // in all pools together, 1024..2^26; default 65535
	uint32_t mtu;   // bytes of the Ethernet payload, 68..9702; 0, the default: leave the ports'
	enum idle_mode idle;   // "poll" (default), "pause" or "sleep"
	uint32_t idle_us;      // the longest rest or sleep, 1..1000; 50
	bool link_propagation; // inline: when one port of a wire loses its link, take the other
			       // down; true
};

// Idle times in seconds, 1..604800.
struct gateway_timeouts {
	uint32_t tcp_syn;     // 10; until the handshake ends
	uint32_t tcp;         // 300; established
	uint32_t tcp_closing; // 10; after a FIN from both ends or an RST
	uint32_t udp;         // 60
	uint32_t icmp;        // 10
	uint32_t other;       // 60
};

struct gateway_flows {
	uint32_t max;       // of the whole gateway, 1 (a worker)..2^28; default 1048576
	uint32_t new_share; // percent of a worker's time for new flows while packets wait, 0: no
			    // limit, ..99; default 5
	uint32_t update_s;  // an update record of a long flow this often, 1..86400; default 60
	struct gateway_timeouts timeouts;
};

struct gateway_dpi {
	// Flows in classification at once, whole gateway, 1 (a worker, and for each of dpi_lcores)
	// ..2^24; 65536.
	uint32_t contexts;
	uint32_t max_packets_tcp;       // of one flow given to DPI, 1..65535; 80
	uint32_t max_packets_udp;       // 24
	enum gateway_classify classify; // "always" (default) or "needed"
};

// Elephant flows that ports forward or stop by rules of their own; needs ports that can.
struct gateway_offload_config {
	bool enabled;         // false; inline only
	uint32_t min_packets; // a second that make a flow one, 1..2^30; 10000
	uint32_t max_flows;   // at once, of the whole gateway, 1..2^20; 4096
	uint32_t idle_s;      // without a packet, then the rules go, 1..3600; 10
};

struct gateway_log {
	char *dir;               // default /var/log/bridgehead
	uint32_t sync_ms;        // fdatasync() at most this often, 0: at each flush, ..60000; 1000
	uint64_t segment_bytes;  // 4096..2^40; 1 GiB
	uint32_t segment_s;      // 1..604800; 3600
	bool local_flows;        // log flows with both ends inside; false
	char *key;               // private key that signs checkpoints; NULL, the default: unsigned
	uint32_t retain_days;    // closed segments are kept this long, ..36500; 0, the default: for
				 // ever
	uint64_t retain_bytes;   // and as many as hold this much, ..2^50; 0, the default: all
	uint64_t capture_bytes;  // of evidence captures on disk, 4096..2^40; 1 GiB
	uint32_t captures_per_s; // files, 1..100000; 100
};

// What happens to packets when something cannot be done for them: "pass" is POLICY_ALLOW, "flag"
// passes and flags the flow, "block" stops.
struct gateway_exceptions {
	enum policy_action malformed;        // pass
	enum policy_action flow_table_full;  // pass
	enum policy_action dpi_full;         // flag
	enum policy_action record_ring_full; // pass
	enum policy_action log_disk_full;    // pass
	enum policy_action overload;         // pass; new flows over flows.new_share
};

// What the EAL's arguments tell without asking the EAL.
struct gateway_vdev {
	char *name;       // "net_af_packet0"
	char *iface;      // value of iface=, or net_pcap's rx_iface_in= or the like; NULL: none
	size_t arg;       // the element of args with its arguments
	const char *text; // the arguments there, from the name on
};

struct gateway_eal {
	struct gateway_strings args; // as given, program name not included; default none
	struct gateway_vdev *vdevs;
	size_t n_vdevs;
	bool no_huge, in_memory, no_pci;
	uint32_t memory_mb; // -m; 0: not given
	bool lcores_known;  // -l, -c or --lcores was given
	bool lcores_mapped; // some may run elsewhere than on the CPU of their number
	uint8_t lcores[(GATEWAY_MAX_LCORE + 8) / 8]; // bit set, valid where lcores_known
	int main_lcore;                              // -1: not told
};

struct gateway_config {
	char *path; // of the file, as given
	char *name; // letters, digits, ".", "_", "-"; at most 63
	enum gateway_mode mode;
	struct gateway_eal eal;
	struct gateway_wire *wires;
	size_t n_wires;
	struct gateway_tap *taps;
	size_t n_taps;
	struct gateway_prefix *inside; // default none: the port or the tenants tell
	size_t n_inside;
	struct gateway_workers workers;
	struct gateway_flows flows;
	struct gateway_dpi dpi;
	struct gateway_offload_config offload;
	struct gateway_strings country_db; // 1 or more
	struct gateway_strings asn_db;     // default none
	char *policy;
	struct gateway_strings
		policy_keys; // public keys or files of them; default none: not signed
	bool policy_watch;   // take the policy file whenever it changes; false
	char *state_dir;     // default /var/lib/bridgehead
	struct gateway_log log;
	struct gateway_exceptions exceptions;
	char *control_socket; // default /run/bridgehead/control.sock
	uint32_t tunnels;     // enum gateway_tunnel, or-ed; default all
	uint32_t record_ring; // records per worker, 64..2^22; default 65536
};

// Reads and checks a file. Everything wrong with it is a finding in diag (initialised by the
// caller, who may print the warnings of a good file too). 0, or -errno with *out empty. Paths stay
// as they are written: relative ones are relative to the working folder.
int config_load(const char *path, struct gateway_config *out, struct diag_list *diag);

// The same from text; path only names it.
int config_parse(const char *path, const char *text, size_t len, struct gateway_config *out,
	struct diag_list *diag);

// The virtual device of that name, or NULL.
const struct gateway_vdev *config_vdev(const struct gateway_eal *e, const char *name);

// Frees what config_load() filled. An empty struct is fine.
void config_free(struct gateway_config *c);
