// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/replay.h"
#include "policy/prefix.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

static const char usage[] =
	"usage: bridgehead replay --policy FILE --country-db FILE[,FILE...] [options] CAPTURE...\n"
	"\n"
	"Runs captures (pcap, pcapng; \"-\" is standard input) through the gateway's pipeline, "
	"with the\n"
	"packets' own time. Needs no root, no huge pages, no NIC.\n"
	"\n"
	"  --policy FILE         policy, format egress-policy/1; its dates are not held against "
	"today\n"
	"  --country-db FILES    country databases, comma separated (tor-geoipdb text or .mmdb)\n"
	"  --asn-db FILES        AS databases (.mmdb)\n"
	"  --inside PREFIXES     inside prefixes, comma separated; default: the tenants' prefixes\n"
	"  --records FILE        write the records as lines of JSON (\"-\": standard output)\n"
	"  --log-dir DIR         write the records as the gateway does\n"
	"  --pcap-out FILE       write the packets that passed\n"
	"  --local-flows         record flows with both ends inside too\n"
	"  --tunnels LIST        look into these only: ipip,vxlan,geneve,gtpu,tzsp,capwap or\n"
	"                        none; default: all\n"
	"  --max-flows N         size of the flow table; default: 1048576\n"
	"  --summary             print totals (to standard error where records go to standard "
	"output)\n"
	"  --help                this text\n"
	"\n"
	"Exit status: 0 good, 2 an error.\n";

enum {
	OPT_POLICY = 256,
	OPT_COUNTRY,
	OPT_ASN,
	OPT_INSIDE,
	OPT_RECORDS,
	OPT_LOG_DIR,
	OPT_PCAP_OUT,
	OPT_LOCAL,
	OPT_TUNNELS,
	OPT_MAX_FLOWS,
	OPT_SUMMARY,
	OPT_HELP,
};

static const struct option options[] = {
	{"policy", required_argument, NULL, OPT_POLICY},
	{"country-db", required_argument, NULL, OPT_COUNTRY},
	{"asn-db", required_argument, NULL, OPT_ASN},
	{"inside", required_argument, NULL, OPT_INSIDE},
	{"records", required_argument, NULL, OPT_RECORDS},
	{"log-dir", required_argument, NULL, OPT_LOG_DIR},
	{"pcap-out", required_argument, NULL, OPT_PCAP_OUT},
	{"local-flows", no_argument, NULL, OPT_LOCAL},
	{"tunnels", required_argument, NULL, OPT_TUNNELS},
	{"max-flows", required_argument, NULL, OPT_MAX_FLOWS},
	{"summary", no_argument, NULL, OPT_SUMMARY},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int bad(const char *what, const char *value)
{
	fprintf(stderr, "bridgehead replay: %s: \"%s\"; see bridgehead replay --help\n", what,
		value);
	return -EINVAL;
}

// Splits in place; the words stay in the argument.
static int add_files(char *list, const char **to, unsigned *n)
{
	for (char *word; (word = strsep(&list, ",")) != NULL;) {
		if (*word == '\0' || *n == REPLAY_MAX_FILES)
			return bad("a list of files", word);
		to[(*n)++] = word;
	}
	return 0;
}

// As in policies and configurations: what is told of them is told here too.
static int read_prefix(const char *text, struct pipeline_prefix *out)
{
	struct policy_prefix p;
	char meant[PREFIX_TEXT_MAX];

	switch (prefix_parse(text, &p)) {
	case PREFIX_GOOD:
		*out = (struct pipeline_prefix){.version = p.addr.version, .len = p.len};
		memcpy(out->addr, p.addr.b, sizeof(out->addr));
		return 0;
	case PREFIX_HOST_BITS:
		prefix_format(&p, meant);
		fprintf(stderr,
			"bridgehead replay: --inside: \"%s\" has bits set behind its length; did "
			"you mean \"%s\"?\n",
			text, meant);
		return -EINVAL;
	case PREFIX_SYNTAX:
	case PREFIX_ADDRESS:
	case PREFIX_LENGTH:
		break;
	}
	return bad("--inside takes prefixes such as 10.0.0.0/8 or 2001:db8::/32", text);
}

static int add_prefixes(char *list, struct replay_options *o)
{
	for (char *word; (word = strsep(&list, ",")) != NULL;) {
		struct pipeline_prefix *more =
			realloc(o->inside, (o->n_inside + 1) * sizeof(*more));

		if (more == NULL)
			return bad("no memory for prefixes", word);
		o->inside = more;
		if (read_prefix(word, &more[o->n_inside]) < 0)
			return -EINVAL;
		o->n_inside++;
	}
	return 0;
}

static int set_tunnels(char *list, uint32_t *tunnels)
{
	static const struct {
		const char *name;
		uint32_t bits;
	} known[] = {{"none", 0}, {"ipip", PARSE_IPIP}, {"vxlan", PARSE_VXLAN},
		{"geneve", PARSE_GENEVE}, {"gtpu", PARSE_GTPU}, {"tzsp", PARSE_TZSP},
		{"capwap", PARSE_CAPWAP}};
	static const unsigned n = sizeof(known) / sizeof(known[0]);

	*tunnels = 0;
	for (char *word; (word = strsep(&list, ",")) != NULL;) {
		unsigned i = 0;

		while (i < n && strcmp(known[i].name, word) != 0)
			i++;
		if (i == n)
			return bad("--tunnels takes none, ipip, vxlan, geneve, gtpu, tzsp, capwap",
				word);
		*tunnels |= known[i].bits;
	}
	return 0;
}

static int set_max_flows(const char *text, uint32_t *max)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v < 1 || v > 1u << 28)
		return bad("--max-flows takes a number from 1 to 268435456", text);
	*max = (uint32_t)v;
	return 0;
}

static int take(int opt, char *arg, struct replay_options *o)
{
	switch (opt) {
	case OPT_POLICY:
		o->policy = arg;
		return 0;
	case OPT_COUNTRY:
		return add_files(arg, o->country_db, &o->n_country_db);
	case OPT_ASN:
		return add_files(arg, o->asn_db, &o->n_asn_db);
	case OPT_INSIDE:
		return add_prefixes(arg, o);
	case OPT_RECORDS:
		o->records = arg;
		return 0;
	case OPT_LOG_DIR:
		o->log_dir = arg;
		return 0;
	case OPT_PCAP_OUT:
		o->pcap_out = arg;
		return 0;
	case OPT_LOCAL:
		o->local_flows = true;
		return 0;
	case OPT_TUNNELS:
		return set_tunnels(arg, &o->tunnels);
	case OPT_MAX_FLOWS:
		return set_max_flows(arg, &o->max_flows);
	case OPT_SUMMARY:
		o->summary = true;
		return 0;
	case OPT_HELP:
		fputs(usage, stdout);
		return 1;
	default: // getopt has said what is wrong
		fputs("see bridgehead replay --help\n", stderr);
		return -EINVAL;
	}
}

int replay_parse(int argc, char **argv, struct replay_options *o)
{
	int opt, rc;

	memset(o, 0, sizeof(*o));
	o->tunnels = PARSE_ALL_TUNNELS;
	o->max_flows = 1u << 20;
	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		rc = take(opt, optarg, o);
		if (rc != 0)
			return rc;
	}
	o->captures = argv + optind;
	o->n_captures = (unsigned)(argc - optind);
	if (o->policy == NULL)
		return bad("which policy is missing", "--policy FILE");
	if (o->n_country_db == 0)
		return bad("which country database is missing", "--country-db FILE");
	if (o->n_captures == 0)
		return bad("which captures is missing", "CAPTURE...");
	if (o->records == NULL && o->log_dir == NULL && o->pcap_out == NULL)
		o->summary = true; // otherwise it would say nothing at all
	return 0;
}

void replay_options_free(struct replay_options *o)
{
	free(o->inside);
}
