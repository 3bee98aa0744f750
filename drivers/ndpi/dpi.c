// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/ndpi/dpi.h"
#include "drivers/ndpi/private.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct dpi *dpi_create(const struct dpi_config *c, char *err, size_t err_size)
{
	struct dpi *d;

	if (!dpi_library_matches(err, err_size))
		return NULL;
	d = aligned_alloc(_Alignof(struct dpi), sizeof(*d)); // cache lines of its worker's own
	if (d == NULL)
		goto no_memory;
	memset(d, 0, sizeof(*d));
	d->n = c->contexts;
	d->max_tcp = c->max_packets_tcp;
	d->max_udp = c->max_packets_udp;
	d->free = DPI_NO_FLOW;
	d->map_size = (size_t)c->contexts * sizeof(*d->flows);
	d->flows = mmap(NULL, d->map_size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (d->flows == MAP_FAILED) {
		d->flows = NULL;
		goto no_memory;
	}
	if (c->touch) { // best effort
		madvise(d->flows, d->map_size, MADV_HUGEPAGE);
		madvise(d->flows, d->map_size, MADV_POPULATE_WRITE);
	}
	d->module = compat_init();
	if (d->module == NULL)
		goto no_memory;
	compat_enable_all(d->module);
	ndpi_finalize_initialization(d->module);
	return d;
no_memory:
	snprintf(err, err_size, "nDPI: no memory for a detection module and %u contexts",
		c->contexts);
	dpi_free(d);
	return NULL;
}

void dpi_free(struct dpi *d)
{
	if (d == NULL)
		return;
	if (d->module != NULL)
		ndpi_exit_detection_module(d->module);
	if (d->flows != NULL)
		munmap(d->flows, d->map_size);
	free(d);
}

struct dpi_flow *dpi_flow_open(struct dpi *d)
{
	struct dpi_flow *f;

	if (d->free != DPI_NO_FLOW) {
		f = &d->flows[d->free];
		d->free = f->next;
		memset(f, 0, sizeof(*f));
	} else if (d->fresh < d->n) {
		f = &d->flows[d->fresh++]; // the mapping is zero
	} else {
		return NULL;
	}
	d->open++;
	return f;
}

void dpi_flow_close(struct dpi *d, struct dpi_flow *f)
{
	ndpi_free_flow_data(&f->ndpi);
	f->next = d->free;
	d->free = dpi_flow_index(d, f);
	d->open--;
}

uint32_t dpi_flows_open(const struct dpi *d)
{
	return d->open;
}

uint32_t dpi_contexts(const struct dpi *d)
{
	return d->n;
}

uint32_t dpi_flow_index(const struct dpi *d, const struct dpi_flow *f)
{
	return (uint32_t)(f - d->flows);
}

struct dpi_flow *dpi_flow_at(const struct dpi *d, uint32_t index)
{
	return &d->flows[index];
}

static uint8_t confidence(const struct ndpi_flow_struct *f)
{
	switch (f->confidence) {
	case NDPI_CONFIDENCE_UNKNOWN:
		return DPI_CONF_NONE;
	case NDPI_CONFIDENCE_MATCH_BY_PORT:
		return DPI_CONF_PORT;
	case NDPI_CONFIDENCE_MATCH_BY_IP:
		return DPI_CONF_IP;
	case NDPI_CONFIDENCE_DPI_CACHE:
		return DPI_CONF_CACHE;
	default: // 4.4 and later know finer shades of cache and of DPI
		return DPI_CONF_DPI;
	}
}

// The label as ndpiReader prints it: the master is named only where it says more than the
// application, and stands for it where only the master is known.
static void fill(
	struct dpi *d, const struct dpi_flow *f, const ndpi_protocol *p, struct dpi_label *label)
{
	uint16_t app = COMPAT_APP(*p), master = COMPAT_MASTER(*p);

	if (app == NDPI_PROTOCOL_UNKNOWN) {
		app = master;
		master = NDPI_PROTOCOL_UNKNOWN;
	} else if (master == app) {
		master = NDPI_PROTOCOL_UNKNOWN;
	}
	label->app = app;
	label->master = master;
	label->cat =
		app != NDPI_PROTOCOL_UNKNOWN ? (uint16_t)ndpi_get_proto_category(d->module, *p) : 0;
	label->conf = app != NDPI_PROTOCOL_UNKNOWN ? confidence(&f->ndpi) : DPI_CONF_NONE;
	label->risks = f->ndpi.risk;
}

void dpi_flow_packet(struct dpi *d, struct dpi_flow *f, const uint8_t *ip, uint16_t len,
	uint64_t ms, struct dpi_label *label)
{
	ndpi_protocol p;

	if (ms > d->now_ms) // as in ndpiReader, the library's time never goes back
		d->now_ms = ms;
	p = compat_process(d->module, &f->ndpi, ip, len, d->now_ms);
	label->final = COMPAT_APP(p) != NDPI_PROTOCOL_UNKNOWN &&
		       !compat_wants_more(d->module, &f->ndpi, &p);
	fill(d, f, &p, label);
}

bool dpi_flow_count(const struct dpi *d, struct dpi_flow *f, uint8_t proto)
{
	f->packets += f->packets != UINT16_MAX;
	return f->packets > (proto == IPPROTO_TCP ? d->max_tcp : d->max_udp);
}

void dpi_flow_finish(struct dpi *d, struct dpi_flow *f, struct dpi_label *label)
{
	ndpi_protocol p = compat_giveup(d->module, &f->ndpi);

	fill(d, f, &p, label);
	label->final = true;
}

static bool is_one_of(const struct dpi_label *l, uint16_t a)
{
	return l->app == a || l->master == a;
}

// nDPI keeps the TLS fields in a union with those of other protocols: they mean something only
// under the labels whose dissectors fill them.
static bool has_tls_fields(const struct dpi_label *l)
{
	return is_one_of(l, NDPI_PROTOCOL_TLS) || is_one_of(l, NDPI_PROTOCOL_QUIC) ||
	       is_one_of(l, NDPI_PROTOCOL_DTLS) || is_one_of(l, NDPI_PROTOCOL_MAIL_SMTPS) ||
	       is_one_of(l, NDPI_PROTOCOL_MAIL_POPS) || is_one_of(l, NDPI_PROTOCOL_MAIL_IMAPS);
}

const char *dpi_flow_host(
	const struct dpi_flow *f, const struct dpi_label *label, enum dpi_host_source *source)
{
	const char *name = f->ndpi.host_server_name;

	*source = DPI_HOST_NONE;
	if (name[0] == '\0')
		return "";
	if (is_one_of(label, NDPI_PROTOCOL_QUIC))
		*source = DPI_HOST_QUIC;
	else if (is_one_of(label, NDPI_PROTOCOL_HTTP) ||
		 is_one_of(label, NDPI_PROTOCOL_HTTP_CONNECT) ||
		 is_one_of(label, NDPI_PROTOCOL_HTTP_PROXY))
		*source = DPI_HOST_HTTP;
	else if (is_one_of(label, NDPI_PROTOCOL_DNS) || is_one_of(label, NDPI_PROTOCOL_MDNS) ||
		 is_one_of(label, NDPI_PROTOCOL_LLMNR))
		*source = DPI_HOST_DNS;
	else if (has_tls_fields(label))
		*source = DPI_HOST_SNI;
	return *source == DPI_HOST_NONE ? ""
					: name; // NetBIOS, DHCP, STUN names are not hosts asked for
}

#ifdef COMPAT_JA3
static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}
#endif

bool dpi_flow_ja3(
	const struct dpi_flow *f, const struct dpi_label *label, uint8_t ja3[DPI_JA3_SIZE])
{
#ifdef COMPAT_JA3
	const char *text = COMPAT_JA3(&f->ndpi);

	if (!has_tls_fields(label))
		return false;
	for (unsigned i = 0; i < DPI_JA3_SIZE; i++) {
		int hi = nibble(text[2 * i]), lo = hi < 0 ? -1 : nibble(text[2 * i + 1]);

		if (lo < 0)
			return false;
		ja3[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
#else
	(void)f, (void)label, (void)ja3;
	return false;
#endif
}
