// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The report as one HTML file that needs nothing else: no script, no network, no font.
#pragma once

#include "app/console/digest.h"
#include "app/console/html.h"
#include "app/console/policy_words.h"
#include "app/evidence/verify.h"

struct page {
	FILE *out;
	enum lang lang;
	struct digest *digest;              // finished
	const struct policy_words *policy;  // maybe of no file
	const struct verify_report *verify; // NULL: the log is no directory
	const char *checkpoint, *cosigned;  // notes, NULL: there is none
	const char *source;                 // the path as it was given
	int64_t now;                        // microseconds since 1970 UTC
	bool torn;                          // the log's end was left out
	const char *stopped;                // where reading ended too early; NULL: nowhere
	bool served;                        // a page of the console: names lead to its searches
	const char *since, *until;          // then: the period as in the URL; "": none
};

// Whether all could be written shows in ferror().
void page_report(const struct page *p);
// All sections with their headings, or those of the console's overview that stand below its own.
void page_sections(const struct page *p, bool overview);
// Period, gateway, log, records, zone of the times, in a list.
void page_about(const struct page *p);

// ---- sections, in their order on the page, each below its heading

void page_summary(const struct page *p);
void page_time(const struct page *p);
void page_countries(const struct page *p);
void page_tenants(const struct page *p);
void page_apps(const struct page *p);
void page_rules(const struct page *p);
void page_blocked(const struct page *p);
void page_flagged(const struct page *p);
void page_pending(const struct page *p);
void page_policy(const struct page *p);
void page_runs(const struct page *p);
void page_gaps(const struct page *p);
void page_integrity(const struct page *p);
void page_numbers(const struct page *p); // what page_time() draws

// ---- what they are made of

void page_heading(const struct page *p, const char *id, enum word title);
void page_note(const struct page *p, enum word text); // a paragraph
// What stands in a rule's place where a record names none: a verdict has a reason, if not a rule.
enum word page_no_rule(const struct cell *reason);
// That a list was found by the catalogue, and the command that finds it without.
void page_by_catalogue(const struct page *p, const char *command);
// A table that can be scrolled sideways, up to its columns, with a name for screen readers; then
// its end. class: "flows" of the style sheet, or "".
void page_table(const struct page *p, enum word name, const char *class);
void page_table_end(const struct page *p);
// A column's heading; class "n": of numbers, "": of text.
void page_column(const struct page *p, enum word title, const char *class);
void page_number(const struct page *p, uint64_t v);
void page_verdict(const struct page *p, const char *act);
// A flow's row up to its bytes: when, ends, label, country, verdict.
struct fields;
void page_flow_cells(const struct page *p, const struct fields *f);
// The number of a record; in the console a link to its page.
void page_record_link(const struct page *p, const struct cell *seq);
// In the console: the beginning of a link to the records whose key has this value, in this period;
// "</a>" ends it. False: this is no console.
bool page_search_link(const struct page *p, const char *key, const struct cell *value);
// The words of a code; NULL: there are none.
const char *page_words(const struct page *p, const struct cell *c);
// A code of the log, with its words where there are any.
void page_code(const struct page *p, const struct cell *c);
// The words alone where there are any.
void page_code_words(const struct page *p, const struct cell *c);
// A cell of a record without a flow with what it is: "version 0.1.0".
void page_named_cell(const struct page *p, const struct cell *c);
// Databases, each on a line of its own and with the time when it was built.
void page_databases(const struct page *p, const struct cell *list);
// Which files the words of legal bases are from, and whether they are policies that were in force.
void page_policy_files(const struct page *p);
// What the verifier says of the log, in one word for all its answers.
enum page_log_state {
	PAGE_LOG_WHOLE,
	PAGE_LOG_NOT_ALL, // nothing is wrong, but not all is confirmed
	PAGE_LOG_BAD,
	PAGE_LOG_UNREADABLE,
};
enum page_log_state page_log_state(const struct verify_report *r);
enum word page_log_state_word(enum page_log_state state);
// A sentence of the verifier, in the page's language where there are words for it.
void page_verifier_text(const struct page *p, const char *text);
// A list of legal bases as it stands in the log, each with its words.
void page_basis(const struct page *p, const struct cell *list);
