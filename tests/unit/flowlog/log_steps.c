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

struct verify_report steps_verify(const char *dir, const struct key_public *key, int status)
{
	const struct verify_options o = {.key = key};
	struct verify_report r;

	verify_log(dir, &o, &r);
	if (verify_exit(&r) != status) {
		print_message("integrity %s, completeness %s, signer %s, block %lu of %s\n",
			r.integrity.text, r.completeness.text, r.signer.text,
			(unsigned long)r.bad_block, r.bad_segment);
	}
	assert_int_equal(verify_exit(&r), status);
	return r;
}
