// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/doctor/part.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void found(struct doctor *d, enum doctor_level level, const char *check, const char *why,
	const char *saw, ...)
{
	struct doctor_finding f = {.topic = d->topic, .level = level, .why = why};
	va_list ap;

	if (d->n == d->cap) {
		size_t cap = d->cap == 0 ? 64 : d->cap * 2;
		struct doctor_finding *v = realloc(d->v, cap * sizeof(*v));

		if (v == NULL) {
			d->no_memory = true;
			return;
		}
		d->v = v;
		d->cap = cap;
	}
	va_start(ap, saw);
	if (vasprintf(&f.saw, saw, ap) < 0)
		f.saw = NULL;
	va_end(ap);
	f.check = strdup(check);
	f.mend = strdup("");
	if (f.saw == NULL || f.check == NULL || f.mend == NULL) {
		free(f.saw);
		free(f.check);
		free(f.mend);
		d->no_memory = true;
		return;
	}
	d->v[d->n++] = f;
}

void mend(struct doctor *d, const char *command, ...)
{
	struct doctor_finding *f = d->n != 0 ? &d->v[d->n - 1] : NULL;
	char *line, *all;
	va_list ap;
	int rc;

	if (f == NULL || d->no_memory)
		return;
	va_start(ap, command);
	rc = vasprintf(&line, command, ap);
	va_end(ap);
	if (rc < 0) {
		d->no_memory = true;
		return;
	}
	if (asprintf(&all, "%s%s%s", f->mend, f->mend[0] != '\0' ? "\n" : "", line) < 0) {
		d->no_memory = true;
	} else {
		free(f->mend);
		f->mend = all;
	}
	free(line);
}

void mend_boot(struct doctor *d, const char *words, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, words);
	vsnprintf(text, sizeof(text), words, ap);
	va_end(ap);
	if (sys_exists(d, "/etc/default/grub"))
		mend(d,
			"sed -i 's/^GRUB_CMDLINE_LINUX=\"/&%s /' /etc/default/grub && update-grub "
			"&& reboot",
			text);
	else
		mend(d, "add to the kernel's command line in the boot loader, then reboot: %s",
			text);
}

bool doctor_has_findings(const struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].level >= DOCTOR_UNKNOWN)
			return true;
	return false;
}

void doctor_free(struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].check);
		free(d->v[i].saw);
		free(d->v[i].mend);
	}
	free(d->v);
	memset(d, 0, sizeof(*d));
}
