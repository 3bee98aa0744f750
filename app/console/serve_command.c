// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/serve_command.h"

#include "app/console/console_args.h"
#include "app/console/serve.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_MAX  256
#define LONG_BYTES 16000000 // a log of more takes seconds to be counted

static const char help[] =
	"Usage: bhlog serve DIR [options]\n"
	"\n"
	"A console for the browser that shows a log and changes nothing: the overview of any "
	"period,\n"
	"flows by filters, each record with its receipt and a proof that the browser itself "
	"checks,\n"
	"the policy's history, integrity. Nothing is loaded from or sent to anywhere else.\n"
	"\n"
	"  --listen ADDR:PORT  127.0.0.1:8480 where it is not given; port 0: any that is free\n"
	"  --token FILE      who asks must bring the first line of FILE, 16 characters or more:\n"
	"                    needed where ADDR is not a loopback address\n"
	"  --offset +HH:MM   of the times shown, east of UTC (without: UTC)\n"
	"  --lang en|zh      until the browser asks for the other one\n"
	"  --policy FILE     a policy, for the words of legal bases and the differences; may be "
	"given\n"
	"                    several times, the oldest first\n"
	"  --key VKEY        as for \"bhlog verify\", as the next two\n"
	"  --witness VKEY\n"
	"  --anchor FILE\n"
	"\n"
	"Serves until SIGINT or SIGTERM. Exit status: 0 was stopped so, 2 an error.\n";

struct command {
	struct console_args a;
	struct serve s;
	struct http_options http;
	char address[64], token[TOKEN_MAX + 2];
};

static int take_listen(struct command *c, const char *text)
{
	static const char expected[] = "ADDR:PORT, such as 127.0.0.1:8480 or [::1]:8480";
	const char *colon = strrchr(text, ':');
	const bool brackets = text[0] == '[' && colon != NULL && colon > text && colon[-1] == ']';
	const size_t len = colon != NULL ? (size_t)(colon - text) - 2 * brackets : 0;
	unsigned long port;
	char *end;

	if (colon == NULL || len == 0 || len >= sizeof(c->address) || colon[1] < '0' ||
		colon[1] > '9') {
		return console_args_wrong(&c->a, "listen", text, expected);
	}
	memcpy(c->address, text + brackets, len);
	c->address[len] = '\0';
	port = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || port > 65535) {
		return console_args_wrong(&c->a, "listen", text, expected);
	}
	c->http.port = (uint16_t)port;
	return 0;
}

// A token that can stand in a cookie (RFC 6265, 4.1.1) and in a URL as it is.
static int take_token(struct command *c, const char *path)
{
	FILE *f = fopen(path, "re");
	size_t len = 0;

	if (f == NULL || fgets(c->token, sizeof(c->token), f) == NULL) {
		snprintf(c->a.err, sizeof(c->a.err), "%s: %s", path,
			f == NULL ? strerror(errno) : "is empty");
		if (f != NULL)
			fclose(f);
		return -EINVAL;
	}
	fclose(f);
	len = strcspn(c->token, "\r\n");
	c->token[len] = '\0';
	if (len < HTTP_TOKEN_MIN || len > TOKEN_MAX ||
		strspn(c->token,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") !=
			len) {
		snprintf(c->a.err, sizeof(c->a.err),
			"%s: expected 16 to 256 letters, digits, \"-\", \".\", \"_\", \"~\" on its "
			"first "
			"line",
			path);
		return -EINVAL;
	}
	c->http.token = c->token;
	return 0;
}

enum option_value {
	OPT_LISTEN = CONSOLE_OWN,
	OPT_TOKEN,
};

static const struct option options[] = {
	CONSOLE_OPTION_ROWS,
	{"listen", required_argument, NULL, OPT_LISTEN},
	{"token", required_argument, NULL, OPT_TOKEN},
	{NULL, 0, NULL, 0},
};

static int take_option(void *ctx, int option, const char *text)
{
	return option == OPT_LISTEN ? take_listen(ctx, text) : take_token(ctx, text);
}

// What takes long is said at once: a page that counts comes when all is counted.
static void tell_reading(struct serve *s)
{
	const struct lookup_options o = serve_catalogue(s);
	const uint64_t size = serve_log_size(s);
	char err[4400], *path = (char *)(uintptr_t)s->dir;
	struct lookup l;
	bool catalogue = false;

	if (size < LONG_BYTES) {
		return;
	}
	if (lookup_open(&l, NULL, &path, 1, &o, err, sizeof(err)) == 0) {
		catalogue = l.catalogue != NULL;
		lookup_close(&l);
	}
	if (catalogue) {
		fprintf(stderr,
			"bhlog: %s: %" PRIu64 " MB; verified in the background when the first page "
			"is asked for\n",
			s->dir, size / 1000000);
	} else {
		fprintf(stderr,
			"bhlog: %s: %" PRIu64
			" MB and no catalogue: each new period on the overview "
			"is counted from all of it, which takes a while; \"bhlog reindex %s\" "
			"makes "
			"that fast\n",
			s->dir, size / 1000000, s->dir);
	}
}

// What the page that asks for the token needs itself.
static const char *const open_paths[] = {"/style.css", "/favicon.ico", NULL};

static int serve(struct command *c)
{
	struct http_server *server;
	char place[96];
	struct stat st;
	sigset_t ends;
	int signal;
	const bool there = stat(c->s.dir, &st) == 0;

	if (!there || !S_ISDIR(st.st_mode)) {
		snprintf(c->a.err, sizeof(c->a.err), "%s: %s", c->s.dir,
			there ? "not a log's directory" : strerror(errno));
		return -EINVAL;
	}
	// Blocked before there are threads, so that none of them takes it.
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	c->http.answer = serve_answer;
	c->http.refuse = serve_refuse;
	c->http.open = open_paths;
	c->http.ctx = &c->s;
	server = http_start(&c->http, c->a.err, sizeof(c->a.err));
	if (server == NULL) {
		return -EIO;
	}
	http_place(server, place, sizeof(place));
	printf("http://%s/%s\n", place, c->http.token != NULL ? "?token=..." : "");
	fflush(stdout);
	tell_reading(&c->s);
	sigwait(&ends, &signal);
	http_stop(server);
	return 0;
}

static int run(struct command *c, int argc, char **argv)
{
	const struct console_command k = {.name = "serve",
		.help = help,
		.log = "directory",
		.options = options,
		.take = take_option,
		.ctx = c};
	int rc = console_args_parse(&c->a, &k, argc, argv);

	if (rc == 1) {
		return 0;
	}
	if (rc == 0) {
		c->s.dir = c->a.log;
		c->s.lang = c->a.lang;
		c->s.offset = c->a.offset;
		c->s.policy = c->a.policy;
		c->s.verify = c->a.verify.o;
		c->s.state = state_new(c->s.dir, &c->s.verify);
		rc = c->s.state != NULL ? serve(c) : -ENOMEM;
	}
	if (rc == -ENOMEM) {
		snprintf(c->a.err, sizeof(c->a.err), "out of memory");
	}
	if (rc != 0) {
		fprintf(stderr, "bhlog: %s\n", c->a.err);
	}
	return rc == 0 ? 0 : 2;
}

int serve_main(int argc, char **argv)
{
	struct command *c = calloc(1, sizeof(*c));
	int status = 2;

	if (c == NULL || console_args_init(&c->a) < 0) {
		fprintf(stderr, "bhlog: out of memory\n");
	} else {
		pthread_mutex_init(&c->s.lock, NULL);
		snprintf(c->address, sizeof(c->address), "127.0.0.1");
		c->http.address = c->address;
		c->http.port = 8480;
		status = run(c, argc, argv);
		if (c->s.state != NULL && !state_free(c->s.state)) {
			// What is left is in use, that of libraries too: no exit handler may free
			// it.
			fflush(NULL);
			_exit(status);
		}
		digest_free(c->s.digest);
		console_args_fini(&c->a);
	}
	free(c);
	return status;
}
