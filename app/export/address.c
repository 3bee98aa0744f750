// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/export/address.h"

#include <arpa/inet.h>

size_t address_size(const struct address *a)
{
	return a->version == 4 ? 4 : a->version == 6 ? 16 : 0;
}

struct address address_parse(const struct cell *c)
{
	struct address a = {0};
	char text[INET6_ADDRSTRLEN + 1]; // longer ones are cut off and so are no addresses

	if (c == NULL || c->kind != CELL_STRING) {
		return a;
	}
	cell_text(c, text, sizeof(text));
	if (inet_pton(AF_INET, text, a.b) == 1) {
		a.version = 4;
	} else if (inet_pton(AF_INET6, text, a.b) == 1) {
		a.version = 6;
	}
	return a;
}
