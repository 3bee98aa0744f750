// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/country.h"

#include <ctype.h>
#include <string.h>

// Second letters by first letter.
static const char *const codes[26] = {
	['A' - 'A'] = "DEFGILMOQRSTUWXZ",
	['B' - 'A'] = "ABDEFGHIJLMNOQRSTVWYZ",
	['C' - 'A'] = "ACDFGHIKLMNORUVWXYZ",
	['D' - 'A'] = "EJKMOZ",
	['E' - 'A'] = "CEGHRST",
	['F' - 'A'] = "IJKMOR",
	['G' - 'A'] = "ABDEFGHILMNPQRSTUWY",
	['H' - 'A'] = "KMNRTU",
	['I' - 'A'] = "DELMNOQRST",
	['J' - 'A'] = "EMOP",
	['K' - 'A'] = "EGHIMNPRWYZ",
	['L' - 'A'] = "ABCIKRSTUVY",
	['M' - 'A'] = "ACDEFGHKLMNOPQRSTUVWXYZ",
	['N' - 'A'] = "ACEFGILOPRUZ",
	['O' - 'A'] = "M",
	['P' - 'A'] = "AEFGHKLMNRSTWY",
	['Q' - 'A'] = "A",
	['R' - 'A'] = "EOSUW",
	['S' - 'A'] = "ABCDEGHIJKLMNORSTVXYZ",
	['T' - 'A'] = "CDFGHJKLMNORTVWZ",
	['U' - 'A'] = "AGMSYZ",
	['V' - 'A'] = "ACEGINU",
	['W' - 'A'] = "FS",
	['X' - 'A'] = "KX",
	['Y' - 'A'] = "ET",
	['Z' - 'A'] = "AMW",
};

uint16_t country_code(const char *text)
{
	if (text[0] < 'A' || text[0] > 'Z' || text[1] < 'A' || text[1] > 'Z' || text[2] != '\0')
		return 0;
	if (strchr(codes[text[0] - 'A'], text[1]) == NULL)
		return 0;
	return POLICY_CC(text[0], text[1]);
}

const char *country_meant(const char *text)
{
	static const struct {
		const char *wrong, *right;
	} known[] = {{"UK", "GB"}, {"EL", "GR"}, {"JA", "JP"}, {"EN", "GB"}, {"KO", "KR"},
		{"TP", "TL"}, {"ZR", "CD"}, {"YU", "RS"}, {"AN", "CW"}, {"CS", "RS"}, {"ZZ", "XX"},
		{"??", "XX"}, {"CHN", "CN"}, {"USA", "US"}, {"JPN", "JP"}, {"DEU", "DE"},
		{"GER", "DE"}, {"GBR", "GB"}, {"SGP", "SG"}, {"HKG", "HK"}, {"MAC", "MO"},
		{"TWN", "TW"}, {"KOR", "KR"}, {"PRC", "CN"}};
	char u[4] = "";

	for (unsigned i = 0; i < 3 && text[i] != '\0'; i++)
		u[i] = (char)toupper((unsigned char)text[i]);
	if (strlen(text) > 3)
		return NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].wrong, u) == 0)
			return known[i].right;
	return NULL;
}

void country_format(uint16_t cc, char out[3])
{
	out[0] = (char)(cc >> 8);
	out[1] = (char)(cc & 0xff);
	out[2] = '\0';
}
