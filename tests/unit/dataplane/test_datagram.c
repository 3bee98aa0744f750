// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Fragments put together: any cut, any order, repeated; what overlaps, does not fit or is too small
// is dropped as a whole; time, number and room are bounded and counted.

#include "app/dataplane/datagram.h"
#include "app/dataplane/frag.h"
#include "app/dataplane/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW  1790000000000000
#define SIZE 1600 // payload of the datagram: a UDP header and what is behind it
#define CTX  2

static const struct hash_seed seed = {
	{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93}};
static const struct datagram_config usual = {
	.contexts = 4, .datagrams = 8, .blocks = 64, .fragments = 32, .seed = {{1, 3, 5, 7}}};

struct bench {
	struct parser parser;
	struct datagrams *d;
	uint8_t payload[SIZE];
	int64_t now;
	uint64_t random;
	const uint8_t *ip;
	uint32_t len;
};

static void start(struct bench *b, const struct datagram_config *c)
{
	memset(b, 0, sizeof(*b));
	b->parser.seed = seed;
	b->parser.frags = frag_create(64, &seed);
	b->d = datagrams_create(c);
	assert_non_null(b->parser.frags);
	assert_non_null(b->d);
	b->now = NOW;
	b->random = 1;
	for (uint32_t i = 0; i < SIZE; i++)
		b->payload[i] = (uint8_t)(i * 7 + (i >> 8));
	b->payload[4] = SIZE >> 8;
	b->payload[5] = SIZE & 255;
}

static void stop(struct bench *b)
{
	datagrams_free(b->d);
	frag_free(b->parser.frags);
}

static uint32_t pick(struct bench *b, uint32_t below)
{
	b->random = b->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(b->random >> 33) % below;
}

struct frag {
	uint32_t id, at, end;
	bool six, last, other, tcp; // other: every byte differs
	bool options;               // IPv6: a destination options header before and one behind
};

// Headers of a fragment; how many bytes.
static uint32_t head(const struct frag *f, uint8_t *b, uint32_t len)
{
	uint32_t field = f->at / 8, n = 20, proto = f->tcp ? 6 : 17;

	memset(b, 0, 80);
	if (!f->six) {
		field |= f->last ? 0 : 0x2000;
		b[0] = 0x45;
		b[2] = (uint8_t)((20 + len) >> 8);
		b[3] = (uint8_t)(20 + len);
		b[4] = (uint8_t)(f->id >> 8);
		b[5] = (uint8_t)f->id;
		b[6] = (uint8_t)(field >> 8);
		b[7] = (uint8_t)field;
		b[9] = (uint8_t)proto;
		memcpy(b + 12, "\12\0\0\1\306\63\144\1", 8);
		return 20;
	}
	b[0] = 0x60;
	memset(b + 8, 0x20, 16);
	memset(b + 24, 0x21, 16);
	n = 40;
	b[6] = f->options ? 60 : 44;
	if (f->options) {
		b[n] = 44;
		n += 8;
	}
	b[n] = f->options ? 60 : (uint8_t)proto;
	b[n + 2] = (uint8_t)(f->at >> 8);
	b[n + 3] = (uint8_t)(f->at | !f->last);
	b[n + 7] = (uint8_t)f->id;
	n += 8;
	b[4] = (uint8_t)((n - 40 + len) >> 8);
	b[5] = (uint8_t)(n - 40 + len);
	return n;
}

static enum datagram_step take_in(struct bench *b, const struct frag *f, uint32_t ctx)
{
	uint8_t *frame = malloc(80 + SIZE); // of that size: a sanitizer sees the end
	struct packet p = {.data = frame, .ts = b->now, .link = LINK_RAW};
	uint32_t n = head(f, frame, f->end - f->at);
	enum datagram_step step;

	memcpy(frame + n, b->payload + f->at, f->end - f->at);
	for (uint32_t i = n; f->other && i < n + f->end - f->at; i++)
		frame[i] ^= 1;
	p.len = p.wire_len = n + f->end - f->at;
	parse_packet(&b->parser, &p, NULL);
	assert_true(p.flags & (PACKET_FRAG_FIRST | PACKET_FRAG_LATER));
	step = datagram_take(b->d, &p, ctx, &b->ip, &b->len);
	free(frame);
	return step;
}

static enum datagram_step take(struct bench *b, uint32_t id, uint32_t at, uint32_t end)
{
	return take_in(b, &(struct frag){.id = id, .at = at, .end = end, .last = end == SIZE},
		at == 0 ? CTX : UINT32_MAX);
}

static const struct datagram_stats *stats(const struct bench *b)
{
	return datagram_stats(b->d);
}

// The datagram is a packet like another, with what was in the fragments.
static void check_whole(struct bench *b, bool six, uint32_t extensions)
{
	uint32_t n = six ? 40 + extensions : 20;
	struct packet p = {.data = b->ip, .link = LINK_RAW, .len = b->len, .wire_len = b->len};

	assert_int_equal(b->len, n + SIZE);
	assert_memory_equal(b->ip + n, b->payload, SIZE);
	parse_packet(&b->parser, &p, NULL);
	assert_int_equal(p.notes, 0);
	assert_int_equal(p.flags, PACKET_IP);
	assert_int_equal(p.key.proto, 17);
	assert_int_equal(p.ip_len, b->len);
	assert_int_equal(p.payload_off, n + 8);
	assert_int_equal(datagrams_waiting(b->d), 0);
}

static void test_random(void **state)
{
	struct bench b;
	(void)state;

	start(&b, &usual);
	for (unsigned round = 0; round < 3000; round++) {
		struct frag f[24];
		uint32_t n = 0, whole = 0;

		for (uint32_t at = 0; at < SIZE; n++) {
			uint32_t end = at + 8 * (1 + pick(&b, 40)), j = pick(&b, n + 1);

			end = end > SIZE || n == 23 ? SIZE : end;
			f[n] = f[j]; // a shuffle on the way
			f[j] = (struct frag){.id = round & 255,
				.at = at,
				.end = end,
				.six = round & 1,
				.last = end == SIZE};
			at = end;
		}
		for (uint32_t i = 0; i < n; i++) {
			// Again, what came before or what is there now.
			if (i != 0 && pick(&b, 3) == 0)
				assert_int_equal(take_in(&b, &f[pick(&b, i)], CTX), DATAGRAM_KEPT);
			whole += take_in(&b, &f[i], CTX) == DATAGRAM_WHOLE;
			assert_int_equal(whole, i == n - 1);
		}
		check_whole(&b, round & 1, 0);
	}
	assert_int_equal(stats(&b)->whole, 3000);
	assert_true(stats(&b)->repeated > 3000);
	assert_int_equal(stats(&b)->overlaps + stats(&b)->malformed + stats(&b)->pool_full, 0);
	stop(&b);
}

// Where more headers follow, the fragment header alone goes.
static void test_extensions(void **state)
{
	struct bench b;
	(void)state;

	start(&b, &usual);
	b.payload[0] = 17; // a destination options header, then UDP
	memset(b.payload + 1, 0, 7);
	b.payload[12] = (SIZE - 8) >> 8;
	b.payload[13] = (SIZE - 8) & 255;
	for (uint32_t at = 0; at < SIZE; at += 800)
		take_in(&b,
			&(struct frag){.id = 1,
				.at = at,
				.end = at + 800,
				.six = true,
				.options = true,
				.last = at != 0},
			CTX);
	assert_int_equal(stats(&b)->whole, 1);
	assert_int_equal(b.len, 40 + 8 + SIZE);
	assert_int_equal(b.ip[6], 60);
	assert_int_equal(b.ip[40], 60);
	assert_memory_equal(b.ip + 48, b.payload, SIZE);
	stop(&b);
}

static void test_overlaps(void **state)
{
	static const struct frag bad[][3] = {
		// RFC 5722: however they overlap.
		{{.at = 0, .end = 800}, {.at = 792, .end = SIZE, .last = true}},
		{{.at = 800, .end = SIZE, .last = true}, {.at = 0, .end = 808}},
		{{.at = 0, .end = 800}, {.at = 80, .end = 160}},
		{{.at = 80, .end = 160}, {.at = 0, .end = 800}},
		{{.at = 0, .end = 800}, {.at = 0, .end = 800, .other = true}},
		{{.at = 8, .end = 800}, {.at = 8, .end = 800, .other = true}},
		// Behind the last one; a last one before others; two last ones.
		{{.at = 0, .end = 80}, {.at = 80, .end = 160, .last = true},
			{.at = 160, .end = 240}},
		{{.at = 160, .end = 240}, {.at = 80, .end = 160, .last = true}},
		{{.at = 80, .end = 160, .last = true}, {.at = 160, .end = 240, .last = true}},
	};
	struct bench b;
	(void)state;

	start(&b, &usual);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum datagram_step step = DATAGRAM_KEPT;

		for (unsigned j = 0; j < 3 && step == DATAGRAM_KEPT && bad[i][j].end != 0; j++) {
			struct frag f = bad[i][j];

			f.id = i;
			f.six = i & 1;
			step = take_in(&b, &f, CTX);
		}
		if (i == 6) // those two were a whole datagram: what comes behind is another's
			assert_int_equal(step, DATAGRAM_WHOLE);
		else
			assert_int_equal(step, DATAGRAM_DROPPED);
		assert_int_equal(stats(&b)->overlaps, i < 6 ? i + 1 : i);
		// Nor does the rest make it whole.
		if (i != 6)
			assert_int_equal(take_in(&b,
						 &(struct frag){.id = i,
							 .six = i & 1,
							 .at = 800,
							 .end = SIZE,
							 .last = true},
						 CTX),
				DATAGRAM_DROPPED);
		b.now += FRAG_TIMEOUT_US + 1;
	}
	assert_null(datagram_rest(b.d, CTX, &b.len));
	stop(&b);
}

// Past the largest datagram there is: as a ping of death.
static void parse_far(struct bench *b, const struct frag *f)
{
	uint8_t frame[80];
	struct packet p = {
		.data = frame, .ts = b->now, .link = LINK_RAW, .len = 28, .wire_len = 28};

	head(f, frame, 8);
	parse_packet(&b->parser, &p, NULL);
	assert_int_equal(datagram_take(b->d, &p, CTX, &b->ip, &b->len), DATAGRAM_DROPPED);
}

static void test_malformed(void **state)
{
	static const struct frag bad[] = {
		{.at = 0, .end = 12},              // not a multiple of eight
		{.at = 8, .end = 16, .tcp = true}, // RFC 1858: over the TCP header
		{.at = 0, .end = 8, .tcp = true},  // RFC 1858: tiny
		{.at = 0, .end = 0},
	};
	struct frag far = {.id = 9, .at = 65528, .end = 65536, .last = true};
	struct bench b;
	(void)state;

	start(&b, &usual);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct frag f = bad[i];

		f.id = i;
		assert_int_equal(take_in(&b, &f, CTX), DATAGRAM_DROPPED);
		assert_int_equal(stats(&b)->malformed, i + 1);
		f.at = 40;
		f.end = 80;
		assert_int_equal(take_in(&b, &f, CTX), DATAGRAM_DROPPED);
		assert_int_equal(stats(&b)->malformed, i + 1); // a datagram counts once
	}
	parse_far(&b, &far);
	stop(&b);
}

static void test_time(void **state)
{
	struct bench b;
	(void)state;

	start(&b, &usual);
	take(&b, 1, 0, 800);
	b.now += FRAG_TIMEOUT_US;
	assert_int_equal(take(&b, 1, 800, SIZE), DATAGRAM_WHOLE);
	take(&b, 1, 0, 800);
	b.now += FRAG_TIMEOUT_US + 1;
	assert_int_equal(take(&b, 1, 800, SIZE), DATAGRAM_KEPT);
	assert_int_equal(stats(&b)->timeouts, 1);
	b.now += 3600000000; // the clock was set
	datagram_shift(b.d, 3600000000);
	assert_int_equal(take(&b, 1, 0, 800), DATAGRAM_WHOLE);
	stop(&b);
}

static void test_room(void **state)
{
	struct datagram_config c = usual;
	struct bench b;
	(void)state;

	c.datagrams = 3;
	c.blocks = 4;
	c.fragments = 2;
	start(&b, &c);
	take(&b, 1, 0, 80);
	take(&b, 2, 80, 160);
	take(&b, 3, 80, 160);
	assert_int_equal(stats(&b)->pool_full, 0);
	take(&b, 4, 80, 160); // the first goes
	assert_int_equal(stats(&b)->pool_full, 1);
	assert_true(datagram_shed(b.d, CTX));
	assert_false(datagram_shed(b.d, CTX));
	assert_int_equal(take(&b, 4, 160, 840), DATAGRAM_KEPT); // two blocks: so does the second
	assert_int_equal(stats(&b)->pool_full, 2);
	assert_int_equal(take(&b, 4, 840, 848), DATAGRAM_NO_ROOM); // a third fragment
	assert_int_equal(stats(&b)->pool_full, 3);
	assert_int_equal(take(&b, 4, 0, 80), DATAGRAM_DROPPED);
	assert_int_equal(take(&b, 5, 0, SIZE - 8), DATAGRAM_KEPT); // all four
	assert_int_equal(take(&b, 5, SIZE - 8, SIZE), DATAGRAM_NO_ROOM);
	stop(&b);
}

// A flow that ends gets its first fragments as they came; what is closed is gone.
static void test_rest(void **state)
{
	struct bench b;
	(void)state;

	start(&b, &usual);
	take(&b, 1, 800, SIZE);
	take(&b, 1, 0, 400);
	take(&b, 2, 0, 80);
	take(&b, 3, 80, 160); // nobody's yet
	b.ip = datagram_rest(b.d, CTX, &b.len);
	assert_non_null(b.ip);
	assert_int_equal(b.len, 420);
	assert_int_equal(parse_be16(b.ip + 2), 420);
	assert_int_equal(parse_be16(b.ip + 6), 0x2000);
	assert_memory_equal(b.ip + 20, b.payload, 400);
	datagram_close(b.d, CTX);
	assert_null(datagram_rest(b.d, CTX, &b.len));
	assert_int_equal(datagrams_waiting(b.d), 1);
	stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
