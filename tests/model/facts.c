// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "facts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bad_input(const char *what)
{
	fprintf(stderr, "policy_driver: %s\n", what);
	exit(2);
}

static json_t *member(json_t *facts, const char *key)
{
	json_t *value = json_object_get(facts, key);

	if (!value)
		bad_input(key);
	return value;
}

json_int_t fact_number(json_t *facts, const char *key)
{
	json_t *value = member(facts, key);

	if (!json_is_integer(value))
		bad_input(key);
	return json_integer_value(value);
}

static struct policy_addr address(json_t *facts, const char *key)
{
	const char *text = json_string_value(member(facts, key));
	struct policy_addr a = {0};

	if (text && inet_pton(AF_INET, text, a.b) == 1)
		a.version = 4;
	else if (text && inet_pton(AF_INET6, text, a.b) == 1)
		a.version = 6;
	else
		bad_input(key);
	return a;
}

static uint8_t confidence(const char *name)
{
	for (int c = POLICY_CONF_PORT; name && c <= POLICY_CONF_DPI; c++)
		if (!strcmp(name, policy_conf_name((enum policy_conf)c)))
			return (uint8_t)c;
	if (name)
		bad_input("conf");
	return POLICY_CONF_NONE;
}

void facts_question(json_t *in, struct policy_question *q)
{
	const char *initiator = json_string_value(member(in, "initiator"));
	const char *cc = json_string_value(member(in, "cc"));
	json_t *vni = member(in, "vni"), *risk;
	struct policy_facts *f = &q->facts;
	size_t i;

	if (!initiator || !cc || strlen(cc) != 2)
		bad_input("initiator or cc");
	memset(q, 0, sizeof(*q));
	f->inside = address(in, "inside");
	f->remote = address(in, "remote");
	f->proto = (uint8_t)fact_number(in, "proto");
	f->sport = (uint16_t)fact_number(in, "sport");
	f->dport = (uint16_t)fact_number(in, "dport");
	f->initiator = strcmp(initiator, "inside") ? POLICY_INIT_OUTSIDE : POLICY_INIT_INSIDE;
	f->asn = (uint32_t)fact_number(in, "asn");
	f->final = json_is_true(member(in, "final"));
	f->conf = confidence(json_string_value(member(in, "conf")));
	f->app = (uint16_t)fact_number(in, "app");
	f->master = (uint16_t)fact_number(in, "master");
	f->cat = (uint16_t)fact_number(in, "cat");
	json_array_foreach (member(in, "risks"), i, risk)
		f->risks |= UINT64_C(1) << json_integer_value(risk);
	f->host = json_string_value(member(in, "host"));
	q->vlan = (uint16_t)fact_number(in, "vlan");
	q->vni = json_is_null(vni) ? POLICY_VNI_NONE : (uint32_t)json_integer_value(vni);
	q->cc = POLICY_CC(cc[0], cc[1]);
	q->now = fact_number(in, "now");
}

void facts_read(const struct policy *p, json_t *in, struct policy_facts *f)
{
	struct policy_question q;

	facts_question(in, &q);
	*f = q.facts;
	// As the gateway does at a flow's first packet.
	f->tenant = policy_tenant(p, &f->inside, q.vlan, q.vni);
	if (!policy_override(p, &f->remote, &f->cc))
		f->cc = q.cc;
	f->border = (uint8_t)policy_border(p, f->cc);
}
