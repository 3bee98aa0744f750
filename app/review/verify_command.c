// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/proof.h"
#include "app/evidence/rotation.h"
#include "app/flowlog/json.h"
#include "app/review/evidence.h"
#include "app/review/moment.h"
#include "app/review/verify_args.h"
#include "app/rows/how_far.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: bhlog verify DIR [options]\n"
	"       bhlog verify --proof FILE [options]\n"
	"\n"
	"Verifies a flow log, also while the gateway writes, or a proof that \"bhlog prove\" "
	"made.\n"
	"\n"
	"  --key VKEY        public key of the gateway's log (NAME+ID+BASE64, or a file of it)\n"
	"  --witness VKEY    public key of a witness whose checkpoint must be among the anchors\n"
	"  --anchor FILE     a checkpoint that was kept elsewhere: the log must still hold what\n"
	"                    it is of; may be given several times. DIR/cosigned is one, too\n"
	"  --proof FILE      a proof in place of a directory; \"-\": standard input\n"
	"  --rotations FILE  with --proof: how the key that was given handed over to later ones, "
	"a\n"
	"                    copy of the log's file of that name. A directory has its own\n"
	"  --json            the answers as a JSON object\n"
	"\n"
	"Blocks that are newer than the newest checkpoint are not signed. They are unconfirmed "
	"where\n"
	"they reach more than 60 s past it, or where the log is closed.\n"
	"\n"
	"Exit status: 0 good, 1 tampered with, 2 unreadable, 3 unconfirmed.\n";

struct verify_command {
	struct verify_args args;
	const char *proof, *rotations;
	bool json;
};

// What stands in a log that was tampered with need not be UTF-8; JSON is.
static void put_json_bytes(const char *text, size_t len)
{
	char room[4096]; // six bytes for one, and the texts have 600 at most
	struct json_out j = {.p = room, .end = room + sizeof(room)};

	json_put_string(&j, text, len);
	fwrite(room, 1, (size_t)(j.p - room), stdout);
}

static void put_json_text(const char *text)
{
	put_json_bytes(text, strlen(text));
}

// An entry's gateway, which is a JSON string already; no gateway's name needs an escape.
static void put_json_gateway(const char *json)
{
	const size_t len = strlen(json);

	put_json_bytes(len != 0 ? json + 1 : "", len != 0 ? len - 2 : 0);
}

static void put_json_answer(const char *name, const struct verify_answer *a)
{
	printf("\"%s\":{\"status\":\"%s\",\"text\":", name, verify_status_name(a->status));
	put_json_text(a->text);
	printf("},");
}

static void put_json_number(bool known, uint64_t n)
{
	if (known)
		printf("%" PRIu64, n);
	else
		printf("null");
}

// "": it has none, or there is no checkpoint.
static void checkpoint_time(const struct verify_report *r, char out[32])
{
	out[0] = '\0';
	if (r->checkpoint_time != 0)
		moment_format(r->checkpoint_time, out);
}

static void print_json(const struct verify_report *r)
{
	char time[32];

	putchar('{');
	put_json_answer("integrity", &r->integrity);
	put_json_answer("signer", &r->signer);
	put_json_answer("anchor", &r->anchor);
	put_json_answer("completeness", &r->completeness);
	put_json_answer("redaction", &r->redaction);
	if (r->has_bad) {
		printf("\"bad_block\":%" PRIu64 ",\"bad_segment\":", r->bad_block);
		put_json_text(r->bad_segment);
	} else {
		printf("\"bad_block\":null,\"bad_segment\":null");
	}
	printf(",\"gateway\":");
	put_json_gateway(r->gateway);
	checkpoint_time(r, time);
	printf(",\"checkpoint_time\":");
	if (time[0] != '\0')
		put_json_text(time);
	else
		printf("null");
	printf(",\"kept\":");
	put_json_number(r->has_kept, r->kept);
	printf(",\"stated_in\":");
	put_json_number(r->has_stated, r->stated_in);
	printf(",\"segments\":%" PRIu64 ",\"blocks\":%" PRIu64 ",\"records\":%" PRIu64
	       ",\"pruned\":%" PRIu64 ",\"checkpoint\":%" PRIu64 ",\"attempted\":%" PRIu64
	       ",\"not_signed\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"missed\":%" PRIu64
	       ",\"gaps\":%" PRIu64 ",\"torn_history\":%" PRIu64 ",\"no_index\":%" PRIu64
	       ",\"captures_gone\":%" PRIu64 ",\"exit\":%d}\n",
		r->segments, r->blocks, r->records, r->pruned, r->checkpoint, r->attempted,
		r->not_signed, r->lost, r->missed, r->gaps, r->torn_history, r->no_index,
		r->captures_gone, verify_exit(r));
}

static void print_answer(const char *name, const struct verify_answer *a)
{
	printf("%-13s %-12s %s\n", name, verify_status_name(a->status), a->text);
}

static void print_text(const struct verify_report *r)
{
	static const char *const verdicts[] = {
		"good", "TAMPERED WITH", "unreadable", "unconfirmed"};
	char time[32] = "";

	print_answer("integrity", &r->integrity);
	print_answer("signer", &r->signer);
	print_answer("anchor", &r->anchor);
	print_answer("completeness", &r->completeness);
	print_answer("redaction", &r->redaction);
	if (r->has_bad)
		printf("first bad     block %" PRIu64 "%s%s\n", r->bad_block,
			r->bad_segment[0] != '\0' ? ", segment " : "", r->bad_segment);
	checkpoint_time(r, time);
	printf("\n%s: gateway %s, %" PRIu64 " records in %" PRIu64 " blocks and %" PRIu64
	       " segments, checkpoint of %" PRIu64 " blocks%s%s\n\n",
		verdicts[verify_exit(r)], r->gateway[0] != '\0' ? r->gateway : "unknown",
		r->records, r->blocks, r->segments, r->checkpoint, time[0] != '\0' ? " at " : "",
		time);
	fputs(evidence_limits, stdout);
}

// Of a pass.
struct pass {
	struct how_far how_far;
	uint64_t read; // bytes
};

static void begin(void *ctx)
{
	((struct pass *)ctx)->read = 0;
}

static void take_lines(void *ctx, const char *lines, size_t len, size_t size)
{
	struct pass *p = ctx;

	(void)lines, (void)len;
	p->read += size;
	how_far_show(&p->how_far, p->read);
}

static int verify_dir(const struct verify_command *c, const char *dir)
{
	struct verify_report *r = calloc(1, sizeof(*r));
	struct verify_options o = c->args.o;
	struct pass pass = {0};
	int status;

	if (r == NULL) {
		fprintf(stderr, "bhlog: out of memory\n");
		return 2;
	}
	o.begin = begin;
	o.lines = take_lines;
	o.ctx = &pass;
	how_far_begin_dir(&pass.how_far, dir);
	verify_log(dir, &o, r);
	how_far_end(&pass.how_far);
	if (c->json)
		print_json(r);
	else
		print_text(r);
	status = verify_exit(r);
	free(r);
	return status;
}

// The keys that the one that was given led to. False with a line on standard error.
static bool proof_keys(
	const struct verify_command *c, struct key_public keys[ROTATION_MAX_KEYS], unsigned *n)
{
	size_t len = 0;
	char *text = NULL;

	*n = 0;
	if (c->rotations != NULL && (text = evidence_read(c->rotations, &len)) == NULL)
		return false;
	if (c->args.o.key != NULL)
		*n = rotation_follow(text != NULL ? text : "", len, c->args.o.key, keys);
	free(text);
	return true;
}

// Who signed a proof's checkpoint: 0, 1 or 3, and in words.
static int proof_signer(const struct verify_command *c, const struct key_public *keys,
	unsigned n_keys, const struct proof *p, const char **text)
{
	const struct key_public *by = NULL;
	int status = 0;

	*text = "signed";
	if (c->args.o.key == NULL) {
		*text = "the checkpoint's signature was not checked, for no public key was given";
		return 3;
	}
	for (unsigned i = 0; i < 2; i++) {
		const struct key_public *witness = c->args.o.witness;
		const enum note_signature s = i == 0 ? rotation_check(&p->note, keys, n_keys, &by)
					      : witness != NULL ? note_check(&p->note, witness)
								: NOTE_SIGNED;

		if (s == NOTE_FORGED) {
			*text = "a signature of the checkpoint is false";
			return 1;
		}
		if (s == NOTE_UNSIGNED) {
			*text = i == 0 ? "the checkpoint is not signed by the key that was given"
				       : "the checkpoint is not cosigned by the witness that was "
					 "given";
			status = 3;
		}
	}
	if (status == 0 && by != &keys[0])
		*text = "signed by a key that the one that was given handed over to";
	return status;
}

static int verify_proof(const struct verify_command *c)
{
	struct hasher *h = hasher_new();
	struct key_public keys[ROTATION_MAX_KEYS];
	const char *wrong = NULL, *text;
	struct proof p;
	unsigned n_keys;
	size_t len;
	char *file = proof_keys(c, keys, &n_keys) ? evidence_read(c->proof, &len) : NULL;
	int status = 2;

	if (file == NULL || h == NULL) {
		free(file);
		hasher_free(h);
		return 2;
	}
	if (!proof_read(file, len, &p)) {
		fprintf(stderr, "bhlog: %s: not a proof\n", c->proof);
	} else {
		wrong = proof_check(h, &p);
		status = wrong != NULL ? 1 : proof_signer(c, keys, n_keys, &p, &text);
		if (wrong != NULL)
			text = wrong;
		if (c->json) {
			printf("{\"proof\":\"%s\",\"text\":\"%s\",\"block\":%" PRIu64
			       ",\"exit\":%d}\n",
				wrong == NULL ? "good" : "tampered", text, p.entry.block, status);
		} else {
			printf("%.*s\n\n%s: block %" PRIu64 " of gateway %s, checkpoint of %" PRIu64
			       " blocks: %s\n",
				(int)p.record_len, p.record,
				wrong == NULL ? "in the log" : "NOT PROVEN", p.entry.block,
				p.entry.gw, p.checkpoint.size, text);
		}
	}
	proof_free(&p);
	hasher_free(h);
	return status;
}

static const struct option options[] = {
	VERIFY_ARG_ROWS,
	{"proof", required_argument, NULL, 'p'},
	{"rotations", required_argument, NULL, 'r'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

int verify_main(int argc, char **argv)
{
	struct verify_command c = {0};
	char err[512];
	int option;

	verify_args_init(&c.args);
	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			c.proof = optarg;
			break;
		case 'r':
			c.rotations = optarg;
			break;
		case 'j':
			c.json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		case '?': // getopt has said what is wrong
			return 2;
		default:
			if (verify_args_take(&c.args, option, optarg, err, sizeof(err)) == 0)
				break;
			fprintf(stderr, "bhlog: %s\n", err);
			return 2;
		}
	}
	if (argc - optind != (c.proof == NULL ? 1 : 0) ||
		(c.rotations != NULL && c.proof == NULL)) {
		fputs(help, stderr);
		return 2;
	}
	return c.proof != NULL ? verify_proof(&c) : verify_dir(&c, argv[optind]);
}
