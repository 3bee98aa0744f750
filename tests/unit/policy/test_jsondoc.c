// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Diagnostics and positioned JSON documents.

#include "policy/jsondoc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void parse(struct jsondoc *doc, struct diag_list *d, const char *text)
{
	diag_init(d, "t.json");
	jsondoc_parse(doc, text, strlen(text), d);
}

// The text must be refused with exactly this one finding.
static void refused(const char *text, const char *want)
{
	struct jsondoc doc;
	struct diag_list d;
	char line[1024];

	parse(&doc, &d, text);
	assert_null(doc.root);
	assert_int_equal(d.n, 1);
	diag_format(&d, 0, line, sizeof(line));
	assert_string_equal(line, want);
	jsondoc_free(&doc);
	diag_clear(&d);
}

static void test_syntax(void **state)
{
	refused("", "t.json:1:1: the text is empty");
	refused(" \n ", "t.json:2:2: the text is empty");
	refused("{\"a\":1,}", "t.json:1:8: a key in double quotes should stand here; "
			      "a trailing comma?");
	refused("[1,]", "t.json:1:4: a value is missing here; a trailing comma?");
	refused("[1\n 2]", "t.json:2:2: a ',' or ']' should stand here");
	refused("{\"a\" 1}", "t.json:1:6: a ':' should follow the key");
	refused("{\"a\":1 \"b\":2}", "t.json:1:8: a ',' or '}' should stand here");
	refused("[tru]", "t.json:1:2: not a JSON value; put text in double quotes");
	refused("['a']", "t.json:1:2: strings stand in double quotes; use double quotes");
	refused("[01]", "t.json:1:2: a number begins with 0; leave out the leading zeros");
	refused("[1.]", "t.json:1:2: a number needs a digit after its point");
	refused("[1e]", "t.json:1:2: a number needs a digit in its exponent");
	refused("[-]", "t.json:1:2: a number needs a digit");
	refused("[99999999999999999999]",
		"t.json:1:2: /0: the number is too large; whole numbers end at "
		"9223372036854775807");
	refused("[\"\\x\"]", "t.json:1:3: unknown escape in a string; write a backslash as \\\\");
	refused("[\"\\u12\"]", "t.json:1:3: \\u needs four hexadecimal digits");
	refused("[\"\\ud800\"]", "t.json:1:3: half of a surrogate pair in a string; "
				 "write the character itself, in UTF-8");
	refused("[\"\\u0000\"]",
		"t.json:1:3: /0: \\u0000 is not allowed in a string; leave it out");
	refused("[\"a\nb\"]", "t.json:1:4: the line ends inside a string; "
			      "close the string on its line");
	refused("[\"abc", "t.json:1:2: the text ends inside this string");
	refused("[\"abc\\", "t.json:1:2: the text ends inside this string");
	refused("[\"\xc0\xaf\"]", "t.json:1:3: bytes that are not UTF-8; save the file as UTF-8");
	refused("[\"\xed\xa0\x80\"]",
		"t.json:1:3: bytes that are not UTF-8; save the file as UTF-8");
	refused("\xef\xbb\xbf{}",
		"t.json:1:1: begins with a byte order mark; save the file without it");
	refused("{} x", "t.json:1:4: text after the end of the document");
	refused("[1e999]", "t.json:1:2: /0: the number is too large; use a smaller exponent");
	refused("{\"a/b\": {\"c\": -1E+400}}",
		"t.json:1:15: /a~1b/c: the number is too large; use a smaller exponent");
	refused("{\"a\\u0000\": 1}",
		"t.json:1:4: \\u0000 is not allowed in a string; leave it out");
}

static void test_depth(void **state)
{
	char text[200] = "";
	struct jsondoc doc;
	struct diag_list d;

	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	refused(text, "t.json:1:33: nested deeper than 32 levels");
	memset(text, 0, sizeof(text));
	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	parse(&doc, &d, text);
	assert_non_null(doc.root);
	jsondoc_free(&doc);
	diag_clear(&d);
}

static void test_duplicate_keys(void **state)
{
	struct jsondoc doc;
	struct diag_list d;
	char line[256];

	parse(&doc, &d, "{\"x\":[{\"a/b\":1,\n\"a\\u002fb\":2}],\n \"y\":1, \"x\":2}");
	assert_null(doc.root);
	assert_int_equal(d.n, 2);
	diag_format(&d, 0, line, sizeof(line));
	assert_string_equal(line, "t.json:2:1: /x/0/a~1b: the key stands twice; "
				  "first at line 1, column 8: keep one");
	diag_format(&d, 1, line, sizeof(line));
	assert_string_equal(
		line, "t.json:3:9: /x: the key stands twice; first at line 1, column 2: keep one");
	jsondoc_free(&doc);
	diag_clear(&d);
}

static void located(const struct jsondoc *doc, const char *pointer, unsigned line, unsigned column)
{
	unsigned l, c;
	int rc = jsondoc_locate(doc, pointer, &l, &c);

	assert_int_equal(rc, line ? 0 : -ENOENT);
	assert_int_equal(l, line);
	assert_int_equal(c, column);
}

static void test_locate(void **state)
{
	struct jsondoc doc;
	struct diag_list d;

	parse(&doc, &d,
		"{ \"a\": [10, {\"b\": 1, \"c~/\": \"x]\\\"\"},\n  [] , 3],\n\"d\": {\n\"e\" : "
		"null, "
		"\"f\": {}}, \"\": 7, \"g\":[[1,2],[3,4]]}");
	assert_non_null(doc.root);
	// The first round in order, then backwards: the walk resumes and wraps.
	for (int round = 0; round < 2; round++) {
		located(&doc, "", 1, 1);
		located(&doc, "/a", 1, 8);
		located(&doc, "/a/0", 1, 9);
		located(&doc, "/a/1/b", 1, 19);
		located(&doc, "/a/1/c~0~1", 1, 29);
		located(&doc, "/a/2", 2, 3);
		located(&doc, "/a/3", 2, 8);
		located(&doc, "/a/4", 0, 0);
		located(&doc, "/d/f", 4, 18);
		located(&doc, "/d/e", 4, 7);
		located(&doc, "/d/x", 0, 0);
		located(&doc, "/d/e/x", 0, 0);
		located(&doc, "/", 4, 27);
		located(&doc, "/g/1/1", 4, 44);
		located(&doc, "/g/0/1", 4, 38);
		located(&doc, "/g/1/0", 4, 42);
		located(&doc, "/a/1x", 0, 0);
		located(&doc, "a", 0, 0);
	}
	jsondoc_free(&doc);
	diag_clear(&d);
}

static void test_check_keys(void **state)
{
	static const char *const known[] = {"action", "reason", NULL};
	struct jsondoc doc;
	struct diag_list d;
	char line[256];

	parse(&doc, &d, "{\"m\":\n {\"acton\": 1, \"reason\": 2,\n\"zzzz\": 3}}");
	jsondoc_check_keys(&doc, "/m", json_object_get(doc.root, "m"), known);
	assert_int_equal(d.errors, 2);
	diag_format(&d, 0, line, sizeof(line));
	assert_string_equal(
		line, "t.json:2:12: /m/acton: unknown key \"acton\"; did you mean \"action\"?");
	diag_format(&d, 1, line, sizeof(line));
	assert_string_equal(
		line, "t.json:3:9: /m/zzzz: unknown key \"zzzz\"; allowed here: action, reason");
	jsondoc_free(&doc);
	diag_clear(&d);
}

static void test_diag_list(void **state)
{
	struct diag_list d;
	char line[2048], big[5000];

	diag_init(&d, "a\n2026 push\x1b[31m");
	diag_add(&d, DIAG_ERROR, 0, 0, NULL, NULL, "e");
	diag_format(&d, 0, line, sizeof(line));
	assert_string_equal(line, "a\\x0a2026 push\\x1b[31m: e");
	diag_clear(&d);
	diag_init(&d, "f");
	diag_add(&d, DIAG_WARNING, 0, 0, NULL, NULL, "esc \x1b[31m and \xc2\x9b and \n %d", 7);
	diag_format(&d, 0, line, sizeof(line));
	assert_string_equal(line, "f: warning: esc \\x1b[31m and \\xc2\\x9b and \\x0a 7");
	assert_false(diag_failed(&d));
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	diag_add(&d, DIAG_ERROR, 3, 4, "/p", "do", "%s", big);
	assert_true(diag_format(&d, 1, line, sizeof(line)) < 700);
	for (int i = 0; i < DIAG_MAX + 10; i++)
		diag_add(&d, DIAG_ERROR, 1, 1, NULL, NULL, "e");
	assert_int_equal(d.n, DIAG_MAX);
	assert_int_equal(d.dropped, 12);
	assert_int_equal(d.errors, DIAG_MAX + 11);
	assert_true(diag_failed(&d));
	diag_clear(&d);
}

static const char *word_at(void *ctx, size_t i)
{
	static const char *const words[] = {"BitTorrent", "TLS", "SSH", "DNS", "Dropbox", NULL};
	return words[i];
}

static void test_nearest(void **state)
{
	assert_string_equal(diag_nearest("BitTorent", word_at, NULL), "BitTorrent");
	assert_string_equal(diag_nearest("bittorrent", word_at, NULL), "BitTorrent");
	assert_string_equal(diag_nearest("Drobpox", word_at, NULL), "Dropbox");
	assert_string_equal(diag_nearest("tls", word_at, NULL), "TLS");
	assert_string_equal(diag_nearest("SHS", word_at, NULL), "SSH");
	assert_null(diag_nearest("Telnet", word_at, NULL));
	assert_null(diag_nearest("", word_at, NULL));
}

static void test_files(void **state)
{
	char dir[] = "/tmp/policy-test-XXXXXX", path[64], line[512];
	struct jsondoc doc;
	struct diag_list d;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	diag_init(&d, dir);
	assert_int_equal(jsondoc_file(&doc, dir, &d), -EISDIR);
	diag_format(&d, 0, line, sizeof(line));
	assert_non_null(strstr(line, ": cannot be read: Is a directory"));
	jsondoc_free(&doc);
	diag_clear(&d);

	snprintf(path, sizeof(path), "%s/x.json", dir);
	diag_init(&d, path);
	assert_int_equal(jsondoc_file(&doc, path, &d), -ENOENT);
	assert_int_equal(d.errors, 1);
	jsondoc_free(&doc);
	diag_clear(&d);

	f = fopen(path, "w");
	assert_non_null(f);
	fputs("{\"a\": 1}", f);
	fclose(f);
	diag_init(&d, path);
	assert_int_equal(jsondoc_file(&doc, path, &d), 0);
	assert_int_equal(json_integer_value(json_object_get(doc.root, "a")), 1);
	jsondoc_free(&doc);
	diag_clear(&d);

	assert_int_equal(truncate(path, JSONDOC_MAX_SIZE + 1), 0);
	diag_init(&d, "big");
	assert_int_equal(jsondoc_file(&doc, path, &d), -EINVAL);
	diag_format(&d, 0, line, sizeof(line));
	assert_string_equal(line, "big: the document is larger than 16 MiB; "
				  "split it or leave out what is unused");
	jsondoc_free(&doc);
	diag_clear(&d);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_duplicate_keys),
		cmocka_unit_test(test_locate),
		cmocka_unit_test(test_check_keys),
		cmocka_unit_test(test_diag_list),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
