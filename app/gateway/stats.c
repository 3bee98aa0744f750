// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The answer to `bhctl stats`: everything that is counted, by reason, worker and port.

#include "app/control/policy_file.h"
#include "app/gateway/gateway_policy.h"

#include <jansson.h>
#include <string.h>

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static void put(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, number(v));
}

static uint64_t get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static json_t *outcomes(const struct pipeline_stats *s)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < REASON_OUTCOME_COUNT; i++) {
		json_t *x = json_object();

		put(x, "packets", get(&s->packets[i]));
		put(x, "bytes", get(&s->bytes[i]));
		json_object_set_new(o, reason_outcome_name(i), x);
	}
	return o;
}

static json_t *notes(const struct pipeline_stats *s)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < NOTE_COUNT; i++)
		put(o, reason_note_name(i), get(&s->notes[i]));
	return o;
}

static json_t *ends(const struct pipeline_stats *s)
{
	static const char *const names[] = {
		NULL, "idle", "active", "fin", "rst", "evict", "block", "stop"};
	json_t *o = json_object();

	for (unsigned i = RECORD_END_IDLE; i <= RECORD_END_STOP; i++)
		put(o, names[i], get(&s->flows_ended[i]));
	return o;
}

static json_t *flows(const struct pipeline *pl)
{
	const struct pipeline_stats *s = &pl->stats;
	json_t *o = json_object();

	put(o, "live", get(&s->flows_live));
	put(o, "max", pl->table.max);
	put(o, "begun", get(&s->flows_begun));
	put(o, "local", get(&s->flows_local));
	json_object_set_new(o, "ended", ends(s));
	put(o, "table_full", get(&s->table_full));
	put(o, "shed", get(&s->flows_shed));
	put(o, "extension_full", get(&s->ext_full));
	put(o, "updates", get(&s->updates));
	put(o, "captures", get(&s->captures_begun));
	if (pl->c.captures != NULL)
		put(o, "captures_shed", flow_capture_pool_shed(pl->c.captures));
	put(o, "memory", pl->table.memory);
	return o;
}

static void segments(const struct order *order, json_t *o)
{
	const struct order_stats *s = &order->stats;

	put(o, "segments_kept", get(&s->kept));
	put(o, "segments_released", get(&s->released));
	put(o, "segments_gathered", get(&s->gathered));
	put(o, "segments_repeated", get(&s->repeated));
	put(o, "segments_overlapping", get(&s->overlaps));
	put(o, "segments_conflicting", get(&s->conflicts));
	put(o, "segment_gaps", get(&s->gaps));
	put(o, "segments_over_limit", get(&s->over_limit));
	put(o, "segment_pool_full", get(&s->pool_full));
}

static void datagrams(const struct datagrams *d, json_t *o)
{
	const struct datagram_stats *s = datagram_stats(d);

	put(o, "fragments_kept", get(&s->kept));
	put(o, "fragments_repeated", get(&s->repeated));
	put(o, "datagrams_whole", get(&s->whole));
	put(o, "datagrams_overlapping", get(&s->overlaps));
	put(o, "datagrams_malformed", get(&s->malformed));
	put(o, "datagrams_timed_out", get(&s->timeouts));
	put(o, "datagram_pool_full", get(&s->pool_full));
}

static json_t *classification(const struct pipeline *pl)
{
	const struct pipeline_stats *s = &pl->stats;
	json_t *o = json_object();

	put(o, "contexts_open",
		pl->c.lanes != NULL ? pl->c.lanes->open : dpi_flows_open(pl->c.dpi));
	put(o, "contexts_full", get(&s->dpi_full));
	put(o, "contexts_given_up", get(&s->contexts_given_up));
	if (pl->c.lanes != NULL) {
		put(o, "lane_full", get(&pl->c.lanes->stats.full));
		put(o, "answers_late", get(&pl->c.lanes->stats.late));
		put(o, "unanswered", get(&pl->c.lanes->stats.unanswered));
	}
	put(o, "shed", get(&s->dpi_shed));
	put(o, "packets", get(&s->dpi_packets));
	put(o, "labels", get(&s->labels));
	put(o, "handshakes_lost", get(&s->handshakes_lost));
	segments(&pl->order, o);
	datagrams(pl->datagrams, o);
	return o;
}

static json_t *decisions(const struct pipeline_stats *s)
{
	json_t *o = json_object();

	put(o, "evaluations", get(&s->evaluations));
	for (unsigned a = POLICY_ALLOW; a <= POLICY_BLOCK; a++)
		put(o, policy_action_name(a), get(&s->decisions[a]));
	put(o, "caps_reached", get(&s->caps_reached));
	put(o, "limits_passed", get(&s->limits_passed));
	put(o, "meters_full", get(&s->meters_full));
	put(o, "candidate_evaluations", get(&s->candidate_evaluations));
	put(o, "candidate_differs", get(&s->candidate_differs));
	put(o, "resets_sent", get(&s->resets_sent));
	put(o, "resets_left_out", get(&s->resets_left_out));
	return o;
}

static json_t *worker(const struct worker *w)
{
	json_t *o = json_object();

	put(o, "worker", w->number);
	put(o, "lcore", w->lcore);
	put(o, "queues", w->n_rx);
	put(o, "loops", get(&w->stats.loops));
	put(o, "idle_loops", get(&w->stats.idle_loops));
	put(o, "idle_waits", get(&w->idle.waits));
	put(o, "bursts", get(&w->stats.bursts));
	put(o, "handed_over", get(&w->stats.handed_over));
	put(o, "taken_over", get(&w->stats.taken_over));
	put(o, "tx_retries", get(&w->stats.tx_retries));
	put(o, "inject_no_mbuf", get(&w->stats.inject_no_mbuf));
	put(o, "records_lost", record_ring_lost_count(w->ring));
	json_object_set_new(o, "outcomes", outcomes(&w->pl->stats));
	json_object_set_new(o, "notes", notes(&w->pl->stats));
	json_object_set_new(o, "flows", flows(w->pl));
	json_object_set_new(o, "classification", classification(w->pl));
	json_object_set_new(o, "decisions", decisions(&w->pl->stats));
	if (w->pl->c.offload != NULL)
		json_object_set_new(o, "offload", gateway_offload_worker_json(w->pl->c.offload));
	return o;
}

static json_t *dpi_lcore(const struct dpi_lcore *d)
{
	json_t *o = json_object();

	put(o, "lcore", d->lcore);
	put(o, "loops", get(&d->stats.loops));
	put(o, "idle_loops", get(&d->stats.idle_loops));
	put(o, "idle_waits", get(&d->idle.waits));
	put(o, "packets", get(&d->server.stats.packets));
	put(o, "answers", get(&d->server.stats.answers));
	put(o, "answer_waits", get(&d->server.stats.waits));
	return o;
}

static json_t *port(const struct gateway *g, const struct gateway_port *p)
{
	static const char *const sides[] = {"tap", "inside", "outside"};
	uint64_t rxp = 0, rxb = 0, txp = 0, txb = 0;
	json_t *o = json_object();
	struct port_stats s;

	for (unsigned i = 0; i < g->n_workers; i++) {
		const struct worker_stats *w = &g->workers[i].stats;

		rxp += get(&w->rx_packets[p->port.id]);
		rxb += get(&w->rx_bytes[p->port.id]);
		txp += get(&w->tx_packets[p->port.id]);
		txb += get(&w->tx_bytes[p->port.id]);
	}
	port_get_stats(&p->port, &s);
	json_object_set_new(o, "port", json_string(p->port.name));
	json_object_set_new(o, "wire", json_string(p->wire));
	json_object_set_new(o, "side", json_string(sides[p->side]));
	json_object_set_new(o, "driver", json_string(p->port.driver));
	json_object_set_new(o, "link",
		json_string(p->port.forced_down ? "taken down"
			    : p->up             ? "up"
						: "down"));
	put(o, "rx_queues", p->port.rx_queues);
	put(o, "tx_queues", p->port.tx_queues);
	json_object_set_new(o, "rss", json_boolean(p->port.rss));
	put(o, "rx_packets", rxp);
	put(o, "rx_bytes", rxb);
	put(o, "tx_packets", txp);
	put(o, "tx_bytes", txb);
	put(o, "rx_missed", s.rx_missed);
	put(o, "rx_errors", s.rx_errors);
	put(o, "rx_no_mbuf", s.rx_no_mbuf);
	put(o, "tx_errors", s.tx_errors);
	return o;
}

static json_t *log_state(struct gateway *g)
{
	struct flowlog_stats s;
	json_t *o = json_object();

	log_writer_stats(g->writer, &s);
	json_object_set_new(o, "dir", json_string(g->config.log.dir));
	put(o, "attempted", s.attempted);
	put(o, "written", s.written);
	put(o, "lost_ring", s.lost_ring);
	put(o, "lost_disk", s.lost_disk);
	put(o, "gaps", s.gaps);
	put(o, "bytes", s.bytes);
	put(o, "segments", s.segments);
	put(o, "captures", s.captures);
	put(o, "captures_shed", s.captures_shed);
	put(o, "captures_failed", s.captures_failed);
	put(o, "next_seq", s.next_seq);
	// Whatever for: to who reads this it is the same.
	json_object_set_new(o, "disk_full", json_boolean(s.disk_full || s.error != 0));
	json_object_set_new(
		o, "error", s.error != 0 ? json_string(strerror(-s.error)) : json_null());
	json_object_set_new(o, "checkpoint_error",
		s.tick_error != 0 ? json_string(strerror(-s.tick_error)) : json_null());
	put(o, "checkpoints_failed", s.checkpoints_failed);
	put(o, "left", s.left);
	put(o, "removed", s.removed);
	json_object_set_new(o, "evidence", gateway_evidence_json(g));
	return o;
}

static json_t *policy_state(struct gateway *g)
{
	const struct policy_generation *gen = atomic_load(&g->slot.now);
	const struct policy_info *info = policy_info(gen->policy);
	json_t *o = json_object();
	char sha[65];

	policy_file_hex(info->sha256, sha);
	json_object_set_new(o, "id", json_string(info->id));
	put(o, "version", info->version);
	put(o, "epoch", gen->epoch);
	json_object_set_new(o, "sha256", json_string(sha));
	json_object_set_new(o, "expires", json_integer(info->expires));
	put(o, "rules", info->n_rules);
	put(o, "limits", info->n_limits);
	put(o, "limit_counters", atomic_load(&g->quota.used));
	put(o, "limit_counters_refused", atomic_load(&g->quota.refused));
	return o;
}

static json_t *control_state(const struct gateway *g)
{
	struct control_stats s = control_server_stats(g->server);

	return json_pack("{s:I, s:I}", "clients_cut_off", (json_int_t)s.cut_off,
		"clients_turned_away", (json_int_t)s.turned_away);
}

json_t *gateway_stats(struct gateway *g)
{
	json_t *o = json_object(), *workers = json_array(), *ports = json_array();
	json_t *lcores = json_array();

	json_object_set_new(o, "gateway", json_string(g->config.name));
	json_object_set_new(o, "version", json_string(BRIDGEHEAD_VERSION));
	json_object_set_new(
		o, "mode", json_string(g->config.mode == GATEWAY_TAP ? "tap" : "inline"));
	put(o, "uptime_s", (uint64_t)((gateway_now() - g->started_at) / 1000000));
	json_object_set_new(o, "policy", policy_state(g));
	json_object_set_new(o, "candidate", gateway_candidate_json(g));
	for (unsigned i = 0; i < g->n_ports; i++)
		json_array_append_new(ports, port(g, &g->ports[i]));
	json_object_set_new(o, "ports", ports);
	for (unsigned i = 0; i < g->n_workers; i++)
		json_array_append_new(workers, worker(&g->workers[i]));
	json_object_set_new(o, "workers", workers);
	for (unsigned i = 0; i < g->n_dpi_lcores; i++)
		json_array_append_new(lcores, dpi_lcore(&g->dpi_lcores[i]));
	json_object_set_new(o, "dpi_lcores", lcores);
	json_object_set_new(o, "offload", gateway_offload_json(g));
	json_object_set_new(o, "log", log_state(g));
	json_object_set_new(o, "control", control_state(g));
	return o;
}
