// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/progress.h"

#include "app/evidence/crc32c.h"
#include "app/evidence/folder.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE    4096
#define AT_ONCE (1ull << 32) // more numbers are not given in one step

static const char magic[8] = "BHPROG2", before[8] = "BHPROG1"; // which had no check

static bool kernel_boot_id(uint8_t out[16])
{
	char text[64] = "";
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	unsigned n = 0;

	if (f == NULL)
		return false;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	fclose(f);
	for (const char *p = text; *p != '\0' && n < 16; p++) {
		unsigned v;

		if (*p == '-')
			continue;
		if (sscanf(p, "%2x", &v) != 1)
			return false;
		out[n++] = (uint8_t)v;
		p++;
	}
	return n == 16;
}

static uint32_t check_of(const struct progress *p)
{
	return crc32c(p, offsetof(struct progress, check));
}

// One of the two may be of the step before.
static bool take_next(const struct progress *p, uint64_t *next)
{
	const uint64_t a = p->next, b = ~p->not_next;

	*next = a > b ? a : b;
	return (a > b ? a - b : b - a) <= AT_ONCE;
}

static bool take_waiting(const struct progress *p, uint64_t *waiting)
{
	const uint64_t w = p->waiting;

	*waiting = (uint32_t)w;
	return (uint32_t)(w >> 32) == (uint32_t)~w;
}

static bool is_new(const struct progress *p)
{
	static const struct progress zeros;

	return memcmp(p, &zeros, sizeof(zeros)) == 0 ||
	       memcmp(p->magic, before, sizeof(before)) == 0;
}

static void take(const struct progress *p, const uint8_t kernel[16], struct progress_last *last)
{
	if (memcmp(p->magic, magic, sizeof(magic)) != 0 || check_of(p) != p->check ||
		!take_next(p, &last->next) || !take_waiting(p, &last->waiting)) {
		memset(last, 0, sizeof(*last));
		last->damaged = !is_new(p);
		return;
	}
	last->full_since = p->full_since;
	last->clock_left = p->clock_left;
	last->known = kernel != NULL && memcmp(p->kernel, kernel, sizeof(p->kernel)) == 0;
}

static void begin(struct progress *p, const uint8_t kernel[16], const struct progress_last *last)
{
	progress_waiting(p, 0);
	progress_next(p, last->next);
	p->clock_left = last->clock_left;
	memcpy(p->kernel, kernel, sizeof(p->kernel));
	memcpy(p->magic, magic, sizeof(magic));
	progress_full(p, 0);
}

struct progress *progress_open(int dir_fd, struct progress_last *last)
{
	int fd = openat(dir_fd, FILE_PROGRESS, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	struct progress *p = MAP_FAILED, old = {0};
	uint8_t kernel[16] = {0};
	const bool have_kernel = kernel_boot_id(kernel);

	memset(last, 0, sizeof(*last));
	if (fd < 0)
		return NULL;
	if (pread(fd, &old, sizeof(old), 0) > 0)
		take(&old, have_kernel ? kernel : NULL, last);
	// The page must have its place on disk: a store to one that has none kills (SIGBUS).
	if (posix_fallocate(fd, 0, PAGE) == 0)
		p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return NULL;
	begin(p, kernel, last);
	return p;
}

void progress_full(struct progress *p, int64_t since)
{
	if (p != NULL) {
		p->full_since = since;
		p->check = check_of(p);
	}
}

void progress_move(struct progress *p, int dir_fd)
{
	int fd = p != NULL ? openat(dir_fd, FILE_PROGRESS, O_RDWR | O_CREAT | O_CLOEXEC, 0640) : -1;
	void *page = MAP_FAILED;

	if (fd >= 0 && posix_fallocate(fd, 0, PAGE) == 0 && pwrite(fd, p, PAGE, 0) == PAGE)
		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page != MAP_FAILED &&
		mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == MAP_FAILED)
		munmap(page, PAGE);
	if (fd >= 0)
		close(fd);
}

void progress_close(struct progress *p)
{
	if (p != NULL)
		munmap(p, PAGE);
}
