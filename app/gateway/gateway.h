// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The running gateway: what `bridgehead run` puts together from its configuration.
#pragma once

#include "app/control/policy_slot.h"
#include "app/control/policy_store.h"
#include "app/control/quota.h"
#include "app/control/server.h"
#include "app/flowlog/writer.h"
#include "app/gateway/config.h"
#include "app/gateway/dpi_lcore.h"
#include "app/gateway/gateway_offload.h"
#include "app/gateway/pools.h"
#include "app/gateway/port_hold.h"
#include "app/gateway/worker.h"
#include "app/keys/key.h"
#include "drivers/eal/port.h"

#include <stdatomic.h>

struct gateway_port {
	struct port port;
	const char *wire; // name of the wire or tap
	uint8_t side;
	int peer; // index in gateway.ports, -1: none
	bool started, up, cannot_force;
	bool told;            // that it is down: its peer has been taken down for it
	int64_t settle_until; // monotonic microseconds: not up before then is not down yet
	// Of the kernel interface behind it: when it is looked at again, the largest MTU that the
	// port takes, and whether it has been said that its is larger, or less than that of the
	// wire's other side, and that it merges frames.
	int64_t look_at;
	int mtu;
	bool said_mtu, said_less, said_merges;
	char iface[16]; // its name when last seen
	bool gone;      // it is no more, and that has been said
};

struct gateway {
	struct gateway_config config;
	struct gateway_port ports[WORKER_MAX_PORTS];
	unsigned n_ports;
	struct worker_port by_id[WORKER_MAX_PORTS]; // by DPDK's port number
	struct worker *workers;
	unsigned n_workers, n_launched;
	struct port_held held; // what no other gateway may have
	struct eal *eal;
	struct pools pools;
	struct pipeline_prefix *inside;
	struct policy_slot slot;
	struct policy_slot shadow;      // of a candidate
	struct stored_policy candidate; // its text and who brought it; text NULL: there is none
	struct quota quota;             // counters of the policies' limits
	int64_t quota_saved;            // when they were, microseconds
	int64_t quota_called;    // when leases were called back for the next time; 0: not yet
	int64_t quota_cost;      // what the last time took
	uint64_t quota_digest;   // of what was saved
	bool quota_failed;       // the last time
	struct key_public *keys; // that policies must be signed by one of
	unsigned n_keys;
	bool expiry_said;   // of the policy in force
	char boot_why[256]; // that it began with another policy than the file's; \"\": with that
	struct policy_watch *watch;     // NULL: none
	json_t *rule_totals;            // by rule id: counters of generations that are gone
	struct gateway_view *view;      // a look at live flows that is under way; NULL: none
	struct gateway_view *view_next; // begins when that one, of a push, is over; NULL: none
	struct gateway_push *pushes;    // of clients, the one at hand first; NULL: none
	struct dpi **dpi;    // one a worker (NULL with lanes), and one for names (the last)
	struct lanes *lanes; // one a worker, where lcores of their own do DPI; NULL
	struct dpi_lcore *dpi_lcores;
	unsigned n_dpi_lcores, n_dpi_launched;
	struct gateway_offload *offload; // NULL: off
	struct geo *geo;
	struct flowlog *log;
	struct log_writer *writer;
	struct record_ring **rings;
	struct control_server *server;
	_Atomic bool stop, log_full, dpi_stop;
	_Atomic unsigned stopped_rx;
	int64_t started_at; // microseconds since 1970 UTC
	// The log writer's passes over all rings, for policy_slot_reclaim().
	uint64_t pass, *pass_marks;
	char err[512];
};

// Reads what can be read without DPDK: configuration, policy, databases. 0, or -errno with
// everything that is wrong on standard error. check: this is all that will be done.
int gateway_load(struct gateway *g, const char *config, bool check);
// Starts DPDK, ports, log and workers' memory.
int gateway_set_up(struct gateway *g);
// Starts the workers and serves until a signal says stop. 0 or -errno.
int gateway_serve(struct gateway *g);
// Stops in order: workers, log, ports. why goes into the stop record.
int gateway_tear_down(struct gateway *g, const char *why);

// Passes link states on between the ports of a wire.
void gateway_links(struct gateway *g);
void gateway_link_settle(struct gateway_port *p); // its link begins now
// Says once where the kernel interface behind a port makes frames that the port cannot take whole,
// or does not send what the other side of the wire takes.
void gateway_look_at_frames(const struct gateway *g, struct gateway_port *p);

// Frees old policies that nobody uses any more.
void gateway_reclaim(struct gateway *g);

// The counters of limits, kept in the state directory over restarts: read at the start, written
// every second while they change, and at the end. Where there are so many that writing takes long,
// more seldom: up to every ten seconds. 0 or -errno.
int gateway_quota_open(struct gateway *g);
void gateway_quota_keep(struct gateway *g);
void gateway_quota_close(struct gateway *g);

// Answers a request of the control socket.
json_t *gateway_request(
	void *ctx, const struct control_request *request, char *err, size_t err_size);

// The answer to `bhctl stats`.
json_t *gateway_stats(struct gateway *g);

int64_t gateway_now(void);
// Frames that the ports have missed so far: no descriptor, no buffer.
uint64_t gateway_missed(const struct gateway *g);

// ---- between the files of the gateway: parts of gateway_set_up()
int gateway_open_ports(struct gateway *g);
int gateway_assign_queues(struct gateway *g);
int gateway_open_log(struct gateway *g);
int gateway_make_pipelines(struct gateway *g);
// The module for names, which policies need: before the EAL. 0, or -errno when it has been said.
int gateway_make_names(struct gateway *g);
// The workers' modules or, with workers.dpi_lcores, lanes. 0, or -errno and g->err.
int gateway_make_dpi(struct gateway *g);
int gateway_start_dpi(struct gateway *g);
void gateway_stop_dpi(struct gateway *g); // after the workers
void gateway_free_dpi(struct gateway *g);
// Puts the start and the first policy record into the log.
void gateway_log_start(struct gateway *g);

// bridgehead run: exit status.
int run_main(int argc, char **argv);
