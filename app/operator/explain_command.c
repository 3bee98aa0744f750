// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/explain.h"
#include "app/operator/grid.h"
#include "app/operator/live.h"
#include "policy/moment.h"

#include <string.h>

static const char usage[] =
	"usage: bhctl policy explain --src ADDR --dst ADDR [--proto PROTO] [--dport PORT]\n"
	"             [--app NAME] [--host NAME] [OPTION...] POLICY\n"
	"\n"
	"Says what a policy decides on a flow and why: each rule from the top, each of its\n"
	"conditions true, false or pending, the verdict, and the limits that count the flow.\n"
	"Needs no gateway.\n"
	"\n"
	"  --src ADDR         the inside end\n"
	"  --dst ADDR         the remote end\n"
	"  --proto PROTO      " LIVE_PROTOCOLS ", or a number; default: tcp\n"
	"  --sport PORT       of the end that opened the flow; default: 49152\n"
	"  --dport PORT       of the other end; wanted where the protocol has ports\n"
	"  --initiator END    which end opened the flow: inside or outside; default: inside\n"
	"  --vlan N           outer VLAN of the packets\n"
	"  --vni N            VXLAN or Geneve network of the packets\n"
	"\n"
	"What classification has found. Without --app it goes on; what then is decided at a cap\n"
	"at the latest is said too:\n"
	"  --app NAME         nDPI's application, TLS or TLS.Google; Unknown where it found none\n"
	"  --master NAME      the application below it\n"
	"  --category NAME    default: the application's\n"
	"  --confidence HOW   dpi, cache, ip or port; default: dpi\n"
	"  --pending          the application is not final yet\n"
	"  --host NAME        SNI, HTTP Host or QUIC SNI\n"
	"  --risk NAMES       nDPI's risks, comma separated\n"
	"\n"
	"Where the remote end is. Without --country databases tell:\n"
	"  --country CC       instead of the database's answer; XX: unknown\n"
	"  --asn N            instead of the database's answer; 0: unknown\n"
	"  --country-db FILES country databases, comma separated; default: those of a --config,\n"
	"                     else of Debian's tor-geoipdb where they are there\n"
	"  --asn-db FILES     AS databases\n"
	"  --config FILE      a gateway's configuration, for its databases\n"
	"\n"
	"  --at TIME          then (2026-01-31T09:00:00+08:00, 2026-01-31); default: now\n"
	"  --all              rules and limits that do not matter, too\n"
	"  --json             one object, for machines\n"
	"\n"
	"Exit status: 0 whatever the verdict is, 2 an error.\n";

const char *explain_reason(const struct policy *p, const struct policy_verdict *v)
{
	struct policy_rule_info rule;

	policy_rule(p, v->rule, &rule);
	return v->expired ? "POLICY_EXPIRED" : rule.reason;
}

bool explain_counts(const struct policy_explanation *e, unsigned limit)
{
	for (unsigned i = 0; i < e->n_held; i++)
		if (e->held[i] == limit)
			return true;
	return false;
}

void explain_scope(const struct policy_limit_info *l, char out[64])
{
	static const char *const pers[] = {"flow", "tenant", "country", "tenant and country"};
	static const char *const windows[] = {"", ", an hour", ", a day", ", a month"};

	snprintf(out, 64, "per %s%s", pers[l->per], windows[l->window]);
}

// A gateway takes no policy before its time; what it would decide then is told all the same.
static void warn_early(const struct offline_policy *p, int64_t now)
{
	char from[MOMENT_TEXT_MAX];

	if (now >= policy_info(p->policy)->not_before)
		return;
	moment_format(policy_info(p->policy)->not_before, from);
	fprintf(stderr,
		"bhctl: the policy is not valid before %s: a gateway refuses it until then\n",
		from);
}

static bool one(const struct offline_policy *p, const struct policy_question *q,
	struct policy_explanation *out)
{
	const struct policy_names names = policy_file_names(p->dpi);

	if (policy_explain(p->policy, q, &names, out) < 0) {
		fputs("bhctl: no memory\n", stderr);
		return false;
	}
	if (out->differs == NULL)
		return true;
	fprintf(stderr, "bhctl: internal error, please report it: %s; no explanation is given\n",
		out->differs);
	return false;
}

// What the gateway does where the label is still not there at a cap.
static struct policy_question at_cap(const struct policy_question *q)
{
	struct policy_question cap = *q;

	cap.facts.final = true;
	cap.facts.app = cap.facts.master = cap.facts.cat = 0;
	cap.facts.conf = POLICY_CONF_NONE;
	return cap;
}

static int answer(
	const struct offline_policy *p, const struct explain_asked *asked, bool all, bool json)
{
	struct explain_answer a = {.p = p, .asked = asked, .has_cap = !asked->q.facts.final};
	struct policy_question cap = at_cap(&asked->q);
	bool good = one(p, &asked->q, &a.now) && (!a.has_cap || one(p, &cap, &a.cap));
	json_t *o;

	if (good && json) {
		o = explain_json(&a);
		command_print_json(o);
		json_decref(o);
	} else if (good) {
		explain_print(&a, all, grid_colour(stdout), stdout);
	}
	policy_explanation_free(&a.now);
	policy_explanation_free(&a.cap);
	return good ? EXIT_GOOD : EXIT_ERROR;
}

int explain_command(const char *socket, int argc, char **argv)
{
	struct explain_words w = {0};
	bool json = false, all = false;
	const struct option_of options[] = {{"src", &w.src, NULL}, {"dst", &w.dst, NULL},
		{"proto", &w.proto, NULL}, {"sport", &w.sport, NULL}, {"dport", &w.dport, NULL},
		{"initiator", &w.initiator, NULL}, {"vlan", &w.vlan, NULL}, {"vni", &w.vni, NULL},
		{"app", &w.app, NULL}, {"master", &w.master, NULL}, {"category", &w.category, NULL},
		{"confidence", &w.confidence, NULL}, {"pending", NULL, &w.pending},
		{"host", &w.host, NULL}, {"risk", &w.risk, NULL}, {"country", &w.country, NULL},
		{"asn", &w.asn, NULL}, {"country-db", &w.geo.country_db, NULL},
		{"asn-db", &w.geo.asn_db, NULL}, {"config", &w.geo.config, NULL},
		{"at", &w.at, NULL}, {"all", NULL, &all}, {"json", NULL, &json}};
	struct explain_asked asked;
	struct offline_policy p;
	int rc = command_options(usage, options, sizeof(options) / sizeof(options[0]), &argc, argv);

	(void)socket;
	if (rc == 0)
		rc = command_words(usage, argc, argv, 1, 1, "POLICY");
	if (rc != 0)
		return rc;
	if (!offline_load(&p, argv[0], true))
		return EXIT_ERROR;
	rc = EXIT_ERROR;
	if (explain_read(&w, &p, &asked)) {
		warn_early(&p, asked.q.now);
		rc = answer(&p, &asked, all, json);
	}
	offline_free(&p);
	return rc;
}
