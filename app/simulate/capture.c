// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Captures through the gateway's own pipeline: once with OLD in force, once with NEW, each with its
// tenants, limits, caps of the pending action and evidence; then flow by flow. A flow is told by
// its ends and the time of its first packet, which are the same in both runs whatever is decided.

#include "app/gateway/replay.h"
#include "app/simulate/chains.h"
#include "app/simulate/simulation.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define WHO "bhctl policy simulate"

struct ends {
	uint8_t a[16], b[16]; // in the order of bytes: who opened it is a guess in midstream
	int64_t t0;
	uint32_t vni;
	uint16_t port_a, port_b, vlan;
	uint8_t version, proto;
} __attribute__((packed));

struct seen {
	struct chain chain;
	struct ends ends;
	struct flow_verdict had;
	uint64_t out, in;
};

struct runs {
	struct simulation *s;
	struct chains seen; // of the run before
	unsigned run;       // 0: OLD, 1: NEW
	bool no_memory;
};

static uint32_t vni_of(const struct record *r)
{
	for (unsigned i = 0; i < r->n_tunnels && i < RECORD_MAX_TUNNELS; i++)
		if (r->tunnels[i].kind == RECORD_TUN_VXLAN ||
			r->tunnels[i].kind == RECORD_TUN_GENEVE)
			return r->tunnels[i].id;
	return POLICY_VNI_NONE;
}

static void ends_of(const struct record *r, struct ends *e)
{
	const bool icmp = r->proto == 1 || r->proto == 58;
	const bool swap = memcmp(r->src, r->dst, 16) > 0;

	memset(e, 0, sizeof(*e));
	memcpy(e->a, swap ? r->dst : r->src, 16);
	memcpy(e->b, swap ? r->src : r->dst, 16);
	e->port_a = swap && !icmp ? r->dport : r->sport;
	e->port_b = swap && !icmp ? r->sport : r->dport;
	e->t0 = r->t0;
	e->vlan = r->n_vlans != 0 ? r->vlans[0] : POLICY_VLAN_NONE;
	e->vni = vni_of(r);
	e->version = r->version;
	e->proto = r->proto;
}

static uint64_t hash_of(const struct ends *e)
{
	const uint8_t *bytes = (const uint8_t *)e;
	uint64_t h = 14695981039346656037ull; // FNV-1a

	for (size_t i = 0; i < sizeof(*e); i++)
		h = (h ^ bytes[i]) * 1099511628211ull;
	return h ^ h >> 32;
}

static void keep(struct runs *r, const struct ends *e, const struct flow_verdict *v,
	const struct record *rec)
{
	struct seen *x = malloc(sizeof(*x));

	if (x != NULL)
		*x = (struct seen){.ends = *e, .had = *v, .out = rec->ob, .in = rec->rb};
	if (x == NULL || !chains_add(&r->seen, &x->chain, hash_of(e))) {
		r->no_memory = true;
		free(x);
	}
}

// The flow of the run before, which is taken out; the caller frees it. NULL: it had none.
static struct seen *take(struct runs *r, const struct ends *e)
{
	struct chain **at = chains_at(&r->seen, hash_of(e));

	for (; at != NULL && *at != NULL; at = &(*at)->next)
		if (memcmp(&((struct seen *)*at)->ends, e, sizeof(*e)) == 0)
			return (struct seen *)chains_take(&r->seen, at);
	return NULL;
}

static void drop(struct chain *c)
{
	free(c);
}

// The words of a policy are gone when its run is over.
static const char *kept(struct runs *r, const char *text)
{
	struct word *w = text != NULL ? words_get(&r->s->result.words, text, strlen(text)) : NULL;

	r->no_memory |= text != NULL && w == NULL;
	return w != NULL ? w->text : NULL;
}

static void verdict_of(struct runs *runs, const struct record *r, struct flow_verdict *out)
{
	struct policy_rule_info rule = {0};
	struct policy_limit_info limit = {0};

	*out = (struct flow_verdict){.action = r->action, .undecided = r->undecided};
	if (r->policy == NULL || r->undecided)
		return;
	policy_rule(r->policy, r->rule, &rule);
	policy_limit(r->policy, r->limit, &limit);
	out->rule = kept(runs, rule.id);
	out->limit = kept(runs, limit.id);
	out->reason = kept(runs, record_reason(r->policy, r->rule, r->limit, r->exception));
}

static void set_address(struct policy_addr *a, const struct record *r, const uint8_t *b)
{
	a->version = r->version;
	memset(a->b, 0, sizeof(a->b));
	memcpy(a->b, b, r->version == 4 ? 4 : 16);
}

// before NULL: there is nothing to compare with. Bytes are those of before, as in a log.
static void compare(struct runs *runs, const struct record *r, const struct record_words *words,
	const struct seen *before, const struct flow_verdict *after)
{
	const bool inside = r->init == POLICY_INIT_INSIDE;
	const char *app = words->app(words->ctx, r->app);
	struct flow_known f = {
		.cc = r->cc, .fid = r->fid, .t0 = r->t0, .t1 = r->t1, .out = r->ob, .in = r->rb};

	if (before != NULL) {
		f.out = before->out;
		f.in = before->in;
	}
	app = app != NULL ? app : "Unknown";
	set_address(&f.facts.inside, r, inside ? r->src : r->dst);
	set_address(&f.facts.remote, r, inside ? r->dst : r->src);
	f.facts.initiator = r->init;
	f.facts.sport = r->sport;
	f.facts.dport = r->dport;
	f.facts.proto = r->proto;
	memcpy(f.host, r->host,
		sizeof(f.host) < sizeof(r->host) ? sizeof(f.host) : sizeof(r->host));
	f.app = words_get(&runs->s->result.words, app, strlen(app));
	if (f.app == NULL) {
		runs->no_memory = true;
		return;
	}
	result_add(&runs->s->result, r->policy, &f, r->tenant, r->cc,
		before != NULL ? &before->had : NULL, after);
}

static void record(void *ctx, const struct record *r, const struct record_words *words)
{
	struct runs *runs = ctx;
	struct simulation *s = runs->s;
	struct flow_verdict after;
	struct seen *before;
	struct ends e;

	if (r->ev != RECORD_END || r->local || r->policy == NULL)
		return;
	s->before_verdict[runs->run] += r->pb;
	verdict_of(runs, r, &after);
	ends_of(r, &e);
	if (runs->run == 0) {
		keep(runs, &e, &after, r);
		return;
	}
	if (!s->has_against) {
		compare(runs, r, words, NULL, &after);
		return;
	}
	before = take(runs, &e);
	if (before != NULL)
		compare(runs, r, words, before, &after);
	else
		s->unmatched++;
	free(before);
}

// The words of a replay, so that its arguments mean here what they mean there.
static int run(struct runs *runs, const char *policy, char *const *paths, unsigned n)
{
	const struct simulation *s = runs->s;
	const struct replay_watch watch = {runs, record};
	char **argv = calloc(n + 12, sizeof(*argv)), *words[4];
	const char *const given[4] = {policy, s->country_db, s->asn_db, s->inside};
	static const char *const names[4] = {"--policy", "--country-db", "--asn-db", "--inside"};
	struct replay_options o = {0};
	int argc = 0, rc = argv != NULL ? 0 : -ENOMEM;
	char program[] = WHO, end[] = "--";

	memset(words, 0, sizeof(words));
	if (rc == 0)
		argv[argc++] = program;
	for (unsigned i = 0; rc == 0 && i < 4; i++) {
		if (given[i] == NULL)
			continue;
		if (asprintf(&words[i], "%s=%s", names[i], given[i]) < 0) {
			words[i] = NULL;
			rc = -ENOMEM;
		} else {
			argv[argc++] = words[i];
		}
	}
	if (rc == 0) {
		argv[argc++] = end;
		for (unsigned i = 0; i < n; i++)
			argv[argc++] = paths[i];
		rc = replay_parse(argc, argv, &o);
		o.summary = false;
	} else {
		fputs("bhctl: no memory\n", stderr);
	}
	if (rc == 0)
		rc = replay_run(&o, WHO, &watch);
	replay_options_free(&o);
	for (unsigned i = 0; i < 4; i++)
		free(words[i]);
	free(argv);
	return rc;
}

int simulate_captures(struct simulation *s, char *const *paths, unsigned n)
{
	struct runs runs = {.s = s};
	int rc = 0;

	signal(SIGPIPE, SIG_IGN);
	if (s->has_against)
		rc = run(&runs, s->against_path, paths, n);
	runs.run = 1;
	if (rc == 0)
		rc = run(&runs, s->policy_path, paths, n);
	if (rc == 0 && (runs.no_memory || s->result.no_memory)) {
		fputs("bhctl: no memory\n", stderr);
		rc = -ENOMEM;
	}
	s->unmatched += runs.seen.n;
	chains_fini(&runs.seen, drop);
	return rc;
}
