// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/pcap/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAPTURE_BUFFER  (256u << 10) // stdio's own 4 KiB means a system call every few packets
#define CAPTURE_REC_HDR 16u          // bytes of a record header of a pcap file

// Numbers that files of other systems carry for raw IP, and which libpcap hands on as they are.
#define CAPTURE_RAW_OPENBSD  14
#define CAPTURE_RAW_LINKTYPE 101

struct capture {
	pcap_t *pcap; // owns the FILE
	char *path;
	char *buffer; // stdio's, freed after the FILE
	uint64_t size;
	uint64_t streamed; // bytes of records so far, where the position cannot be asked for
	int dlt;
	int done; // 0: go on; 1: the end; -EIO
	char why[PCAP_ERRBUF_SIZE];
};

static const int known_dlt[] = {
	DLT_EN10MB,
	DLT_RAW,
	DLT_IPV4,
	DLT_IPV6,
	DLT_LINUX_SLL,
	DLT_LINUX_SLL2,
	DLT_NULL,
	DLT_LOOP,
	DLT_PPP,
	DLT_PPP_SERIAL,
	DLT_PPP_ETHER,
	DLT_C_HDLC,
	DLT_IEEE802_11_RADIO,
	DLT_IEEE802_11,
};

static bool known(int dlt)
{
	for (size_t i = 0; i < sizeof(known_dlt) / sizeof(known_dlt[0]); i++) {
		if (known_dlt[i] == dlt)
			return true;
	}
	return false;
}

// What kind of thing the path is, before libpcap reads from it. NULL where it may be read.
static const char *refuse_kind(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "is a folder; give a pcap or pcapng file";
	if (S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode))
		return "is a device; give a pcap or pcapng file";
	if (S_ISSOCK(st->st_mode))
		return "is a socket; give a pcap or pcapng file";
	if (S_ISREG(st->st_mode) && st->st_size == 0)
		return "is empty; give a pcap or pcapng file";
	return NULL;
}

// Packers that people use on captures, by the first bytes.
static const char *packed_as(int fd, const struct stat *st)
{
	uint8_t b[4] = {0};

	if (!S_ISREG(st->st_mode) || pread(fd, b, sizeof(b), lseek(fd, 0, SEEK_CUR)) != sizeof(b))
		return NULL;
	if (b[0] == 0x1f && b[1] == 0x8b)
		return "gzip";
	if (memcmp(b, "\x28\xb5\x2f\xfd", 4) == 0)
		return "zstd";
	if (memcmp(b,
		    "\xfd"
		    "7zX",
		    4) == 0)
		return "xz";
	if (memcmp(b, "BZh", 3) == 0)
		return "bzip2";
	return NULL;
}

// An open descriptor that is worth reading, or -1 with a line in err.
static int open_checked(const char *path, uint64_t *size, char *err, size_t err_size)
{
	bool in = strcmp(path, "-") == 0;
	const char *name = in ? "standard input" : path;
	const char *why;
	struct stat st;
	int fd;

	// Looked at first: opening a device can do something by itself.
	if (!in && stat(path, &st) == 0 && (why = refuse_kind(&st)) != NULL) {
		snprintf(err, err_size, "%s: %s", name, why);
		return -1;
	}
	fd = in ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(err, err_size, "%s: cannot be read: %s", name, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	why = refuse_kind(&st);
	if (why != NULL) {
		snprintf(err, err_size, "%s: %s", name, why);
		close(fd);
		return -1;
	}
	why = packed_as(fd, &st);
	if (why != NULL) {
		snprintf(err, err_size, "%s: is compressed (%s); unpack it first", name, why);
		close(fd);
		return -1;
	}
	*size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return fd;
}

// libpcap takes the FILE over where it succeeds.
static int start_pcap(struct capture *c, int fd, char *err, size_t err_size)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	FILE *f = fdopen(fd, "rb");

	if (f == NULL) {
		close(fd);
		snprintf(err, err_size, "%s: cannot be read: %s", c->path, strerror(errno));
		return -EIO;
	}
	setvbuf(f, c->buffer, _IOFBF, CAPTURE_BUFFER);
	c->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_MICRO, why);
	if (c->pcap == NULL) {
		fclose(f);
		snprintf(err, err_size, "%s: not a whole capture (%s); give a pcap or pcapng file",
			c->path, why);
		return -EIO;
	}
	return 0;
}

static int take_linktype(struct capture *c, char *err, size_t err_size)
{
	int dlt = pcap_datalink(c->pcap);

	if (dlt == CAPTURE_RAW_OPENBSD || dlt == CAPTURE_RAW_LINKTYPE)
		dlt = DLT_RAW;
	c->dlt = dlt;
	if (known(dlt))
		return 0;
	snprintf(err, err_size,
		"%s: link type %s (%d) is not one that can be parsed; give a capture of Ethernet, "
		"raw IP, "
		"Linux cooked, loopback, PPP, HDLC or 802.11",
		c->path, capture_linktype_name(dlt), dlt);
	return -ENOTSUP;
}

struct capture *capture_open(const char *path, char *err, size_t err_size)
{
	struct capture *c;
	uint64_t size = 0;
	int fd = open_checked(path, &size, err, err_size);

	if (fd < 0)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (c != NULL) {
		c->size = size;
		c->path = strdup(strcmp(path, "-") == 0 ? "standard input" : path);
		c->buffer = malloc(CAPTURE_BUFFER);
	}
	if (c == NULL || c->path == NULL || c->buffer == NULL) {
		close(fd);
		snprintf(err, err_size, "%s: out of memory", path);
		capture_close(c);
		return NULL;
	}
	if (start_pcap(c, fd, err, err_size) != 0 || take_linktype(c, err, err_size) != 0) {
		capture_close(c);
		return NULL;
	}
	return c;
}

void capture_close(struct capture *c)
{
	if (c == NULL)
		return;
	if (c->pcap != NULL)
		pcap_close(c->pcap);
	free(c->buffer);
	free(c->path);
	free(c);
}

int capture_linktype(const struct capture *c)
{
	return c->dlt;
}

const char *capture_linktype_name(int dlt)
{
	const char *name = pcap_datalink_val_to_name(dlt);

	return name != NULL ? name : "unknown";
}

// A damaged file can carry any number as a time. Clamped, so that sums and differences of times do
// not overflow.
static int64_t packet_time(const struct capture *c, const struct timeval *tv)
{
	int64_t sec = tv->tv_sec, us;

	// pcap's 32-bit seconds are unsigned (draft-ietf-opsawg-pcap), libpcap 1.10 reads them as
	// signed. pcapng counts in 64 bits; its major version is 1, pcap's is 2.
	if (sec < 0 && pcap_major_version(c->pcap) == 2)
		sec = (uint32_t)sec;
	if (__builtin_mul_overflow(sec, INT64_C(1000000), &us) ||
		__builtin_add_overflow(us, (int64_t)tv->tv_usec, &us))
		us = sec < 0 ? INT64_MIN : INT64_MAX;
	return us < -CAPTURE_TIME_MAX  ? -CAPTURE_TIME_MAX
	       : us > CAPTURE_TIME_MAX ? CAPTURE_TIME_MAX
				       : us;
}

int capture_next(struct capture *c, struct capture_packet *p, char *err, size_t err_size)
{
	struct pcap_pkthdr *hdr;
	const u_char *data;
	int rc;

	if (c->done == 0) {
		rc = pcap_next_ex(c->pcap, &hdr, &data);
		if (rc == 1) {
			p->data = data;
			p->caplen = hdr->caplen;
			p->wirelen = hdr->len > hdr->caplen ? hdr->len : hdr->caplen;
			p->ts_us = packet_time(c, &hdr->ts);
			c->streamed += CAPTURE_REC_HDR + (uint64_t)hdr->caplen;
			return 1;
		}
		c->done = rc == PCAP_ERROR_BREAK ? 1 : -EIO;
		snprintf(c->why, sizeof(c->why), "%s", pcap_geterr(c->pcap));
	}
	if (c->done == 1)
		return 0;
	snprintf(err, err_size,
		"%s: cut short, damaged or mixed: %s; the packets before it were read", c->path,
		c->why);
	return c->done;
}

void capture_progress(const struct capture *c, uint64_t *read, uint64_t *size)
{
	off_t at = c->size != 0 ? ftello(pcap_file(c->pcap)) : -1;

	*read = at >= 0 ? (uint64_t)at : c->streamed;
	*size = c->size;
}
