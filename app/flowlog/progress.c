// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/progress.h"

#include "app/evidence/folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static const char magic[8] = "BHPROG1";

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

struct progress *progress_open(int dir_fd, struct progress *last, bool *known)
{
	int fd = openat(dir_fd, FILE_PROGRESS, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	struct progress *p = MAP_FAILED;
	uint8_t kernel[16] = {0};
	const bool have_kernel = kernel_boot_id(kernel);
	ssize_t n;

	memset(last, 0, sizeof(*last));
	*known = false;
	if (fd < 0)
		return NULL;
	n = pread(fd, last, sizeof(*last), 0);
	if (n == (ssize_t)sizeof(*last) && memcmp(last->magic, magic, sizeof(magic)) == 0)
		*known = have_kernel && memcmp(last->kernel, kernel, sizeof(kernel)) == 0;
	else
		memset(last, 0, sizeof(*last));
	// The page must have its place on disk: a store to one that has none kills (SIGBUS).
	if (posix_fallocate(fd, 0, PAGE) == 0)
		p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return NULL;
	p->waiting = 0;
	p->full_since = 0;
	p->next = last->next;
	memcpy(p->kernel, kernel, sizeof(kernel));
	memcpy(p->magic, magic, sizeof(magic));
	return p;
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
