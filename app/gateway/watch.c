// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Takes the policy's file when it changes: configuration management or a git pull writes it, many
// gateways take the same signed file. The folder is watched, because files are replaced rather than
// written; what counts is that the file or its signature is another one than before. A change is
// taken when both have been quiet for a moment, so that a policy is not read without its signature.

#include "app/gateway/gateway_policy.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUIET_US 500000
#define LOOK_US  5000000 // without an event: folders behind links, network file systems

struct stamp {
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct policy_watch {
	int fd; // inotify
	char policy[PATH_MAX], sig[PATH_MAX];
	struct stamp stamps[2];
	int64_t moved_at; // when something changed that was not taken yet, 0: nothing
	int64_t looked_at;
};

static struct stamp stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct stamp){0};
	return (struct stamp){st.st_ino, st.st_size, st.st_mtim};
}

static bool same(const struct stamp *a, const struct stamp *b)
{
	return a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

int gateway_watch_open(struct gateway *g)
{
	char folder[PATH_MAX];
	struct policy_watch *w;

	if (!g->config.policy_watch)
		return 0;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return -ENOMEM;
	snprintf(w->policy, sizeof(w->policy), "%s", g->config.policy);
	if ((size_t)snprintf(w->sig, sizeof(w->sig), "%s.sig", g->config.policy) >=
		sizeof(w->sig)) {
		free(w);
		return -ENAMETOOLONG;
	}
	w->stamps[0] = stamp_of(w->policy);
	w->stamps[1] = stamp_of(w->sig);
	snprintf(folder, sizeof(folder), "%s", g->config.policy);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0 || inotify_add_watch(w->fd, dirname(folder),
				 IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE) < 0)
		fprintf(stderr,
			"bridgehead: WARNING: %s cannot be watched (%s); it is looked at every %d "
			"s\n",
			g->config.policy, strerror(errno), LOOK_US / 1000000);
	g->watch = w;
	return 0;
}

static bool has_event(struct policy_watch *w)
{
	char buf[4096] __attribute__((aligned(8)));
	bool any = false;

	while (w->fd >= 0 && read(w->fd, buf, sizeof(buf)) > 0)
		any = true; // which file it was tells the stamp
	return any;
}

void gateway_watch_poll(struct gateway *g)
{
	struct policy_watch *w = g->watch;
	struct stamp now[2];
	int64_t t = gateway_now();

	if (w == NULL || (!has_event(w) && w->moved_at == 0 && t - w->looked_at < LOOK_US &&
				 t >= w->looked_at))
		return;
	w->looked_at = t;
	now[0] = stamp_of(w->policy);
	now[1] = stamp_of(w->sig);
	if (!same(&now[0], &w->stamps[0]) || !same(&now[1], &w->stamps[1])) {
		w->stamps[0] = now[0];
		w->stamps[1] = now[1];
		w->moved_at = t;
		return;
	}
	if (w->moved_at == 0 || (t - w->moved_at < QUIET_US && t >= w->moved_at))
		return;
	w->moved_at = 0;
	gateway_policy_reload(g, "watch", NULL);
}

void gateway_watch_close(struct gateway *g)
{
	if (g->watch == NULL)
		return;
	if (g->watch->fd >= 0)
		close(g->watch->fd);
	free(g->watch);
	g->watch = NULL;
}
