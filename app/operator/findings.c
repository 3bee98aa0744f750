// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/findings.h"
#include "app/control/server.h"
#include "app/operator/colour.h"

#include <string.h>

json_t *findings_json(const char *path, const struct policy *p, const struct diag_list *d)
{
	json_t *list = json_array(), *o;

	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:i, s:i, s:s?, s:s, s:s?}", "level",
				      diag_level_name(d->v[i].level), "line", (int)d->v[i].line,
				      "column", (int)d->v[i].column, "pointer", d->v[i].pointer,
				      "what", d->v[i].what, "hint", d->v[i].hint));
	o = json_pack("{s:o, s:b, s:o}", "file", control_text(path), "valid", p != NULL, "findings",
		list);
	if (p != NULL) {
		const struct policy_info *i = policy_info(p);

		json_object_set_new(o, "id", json_string(i->id));
		json_object_set_new(o, "version", json_integer(i->version));
		json_object_set_new(o, "rules", json_integer(i->n_rules));
		json_object_set_new(o, "limits", json_integer(i->n_limits));
		json_object_set_new(o, "tenants", json_integer(i->n_tenants - 1));
	}
	if (d->dropped != 0)
		json_object_set_new(o, "dropped", json_integer((json_int_t)d->dropped));
	return o;
}

void findings_print(const struct diag_list *d, bool colour, FILE *to)
{
	static const enum colour colours[] = {COLOUR_BOLD, COLOUR_YELLOW, COLOUR_RED};
	char line[2048], *at;

	for (size_t i = 0; i < d->n; i++) {
		const struct diag *f = &d->v[i];

		diag_format(d, i, line, sizeof(line));
		at = strstr(line, f->what);
		// What stands before the words is the place, and ends in the level.
		if (colour && at != NULL) {
			fprintf(to, "%.*s", (int)(at - line), line);
			colour_put(to, true, colours[f->level], 0, f->what);
			fprintf(to, "%s\n", at + strlen(f->what));
		} else {
			fprintf(to, "%s\n", line);
		}
	}
	if (d->dropped != 0)
		fprintf(to, "%s: %zu more findings are not shown\n", d->file, d->dropped);
}
