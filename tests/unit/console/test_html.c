// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Text as HTML, numbers and times as text, and that every word is there in every language.

#include "app/console/countries.h"
#include "app/console/html.h"
#include "app/console/page.h"
#include "app/console/sentences.h"
#include "app/flowlog/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *escaped(const char *text, size_t len, char out[256])
{
	FILE *f = fmemopen(out, 256, "w");

	html_text(f, text, len);
	fputc('\0', f);
	fclose(f);
	return out;
}

static void text_is_escaped(void **state)
{
	static const struct {
		const char *text, *html;
	} cases[] = {
		{"plain.example", "plain.example"},
		{"<script>\"'&", "&lt;script&gt;&quot;&#39;&amp;"},
		{"\xe4\xb8\xad\xe5\x9b\xbd", "\xe4\xb8\xad\xe5\x9b\xbd"},
		{"a\x1b[31m", "a[U+001B][31m"},
		{"\xe2\x80\xae"
		 "gpj",
			"[U+202E]gpj"},
		{"\xc2\x85\xef\xbb\xbf", "[U+0085][U+FEFF]"},
		{"\xff\xc0\xaf",
			"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, // no UTF-8; an overlong '/'
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, // a surrogate
		{"\xe4\xb8", "\xef\xbf\xbd\xef\xbf\xbd"},                 // cut off
		{"\xe4<", "\xef\xbf\xbd&lt;"},
	};
	char out[256];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(
			escaped(cases[i].text, strlen(cases[i].text), out), cases[i].html);
	}
	assert_string_equal(escaped("a\0b", 3, out), "a[U+0000]b");
}

static void controls_in_cells_show(void **state)
{
	static const struct {
		struct cell cell;
		const char *html;
	} cases[] = {
#define CELL(kind_, text_) {.text = text_, .len = sizeof(text_) - 1, .kind = kind_}
		{CELL(CELL_STRING, "a\\u0000b\\\\u0000"), "<bdi>a[U+0000]b\\u0000</bdi>"},
		{CELL(CELL_STRING, "\\u0000\\u0000"), "<bdi>[U+0000][U+0000]</bdi>"},
		{CELL(CELL_STRING, "\\u0001\\u202e"), "<bdi>[U+0001][U+202E]</bdi>"},
		{CELL(CELL_STRING, ""), "<bdi></bdi>"},
		{CELL(CELL_LIST, "[\"a\",\"\\u0000x\"]"), "<bdi>a;[U+0000]x</bdi>"},
		{CELL(CELL_LIST, "[\"a\",\"b\"]"), "<bdi>a;b</bdi>"},
		{CELL(CELL_NUMBER, "17"), "<bdi>17</bdi>"},
	};
	char out[256];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *f = fmemopen(out, sizeof(out), "w");

		html_cell(f, &cases[i].cell);
		fputc('\0', f);
		fclose(f);
		assert_string_equal(out, cases[i].html);
	}
}

static void sentences_in_chinese(void **state)
{
	static const struct {
		const char *text, *html;
	} cases[] = {
		{"not examined past block 7", "区块 7 之后未检查"},
		{"the checkpoint says gw+0a<; not confirmed, for no public key was given",
			"检查点自称由 gw+0a&lt; 签名；未提供公钥，无法确认"},
		{"/a: b/flow-1.zst: damaged or changed at byte 9; \"bhlog verify\" on its "
		 "directory tells more",
			"/a: b/flow-1.zst：在第 9 "
			"字节处损坏或被更改；对其目录运行“bhlog verify”可知详情"},
		{"its entry is wrong: its times run backwards", "其条目有误：其时间倒退"},
		{"the first 3 blocks, up to 2026-11-24T09:10:00Z, are not there, only their "
		 "entries: removed by retention, stated in block 41 at 2026-11-24T12:30:00Z",
			"前 3 个区块（直至 2026-11-24T09:10:00Z）不在，仅余其条目："
			"已按保留期限清理，由区块 41 于 2026-11-24T12:30:00Z 声明"},
		{"the first 3 blocks, up to 2026-11-24T09:10:00Z, are not there, only their "
		 "entries: they were not when block 7 was written at 2026-11-24T09:20:00Z; those "
		 "before it are of a format that does not say what retention removed; 2 evidence "
		 "captures are not there: taken away or pruned, which nobody can tell",
			"前 3 个区块（直至 2026-11-24T09:10:00Z）不在，仅余其条目：区块 7 于 "
			"2026-11-24T09:20:00Z 写入时它们已不在；此前条目的格式不说明保留期限清理了"
			"什么；2 个证据捕获文件不在：被取走或已清理，无法分辨"},
		{"its entry is wrong: it keeps blocks that were given up before",
			"其条目有误：其保留此前已放弃的区块"},
		{"not examined at all", NULL},
		{"", NULL},
	};
	char out[512];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *f = fmemopen(out, sizeof(out), "w");

		assert_int_equal(sentence_put(f, cases[i].text, LANG_ZH), cases[i].html != NULL);
		fputc('\0', f);
		fclose(f);
		assert_string_equal(out, cases[i].html != NULL ? cases[i].html : "");
	}
}

static void patterns_are_filled(void **state)
{
	static const struct {
		const char *pattern, *args[2], *text;
	} cases[] = {
		{"{} {flow|flows}", {"1"}, "1 flow"},
		{"{} {flow|flows}", {"0"}, "0 flows"},
		{"{} {flow|flows}", {"11"}, "11 flows"},
		{"{} {flow has|flows have} {its|their} end", {"1"}, "1 flow has its end"},
		{"{} {a|b}, {} {c|d}.", {"1", "2"}, "1 a, 2 d."},
		{"{} {a|b}, {} {c|d}.", {"2", "1"}, "2 b, 1 c."},
		{"{}", {"{a|b}<"}, "{a|b}&lt;"},
		{"no hole", {""}, "no hole"},
	};
	char out[256];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *f = fmemopen(out, sizeof(out), "w");

		html_fill(f, cases[i].pattern, cases[i].args, cases[i].args[1] != NULL ? 2 : 1);
		fputc('\0', f);
		fclose(f);
		assert_string_equal(out, cases[i].text);
	}
}

static void numbers(void **state)
{
	char t[TEXT_NUMBER], m[TEXT_TIME];

	assert_string_equal(text_count(0, t), "0");
	assert_string_equal(text_count(999, t), "999");
	assert_string_equal(text_count(1000, t), "1,000");
	assert_string_equal(text_count(UINT64_MAX, t), "18,446,744,073,709,551,615");
	assert_string_equal(text_bytes(999, t), "999 B");
	assert_string_equal(text_bytes(1000, t), "1.00 kB");
	assert_string_equal(text_bytes(999999, t), "1.00 MB");
	assert_string_equal(text_bytes(12345678, t), "12.3 MB");
	assert_string_equal(text_bytes(123456789, t), "123 MB");
	assert_string_equal(text_bytes(UINT64_MAX, t), "18.4 EB");
	assert_string_equal(text_percent(1, 3, t), "33.3 %");
	assert_string_equal(text_percent(1, 1000000, t), "< 0.1 %");
	assert_string_equal(text_percent(0, 0, t), "");
	assert_string_equal(text_time(1795510800000000, 0, m), "2026-11-24 09:00:00");
	assert_string_equal(text_time(1795510800000000, 28800, m), "2026-11-24 17:00:00");
	assert_string_equal(text_time(-1, 0, m), "1969-12-31 23:59:59");
	assert_string_equal(text_time(INT64_MAX, 0, m), "?");
	assert_string_equal(text_offset(-12600, t), "-03:30");
}

static unsigned holes(const char *text)
{
	unsigned n = 0;

	for (; (text = strstr(text, "{}")) != NULL; text += 2) {
		n++;
	}
	return n;
}

// Some letter that is not of ASCII: it was translated.
static bool is_chinese(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0xe3) {
			return true;
		}
	}
	return false;
}

static void every_word_in_every_language(void **state)
{
	for (unsigned i = 0; i < WORD_COUNT; i++) {
		const char *en = word(i, LANG_EN), *zh = word(i, LANG_ZH);

		assert_true(en[0] != '\0' && zh[0] != '\0');
		if (i == W_NAV_OTHER_LANG) { // the name of the other one
			assert_true(is_chinese(en) && !is_chinese(zh));
		} else {
			assert_false(is_chinese(en));
			assert_true(is_chinese(zh) || i == W_TIMES_ARE);
		}
		assert_int_equal(holes(en), holes(zh));
	}
	assert_true(is_chinese(code_word("block", LANG_ZH)));
	assert_string_equal(code_word("block", LANG_EN), "blocked");
	assert_null(code_word("CUSTOM_REASON", LANG_EN));
}

static void codes_of_the_log_have_words(void **state)
{
	static const char *const codes[] = {
		"allow", "flag", "block", "info", "low", "medium", "high", "critical", "boot",
		"reload", "watch", "push", "rollback", "promote", "withdraw", "expiry", "published",
		"refused", "expired", "shadow", "withdrawn", "ring_full", "disk_full",
		"write_error", "too_long", "crash", "inline", "tap", "replay",
#define X(name, text) text,
		RECORD_EXCEPTIONS(X)
#undef X
	};

	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i] == NULL) {
			continue; // the exception that is none
		}
		assert_non_null(code_word(codes[i], LANG_EN));
		assert_true(is_chinese(code_word(codes[i], LANG_ZH)));
	}
	for (enum verify_status s = VERIFY_GOOD; s <= VERIFY_PRUNED; s++) {
		assert_non_null(code_word(verify_status_name(s), LANG_ZH));
	}
}

static void countries(void **state)
{
	char code[3] = "AA";
	unsigned found = 0;

	for (code[0] = 'A'; code[0] <= 'Z'; code[0]++) {
		for (code[1] = 'A'; code[1] <= 'Z'; code[1]++) {
			const char *zh = country_name(code, LANG_ZH);

			found += zh != NULL;
			assert_true(zh == NULL || is_chinese(zh));
		}
	}
	assert_int_equal(found, 249 + 2 + 10); // ISO 3166-1, XK and XX, and what databases have
	for (const char *cc = "ABANAPCSEUOSSUUKUNZZ?\?"; *cc != '\0'; cc += 2) {
		memcpy(code, cc, 2);
		assert_non_null(country_name(code, LANG_EN));
		assert_true(is_chinese(country_name(code, LANG_ZH)));
	}
	assert_string_equal(country_name("EU", LANG_EN), "European Union (no single country)");
	assert_string_equal(country_name("UK", LANG_EN), country_name("GB", LANG_EN));
	assert_string_equal(country_name("DE", LANG_EN), "Germany");
	assert_string_equal(country_name("ZW", LANG_EN), "Zimbabwe");
	assert_string_equal(country_name("XX", LANG_ZH), "未知");
	assert_null(country_name("", LANG_EN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(controls_in_cells_show),
		cmocka_unit_test(sentences_in_chinese),
		cmocka_unit_test(patterns_are_filled),
		cmocka_unit_test(numbers),
		cmocka_unit_test(every_word_in_every_language),
		cmocka_unit_test(codes_of_the_log_have_words),
		cmocka_unit_test(countries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
