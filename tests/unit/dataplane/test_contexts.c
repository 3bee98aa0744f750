// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Which flows hold a context of DPI, and what becomes of those that hold none.

#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PUSH    (8 | TCP_ACK)
#define BANNER  "SSH-2.0-OpenSSH_9.2\r\n"
#define PACKETS 80 // of a flow that DPI takes: by then SSH is final

#define BLOCK_ALL                                                                                  \
	"{\"id\":\"x\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"block\",\"reason\":"      \
	"\"NO\"}"

static void tcp(struct rig *r, unsigned flow, bool answer, uint8_t flags, const char *payload)
{
	const struct rig_packet p = {.flow = flow,
		.answer = answer,
		.proto = 6,
		.flags = flags,
		.seq = (answer ? 900 : 100) + r->sent[answer],
		.ack = (answer ? 100 : 900) + r->sent[!answer],
		.payload = payload,
		.dport = 22};

	r->sent[answer] += payload != NULL ? (uint32_t)strlen(payload) : 0;
	r->sent[answer] += (flags & TCP_SYN) != 0;
	rig_add(r, &p);
	rig_run(r);
}

static void shake(struct rig *r, unsigned flow)
{
	r->sent[0] = r->sent[1] = 0;
	tcp(r, flow, false, TCP_SYN, NULL);
	tcp(r, flow, true, TCP_SYN | TCP_ACK, NULL);
	tcp(r, flow, false, TCP_ACK, NULL);
}

static void talk(struct rig *r, unsigned flow)
{
	tcp(r, flow, true, PUSH, BANNER);
	tcp(r, flow, false, PUSH, BANNER);
	for (unsigned i = 0; i < PACKETS; i++)
		tcp(r, flow, i & 1, PUSH, "more of it");
	if (r->lanes.n != 0)
		rig_serve(r);
}

static uint32_t held(const struct rig *r)
{
	return r->lanes.n != 0 ? r->lanes.open : dpi_flows_open(r->dpi);
}

static const char *app(const struct rig *r, const struct record *e)
{
	return dpi_app_name(r->dpi, e->app);
}

// Every flow that is there gets its last record.
static void end_all(struct rig *r)
{
	rig_wait(r, 400000000);
	for (unsigned i = 0; r->lanes.n != 0 && i < 4; i++) {
		rig_serve(r);
		rig_wait(r, 1000000);
	}
	assert_int_equal(r->pl->table.live, 0);
	assert_int_equal(held(r), 0);
}

static void test_first_payload(void **state)
{
	for (unsigned lanes = 0; lanes < 2; lanes++) {
		struct rig *r = rig_new(&(struct rig_options){.lanes = lanes});

		shake(r, 1);
		tcp(r, 1, false, TCP_ACK, NULL);
		assert_int_equal(held(r), 0);
		assert_int_equal(r->pl->stats.dpi_packets, 0);
		tcp(r, 1, true, PUSH, BANNER);
		assert_int_equal(held(r), 1);
		assert_int_equal(r->pl->stats.dpi_packets, 5); // and all that was before
		talk(r, 1);
		end_all(r);
		assert_string_equal(app(r, rig_last(r, RECORD_END)), "SSH");
		assert_int_equal(rig_last(r, RECORD_END)->conf, DPI_CONF_DPI);
		assert_int_equal(r->pl->stats.handshakes_lost, 0);
		rig_free(r);
	}
}

// The limit of packets counts those that waited.
static void test_packet_limit(void **state)
{
	struct rig *r = rig_new(&(struct rig_options){.dpi_packets = 2});

	shake(r, 1);
	tcp(r, 1, true, PUSH, "x");
	assert_int_equal(held(r), 0);
	end_all(r);
	assert_int_equal(rig_last(r, RECORD_END)->dpkt, 3);
	assert_int_equal(rig_last(r, RECORD_END)->conf, DPI_CONF_PORT);
	rig_free(r);
}

// A label that the SYN settles is of the first packet, whoever does DPI.
static void test_packet_that_settles(void **state)
{
	for (unsigned lanes = 0; lanes < 2; lanes++) {
		struct rig *r = rig_new(&(struct rig_options){.lanes = lanes});

		for (unsigned i = 0; i < 4; i++) {
			const struct rig_packet p = {.flow = 1,
				.answer = i == 1,
				.proto = 6,
				.flags = i == 0   ? TCP_SYN
					 : i == 1 ? TCP_SYN | TCP_ACK
						  : TCP_ACK,
				.seq = i == 0   ? 100
				       : i == 1 ? 900
						: 101,
				.ack = i == 0   ? 0
				       : i == 1 ? 101
						: 901,
				.payload = i == 3 ? "x" : NULL,
				.dport = 5201}; // which nDPI 4.2 goes by
			rig_add(r, &p);
			rig_run(r);
		}
		if (lanes != 0)
			rig_serve(r);
		assert_int_equal(held(r), 0);
		end_all(r);
		assert_int_equal(rig_last(r, RECORD_END)->dpkt, 1);
		rig_free(r);
	}
}

// A flow that never carries anything is named by its port at its end, as it was from its SYN; and
// where it is blocked, at once.
static void test_never(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct rig_options o = {.lanes = i & 1, .rules = i & 2 ? BLOCK_ALL : NULL};
		struct rig *r = rig_new(&o);

		tcp(r, 1, false, TCP_SYN, NULL);
		tcp(r, 1, true, TCP_RST | TCP_ACK, NULL);
		if (i == 2)
			assert_string_equal(app(r, rig_last(r, RECORD_DECISION)), "SSH");
		end_all(r);
		assert_int_equal(r->ends, 1);
		assert_string_equal(app(r, rig_last(r, RECORD_END)), "SSH");
		assert_int_equal(rig_last(r, RECORD_END)->conf, DPI_CONF_PORT);
		rig_free(r);
	}
}

// More than a place takes: DPI has to see them.
static void test_no_room(void **state)
{
	struct rig *r = rig_new(&(struct rig_options){0});

	shake(r, 1);
	for (unsigned i = 0; i < 5; i++)
		tcp(r, 1, i & 1, TCP_ACK, NULL);
	assert_int_equal(held(r), 1);
	assert_int_equal(r->pl->stats.dpi_packets, 8);
	end_all(r);
	rig_free(r);
}

// Half-open connections, many times as many as there are contexts.
static void test_flood(void **state)
{
	for (unsigned lanes = 0; lanes < 2; lanes++) {
		const struct rig_options o = {
			.contexts = 4, .lanes = lanes, .exceptions = {.dpi_full = POLICY_BLOCK}};
		struct rig *r = rig_new(&o);

		shake(r, 1);
		for (unsigned i = 2; i < 500; i++)
			tcp(r, i, false, TCP_SYN, NULL);
		assert_int_equal(held(r), 0);
		tcp(r, 2, false, TCP_SYN, NULL); // again: its first has been given up
		assert_int_equal(held(r), 0);
		r->sent[0] = r->sent[1] = 1;
		talk(r, 1);
		assert_int_equal(r->pl->stats.handshakes_lost, 1);
		assert_int_equal(r->pl->stats.dpi_full, 0);
		pipeline_stop(r->pl);
		assert_int_equal(r->ends, 499);
		for (unsigned i = 0, ssh = 0; i < r->n_records; i++) {
			const struct record *e = &r->records[i];

			assert_int_equal(e->exception, RECORD_EXC_NONE);
			ssh += e->ev == RECORD_END && e->conf == DPI_CONF_DPI;
			if (i + 1 == r->n_records)
				assert_int_equal(ssh, 1);
		}
		rig_free(r);
	}
}

// Of the flow that 10.0.0.flow opened.
static const struct record *last_of(const struct rig *r, unsigned flow, enum record_ev ev)
{
	const struct record *found = NULL;

	for (uint64_t i = 0; i < r->n_records; i++)
		if (r->records[i].ev == ev && r->records[i].src[3] == flow)
			found = &r->records[i];
	return found;
}

// The exception is the idle flow's, not the new one's, and only where there was one to spare.
static void test_idle_gives_up(void **state)
{
	for (unsigned k = 0; k < 6; k++) {
		const enum policy_action a = k / 2;
		const struct rig_options o = {
			.contexts = 2, .lanes = k & 1, .exceptions = {.dpi_full = (uint8_t)a}};
		struct rig *r = rig_new(&o);

		rig_udp(r, 1, false);
		rig_udp(r, 2, false);
		rig_wait(r, 900000);
		rig_udp(r, 3, false); // nobody is idle yet
		assert_int_equal(r->pl->stats.dpi_full, 1);
		assert_int_equal(r->pl->stats.contexts_given_up, 0);
		assert_int_equal(last_of(r, 3, RECORD_DECISION) != NULL, a != POLICY_ALLOW);
		rig_wait(r, 50000);
		rig_udp(r, 2, false);
		rig_wait(r, 200000);
		rig_udp(r, 4, false); // 1 has been idle for 1.1 s, 2 for 0.2 s
		assert_int_equal(r->pl->stats.dpi_full, 1);
		assert_int_equal(r->pl->stats.contexts_given_up, 1);
		assert_int_equal(held(r), 2);
		assert_null(last_of(r, 4, RECORD_DECISION));
		if (a != POLICY_ALLOW) {
			assert_int_equal(last_of(r, 1, RECORD_DECISION)->action, a);
			assert_int_equal(
				last_of(r, 1, RECORD_DECISION)->exception, RECORD_EXC_DPI_FULL);
		}
		rig_udp(r, 1, false);
		assert_int_equal(
			r->pl->stats.packets[REASON_STOP_BLOCK], a == POLICY_BLOCK ? 2 : 0);
		rig_wait(r, 1200000);
		rig_udp(r, 5, false);
		rig_udp(r, 6, false); // both are old now
		rig_udp(r, 7, false);
		assert_int_equal(r->pl->stats.contexts_given_up, 3);
		assert_int_equal(r->pl->stats.dpi_full, 2);
		end_all(r);
		assert_int_equal(r->ends, 7);
		assert_int_equal(last_of(r, 4, RECORD_END)->exception,
			a != POLICY_ALLOW ? RECORD_EXC_DPI_FULL : RECORD_EXC_NONE);
		assert_int_equal(last_of(r, 6, RECORD_END)->exception, RECORD_EXC_NONE);
		rig_free(r);
	}
}

// What a later policy says about a flow that has lost its context is for its next packet.
static void test_idle_and_policy(void **state)
{
	const struct rig_options o = {.contexts = 1, .exceptions = {.dpi_full = POLICY_FLAG}};
	struct rig *r = rig_new(&o);

	rig_udp(r, 1, false);
	rig_udp(r, 1, false);
	rig_publish(r, &(struct rig_options){.rules = BLOCK_ALL});
	rig_wait(r, 2000000);
	rig_udp(r, 2, false);
	assert_int_equal(r->pl->stats.contexts_given_up, 1);
	assert_null(last_of(r, 1, RECORD_DECISION));
	rig_udp(r, 1, false);
	assert_int_equal(last_of(r, 1, RECORD_DECISION)->action, POLICY_BLOCK);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_payload),
		cmocka_unit_test(test_packet_that_settles),
		cmocka_unit_test(test_packet_limit),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_idle_gives_up),
		cmocka_unit_test(test_idle_and_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
