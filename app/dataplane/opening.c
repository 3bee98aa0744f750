// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/opening.h"

#include <string.h>
#include <strings.h>

static const char *const methods[] = {"GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ",
	"PATCH ", "CONNECT ", "TRACE ", "PROPFIND ", "REPORT "};

// RFC 8446, 5.1: handshake, version 3.x, length.
static bool tls_complete(const uint8_t *b, uint32_t len)
{
	if (len > 1 && b[1] != 3)
		return true;
	return len >= 5 && len >= 5 + ((uint32_t)b[3] << 8 | b[4]);
}

// A Host line to its end, or the empty line that ends the header (RFC 9112, 2.1).
static bool http_complete(const uint8_t *b, uint32_t len)
{
	const uint8_t *end = b + len, *line = b;
	bool host = false;

	while (line < end) {
		const uint8_t *eol = memchr(line, '\n', (size_t)(end - line));

		if (eol == NULL)
			return false;
		if (host || eol == line || (eol == line + 1 && *line == '\r'))
			return true;
		line = eol + 1;
		if (end - line >= 5 && strncasecmp((const char *)line, "Host:", 5) == 0)
			host = true;
	}
	return false;
}

bool opening_complete(const uint8_t *b, uint32_t len)
{
	if (len == 0 || len >= OPENING_MAX)
		return len != 0;
	if (b[0] == 22)
		return tls_complete(b, len);
	for (unsigned i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		size_t n = strlen(methods[i]);

		if (memcmp(b, methods[i], len < n ? len : n) == 0)
			return len >= n && http_complete(b, len);
	}
	return true;
}
