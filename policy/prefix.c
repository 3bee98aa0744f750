// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static unsigned bits_of(uint8_t version)
{
	return version == 4 ? 32 : 128;
}

bool policy_addr_parse(const char *text, struct policy_addr *out)
{
	memset(out, 0, sizeof(*out));
	out->version = strchr(text, ':') != NULL ? 6 : 4;
	return inet_pton(out->version == 4 ? AF_INET : AF_INET6, text, out->b) == 1;
}

void policy_addr_format(const struct policy_addr *a, char out[PREFIX_TEXT_MAX])
{
	inet_ntop(a->version == 4 ? AF_INET : AF_INET6, a->b, out, PREFIX_TEXT_MAX);
}

// Clears what lies behind the prefix; true where something was set.
static bool mask(struct policy_prefix *p)
{
	bool set = false;

	for (unsigned i = 0; i < bits_of(p->addr.version) / 8; i++) {
		unsigned keep = p->len <= 8 * i ? 0 : p->len >= 8 * i + 8 ? 8 : p->len - 8 * i;
		uint8_t m = (uint8_t)(0xff00 >> keep);

		set |= (p->addr.b[i] & ~m) != 0;
		p->addr.b[i] &= m;
	}
	return set;
}

enum prefix_fault prefix_parse(const char *text, struct policy_prefix *out)
{
	const char *slash = strchr(text, '/'), *d;
	char addr[INET6_ADDRSTRLEN];
	unsigned len = 0;

	memset(out, 0, sizeof(*out));
	if (slash == NULL || slash[1] == '\0' || strlen(slash + 1) > 3)
		return PREFIX_SYNTAX;
	for (d = slash + 1; *d != '\0'; d++) {
		if (*d < '0' || *d > '9')
			return PREFIX_SYNTAX;
		len = 10 * len + (unsigned)(*d - '0');
	}
	if (slash[1] == '0' &&
		slash[2] != '\0') // "/08" is read as 8 by some and as octal by others
		return PREFIX_SYNTAX;
	if ((size_t)(slash - text) >= sizeof(addr))
		return PREFIX_ADDRESS;
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = '\0';
	if (!policy_addr_parse(addr, &out->addr))
		return PREFIX_ADDRESS;
	if (len > bits_of(out->addr.version))
		return PREFIX_LENGTH;
	out->len = (uint8_t)len;
	return mask(out) ? PREFIX_HOST_BITS : PREFIX_GOOD;
}

bool prefix_mapped(const struct policy_prefix *p, struct policy_prefix *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (p->addr.version != 6 || p->len < 96 || memcmp(p->addr.b, mapped, sizeof(mapped)) != 0)
		return false;
	*out = (struct policy_prefix){.addr.version = 4, .len = (uint8_t)(p->len - 96)};
	memcpy(out->addr.b, p->addr.b + 12, 4);
	return true;
}

void prefix_format(const struct policy_prefix *p, char out[PREFIX_TEXT_MAX])
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(p->addr.version == 4 ? AF_INET : AF_INET6, p->addr.b, addr, sizeof(addr));
	snprintf(out, PREFIX_TEXT_MAX, "%s/%u", addr, p->len);
}

bool prefix_covers(const struct policy_prefix *p, const struct policy_addr *a)
{
	unsigned bytes = p->len / 8, rest = p->len % 8;

	if (p->addr.version != a->version || memcmp(p->addr.b, a->b, bytes) != 0)
		return false;
	return rest == 0 || ((p->addr.b[bytes] ^ a->b[bytes]) >> (8 - rest)) == 0;
}

int prefix_compare(const void *a, const void *b)
{
	const struct policy_prefix *x = a, *y = b;
	int c;

	if (x->addr.version != y->addr.version)
		return x->addr.version < y->addr.version ? -1 : 1;
	c = memcmp(x->addr.b, y->addr.b, sizeof(x->addr.b));
	if (c != 0)
		return c;
	return x->len < y->len ? -1 : x->len > y->len;
}
