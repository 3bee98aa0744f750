// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the configuration names outside itself, tried before anything begins: a finding where it
// stands in the configuration, not a line of some part that failed later.

#include "app/gateway/gateway_files.h"

#include "app/gateway/config_read.h"
#include "app/keys/key.h"
#include "drivers/eal/devargs.h"
#include "drivers/eal/interface.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAKE_FOLDER "mkdir -p -m 0750 %s"

// ---- files that are read

static void check_file(
	struct cfg *c, const char *parent, const char *key, const char *path, const char *hint)
{
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		cfg_error(c, parent, key, hint, "%s: cannot be opened: %s", path, strerror(errno));
	else if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		cfg_error(c, parent, key, "name a file in it", "%s: is a folder", path);
	if (fd >= 0)
		close(fd);
}

static void check_databases(struct cfg *c, const char *pointer, const struct gateway_strings *s)
{
	char key[24];

	for (size_t i = 0; i < s->n; i++) {
		snprintf(key, sizeof(key), "%zu", i);
		check_file(c, pointer, key, s->v[i], NULL);
	}
}

static void check_policy_keys(struct cfg *c, const struct gateway_strings *s)
{
	struct key_public ignored;
	char key[24], err[400];

	for (size_t i = 0; i < s->n; i++) {
		snprintf(key, sizeof(key), "%zu", i);
		if (!key_read_public(s->v[i], &ignored, err, sizeof(err)))
			cfg_error(c, "/policy_keys", key,
				"the line that bhctl keygen prints, or its .pub file", "%s", err);
	}
}

// The name that the key signs by stands in the .pub.
bool gateway_log_key_good(const struct gateway_config *g, bool *beside, char *err, size_t err_size)
{
	char pub[PATH_MAX];
	struct key_public ignored;
	struct key_private *k = key_read_private(g->log.key, g->name, err, err_size);

	*beside = k != NULL;
	key_free(k);
	snprintf(pub, sizeof(pub), "%s.pub", g->log.key);
	return *beside && (access(pub, F_OK) != 0 || key_read_public(pub, &ignored, err, err_size));
}

static void check_log_key(struct cfg *c, const struct gateway_config *g)
{
	char err[400];
	bool beside;

	if (g->log.key != NULL && !gateway_log_key_good(g, &beside, err, sizeof(err)))
		cfg_error(c, "/log", "key",
			beside ? "it is what bhctl keygen puts beside the key"
			       : "bhctl keygen makes one; without \"key\" the log is not signed",
			"%s", err);
}

// ---- folders that are written

void gateway_folder_of(const char *path, char *out, size_t size)
{
	char *slash;

	snprintf(out, size, "%s", path);
	for (size_t n = strlen(out); n > 1 && out[n - 1] == '/'; n--)
		out[n - 1] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL)
		snprintf(out, size, ".");
	else
		slash[slash == out] = '\0';
}

// What is not there the gateway makes, but not the folders above it.
static void check_folder(struct cfg *c, const char *parent, const char *key, const char *path)
{
	char above[PATH_MAX], hint[PATH_MAX + 32];
	struct stat st;

	snprintf(hint, sizeof(hint), MAKE_FOLDER, path);
	gateway_folder_of(path, above, sizeof(above));
	if (stat(path, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			cfg_error(c, parent, key, "name a folder", "%s: is no folder", path);
		else if (eaccess(path, R_OK | W_OK | X_OK) != 0)
			cfg_error(c, parent, key, "the gateway writes to it",
				"%s: cannot be written by user %u: %s", path, (unsigned)geteuid(),
				strerror(errno));
	} else if (errno != ENOENT) {
		cfg_error(c, parent, key, NULL, "%s: %s", path, strerror(errno));
	} else if (stat(above, &st) != 0) {
		cfg_error(c, parent, key, hint,
			"neither %s nor %s is there, and the gateway makes the last folder only",
			path, above);
	} else if (!S_ISDIR(st.st_mode) || eaccess(above, W_OK | X_OK) != 0) {
		cfg_error(c, parent, key, hint, "%s: is not there and cannot be made: %s", path,
			S_ISDIR(st.st_mode) ? strerror(errno) : strerror(ENOTDIR));
	}
}

bool gateway_same_folder(const char *a, const char *b)
{
	struct stat x, y;

	if (stat(a, &x) == 0 && stat(b, &y) == 0)
		return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
	return strcmp(a, b) == 0;
}

static void check_socket(struct cfg *c, const char *path)
{
	char folder[PATH_MAX];
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		cfg_error(c, "", "control_socket", "name a path where nothing is, or an old socket",
			"%s: is there and is no socket", path);
		return;
	}
	gateway_folder_of(path, folder, sizeof(folder));
	check_folder(c, "", "control_socket", folder);
}

// ---- frames

static void check_ring(struct cfg *c, const char *key, const char *dev, int mtu)
{
	long framesz = devargs_number(dev, "framesz", INTERFACE_AF_PACKET_FRAMESZ);
	long blocksz = devargs_number(dev, "blocksz", INTERFACE_AF_PACKET_BLOCKSZ);
	const int want = interface_af_packet_framesz(mtu), most = interface_af_packet_most(mtu);
	char hint[128];

	switch (interface_af_packet_ring(framesz, blocksz, mtu, mtu)) {
	case INTERFACE_RING_FITS:
		break;
	case INTERFACE_RING_SLOT_SHORT:
		snprintf(hint, sizeof(hint), "set framesz=%d,blocksz=%ld there", want,
			interface_blocksz(want));
		cfg_error(c, "/eal", key, hint,
			"frames of %ld bytes (framesz) have no room for workers.mtu, %d", framesz,
			mtu);
		break;
	case INTERFACE_RING_SLOT_LONG:
		snprintf(hint, sizeof(hint), "set workers.mtu to the MTU that they are for");
		if (mtu != 0)
			snprintf(hint, sizeof(hint), "set framesz=%d there", want);
		cfg_error(c, "/eal", key, hint,
			"frames of %ld bytes (framesz) have no room in the gateway's buffers, %d "
			"for workers.mtu %d",
			framesz, most, mtu);
		break;
	case INTERFACE_RING_BLOCK_SHORT:
		snprintf(hint, sizeof(hint), "set blocksz=%ld there", interface_blocksz(framesz));
		cfg_error(c, "/eal", key, hint,
			"blocks of %ld bytes (blocksz) have no room for a frame of %ld (framesz)",
			blocksz, framesz);
		break;
	}
}

// Where workers.mtu leaves the interfaces' MTU as it is, bridgehead doctor tells.
static void check_rings(struct cfg *c, const struct gateway_config *g)
{
	char key[24];

	for (size_t i = 0; i < g->eal.n_vdevs; i++) {
		const struct gateway_vdev *v = &g->eal.vdevs[i];

		if (strncmp(v->name, "net_af_packet", 13) != 0)
			continue;
		snprintf(key, sizeof(key), "%zu", v->arg);
		check_ring(c, key, v->text, (int)g->workers.mtu);
	}
}

// ---- all

static void check_all(struct cfg *c, const struct gateway_config *g)
{
	check_file(c, "", "policy", g->policy, NULL);
	check_folder(c, "", "state_dir", g->state_dir);
	check_folder(c, "/log", "dir", g->log.dir);
	check_socket(c, g->control_socket);
	if (gateway_same_folder(g->log.dir, g->state_dir))
		cfg_error(c, "/log", "dir", "give each a folder of its own",
			"%s: is state_dir, too", g->log.dir);
}

int gateway_check_files(const struct gateway_config *g, bool all, struct diag_list *diag)
{
	struct jsondoc doc;
	struct cfg c = {.doc = &doc};
	int rc = jsondoc_file(&doc, g->path, diag);

	if (rc == 0) {
		check_rings(&c, g);
		check_databases(&c, "/country_db", &g->country_db);
		check_databases(&c, "/asn_db", &g->asn_db);
		check_policy_keys(&c, &g->policy_keys);
		check_log_key(&c, g);
		if (all)
			check_all(&c, g);
		diag_sort(diag, 0);
		rc = diag_failed(diag) ? -EINVAL : 0;
	}
	jsondoc_free(&doc);
	return rc;
}
