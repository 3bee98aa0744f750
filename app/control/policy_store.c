// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/policy_store.h"
#include "app/control/state_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT       "policy-state/1"
#define FILE_MAX     (64u << 20)
#define KEEP         100
#define ATTEMPTS_MAX (4u << 20)
#define ANY_VERSION  ULONG_MAX

void stored_policy_free(struct stored_policy *p)
{
	free(p->text);
	free(p->sig);
	free(p->how);
	free(p->who);
	memset(p, 0, sizeof(*p));
}

static void path_of(char out[PATH_MAX], const char *state_dir, const char *name)
{
	snprintf(out, PATH_MAX, "%s/policy%s%s", state_dir, *name != '\0' ? "/" : "", name);
}

static int make(const char *path)
{
	return mkdir(path, 0750) == 0 || errno == EEXIST ? 0 : -errno;
}

int policy_store_open(const char *state_dir)
{
	char path[PATH_MAX];
	int rc = make(state_dir);

	path_of(path, state_dir, "");
	if (rc == 0)
		rc = make(path);
	path_of(path, state_dir, "history");
	return rc == 0 ? make(path) : rc;
}

// NNNNNNNN-vVERSION.json
static bool parse_name(const char *name, unsigned long *number, unsigned long *version)
{
	char *end;

	*number = strtoul(name, &end, 10);
	if (end != name + 8 || strncmp(end, "-v", 2) != 0)
		return false;
	*version = strtoul(end + 2, &end, 10);
	return strcmp(end, ".json") == 0;
}

struct scan {
	unsigned long highest, lowest,
		found; // numbers; found: the highest of what was asked for
	size_t n;
	char found_name[64], lowest_name[64];
};

// Asks for a version with a number below.
static int scan_history(
	const char *state_dir, unsigned long version, unsigned long below, struct scan *s)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d;

	memset(s, 0, sizeof(*s));
	path_of(path, state_dir, "history");
	d = opendir(path);
	if (d == NULL)
		return -errno;
	while ((e = readdir(d)) != NULL) {
		unsigned long number, v;

		if (strlen(e->d_name) >= sizeof(s->found_name) ||
			!parse_name(e->d_name, &number, &v))
			continue;
		if (number > s->highest)
			s->highest = number;
		if (s->n++ == 0 || number < s->lowest) {
			s->lowest = number;
			strcpy(s->lowest_name, e->d_name);
		}
		if ((v == version || version == ANY_VERSION) && number < below &&
			number >= s->found) {
			s->found = number;
			strcpy(s->found_name, e->d_name);
		}
	}
	closedir(d);
	return 0;
}

static char *dump(const struct stored_policy *p)
{
	json_t *o = json_pack("{s:s, s:I, s:s, s:s?, s:I, s:s?, s:s%}", "format", FORMAT, "t",
		(json_int_t)p->t, "how", p->how, "who", p->who, "version", (json_int_t)p->version,
		"sig", p->sig, "text", p->text, p->len);
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	return text;
}

static int write_text(const char *state_dir, const char *name, const char *text)
{
	char path[PATH_MAX];

	path_of(path, state_dir, name);
	return state_file_write(path, text, strlen(text));
}

int policy_store_put(const char *state_dir, const struct stored_policy *p)
{
	char name[64], path[PATH_MAX];
	struct scan s;
	char *text = dump(p);
	int rc;

	if (text == NULL)
		return -ENOMEM;
	rc = scan_history(state_dir, ANY_VERSION, ULONG_MAX, &s);
	if (rc == 0) {
		snprintf(name, sizeof(name), "history/%08lu-v%u.json",
			(s.highest + 1) % 100000000ul, p->version);
		rc = write_text(state_dir, name, text);
	}
	if (rc == 0)
		rc = write_text(state_dir, "current.json", text);
	if (rc == 0 && s.n >= KEEP) {
		snprintf(name, sizeof(name), "history/%.48s", s.lowest_name);
		path_of(path, state_dir, name);
		unlink(path);
	}
	free(text);
	return rc;
}

static int load(const char *state_dir, const char *file, struct stored_policy *out)
{
	size_t len, text_len;
	char path[PATH_MAX], *data;
	const char *format, *how, *text;
	json_t *o, *who, *sig; // strings or null
	json_int_t t, version;
	int rc = -EINVAL;

	memset(out, 0, sizeof(*out));
	path_of(path, state_dir, file);
	data = state_file_read(path, FILE_MAX, &len);
	if (data == NULL)
		return errno == ENOENT ? -ENOENT : -EINVAL;
	o = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	free(data);
	if (o != NULL &&
		json_unpack(o, "{s:s, s:I, s:s, s:o, s:I, s:o, s:s%}", "format", &format, "t", &t,
			"how", &how, "who", &who, "version", &version, "sig", &sig, "text", &text,
			&text_len) == 0 &&
		strcmp(format, FORMAT) == 0) {
		out->t = t;
		out->version = (uint32_t)version;
		out->how = strdup(how);
		out->who = json_is_string(who) ? strdup(json_string_value(who)) : NULL;
		out->sig = json_is_string(sig) ? strdup(json_string_value(sig)) : NULL;
		out->text = malloc(text_len + 1);
		out->len = text_len;
		rc = out->how != NULL && out->text != NULL ? 0 : -EINVAL;
		if (out->text != NULL)
			memcpy(out->text, text, text_len + 1);
	}
	json_decref(o);
	if (rc < 0)
		stored_policy_free(out);
	return rc;
}

int policy_store_current(const char *state_dir, struct stored_policy *out)
{
	return load(state_dir, "current.json", out);
}

int policy_store_put_candidate(const char *state_dir, const struct stored_policy *p)
{
	char *text = dump(p);
	int rc = text != NULL ? write_text(state_dir, "candidate.json", text) : -ENOMEM;

	free(text);
	return rc;
}

int policy_store_candidate(const char *state_dir, struct stored_policy *out)
{
	return load(state_dir, "candidate.json", out);
}

int policy_store_drop_candidate(const char *state_dir)
{
	char path[PATH_MAX];

	path_of(path, state_dir, "candidate.json");
	return state_file_remove(path);
}

int policy_store_get(const char *state_dir, uint32_t version, struct stored_policy *out)
{
	char name[80];
	struct scan s;

	memset(out, 0, sizeof(*out));
	if (scan_history(state_dir, version, ULONG_MAX, &s) < 0 || s.found_name[0] == '\0')
		return -ENOENT;
	snprintf(name, sizeof(name), "history/%.63s", s.found_name);
	return load(state_dir, name, out);
}

int policy_store_back(
	const char *state_dir, uint32_t version, unsigned long *number, struct stored_policy *out)
{
	char name[80];
	struct scan s;

	memset(out, 0, sizeof(*out));
	if (scan_history(state_dir, version != 0 ? version : ANY_VERSION, *number, &s) < 0 ||
		s.found_name[0] == '\0')
		return -ENOENT;
	*number = s.found;
	snprintf(name, sizeof(name), "history/%.63s", s.found_name);
	return load(state_dir, name, out) < 0 ? -EINVAL : 0;
}

int policy_store_set_aside(const char *state_dir)
{
	char path[PATH_MAX], aside[PATH_MAX];

	path_of(path, state_dir, "current.json");
	path_of(aside, state_dir, "current.json.damaged");
	return rename(path, aside) < 0 ? -errno : 0;
}

// A crash may have left half a line; the next one must not become part of it.
static void end_torn_line(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last;

	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n' &&
		write(fd, "\n", 1) < 0)
		return; // what follows will fail too, and say so
}

int policy_store_note(const char *state_dir, const json_t *attempt)
{
	char path[PATH_MAX], old[PATH_MAX], *line = json_dumps(attempt, JSON_COMPACT), *with_end;
	struct stat st;
	int fd, rc = 0;
	size_t n;

	if (line == NULL)
		return -ENOMEM;
	path_of(path, state_dir, "attempts.jsonl");
	path_of(old, state_dir, "attempts.1.jsonl");
	if (stat(path, &st) == 0 && st.st_size > (off_t)ATTEMPTS_MAX)
		rename(path, old); // one older file is kept
	n = strlen(line);
	with_end = realloc(line, n + 2);
	if (with_end == NULL) {
		free(line);
		return -ENOMEM;
	}
	with_end[n] = '\n';
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0) {
		rc = -errno;
	} else {
		end_torn_line(fd);
		if (write(fd, with_end, n + 1) != (ssize_t)(n + 1) || fdatasync(fd) < 0)
			rc = errno != 0 ? -errno : -EIO;
		close(fd);
	}
	free(with_end);
	return rc;
}

// Lines that are not whole (a crash while one was written) are passed over.
static void add_lines(json_t *to, const char *path)
{
	size_t len, n;
	char *data = state_file_read(path, 2 * ATTEMPTS_MAX, &len);

	for (char *at = data; at != NULL && *at != '\0'; at += n) {
		json_t *o;

		n = strcspn(at, "\n");
		o = json_loadb(at, n, 0, NULL);
		if (json_is_object(o))
			json_array_append_new(to, o);
		else
			json_decref(o);
		n += at[n] == '\n';
	}
	free(data);
}

json_t *policy_store_attempts(const char *state_dir, size_t n)
{
	json_t *all = json_array(), *last = json_array();
	char path[PATH_MAX];
	size_t size;

	path_of(path, state_dir, "attempts.1.jsonl");
	add_lines(all, path);
	path_of(path, state_dir, "attempts.jsonl");
	add_lines(all, path);
	size = json_array_size(all);
	for (size_t i = size > n ? size - n : 0; i < size; i++)
		json_array_append(last, json_array_get(all, i));
	json_decref(all);
	return last;
}
