// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Any bytes as a country or AS database: refused with one line, or loaded, and then every address
// has an answer. Input: an odd first byte asks for ASNs; then the file.
#include "drivers/geo/geo.h"
#include "tests/fuzz/memory_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);
const char *__lsan_default_suppressions(void);

// libmaxminddb 1.7.1 does not free the description that it was reading when it finds the metadata
// damaged (populate_description_metadata(), inside MMDB_open()): 4.6 kB for each file refused that
// way. No call of ours comes to this function otherwise, so nothing of ours is hidden. The library
// has no frame pointers: without the slow unwinding its functions are not seen.
const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

const char *__lsan_default_suppressions(void)
{
	return "leak:MMDB_get_entry_data_list\n";
}

static void check_code(uint16_t cc)
{
	uint8_t a = (uint8_t)(cc >> 8), b = (uint8_t)cc;

	if (cc != 0 && (a < 'A' || a > 'Z' || b < 'A' || b > 'Z'))
		abort();
}

static void look_up(const struct geo *g, const uint8_t *data, size_t size)
{
	static const uint8_t fixed[][16] = {{0}, {255, 255, 255, 255}, {1, 0, 0, 1},
		{[10] = 255, [11] = 255, [12] = 192}, {0x20, 0x01, 0x0d, 0xb8}, {0xfe, 0x80}};
	uint8_t tail[16] = {0};

	memcpy(tail, data + (size > 16 ? size - 16 : 0), size > 16 ? 16 : size);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		check_code(geo_country(g, 4, fixed[i]));
		check_code(geo_country(g, 6, fixed[i]));
		geo_asn(g, 4, fixed[i]);
		geo_asn(g, 6, fixed[i]);
	}
	check_code(geo_country(g, 4, tail));
	check_code(geo_country(g, 6, tail));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory_file f;
	const char *path = f.path;
	char err[512] = "";
	struct geo *g;
	bool asn;

	if (size == 0)
		return 0;
	asn = data[0] & 1;
	memory_file_make(&f, data + 1, size - 1);
	g = geo_load(&path, asn ? 0 : 1, &path, asn ? 1 : 0, err, sizeof(err));
	if (g != NULL)
		look_up(g, data, size);
	else if (err[0] == '\0' || strchr(err, '\n') != NULL)
		abort();
	geo_free(g);
	memory_file_free(&f);
	return 0;
}
