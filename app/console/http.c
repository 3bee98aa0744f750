// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/http.h"

#include "app/console/html.h"
#include "app/console/waiting.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <microhttpd.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define THREADS     4
#define CONNECTIONS 256
#define MEMORY      16384 // of a connection, for its headers
#define TIMEOUT_S   30    // without a byte
// Of one address, where there may be others. All of this machine's programs have the same one.
#define CONNECTIONS_EACH 64
// For all of a request, and for all of an answer, however the bytes drip.
#define REQUEST_S 10
#define ANSWER_S  120

struct http_server {
	struct http_options o;
	struct waiting *waiting;
	struct MHD_Daemon *daemon;
	bool v6;
};

static const struct {
	const char *name, *value;
} headers[] = {
	{"Content-Security-Policy",
		"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cache-Control", "no-store"},
};

const char *http_query(const struct http_request *r, const char *key)
{
	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, key);
}

struct each {
	void (*put)(void *ctx, const char *key, const char *value);
	void *ctx;
};

static enum MHD_Result put_one(
	void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
	const struct each *e = ctx;

	e->put(e->ctx, key, value != NULL ? value : "");
	return MHD_YES;
}

void http_each_query(const struct http_request *r,
	void (*put)(void *ctx, const char *key, const char *value), void *ctx)
{
	struct each e = {put, ctx};

	MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, put_one, &e);
}

struct odd {
	const char *const *names;
	uint64_t seen; // bits of names
	const char *key;
};

static enum MHD_Result look_at(void *ctx, enum MHD_ValueKind kind, const char *key, size_t key_size,
	const char *value, size_t value_size)
{
	struct odd *o = ctx;
	unsigned i = 0;

	while (o->names[i] != NULL && strcmp(o->names[i], key) != 0) {
		i++;
	}
	if (o->names[i] == NULL || (o->seen & 1ull << i) != 0 || strlen(key) != key_size ||
		(value != NULL && strlen(value) != value_size)) {
		o->key = key;
		return MHD_NO;
	}
	o->seen |= 1ull << i;
	return MHD_YES;
}

const char *http_odd_query(const struct http_request *r, const char *const *names)
{
	struct odd o = {.names = names};

	MHD_get_connection_values_n(r->connection, MHD_GET_ARGUMENT_KIND, look_at, &o);
	return o.key;
}

const char *http_cookie(const struct http_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, name);
}

// ---- who may ask

// An address, with or without a port, or localhost.
static bool host_is_ours(const char *host)
{
	char name[INET6_ADDRSTRLEN + 2];
	uint8_t address[16];
	size_t len;

	if (host == NULL) {
		return false;
	}
	if (host[0] == '[') {
		host++;
		len = strcspn(host, "]");
	} else {
		len = strcspn(host, ":");
	}
	if (len >= sizeof(name)) {
		return false;
	}
	memcpy(name, host, len);
	name[len] = '\0';
	return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, address) == 1 ||
	       inet_pton(AF_INET6, name, address) == 1;
}

// In time that does not tell how much of it is right.
static bool token_is(const char *token, const char *given)
{
	const size_t len = strlen(token), n = given != NULL ? strlen(given) : 0;
	volatile unsigned char differ = (unsigned char)(n != len);

	for (size_t i = 0; i < len; i++) {
		differ |= (unsigned char)(token[i] ^ (i < n ? given[i] : 0));
	}
	return differ == 0;
}

static bool is_open(const struct http_server *s, const char *path)
{
	const char *const *open = s->o.open;

	while (open != NULL && *open != NULL && strcmp(*open, path) != 0) {
		open++;
	}
	return open != NULL && *open != NULL;
}

static bool may_ask(const struct http_server *s, const struct http_request *r)
{
	static const char bearer[] = "Bearer ";
	const char *header;

	if (s->o.token == NULL) {
		return true;
	}
	header = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Authorization");
	if (header != NULL && strncasecmp(header, bearer, sizeof(bearer) - 1) == 0) {
		return token_is(s->o.token, header + sizeof(bearer) - 1);
	}
	return token_is(s->o.token, http_cookie(r, "token")) ||
	       token_is(s->o.token, http_query(r, "token"));
}

// ---- how long it may take

static struct waiting_one *waiting_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static void note_connection(void *ctx, struct MHD_Connection *c, void **of_socket,
	enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info;
	struct http_server *s = ctx;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
		*of_socket =
			info != NULL ? waiting_add(s->waiting, info->connect_fd, REQUEST_S) : NULL;
	} else {
		waiting_remove(s->waiting, *of_socket);
	}
}

// The next request on the same connection.
static void note_completed(
	void *ctx, struct MHD_Connection *c, void **seen, enum MHD_RequestTerminationCode why)
{
	struct http_server *s = ctx;

	waiting_set(s->waiting, waiting_of(c), true, REQUEST_S);
}

// ---- answers

static void set_cookie(struct MHD_Response *m, const char *setting)
{
	char cookie[640];

	snprintf(cookie, sizeof(cookie), "%s; HttpOnly; SameSite=Strict; Path=/", setting);
	MHD_add_response_header(m, "Set-Cookie", cookie);
}

static enum MHD_Result send_reply(
	struct http_server *s, const struct http_request *r, const struct http_reply *reply)
{
	struct MHD_Response *m =
		MHD_create_response_from_buffer(reply->len, reply->body, MHD_RESPMEM_MUST_FREE);
	char text[512];
	enum MHD_Result rc;

	if (m == NULL) {
		free(reply->body);
		return MHD_NO;
	}
	for (unsigned i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		MHD_add_response_header(m, headers[i].name, headers[i].value);
	}
	MHD_add_response_header(m, "Content-Type", reply->type);
	if (reply->file_name != NULL) {
		snprintf(text, sizeof(text), "attachment; filename=\"%s\"", reply->file_name);
		MHD_add_response_header(m, "Content-Disposition", text);
	}
	if (reply->set_cookie != NULL) {
		set_cookie(m, reply->set_cookie);
	}
	if (reply->status == 401) {
		MHD_add_response_header(m, "WWW-Authenticate", "Bearer realm=\"bhlog\"");
	}
	if (reply->location != NULL) {
		MHD_add_response_header(m, "Location", reply->location);
	}
	waiting_set(s->waiting, waiting_of(r->connection), false, ANSWER_S);
	rc = MHD_queue_response(r->connection, reply->status, m);
	MHD_destroy_response(m);
	return rc;
}

static enum MHD_Result send_text(
	struct http_server *s, const struct http_request *r, unsigned status, const char *text)
{
	const struct http_reply reply = {.status = status,
		.type = "text/plain; charset=utf-8",
		.body = strdup(text),
		.len = strlen(text)};

	return reply.body != NULL ? send_reply(s, r, &reply) : MHD_NO;
}

static void put_other(void *ctx, const char *key, const char *value)
{
	FILE *out = ctx;

	if (strcmp(key, "token") != 0) {
		fputc('&', out);
		html_url_text(out, key);
		fputc('=', out);
		html_url_text(out, value);
	}
}

// The same address without the token. NULL: no memory.
static char *without_token(const struct http_request *r)
{
	const char *path = r->path + strspn(r->path, "/"); // "//" would lead to another host
	char *text = NULL, *question;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL) {
		return NULL;
	}
	fputc('/', out);
	html_url_text(out, path); // no page has a slash in its name
	http_each_query(r, put_other, out);
	fclose(out);
	question = text != NULL ? strchr(text, '&') : NULL;
	if (question != NULL) {
		*question = '?';
	}
	return text;
}

static enum MHD_Result send_on(struct http_server *s, const struct http_request *r)
{
	char cookie[512], *location = without_token(r);
	const struct http_reply reply = {.status = 303,
		.type = "text/plain; charset=utf-8",
		.body = strdup(""),
		.location = location,
		.set_cookie = token_is(s->o.token, http_query(r, "token")) ? cookie : NULL};
	enum MHD_Result rc;

	snprintf(cookie, sizeof(cookie), "token=%s", s->o.token);
	rc = reply.body != NULL && location != NULL ? send_reply(s, r, &reply) : MHD_NO;
	free(location);
	return rc;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data, size_t *data_size, void **seen)
{
	static int first; // its address marks that the headers were seen
	struct http_server *s = ctx;
	const struct http_request r = {url, c};
	struct http_reply reply = {.status = 200, .type = "text/html; charset=utf-8"};

	// Before what it sends: in the midst of that no answer can be given.
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		*data_size = 0;
		return send_text(s, &r, 405, "this console only shows\n");
	}
	if (*seen == NULL) {
		*seen = &first;
		return MHD_YES;
	}
	if (!host_is_ours(MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host"))) {
		return send_text(s, &r, 403, "ask by the address, not by a name\n");
	}
	waiting_set(s->waiting, waiting_of(c), false, 0); // now it waits for us
	if (!is_open(s, url) && !may_ask(s, &r)) {
		reply.status = 401;
		s->o.refuse(s->o.ctx, &r, &reply);
	} else if (s->o.token != NULL && http_query(&r, "token") != NULL && !is_open(s, url)) {
		return send_on(s, &r);
	} else {
		s->o.answer(s->o.ctx, &r, &reply);
	}
	if (reply.body == NULL) {
		return send_text(s, &r, 500, "out of memory\n");
	}
	return send_reply(s, &r, &reply);
}

// ---- the server

static bool is_loopback(const struct sockaddr *a)
{
	const struct sockaddr_in *v4 = (const void *)a;
	const struct sockaddr_in6 *v6 = (const void *)a;

	return a->sa_family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 == 127
				       : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static bool parse_address(const struct http_options *o, struct sockaddr_storage *a)
{
	struct sockaddr_in *v4 = (void *)a;
	struct sockaddr_in6 *v6 = (void *)a;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, o->address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(o->port);
		return true;
	}
	if (inet_pton(AF_INET6, o->address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(o->port);
		return true;
	}
	return false;
}

static bool start_daemon(struct http_server *s, const struct sockaddr_storage *a)
{
	const unsigned each = is_loopback((const struct sockaddr *)a) ? 0 : CONNECTIONS_EACH;

	s->waiting = waiting_new(CONNECTIONS);
	s->daemon =
		s->waiting == NULL
			? NULL
			: MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL |
						   (s->v6 ? MHD_USE_IPv6 : 0),
				  s->o.port, NULL, NULL, handle, s, MHD_OPTION_SOCK_ADDR, a,
				  MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
				  MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
				  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
				  MHD_OPTION_PER_IP_CONNECTION_LIMIT, each,
				  MHD_OPTION_NOTIFY_CONNECTION, note_connection, s,
				  MHD_OPTION_NOTIFY_COMPLETED, note_completed, s, MHD_OPTION_END);
	return s->daemon != NULL;
}

struct http_server *http_start(const struct http_options *o, char *err, size_t err_size)
{
	struct http_server *s = calloc(1, sizeof(*s));
	struct sockaddr_storage a;

	if (s == NULL || !parse_address(o, &a)) {
		snprintf(err, err_size, "%s: %s", o->address,
			s == NULL ? "out of memory" : "no address");
		free(s);
		return NULL;
	}
	if (o->token == NULL && !is_loopback((const struct sockaddr *)&a)) {
		snprintf(err, err_size,
			"%s can be reached from other hosts: name a file with a token (--token "
			"FILE)",
			o->address);
		free(s);
		return NULL;
	}
	s->o = *o;
	s->v6 = a.ss_family == AF_INET6;
	if (!start_daemon(s, &a)) {
		snprintf(err, err_size, "%s port %u: %s", o->address, o->port, strerror(errno));
		waiting_free(s->waiting);
		free(s);
		return NULL;
	}
	return s;
}

// An address of this machine that others may reach; false: there is none.
static bool find_address(bool v6, char *out, size_t size)
{
	struct ifaddrs *all, *a;
	bool found = false;

	if (getifaddrs(&all) != 0) {
		return false;
	}
	for (a = all; a != NULL && !found; a = a->ifa_next) {
		const struct sockaddr_in *v4 = (const void *)a->ifa_addr;
		const struct sockaddr_in6 *in6 = (const void *)a->ifa_addr;

		if (a->ifa_addr == NULL || a->ifa_addr->sa_family != (v6 ? AF_INET6 : AF_INET) ||
			(a->ifa_flags & IFF_UP) == 0 || is_loopback(a->ifa_addr) ||
			(v6 && IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))) {
			continue;
		}
		found = inet_ntop(a->ifa_addr->sa_family,
				v6 ? (const void *)&in6->sin6_addr : (const void *)&v4->sin_addr,
				out, (socklen_t)size) != NULL;
	}
	freeifaddrs(all);
	return found;
}

void http_place(const struct http_server *s, char *out, size_t size)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
	const unsigned port = info != NULL ? info->port : s->o.port;
	uint8_t zeros[16] = {0}, address[16] = {0};
	char text[INET6_ADDRSTRLEN];
	const char *place = s->o.address;

	inet_pton(s->v6 ? AF_INET6 : AF_INET, s->o.address, address);
	if (memcmp(address, zeros, sizeof(zeros)) == 0) { // all addresses
		place = find_address(s->v6, text, sizeof(text)) ? text : NULL;
	}
	snprintf(out, size, s->v6 && place != NULL ? "[%s]:%u" : "%s:%u",
		place != NULL ? place : "<this host>", port);
}

void http_stop(struct http_server *s)
{
	MHD_stop_daemon(s->daemon);
	waiting_free(s->waiting);
	free(s);
}
