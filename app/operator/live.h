// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the commands that look at live flows have in common: filters, and flows as rows.
#pragma once

#include "app/operator/command.h"
#include "app/operator/grid.h"

// Words of the command line; NULL: all.
struct live_filter {
	const char *tenant, *country, *act, *rule, *host, *app, *addr, *border, *proto, *port;
};

#define LIVE_FILTER_OPTIONS(f)                                                                     \
	{"tenant", &(f).tenant, NULL}, {"country", &(f).country, NULL}, {"act", &(f).act, NULL},   \
		{"rule", &(f).rule, NULL}, {"host", &(f).host, NULL}, {"app", &(f).app, NULL},     \
		{"addr", &(f).addr, NULL}, {"border", &(f).border, NULL},                          \
		{"proto", &(f).proto, NULL},                                                       \
	{                                                                                          \
		"port", &(f).port, NULL                                                            \
	}

// The protocols that have names, as policies write them ("icmpv6" is taken too).
#define LIVE_PROTOCOLS "tcp, udp, icmp, icmp6, sctp, esp, gre"

#define LIVE_FILTER_USAGE                                                                          \
	"  --tenant NAME     of this tenant (_unlisted: of none)\n"                                \
	"  --country CC      with the remote end in this country (XX: not known)\n"                \
	"  --act ACTION      allow, flag or block\n"                                               \
	"  --rule ID         decided by this rule (_default: by the defaults)\n"                   \
	"  --host TEXT       whose SNI, HTTP Host or QUIC SNI has this in it\n"                    \
	"  --app NAME        of this nDPI application, alone or over another (TLS)\n"              \
	"  --addr PREFIX     with either end in this address or prefix\n"                          \
	"  --border BORDER   home, cross or unknown\n"                                             \
	"  --proto PROTO     " LIVE_PROTOCOLS ", or a number\n"                                    \
	"  --port PORT       at either end\n"

// Puts the filter into a request. False with a line on standard error.
bool live_filter_put(json_t *request, const struct live_filter *f);

// The number of a protocol's name, or of its number in text. False with a line on standard error.
bool live_protocol(const char *text, json_int_t *out);

// A country's code, in upper or lower case; XX: not known. False with a line on standard error.
bool live_country(const char *text, uint16_t *out);

// A number of the command line from 0 to max; what names the option. False with a line on standard
// error.
bool live_number(const char *text, const char *what, json_int_t max, json_int_t *out);

// Asks; waits its turn where another client's look at the flows is under way.
json_t *live_ask(const char *socket, json_t *request);

// Where nothing matches: whether the policy in force has the rule and the tenant that the filter
// names. False with a line on standard error: then it is a slip, and no good news. Where the
// gateway does not say, they are taken to be right.
bool live_known(const char *socket, const struct live_filter *f);

// "tcp 192.0.2.1:4000 > 198.51.100.1:443"
void live_ends(const json_t *flow, char *out, size_t size);

// The rule that decided a flow; where none did, but the policy's expiry or an exception, that reason
// in parentheses, else "(undecided)".
void live_rule(const json_t *flow, char *out, size_t size);
// "<1s", "59s", "12m", "5h03m", "9d"
void live_age(int64_t microseconds, char out[16]);
// UTC; "never" for 0.
void live_time(json_int_t microseconds, char out[32]);
