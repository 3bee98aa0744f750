// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/serve_command.h"

#include "app/console/serve.h"
#include "app/review/period.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_ANCHORS 16
#define TOKEN_MAX   256

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
	struct serve s;
	struct http_options http;
	char address[64], token[TOKEN_MAX + 2];
	struct key_public key, witness;
	const char *anchors[MAX_ANCHORS];
	char err[4400];
};

static int wrong(struct command *c, const char *option, const char *text, const char *expected)
{
	snprintf(c->err, sizeof(c->err), "--%s \"%s\": expected %s", option, text, expected);
	return -EINVAL;
}

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
		return wrong(c, "listen", text, expected);
	}
	memcpy(c->address, text + brackets, len);
	c->address[len] = '\0';
	port = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || port > 65535) {
		return wrong(c, "listen", text, expected);
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
		snprintf(c->err, sizeof(c->err), "%s: %s", path,
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
		snprintf(c->err, sizeof(c->err),
			"%s: expected 16 to 256 letters, digits, \"-\", \".\", \"_\", \"~\" on its "
			"first "
			"line",
			path);
		return -EINVAL;
	}
	c->http.token = c->token;
	return 0;
}

static int take_key(
	struct command *c, struct key_public *k, const struct key_public **to, const char *text)
{
	if (!key_read_public(text, k, c->err, sizeof(c->err))) {
		return -EINVAL;
	}
	*to = k;
	return 0;
}

enum option_value {
	OPT_LISTEN = 256,
	OPT_TOKEN,
	OPT_OFFSET,
	OPT_LANG,
	OPT_POLICY,
	OPT_KEY,
	OPT_WITNESS,
	OPT_ANCHOR,
};

static const struct option options[] = {
	{"listen", required_argument, NULL, OPT_LISTEN},
	{"token", required_argument, NULL, OPT_TOKEN},
	{"offset", required_argument, NULL, OPT_OFFSET},
	{"lang", required_argument, NULL, OPT_LANG},
	{"policy", required_argument, NULL, OPT_POLICY},
	{"key", required_argument, NULL, OPT_KEY},
	{"witness", required_argument, NULL, OPT_WITNESS},
	{"anchor", required_argument, NULL, OPT_ANCHOR},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int take_option(struct command *c, int option, const char *text)
{
	struct verify_options *v = &c->s.verify;

	switch (option) {
	case OPT_LISTEN:
		return take_listen(c, text);
	case OPT_TOKEN:
		return take_token(c, text);
	case OPT_OFFSET:
		return offset_parse(text, &c->s.offset)
			       ? 0
			       : wrong(c, "offset", text, "+HH:MM or -HH:MM, such as +08:00");
	case OPT_LANG:
		return lang_parse(text, &c->s.lang) ? 0 : wrong(c, "lang", text, "en or zh");
	case OPT_POLICY:
		return policy_words_add(c->s.policy, text, c->err, sizeof(c->err));
	case OPT_KEY:
		return take_key(c, &c->key, &v->key, text);
	case OPT_WITNESS:
		return take_key(c, &c->witness, &v->witness, text);
	case OPT_ANCHOR:
		if (v->n_anchors == MAX_ANCHORS) {
			return wrong(c, "anchor", text, "no more than 16 of them");
		}
		c->anchors[v->n_anchors++] = text;
		return 0;
	default: // getopt has said what is wrong
		snprintf(c->err, sizeof(c->err), "\"bhlog serve --help\" lists the options");
		return -EINVAL;
	}
}

static int serve(struct command *c)
{
	struct http_server *server;
	char place[96];
	struct stat st;
	sigset_t ends;
	int signal;
	const bool there = stat(c->s.dir, &st) == 0;

	if (!there || !S_ISDIR(st.st_mode)) {
		snprintf(c->err, sizeof(c->err), "%s: %s", c->s.dir,
			there ? "not a log's directory" : strerror(errno));
		return -EINVAL;
	}
	// Blocked before there are threads, so that none of them takes it.
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	c->http.answer = serve_answer;
	c->http.ctx = &c->s;
	server = http_start(&c->http, c->err, sizeof(c->err));
	if (server == NULL) {
		return -EIO;
	}
	http_place(server, place, sizeof(place));
	printf("http://%s/%s\n", place, c->http.token != NULL ? "?token=..." : "");
	fflush(stdout);
	sigwait(&ends, &signal);
	http_stop(server);
	return 0;
}

static int run(struct command *c, int argc, char **argv)
{
	int option, rc = 0;

	optind = 1;
	while (rc == 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return 0;
		}
		rc = take_option(c, option, optarg);
	}
	if (rc == 0 && argc - optind != 1) {
		snprintf(c->err, sizeof(c->err),
			"name one log's directory; \"bhlog serve --help\" tells more");
		rc = -EINVAL;
	}
	if (rc == 0) {
		c->s.dir = argv[optind];
		rc = serve(c);
	}
	if (rc != 0) {
		fprintf(stderr, "bhlog: %s\n", c->err);
	}
	return rc == 0 ? 0 : 2;
}

int serve_main(int argc, char **argv)
{
	struct command *c = calloc(1, sizeof(*c));
	int status = 2;

	if (c != NULL) {
		c->s.policy = policy_words_new();
	}
	if (c == NULL || c->s.policy == NULL) {
		fprintf(stderr, "bhlog: out of memory\n");
	} else {
		pthread_mutex_init(&c->s.lock, NULL);
		c->s.verify.anchors = c->anchors;
		snprintf(c->address, sizeof(c->address), "127.0.0.1");
		c->http.address = c->address;
		c->http.port = 8480;
		status = run(c, argc, argv);
		digest_free(c->s.digest);
		policy_words_free(c->s.policy);
	}
	free(c);
	return status;
}
