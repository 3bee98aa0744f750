// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Nobody hides a name from the classifier by cutting, shuffling, repeating or overlapping: the same
// label and the same host as in one piece. The packets themselves pass as they came.

#include "tests/unit/dataplane/hello.h"
#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ISN    0xffffff80u
#define ROUNDS 150
#define PIECES 24

struct span {
	uint32_t at, end;
};

static uint32_t pick(uint64_t *random, uint32_t below)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*random >> 33) % below;
}

// An IPv4 packet of flow n from the inside, or an answer; frag: the header's field.
static void add_ip(struct rig *r, unsigned n, bool answer, uint8_t proto, uint32_t frag,
	const struct span *s, const uint8_t *body)
{
	uint8_t *f = r->frames[r->n], *ip = f + 14;
	struct packet *p = &r->packets[r->n];
	uint32_t in = 0x0a000001 + n, out = 0xc6336401, len = s->end - s->at;

	assert_in_range(34 + len, 0, sizeof(r->frames[0]));
	memset(f, 0, 34);
	put_be16(f + 12, 0x0800);
	ip[0] = 0x45;
	put_be16(ip + 2, 20 + len);
	put_be32(ip + 4, frag);
	ip[8] = 64;
	ip[9] = proto;
	put_be32(ip + 12, answer ? out : in);
	put_be32(ip + 16, answer ? in : out);
	memcpy(ip + 20, body + s->at, len);
	memset(p, 0, sizeof(*p));
	p->data = f;
	p->len = p->wire_len = 34 + len;
	p->ts = r->now;
	p->side = answer ? SIDE_OUTSIDE : SIDE_INSIDE;
	p->link = LINK_ETHERNET;
	if (++r->n == RIG_BURST)
		rig_run(r);
}

struct segment {
	unsigned flow;
	bool answer;
	uint8_t flags;
	uint16_t port;
	uint32_t seq, ack;
	const uint8_t *data;
	uint32_t len;
};

static uint32_t make_tcp(uint8_t *b, const struct segment *s)
{
	memset(b, 0, 20);
	put_be16(b, s->answer ? s->port : 40000);
	put_be16(b + 2, s->answer ? 40000 : s->port);
	put_be32(b + 4, s->seq);
	put_be32(b + 8, s->ack);
	b[12] = 0x50;
	b[13] = s->flags;
	put_be16(b + 14, 65535);
	if (s->len != 0)
		memcpy(b + 20, s->data, s->len);
	return 20 + s->len;
}

static void add_tcp(struct rig *r, const struct segment *s)
{
	uint8_t b[20 + HELLO_MAX];
	struct span all = {0, make_tcp(b, s)};

	add_ip(r, s->flow, s->answer, 6, 0, &all, b);
}

static void shake(struct rig *r, unsigned flow, uint16_t port)
{
	add_tcp(r, &(struct segment){flow, false, TCP_SYN, port, ISN, 0, NULL, 0});
	add_tcp(r, &(struct segment){flow, true, TCP_SYN | TCP_ACK, port, 900, ISN + 1, NULL, 0});
	add_tcp(r, &(struct segment){flow, false, TCP_ACK, port, ISN + 1, 901, NULL, 0});
}

static void segment(
	struct rig *r, unsigned flow, uint16_t port, const uint8_t *data, uint32_t at, uint32_t end)
{
	add_tcp(r, &(struct segment){
			   flow, false, TCP_ACK, port, ISN + 1 + at, 901, data + at, end - at});
}

// The last record of a flow with ports: fragments that come before their first have none.
static const struct record *last_end(const struct rig *r)
{
	for (uint64_t i = r->n_records; i-- > 0 && i + RIG_RECORDS >= r->n_records;) {
		const struct record *x = &r->records[i % RIG_RECORDS];

		if (x->ev == RECORD_END && x->sport != 0)
			return x;
	}
	return NULL;
}

// That application, with the host, seen and not guessed; every packet has passed.
static void check_seen(struct rig *r, const char *app, uint64_t passed)
{
	const struct record *end;

	rig_run(r);
	pipeline_stop(r->pl);
	end = last_end(r);
	assert_non_null(end);
	assert_string_equal(dpi_app_name(r->dpi, end->app), app);
	assert_int_equal(end->conf, DPI_CONF_DPI);
	assert_string_equal(end->host, HELLO_HOST);
	assert_int_equal(
		r->pl->stats.packets[REASON_PASS_ALLOW] + r->pl->stats.packets[REASON_PASS_PENDING],
		passed);
}

// Cuts [0, size) at random, at multiples of unit, into pieces in any order.
static uint32_t cut_up(uint64_t *random, uint32_t size, uint32_t unit, struct span *s)
{
	uint32_t n = 0, most = 1 + pick(random, size / unit);

	for (uint32_t at = 0; at < size; n++) {
		uint32_t end = at + unit * (1 + pick(random, most)), j = pick(random, n + 1);

		if (end - at > 160)
			end = at + 160;
		if (n == PIECES - 2)
			end = at + 200;
		if (end > size || n == PIECES - 1)
			end = size;
		s[n] = s[j]; // a shuffle on the way
		s[j] = (struct span){at, end};
		at = end;
	}
	return n;
}

// Each round is a flow of its own: cuts in any order, some of them sent twice, some overlapping.
static void shuffle_segments(const char *app, uint16_t port, uint32_t (*make)(uint8_t b[HELLO_MAX]))
{
	const struct rig_options o = {.max_flows = 2};
	uint64_t random = port, sent = 0;
	struct rig *r = rig_new(&o);
	uint8_t b[HELLO_MAX];
	uint32_t size = make(b);

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct span s[PIECES];
		uint32_t n = cut_up(&random, size, 1, s);

		shake(r, round, port);
		sent += 3;
		for (uint32_t i = 0; i < n; sent++) {
			struct span x = s[i];

			if (pick(&random, 4) == 0) { // another cut
				x.at = pick(&random, size);
				x.end = x.at + 1 +
					pick(&random, size - x.at < 150 ? size - x.at : 150);
			} else {
				i++;
			}
			segment(r, round, port, b, x.at, x.end);
		}
		check_seen(r, app, sent);
	}
	assert_true(r->pl->order.stats.kept > ROUNDS && r->pl->order.stats.overlaps > ROUNDS);
	assert_int_equal(r->pl->order.stats.conflicts, 0);
	assert_int_equal(r->pl->order.pool.used, 0);
	rig_free(r);
}

static void test_tls(void **state)
{
	(void)state;
	shuffle_segments("TLS", 443, hello_tls);
}

static void test_http(void **state)
{
	(void)state;
	shuffle_segments("HTTP", 80, hello_http);
}

struct datagram {
	uint8_t proto;
	uint32_t size;
	uint8_t b[20 + HELLO_MAX];
};

// Each round is a flow with one datagram, its fragments in any order, some of them twice.
static void shuffle_fragments(const char *app, const struct datagram *d, uint16_t port)
{
	const struct rig_options o = {.max_flows = 4};
	uint64_t random = port, sent = 0, whole = 0;
	struct rig *r = rig_new(&o);

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct span s[PIECES];
		uint32_t n = cut_up(&random, d->size - 24, 8, s);

		for (uint32_t i = 0; i < n; i++) { // the transport header is in the first one
			s[i].at = s[i].at == 0 ? 0 : s[i].at + 24;
			s[i].end += 24;
		}
		if (d->proto == 6) {
			shake(r, round, port);
			sent += 3;
		}
		for (uint32_t i = 0; i < n;) {
			struct span x;

			if (i != 0 && pick(&random, 3) == 0)
				x = s[pick(&random, i)]; // again
			else
				x = s[i++];
			add_ip(r, round, false, d->proto,
				(round + 1) << 16 | (x.end != d->size ? 0x2000u : 0) | x.at / 8, &x,
				d->b);
			sent++;
		}
		rig_run(r);
		whole += n > 1; // else it is no fragment
		assert_int_equal(datagram_stats(r->pl->datagrams)->whole, whole);
		check_seen(r, app, sent);
	}
	assert_true(whole > ROUNDS / 2);
	assert_int_equal(datagram_stats(r->pl->datagrams)->overlaps, 0);
	assert_int_equal(datagram_stats(r->pl->datagrams)->malformed, 0);
	rig_free(r);
}

static void test_dns_fragments(void **state)
{
	struct datagram d = {.proto = 17};
	(void)state;

	d.size = 8 + hello_dns(d.b + 8);
	put_be16(d.b, 40000);
	put_be16(d.b + 2, 53);
	put_be16(d.b + 4, d.size);
	shuffle_fragments("DNS", &d, 53);
}

static void test_tls_fragments(void **state)
{
	struct datagram d = {.proto = 6};
	uint8_t b[HELLO_MAX];
	(void)state;

	d.size = make_tcp(
		d.b, &(struct segment){0, false, TCP_ACK, 443, ISN + 1, 901, b, hello_tls(b)});
	shuffle_fragments("TLS", &d, 443);
}

// What comes second for the same place counts for nothing, and is counted.
static void test_first_wins(void **state)
{
	const struct rig_options o = {0};
	struct rig *r = rig_new(&o);
	uint8_t b[HELLO_MAX], decoy[HELLO_MAX];
	uint32_t size = hello_http(b);
	(void)state;

	memset(decoy, 'x', sizeof(decoy));
	shake(r, 0, 80);
	segment(r, 0, 80, b, 60, size);
	segment(r, 0, 80, decoy, 60, size); // before its turn
	segment(r, 0, 80, b, 0, 60);
	segment(r, 0, 80, decoy, 0, size); // after it
	check_seen(r, "HTTP", 7);
	assert_int_equal(r->pl->order.stats.conflicts, 2);
	rig_free(r);
}

// The packet that settled the label is the one that filled the gap.
static void test_ordinal(void **state)
{
	const struct rig_options o = {0};
	struct rig *r = rig_new(&o);
	uint8_t b[HELLO_MAX];
	uint32_t size = hello_http(b);
	(void)state;

	shake(r, 0, 80);
	for (unsigned i = 0; i < 5; i++)
		segment(r, 0, 80, b, 20, size); // packets 4 to 8: nothing to label yet
	rig_run(r);
	assert_int_equal(r->pl->table.cold[0].app, 0);
	segment(r, 0, 80, b, 0, 20);
	rig_run(r);
	assert_string_equal(dpi_app_name(r->dpi, r->pl->table.cold[0].app), "HTTP");
	add_tcp(r, &(struct segment){0, true, TCP_ACK, 80, 901, ISN + 1 + size,
			   (const uint8_t *)"HTTP/1.1 204 No Content\r\n\r\n", 27});
	check_seen(r, "HTTP", 10);
	assert_int_equal(rig_last(r, RECORD_END)->dpkt, 10);
	rig_free(r);
}

// A flow that only repeats itself, or sends from the middle alone, holds its context no longer than
// the limit of packets; what was kept is looked at all the same.
static void test_bounded(void **state)
{
	const struct rig_options o = {0};
	struct rig *r = rig_new(&o);
	uint8_t b[HELLO_MAX];
	uint32_t size = hello_http(b);
	(void)state;

	shake(r, 0, 80);
	for (unsigned i = 0; i < 100; i++)
		add_tcp(r, &(struct segment){0, false, TCP_ACK, 80, ISN + 2, 901, b, size});
	rig_run(r);
	assert_int_equal(dpi_flows_open(r->dpi), 0);
	assert_int_equal(r->pl->order.pool.used, 0);
	check_seen(r, "HTTP", 103);
	rig_free(r);
}

// No room: the flow is flagged as where there is no context.
static void test_no_room(void **state)
{
	const struct rig_options o = {.exceptions = {.dpi_full = POLICY_FLAG}};
	struct rig *r = rig_new(&o);
	uint8_t b[HELLO_MAX];
	(void)state;

	hello_http(b);
	r->pl->order.pool.used = r->pl->order.pool.n;
	shake(r, 0, 80);
	segment(r, 0, 80, b, 10, 60);
	rig_run(r);
	assert_int_equal(r->pl->order.stats.pool_full, 1);
	assert_int_equal(r->pl->table.hot[0].action, POLICY_FLAG);
	r->pl->order.pool.used = 0;
	pipeline_stop(r->pl);
	assert_int_equal(rig_last(r, RECORD_END)->exception, RECORD_EXC_DPI_FULL);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_dns_fragments),
		cmocka_unit_test(test_tls_fragments),
		cmocka_unit_test(test_first_wins),
		cmocka_unit_test(test_ordinal),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
