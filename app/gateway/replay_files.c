// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/overwrite.h"
#include "app/gateway/replay.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#define FILES_APART 4 // records, packets, packets while they are written, policy

static size_t add(struct overwrite_file *f, size_t n, const char *what, const char *const *paths,
	unsigned n_paths)
{
	for (unsigned i = 0; i < n_paths; i++)
		f[n++] = (struct overwrite_file){.path = paths[i], .what = what};
	return n;
}

int replay_files_apart(const struct replay_options *o, const char *who)
{
	size_t most = FILES_APART + o->n_country_db + o->n_asn_db + o->n_captures, n = 0;
	struct overwrite_file *f = calloc(most, sizeof(*f));
	char part[PATH_MAX];
	bool refused;

	if (f == NULL) {
		fprintf(stderr, "%s: no memory\n", who);
		return -ENOMEM;
	}
	f[n++] = (struct overwrite_file){o->records, "--records", true};
	f[n++] = (struct overwrite_file){o->pcap_out, "--pcap-out", true};
	if (o->pcap_out != NULL) { // see capture_create()
		snprintf(part, sizeof(part), "%s.part", o->pcap_out);
		f[n++] = (struct overwrite_file){
			part, "--pcap-out, as long as it is written,", true};
	}
	f[n++] = (struct overwrite_file){o->policy, "the policy", false};
	n = add(f, n, "the country database", o->country_db, o->n_country_db);
	n = add(f, n, "the AS database", o->asn_db, o->n_asn_db);
	n = add(f, n, "the capture", (const char *const *)o->captures, o->n_captures);
	refused = overwrite_refused(who, f, n);
	free(f);
	return refused ? -EINVAL : 0;
}
