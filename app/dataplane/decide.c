// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Policy: from what is known of a flow to what happens to its packets.

#include "app/dataplane/pipeline.h"

#define ICMP6_SOLICIT_ROUTER 133 // RFC 4861: the first and the last type of neighbour discovery
#define ICMP6_REDIRECT       137

uint64_t flow_packets_seen(const struct pipeline *pl, uint32_t i)
{
	const struct flow_hot *h = &pl->table.hot[i];

	return (uint64_t)h->packets[0] + h->packets[1] + pl->table.cold[i].stopped_packets;
}

static struct policy_addr flow_policy_addr(const struct pipeline *pl, uint32_t i, unsigned end)
{
	struct policy_addr a;

	a.version = pl->table.hot[i].version;
	flow_end_addr(&pl->table, i, end, a.b);
	return a;
}

static void fill_facts(
	struct pipeline *pl, uint32_t i, const struct policy *p, struct policy_facts *f)
{
	const struct flow_hot *h = &pl->table.hot[i];
	const struct flow_cold *c = &pl->table.cold[i];
	bool inside1 = h->flags & FLOW_INSIDE_1, opener1 = h->flags & FLOW_OPENER_1;
	bool icmp = h->proto == 1 || h->proto == 58;

	memset(f, 0, sizeof(*f));
	f->inside = flow_policy_addr(pl, i, inside1);
	f->remote = flow_policy_addr(pl, i, !inside1);
	f->sport = h->port[icmp ? 0 : opener1];
	f->dport = h->port[icmp ? 1 : !opener1];
	f->proto = h->proto;
	f->initiator = inside1 == opener1 ? POLICY_INIT_INSIDE : POLICY_INIT_OUTSIDE;
	f->cc = c->cc;
	f->border = policy_border(p, c->cc);
	f->tenant = policy_tenant(p, &f->inside, h->vlan, h->vni);
	f->asn = pl->c.geo != NULL ? geo_asn(pl->c.geo, h->version, f->remote.b) : 0;
}

static void fill_label(const struct pipeline *pl, uint32_t i, struct policy_facts *f)
{
	const struct flow_hot *h = &pl->table.hot[i];
	const struct flow_cold *c = &pl->table.cold[i];

	f->final = (h->flags & (FLOW_LABEL_FINAL | FLOW_CAPPED)) != 0;
	f->risks = c->risks;
	// At a cap the application counts as Unknown, until a label is there after all.
	if ((h->flags & (FLOW_LABEL_FINAL | FLOW_CAPPED)) != FLOW_CAPPED) {
		f->app = c->app;
		f->master = c->master;
		f->cat = c->cat;
		f->conf = c->conf;
	}
	// A name asked for in DNS is not the name of the remote end.
	f->host = c->host_source != RECORD_HOST_NONE && c->host_source != RECORD_HOST_DNS
			  ? pl->table.ext[c->ext].host
			  : NULL;
}

void flow_facts(struct pipeline *pl, uint32_t i, const struct policy *p, struct policy_facts *f)
{
	fill_facts(pl, i, p, f);
	fill_label(pl, i, f);
}

uint8_t flow_exception_action(const struct pipeline *pl, uint8_t exception)
{
	const struct pipeline_exceptions *x = &pl->c.exceptions;

	switch ((enum record_exception)exception) {
	case RECORD_EXC_FLOW_TABLE_FULL:
		return x->flow_table_full;
	case RECORD_EXC_DPI_FULL:
		return x->dpi_full;
	case RECORD_EXC_MALFORMED:
		return x->malformed;
	case RECORD_EXC_RING_FULL:
		return x->record_ring_full;
	case RECORD_EXC_LOG_FULL:
		return x->log_disk_full;
	case RECORD_EXC_OVERLOAD:
		return x->overload;
	default:
		return POLICY_ALLOW;
	}
}

// Whether two rules of two policies say the same, so that a new policy alone writes no records.
static bool same_rule(
	const struct policy *a, uint16_t rule_a, const struct policy *b, uint16_t rule_b)
{
	struct policy_rule_info x, y;

	if (a == b)
		return rule_a == rule_b;
	policy_rule(a, rule_a, &x);
	policy_rule(b, rule_b, &y);
	if (x.id == NULL || y.id == NULL)
		return x.id == y.id;
	return strcmp(x.id, y.id) == 0 && strcmp(x.reason, y.reason) == 0;
}

static void evaluate(
	struct pipeline *pl, uint32_t i, struct policy_facts *f, struct policy_verdict *v)
{
	// A flow that is over is judged by what was in force at its last packet.
	int64_t last = pl->table.hot[i].last, at = pl->ending && last < pl->now ? last : pl->now;

	fill_label(pl, i, f);
	pl->stats.evaluations++;
	policy_eval(pl->gen->policy, f, at / 1000000, v);
}

// The flow's words are those of the policy in force from now on.
static void refer(struct pipeline *pl, uint32_t i)
{
	struct flow_cold *c = &pl->table.cold[i];

	if (pl->table.hot[i].flags & FLOW_REFERS) {
		if (c->generation == pl->gen->number)
			return;
		policy_slot_unref(pl->c.reader, c->generation);
	}
	pl->table.hot[i].flags |= FLOW_REFERS;
	c->generation = pl->gen->number;
	policy_slot_ref(pl->c.reader, c->generation);
}

// What holds against the rule: a limit that was passed, or an exception of the gateway's own.
static uint8_t raised_action(struct pipeline *pl, uint32_t i, const struct policy_verdict *v,
	const struct meter_verdict *l)
{
	struct flow_cold *c = &pl->table.cold[i];
	uint8_t raise = flow_exception_action(pl, c->exception);
	uint8_t action = l->action > v->action ? l->action : v->action;

	// Where the rule is stricter than what was passed, the limit says nothing.
	c->limit = l->limit != POLICY_LIMIT_NONE && l->action >= v->action ? l->limit
									   : POLICY_LIMIT_NONE;
	c->severity = (l->action > v->action ? l->severity : v->severity) & 7;
	c->raised = raise > action; // where the rule is as strict, its words count
	return raise > action ? raise : action;
}

static bool same_limit(
	const struct policy *a, uint16_t limit_a, const struct policy *b, uint16_t limit_b)
{
	struct policy_limit_info x, y;

	policy_limit(a, limit_a, &x);
	policy_limit(b, limit_b, &y);
	if (x.id == NULL || y.id == NULL)
		return x.id == y.id;
	return strcmp(x.id, y.id) == 0;
}

// The rule that decided has had its part of the flow's bytes; what comes is another's.
void flow_credit(struct pipeline *pl, uint32_t i, bool over)
{
	const struct flow_hot *h = &pl->table.hot[i];
	struct flow_cold *c = &pl->table.cold[i];
	struct flow_ext *x = c->ext != FLOW_NONE ? &pl->table.ext[c->ext] : NULL;
	struct rule_count *n;

	if (!(h->flags & FLOW_REFERS) || (h->flags & FLOW_LOCAL))
		return;
	n = policy_slot_count(pl->c.slot->generations[c->generation], pl->c.reader, c->rule);
	if (n == NULL)
		return;
	n->out += h->bytes[0] - (x != NULL ? x->credited[0] : 0);
	n->in += h->bytes[1] - (x != NULL ? x->credited[1] : 0);
	if (over)
		return;
	x = flow_ext(&pl->table, i);
	if (x == NULL) {
		pl->stats.ext_full++;
		return;
	}
	x->credited[0] = h->bytes[0];
	x->credited[1] = h->bytes[1];
}

// A flow is counted for its rule when the rule has decided, and again where another one has.
static void count_hit(struct pipeline *pl, const struct policy_verdict *v, bool rule, bool shadow)
{
	struct rule_count *n = rule ? policy_slot_count(pl->gen, pl->c.reader, v->rule) : NULL;

	if (n != NULL) {
		n->hits++;
		n->last = pl->now;
	}
	n = shadow ? policy_slot_count(pl->gen, pl->c.reader, v->shadow) : NULL;
	if (n != NULL) {
		n->hits++;
		n->last = pl->now;
	}
}

// Takes the verdict over and says whether a decision record is due.
static bool take_verdict(struct pipeline *pl, uint32_t i, const struct policy_verdict *v,
	const struct meter_verdict *l)
{
	struct flow_hot *h = &pl->table.hot[i];
	struct flow_cold *c = &pl->table.cold[i];
	const struct policy *old = h->flags & FLOW_REFERS
					   ? policy_slot_words(pl->c.slot, c->generation)
					   : pl->gen->policy;
	uint16_t old_limit = c->limit;
	uint8_t action = raised_action(pl, i, v, l);
	bool changed, same, undecided = v->state == POLICY_UNDECIDED;

	c->expired = v->expired;
	same = same_rule(old, c->rule, pl->gen->policy, v->rule);
	changed = c->reported ? action != c->verdict ||
					(action != POLICY_ALLOW &&
						(!same || !same_limit(old, old_limit,
								  pl->gen->policy, c->limit)))
			      : action != POLICY_ALLOW;
	if (c->reported && !same)
		flow_credit(pl, i, false);
	if (v->state == POLICY_DECIDED)
		count_hit(pl, v, !c->reported || !same,
			!c->reported || !same_rule(old, c->shadow, pl->gen->policy, v->shadow));
	refer(pl, i);
	c->rule = v->rule;
	c->shadow = v->shadow;
	h->action = action;
	h->epoch = pl->stamp;
	h->flags &= (uint8_t) ~(FLOW_UNDECIDED | FLOW_SETTLED);
	h->flags |= undecided ? FLOW_UNDECIDED : 0;
	if (v->state != POLICY_DECIDED)
		return false;
	if (c->dpi == FLOW_NONE && (pl->c.captures == NULL || !flow_capture_going_on(pl, i)))
		h->flags |= FLOW_SETTLED;
	c->verdict = action & 3;
	c->reported = 1;
	return changed;
}

static void settle_local(struct pipeline *pl, uint32_t i)
{
	struct flow_hot *h = &pl->table.hot[i];
	const struct policy_addr inside = flow_policy_addr(pl, i, (h->flags & FLOW_INSIDE_1) != 0);

	pl->table.cold[i].tenant = policy_tenant(pl->gen->policy, &inside, h->vlan, h->vni);
	refer(pl, i);
	h->action = POLICY_ALLOW;
	h->epoch = pl->stamp;
	if (pl->table.cold[i].dpi == FLOW_NONE)
		h->flags |= FLOW_SETTLED;
}

// Neighbour discovery is to IPv6 what ARP is to IPv4: a tenant without it has no link, so that a
// policy that blocks its foreign traffic would take its home traffic too. Only where the remote end
// is on the link (fe80::/10, ff02::/16; RFC 4861, 4; RFC 4291, 2.4): no router takes that further.
// Such a flow is flagged where the verdict is to block.
bool flow_keeps_link(const struct policy_facts *f, uint16_t type)
{
	const uint8_t *a = f->remote.b;
	bool on_link =
		(a[0] == 0xfe && (a[1] & 0xc0) == 0x80) || (a[0] == 0xff && (a[1] & 15) == 2);

	return f->proto == 58 && f->remote.version == 6 && on_link &&
	       type >= ICMP6_SOLICIT_ROUTER && type <= ICMP6_REDIRECT;
}

// Of a flow that is over. A limit that others have passed after its last packet is not its own.
static struct meter_verdict kept_limit(const struct pipeline *pl, uint32_t i)
{
	const struct flow_cold *c = &pl->table.cold[i];
	struct policy_limit_info l = {0};

	if (c->limit != POLICY_LIMIT_NONE && c->generation == pl->gen->number)
		policy_limit(pl->gen->policy, c->limit, &l);
	if (l.id == NULL)
		return (struct meter_verdict){.limit = POLICY_LIMIT_NONE, .action = POLICY_ALLOW};
	return (struct meter_verdict){c->limit, l.action, l.severity};
}

// The verdict and what limits make of it. p: the packet that is about to pass, NULL: none.
static void judge(struct pipeline *pl, uint32_t i, const struct packet *p, struct policy_facts *f,
	struct policy_verdict *v, struct meter_verdict *l)
{
	uint32_t more = p != NULL && flow_is_outbound(&pl->table.hot[i], p) ? p->ip_len : 0;

	evaluate(pl, i, f, v);
	// Before a rule has decided, those limits hold that hold by whatever rule.
	*l = (struct meter_verdict){.limit = POLICY_LIMIT_NONE, .action = POLICY_ALLOW};
	if (pl->limits || pl->table.hot[i].meter != METER_NONE)
		*l = flow_limit(pl, i, f, v->rule, more);
	if (pl->ending) {
		struct meter_verdict kept = kept_limit(pl, i);

		*l = kept.action >= l->action ? kept : *l;
	}
	if (flow_keeps_link(f, pl->table.hot[i].port[0])) {
		v->action = v->action == POLICY_BLOCK ? POLICY_FLAG : v->action;
		l->action = l->action == POLICY_BLOCK ? POLICY_FLAG : l->action;
	}
}

void flow_decide(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	struct flow_cold *c = &pl->table.cold[i];
	struct policy_verdict v;
	struct meter_verdict l;
	struct policy_facts f;
	bool closing;

	if (pl->table.hot[i].flags & FLOW_LOCAL) {
		settle_local(pl, i);
		return;
	}
	fill_facts(pl, i, pl->gen->policy, &f);
	judge(pl, i, p, &f, &v, &l);
	// A blocked flow shows no more packets: the label is what it is. The same where no rule
	// needs it and nobody asked for it.
	// A limit makes a block of any verdict, also of that which is still open.
	closing = l.action == POLICY_BLOCK ||
		  (v.state != POLICY_UNDECIDED &&
			  (v.action == POLICY_BLOCK ||
				  (v.state == POLICY_DECIDED && !pl->c.classify_always &&
					  !(pipeline_candidate(pl) != NULL &&
						  flow_candidate_waits(pl, i)))));
	if (closing && c->dpi != FLOW_NONE && flow_dpi_finish(pl, i))
		judge(pl, i, p, &f, &v, &l);
	c->tenant = f.tenant;
	c->border = f.border & 3;
	if (pl->c.captures != NULL)
		flow_capture_want(pl, i, &v);
	if (take_verdict(pl, i, &v, &l)) {
		pl->stats.decisions[pl->table.hot[i].action]++;
		flow_report(pl, i, RECORD_DECISION, RECORD_END_NONE,
			p != NULL ? p->ts : pl->table.hot[i].last);
	}
}

// The address of the end that is not inside.
static struct policy_addr remote_of(const struct packet *p, const struct flow_ends *ends)
{
	return flow_addr(p->key.version, flow_key_addr(&p->key, !ends->inside1));
}

bool flow_screened_ports(const struct pipeline *pl, const struct packet *p)
{
	const unsigned opener = flow_opener1(p);

	return !screen_may_block_ports(
		pl->screen, p->key.proto, p->key.port[opener], p->key.port[!opener]);
}

bool flow_may_be_blocked(struct pipeline *pl, const struct packet *p)
{
	struct policy_addr remote;
	struct flow_ends ends;
	uint8_t source;

	if (flow_screened(pl, p))
		return false;
	// Nearly always the side says which end is remote, and no override its country: few lines
	// of memory, and nothing copied.
	if (pl->sieve != NULL && pl->c.n_inside == 0 && p->side != SIDE_UNKNOWN) {
		const unsigned end = p->dir ^ (p->side == SIDE_INSIDE);
		const uint8_t *a = flow_key_addr(&p->key, end);
		uint16_t cc = pl->c.geo != NULL ? geo_country(pl->c.geo, p->key.version, a) : 0;

		pl->stats.ranges_looked_up++;
		return policy_sieve_blocks(pl->sieve, cc != 0 ? cc : POLICY_CC_XX, p->key.proto);
	}
	ends = flow_ends_of(pl, p, flow_opener1(p));
	remote = remote_of(p, &ends);
	return !ends.local && policy_may_block(pl->gen->policy, flow_country(pl, &remote, &source),
				      p->key.proto, pl->now / 1000000);
}

enum policy_action flow_decide_stateless(struct pipeline *pl, const struct packet *p)
{
	bool opener1 = flow_opener1(p);
	struct flow_ends ends = flow_ends_of(pl, p, opener1);
	const struct flow_key *k = &p->key;
	bool icmp = k->proto == 1 || k->proto == 58;
	struct policy_facts f = {.proto = k->proto, .final = true};
	struct policy_verdict v;
	uint8_t source;

	if (ends.local)
		return POLICY_ALLOW;
	f.inside = flow_addr(k->version, flow_key_addr(k, ends.inside1));
	f.remote = remote_of(p, &ends);
	f.sport = k->port[icmp ? 0 : opener1];
	f.dport = k->port[icmp ? 1 : !opener1];
	f.initiator = ends.inside1 == opener1 ? POLICY_INIT_INSIDE : POLICY_INIT_OUTSIDE;
	f.cc = flow_country(pl, &f.remote, &source);
	f.border = policy_border(pl->gen->policy, f.cc);
	f.tenant = policy_tenant(pl->gen->policy, &f.inside, k->vlan, k->vni);
	f.asn = pl->c.geo != NULL ? geo_asn(pl->c.geo, k->version, f.remote.b) : 0;
	pl->stats.evaluations++;
	policy_eval(pl->gen->policy, &f, pl->now / 1000000, &v);
	return v.action == POLICY_BLOCK && flow_keeps_link(&f, k->port[0]) ? POLICY_FLAG : v.action;
}
