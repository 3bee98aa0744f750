// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/fields.h"
#include "app/console/serve.h"
#include "app/evidence/proof.h"
#include "app/review/evidence.h"
#include "app/review/lookup.h"
#include "app/rows/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DBS_MAX 4096

// A record, and what its run of the gateway said when it started.
struct found {
	char *line; // free() it; NULL: there is none
	size_t len;
	char dbs[DBS_MAX], version[64]; // dbs: the list as it stands there
};

static void note_start(struct found *f, const struct row *r)
{
	const struct cell *dbs = row_find(r, "dbs");

	f->dbs[0] = '\0';
	if (dbs != NULL && dbs->kind == CELL_LIST && dbs->len < sizeof(f->dbs)) {
		memcpy(f->dbs, dbs->text, dbs->len);
		f->dbs[dbs->len] = '\0';
	}
	cell_text(row_find(r, "ver"), f->version, sizeof(f->version));
}

// What is sought: the record, and the starts before it.
struct hunt {
	struct lookup lookup; // for the starts
	const struct frame_item *items;
	uint32_t n_items;
	bool seeks; // only blocks that may hold what is sought are looked at
	uint64_t seq;
	char key[48];
	struct found *found;
};

static void begin_segment(
	void *ctx, const char *path, int fd, const struct frame_item *items, uint32_t n)
{
	struct hunt *h = ctx;

	h->items = items;
	h->n_items = n;
	lookup_segment(&h->lookup, path, fd, items, n);
}

// Numbers rise from block to block, so that the record is in the last that begins before it.
static enum blocks_want take_block(
	void *ctx, uint32_t i, const struct frame_item *item, struct blocks_lines *instead)
{
	struct hunt *h = ctx;
	const bool behind =
		h->items != NULL && i + 1 < h->n_items && h->items[i + 1].first <= h->seq;

	if (!h->seeks || (item->first <= h->seq && !behind)) {
		return BLOCKS_READ;
	}
	return lookup_block(&h->lookup, i, item, instead);
}

// The text may stand in another field: the row decides.
static bool may_be(void *ctx, const char *line, size_t len)
{
	const struct hunt *h = ctx;

	return serve_may_start(line, len) || memmem(line, len, h->key, strlen(h->key)) != NULL;
}

static void take_line(struct hunt *h, const char *line, size_t n)
{
	struct found *f = h->found;
	struct row r;
	uint64_t is;

	if (!row_parse(&r, line, n)) {
		return;
	}
	if (cell_is(row_find(&r, "ev"), "start", false)) {
		note_start(f, &r);
	}
	if (cell_u64(row_find(&r, "seq"), &is) && is == h->seq) {
		f->line = malloc(n + 1);
		if (f->line != NULL) {
			memcpy(f->line, line, n);
			f->line[n] = '\0';
			f->len = n;
		}
	}
}

// err: "" where nothing went wrong.
static void pass(struct hunt *h, const char *dir, char *err, size_t err_size)
{
	char *path = (char *)(uintptr_t)dir;
	struct source *s = source_open(&path, 1, err, err_size);
	const char *line;
	size_t n;

	if (s == NULL) {
		return;
	}
	source_select(s, &(struct source_select){.ctx = h,
				 .threads = blocks_threads(),
				 .segment = begin_segment,
				 .block = take_block,
				 .line = may_be});
	while (h->found->line == NULL && source_next(s, &line, &n, err, err_size) > 0) {
		take_line(h, line, n);
	}
	source_close(s);
}

// Where the numbers in the footers and the catalogue lead; where they do not lead to it, through
// all.
static void find_line(struct serve *s, uint64_t seq, struct found *f, char *err, size_t err_size)
{
	const struct lookup_options o = serve_catalogue(s);
	struct hunt h = {.seq = seq, .found = f, .seeks = true};
	char *path = (char *)(uintptr_t)s->dir, why[512];
	struct filter starts = {0};

	snprintf(h.key, sizeof(h.key), ",\"seq\":%" PRIu64 ",", seq);
	filter_add(&starts, FILTER_EV, "start", why, sizeof(why));
	if (lookup_open(&h.lookup, &starts, &path, 1, &o, why, sizeof(why)) == 0) {
		pass(&h, s->dir, why, sizeof(why));
		lookup_close(&h.lookup);
	}
	if (f->line == NULL) {
		*f = (struct found){0};
		h.seeks = false;
		lookup_none(&h.lookup, &starts);
		pass(&h, s->dir, err, err_size);
	}
}

// Of which text the value is, for the script that holds the page against the proven line: "field",
// of the line; "entry", of its block's entry; "start", of the start record, which is another line.
static void put_term(const struct page *p, enum word term, const char *of, const char *key)
{
	fputs("<tr><th scope=\"row\">", p->out);
	html_string(p->out, word(term, p->lang));
	fprintf(p->out, "</th><td class=\"x\" data-%s=\"%s\">", of, key);
}

static void put_value(
	const struct page *p, enum word term, const struct fields *f, enum field field)
{
	if (f->v[field] != NULL) {
		put_term(p, term, "field", field_key(field));
		page_code(p, f->v[field]);
		fputs("</td></tr>\n", p->out);
	}
}

static void put_start(const struct page *p, enum word term, const char *text)
{
	if (text[0] != '\0') {
		put_term(p, term, "start", "");
		fputs("<bdi>", p->out);
		html_string(p->out, text);
		fputs("</bdi></td></tr>\n", p->out);
	}
}

static void put_hash(const struct page *p, enum word term, const char *key, const struct hash *h)
{
	char hex[65];

	if (!hash_is_zero(h)) {
		hash_hex(h, hex);
		put_term(p, term, "entry", key);
		fprintf(p->out, "<span class=\"code\">%s</span></td></tr>\n", hex);
	}
}

static void put_entry(const struct page *p, const struct entry *e)
{
	const struct cell dpi = {
		.text = e->dpi + 1, .len = strlen(e->dpi) - 2, .kind = CELL_STRING};
	char text[TEXT_NUMBER];

	put_hash(p, W_POLICY_HASH, "policy", &e->policy);
	put_hash(p, W_DB_HASH, "db", &e->db);
	put_term(p, W_DPI, "entry", "dpi");
	page_code(p, &dpi);
	fputs("</td></tr>\n", p->out);
	put_term(p, W_BLOCK, "entry", "block");
	fprintf(p->out, "%s</td></tr>\n", text_count(e->block, text));
}

// What stood behind the verdict: from the record, and from its block's entry where there is a
// proof.
static void put_receipt(const struct page *p, const struct fields *f, const struct entry *e,
	const struct found *found)
{
	const struct cell dbs = {.text = found->dbs, .len = strlen(found->dbs), .kind = CELL_LIST};
	char act[16];

	fputs("<section>", p->out);
	page_heading(p, "receipt", W_RECEIPT);
	page_note(p, W_RECEIPT_NOTE);
	fputs("<div class=\"scroll\"><table class=\"receipt\" data-of=\"receipt\"><tbody>\n",
		p->out);
	if (cell_text(f->v[FIELD_ACT], act, sizeof(act)) != 0) {
		put_term(p, W_VERDICT, "field", field_key(FIELD_ACT));
		page_verdict(p, act);
		fputs("</td></tr>\n", p->out);
	}
	put_value(p, W_RULE, f, FIELD_RULE);
	put_value(p, W_REASON, f, FIELD_REASON);
	put_value(p, W_SEVERITY, f, FIELD_SEV);
	if (f->v[FIELD_RULE] != NULL) {
		put_term(p, W_BASIS, "field", field_key(FIELD_BASIS));
		page_basis(p, f->v[FIELD_BASIS]);
		fputs("</td></tr>\n", p->out);
	}
	put_value(p, W_POLICY_VERSION, f, FIELD_POL);
	put_value(p, W_COUNTRY, f, FIELD_CC);
	put_value(p, W_COUNTRY_FROM, f, FIELD_CCS);
	put_value(p, W_APP, f, FIELD_APP);
	put_value(p, W_CONFIDENCE, f, FIELD_CONF);
	put_value(p, W_DECIDING_PACKET, f, FIELD_DPKT);
	put_value(p, W_PENDING, f, FIELD_PB);
	if (e != NULL) {
		put_entry(p, e);
	}
	put_start(p, W_GATEWAY_VERSION, found->version);
	if (dbs.len != 0) {
		put_term(p, W_DATABASES, "start", "");
		page_databases(p, &dbs);
		fputs("</td></tr>\n", p->out);
	}
	fputs("</tbody></table></div>\n", p->out);
	if (f->v[FIELD_ACT] != NULL && f->v[FIELD_RULE] == NULL) {
		page_note(p, f->v[FIELD_REASON] != NULL ? W_NO_RULE_NOTE : W_NO_VERDICT_NOTE);
	}
	fputs("</section>\n", p->out);
}

static void put_fields(const struct page *p, const struct row *r)
{
	fputs("<section>", p->out);
	page_heading(p, "fields", W_ALL_FIELDS);
	fputs("<div class=\"scroll\"><table class=\"receipt\" data-of=\"fields\"><tbody>\n",
		p->out);
	for (unsigned i = 0; i < r->n; i++) {
		const struct cell *c = &r->cells[i];
		char time[TEXT_TIME];
		int64_t t;

		fputs("<tr><th scope=\"row\" class=\"code\">", p->out);
		html_text(p->out, c->key, c->key_len);
		fputs("</th><td class=\"x\">", p->out);
		html_cell(p->out, c);
		if (c->key_len == 2 && c->key[0] == 't' && cell_i64(c, &t)) { // t0, t1
			fprintf(p->out, " <span class=\"dim\">%s</span>",
				text_time(t, p->digest->o.offset, time));
		}
		fputs("</td></tr>\n", p->out);
	}
	fputs("</tbody></table></div></section>\n", p->out);
}

static void put_word(const struct page *p, const char *name, enum word text)
{
	fprintf(p->out, " data-%s=\"", name);
	html_string(p->out, word(text, p->lang));
	fputc('"', p->out);
}

static void put_proof(
	const struct page *p, uint64_t seq, const char *why, const struct key_public *key)
{
	char text[KEY_TEXT_MAX];

	fputs("<section>", p->out);
	page_heading(p, "proof", W_PROOF);
	if (why != NULL) {
		fputs("<p>", p->out);
		html_string(p->out, word(W_NOT_PROVEN, p->lang));
		page_verifier_text(p, why);
		fputs("</p></section>\n", p->out);
		return;
	}
	page_note(p, W_PROOF_NOTE);
	fprintf(p->out, "<p><button id=\"verify\" data-proof=\"/proof?seq=%" PRIu64 "\"", seq);
	fprintf(p->out, " data-offset=\"%lld\"", (long long)p->digest->o.offset);
	put_word(p, "leaf", W_JS_LEAF);
	put_word(p, "block", W_JS_BLOCK);
	put_word(p, "log", W_JS_LOG);
	put_word(p, "good", key != NULL ? W_JS_GOOD_SIGNED : W_JS_GOOD);
	if (key != NULL) {
		key_format(key, text);
		fputs(" data-key=\"", p->out);
		html_string(p->out, text);
		fputs("\"", p->out);
		put_word(p, "signed", W_JS_SIGNED);
		put_word(p, "unsigned", W_JS_UNSIGNED);
		put_word(p, "no-ed25519", W_JS_NO_ED25519);
	}
	put_word(p, "bad", W_JS_BAD);
	put_word(p, "none", W_JS_NOT_CHECKED);
	put_word(p, "shown", W_JS_SHOWN);
	put_word(p, "differs", W_JS_DIFFERS);
	fputs(">", p->out);
	html_string(p->out, word(W_VERIFY, p->lang));
	fprintf(p->out, "</button> <a href=\"/proof?seq=%" PRIu64 "\" download>", seq);
	html_string(p->out, word(W_DOWNLOAD, p->lang));
	fputs("</a></p>\n<div role=\"status\"><ol id=\"steps\"></ol></div></section>\n", p->out);
}

static void put_line(const struct page *p, const char *line, size_t len)
{
	fputs("<section>", p->out);
	page_heading(p, "line", W_THE_LINE);
	// The attribute is the line itself, byte for byte, for the check in the browser: text on
	// the page shows characters that act on a reader by their number.
	fputs("<pre id=\"record\" data-line=\"", p->out);
	for (size_t i = 0; i < len; i++) {
		if (strchr("&<>\"'", line[i]) != NULL && line[i] != '\0') {
			fprintf(p->out, "&#%u;", (unsigned char)line[i]);
		} else {
			fputc(line[i], p->out);
		}
	}
	fputs("\">", p->out);
	html_text(p->out, line, len);
	fputs("</pre></section>\n", p->out);
}

static void put_record(struct view *v, uint64_t seq, const struct found *found)
{
	const char *line = found->line;
	const size_t len = found->len;
	struct proof proof = {0};
	const char *why = NULL;
	struct fields f;
	struct row r;
	bool proven;
	char *text;

	prove_text(v->s->dir, seq, &text, &why);
	proven = text != NULL && proof_read(text, strlen(text), &proof);
	if (!row_parse(&r, line, len)) {
		return; // cannot happen: it was parsed when it was found
	}
	fields_find(&f, &r);
	put_receipt(&v->page, &f, proven ? &proof.entry : NULL, found);
	put_proof(&v->page, seq, proven ? NULL : why != NULL ? why : "?", v->s->verify.key);
	if (f.v[FIELD_FID] != NULL) {
		serve_story(v, f.v[FIELD_FID], seq);
	}
	put_line(&v->page, line, len);
	put_fields(&v->page, &r);
	proof_free(&proof);
}

void serve_record(struct view *v)
{
	const char *text = serve_value(v, "seq");
	const struct cell number = {.text = text, .len = strlen(text), .kind = CELL_NUMBER};
	struct digest times = {.o = {.offset = v->s->offset}};
	struct found found = {0};
	char err[4400] = "";
	uint64_t seq;

	fputs("<h1>", v->page.out);
	html_fill1(v->page.out, word(W_RECORD_TITLE, v->page.lang), text);
	fputs("</h1>\n", v->page.out);
	v->page.digest = &times;
	if (!cell_u64(&number, &seq)) {
		serve_error(v, 400, word(W_NO_SUCH_RECORD, v->page.lang));
		return;
	}
	find_line(v->s, seq, &found, err, sizeof(err));
	if (found.line == NULL) {
		serve_error(v, err[0] != '\0' ? 500 : 404,
			err[0] != '\0' ? err : word(W_NO_SUCH_RECORD, v->page.lang));
		return;
	}
	put_record(v, seq, &found);
	free(found.line);
}
