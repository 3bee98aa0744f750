// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a pipeline does with flows: verdicts and their change, the caps of the pending action,
// refusals, how flows end, and each exception policy with its counter and record.

#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SYN  2
#define ACK  16
#define PUSH 24
#define FIN  17
#define RST  4

#define BLOCK_SSH                                                                                  \
	"{\"id\":\"b\",\"match\":{\"apps\":[\"ssh\"]},\"action\":\"block\",\"reason\":\"NO_SSH\"}"
#define BLOCK_PORT                                                                                 \
	"{\"id\":\"p\",\"match\":{\"dports\":[\"9\"]},\"action\":\"block\",\"reason\":\"NO_"       \
	"PORT\"}"
#define FLAG_ALL                                                                                   \
	"{\"id\":\"f\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"flag\",\"reason\":"       \
	"\"SEEN\"}"
#define BLOCK_ALL                                                                                  \
	"{\"id\":\"x\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"block\",\"reason\":"      \
	"\"NO\"}"

static void tcp(struct rig *r, bool answer, uint8_t flags, const char *payload, uint16_t dport)
{
	const struct rig_packet p = {.flow = 1,
		.answer = answer,
		.proto = 6,
		.flags = flags,
		.seq = (answer ? 900 : 100) + r->sent[answer],
		.ack = (answer ? 100 : 900) + r->sent[!answer],
		.payload = payload,
		.dport = dport};

	r->sent[answer] += (flags & SYN) != 0;
	r->sent[answer] += payload != NULL ? (uint32_t)strlen(payload) : 0;
	rig_add(r, &p);
	rig_run(r);
}

static void test_pending_cap(void **state)
{
	const struct rig_options o = {.rules = BLOCK_SSH, .max_packets = 3};
	struct rig *r = rig_new(&o);

	for (unsigned i = 0; i < 5; i++)
		rig_udp(r, 1, false);
	// SSH could still show, so the first three packets pass as pending; then the cap decides.
	assert_int_equal(rig_outcome(r, REASON_PASS_PENDING), 3);
	assert_int_equal(rig_outcome(r, REASON_PASS_ALLOW), 2);
	assert_int_equal(r->pl->stats.caps_reached, 1);
	pipeline_stop(r->pl);
	assert_int_equal(rig_last(r, RECORD_END)->pp, 3);
	assert_int_equal(rig_last(r, RECORD_END)->pb, 3 * 38);
	assert_int_equal(rig_last(r, RECORD_END)->op, 5);
	rig_free(r);
}

static void test_pending_block(void **state)
{
	const struct rig_options o = {.rules = BLOCK_SSH, .max_packets = 3, .pending = "block"};
	struct rig *r = rig_new(&o);

	for (unsigned i = 0; i < 5; i++)
		rig_udp(r, 1, false);
	assert_int_equal(rig_outcome(r, REASON_STOP_PENDING), 3);
	assert_int_equal(rig_outcome(r, REASON_PASS_ALLOW), 2);
	rig_free(r);
}

static void test_label_decides(void **state)
{
	const struct rig_options o = {.rules = BLOCK_SSH};
	struct rig *r = rig_new(&o);

	tcp(r, false, SYN, NULL, 2222);
	tcp(r, true, SYN | ACK, NULL, 2222);
	tcp(r, false, ACK, NULL, 2222);
	assert_int_equal(rig_outcome(r, REASON_PASS_PENDING), 3);
	tcp(r, true, PUSH, "SSH-2.0-OpenSSH_9.2\r\n", 2222);
	tcp(r, false, PUSH, "SSH-2.0-OpenSSH_9.2\r\n", 2222);
	for (unsigned i = 0; i < 80 && rig_outcome(r, REASON_STOP_BLOCK) == 0; i++)
		tcp(r, i & 1, PUSH, "more of it",
			2222); // the library reads on for the key exchange
	assert_int_equal(rig_outcome(r, REASON_STOP_BLOCK), 1);
	assert_int_equal(r->pl->stats.caps_reached, 0);
	assert_int_equal(rig_count(r, RECORD_DECISION), 1);
	assert_int_equal(rig_last(r, RECORD_DECISION)->action, POLICY_BLOCK);
	assert_string_equal(dpi_app_name(r->dpi, rig_last(r, RECORD_DECISION)->app), "SSH");
	rig_free(r);
}

static uint32_t sum16(const uint8_t *b, unsigned n)
{
	uint32_t s = 0;

	for (unsigned i = 0; i + 1 < n; i += 2)
		s += (uint32_t)b[i] << 8 | b[i + 1];
	return s;
}

static bool tcp_sum_ok(const uint8_t *ip)
{
	uint32_t s = sum16(ip + 12, 8) + 6 + 20 + sum16(ip + 20, 20);

	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s == 0xffff;
}

static void test_reset(void **state)
{
	const struct rig_options o = {.rules = BLOCK_PORT, .block_with = "reset"};
	struct rig *r = rig_new(&o);
	const struct pipeline_inject *back;
	const uint8_t *ip;

	tcp(r, false, SYN, NULL, 9);
	assert_int_equal(rig_outcome(r, REASON_STOP_BLOCK), 1);
	assert_in_range(r->pl->n_injects, 1, 2);
	back = &r->pl->injects[0];
	assert_int_equal(back->to, SIDE_INSIDE); // to who sent the SYN
	ip = back->data + 14;
	assert_int_equal(ip[9], 6);
	assert_memory_equal(ip + 12, r->frames[0] + 14 + 16, 4); // from the one it was sent to
	assert_memory_equal(ip + 16, r->frames[0] + 14 + 12, 4);
	assert_int_equal(ip[20 + 13] & (RST | ACK), RST | ACK);
	assert_int_equal(parse_be32(ip + 20 + 8),
		101); // RFC 9293, 3.10.7.1: SEG.SEQ + SEG.LEN, a SYN is one
	assert_true(tcp_sum_ok(ip));
	rig_free(r);
}

static void test_prohibited(void **state)
{
	const struct rig_options o = {.rules = BLOCK_PORT, .block_with = "reset"};
	const struct rig_packet p = {.flow = 1, .proto = 17, .payload = "0123456789", .dport = 9};
	struct rig *r = rig_new(&o);
	const uint8_t *ip;

	rig_add(r, &p);
	rig_run(r);
	assert_int_equal(r->pl->n_injects, 1);
	ip = r->pl->injects[0].data + 14;
	assert_int_equal(ip[9], 1);
	assert_int_equal(ip[20], 3);  // RFC 792: destination unreachable
	assert_int_equal(ip[21], 13); // RFC 1812, 5.2.7.1: administratively prohibited
	assert_memory_equal(
		ip + 28, r->frames[0] + 14, 28); // the header and eight bytes of what it is about
	rig_free(r);
}

static void test_reload(void **state)
{
	const struct rig_options allow = {0}, flag = {.rules = FLAG_ALL};
	struct rig *r = rig_new(&allow);

	rig_udp(r, 1, false);
	rig_udp(r, 2, false);
	assert_int_equal(rig_count(r, RECORD_DECISION), 0);
	rig_publish(r, &flag);
	rig_udp(r, 1, false);
	assert_int_equal(rig_count(r, RECORD_DECISION), 1);
	assert_int_equal(rig_last(r, RECORD_DECISION)->action, POLICY_FLAG);
	rig_publish(r, &flag); // the same again: no news
	rig_udp(r, 1, false);
	assert_int_equal(rig_count(r, RECORD_DECISION), 1);
	rig_publish(r, &allow);
	rig_udp(r, 1, true);
	assert_int_equal(rig_count(r, RECORD_DECISION), 2);
	assert_int_equal(rig_last(r, RECORD_DECISION)->action, POLICY_ALLOW);
	// A policy without flows goes when its records are written; the one of flow 2, which
	// sleeps, stays.
	for (uint64_t pass = 0; pass < 5; pass++)
		policy_slot_reclaim(&r->slot, pass);
	assert_int_equal(policy_slot_reclaim(&r->slot, 5), 2);
	rig_free(r);
}

static enum record_end end_of(const uint8_t *flags, const bool *answer, unsigned n, int64_t wait)
{
	const struct rig_options o = {0};
	struct rig *r = rig_new(&o);
	enum record_end end;

	for (unsigned i = 0; i < n; i++)
		tcp(r, answer[i], flags[i], NULL, 80);
	rig_wait(r, wait);
	assert_int_equal(rig_count(r, RECORD_END), 1);
	end = rig_last(r, RECORD_END)->end;
	assert_int_equal(r->pl->stats.flows_ended[end], 1);
	rig_free(r);
	return end;
}

static void test_ends(void **state)
{
	const bool both[] = {false, true, false, false, true, false};

	assert_int_equal(
		end_of((const uint8_t[]){SYN, SYN | ACK, ACK, FIN, FIN, ACK}, both, 6, 11000000),
		RECORD_END_FIN);
	assert_int_equal(end_of((const uint8_t[]){SYN, SYN | ACK, ACK, RST}, both, 4, 11000000),
		RECORD_END_RST);
	assert_int_equal(end_of((const uint8_t[]){SYN, SYN | ACK, ACK}, both, 3, 301000000),
		RECORD_END_IDLE);
	assert_int_equal(end_of((const uint8_t[]){SYN}, both, 1, 11000000), RECORD_END_IDLE);
}

static void test_same_tuple_again(void **state)
{
	const struct rig_options o = {0};
	struct rig *r = rig_new(&o);

	tcp(r, false, SYN, NULL, 80);
	tcp(r, true, RST | ACK, NULL, 80);
	tcp(r, false, SYN, NULL, 80);
	assert_int_equal(r->pl->stats.flows_begun, 2);
	assert_int_equal(rig_last(r, RECORD_END)->end, RECORD_END_RST);
	rig_free(r);
}

static void test_update(void **state)
{
	const struct rig_options o = {0};
	struct rig *r = rig_new(&o);
	uint64_t op = 0;

	for (unsigned i = 0; i < 5; i++) { // 150 s, a packet every 30
		rig_udp(r, 1, false);
		rig_wait(r, 30000000);
	}
	pipeline_stop(r->pl);
	for (uint64_t i = 0; i < r->n_records; i++)
		if (r->records[i].ev == RECORD_UPDATE)
			op += r->records[i].op; // deltas
	assert_in_range(rig_count(r, RECORD_UPDATE), 2, 3);
	assert_in_range(op, 4, 5);
	assert_int_equal(rig_last(r, RECORD_END)->op, 5);
	rig_free(r);
}

static void test_dpi_full(void **state)
{
	for (unsigned a = POLICY_ALLOW; a <= POLICY_BLOCK; a++) {
		const struct rig_options o = {
			.contexts = 1, .exceptions = {.dpi_full = (uint8_t)a}};
		struct rig *r = rig_new(&o);

		rig_udp(r, 1, false);
		rig_udp(r, 2, false);
		assert_int_equal(r->pl->stats.dpi_full, 1);
		assert_int_equal(rig_count(r, RECORD_DECISION), a != POLICY_ALLOW);
		if (a != POLICY_ALLOW) {
			assert_int_equal(rig_last(r, RECORD_DECISION)->action, a);
			assert_int_equal(
				rig_last(r, RECORD_DECISION)->exception, RECORD_EXC_DPI_FULL);
		}
		assert_int_equal(rig_outcome(r, REASON_STOP_BLOCK), a == POLICY_BLOCK);
		rig_free(r);
	}
}

static void test_malformed(void **state)
{
	for (unsigned a = POLICY_ALLOW; a <= POLICY_BLOCK; a++) {
		const struct rig_options o = {.exceptions = {.malformed = (uint8_t)a}};
		const struct rig_packet p = {.flow = 1, .proto = 17, .payload = "0123456789"};
		struct rig *r = rig_new(&o);

		rig_add(r, &p);
		r->frames[0][14] = 0x44; // a header of 16 bytes
		rig_run(r);
		assert_int_equal(r->pl->stats.notes[NOTE_IP4_HEADER], 1);
		assert_int_equal(rig_outcome(r, REASON_PASS_MALFORMED) +
					 rig_outcome(r, REASON_STOP_MALFORMED),
			1);
		assert_int_equal(rig_outcome(r, REASON_STOP_MALFORMED), a == POLICY_BLOCK);
		rig_free(r);
	}
}

static void test_ring_full(void **state)
{
	for (unsigned a = POLICY_ALLOW; a <= POLICY_BLOCK; a++) {
		const struct rig_options o = {
			.rules = FLAG_ALL, .exceptions = {.record_ring_full = (uint8_t)a}};
		struct rig *r = rig_new(&o);

		r->refuse = true;
		rig_udp(r, 1, false); // its decision finds no place
		assert_int_equal(r->pl->stats.ring_full, 1);
		rig_udp(r, 2, false);
		assert_int_equal(rig_outcome(r, REASON_STOP_RING_FULL), a == POLICY_BLOCK);
		r->refuse = false;
		r->now += 200000; // then a new flow tries again
		rig_udp(r, 3, false);
		assert_int_equal(rig_count(r, RECORD_DECISION), 1);
		rig_free(r);
	}
}

static void test_log_full(void **state)
{
	for (unsigned a = POLICY_ALLOW; a <= POLICY_BLOCK; a++) {
		const struct rig_options o = {.exceptions = {.log_disk_full = (uint8_t)a}};
		struct rig *r = rig_new(&o);

		atomic_store(&r->log_full, true);
		rig_udp(r, 1, false);
		assert_int_equal(rig_outcome(r, REASON_STOP_LOG_FULL), a == POLICY_BLOCK);
		if (a == POLICY_FLAG)
			assert_int_equal(
				rig_last(r, RECORD_DECISION)->exception, RECORD_EXC_LOG_FULL);
		atomic_store(&r->log_full, false);
		rig_udp(r, 2, false);
		assert_int_equal(
			rig_outcome(r, REASON_PASS_ALLOW) + rig_outcome(r, REASON_PASS_FLAG),
			a == POLICY_BLOCK ? 1 : 2);
		rig_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pending_cap),
		cmocka_unit_test(test_pending_block),
		cmocka_unit_test(test_label_decides),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_prohibited),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_same_tuple_again),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_dpi_full),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_ring_full),
		cmocka_unit_test(test_log_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
