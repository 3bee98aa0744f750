// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Captures in and out: every link type, both byte orders, what bad files get, and a full disk.

#include "drivers/pcap/capture.h"
#include "tests/unit/drivers/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct bytes {
	uint8_t b[4096];
	size_t n;
	bool big; // byte order of what is put in
};

static void put(struct bytes *o, uint64_t v, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		o->b[o->n++] = (uint8_t)(v >> 8 * (o->big ? size - 1 - i : i));
}

static void header(struct bytes *o, uint32_t magic, uint32_t snaplen, uint32_t linktype)
{
	put(o, magic, 4);
	put(o, 2, 2);
	put(o, 4, 2);
	put(o, 0, 8);
	put(o, snaplen, 4);
	put(o, linktype, 4);
}

static void record(struct bytes *o, uint32_t sec, uint32_t frac, uint32_t caplen, uint32_t len)
{
	put(o, sec, 4);
	put(o, frac, 4);
	put(o, caplen, 4);
	put(o, len, 4);
	for (uint32_t i = 0; i < caplen; i++)
		o->b[o->n++] = (uint8_t)i;
}

static const char *save(struct scratch *s, const struct bytes *o)
{
	return scratch_write(s, "in.pcap", o->b, o->n);
}

static struct capture *open_good(const char *path)
{
	char err[512] = "";
	struct capture *c = capture_open(path, err, sizeof(err));

	if (c == NULL)
		print_error("%s\n", err);
	assert_non_null(c);
	return c;
}

static void one_line(const char *err, const char *path, const char *words)
{
	if (strstr(err, words) == NULL)
		print_error("\"%s\" lacks \"%s\"\n", err, words);
	assert_non_null(strstr(err, words));
	assert_int_equal(strncmp(err, path, strlen(path)), 0);
	assert_null(strchr(err, '\n'));
}

static void refuse(const char *path, const char *words)
{
	char err[512] = "";

	assert_null(capture_open(path, err, sizeof(err)));
	one_line(err, path, words);
}

static void link_types(void **state)
{
	static const struct {
		uint32_t in;
		int dlt;
	} good[] = {{1, DLT_EN10MB}, {12, DLT_RAW}, {14, DLT_RAW}, {101, DLT_RAW}, {228, DLT_IPV4},
		{229, DLT_IPV6}, {113, DLT_LINUX_SLL}, {276, DLT_LINUX_SLL2}, {0, DLT_NULL},
		{108, DLT_LOOP}, {9, DLT_PPP}, {50, DLT_PPP_SERIAL}, {51, DLT_PPP_ETHER},
		{104, DLT_C_HDLC}, {127, DLT_IEEE802_11_RADIO}, {105, DLT_IEEE802_11}};
	struct scratch *s = *state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct bytes o = {.big = i % 2 != 0};
		struct capture *c;

		header(&o, 0xa1b2c3d4, 65535, good[i].in);
		c = open_good(save(s, &o));
		assert_int_equal(capture_linktype(c), good[i].dlt);
		assert_string_not_equal(capture_linktype_name(good[i].dlt), "unknown");
		capture_close(c);
	}
	for (size_t i = 0; i < 2; i++) {
		struct bytes o = {0};

		header(&o, 0xa1b2c3d4, 65535, i == 0 ? 220 /* USB */ : 65000);
		refuse(save(s, &o), "link type");
	}
	assert_string_equal(capture_linktype_name(DLT_EN10MB), "EN10MB");
	assert_string_equal(capture_linktype_name(65000), "unknown");
}

static void times_and_lengths(void **state)
{
	struct scratch *s = *state;
	struct capture_packet p;
	struct bytes o = {0};
	struct capture *c;
	uint64_t read, size;
	char err[256];

	header(&o, 0xa1b2c3d4, 0, 1); // a snaplen of 0, as some writers leave it
	record(&o, 1000, 5, 60, 1514);
	record(&o, 0xffffffff, 999999, 10, 5); // after 2038; a length below what is there
	c = open_good(save(s, &o));
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
	assert_int_equal(p.ts_us, 1000000005);
	assert_int_equal(p.caplen, 60);
	assert_int_equal(p.wirelen, 1514);
	assert_int_equal(p.data[59], 59);
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
	assert_true(p.ts_us == INT64_C(4294967295999999));
	assert_int_equal(p.wirelen, 10);
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 0);
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 0);
	capture_progress(c, &read, &size);
	assert_int_equal(size, o.n);
	assert_int_equal(read, o.n);
	capture_close(c);
}

static void nanoseconds(void **state)
{
	struct scratch *s = *state;
	struct bytes o = {.big = true};
	struct capture_packet p;
	struct capture *c;
	char err[256];

	header(&o, 0xa1b23c4d, 268435708, 1); // and a snaplen beyond all reason
	record(&o, 7, 123456789, 4, 4);
	c = open_good(save(s, &o));
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
	assert_int_equal(p.ts_us, 7123456);
	capture_close(c);
}

static void cut_short(void **state)
{
	struct scratch *s = *state;
	struct capture_packet p;
	struct bytes o = {0};
	struct capture *c;
	char err[512] = "";
	size_t whole;

	header(&o, 0xa1b2c3d4, 65535, 1);
	record(&o, 1, 1, 60, 60);
	whole = o.n;
	record(&o, 2, 2, 60, 60);
	for (; o.n > whole + 1; o.n -= 7) {
		size_t cut = o.n - 1;
		const char *path = scratch_write(s, "in.pcap", o.b, cut);

		c = open_good(path);
		assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
		assert_int_equal(capture_next(c, &p, err, sizeof(err)), -EIO);
		one_line(err, path, "cut short");
		err[0] = '\0';
		assert_int_equal(capture_next(c, &p, err, sizeof(err)), -EIO); // and again
		one_line(err, path, "cut short");
		capture_close(c);
	}
	for (size_t n = 1; n < 24; n++)
		refuse(scratch_write(s, "in.pcap", o.b, n), "not a whole capture");
}

static void absurd_record(void **state)
{
	struct scratch *s = *state;
	struct capture_packet p;
	struct bytes o = {0};
	struct capture *c;
	char err[512] = "";

	header(&o, 0xa1b2c3d4, 65535, 1);
	record(&o, 1, 1, 60, 60);
	put(&o, 0, 8);
	put(&o, 0x7fffffff, 4);
	put(&o, 0x7fffffff, 4);
	c = open_good(save(s, &o));
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), -EIO);
	one_line(err, s->path, "damaged");
	capture_close(c);
}

static void bad_files(void **state)
{
	struct scratch *s = *state;
	struct bytes o = {0};
	const char *path;

	refuse(scratch_text(s, "in.pcap", ""), "is empty");
	refuse(scratch_text(s, "in.pcap", "{ \"schema\": \"egress-policy/1\" }\n"),
		"not a whole capture");
	for (size_t i = 0; i < 512; i++)
		put(&o, i * 2654435761u >> 7, 1);
	refuse(save(s, &o), "not a whole capture");
	refuse(scratch_write(s, "in.pcap", "\x1f\x8b\x08\x00more", 8), "gzip");
	refuse(scratch_write(s, "in.pcap", "\x28\xb5\x2f\xfdmore", 8), "zstd");
	refuse(scratch_path(s, "missing"), "No such file");
	refuse(s->dir, "is a folder");
	refuse("/dev/zero", "is a device");
	path = scratch_text(s, "sparse", "");
	assert_int_equal(truncate(path, (off_t)1 << 30), 0);
	refuse(path, "not a whole capture");
	path = scratch_text(s, "secret", "x");
	assert_int_equal(chmod(path, 0), 0);
	scratch_unprivileged();
	refuse(path, "Permission denied");
	scratch_privileged();
}

static void block(struct bytes *o, uint32_t type, const struct bytes *body)
{
	put(o, type, 4);
	put(o, 12 + body->n, 4);
	memcpy(o->b + o->n, body->b, body->n);
	o->n += body->n;
	put(o, 12 + body->n, 4);
}

// pcapng: section header, then interfaces of the link types, each with one packet.
static void pcapng(struct bytes *o, uint16_t first, uint16_t second)
{
	struct bytes b = {0};

	put(&b, 0x1a2b3c4d, 4);
	put(&b, 1, 2);
	put(&b, 0, 2);
	put(&b, UINT64_MAX, 8);
	block(o, 0x0a0d0d0a, &b);
	for (uint32_t i = 0; i < 2; i++) {
		b.n = 0;
		put(&b, i == 0 ? first : second, 2);
		put(&b, 0, 2);
		put(&b, 65535, 4);
		block(o, 1, &b);
		b.n = 0;
		put(&b, i, 4);
		put(&b, 0, 4);
		put(&b, 5000000 + i, 4); // microseconds
		put(&b, 8, 4);
		put(&b, 8, 4);
		put(&b, 0x1122334455667788, 8);
		block(o, 6, &b);
	}
}

static void pcapng_interfaces(void **state)
{
	struct scratch *s = *state;
	struct capture_packet p;
	struct bytes same = {0}, mixed = {0};
	struct capture *c;
	char err[512] = "";

	pcapng(&same, 1, 1);
	c = open_good(save(s, &same));
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
	assert_int_equal(p.ts_us, 5000000);
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
	assert_int_equal(p.ts_us, 5000001);
	assert_int_equal(p.caplen, 8);
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 0);
	capture_close(c);

	pcapng(&mixed, 1, 113);
	c = open_good(save(s, &mixed));
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), -EIO);
	one_line(err, s->path, "interface");
	capture_close(c);
}

static void fifo(void **state)
{
	struct scratch *s = *state;
	struct capture_packet p;
	struct bytes o = {0};
	struct capture *c;
	uint64_t read, size;
	char err[256];
	int status;
	pid_t pid;

	header(&o, 0xa1b2c3d4, 65535, 1);
	record(&o, 1, 1, 60, 60);
	assert_int_equal(mkfifo(scratch_path(s, "fifo"), 0600), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(s->path, O_WRONLY);

		_exit(fd >= 0 && write(fd, o.b, o.n) == (ssize_t)o.n ? 0 : 1);
	}
	c = open_good(s->path);
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 0);
	capture_progress(c, &read, &size);
	assert_int_equal(size, 0);
	assert_int_equal(read, 76);
	capture_close(c);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void standard_input(void **state)
{
	struct scratch *s = *state;
	struct capture_packet p;
	struct bytes o = {0};
	struct capture *c;
	char err[256];
	int kept = dup(STDIN_FILENO), fd;

	header(&o, 0xa1b2c3d4, 65535, 1);
	record(&o, 1, 1, 60, 60);
	fd = open(save(s, &o), O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	c = open_good("-");
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 0);
	capture_close(c);
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); // still open
	if (kept >= 0) {
		dup2(kept, STDIN_FILENO);
		close(kept);
	}
	close(fd);
}

static void write_and_read(void **state)
{
	static const uint8_t data[300] = {1, 2, 3};
	const struct capture_packet in[] = {{data, 60, 1514, 1767225600000001},
		{data, 300, 300, INT64_C(4294967295999999)}, {data, 0, 64, 0}};
	struct scratch *s = *state;
	struct capture_writer *w;
	struct capture_packet p;
	struct capture *c;
	char err[256] = "", out[256];

	snprintf(out, sizeof(out), "%s", scratch_text(s, "out.pcap", "what was here"));
	w = capture_create(out, DLT_RAW, 200, err, sizeof(err));
	assert_non_null(w);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(capture_write(w, &in[i]), 0);
	refuse(out, "not a whole capture"); // not replaced before the close
	assert_int_equal(capture_writer_close(w, err, sizeof(err)), 0);
	assert_int_equal(scratch_count(s), 1);
	c = open_good(out);
	assert_int_equal(capture_linktype(c), DLT_RAW);
	for (size_t i = 0; i < 3; i++) {
		uint32_t caplen = in[i].caplen < 200 ? in[i].caplen : 200;

		assert_int_equal(capture_next(c, &p, err, sizeof(err)), 1);
		assert_int_equal(p.caplen, caplen);
		assert_int_equal(p.wirelen, in[i].wirelen);
		assert_true(p.ts_us == in[i].ts_us);
		assert_memory_equal(p.data, data, caplen);
	}
	assert_int_equal(capture_next(c, &p, err, sizeof(err)), 0);
	capture_close(c);
}

static void cannot_write(void **state)
{
	static const uint8_t data[1000];
	const struct capture_packet p = {data, sizeof(data), sizeof(data), 1};
	struct scratch *s = *state;
	char err[256] = "";

	assert_null(capture_create("/dev/full", DLT_EN10MB, 0, err, sizeof(err)));
	one_line(err, "/dev/full", "No space left");
	assert_null(capture_create(s->dir, DLT_EN10MB, 0, err, sizeof(err)));
	one_line(err, s->dir, "Is a directory");
	assert_null(capture_create(scratch_path(s, "no/such"), DLT_EN10MB, 0, err, sizeof(err)));
	one_line(err, s->path, "No such file");
	assert_null(capture_create(scratch_path(s, "out"), 65000, 0, err, sizeof(err)));
	one_line(err, s->path, "no link type");
	assert_int_equal(scratch_count(s), 0);
	assert_int_equal(p.caplen, 1000);
}

// A disk that fills up while the capture grows: the limit on file size stands for it (EFBIG).
static void full_while_writing(void **state)
{
	struct scratch *s = *state;
	char command[600], path[256];
	int status;

	snprintf(path, sizeof(path), "%s", scratch_path(s, "out.pcap"));
	snprintf(command, sizeof(command), "ulimit -f 8; trap '' XFSZ; exec %s --fill %s",
		"/proc/$PPID/exe", path);
	status = system(command);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(scratch_count(s), 0); // no PATH, no PATH.part
}

// What full_while_writing() runs under the limit. 0: the error showed as it should.
static int fill(const char *path)
{
	static const uint8_t data[1000];
	const struct capture_packet p = {data, sizeof(data), sizeof(data), 1};
	char err[256] = "";
	struct capture_writer *w = capture_create(path, DLT_EN10MB, 0, err, sizeof(err));
	int rc = 0;

	if (w == NULL)
		return 2;
	for (size_t i = 0; i < 100 && rc == 0; i++)
		rc = capture_write(w, &p);
	if (rc != -EFBIG || capture_write(w, &p) != -EFBIG)
		return 3;
	if (capture_writer_close(w, err, sizeof(err)) != -EFBIG)
		return 4;
	return strstr(err, path) != NULL ? 0 : 5;
}

static int set_up(void **state)
{
	static struct scratch s;

	scratch_make(&s);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(link_types),
		TEST(times_and_lengths),
		TEST(nanoseconds),
		TEST(cut_short),
		TEST(absurd_record),
		TEST(bad_files),
		TEST(pcapng_interfaces),
		TEST(fifo),
		TEST(standard_input),
		TEST(write_and_read),
		TEST(cannot_write),
		TEST(full_while_writing),
	};

	if (argc == 3 && strcmp(argv[1], "--fill") == 0)
		return fill(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
