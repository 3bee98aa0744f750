// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/pcap/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITER_SNAPLEN 262144u // what readers take for "no limit" (libpcap's MAXIMUM_SNAPLEN)

struct capture_writer {
	pcap_t *dead; // carries link type and snaplen
	pcap_dumper_t *dump;
	char *path;
	char *part; // PATH.part; NULL: written in place (a device, a FIFO)
	uint32_t snaplen;
	int error; // first error, sticky
};

static void writer_free(struct capture_writer *w)
{
	if (w->dump != NULL)
		pcap_dump_close(w->dump);
	if (w->dead != NULL)
		pcap_close(w->dead);
	free(w->part);
	free(w->path);
	free(w);
}

// Takes the file name: a regular file grows beside its place, so that a file that is there (it may
// be the very capture that is being read) is not lost before the new one is whole.
static int writer_paths(struct capture_writer *w, const char *path)
{
	struct stat st;

	w->path = strdup(path);
	if (w->path == NULL)
		return -ENOMEM;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return 0;
	if (asprintf(&w->part, "%s.part", path) < 0) {
		w->part = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int writer_start(struct capture_writer *w, int dlt)
{
	const char *name = w->part != NULL ? w->part : w->path;
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	FILE *f;

	if (fd < 0)
		return -errno;
	f = fdopen(fd, "wb");
	if (f == NULL) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	w->dead = pcap_open_dead(dlt, (int)w->snaplen);
	if (w->dead == NULL) {
		fclose(f);
		return -ENOMEM;
	}
	errno = 0;
	w->dump = pcap_dump_fopen(w->dead, f); // closes f where the header fails
	if (w->dump == NULL)
		return errno != 0 ? -errno : -EINVAL;
	// A disk that is full already shows here rather than at the end.
	if (pcap_dump_flush(w->dump) != 0)
		return errno != 0 ? -errno : -EIO;
	return 0;
}

struct capture_writer *capture_create(
	const char *path, int dlt, uint32_t snaplen, char *err, size_t err_size)
{
	struct capture_writer *w = calloc(1, sizeof(*w));
	int rc;

	if (w == NULL) {
		snprintf(err, err_size, "%s: out of memory", path);
		return NULL;
	}
	w->snaplen = snaplen == 0 || snaplen > WRITER_SNAPLEN ? WRITER_SNAPLEN : snaplen;
	rc = writer_paths(w, path);
	if (rc == 0 && pcap_datalink_val_to_name(dlt) == NULL)
		rc = -EINVAL;
	if (rc == 0) {
		rc = writer_start(w, dlt);
		if (rc != 0 && w->part != NULL && w->dead != NULL)
			unlink(w->part);
	}
	if (rc == 0)
		return w;
	if (rc == -EINVAL && w->dump == NULL)
		snprintf(err, err_size, "%s: cannot be written: a pcap file has no link type %d",
			path, dlt);
	else
		snprintf(err, err_size, "%s: cannot be written: %s", path, strerror(-rc));
	writer_free(w);
	return NULL;
}

int capture_write(struct capture_writer *w, const struct capture_packet *p)
{
	struct pcap_pkthdr hdr = {.caplen = p->caplen, .len = p->wirelen};
	int64_t sec = p->ts_us / 1000000, us = p->ts_us % 1000000;

	if (w->error != 0)
		return w->error;
	if (us < 0) { // before 1970: the fraction counts upwards all the same
		sec--;
		us += 1000000;
	}
	hdr.ts.tv_sec = sec;
	hdr.ts.tv_usec = us;
	if (hdr.caplen > w->snaplen)
		hdr.caplen = w->snaplen;
	errno = 0;
	pcap_dump((u_char *)w->dump, &hdr, p->data);
	if (ferror(pcap_dump_file(w->dump)))
		w->error = errno != 0 ? -errno : -EIO;
	return w->error;
}

int capture_writer_close(struct capture_writer *w, char *err, size_t err_size)
{
	int rc = w->error;

	errno = 0;
	if (rc == 0 && (pcap_dump_flush(w->dump) != 0 || ferror(pcap_dump_file(w->dump))))
		rc = errno != 0 ? -errno : -EIO;
	// pcap_dump_close() drops the result of its fclose(): some file systems (NFS) tell of a
	// full disk only when asked to have it written.
	if (rc == 0 && w->part != NULL && fsync(fileno(pcap_dump_file(w->dump))) != 0)
		rc = -errno;
	if (rc == 0 && w->part != NULL && rename(w->part, w->path) != 0)
		rc = -errno;
	if (rc != 0) {
		snprintf(err, err_size, "%s: cannot be written: %s", w->path, strerror(-rc));
		if (w->part != NULL)
			unlink(w->part);
	}
	writer_free(w);
	return rc;
}
