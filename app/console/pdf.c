// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_S 120

extern char **environ;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

// The browser in PATH. posix_spawnp() would find it too, but its error does not tell "none at all".
static const char *find_browser(char out[PATH_MAX])
{
	static const char *const names[] = {"chromium", "chromium-browser", "google-chrome"};
	const char *path = getenv("PATH");

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (const char *dir = path; dir != NULL && *dir != '\0';) {
			const size_t len = strcspn(dir, ":");

			if (snprintf(out, PATH_MAX, "%.*s/%s", (int)len, dir, names[i]) <
					PATH_MAX &&
				access(out, X_OK) == 0) {
				return out;
			}
			dir += len + (dir[len] == ':');
		}
	}
	return NULL;
}

static int start(
	const char *browser, const char *profile, const char *html, const char *pdf, pid_t *pid)
{
	char user_data[PATH_MAX + 32], print[PATH_MAX + 32], url[PATH_MAX + 32];
	// As root Chromium refuses its sandbox; the page is our own and has no script.
	const char *argv[] = {browser, "--headless", "--disable-gpu", "--disable-extensions",
		"--disable-background-networking", "--no-first-run", "--no-pdf-header-footer",
		user_data, print, url, geteuid() == 0 ? "--no-sandbox" : NULL, NULL};
	posix_spawn_file_actions_t files;
	int rc;

	snprintf(user_data, sizeof(user_data), "--user-data-dir=%s", profile);
	snprintf(print, sizeof(print), "--print-to-pdf=%s", pdf);
	snprintf(url, sizeof(url), "file://%s", html);
	rc = posix_spawn_file_actions_init(&files);
	if (rc != 0) {
		return -rc;
	}
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	rc = posix_spawn(pid, browser, &files, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return -rc;
}

// Its exit status, or -ETIMEDOUT.
static int wait_for(pid_t pid)
{
	const struct timespec pause = {0, 50000000};

	for (unsigned i = 0; i < TIMEOUT_S * 20; i++) {
		int status;

		if (waitpid(pid, &status, WNOHANG) == pid) {
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		}
		nanosleep(&pause, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -ETIMEDOUT;
}

static bool is_pdf(const char *path)
{
	FILE *f = fopen(path, "re");
	char head[5] = "";
	const bool is = f != NULL && fread(head, 1, 5, f) == 5 && memcmp(head, "%PDF-", 5) == 0;

	if (f != NULL) {
		fclose(f);
	}
	return is;
}

int pdf_print(const char *html, const char *pdf, char *err, size_t err_size)
{
	char browser[PATH_MAX], from[PATH_MAX], to[PATH_MAX + 8];
	char profile[] = "/tmp/bhlog-pdf-XXXXXX";
	pid_t pid;
	int rc;

	if (find_browser(browser) == NULL) {
		snprintf(err, err_size,
			"--pdf needs Chromium, which is not installed (Debian package chromium); "
			"the "
			"HTML report prints the same from any browser");
		return -ENOENT;
	}
	snprintf(to, sizeof(to), "%s.new", pdf);
	if (realpath(html, from) == NULL || mkdtemp(profile) == NULL) {
		rc = -errno;
		snprintf(err, err_size, "%s: %s", html, strerror(-rc));
		return rc;
	}
	rc = start(browser, profile, from, to, &pid);
	if (rc == 0) {
		rc = wait_for(pid);
	}
	nftw(profile, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (rc == 0 && is_pdf(to) && rename(to, pdf) == 0) {
		return 0;
	}
	unlink(to);
	snprintf(err, err_size, "%s: %s did not print it (%s)", pdf, browser,
		rc == -ETIMEDOUT ? "it took too long"
		: rc < 0         ? strerror(-rc)
		: rc > 0         ? "it failed"
				 : "no PDF came");
	return rc < 0 ? rc : -EIO;
}
