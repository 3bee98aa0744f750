// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Opening a log: where the run before ended, and what was lost with it.

#include "app/flowlog/flowlog_part.h"

#include "app/evidence/rotation.h"
#include "app/flowlog/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define BLOCK_MS      1000
#define SEGMENT_S     3600
#define CHECKPOINT_US 10000000

static char *gateway_json(const char *name, size_t *len)
{
	const size_t n = strlen(name), room = 6 * n + 2; // every byte escaped, and the quotes
	char *text = malloc(room);
	struct json_out j = {text, text + room, false};

	if (text != NULL) {
		json_put_string(&j, name, n);
		*len = (size_t)(j.p - text);
	}
	return text;
}

static void describe_crash(struct flowlog *l, const struct store_found *found, bool exact)
{
	char *p = l->crash_detail;
	size_t room = sizeof(l->crash_detail);
	int n = snprintf(p, room, "the run before wrote no stop record; %s%s",
		exact ? "the count is exact" : "what it had in memory is not known",
		found->progress.damaged ? ", for the page that counts it is damaged" : "");

	if (found->recovered != 0)
		n += snprintf(p + n, room - (size_t)n, "; %" PRIu64 " blocks recovered",
			found->recovered);
	if (found->torn[0] != '\0')
		n += snprintf(p + n, room - (size_t)n,
			"; %" PRIu64 " bytes that are no whole block are in %s", found->torn_bytes,
			found->torn);
	if (found->lost_from != 0)
		snprintf(p + n, room - (size_t)n,
			"; records from %" PRIu64 " on were checkpointed and are gone",
			found->lost_from);
}

// Goes on where the run before ended: its counters, and what was lost with it.
static void resume(struct flowlog *l, const struct store_found *found)
{
	const struct progress_last *p = &found->progress;
	uint64_t next = found->last.attempted + 1, lost = 0, from = found->lost_from;
	// One that is behind the log itself is of a run before the last, which had none.
	const bool fits = p->next >= next;
	bool full;

	if (found->any) {
		l->entry = found->last; // the counters; the gateway is the same
		strcpy(l->entry.dpi, "\"\"");
		memset(&l->entry.policy, 0, sizeof(l->entry.policy));
		memset(&l->entry.db, 0, sizeof(l->entry.db));
	}
	l->missed_before = l->entry.missed;
	if (fits)
		lost = p->next - next + p->waiting;
	// It came to its end as it should, and told of a full disk to whoever could read that.
	full = p->full_since != 0 && found->lost_from == 0 && lost != 0;
	*(full ? &l->entry.disk_full : &l->entry.crash) += lost;
	if (from == 0)
		from = next;
	next += lost;
	if (next != from)
		lost_add(&l->lost, full ? LOST_DISK_FULL : LOST_CRASH, from, next - from,
			p->full_since);
	else
		l->crashed = found->any && !found->stopped;
	describe_crash(l, found, p->known && fits);
	l->first_seq = l->next_seq = next;
}

// Of this run. A replay must give the same log each time, so there it follows from what was before.
static uint64_t boot_id(
	const struct flowlog *l, const struct flowlog_config *c, const struct store_found *found)
{
	uint64_t id = 0;

	if (c->live && getrandom(&id, sizeof(id), 0) == (ssize_t)sizeof(id))
		return id;
	return c->live ? (uint64_t)getpid() : found->last.boot + 1;
}

static int read_key(struct flowlog *l, const struct flowlog_config *c, char *err, size_t err_size)
{
	char pub[PATH_MAX], name[KEY_NAME_MAX + 1];
	struct key_public p;

	if (c->dir == NULL || c->key == NULL)
		return 0;
	snprintf(name, sizeof(name), "%.*s", KEY_NAME_MAX, c->gateway);
	snprintf(pub, sizeof(pub), "%s.pub", c->key);
	if (access(pub, F_OK) == 0) { // the name that the key was made with
		if (!key_read_public(pub, &p, err, err_size))
			return -EINVAL;
		memcpy(name, p.name, sizeof(name));
	}
	l->key = key_read_private(c->key, name, err, err_size);
	return l->key != NULL ? 0 : -EINVAL;
}

// How the key took over from the one before goes into the log, once.
static int note_rotation(const struct flowlog_config *c, char *err, size_t err_size)
{
	char path[PATH_MAX];
	int dir_fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	size_t len, have_len;
	char *text, *have;

	snprintf(path, sizeof(path), "%s.rotation", c->key);
	text = folder_read(AT_FDCWD, path, NOTE_MAX, &len);
	have = folder_read(dir_fd, FILE_ROTATIONS, ROTATION_MAX_KEYS * NOTE_MAX, &have_len);
	if (text != NULL && (have == NULL || memmem(have, have_len, text, len) == NULL))
		rc = disk_append(dir_fd, FILE_ROTATIONS, text, len, true);
	if (rc != 0)
		snprintf(err, err_size, "%s/" FILE_ROTATIONS ": %s", c->dir, strerror(-rc));
	free(text);
	free(have);
	if (dir_fd >= 0)
		close(dir_fd);
	return rc;
}

static int open_sealer(
	struct flowlog *l, const struct flowlog_config *c, char *err, size_t err_size)
{
	const struct sealer_config sc = {
		.store = {.dir = c->dir,
			.origin = c->gateway,
			.key = l->key,
			.segment_bytes = c->segment_bytes,
			.segment_us = l->segment_us,
			.sync_ns = c->sync_ms * 1000000ll,
			.checkpoint_us = c->live ? CHECKPOINT_US : 0,
			.retain_us = c->retain_days * 86400000000ll,
			.retain_bytes = c->retain_bytes,
			.steady = c->steady,
			.steady_ctx = c->steady_ctx},
		.records = c->records,
		.threaded = c->live,
	};
	struct store_found found;

	l->sealer = sealer_open(&sc, &found, err, err_size);
	if (l->sealer == NULL)
		return -EIO;
	if (found.any && strcmp(found.last.gw, l->entry.gw) != 0) {
		uint64_t none;

		snprintf(err, err_size, "%s: holds the log of gateway %s; choose another directory",
			c->dir, found.last.gw);
		sealer_close(l->sealer, 0, &none);
		return -EINVAL;
	}
	if (l->key != NULL && note_rotation(c, err, err_size) != 0) {
		uint64_t none;

		sealer_close(l->sealer, 0, &none);
		return -EIO;
	}
	l->progress = sealer_progress(l->sealer);
	resume(l, &found);
	l->entry.boot = boot_id(l, c, &found);
	progress_next(l->progress, l->next_seq);
	progress_waiting(l->progress, 0);
	return 0;
}

static int open_captures(
	struct flowlog *l, const struct flowlog_config *c, char *err, size_t err_size)
{
	const struct capture_files_config cc = {
		.dir = c->dir,
		.gateway = c->gateway,
		.max_bytes = c->capture_bytes != 0 ? c->capture_bytes : 1ull << 30,
		.max_per_s = c->captures_per_s != 0 ? c->captures_per_s : 100,
	};

	if (c->dir == NULL)
		return 0;
	l->captures = capture_files_open(&cc, err, err_size);
	return l->captures != NULL ? 0 : -EIO;
}

void flowlog_name_data(struct flowlog *l, const struct notice_start *n)
{
	struct hasher *h = sealer_hasher(l->sealer);
	struct json_out j = {l->entry.dpi, l->entry.dpi + ENTRY_TEXT_MAX - 1, false};
	size_t len = 0, used = 0;
	char *all;

	if (h == NULL) {
		return;
	}
	json_put_string(&j, n->dpi != NULL ? n->dpi : "", n->dpi != NULL ? strlen(n->dpi) : 0);
	if (j.full) {
		strcpy(l->entry.dpi, "\"\"");
	} else {
		*j.p = '\0';
	}
	for (unsigned i = 0; i < n->n_db; i++) {
		len += strlen(n->db[i]) + 1;
	}
	all = malloc(len + 1);
	if (len == 0 || all == NULL) { // zeros: not known
		free(all);
		return;
	}
	for (unsigned i = 0; i < n->n_db; i++) {
		used += (size_t)sprintf(all + used, "%s\n", n->db[i]);
	}
	hash_bytes(h, all, used, &l->entry.db);
	free(all);
}

void flowlog_release(struct flowlog *l)
{
	capture_files_close(l->captures);
	key_free(l->key);
	free(l->gateway);
	free(l->dir);
	free(l->records);
	free(l);
}

static int prepare(struct flowlog *l, const struct flowlog_config *c, char *err, size_t err_size)
{
	if (c->dir == NULL && c->records == NULL) {
		snprintf(err, err_size, "the flow log has neither a directory nor a file to go to");
		return -EINVAL;
	}
	l->gateway = gateway_json(c->gateway, &l->source.gateway_len);
	l->dir = c->dir != NULL ? strdup(c->dir) : NULL;
	l->records = c->records != NULL ? strdup(c->records) : NULL;
	if (l->gateway == NULL || (c->dir != NULL && l->dir == NULL) ||
		(c->records != NULL && l->records == NULL)) {
		snprintf(err, err_size, "out of memory for the flow log");
		return -ENOMEM;
	}
	if (l->source.gateway_len >= ENTRY_TEXT_MAX || c->gateway[0] == '\0') {
		snprintf(err, err_size, "\"%.40s\": no name for a gateway", c->gateway);
		return -EINVAL;
	}
	l->source.gateway = l->gateway;
	l->source.words = c->words;
	l->live = c->live;
	l->block_us = (c->block_ms != 0 ? c->block_ms : BLOCK_MS) * 1000ll;
	l->segment_us = (c->segment_s != 0 ? c->segment_s : SEGMENT_S) * 1000000ll;
	memcpy(l->entry.gw, l->gateway, l->source.gateway_len);
	strcpy(l->entry.dpi, "\"\"");
	return read_key(l, c, err, err_size);
}

struct flowlog *flowlog_open(const struct flowlog_config *c, char *err, size_t err_size)
{
	struct flowlog *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		snprintf(err, err_size, "out of memory for the flow log");
		return NULL;
	}
	if (prepare(l, c, err, err_size) != 0 || open_captures(l, c, err, err_size) != 0 ||
		open_sealer(l, c, err, err_size) != 0) {
		flowlog_release(l);
		return NULL;
	}
	return l;
}
