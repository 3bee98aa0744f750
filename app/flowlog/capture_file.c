// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/capture_file.h"
#include "app/flowlog/flow_capture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_SECTION   0x0a0d0d0au
#define BLOCK_INTERFACE 0x00000001u
#define BLOCK_PACKET    0x00000006u
#define OPTION_COMMENT  1
#define OPTION_USERAPPL 4

#define NAME      64   // of a file
#define NAMES_MAX 1000 // of one second and id

struct capture_files {
	char dir[PATH_MAX], *gateway;
	uint64_t max_bytes, present; // bytes in the folder
	uint32_t max_per_s, this_second;
	int64_t second; // of records' time
	struct capture_files_stats stats;
};

// What the folder holds already counts.
static uint64_t bytes_in(const char *dir)
{
	DIR *d = opendir(dir);
	uint64_t sum = 0;
	struct dirent *e;
	struct stat st;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	if (d != NULL)
		closedir(d);
	return sum;
}

struct capture_files *capture_files_open(
	const struct capture_files_config *c, char *err, size_t err_size)
{
	struct capture_files *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->gateway = strdup(c->gateway)) == NULL ||
		(size_t)snprintf(f->dir, sizeof(f->dir), "%s/captures", c->dir) >=
			sizeof(f->dir) - 80) {
		snprintf(err, err_size, "captures: no memory, or the path is too long");
		capture_files_close(f);
		return NULL;
	}
	f->max_bytes = c->max_bytes;
	f->max_per_s = c->max_per_s;
	f->present = bytes_in(f->dir);
	return f;
}

void capture_files_close(struct capture_files *f)
{
	if (f == NULL)
		return;
	free(f->gateway);
	free(f);
}

struct out {
	uint8_t *data;
	size_t n;
};

static void put(struct out *o, const void *data, size_t n)
{
	memcpy(o->data + o->n, data, n);
	o->n += n;
}

static void put16(struct out *o, uint16_t v)
{
	put(o, &v, sizeof(v));
}

static void put32(struct out *o, uint32_t v)
{
	put(o, &v, sizeof(v));
}

static void pad(struct out *o)
{
	while (o->n % 4 != 0)
		o->data[o->n++] = 0;
}

static void put_option(struct out *o, uint16_t code, const char *text)
{
	size_t n = strlen(text);

	put16(o, code);
	put16(o, (uint16_t)n);
	put(o, text, n);
	pad(o);
}

// The length stands at both ends of a block.
static void end_block(struct out *o, size_t begin)
{
	uint32_t len = (uint32_t)(o->n + 4 - begin);

	memcpy(o->data + begin + 4, &len, 4);
	put32(o, len);
}

static void put_head(struct out *o, const struct capture_files *f, const struct record *r)
{
	char comment[256];
	size_t begin = o->n;

	put32(o, BLOCK_SECTION);
	put32(o, 0);
	put32(o, 0x1a2b3c4d); // byte order
	put16(o, 1);
	put16(o, 0);
	put32(o, UINT32_MAX); // length of the section: not told
	put32(o, UINT32_MAX);
	snprintf(comment, sizeof(comment), "gateway %.64s, flow %016" PRIx64 "%s", f->gateway,
		r->fid,
		r->capture->truncated ? "; fewer packets than the rule asks for: no memory was left"
				      : "");
	put_option(o, OPTION_COMMENT, comment);
	put_option(o, OPTION_USERAPPL, "Bridgehead " BRIDGEHEAD_VERSION);
	put32(o, 0); // end of options
	end_block(o, begin);
	begin = o->n;
	put32(o, BLOCK_INTERFACE);
	put32(o, 0);
	put16(o, r->capture->dlt);
	put16(o, 0);
	put32(o, r->capture->snap);
	end_block(o, begin);
}

static void put_packet(struct out *o, const struct flow_capture *c, struct flow_capture_cursor *at,
	const struct flow_capture_packet *p)
{
	const uint32_t len = p->len < c->snap ? p->len : c->snap;
	const size_t begin = o->n;

	put32(o, BLOCK_PACKET);
	put32(o, 0);
	put32(o, 0); // interface
	put32(o, (uint32_t)((uint64_t)p->t >> 32));
	put32(o, (uint32_t)p->t);
	put32(o, len);
	put32(o, p->wire_len > p->len ? p->wire_len : p->len);
	flow_capture_read(c, at, o->data + o->n, p->len);
	o->n += len; // the rest is written over
	pad(o);
	end_block(o, begin);
}

static bool format(const struct capture_files *f, const struct record *r, struct out *o)
{
	const struct flow_capture *c = r->capture;
	struct flow_capture_cursor at = {0};
	struct flow_capture_packet p;

	o->n = 0;
	o->data = malloc(1024 + (size_t)c->bytes + 40 * (size_t)c->packets);
	if (o->data == NULL)
		return false;
	put_head(o, f, r);
	for (unsigned i = 0; i < c->max && flow_capture_read(c, &at, &p, sizeof(p)); i++)
		put_packet(o, c, &at, &p);
	return true;
}

static bool write_file(const struct capture_files *f, const char *name, const struct out *o)
{
	char path[PATH_MAX], tmp[PATH_MAX];
	bool good;
	int fd;

	if (mkdir(f->dir, 0750) < 0 && errno != EEXIST)
		return false;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", f->dir, name) >= sizeof(path) ||
		(size_t)snprintf(tmp, sizeof(tmp), "%s/%s.new", f->dir, name) >= sizeof(tmp))
		return false;
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return false;
	good = write(fd, o->data, o->n) == (ssize_t)o->n;
	good = close(fd) == 0 && good && rename(tmp, path) == 0;
	if (!good)
		unlink(tmp);
	return good;
}

static bool holds(const char *path, const struct out *o)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	uint8_t *have = malloc(o->n + 1);
	const bool same = fd >= 0 && have != NULL && read(fd, have, o->n + 1) == (ssize_t)o->n &&
			  memcmp(have, o->data, o->n) == 0;

	free(have);
	if (fd >= 0)
		close(fd);
	return same;
}

// A name that no other capture has: a record vouches for what stands under it, and flows are
// numbered anew in each run. *there: this one stands under it already, as a replay writes it again.
static bool choose_name(const struct capture_files *f, const char *stem, const struct out *o,
	char name[NAME], bool *there)
{
	char path[PATH_MAX];
	struct stat st;

	*there = false;
	for (unsigned n = 1; n <= NAMES_MAX; n++) {
		snprintf(name, NAME, n == 1 ? "%s.pcapng" : "%s-%u.pcapng", stem, n);
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", f->dir, name) >= sizeof(path))
			return false;
		if (lstat(path, &st) != 0)
			return true; // what else is wrong writing it finds out
		*there = holds(path, o);
		if (*there)
			return true;
	}
	return false;
}

// So that a scan that meets a capturing rule cannot fill the disk or hold up the log.
static bool within_bounds(struct capture_files *f, int64_t t, size_t bytes)
{
	if (t / 1000000 != f->second) {
		f->second = t / 1000000;
		f->this_second = 0;
	}
	if (f->this_second >= f->max_per_s || f->present + bytes > f->max_bytes)
		return false;
	f->this_second++;
	return true;
}

bool capture_files_save(
	struct capture_files *f, const struct record *r, char out[CAPTURE_FILE_TEXT])
{
	time_t at = (time_t)(r->t0 / 1000000);
	uint8_t sha[SHA256_DIGEST_LENGTH];
	char stem[NAME / 2 + 8], name[NAME], when[32];
	struct out o;
	struct tm tm;
	bool there;
	int n;

	if (!within_bounds(f, r->t1, r->capture->bytes)) {
		f->stats.shed++;
		return false;
	}
	gmtime_r(&at, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(stem, sizeof(stem), "%.20s-%016" PRIx64, when, r->fid);
	if (!format(f, r, &o) || !choose_name(f, stem, &o, name, &there) ||
		(!there && !write_file(f, name, &o))) {
		f->stats.failed++;
		free(o.data);
		return false;
	}
	SHA256(o.data, o.n, sha);
	if (!there) {
		f->stats.files++;
		f->stats.bytes += o.n;
		f->present += o.n;
	}
	free(o.data);
	n = snprintf(out, CAPTURE_FILE_TEXT, "captures/%s sha256:", name);
	for (unsigned i = 0; i < sizeof(sha); i++)
		n += snprintf(out + n, CAPTURE_FILE_TEXT - (size_t)n, "%02x", sha[i]);
	return true;
}

void capture_files_get_stats(const struct capture_files *f, struct capture_files_stats *out)
{
	*out = f->stats;
}
