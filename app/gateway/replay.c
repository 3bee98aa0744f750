// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/replay.h"
#include "app/control/policy_file.h"
#include "app/flowlog/flowlog.h"
#include "drivers/pcap/capture.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

// A burst is of packets of one millisecond, and its time is where that begins: whatever the bursts
// are (a capture in two files, other packets between), every packet meets the same time.
#define BURST          64
#define CAPTURE_BLOCKS 65536 // of 4 KiB, touched when used
#define CAPTURES       65536
#define WINDOW_US      1000
// Captures of several queues are out of order by some milliseconds. More is another recording, or a
// clock that was set: the replay's time goes back with it.
#define BACK_US 1000000
// Zeros behind each packet: where nDPI reads past the end of a malformed one, the label must not
// depend on which packet comes next.
#define PAD 64

struct replay {
	struct replay_options o; // borrowed words
	const char *who;
	const struct replay_watch *watch; // NULL: nobody looks
	struct record_words words;
	struct dpi *dpi;
	struct geo *geo;
	struct policy_slot slot;
	struct pipeline *pl;
	struct flow_capture_pool *captures; // NULL: none wanted
	struct flowlog *log;                // NULL: none wanted
	struct replay_totals *totals;
	struct capture_writer *out;
	int out_link;
	int64_t last; // the latest time of a packet
	bool began, progress;
	int log_error;
	// The burst: packets, and their bytes one behind the other.
	struct packet packets[BURST];
	size_t offset[BURST];
	unsigned n;
	uint8_t *bytes;
	size_t used, size;
	char err[512];
};

static int64_t window_of(int64_t ts)
{
	return ts - ts % WINDOW_US;
}

static int fail(struct replay *r)
{
	fprintf(stderr, "%s: %s\n", r->who, r->err);
	return -EIO;
}

static int emit(void *ctx, const struct record *rec)
{
	struct replay *r = ctx;
	int rc;

	replay_totals_add(r->totals, rec);
	if (r->watch != NULL)
		r->watch->record(r->watch->ctx, rec, &r->words);
	if (r->log == NULL) {
		flow_capture_release(rec->capture);
		return 0;
	}
	rc = flowlog_write(r->log, rec);
	if (rc < 0 && r->log_error == 0)
		r->log_error = rc;
	return 0; // a disk that is full ends the replay; it is no full ring
}

static const char *app_word(void *ctx, uint16_t id)
{
	return dpi_app_name(ctx, id);
}

static const char *category_word(void *ctx, uint16_t id)
{
	return dpi_category_name(ctx, id);
}

static const char *risk_word(void *ctx, unsigned bit)
{
	return dpi_risk_name(ctx, bit);
}

static int open_parts(struct replay *r)
{
	const struct dpi_config dc = {
		.contexts = r->o.max_flows, .max_packets_tcp = 80, .max_packets_udp = 24};
	struct diag_list diag;
	struct policy *policy;

	r->dpi = dpi_create(&dc, r->err, sizeof(r->err));
	if (r->dpi == NULL)
		return fail(r);
	r->words = (struct record_words){
		.ctx = r->dpi, .app = app_word, .category = category_word, .risk = risk_word};
	diag_init(&diag, r->o.policy);
	policy = policy_file_load(r->o.policy, POLICY_ANY_TIME, r->dpi, &diag);
	policy_file_print(&diag, stderr);
	diag_clear(&diag);
	if (policy == NULL)
		return -EINVAL;
	policy_slot_init(&r->slot);
	if (policy_slot_publish(&r->slot, policy) == 0) {
		policy_free(policy);
		snprintf(r->err, sizeof(r->err), "no memory for the policy");
		return fail(r);
	}
	r->geo = geo_load(r->o.country_db, r->o.n_country_db, r->o.asn_db, r->o.n_asn_db, r->err,
		sizeof(r->err));
	return r->geo == NULL ? fail(r) : 0;
}

static int open_log(struct replay *r)
{
	const struct flowlog_config lc = {
		.gateway = "replay",
		.dir = r->o.log_dir,
		.records = r->o.records,
		.block_ms = 3600000, // full blocks pack best, and nobody waits for them
		.words = r->words,
	};

	if (r->o.log_dir == NULL && r->o.records == NULL)
		return 0;
	r->log = flowlog_open(&lc, r->err, sizeof(r->err));
	return r->log == NULL ? fail(r) : 0;
}

static int open_pipeline(struct replay *r, int64_t now)
{
	// Fixed seeds: what a replay writes must not depend on anything but its input.
	struct pipeline_config pc = {
		.max_flows = r->o.max_flows,
		.seed = {{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
			0xd6e8feb86659fd93}},
		.timeout_us = {10000000, 300000000, 10000000, 60000000, 10000000, 60000000},
		.update_us = 60000000,
		.local_flows = r->o.local_flows,
		.classify_always = true,
		.tunnels = r->o.tunnels,
		.inside = r->o.inside,
		.n_inside = r->o.n_inside,
		.exceptions = {.dpi_full = POLICY_FLAG},
		.slot = &r->slot,
		.dpi = r->dpi,
		.geo = r->geo,
		.sink = {.ctx = r, .emit = emit},
	};

	if (r->o.log_dir != NULL) { // captures lie beside the log
		r->captures = flow_capture_pool_create(CAPTURE_BLOCKS, CAPTURES);
		pc.captures = r->captures;
	}
	pc.reader = policy_slot_add_reader(&r->slot);
	r->pl = aligned_alloc(64, sizeof(*r->pl));
	if (pc.reader == NULL || r->pl == NULL || pipeline_init(r->pl, &pc, now) < 0) {
		free(r->pl);
		r->pl = NULL;
		snprintf(r->err, sizeof(r->err), "no memory for %u flows; see --max-flows",
			r->o.max_flows);
		return fail(r);
	}
	return 0;
}

// The first records carry the first packet's time.
static int begin(struct replay *r, int64_t now)
{
	const struct geo_file *files;
	size_t n = geo_files(r->geo, &files);
	const char *db[2 * REPLAY_MAX_FILES];
	char text[2 * REPLAY_MAX_FILES][256], dpi[32];
	const struct policy_info *info = policy_info(policy_slot_words(&r->slot, 0));
	struct notice_start start = {.t = now, .version = BRIDGEHEAD_VERSION, .mode = "replay"};
	struct notice_policy pol = {.t = now, .how = "boot", .outcome = "published", .epoch = 1};
	char sha[65];

	r->began = true;
	if (open_pipeline(r, window_of(now)) < 0)
		return -ENOMEM;
	if (r->log == NULL)
		return 0;
	for (size_t i = 0; i < n && i < 2 * REPLAY_MAX_FILES; i++) {
		policy_file_hex(files[i].sha256, sha);
		snprintf(text[i], sizeof(text[i]), "%.150s sha256:%s", files[i].path, sha);
		db[i] = text[i];
	}
	snprintf(dpi, sizeof(dpi), "nDPI %.20s", dpi_library_version());
	start.dpi = dpi;
	start.db = db;
	start.n_db = (unsigned)n;
	flowlog_start(r->log, &start);
	policy_file_hex(info->sha256, sha);
	pol.id = info->id;
	pol.version = info->version;
	pol.sha256 = sha;
	flowlog_policy(r->log, &pol);
	return 0;
}

static int write_passed(struct replay *r)
{
	for (unsigned i = 0; r->out != NULL && i < r->n; i++) {
		const struct packet *p = &r->packets[i];
		const struct capture_packet cp = {
			.data = p->data, .caplen = p->len, .wirelen = p->wire_len, .ts_us = p->ts};

		if (!reason_outcome_stopped(p->outcome) && capture_write(r->out, &cp) < 0) {
			snprintf(r->err, sizeof(r->err), "%s: cannot write: %s", r->o.pcap_out,
				strerror(errno));
			return fail(r);
		}
	}
	return 0;
}

// The time of the burst at hand.
static int64_t pass_time(struct replay *r)
{
	int64_t now = window_of(r->packets[0].ts);

	if (now < window_of(r->last) - BACK_US) {
		pipeline_set_back(r->pl, now);
		r->last = r->packets[0].ts;
	}
	for (unsigned i = 0; i < r->n; i++)
		if (r->packets[i].ts > r->last)
			r->last = r->packets[i].ts;
	return now;
}

static int run_burst(struct replay *r)
{
	int64_t now;
	int rc;

	if (r->n == 0)
		return 0;
	for (unsigned i = 0; i < r->n; i++)
		r->packets[i].data = r->bytes + r->offset[i];
	if (!r->began) {
		r->last = r->packets[0].ts;
		if (begin(r, r->last) < 0)
			return -ENOMEM;
	}
	now = pass_time(r);
	pipeline_age(r->pl, now, UINT32_MAX);
	pipeline_burst(r->pl, r->packets, r->n, now, false);
	rc = write_passed(r);
	if (r->log != NULL)
		flowlog_flush(r->log, r->last);
	if (rc == 0 && r->log_error != 0) {
		snprintf(r->err, sizeof(r->err), "cannot write records: %s",
			strerror(-r->log_error));
		rc = fail(r);
	}
	r->n = 0;
	r->used = 0;
	return rc;
}

static int add_packet(struct replay *r, const struct capture_packet *cp, uint8_t link)
{
	struct packet *p;
	bool full =
		r->n == BURST || (r->n != 0 && window_of(cp->ts_us) != window_of(r->packets[0].ts));
	int rc;

	if (full && (rc = run_burst(r)) < 0)
		return rc;
	if (r->used + cp->caplen + PAD > r->size) {
		size_t size = 2 * (r->used + cp->caplen + PAD) + 65536;
		uint8_t *more = realloc(r->bytes, size);

		if (more == NULL) {
			snprintf(r->err, sizeof(r->err), "no memory for a packet of %u bytes",
				cp->caplen);
			return fail(r);
		}
		r->bytes = more;
		r->size = size;
	}
	if (cp->caplen != 0)
		memcpy(r->bytes + r->used, cp->data, cp->caplen);
	memset(r->bytes + r->used + cp->caplen, 0, PAD);
	r->offset[r->n] = r->used;
	r->used += cp->caplen + PAD;
	p = &r->packets[r->n++];
	p->ts = cp->ts_us;
	p->len = cp->caplen;
	p->wire_len = cp->wirelen > cp->caplen ? cp->wirelen : cp->caplen;
	p->side = SIDE_UNKNOWN;
	p->link = link;
	p->wire = 0;
	return 0;
}

static int open_out(struct replay *r, const struct capture *c, const char *path)
{
	int link = capture_linktype(c);

	if (r->o.pcap_out == NULL)
		return 0;
	if (r->out == NULL) {
		r->out_link = link;
		r->out = capture_create(r->o.pcap_out, link, 262144, r->err, sizeof(r->err));
		return r->out == NULL ? fail(r) : 0;
	}
	if (link == r->out_link)
		return 0;
	snprintf(r->err, sizeof(r->err),
		"%s: link type %s, but %s has %s already: one file holds one link type; replay "
		"them apart",
		path, capture_linktype_name(link), r->o.pcap_out,
		capture_linktype_name(r->out_link));
	return fail(r);
}

static void show_progress(
	const struct replay *r, const struct capture *c, const char *path, bool end)
{
	uint64_t done, size;

	if (!r->progress)
		return;
	capture_progress(c, &done, &size);
	if (end)
		fprintf(stderr, "\r\033[K");
	else if (size != 0)
		fprintf(stderr, "\r\033[K%s: %3.0f %%", path, 100.0 * (double)done / (double)size);
}

static int run_file(struct replay *r, const char *path)
{
	struct capture *c = capture_open(path, r->err, sizeof(r->err));
	struct capture_packet cp;
	uint64_t n = 0;
	int rc, link;

	if (c == NULL)
		return fail(r);
	link = parse_link_of_dlt(capture_linktype(c));
	rc = open_out(r, c, path);
	while (rc == 0 && (rc = capture_next(c, &cp, r->err, sizeof(r->err))) > 0) {
		rc = add_packet(r, &cp, (uint8_t)link);
		if ((++n & 0xffff) == 0)
			show_progress(r, c, path, false);
	}
	show_progress(r, c, path, true);
	if (rc == -EIO && r->err[0] != '\0' && r->n + n != 0) // the packets before it count
		run_burst(r);
	if (rc < 0)
		fail(r);
	capture_close(c);
	return rc;
}

static int finish(struct replay *r, int rc)
{
	struct notice_stop stop = {.why = rc == 0 ? "end of input" : "error"};

	if (rc == 0)
		rc = run_burst(r);
	if (rc == 0 && !r->began) // captures without a packet
		rc = begin(r, 0);
	if (r->pl != NULL) {
		pipeline_stop(r->pl);
		for (unsigned i = 0; i < REASON_OUTCOME_COUNT; i++) {
			stop.packets += r->pl->stats.packets[i];
			stop.bytes += r->pl->stats.bytes[i];
		}
	}
	stop.t = r->last;
	if (r->log != NULL && r->began)
		flowlog_stop(r->log, &stop);
	if (r->log != NULL && flowlog_close(r->log, r->err, sizeof(r->err)) < 0 && rc == 0)
		rc = fail(r);
	r->log = NULL;
	if (r->out != NULL && capture_writer_close(r->out, r->err, sizeof(r->err)) < 0 && rc == 0)
		rc = fail(r);
	r->out = NULL;
	return rc;
}

static void close_parts(struct replay *r)
{
	if (r->pl != NULL)
		pipeline_fini(r->pl);
	free(r->pl);
	flow_capture_pool_free(r->captures);
	policy_slot_fini(&r->slot);
	geo_free(r->geo);
	dpi_free(r->dpi);
	replay_totals_free(r->totals);
	free(r->bytes);
}

static int print_summary(struct replay *r, int rc)
{
	FILE *to = r->o.records != NULL && strcmp(r->o.records, "-") == 0 ? stderr : stdout;

	replay_totals_print(r->totals, r->pl, to);
	if ((fflush(to) == 0 && !ferror(to)) || rc < 0)
		return rc;
	snprintf(r->err, sizeof(r->err), "the summary cannot be written: %s", strerror(errno));
	return fail(r);
}

int replay_run(const struct replay_options *o, const char *who, const struct replay_watch *watch)
{
	struct replay *r = calloc(1, sizeof(*r));
	unsigned done = 0;
	int rc;

	if (r == NULL) {
		fprintf(stderr, "%s: no memory\n", who);
		return -ENOMEM;
	}
	r->o = *o;
	r->who = who;
	r->watch = watch;
	r->progress = isatty(STDERR_FILENO);
	r->totals = replay_totals_create();
	rc = r->totals == NULL ? -ENOMEM : replay_files_apart(o, who);
	if (rc == 0)
		rc = open_parts(r);
	if (rc == 0)
		rc = open_log(r);
	while (rc == 0 && done < r->o.n_captures)
		rc = run_file(r, r->o.captures[done++]);
	if (rc < 0 && done != 0 && done < r->o.n_captures)
		fprintf(stderr, "%s: not read any more: %s%s\n", who, r->o.captures[done],
			done + 1 < r->o.n_captures ? " and the captures after it" : "");
	rc = finish(r, rc);
	// Of a capture that breaks off, too: what was read of it is in the records.
	if (r->began && r->o.summary)
		rc = print_summary(r, rc);
	close_parts(r);
	free(r);
	return rc;
}

int replay_main(int argc, char **argv)
{
	struct replay_options o;
	int rc = replay_parse(argc, argv, &o);

	signal(SIGPIPE, SIG_IGN);
	if (rc == 0)
		rc = replay_run(&o, "bridgehead replay", NULL);
	replay_options_free(&o);
	return rc < 0 ? 2 : 0;
}
