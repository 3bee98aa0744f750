// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "log_steps.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct flowlog_config steps_config(const struct scratch *s)
{
	return (struct flowlog_config){
		.gateway = "gw \"a1\"", .dir = s->dir, .words = sample_words()};
}

struct flowlog *steps_open(const struct flowlog_config *c)
{
	char err[512] = "";
	struct flowlog *l = flowlog_open(c, err, sizeof(err));

	assert_string_equal(err, "");
	assert_non_null(l);
	return l;
}

void steps_close(struct flowlog *l)
{
	char err[512] = "";

	assert_int_equal(flowlog_close(l, err, sizeof(err)), 0);
	assert_string_equal(err, "");
}

void steps_start(struct flowlog *l, int64_t t)
{
	const struct notice_start n = {
		.t = t, .version = "0.1.0", .mode = "replay", .dpi = "nDPI 4.2.0"};

	assert_int_equal(flowlog_start(l, &n), 0);
}

void steps_stop(struct flowlog *l, int64_t t)
{
	const struct notice_stop n = {.t = t, .why = "end of input"};

	assert_int_equal(flowlog_stop(l, &n), 0);
}

void steps_write(struct flowlog *l, unsigned n, int64_t t, int64_t step)
{
	struct record r = sample_record();

	for (unsigned i = 0; i < n; i++) {
		r.fid = i;
		r.t0 = r.t1 = t + i * step;
		assert_int_equal(flowlog_write(l, &r), 0);
	}
}
