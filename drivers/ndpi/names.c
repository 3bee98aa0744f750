// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/ndpi/dpi.h"
#include "drivers/ndpi/private.h"

#include <stdio.h>
#include <strings.h>

const char *dpi_app_name(const struct dpi *d, uint16_t id)
{
	if (id >= ndpi_get_num_supported_protocols(d->module))
		return NULL;
	return ndpi_get_proto_name(d->module, id);
}

const char *dpi_category_name(const struct dpi *d, uint16_t id)
{
	const char *name;

	if (id >= NDPI_PROTOCOL_NUM_CATEGORIES)
		return NULL;
	name = ndpi_category_get_name(d->module, (ndpi_protocol_category_t)id);
	return name != NULL && name[0] != '\0' ? name : NULL;
}

const char *dpi_risk_name(const struct dpi *d, unsigned id)
{
	(void)d;
	if (id >= NDPI_MAX_RISK)
		return NULL;
	return ndpi_risk2str((ndpi_risk_enum)id);
}

int dpi_app_id(const struct dpi *d, const char *name)
{
	const char *have;

	for (uint16_t id = 0; (have = dpi_app_name(d, id)) != NULL; id++)
		if (strcasecmp(have, name) == 0)
			return id;
	return -1;
}

int dpi_category_id(const struct dpi *d, const char *name)
{
	for (uint16_t id = 0; id < NDPI_PROTOCOL_NUM_CATEGORIES; id++) {
		const char *have = dpi_category_name(d, id);

		if (have != NULL && strcasecmp(have, name) == 0)
			return id;
	}
	return -1;
}

int dpi_risk_id(const struct dpi *d, const char *name)
{
	const char *have;

	for (unsigned id = 0; (have = dpi_risk_name(d, id)) != NULL; id++)
		if (strcasecmp(have, name) == 0)
			return (int)id;
	return -1;
}

uint16_t dpi_app_category(const struct dpi *d, uint16_t app, uint16_t master)
{
	ndpi_protocol p = {0};

	COMPAT_APP(p) = app;
	COMPAT_MASTER(p) = master;
	return app != NDPI_PROTOCOL_UNKNOWN ? (uint16_t)ndpi_get_proto_category(d->module, p) : 0;
}

const char *dpi_library_version(void)
{
	return ndpi_revision();
}

#define TEXT2(x) #x
#define TEXT(x)  TEXT2(x)

const char *dpi_header_version(void)
{
	return TEXT(NDPI_MAJOR) "." TEXT(NDPI_MINOR);
}

bool dpi_library_matches(char *err, size_t err_size)
{
	if (ndpi_get_api_version() != NDPI_API_VERSION) {
		snprintf(err, err_size,
			"nDPI: the library's API is %u, this program was built for %u; rebuild it",
			ndpi_get_api_version(), NDPI_API_VERSION);
		return false;
	}
	if (ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(struct ndpi_flow_struct)) {
		snprintf(err, err_size,
			"nDPI: a flow takes %u bytes in the library and %zu in this program; "
			"rebuild it",
			ndpi_detection_get_sizeof_ndpi_flow_struct(),
			sizeof(struct ndpi_flow_struct));
		return false;
	}
	return true;
}
