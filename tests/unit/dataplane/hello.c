// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/dataplane/hello.h"

#include "app/dataplane/parse.h"

#include <stdio.h>
#include <string.h>

static uint32_t put(uint8_t *b, uint32_t n, const void *from, uint32_t len)
{
	memcpy(b + n, from, len);
	return n + len;
}

uint32_t hello_tls(uint8_t b[HELLO_MAX])
{
	static const uint8_t ciphers[] = {
		0, 10, 0x13, 1, 0x13, 2, 0xc0, 0x2b, 0xc0, 0x2f, 0, 0x9c, 1, 0};
	static const uint8_t rest[] = {0, 10, 0, 6, 0, 4, 0, 29, 0, 23, // groups
		0, 11, 0, 2, 1, 0,                                      // point formats
		0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1,                    // signatures
		0, 16, 0, 14, 0, 12, 2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1', 0, 43,
		0, 5, 4, 3, 4, 3, 3}; // versions
	uint32_t name = sizeof(HELLO_HOST) - 1, n = 9, exts;

	n = put(b, n, "\3\3", 2);
	for (unsigned i = 0; i < 32; i++)
		b[n++] = (uint8_t)(7 * i + 1); // random
	b[n++] = 32;
	for (unsigned i = 0; i < 32; i++)
		b[n++] = (uint8_t)(11 * i + 3); // session
	n = put(b, n, ciphers, sizeof(ciphers));
	exts = n;
	n += 2;
	put_be16(b + n, 0); // server name (RFC 6066, 3)
	put_be16(b + n + 2, name + 5);
	put_be16(b + n + 4, name + 3);
	b[n + 6] = 0;
	put_be16(b + n + 7, name);
	n = put(b, n + 9, HELLO_HOST, name);
	n = put(b, n, rest, sizeof(rest));
	put_be16(b + exts, n - exts - 2);
	b[0] = 22;
	put_be16(b + 1, 0x0301);
	put_be16(b + 3, n - 5);
	b[5] = 1;
	b[6] = 0;
	put_be16(b + 7, n - 9);
	return n;
}

uint32_t hello_http(uint8_t b[HELLO_MAX])
{
	return (uint32_t)snprintf((char *)b, HELLO_MAX,
		"GET /a/path/that/is/long HTTP/1.1\r\nHost: %s\r\nUser-Agent: test/1.0\r\n"
		"Accept: */*\r\n\r\n",
		HELLO_HOST);
}

uint32_t hello_dns(uint8_t b[HELLO_MAX])
{
	static const uint8_t head[12] = {0x12, 0x34, 1, 0, 0, 1};
	const char *name = HELLO_HOST;
	uint32_t n = put(b, 0, head, sizeof(head));

	while (*name != '\0') {
		uint32_t len = (uint32_t)strcspn(name, ".");

		b[n++] = (uint8_t)len;
		n = put(b, n, name, len);
		name += len + (name[len] == '.');
	}
	return put(b, n, "\0\0\1\0\1", 5);
}
