// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/doctor/cpuset.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned cpuset_count(const struct cpuset *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CPUSET_MAX / 64; i++)
		n += (unsigned)__builtin_popcountll(s->w[i]);
	return n;
}

bool cpuset_parse(struct cpuset *s, const char *text)
{
	while (*text != '\0') {
		unsigned long a, b;
		char *end;

		if (isalpha((unsigned char)*text)) {
			text += strcspn(text, ",");
		} else {
			if (!isdigit((unsigned char)*text))
				return false;
			a = b = strtoul(text, &end, 10);
			if (*end == '-') {
				if (!isdigit((unsigned char)end[1]))
					return false;
				b = strtoul(end + 1, &end, 10);
			}
			for (; a <= b && a < CPUSET_MAX; a++)
				cpuset_add(s, (unsigned)a);
			text = end;
		}
		if (*text == ',')
			text++;
		else if (*text != '\0')
			return false;
	}
	return true;
}

void cpuset_format(const struct cpuset *s, char *out, size_t size)
{
	size_t at = 0;

	snprintf(out, size, "none");
	for (unsigned i = 0; i < CPUSET_MAX && at + 1 < size; i++) {
		unsigned last = i;

		if (!cpuset_has(s, i))
			continue;
		while (cpuset_has(s, last + 1))
			last++;
		at += (size_t)snprintf(out + at, size - at, "%s%u", at != 0 ? "," : "", i);
		if (last > i && at < size)
			at += (size_t)snprintf(out + at, size - at, "-%u", last);
		i = last;
	}
}

struct cpuset cpuset_minus(const struct cpuset *a, const struct cpuset *b)
{
	struct cpuset out;

	for (unsigned i = 0; i < CPUSET_MAX / 64; i++)
		out.w[i] = a->w[i] & ~b->w[i];
	return out;
}
