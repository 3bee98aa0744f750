// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/config_cores.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// What is at the cursor, and what is wrong there (NULL: nothing yet).
struct cursor {
	const char *at, *wrong;
};

enum set_form {
	SET_NUMBER,
	SET_RANGE,
	SET_GROUP, // in parentheses
};

struct set {
	uint8_t bits[sizeof(((struct gateway_eal *)0)->lcores)];
	enum set_form form;
};

static bool wrong(struct cursor *c, const char *what)
{
	if (c->wrong == NULL)
		c->wrong = what;
	return false;
}

static void skip_blanks(struct cursor *c)
{
	while (*c->at == ' ' || *c->at == '\t')
		c->at++;
}

static bool number(struct cursor *c, unsigned *n)
{
	const char *begin;

	skip_blanks(c);
	begin = c->at;
	if (!isdigit((unsigned char)*begin))
		return wrong(c, "a number is missing");
	for (*n = 0; isdigit((unsigned char)*c->at); c->at++)
		*n = *n > GATEWAY_MAX_LCORE ? *n : *n * 10 + (unsigned)(*c->at - '0');
	if (*n > GATEWAY_MAX_LCORE) {
		c->at = begin;
		return wrong(c, "numbers end at 1023");
	}
	skip_blanks(c);
	return true;
}

// "3" or "3-5"; "5-3" is the same.
static bool range(struct cursor *c, struct set *s)
{
	unsigned a, b;

	if (!number(c, &a))
		return false;
	b = a;
	if (*c->at == '-') {
		s->form = SET_RANGE;
		c->at++;
		if (!number(c, &b))
			return false;
	}
	for (unsigned n = a < b ? a : b; n <= (a < b ? b : a); n++)
		s->bits[n / 8] |= (uint8_t)(1u << n % 8);
	return true;
}

static bool set(struct cursor *c, struct set *s)
{
	memset(s, 0, sizeof(*s));
	skip_blanks(c);
	if (*c->at != '(')
		return range(c, s);
	do {
		c->at++;
		if (!range(c, s))
			return false;
	} while (*c->at == ',');
	if (*c->at != ')')
		return wrong(c, "\")\" is missing");
	s->form = SET_GROUP;
	c->at++;
	skip_blanks(c);
	return true;
}

static void add(struct gateway_eal *out, const struct set *s)
{
	for (size_t i = 0; i < sizeof(s->bits); i++)
		out->lcores[i] |= s->bits[i];
}

static const char *end(struct gateway_eal *out, const struct cursor *c, const char **at)
{
	*at = c->at;
	out->lcores_known = c->wrong == NULL;
	return c->wrong;
}

const char *cfg_core_list(const char *text, struct gateway_eal *out, const char **at)
{
	struct cursor c = {.at = text};

	for (;; c.at++) {
		const char *begin;
		struct set s = {0};
		unsigned first;

		skip_blanks(&c);
		begin = c.at;
		if (!range(&c, &s))
			break;
		// Such a range has no lcore for the EAL here, other than in --lcores.
		first = (unsigned)strtoul(begin, NULL, 10);
		for (unsigned n = 0; n < first; n++)
			if (s.bits[n / 8] >> n % 8 & 1) {
				c.at = begin;
				wrong(&c, "the range runs backwards");
				break;
			}
		add(out, &s);
		if (c.wrong != NULL || *c.at != ',')
			break;
	}
	if (c.wrong == NULL && *c.at != '\0')
		wrong(&c, *c.at == '@' || *c.at == '(' ? "CPUs and groups are for --lcores"
						       : "a \",\" or a \"-\" is missing");
	return end(out, &c, at);
}

const char *cfg_core_map(const char *text, struct gateway_eal *out, const char **at)
{
	struct cursor c = {.at = text};
	struct set lcores, cpus;

	for (;; c.at++) {
		if (!set(&c, &lcores))
			break;
		if (*c.at == '@' && lcores.form == SET_RANGE) { // so the EAL has it
			wrong(&c, "a range before \"@\" stands in parentheses");
			break;
		}
		out->lcores_mapped |= *c.at == '@' || lcores.form == SET_GROUP;
		if (*c.at == '@') {
			c.at++;
			if (!set(&c, &cpus))
				break;
		}
		add(out, &lcores);
		if (*c.at != ',')
			break;
	}
	if (c.wrong == NULL && *c.at != '\0')
		wrong(&c, "a \",\" is missing");
	return end(out, &c, at);
}

const char *cfg_core_mask(const char *text, struct gateway_eal *out, const char **at)
{
	struct cursor c = {.at = text};
	size_t n;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		c.at += 2;
	n = strspn(c.at, "0123456789abcdefABCDEF");
	if (n == 0 || c.at[n] != '\0' || n > sizeof(out->lcores) * 2) {
		wrong(&c, "a mask is a hexadecimal number");
		return end(out, &c, at);
	}
	for (size_t i = 0; i < n; i++) {
		char digit[2] = {c.at[n - 1 - i], '\0'};
		unsigned long v = strtoul(digit, NULL, 16);

		out->lcores[i / 2] |= (uint8_t)(v << i % 2 * 4);
	}
	c.at += n;
	return end(out, &c, at);
}
