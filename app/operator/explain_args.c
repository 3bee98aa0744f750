// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// From the words of bhctl policy explain to a question.

#include "app/operator/explain.h"
#include "app/operator/live.h"
#include "policy/prefix.h"

#include <string.h>

#define SPORT_DEFAULT 49152 // the first of the dynamic ports (RFC 6335, section 6)

bool explain_bad(const char *option, const char *value, const char *what)
{
	fprintf(stderr, "bhctl: --%s: \"%s\" %s\n", option, value, what);
	return false;
}

static bool missing(const char *option, const char *why)
{
	fprintf(stderr, "bhctl: --%s is missing%s; see --help\n", option, why);
	return false;
}

static bool read_addr(const char *option, const char *text, struct policy_addr *out)
{
	if (text == NULL)
		return missing(option, "");
	if (policy_addr_parse(text, out))
		return true;
	if (strchr(text, '/') != NULL)
		return explain_bad(
			option, text, "is no address; one address is wanted, not a prefix");
	return explain_bad(option, text,
		"is no address; a name that the client asks for is given with --host");
}

static bool read_number(
	const char *option, const char *text, json_int_t from, json_int_t to, json_int_t *out)
{
	if (!live_number(text, option, to, out))
		return false;
	return *out >= from || explain_bad(option, text, "is too small");
}

static bool read_ports(const struct explain_words *w, struct policy_facts *f)
{
	const bool has_ports = policy_has_ports(f->proto);
	json_int_t n;

	if (!has_ports && (w->sport != NULL || w->dport != NULL))
		return explain_bad(w->sport != NULL ? "sport" : "dport",
			w->sport != NULL ? w->sport : w->dport,
			"has no place: the protocol has no ports");
	if (!has_ports)
		return true;
	if (w->dport == NULL)
		return missing("dport", ": the protocol has ports");
	f->sport = SPORT_DEFAULT;
	if (w->sport != NULL) {
		if (!read_number("sport", w->sport, 0, 65535, &n))
			return false;
		f->sport = (uint16_t)n;
	}
	if (!read_number("dport", w->dport, 0, 65535, &n))
		return false;
	f->dport = (uint16_t)n;
	return true;
}

static bool read_network(const struct explain_words *w, struct policy_question *q)
{
	json_int_t n;

	q->vlan = POLICY_VLAN_NONE;
	q->vni = POLICY_VNI_NONE;
	if (w->vlan != NULL) {
		if (!read_number("vlan", w->vlan, 1, 4094, &n))
			return false;
		q->vlan = (uint16_t)n;
	}
	if (w->vni != NULL) {
		if (!read_number("vni", w->vni, 0, 16777215, &n))
			return false;
		q->vni = (uint32_t)n;
	}
	return true;
}

static bool read_initiator(const char *text, struct policy_facts *f)
{
	f->initiator = POLICY_INIT_INSIDE;
	if (text == NULL || strcmp(text, "inside") == 0)
		return true;
	f->initiator = POLICY_INIT_OUTSIDE;
	return strcmp(text, "outside") == 0 ||
	       explain_bad("initiator", text, "is neither inside nor outside");
}

// What the command line does not say the databases do.
static bool read_remote(const struct explain_words *w, struct explain_asked *out)
{
	struct policy_facts *f = &out->q.facts;
	const struct policy_addr *a = &f->remote;
	struct geo *geo = NULL;
	json_int_t n;

	if (w->country != NULL && !live_country(w->country, &out->q.cc))
		return false;
	if (w->asn != NULL) {
		if (!read_number("asn", w->asn, 0, UINT32_MAX, &n))
			return false;
		f->asn = (uint32_t)n;
	}
	out->country_from = "as --country says";
	if (!geo_files_load(&w->geo, w->country == NULL, w->asn == NULL, &geo))
		return false;
	if (w->country == NULL) {
		out->q.cc = geo != NULL ? geo_country(geo, a->version, a->b) : 0;
		out->country_from = out->q.cc != 0 ? "as the country database says"
				    : geo != NULL  ? "the country database has none for it"
						   : "no country database: give --country or "
						     "--country-db";
		if (out->q.cc == 0)
			out->q.cc = POLICY_CC_XX;
	}
	if (w->asn == NULL && geo != NULL)
		f->asn = geo_asn(geo, a->version, a->b);
	geo_free(geo);
	return true;
}

bool explain_read(
	const struct explain_words *w, const struct offline_policy *p, struct explain_asked *out)
{
	struct policy_facts *f = &out->q.facts;
	json_int_t proto = 6;

	memset(out, 0, sizeof(*out));
	if (!read_addr("src", w->src, &f->inside) || !read_addr("dst", w->dst, &f->remote))
		return false;
	if (f->inside.version != f->remote.version)
		return explain_bad("dst", w->dst, "is of another IP version than --src");
	if (w->proto != NULL && !live_protocol(w->proto, &proto))
		return false;
	f->proto = (uint8_t)proto;
	return read_ports(w, f) && read_network(w, &out->q) && read_initiator(w->initiator, f) &&
	       explain_read_label(w, p->dpi, f) && command_time("at", w->at, &out->q.now) &&
	       read_remote(w, out);
}
