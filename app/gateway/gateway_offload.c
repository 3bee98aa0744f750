// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/monotonic.h"
#include "app/gateway/gateway.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAP_US 1000 // how long a request or a recall may wait

static_assert(GATEWAY_MAX_PORTS / 2 <= OFFLOAD_WIRES, "every wire that there may be has a place");

static void *make_rule(void *ctx, const struct offload_match *m)
{
	const struct gateway_offload *o = ctx;
	struct rule_match r = {.drop = m->drop,
		.version = m->version,
		.proto = m->proto,
		.sport = m->sport,
		.dport = m->dport};
	char why[192];

	memcpy(r.src, m->src, sizeof(r.src));
	memcpy(r.dst, m->dst, sizeof(r.dst));
	return rule_make(&o->wires[m->wire].port[!m->from_inside], &r, why, sizeof(why));
}

static int query_rule(void *ctx, void *rule, struct offload_counts *out)
{
	struct rule_counts c;
	int rc = rule_query(rule, &c);

	(void)ctx;
	if (rc < 0)
		return rc;
	*out = (struct offload_counts){
		c.packets, c.bytes, c.idle_s == RULE_IDLE_UNKNOWN ? OFFLOAD_NONE : c.idle_s};
	return 0;
}

static int remove_rule(void *ctx, void *rule)
{
	(void)ctx;
	return rule_remove(rule);
}

// Both ports must do it; the first that cannot says why.
static void check_kind(struct gateway_offload_wire *w, unsigned number)
{
	bool drop = number & 4;
	uint8_t version = number & 2 ? 6 : 4, proto = number & 1 ? IPPROTO_TCP : IPPROTO_UDP;

	for (unsigned side = 0; side < 2; side++)
		if (rule_check(&w->port[side], drop, version, proto, w->why[number],
			    sizeof(w->why[number])) < 0)
			return;
	w->why[number][0] = '\0';
	w->kinds |= offload_kind(drop, version, proto);
}

static void kind_name(unsigned number, char *out, size_t size)
{
	snprintf(out, size, "%s %s over IPv%d", number & 4 ? "stop" : "pass",
		number & 1 ? "TCP" : "UDP", number & 2 ? 6 : 4);
}

static void say_wire(const struct gateway_offload_wire *w)
{
	char name[32];

	for (unsigned i = 0; i < 8; i++) {
		kind_name(i, name, sizeof(name));
		if (w->why[i][0] == '\0')
			fprintf(stderr, "bridgehead: offload: wire %s can %s\n", w->name, name);
		else
			fprintf(stderr, "bridgehead: offload: wire %s cannot %s: %s\n", w->name,
				name, w->why[i]);
	}
}

static int check_wires(struct gateway *g, struct gateway_offload *o)
{
	o->n_wires = (unsigned)g->config.n_wires;
	for (unsigned i = 0; i < o->n_wires; i++) {
		struct gateway_offload_wire *w = &o->wires[i];
		const struct port *in = &g->ports[2 * i].port, *out = &g->ports[2 * i + 1].port;

		w->name = g->ports[2 * i].wire;
		if (rule_port_init(&w->port[0], in, out) != 0 ||
			rule_port_init(&w->port[1], out, in) != 0)
			return -EIO;
		for (unsigned k = 0; k < 8; k++)
			check_kind(w, k);
		say_wire(w);
	}
	return 0;
}

static int make_ends(struct gateway *g, struct gateway_offload *o)
{
	const struct gateway_offload_config *c = &g->config.offload;
	const struct offload_ops ops = {o, make_rule, query_rule, remove_rule};
	struct offload *ends[WORKER_MAX];

	o->workers = aligned_alloc(64, g->n_workers * sizeof(*o->workers));
	if (o->workers == NULL)
		return -ENOMEM;
	memset(o->workers, 0, g->n_workers * sizeof(*o->workers));
	for (unsigned i = 0; i < g->n_workers; i++) {
		if (offload_init(&o->workers[i], (c->max_flows + g->n_workers - 1) / g->n_workers,
			    c->min_packets) < 0)
			return -ENOMEM;
		for (unsigned k = 0; k < o->n_wires; k++)
			o->workers[i].kinds[k] = o->wires[k].kinds;
		ends[i] = &o->workers[i];
	}
	return offload_server_init(
		&o->server, ends, g->n_workers, &ops, (int64_t)c->idle_s * 1000000);
}

int gateway_offload_open(struct gateway *g, struct gateway_offload **out)
{
	struct gateway_offload *o;
	int rc;

	*out = NULL;
	if (!g->config.offload.enabled)
		return 0;
	o = aligned_alloc(64, (sizeof(*o) + 63) & ~(size_t)63);
	if (o == NULL)
		return -ENOMEM;
	memset(o, 0, sizeof(*o));
	*out = o;
	rc = check_wires(g, o);
	return rc == 0 ? make_ends(g, o) : rc;
}

static void *serve(void *arg)
{
	struct gateway_offload *o = arg;

	while (!atomic_load_explicit(&o->stop, memory_order_relaxed))
		if (offload_server_turn(&o->server, monotonic_us()) == 0)
			usleep(NAP_US);
	return NULL;
}

int gateway_offload_start(struct gateway *g)
{
	struct gateway_offload *o = g->offload;
	pthread_t thread;
	int rc;

	if (o == NULL)
		return 0;
	rc = pthread_create(&thread, NULL, serve, o);
	if (rc != 0) {
		snprintf(g->err, sizeof(g->err), "no thread for offload: %s", strerror(rc));
		return -rc;
	}
	o->thread = thread;
	o->running = true;
	return 0;
}

void gateway_offload_close(struct gateway_offload *o)
{
	if (o == NULL)
		return;
	atomic_store(&o->stop, true);
	if (o->running)
		pthread_join(o->thread, NULL);
	for (unsigned i = 0; o->workers != NULL && i < o->server.n; i++)
		offload_fini(&o->workers[i]);
	offload_server_fini(&o->server);
	free(o->workers);
	free(o);
}

static void put(json_t *o, const char *key, const uint64_t *counter)
{
	json_object_set_new(
		o, key, json_integer((json_int_t)__atomic_load_n(counter, __ATOMIC_RELAXED)));
}

json_t *gateway_offload_worker_json(const struct offload *o)
{
	const struct offload_stats *s = &o->stats;
	json_t *x = json_object();

	put(x, "live", &s->live);
	put(x, "made", &s->made);
	put(x, "withdrawn", &s->withdrawn);
	put(x, "refused", &s->refused);
	put(x, "full", &s->full);
	put(x, "ring_full", &s->ring_full);
	put(x, "recalls", &s->recalls);
	put(x, "passed_packets", &s->passed_packets);
	put(x, "passed_bytes", &s->passed_bytes);
	put(x, "stopped_packets", &s->stopped_packets);
	put(x, "stopped_bytes", &s->stopped_bytes);
	put(x, "late_packets", &s->late_packets);
	put(x, "late_bytes", &s->late_bytes);
	put(x, "unanswered", &s->unanswered);
	return x;
}

static json_t *wire_json(const struct gateway_offload_wire *w)
{
	json_t *can = json_array(), *cannot = json_object();
	char name[32];

	for (unsigned i = 0; i < 8; i++) {
		kind_name(i, name, sizeof(name));
		if (w->why[i][0] == '\0')
			json_array_append_new(can, json_string(name));
		else
			json_object_set_new(cannot, name, json_string(w->why[i]));
	}
	return json_pack("{s:s, s:o, s:o}", "wire", w->name, "can", can, "cannot", cannot);
}

json_t *gateway_offload_json(const struct gateway *g)
{
	const struct gateway_offload *o = g->offload;
	const struct offload_server_stats *s;
	json_t *x, *wires;

	if (o == NULL)
		return json_null();
	x = json_object();
	wires = json_array();
	s = &o->server.stats;
	put(x, "rules_made", &s->made);
	put(x, "rules_removed", &s->removed);
	put(x, "queries", &s->queries);
	put(x, "query_errors", &s->query_errors);
	put(x, "remove_errors", &s->remove_errors);
	put(x, "uncounted", &s->uncounted);
	put(x, "idle", &s->idle);
	put(x, "recall_us_max", &s->recall_us_max);
	for (unsigned i = 0; i < o->n_wires; i++)
		json_array_append_new(wires, wire_json(&o->wires[i]));
	json_object_set_new(x, "wires", wires);
	return x;
}
