// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/folder.h"
#include "app/evidence/proof.h"
#include "app/review/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
	"Usage: bhlog witness --state FILE --sign-with FILE [options] DIR|FILE|-\n"
	"\n"
	"Run on another host than the gateway: remembers the newest checkpoint that it has seen of "
	"a\n"
	"log and signs a newer one only where that log has done nothing but grow. It refuses a "
	"fork\n"
	"and a rollback. What it signs goes back to the log's directory as \"cosigned\", and to "
	"whoever\n"
	"verifies.\n"
	"\n"
	"  DIR                 a log's directory, or a copy of its files \"checkpoint\" and "
	"\"entries\"\n"
	"  FILE, -             what \"bhlog prove DIR --since SIZE\" printed\n"
	"  --state FILE        the newest checkpoint that was signed; made at the first time\n"
	"  --sign-with FILE    the witness's private key (bhctl keygen), FILE.pub beside it\n"
	"  --key VKEY          the log's public key: other checkpoints are refused\n"
	"  --out FILE          the signed checkpoint; default: standard output\n"
	"  --size              only print how many blocks the state is of: what --since wants\n"
	"\n"
	"Exit status: 0 signed, 1 refused, 2 an error.\n";

struct witness {
	const char *state, *sign_with, *out;
	struct key_public log_key;
	bool has_log_key, only_size;
	char *known_text; // NULL: nothing is known yet
	struct checkpoint known;
	struct consistency new; // points into text
	char *text;
	struct hasher *hasher;
};

static int refuse(const char *text)
{
	fprintf(stderr, "bhlog: REFUSED: %s\n", text);
	return 1;
}

static int read_state(struct witness *w)
{
	struct note n;
	size_t len;

	if (access(w->state, F_OK) != 0)
		return 0;
	w->known_text = evidence_read(w->state, &len);
	if (w->known_text == NULL)
		return 2;
	if (note_read(w->known_text, len, &n, &w->known))
		return 0;
	fprintf(stderr, "bhlog: %s: not a checkpoint; without it growth cannot be checked\n",
		w->state);
	return 2;
}

// The same text as of a file, from a directory's entries.
static char *from_directory(struct witness *w, const char *dir, size_t *len)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *note = fd >= 0 ? folder_read(fd, FILE_CHECKPOINT, NOTE_MAX, len) : NULL, *text = NULL;
	struct hash proof[TREE_PROOF_MAX];
	struct leaves leaves = {0};
	struct checkpoint c;
	unsigned count = 0;
	struct note n;

	if (note == NULL || !note_read(note, *len, &n, &c)) {
		fprintf(stderr, "bhlog: %s/" FILE_CHECKPOINT ": %s\n", dir,
			note == NULL ? folder_strerror(errno) : "not a checkpoint");
	} else if (leaves_read(w->hasher, fd, c.size, 0, &leaves) != 0) {
		fprintf(stderr, "bhlog: %s/" FILE_ENTRIES ": cannot be read\n", dir);
	} else {
		// Too few entries, or others, make a proof that does not hold.
		if (w->known.size <= leaves.n)
			count = tree_consistency(
				w->hasher, leaves.v, w->known.size, leaves.n, proof);
		text = consistency_write(w->known.size, proof, count, note, *len);
		*len = text != NULL ? strlen(text) : 0;
	}
	leaves_free(&leaves);
	free(note);
	if (fd >= 0)
		close(fd);
	return text;
}

static int read_new(struct witness *w, const char *from)
{
	struct stat st;
	size_t len;

	if (strcmp(from, "-") != 0 && stat(from, &st) == 0 && S_ISDIR(st.st_mode))
		w->text = from_directory(w, from, &len);
	else
		w->text = evidence_read(from, &len);
	if (w->text == NULL)
		return 2;
	if (consistency_read(w->text, len, &w->new))
		return 0;
	fprintf(stderr, "bhlog: %s: not a checkpoint with a proof of growth\n", from);
	return 2;
}

static int judge(const struct witness *w)
{
	const struct consistency *c = &w->new;

	if (w->has_log_key && note_check(&c->note, &w->log_key) != NOTE_SIGNED)
		return refuse("the checkpoint is not signed by the log's key");
	if (w->known_text == NULL)
		return 0;
	if (strcmp(c->checkpoint.origin, w->known.origin) != 0)
		return refuse("it is a checkpoint of another log");
	if (c->checkpoint.size < w->known.size)
		return refuse("the log has fewer blocks than it had: it was rolled back");
	if (c->old_size != w->known.size) {
		fprintf(stderr,
			"bhlog: the proof begins at %" PRIu64 " blocks, this witness knows %" PRIu64
			"; make it with: bhlog prove DIR --since %" PRIu64 "\n",
			c->old_size, w->known.size, w->known.size);
		return 2;
	}
	if (!tree_check_consistency(w->hasher, w->known.size, &w->known.root, c->checkpoint.size,
		    &c->checkpoint.root, c->proof, c->n))
		return refuse(
			"the log is not the one that was seen before: it was forked or rewritten");
	return 0;
}

static int sign(struct witness *w)
{
	char note[NOTE_MAX], pub[PATH_MAX], err[512];
	struct key_private *k = NULL;
	struct key_public p;
	size_t len = w->new.note.len;
	int status = 2;

	snprintf(pub, sizeof(pub), "%s.pub", w->sign_with);
	if (key_read_public(pub, &p, err, sizeof(err)))
		k = key_read_private(w->sign_with, p.name, err, sizeof(err));
	if (k == NULL) {
		fprintf(stderr, "bhlog: %s\n", err);
		return 2;
	}
	memcpy(note, w->new.note.text, len);
	len = note_cosign(note, len, k);
	key_free(k);
	note[len] = '\0';
	// The state first: what was signed must never be forgotten.
	if (len == 0)
		fprintf(stderr, "bhlog: cannot sign\n");
	else if (evidence_write(w->state, note) == 0 && evidence_write(w->out, note) == 0)
		status = 0;
	return status;
}

static int run(struct witness *w, const char *from)
{
	int status = read_state(w);

	if (status == 0 && w->only_size) {
		printf("%" PRIu64 "\n", w->known.size);
		return 0;
	}
	if (status == 0)
		status = read_new(w, from);
	if (status == 0)
		status = judge(w);
	return status == 0 ? sign(w) : status;
}

static const struct option options[] = {
	{"state", required_argument, NULL, 's'},
	{"sign-with", required_argument, NULL, 'w'},
	{"key", required_argument, NULL, 'k'},
	{"out", required_argument, NULL, 'o'},
	{"size", no_argument, NULL, 'z'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static bool take_option(struct witness *w, int option, const char *text)
{
	char err[512];

	switch (option) {
	case 's':
		w->state = text;
		return true;
	case 'w':
		w->sign_with = text;
		return true;
	case 'o':
		w->out = text;
		return true;
	case 'z':
		w->only_size = true;
		return true;
	case 'k':
		w->has_log_key = key_read_public(text, &w->log_key, err, sizeof(err));
		if (!w->has_log_key)
			fprintf(stderr, "bhlog: %s\n", err);
		return w->has_log_key;
	default: // getopt has said what is wrong
		return false;
	}
}

int witness_main(int argc, char **argv)
{
	struct witness w = {0};
	int option, status;

	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (!take_option(&w, option, optarg))
			return 2;
	}
	if (w.state == NULL ||
		(w.only_size ? argc != optind : w.sign_with == NULL || argc - optind != 1)) {
		fputs(help, stderr);
		return 2;
	}
	w.hasher = hasher_new();
	status = w.hasher != NULL ? run(&w, argv[optind]) : 2;
	hasher_free(w.hasher);
	free(w.known_text);
	free(w.text);
	return status;
}
