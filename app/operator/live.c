// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/live.h"
#include "app/control/server.h"
#include "policy/country.h"
#include "policy/diag.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// As policies write them, and then other names that people know; the first of a number is shown.
static const struct {
	const char *name;
	int number;
} protocols[] = {{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmp6", 58}, {"sctp", 132}, {"esp", 50},
	{"gre", 47}, {"icmpv6", 58}};

#define N_PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

bool live_number(const char *text, const char *what, json_int_t max, json_int_t *out)
{
	char *end;

	*out = strtoll(text, &end, 10);
	if (isdigit((unsigned char)*text) && *end == '\0' && *out <= max)
		return true;
	fprintf(stderr, "bhctl: --%s: \"%s\" is no number from 0 to %" JSON_INTEGER_FORMAT "\n",
		what, text, max);
	return false;
}

bool live_protocol(const char *text, json_int_t *out)
{
	for (size_t i = 0; i < N_PROTOCOLS; i++)
		if (strcasecmp(protocols[i].name, text) == 0) {
			*out = protocols[i].number;
			return true;
		}
	if (isdigit((unsigned char)*text))
		return live_number(text, "proto", 255, out);
	fprintf(stderr, "bhctl: --proto: \"%s\" is none of " LIVE_PROTOCOLS ", and no number\n",
		text);
	return false;
}

static bool put_proto(json_t *request, const char *text)
{
	json_int_t n;

	return live_protocol(text, &n) &&
	       json_object_set_new(request, "proto", json_integer(n)) == 0;
}

// Databases have these for addresses that belong to no single country of theirs.
static bool is_region(const char *code)
{
	return strcmp(code, "EU") == 0 || strcmp(code, "AP") == 0;
}

bool live_country(const char *text, uint16_t *out)
{
	char up[3] = "", hint[DIAG_MEANT_MAX];
	const char *meant;

	for (size_t i = 0; i < 2 && text[i] != '\0'; i++)
		up[i] = (char)toupper((unsigned char)text[i]);
	*out = strlen(text) != 2 ? 0
	       : is_region(up)   ? (uint16_t)(up[0] << 8 | up[1])
				 : country_code(up);
	if (*out != 0)
		return true;
	meant = diag_meant(hint, country_meant(text));
	fprintf(stderr,
		"bhctl: --country: \"%s\" is no country's code of two letters, ISO 3166-1 (XX: not "
		"known)%s%s\n",
		text, meant != NULL ? "; " : "", meant != NULL ? meant : "");
	return false;
}

static bool put_country(json_t *request, const char *text)
{
	uint16_t cc;
	char code[3];

	if (!live_country(text, &cc))
		return false;
	country_format(cc, code);
	return json_object_set_new(request, "country", json_string(code)) == 0;
}

bool live_filter_put(json_t *request, const struct live_filter *f)
{
	const struct {
		const char *key, *text;
	} words[] = {{"tenant", f->tenant}, {"act", f->act}, {"rule", f->rule}, {"host", f->host},
		{"app", f->app}, {"addr", f->addr}, {"border", f->border}};
	json_int_t port;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].text == NULL)
			continue;
		if (json_object_set_new(request, words[i].key, json_string(words[i].text)) < 0) {
			fprintf(stderr, "bhctl: --%s: not UTF-8\n", words[i].key);
			return false;
		}
	}
	if (f->port != NULL) {
		if (!live_number(f->port, "port", 65535, &port))
			return false;
		json_object_set_new(request, "port", json_integer(port));
	}
	return (f->country == NULL || put_country(request, f->country)) &&
	       (f->proto == NULL || put_proto(request, f->proto));
}

json_t *live_ask(const char *socket, json_t *request)
{
	char err[2560];
	json_t *reply;

	for (unsigned tries = 0;; tries++) {
		reply = control_ask(socket, request, err, sizeof(err));
		// The gateway looks at its flows for one client at a time.
		if (reply != NULL || tries == 40 || strstr(err, "is under way") == NULL)
			break;
		usleep(50000);
	}
	json_decref(request);
	if (reply == NULL)
		fprintf(stderr, "bhctl: %s\n", err);
	return reply;
}

static void put_end(const json_t *flow, const char *addr, const char *port, char out[64])
{
	const char *a = command_text(flow, addr);
	const json_t *p = json_object_get(flow, port);

	if (p == NULL)
		snprintf(out, 64, "%s", a);
	else
		snprintf(out, 64, strchr(a, ':') != NULL ? "[%s]:%d" : "%s:%d", a,
			(int)json_integer_value(p));
}

void live_ends(const json_t *flow, char *out, size_t size)
{
	json_int_t proto = command_number(flow, "proto");
	char src[64], dst[64], number[24];
	const char *name = number;

	snprintf(number, sizeof(number), "ip/%" JSON_INTEGER_FORMAT, proto);
	for (size_t i = N_PROTOCOLS; i-- > 0;)
		if (protocols[i].number == proto)
			name = protocols[i].name;
	put_end(flow, "src", "sport", src);
	put_end(flow, "dst", "dport", dst);
	snprintf(out, size, "%s %s > %s", name, src, dst);
}

void live_rule(const json_t *flow, char *out, size_t size)
{
	const char *rule = command_text(flow, "rule"), *reason = command_text(flow, "reason");

	if (*rule != '\0')
		snprintf(out, size, "%s", rule);
	else
		snprintf(out, size, "(%s)", *reason != '\0' ? reason : "undecided");
}

void live_age(int64_t us, char out[16])
{
	int64_t s = us / 1000000;

	if (s < 1)
		snprintf(out, 16, "<1s");
	else if (s < 120)
		snprintf(out, 16, "%" PRId64 "s", s);
	else if (s < 7200)
		snprintf(out, 16, "%" PRId64 "m", s / 60);
	else if (s < 172800)
		snprintf(out, 16, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(out, 16, "%" PRId64 "d", s / 86400 % 1000000);
}

void live_time(json_int_t us, char out[32])
{
	time_t at = (time_t)(us / 1000000);
	struct tm tm;

	if (us == 0 || gmtime_r(&at, &tm) == NULL ||
		strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(out, "never");
}
