// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/block_index.h"

#include "app/review/rollup.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_HEAD   12 // u64 most bytes of a record, u32 whether a line was no record
#define BITS_PER_KEY 12
#define PROBES       7
#define TEXT_MAX     1024 // as filter_match() cuts off

// The kinds of keys, part of what is hashed.
enum key_kind {
	KEY_PAIR = 32, // behind those of enum filter_field
	KEY_SUFFIX,
	KEY_ADDR, // and one for each length of a prefix
};

static const uint8_t levels_4[] = {128, 120, 112};
static const uint8_t levels_6[] = {128, 64, 48, 32};

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

// FNV-1a over kind and text, and the end of MurmurHash3 for the bits that it leaves alike.
static uint64_t hash_more(uint64_t h, const char *text, size_t len, bool folds)
{
	for (size_t i = 0; i < len; i++) {
		h = (h ^ (uint8_t)(folds ? fold(text[i]) : text[i])) * 0x100000001b3ull;
	}
	return h;
}

static uint64_t hash_end(uint64_t h)
{
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdull;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ull;
	return h ^ h >> 33;
}

static uint64_t hash_key(unsigned kind, const char *text, size_t len, bool folds)
{
	return hash_end(
		hash_more((0xcbf29ce484222325ull ^ kind) * 0x100000001b3ull, text, len, folds));
}

static uint64_t hash_pair(const char *a, const char *b)
{
	uint64_t h = hash_more(
		(0xcbf29ce484222325ull ^ KEY_PAIR) * 0x100000001b3ull, a, strlen(a) + 1, false);

	return hash_end(hash_more(h, b, strlen(b), false));
}

// The first `bits` bits of an address.
static uint64_t hash_addr(const struct prefix *p, unsigned bits)
{
	uint8_t b[16] = {0};

	for (unsigned i = 0; i < bits / 8; i++) {
		b[i] = p->b[i];
	}
	return hash_key(KEY_ADDR + bits + (p->version == 4 ? 256 : 0), (const char *)b, 16, false);
}

static bool grow(void **v, size_t *cap, size_t n, size_t size)
{
	if (n == *cap) {
		const size_t to = *cap != 0 ? *cap * 2 : 4096;
		void *grown = reallocarray(*v, to, size);

		if (grown == NULL) {
			return false;
		}
		*v = grown;
		*cap = to;
	}
	return true;
}

static bool add_word(struct block_index *x, uint64_t hash)
{
	if (!grow((void **)&x->hashes, &x->cap_hashes, x->n_hashes, sizeof(*x->hashes))) {
		return false;
	}
	x->hashes[x->n_hashes++] = (uint32_t)hash;
	return true;
}

static bool add_name(struct block_index *x, uint64_t hash)
{
	if (!grow((void **)&x->keys, &x->cap_keys, x->n_keys, sizeof(*x->keys))) {
		return false;
	}
	x->keys[x->n_keys++] = hash;
	return true;
}

// The text of a string; NULL: it is none.
static const char *string(const struct row *r, const char *key, char out[TEXT_MAX])
{
	const struct cell *c = row_find(r, key);

	if (c == NULL || c->kind != CELL_STRING) {
		return NULL;
	}
	cell_text(c, out, TEXT_MAX);
	return out;
}

static bool index_words(struct block_index *x, const struct row *r)
{
	static const struct {
		unsigned kind;
		const char *key;
		bool folds;
	} words[] = {{FILTER_APP, "app", true}, {FILTER_APP, "master", true},
		{FILTER_ACT, "act", false}, {FILTER_RULE, "rule", false},
		{FILTER_REASON, "reason", false}, {FILTER_EV, "ev", false}};
	char text[TEXT_MAX], second[TEXT_MAX];
	const char *tn = string(r, "tn", text), *cc = string(r, "cc", second);

	if ((tn != NULL && !add_word(x, hash_key(FILTER_TENANT, tn, strlen(tn), false))) ||
		(cc != NULL && !add_word(x, hash_key(FILTER_COUNTRY, cc, strlen(cc), false))) ||
		(tn != NULL && cc != NULL && !add_word(x, hash_pair(tn, cc)))) {
		return false;
	}
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *t = string(r, words[i].key, text);

		if (t != NULL &&
			!add_word(x, hash_key(words[i].kind, t, strlen(t), words[i].folds))) {
			return false;
		}
	}
	return true;
}

static bool index_addr(struct block_index *x, const struct cell *c)
{
	char text[64];
	struct prefix p;
	bool ok = true;

	cell_text(c, text, sizeof(text));
	if (c == NULL || !filter_prefix(text, &p)) {
		return true;
	}
	if (p.version == 4) {
		for (unsigned i = 0; i < sizeof(levels_4); i++) {
			ok = ok && add_name(x, hash_addr(&p, levels_4[i]));
		}
	} else {
		for (unsigned i = 0; i < sizeof(levels_6); i++) {
			ok = ok && add_name(x, hash_addr(&p, levels_6[i]));
		}
	}
	return ok;
}

static bool index_flow(struct block_index *x, const struct cell *c)
{
	uint64_t fid;

	return !cell_fid(c, &fid) || add_name(x, hash_key(FILTER_FID, c->text, c->len, false));
}

static bool index_host(struct block_index *x, const struct cell *c)
{
	char host[TEXT_MAX];
	size_t len;

	if (c == NULL) {
		return true;
	}
	len = cell_text(c, host, sizeof(host));
	if (!add_name(x, hash_key(FILTER_HOST, host, len, true))) {
		return false;
	}
	for (size_t i = 1; i < len; i++) {
		if (host[i] == '.' && !add_name(x, hash_key(KEY_SUFFIX, host + i, len - i, true))) {
			return false;
		}
	}
	return true;
}

static uint64_t bytes_of(const struct row *r)
{
	uint64_t out = 0, in = 0;

	cell_u64(row_find(r, "ob"), &out);
	cell_u64(row_find(r, "rb"), &in);
	return __builtin_add_overflow(out, in, &out) ? UINT64_MAX : out;
}

static int by_hash(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int by_key(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool put_words(struct block_index *x, uint64_t most, uint32_t odd)
{
	size_t n = 0;

	if (x->n_hashes != 0) {
		qsort(x->hashes, x->n_hashes, sizeof(*x->hashes), by_hash);
	}
	for (size_t i = 0; i < x->n_hashes; i++) {
		if (n == 0 || x->hashes[n - 1] != x->hashes[i]) {
			x->hashes[n++] = x->hashes[i];
		}
	}
	x->words.len = 0;
	return bytes_add(&x->words, &most, 8) && bytes_add(&x->words, &odd, 4) &&
	       bytes_add(&x->words, x->hashes, n * sizeof(*x->hashes));
}

// Calls for each bit of a key; double hashing (Kirsch and Mitzenmacher, 2006).
static bool bloom(uint8_t *bits, size_t len, uint64_t key, bool set)
{
	const uint64_t n = (uint64_t)len * 8, step = key >> 32 | 1;
	uint64_t at = key & 0xffffffff;

	for (unsigned i = 0; i < PROBES; i++, at += step) {
		const uint64_t bit = at % n;

		if (set) {
			bits[bit / 8] |= (uint8_t)(1 << bit % 8);
		} else if ((bits[bit / 8] >> bit % 8 & 1) == 0) {
			return false;
		}
	}
	return true;
}

static bool put_names(struct block_index *x)
{
	static const uint8_t zeros[64];
	size_t n = 0, want;

	if (x->n_keys != 0) { // a block of notices has no names, and perhaps no array for them
		qsort(x->keys, x->n_keys, sizeof(*x->keys), by_key);
	}
	for (size_t i = 0; i < x->n_keys; i++) {
		if (n == 0 || x->keys[n - 1] != x->keys[i]) {
			x->keys[n++] = x->keys[i];
		}
	}
	want = n * BITS_PER_KEY / 8 + 8;
	for (x->names.len = 0; x->names.len < want;) {
		const size_t left = want - x->names.len;

		if (!bytes_add(&x->names, zeros, left < sizeof(zeros) ? left : sizeof(zeros))) {
			return false;
		}
	}
	for (size_t i = 0; i < n; i++) {
		bloom(x->names.v, x->names.len, x->keys[i], true);
	}
	return true;
}

static bool index_row(struct block_index *x, const struct row *r)
{
	x->rolled = x->rolled && rollup_row(x->rollup, r);
	return index_words(x, r) && index_flow(x, row_find(r, "fid")) &&
	       index_addr(x, row_find(r, "src")) && index_addr(x, row_find(r, "dst")) &&
	       index_host(x, row_find(r, "host"));
}

bool block_index_make(struct block_index *x, const char *lines, size_t len)
{
	const char *at = lines, *end = lines + len;
	uint64_t most = 0;
	uint32_t odd = 0;

	if (x->rollup == NULL && (x->rollup = groups_new()) == NULL) {
		return false;
	}
	groups_clear(x->rollup);
	x->rolled = true;
	x->n_keys = x->n_hashes = x->lines.n = 0;
	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const size_t n = (size_t)((nl != NULL ? nl : end) - at);
		struct row r;

		if (!row_parse(&r, at, n)) {
			odd = 1;
		} else if (!index_row(x, &r) || !lone_note(&x->lines, &r, lines, at, n)) {
			return false;
		} else if (bytes_of(&r) > most) {
			most = bytes_of(&r);
		}
		at += n + (nl != NULL);
	}
	x->rolled = x->rolled && odd == 0;
	x->odd = odd != 0;
	return put_words(x, most, odd) && put_names(x);
}

void block_index_fini(struct block_index *x)
{
	free(x->words.v);
	free(x->names.v);
	free(x->lines.v);
	free(x->kept.v);
	free(x->keys);
	free(x->hashes);
	groups_free(x->rollup);
}

// ---- asking

static bool has_word(const uint8_t *words, size_t len, uint64_t hash)
{
	const uint32_t key = (uint32_t)hash;

	return bsearch(&key, words + WORDS_HEAD, (len - WORDS_HEAD) / 4, 4, by_hash) != NULL;
}

static bool may_pair(const struct filter *f, const uint8_t *words, size_t len)
{
	for (unsigned i = 0; i < f->n[FILTER_TENANT]; i++) {
		for (unsigned k = 0; k < f->n[FILTER_COUNTRY]; k++) {
			if (has_word(words, len,
				    hash_pair(f->values[FILTER_TENANT][i].text,
					    f->values[FILTER_COUNTRY][k].text))) {
				return true;
			}
		}
	}
	return f->n[FILTER_TENANT] == 0 || f->n[FILTER_COUNTRY] == 0;
}

bool block_index_may_words(const struct filter *f, const uint8_t *words, size_t len)
{
	uint64_t most;
	uint32_t odd;

	if (len < WORDS_HEAD || len % 4 != 0) {
		return true;
	}
	memcpy(&most, words, 8);
	memcpy(&odd, words + 8, 4);
	if (odd != 0) {
		return true; // the search has to tell of it
	}
	for (unsigned field = 0; field < FILTER_FIELDS; field++) {
		bool any = f->n[field] == 0 || field == FILTER_HOST || field == FILTER_ADDR ||
			   field == FILTER_REMOTE || field == FILTER_FID;

		for (unsigned i = 0; !any && i < f->n[field]; i++) {
			const char *t = f->values[field][i].text;

			any = has_word(
				words, len, hash_key(field, t, strlen(t), field == FILTER_APP));
		}
		if (!any) {
			return false;
		}
	}
	return most >= f->min_bytes && may_pair(f, words, len);
}

static bool may_host(const char *text, const uint8_t *names, size_t len)
{
	uint8_t *bits = (uint8_t *)(uintptr_t)names;
	const bool suffix = text[0] == '*' && text[1] == '.';
	const char *t = suffix ? text + 1 : text;

	return bloom(bits, len,
		hash_key(suffix ? KEY_SUFFIX : (unsigned)FILTER_HOST, t, strlen(t), true), false);
}

static bool may_flow(const char *text, const uint8_t *names, size_t len)
{
	return bloom((uint8_t *)(uintptr_t)names, len,
		hash_key(FILTER_FID, text, strlen(text), false), false);
}

static bool may_addr(const struct prefix *p, const uint8_t *names, size_t len)
{
	const uint8_t *levels = p->version == 4 ? levels_4 : levels_6;
	const size_t n = p->version == 4 ? sizeof(levels_4) : sizeof(levels_6);

	for (size_t i = 0; i < n; i++) {
		if (p->bits >= levels[i]) {
			return bloom(
				(uint8_t *)(uintptr_t)names, len, hash_addr(p, levels[i]), false);
		}
	}
	return true; // wider than what is in there
}

static bool may_addrs(
	const struct filter *f, enum filter_field field, const uint8_t *names, size_t len)
{
	for (unsigned i = 0; i < f->n[field]; i++) {
		if (may_addr(&f->values[field][i].prefix, names, len)) {
			return true;
		}
	}
	return f->n[field] == 0;
}

bool block_index_may_names(const struct filter *f, const uint8_t *names, size_t len)
{
	bool host = f->n[FILTER_HOST] == 0, flow = f->n[FILTER_FID] == 0;

	if (len == 0) {
		return true;
	}
	for (unsigned i = 0; !host && i < f->n[FILTER_HOST]; i++) {
		host = may_host(f->values[FILTER_HOST][i].text, names, len);
	}
	for (unsigned i = 0; !flow && i < f->n[FILTER_FID]; i++) {
		flow = may_flow(f->values[FILTER_FID][i].text, names, len);
	}
	return host && flow && may_addrs(f, FILTER_ADDR, names, len) &&
	       may_addrs(f, FILTER_REMOTE, names, len);
}

bool block_index_asks_names(const struct filter *f)
{
	return f->n[FILTER_HOST] != 0 || f->n[FILTER_ADDR] != 0 || f->n[FILTER_REMOTE] != 0 ||
	       f->n[FILTER_FID] != 0;
}

bool block_index_asks_kept_only(const struct filter *f)
{
	bool verdict = f->n[FILTER_ACT] != 0, notice = f->n[FILTER_EV] != 0;

	for (unsigned i = 0; i < f->n[FILTER_ACT]; i++) {
		verdict = verdict && strcmp(f->values[FILTER_ACT][i].text, "allow") != 0;
	}
	for (unsigned i = 0; i < f->n[FILTER_EV]; i++) {
		const char *ev = f->values[FILTER_EV][i].text;

		notice = notice && strcmp(ev, "decision") != 0 && strcmp(ev, "update") != 0 &&
			 strcmp(ev, "end") != 0;
	}
	return verdict || notice;
}

bool block_index_is_one_word(const struct filter *f)
{
	unsigned fields = 0;

	for (unsigned i = 0; i < FILTER_FIELDS; i++) {
		fields += f->n[i] != 0;
	}
	return fields == 1 && !block_index_asks_names(f) && !f->has_min_bytes &&
	       !f->when.has_since && !f->when.has_until;
}
