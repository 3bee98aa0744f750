// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/devargs.h"

#include <stdlib.h>
#include <string.h>

size_t devargs_name(const char *text)
{
	return strcspn(text, ",");
}

const char *devargs_find(const char *text, const char *key, size_t *len)
{
	const size_t n = strlen(key);

	while (text != NULL && *text != '\0') {
		const size_t whole = strcspn(text, ",");

		if (whole > n && text[n] == '=' && strncmp(text, key, n) == 0) {
			*len = whole - n - 1;
			return text + n + 1;
		}
		text += whole;
		text += *text == ',';
	}
	return NULL;
}

bool devargs_copy(const char *text, const char *key, char *out, size_t size)
{
	size_t len;
	const char *value = devargs_find(text, key, &len);

	if (value == NULL || len == 0 || len >= size)
		return false;
	memcpy(out, value, len);
	out[len] = '\0';
	return true;
}

long devargs_number(const char *text, const char *key, long otherwise)
{
	size_t len;
	const char *value = devargs_find(text, key, &len);

	return value != NULL ? strtol(value, NULL, 10) : otherwise;
}

const char *devargs_interface(const char *text, size_t *len)
{
	static const char *const keys[] = {"iface", "rx_iface_in", "rx_iface", "tx_iface"};
	const char *value = NULL;

	for (unsigned i = 0; value == NULL && i < sizeof(keys) / sizeof(keys[0]); i++)
		value = devargs_find(text, keys[i], len);
	return value;
}
