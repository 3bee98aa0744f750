// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/devargs.h"

#include <stdio.h>
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

bool devargs_pci(const char *name, char out[DEVARGS_PCI_MAX])
{
	unsigned domain = 0, bus, slot, function;
	int used = 0;

	out[0] = '\0';
	if (sscanf(name, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &used) != 4 ||
		name[used] != '\0') {
		domain = 0;
		used = 0;
		if (sscanf(name, "%2x:%2x.%1x%n", &bus, &slot, &function, &used) != 3 ||
			name[used] != '\0')
			return false;
	}
	if (slot > 0x1f || function > 7)
		return false; // nor does the configuration take it
	snprintf(out, DEVARGS_PCI_MAX, "%04x:%02x:%02x.%x", domain & 0xffff, bus & 0xff, slot,
		function);
	return true;
}

const char *devargs_interface(const char *text, size_t *len)
{
	static const char *const keys[] = {"iface", "rx_iface_in", "rx_iface", "tx_iface"};
	const char *value = NULL;

	for (unsigned i = 0; value == NULL && i < sizeof(keys) / sizeof(keys[0]); i++)
		value = devargs_find(text, keys[i], len);
	return value;
}
