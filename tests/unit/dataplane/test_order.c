// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// TCP segments in order: whatever the cuts, the order, the repeats and the overlaps, each byte is
// given on once and in its place; the first of two that differ counts; gaps, limits and a pool that
// is used up do what order.h says and are counted.

#include "app/dataplane/order.h"
#include "app/dataplane/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ISN    0xfffffe00u // numbers turn over on the way
#define STREAM 3000
#define PIECES 64

struct bench {
	struct order o;
	uint8_t got[2][2 * STREAM];
	uint32_t n[2];
	uint64_t random;
};

static void start(struct bench *b, const struct order_config *c)
{
	memset(b, 0, sizeof(*b));
	b->random = 1;
	assert_int_equal(order_init(&b->o, c), 0);
	for (uint32_t i = 0; i < c->contexts; i++)
		order_open(&b->o, i);
}

static void stop(struct bench *b)
{
	for (uint32_t i = 0; i < b->o.c.contexts; i++)
		order_close(&b->o, i);
	assert_int_equal(b->o.pool.used, 0);
	assert_int_equal(b->o.oldest, BLOCK_NONE);
	assert_int_equal(b->o.newest, BLOCK_NONE);
	order_fini(&b->o);
}

static uint32_t pick(struct bench *b, uint32_t below)
{
	b->random = b->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(b->random >> 33) % below;
}

static void given(struct bench *b, unsigned dir, const uint8_t *ip, uint32_t len)
{
	uint32_t head = (ip[0] & 15) * 4 + 20;

	assert_int_equal(parse_be16(ip + 2), len);
	assert_true(b->n[dir] + len - head <= sizeof(b->got[dir]));
	memcpy(b->got[dir] + b->n[dir], ip + head, len - head);
	b->n[dir] += len - head;
}

static void drain(struct bench *b, uint32_t ctx, unsigned dir, bool end)
{
	const uint8_t *ip;
	uint32_t len;

	while ((ip = order_next(&b->o, ctx, dir, end, &len)) != NULL)
		given(b, dir, ip, len);
}

struct segment {
	uint32_t ctx, seq, ack, len;
	uint8_t dir, flags;
	const uint8_t *data; // NULL: none
	bool cut;
};

static enum order_step take(struct bench *b, const struct segment *s)
{
	uint8_t ip[64 + STREAM] = {0x46}; // with an option of four bytes
	struct order_packet p = {
		.ip = ip, .len = 44 + s->len, .l4 = 24, .dir = s->dir, .cut = s->cut};
	enum order_step step;

	ip[2] = (uint8_t)(p.len >> 8);
	ip[3] = (uint8_t)p.len;
	put_be32(ip + 24 + 4, s->seq);
	put_be32(ip + 24 + 8, s->ack);
	ip[24 + 12] = 0x50;
	ip[24 + 13] = s->flags;
	if (s->len != 0)
		memcpy(ip + 44, s->data, s->len);
	step = order_take(&b->o, s->ctx, &p);
	drain(b, s->ctx, !s->dir, false);
	if (step == ORDER_FEED && s->len != 0)
		given(b, s->dir, ip, p.len);
	drain(b, s->ctx, s->dir, false);
	return step;
}

static void shake(struct bench *b, uint32_t ctx)
{
	take(b, &(struct segment){.ctx = ctx, .seq = ISN, .flags = TCP_SYN});
	take(b, &(struct segment){.ctx = ctx,
			.dir = 1,
			.seq = 100,
			.ack = ISN + 1,
			.flags = TCP_SYN | TCP_ACK});
}

static enum order_step data(struct bench *b, uint32_t ctx, uint32_t at, const char *text)
{
	return take(b, &(struct segment){.ctx = ctx,
			       .seq = ISN + 1 + at,
			       .ack = 101,
			       .flags = TCP_ACK,
			       .data = (const uint8_t *)text,
			       .len = (uint32_t)strlen(text)});
}

static void ack(struct bench *b, uint32_t ctx, uint32_t upto)
{
	take(b, &(struct segment){
			.ctx = ctx, .dir = 1, .seq = 101, .ack = ISN + 1 + upto, .flags = TCP_ACK});
}

static void check(struct bench *b, unsigned dir, const char *want)
{
	assert_int_equal(b->n[dir], strlen(want));
	assert_memory_equal(b->got[dir], want, b->n[dir]);
}

static const struct order_config usual = {
	.contexts = 4, .blocks = 256, .segments = PIECES, .bytes = 65535};

struct span {
	uint32_t at, end;
};

// Cuts [0, size) into at most 40 pieces, in any order.
static uint32_t cut_up(struct bench *b, uint32_t size, uint32_t most, struct span *s)
{
	uint32_t n = 0;

	for (uint32_t at = 0; at < size; n++) {
		uint32_t end = at + 1 + pick(b, most), j = pick(b, n + 1);

		if (end > size || n == 39)
			end = size;
		s[n] = s[j]; // a shuffle on the way
		s[j] = (struct span){at, end};
		at = end;
	}
	return n;
}

// Cut at random, in any order, parts of it again, which overlap and come before the first ones too.
static void test_random(void **state)
{
	static uint8_t stream[STREAM];
	struct span s[PIECES];
	struct bench b;
	(void)state;

	start(&b, &usual);
	for (uint32_t i = 0; i < STREAM; i++)
		stream[i] = (uint8_t)pick(&b, 256);
	for (unsigned round = 0; round < 3000; round++) {
		uint32_t size = 1 + pick(&b, STREAM);
		uint32_t n = cut_up(&b, size, 1 + size / (1 + round % 30), s);

		order_open(&b.o, 0);
		b.n[0] = 0;
		shake(&b, 0);
		for (uint32_t i = 0; i < n;) {
			struct span x = s[i];

			if (pick(&b, 2) == 0) { // another cut
				x.at = pick(&b, size);
				x.end = x.at + 1 + pick(&b, size - x.at);
			} else {
				i++;
			}
			take(&b, &(struct segment){.seq = ISN + 1 + x.at,
					 .ack = 101,
					 .flags = TCP_ACK,
					 .data = stream + x.at,
					 .len = x.end - x.at});
		}
		assert_int_equal(b.n[0], size);
		assert_memory_equal(b.got[0], stream, size);
		order_close(&b.o, 0);
		assert_int_equal(b.o.pool.used, 0);
	}
	assert_int_equal(b.o.stats.conflicts, 0);
	assert_int_equal(b.o.stats.pool_full, 0);
	assert_int_equal(b.o.stats.over_limit, 0);
	assert_true(b.o.stats.kept > 5000 && b.o.stats.overlaps > 5000);
	assert_true(b.o.stats.repeated > 5000 && b.o.stats.released > 5000);
	stop(&b);
}

// Of bytes that differ the first counts, kept or given on, and the difference is counted.
static void test_conflicts(void **state)
{
	struct bench b;
	(void)state;

	start(&b, &usual);
	shake(&b, 0);
	assert_int_equal(data(&b, 0, 0, "USER"), ORDER_FEED);
	assert_int_equal(data(&b, 0, 0, "USER"), ORDER_IGNORE);
	assert_int_equal(b.o.stats.conflicts, 0);
	assert_int_equal(data(&b, 0, 0, "PASS"), ORDER_IGNORE);
	assert_int_equal(b.o.stats.conflicts, 1);
	assert_int_equal(data(&b, 0, 8, "first"), ORDER_KEPT);
	assert_int_equal(data(&b, 0, 7, "xSECONDy"), ORDER_KEPT);
	assert_int_equal(b.o.stats.conflicts, 2);
	check(&b, 0, "USER");
	assert_int_equal(data(&b, 0, 4, "/a/.FIRST1234567"), ORDER_KEPT);
	assert_int_equal(b.o.stats.conflicts, 3);
	check(&b, 0, "USER/a/xfirstDy34567");
	assert_int_equal(b.o.stats.overlaps, 2);
	assert_int_equal(b.o.stats.repeated, 2);
	assert_int_equal(data(&b, 0, 19, "7 HTTP"), ORDER_KEPT); // a part of it is new
	check(&b, 0, "USER/a/xfirstDy34567 HTTP");
	stop(&b);
}

static void test_gaps(void **state)
{
	struct bench b;
	(void)state;

	start(&b, &usual);
	shake(&b, 0);
	data(&b, 0, 0, "a");
	assert_int_equal(data(&b, 0, 3, "d"), ORDER_KEPT);
	ack(&b, 0, 1);
	check(&b, 0, "a");
	ack(&b, 0, 4); // the receiver has what never came by here
	check(&b, 0, "ad");
	assert_int_equal(b.o.stats.gaps, 1);
	assert_int_equal(data(&b, 0, 1, "bc"), ORDER_FEED); // late, and the library's to judge
	assert_int_equal(data(&b, 0, 10, "k"), ORDER_KEPT);
	drain(&b, 0, 0, false);
	assert_int_equal(b.n[0], 4);
	drain(&b, 0, 0, true); // the flow ends
	assert_int_equal(b.n[0], 5);
	assert_int_equal(b.o.stats.gaps, 1);
	stop(&b);
}

// Where the stream begins: by the SYN, or by its answer, or by the first data; a SYN that nobody
// answered moves nothing.
static void test_beginnings(void **state)
{
	struct bench b;
	(void)state;

	start(&b, &usual);
	take(&b, &(struct segment){.seq = ISN + 500, .flags = TCP_SYN});
	shake(&b, 0);
	take(&b, &(struct segment){.seq = ISN + 900, .flags = TCP_SYN}); // never arrives
	assert_int_equal(data(&b, 0, 1, "b"), ORDER_KEPT);
	assert_int_equal(data(&b, 0, 0, "a"), ORDER_FEED);
	check(&b, 0, "ab");
	assert_int_equal(data(&b, 1, 7, "mid"), ORDER_FEED); // no SYN at all
	assert_int_equal(data(&b, 1, 4, "old"), ORDER_FEED);
	assert_int_equal(data(&b, 1, 11, "z"), ORDER_KEPT);
	check(&b, 0, "abmidold");
	// The same tuple, another connection: the answer's number says so.
	take(&b, &(struct segment){.seq = 5000, .flags = TCP_SYN});
	take(&b, &(struct segment){.dir = 1, .seq = 7000, .ack = 5001, .flags = TCP_SYN | TCP_ACK});
	take(&b, &(struct segment){.seq = 5001, .data = (const uint8_t *)"new", .len = 3});
	check(&b, 0, "abmidoldnew");
	// A middlebox changed the numbers of one direction: the receiver's count.
	shake(&b, 2);
	take(&b, &(struct segment){.ctx = 2, .seq = ISN + 1, .ack = 90000, .flags = TCP_ACK});
	take(&b, &(struct segment){.ctx = 2,
			 .dir = 1,
			 .seq = 90000,
			 .data = (const uint8_t *)"yes",
			 .len = 3});
	check(&b, 1, "yes");
	stop(&b);
}

// What a capture has cut is not given on and holds up nothing.
static void test_cut(void **state)
{
	struct bench b;
	(void)state;

	start(&b, &usual);
	shake(&b, 0);
	assert_int_equal(take(&b, &(struct segment){.seq = ISN + 1,
					  .data = (const uint8_t *)"abc",
					  .len = 3,
					  .cut = true}),
		ORDER_IGNORE);
	assert_int_equal(data(&b, 0, 3, "d"), ORDER_FEED);
	check(&b, 0, "d");
	stop(&b);
}

// The nearest are kept, the furthest go.
static void test_limits(void **state)
{
	struct order_config c = usual;
	struct bench b;
	(void)state;

	c.segments = 3;
	start(&b, &c);
	shake(&b, 0);
	assert_int_equal(data(&b, 0, 9, "j"), ORDER_KEPT);
	assert_int_equal(data(&b, 0, 8, "i"), ORDER_KEPT);
	assert_int_equal(data(&b, 0, 7, "h"), ORDER_KEPT);
	assert_int_equal(b.o.stats.over_limit, 0);
	assert_int_equal(data(&b, 0, 20, "u"), ORDER_IGNORE);
	assert_int_equal(b.o.stats.over_limit, 1);
	assert_int_equal(data(&b, 0, 1, "b"), ORDER_KEPT); // "j" goes
	assert_int_equal(b.o.stats.over_limit, 2);
	data(&b, 0, 0, "a");
	data(&b, 0, 2, "cdefg");
	check(&b, 0, "abcdefghi");
	assert_false(order_shed(&b.o, 0));
	stop(&b);
}

static void test_pool(void **state)
{
	struct order_config c = usual;
	struct bench b;
	char big[1200];
	(void)state;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	c.blocks = 6; // two such segments
	start(&b, &c);
	for (uint32_t i = 0; i < 3; i++)
		shake(&b, i);
	data(&b, 0, 10, big);
	data(&b, 1, 10, big);
	assert_int_equal(b.o.stats.pool_full, 0);
	assert_int_equal(data(&b, 2, 10, big), ORDER_KEPT); // the first, which waited longest, goes
	assert_int_equal(b.o.stats.pool_full, 1);
	assert_true(order_shed(&b.o, 0));
	assert_false(order_shed(&b.o, 0));
	assert_false(order_shed(&b.o, 1));
	assert_int_equal(data(&b, 1, 3000, big), ORDER_KEPT); // and then the third, not itself
	assert_true(order_shed(&b.o, 2));
	assert_int_equal(data(&b, 1, 5000, big), ORDER_IGNORE);
	assert_true(order_shed(&b.o, 1));
	assert_int_equal(b.o.stats.pool_full, 3);
	data(&b, 1, 0, "0123456789");
	assert_int_equal(b.n[0], 10 + strlen(big));
	stop(&b);
}

// In IPv6 the length is that behind the header.
static void test_ip6(void **state)
{
	uint8_t ip[40 + 20 + 6] = {0x60};
	struct order_packet p = {.ip = ip, .len = sizeof(ip), .l4 = 40};
	struct bench b;
	const uint8_t *out;
	uint32_t len;
	(void)state;

	start(&b, &usual);
	shake(&b, 0);
	ip[5] = 26;
	ip[40 + 12] = 0x50;
	memcpy(ip + 60, "abcdef", 6);
	put_be32(ip + 44, ISN + 1);
	data(&b, 0, 0, "ab");
	assert_int_equal(order_take(&b.o, 0, &p), ORDER_KEPT);
	out = order_next(&b.o, 0, 0, false, &len);
	assert_non_null(out);
	assert_int_equal(len, 64);
	assert_int_equal(parse_be16(out + 4), 24);
	assert_int_equal(parse_be32(out + 44), ISN + 3);
	assert_memory_equal(out + 60, "cdef", 4);
	stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_beginnings),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_ip6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
