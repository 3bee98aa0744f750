// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The control socket under clients of every kind: slow, silent, greedy, broken. Whatever they do, a
// turn of the server ends at once and the others are answered.

#include "tests/unit/control/server_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
static void test_requests(void **state)
{
	struct bench b;
	char text[128];
	int fd;

	set_up(&b);
	ask(&b, PING, PONG);
	ask(&b, "{\"v\":1,\"cmd\":\"nothing\"}\n",
		"{\"v\":1,\"ok\":false,\"error\":\"no command \\\"nothing\\\"\"}\n");
	snprintf(text, sizeof(text), "{\"v\":1,\"ok\":true,\"uid\":%u,\"pid\":%d}\n", getuid(),
		getpid());
	ask(&b, "{\"cmd\":\"peer\",\"v\":1}\n", text);
	fd = client(&b); // several at once, and in pieces
	assert_true(say(&b, fd, PING PING "{\"v\":1,", strlen(PING PING) + 7));
	assert_string_equal(hear(&b, fd), PONG);
	assert_string_equal(hear(&b, fd), PONG);
	assert_true(say(&b, fd, "\"cmd\":\"ping\"}\n", 14));
	assert_string_equal(hear(&b, fd), PONG);
	// Says no more, but hears still.
	assert_true(say(&b, fd, PING, strlen(PING)));
	shutdown(fd, SHUT_WR);
	assert_string_equal(hear(&b, fd), PONG);
	assert_string_equal(hear(&b, fd), "");
	close(fd);
	tear_down(&b);
}

static void test_garbage(void **state)
{
	static const char *const lines[] = {"\n", "null\n", "[1]\n", "{\"v\":1}\n",
		"{\"v\":2,\"cmd\":\"ping\"}\n", "{\"v\":1,\"cmd\":7}\n",
		"{\"v\":1,\"cmd\":\"ping\"\n", "{\"v\":1,\"v\":1,\"cmd\":\"ping\"}\n",
		"\xff\xfe{\n", "GET / HTTP/1.1\r\n", "{\"v\":1,\"cmd\":\"\\ud800\"}\n"};
	char *deep = malloc(200002), noise[4096];
	uint64_t rng = 88172645463325252;
	struct bench b;
	int fd;

	set_up(&b);
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		fd = client(&b);
		assert_true(say(&b, fd, lines[i], strlen(lines[i])));
		assert_non_null(strstr(hear(&b, fd), "\"ok\":false,\"error\":\""));
		assert_true(say(&b, fd, PING, strlen(PING))); // it goes on
		assert_string_equal(hear(&b, fd), PONG);
		close(fd);
	}
	memset(deep, '[', 200000); // deeper than a parser's stack
	deep[200000] = '\n';
	fd = client(&b);
	assert_true(say(&b, fd, deep, 200001));
	assert_non_null(strstr(hear(&b, fd), "\"ok\":false"));
	close(fd);
	for (unsigned i = 0; i < sizeof(noise); i++) {
		rng ^= rng << 13, rng ^= rng >> 7, rng ^= rng << 17;
		noise[i] = (char)(rng >> 8);
	}
	fd = client(&b);
	say(&b, fd, noise, sizeof(noise));
	say(&b, fd, "\n", 1);
	assert_non_null(strstr(hear(&b, fd), "\"ok\":false"));
	close(fd);
	// A text with a NUL is refused for what it is, by whom it is for.
	ask(&b, "{\"v\":1,\"cmd\":\"ping\",\"text\":\"a\\u0000b\"}\n", PONG);
	free(deep);
	tear_down(&b);
}

// An error that was cut within a character is told all the same.
static void test_cut_error(void **state)
{
	char request[4096] = "{\"v\":1,\"cmd\":\"", *answer;
	struct bench b;
	int fd;

	for (unsigned i = 0; i < 1000; i++)
		strcat(request, "\xe6\xbc\xa2"); // 3,000 bytes, more than an error has room for
	strcat(request, "\"}\n");
	set_up(&b);
	fd = client(&b);
	assert_true(say(&b, fd, request, strlen(request)));
	answer = hear(&b, fd);
	assert_non_null(strstr(answer, "\"error\":\"no command"));
	assert_true(strlen(answer) > 2000);
	close(fd);
	tear_down(&b);
}

static void text_is(const char *s, const char *wanted)
{
	json_t *text = control_text(s);

	assert_string_equal(json_string_value(text), wanted);
	json_decref(text);
}

static void test_text(void **state)
{
	text_is("h\xc3\xa9 \xf0\x9f\x98\x80", "h\xc3\xa9 \xf0\x9f\x98\x80");
	text_is("\xe9t\xe9.json", "?t?.json");
	text_is("\xc3\xa9\xc0\x80\xed\xa0\x80\xff", "\xc3\xa9??????");
	text_is("", "");
}

// A line that never ends is refused when it is longer than may be, and the client sent away; one
// that is as long as may be is read.
static void test_long(void **state)
{
	const size_t mega = 1 << 20;
	char *text = malloc(mega);
	struct bench b;
	size_t sent = 0;
	int fd;

	set_up(&b);
	memset(text, ' ', mega);
	fd = client(&b);
	while (sent < CONTROL_MAX_REQUEST - 2 * mega) {
		assert_true(say(&b, fd, text, mega));
		sent += mega;
	}
	assert_true(say(&b, fd, PING, strlen(PING)));
	assert_string_equal(hear(&b, fd), PONG);
	for (sent = 0; sent <= CONTROL_MAX_REQUEST + mega && say(&b, fd, text, mega); sent += mega)
		;
	assert_in_range(sent, CONTROL_MAX_REQUEST - mega, CONTROL_MAX_REQUEST + mega);
	assert_string_equal(
		hear(&b, fd), "{\"v\":1,\"ok\":false,\"error\":\"the request is too long\"}\n");
	close(fd);
	ask(&b, PING, PONG);
	free(text);
	tear_down(&b);
}

// All together may ask for so much memory, not more: who comes too late is refused, others go on.
static void test_memory(void **state)
{
	const size_t mega = 1 << 20;
	char *text = malloc(mega);
	struct bench b;
	int fds[4];
	unsigned refused = 0;

	set_up(&b);
	memset(text, ' ', mega);
	for (unsigned i = 0; i < 4; i++) {
		fds[i] = client(&b);
		for (unsigned k = 0; k < 40 && say(&b, fds[i], text, mega); k++)
			;
	}
	for (unsigned i = 0; i < 4; i++) {
		if (!say(&b, fds[i], PING, strlen(PING))) {
			refused++;
			continue;
		}
		refused += strcmp(hear(&b, fds[i]), PONG) != 0;
	}
	assert_in_range(refused, 1, 2);
	for (unsigned i = 0; i < 4; i++)
		close(fds[i]);
	ask(&b, PING, PONG);
	free(text);
	tear_down(&b);
}

// More clients than there are places: those that have been silent longest go, the rest are served.
static void test_many(void **state)
{
	int fds[CONTROL_MAX_CLIENTS + 4];
	struct bench b;
	char c;

	set_up(&b);
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		fds[i] = client(&b);
		turn(&b);
	}
	usleep(5000);
	assert_true(say(&b, fds[0], PING, strlen(PING))); // not silent any more
	assert_string_equal(hear(&b, fds[0]), PONG);
	for (unsigned i = CONTROL_MAX_CLIENTS; i < CONTROL_MAX_CLIENTS + 4; i++) {
		fds[i] = client(&b);
		turn(&b);
	}
	for (unsigned i = 1; i < 5; i++)
		assert_int_equal(recv(fds[i], &c, 1, 0), 0);
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS + 4; i += i == 0 ? 5 : 1) {
		assert_true(say(&b, fds[i], PING, strlen(PING)));
		assert_string_equal(hear(&b, fds[i]), PONG);
	}
	assert_int_equal(control_server_stats(b.server).cut_off, 4);
	assert_int_equal(control_server_stats(b.server).turned_away, 0);
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS + 4; i++)
		close(fds[i]);
	turn(&b);
	tear_down(&b);
}

// Half a request on each place: whoever asks is answered at once, and the oldest half is gone.
static void test_halves(void **state)
{
	int fds[CONTROL_MAX_CLIENTS], waiting[CONTROL_MAX_CLIENTS], extra;
	int64_t begin;
	struct bench b;
	char c;

	set_up(&b);
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		fds[i] = client(&b);
		assert_true(say(&b, fds[i], PING, 6));
		usleep(2000);
	}
	begin = now_ms();
	for (unsigned i = 0; i < 3; i++)
		ask(&b, PING, PONG);
	assert_true(now_ms() - begin < 1000);
	assert_int_equal(recv(fds[0], &c, 1, 0), 0); // for all three: each left its place again
	assert_int_equal(recv(fds[1], &c, 1, 0), -1);
	assert_int_equal(control_server_stats(b.server).cut_off, 1);
	// Those that wait for an answer are not cut off.
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		waiting[i] = client(&b);
		assert_true(say(&b, waiting[i], "{\"v\":1,\"cmd\":\"later\"}\n", 22));
		turn(&b);
	}
	assert_int_equal(control_server_stats(b.server).cut_off, CONTROL_MAX_CLIENTS);
	extra = client(&b);
	turn(&b);
	assert_int_equal(recv(extra, &c, 1, 0), 0);
	assert_int_equal(control_server_stats(b.server).turned_away, 1);
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		close(fds[i]);
		close(waiting[i]);
	}
	close(extra);
	turn(&b);
	tear_down(&b);
}

// Returns how long the oldest client was there when another one came.
static int64_t untaken(void)
{
	int64_t begin = now_ms(), full, age;
	int fds[CONTROL_MAX_CLIENTS];
	struct bench b;

	set_up(&b);
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		fds[i] = client(&b);
		assert_true(say(&b, fds[i], "{\"v\":1,\"cmd\":\"large\"}\n", 22));
		turn(&b);
	}
	full = now_ms();
	while (now_ms() - full < 1500)
		turn(&b);
	ask(&b, PING, PONG);
	age = now_ms() - begin;
	if (age < CONTROL_IDLE_MS)
		assert_int_equal(control_server_stats(b.server).cut_off, 1);
	for (unsigned i = 0; i < CONTROL_MAX_CLIENTS; i++)
		close(fds[i]);
	turn(&b);
	tear_down(&b);
	return age;
}

// Answers that nobody takes on each place: the same, after a second. (On a machine so slow that the
// first client has been idle for too long meanwhile, its place is free: again then.)
static void test_untaken(void **state)
{
	unsigned tries = 0;

	while (untaken() >= CONTROL_IDLE_MS)
		assert_true(++tries < 10);
}

static bool closed(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

// Who reads no answer, says nothing, or says a byte now and then is sent away after a while; nobody
// waits for them.
static void test_slow(void **state)
{
	int deaf, silent, dripping, gone;
	int64_t begin = now_ms(), dripped = 0;
	struct bench b;

	set_up(&b);
	deaf = client(&b);
	assert_true(say(&b, deaf, "{\"v\":1,\"cmd\":\"large\"}\n", 22));
	silent = client(&b);
	dripping = client(&b);
	gone = client(&b); // half a request, and away
	assert_true(say(&b, gone, PING, 5));
	close(gone);
	while (!closed(deaf) || !closed(silent) || !closed(dripping)) {
		assert_true(now_ms() - begin < CONTROL_IDLE_MS + 5000);
		if (now_ms() - dripped > 500) {
			dripped = now_ms();
			send(dripping, "{", 1, MSG_NOSIGNAL);
			ask(&b, PING, PONG);
		}
		turn(&b);
	}
	assert_true(now_ms() - begin >= CONTROL_IDLE_MS);
	close(deaf);
	close(silent);
	close(dripping);
	print_message("longest turn: %lld ms\n", (long long)b.longest);
	tear_down(&b);
}

// An answer that comes later: the client waits longer than an idle one may, its next request waits,
// and who goes meanwhile gets none.
static void test_later(void **state)
{
	struct bench b;
	int fd, other;
	char c;

	set_up(&b);
	fd = client(&b);
	assert_true(say(&b, fd, "{\"v\":1,\"cmd\":\"later\"}\n" PING, 22 + strlen(PING)));
	for (unsigned i = 0; i < 20; i++)
		turn(&b);
	assert_int_equal(recv(fd, &c, 1, 0), -1);
	assert_false(control_gone(b.server, b.ticket));
	control_answer(b.server, b.ticket, json_pack("{s:i}", "done", 1), NULL);
	assert_string_equal(hear(&b, fd), "{\"v\":1,\"ok\":true,\"done\":1}\n");
	assert_string_equal(hear(&b, fd), PONG);
	assert_true(control_gone(b.server, b.ticket));
	assert_true(say(&b, fd, "{\"v\":1,\"cmd\":\"later\"}\n", 22));
	close(fd);
	turn(&b);
	assert_true(control_gone(b.server, b.ticket));
	other = client(&b); // takes the same place
	assert_true(say(&b, other, PING, strlen(PING)));
	control_answer(b.server, b.ticket, json_object(), NULL); // for nobody
	assert_string_equal(hear(&b, other), PONG);
	close(other);
	tear_down(&b);
}

static void test_socket_file(void **state)
{
	struct control_server *second;
	struct bench b;
	struct stat st;
	char file[128], folder[96];
	FILE *f;

	set_up(&b);
	assert_int_equal(stat(b.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	snprintf(folder, sizeof(folder), "%s/run", b.folder);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	second = control_server_open(b.path, answer_request, &b, b.err, sizeof(b.err));
	assert_null(second);
	assert_non_null(strstr(b.err, "another gateway answers"));
	turn(&b);
	ask(&b, PING, PONG); // the first one lives
	// A file that is no socket stays.
	snprintf(file, sizeof(file), "%s/precious", b.folder);
	f = fopen(file, "w");
	fputs("data", f);
	fclose(f);
	assert_null(control_server_open(file, answer_request, &b, b.err, sizeof(b.err)));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, 4);
	unlink(file);
	tear_down(&b);
}

// A socket that a gateway left behind, for no listener closes it.
static void test_stale(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct bench b;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	set_up(&b);
	control_server_close(b.server);
	strcpy(a.sun_path, b.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	assert_int_equal(access(b.path, F_OK), 0);
	b.server = control_server_open(b.path, answer_request, &b, b.err, sizeof(b.err));
	assert_non_null(b.server);
	ask(&b, PING, PONG);
	tear_down(&b);
}

static void test_paths(void **state)
{
	char path[200], err[256];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[199] = '\0';
	assert_null(control_server_open(path, answer_request, NULL, err, sizeof(err)));
	assert_non_null(strstr(err, "107"));
	assert_null(control_server_open(
		"/proc/no/such/socket", answer_request, NULL, err, sizeof(err)));
	assert_non_null(strstr(err, "cannot make folder"));
}

static void *serve(void *arg)
{
	struct bench *b = arg;

	while (b->ticket == 0)
		control_server_poll(b->server, 10);
	return NULL;
}

// bhctl's side of it.
static void test_client(void **state)
{
	json_t *request = json_pack("{s:s}", "cmd", "large"), *reply;
	pthread_t thread;
	struct bench b;
	char err[256];

	set_up(&b);
	assert_int_equal(pthread_create(&thread, NULL, serve, &b), 0);
	reply = control_ask(b.path, request, err, sizeof(err));
	assert_int_equal(json_string_length(json_object_get(reply, "text")), 8 << 20);
	json_decref(reply);
	json_object_set_new(request, "cmd", json_string("nothing"));
	assert_null(control_ask(b.path, request, err, sizeof(err)));
	assert_string_equal(err, "the gateway says: no command \"nothing\"");
	json_object_set_new(request, "cmd", json_string("later")); // and the thread ends
	assert_null(json_object_get(request, "none"));
	{
		int fd = client(&b);

		assert_int_equal(send(fd, "{\"v\":1,\"cmd\":\"later\"}\n", 22, 0), 22);
		pthread_join(thread, NULL);
		close(fd);
	}
	json_decref(request);
	tear_down(&b);
	assert_null(control_ask("/nowhere/socket", request = json_object(), err, sizeof(err)));
	assert_non_null(strstr(err, "is the gateway running"));
	json_decref(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_cut_error),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_halves),
		cmocka_unit_test(test_untaken),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_socket_file),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
