// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/policy_store.h"
#include "tests/unit/control/folder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
	folder_make(state);
	assert_int_equal(policy_store_open(*state), 0);
	return 0;
}

static int put(void **state, uint32_t version, const char *text)
{
	char how[] = "push", who[] = "uid:7", sig[] = "a signature";
	struct stored_policy p = {.text = strdup(text),
		.sig = version % 2 ? sig : NULL,
		.len = strlen(text),
		.how = how,
		.who = version % 2 ? who : NULL,
		.t = 1000 + version,
		.version = version};
	int rc = policy_store_put(*state, &p);

	free(p.text);
	return rc;
}

static void is(const struct stored_policy *p, uint32_t version, const char *text)
{
	assert_int_equal(p->version, version);
	assert_string_equal(p->text, text);
	assert_int_equal(p->len, strlen(text));
	assert_int_equal(p->t, 1000 + version);
	assert_string_equal(p->how, "push");
	if (version % 2) {
		assert_string_equal(p->sig, "a signature");
		assert_string_equal(p->who, "uid:7");
	} else {
		assert_null(p->sig);
		assert_null(p->who);
	}
}

static void current_is(void **state, uint32_t version, const char *text)
{
	struct stored_policy p;

	assert_int_equal(policy_store_current(*state, &p), 0);
	is(&p, version, text);
	stored_policy_free(&p);
}

static void round_trip(void **state)
{
	struct stored_policy p;

	assert_int_equal(policy_store_current(*state, &p), -ENOENT);
	assert_int_equal(policy_store_get(*state, 1, &p), -ENOENT);
	assert_int_equal(put(state, 1, "{\"a\": \"\xc3\xa4\\u0000\"}\n"), 0);
	current_is(state, 1, "{\"a\": \"\xc3\xa4\\u0000\"}\n");
	assert_int_equal(put(state, 2, "two"), 0);
	current_is(state, 2, "two");
	assert_int_equal(policy_store_get(*state, 1, &p), 0);
	is(&p, 1, "{\"a\": \"\xc3\xa4\\u0000\"}\n");
	stored_policy_free(&p);
	assert_int_equal(policy_store_get(*state, 3, &p), -ENOENT);
	assert_int_equal(policy_store_open(*state), 0); // a second time
	current_is(state, 2, "two");
}

static void a_version_again(void **state)
{
	struct stored_policy p;

	assert_int_equal(put(state, 5, "first"), 0);
	assert_int_equal(put(state, 6, "between"), 0);
	assert_int_equal(put(state, 5, "second"), 0);
	assert_int_equal(policy_store_get(*state, 5, &p), 0);
	is(&p, 5, "second"); // the last that was put into force
	stored_policy_free(&p);
}

// Whatever a crash leaves: half a new file, a whole one that was not renamed, one in the history
// that did not become the current one.
static void crash_between_writes(void **state)
{
	struct stored_policy p;
	char *whole;

	assert_int_equal(put(state, 1, "one"), 0);
	whole = folder_read(state, "policy/current.json");
	folder_write(state, "policy/current.json.new", "{\"format\":\"policy-sta");
	folder_write(state, "policy/history/00000002-v2.json.new", "{\"format\":");
	current_is(state, 1, "one");
	assert_int_equal(policy_store_get(*state, 2, &p), -ENOENT);
	folder_write(state, "policy/current.json.new", whole);
	current_is(state, 1, "one");
	assert_int_equal(put(state, 2, "two"), 0);
	current_is(state, 2, "two");
	assert_int_equal(policy_store_get(*state, 2, &p), 0);
	is(&p, 2, "two");
	stored_policy_free(&p);
	// Nothing half written is left over.
	assert_int_equal(access(folder_path(state, "policy/current.json.new"), F_OK), -1);
	assert_int_equal(folder_count(state, "policy/history"), 2);
	// The history has the third, the crash came before it was the current one.
	folder_write(state, "policy/history/00000003-v3.json", whole);
	current_is(state, 2, "two");
	assert_int_equal(put(state, 4, "four"), 0);
	current_is(state, 4, "four");
	assert_int_equal(folder_count(state, "policy/history"), 4);
	free(whole);
}

static void damaged(void **state)
{
	static const char *const bad[] = {"", "{}", "null", "[1]",
		"{\"format\":\"policy-state/2\"}", "\xff\xfe",
		("{\"format\":\"policy-state/1\",\"t\":1,\"how\":\"push\",\"who\":null,"
		 "\"version\":1,\"sig\":null}")};
	struct stored_policy p;
	char *whole, *half;

	assert_int_equal(put(state, 1, "one"), 0);
	whole = folder_read(state, "policy/current.json");
	for (size_t n = 0; n < strlen(whole); n++) {
		half = strndup(whole, n);
		folder_write(state, "policy/current.json", half);
		assert_int_equal(policy_store_current(*state, &p), -EINVAL);
		assert_null(p.text);
		free(half);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		folder_write(state, "policy/current.json", bad[i]);
		assert_int_equal(policy_store_current(*state, &p), -EINVAL);
	}
	assert_int_equal(policy_store_get(*state, 1, &p), 0); // the history still has it
	is(&p, 1, "one");
	stored_policy_free(&p);
	assert_int_equal(put(state, 2, "two"), 0);
	current_is(state, 2, "two");
	free(whole);
}

static bool back_is(void **state, unsigned long *number, uint32_t version, const char *text)
{
	struct stored_policy p;

	if (policy_store_back(*state, 0, number, &p) < 0)
		return false;
	is(&p, version, text);
	stored_policy_free(&p);
	return true;
}

static void back_through_the_history(void **state)
{
	unsigned long number = ~0ul;
	struct stored_policy p;

	assert_int_equal(policy_store_back(*state, 0, &number, &p), -ENOENT);
	assert_int_equal(put(state, 7, "first"), 0);
	assert_int_equal(put(state, 3, "second"), 0);
	assert_int_equal(put(state, 7, "third"), 0);
	assert_int_equal(put(state, 9, "fourth"), 0);
	folder_write(state, "policy/history/00000003-v7.json", "damaged");
	assert_true(back_is(state, &number, 9, "fourth"));
	assert_int_equal(policy_store_back(*state, 0, &number, &p), -EINVAL);
	assert_null(p.text);
	assert_int_equal(number, 3);
	assert_true(back_is(state, &number, 3, "second")); // by order, not by version
	assert_true(back_is(state, &number, 7, "first"));
	assert_int_equal(policy_store_back(*state, 0, &number, &p), -ENOENT);
	number = 3; // of version 7 alone
	assert_int_equal(policy_store_back(*state, 7, &number, &p), 0);
	is(&p, 7, "first");
	stored_policy_free(&p);
	assert_int_equal(policy_store_back(*state, 7, &number, &p), -ENOENT);
	folder_write(state, "policy/current.json", "damaged");
	assert_int_equal(policy_store_set_aside(*state), 0);
	assert_int_equal(policy_store_current(*state, &p), -ENOENT);
	assert_int_equal(access(folder_path(state, "policy/current.json.damaged"), F_OK), 0);
}

static void the_candidate(void **state)
{
	char text[] = "candidate", how[] = "push", who[] = "uid:7", sig[] = "a signature";
	struct stored_policy p = {.text = text,
		.sig = sig,
		.len = strlen(text),
		.how = how,
		.who = who,
		.t = 1009,
		.version = 9};
	struct stored_policy found;

	assert_int_equal(policy_store_candidate(*state, &found), -ENOENT);
	assert_int_equal(policy_store_drop_candidate(*state), 0); // none to drop
	assert_int_equal(put(state, 1, "one"), 0);
	assert_int_equal(policy_store_put_candidate(*state, &p), 0);
	assert_int_equal(policy_store_candidate(*state, &found), 0);
	is(&found, 9, "candidate");
	stored_policy_free(&found);
	current_is(state, 1, "one"); // neither in force nor in the history
	assert_int_equal(policy_store_get(*state, 9, &found), -ENOENT);
	folder_write(state, "policy/candidate.json", "{\"format\":\"policy-sta");
	assert_int_equal(policy_store_candidate(*state, &found), -EINVAL);
	assert_null(found.text);
	assert_int_equal(policy_store_drop_candidate(*state), 0);
	assert_int_equal(policy_store_candidate(*state, &found), -ENOENT);
	current_is(state, 1, "one");
}

static void the_last_hundred(void **state)
{
	struct stored_policy p;
	char text[32];

	folder_write(state, "policy/history/README", "not ours");
	for (uint32_t i = 1; i <= 150; i++) {
		snprintf(text, sizeof(text), "text %u", i);
		assert_int_equal(put(state, i, text), 0);
	}
	assert_int_equal(folder_count(state, "policy/history"), 101); // and README
	for (uint32_t i = 1; i <= 150; i++) {
		snprintf(text, sizeof(text), "text %u", i);
		assert_int_equal(policy_store_get(*state, i, &p), i <= 50 ? -ENOENT : 0);
		if (i > 50)
			is(&p, i, text);
		stored_policy_free(&p);
	}
}

static void a_folder_that_cannot_be_written(void **state)
{
	assert_int_equal(put(state, 1, "one"), 0);
	// Where a file should go is a folder: root may write anywhere else.
	assert_int_equal(mkdir(folder_path(state, "policy/current.json.new"), 0700), 0);
	assert_true(put(state, 2, "two") < 0);
	current_is(state, 1, "one");
}

static void attempts(void **state)
{
	json_t *o, *list = policy_store_attempts(*state, 10);
	char *text;

	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	for (int i = 0; i < 20; i++) {
		o = json_pack("{s:i}", "n", i);
		assert_int_equal(policy_store_note(*state, o), 0);
		json_decref(o);
	}
	list = policy_store_attempts(*state, 5);
	assert_int_equal(json_array_size(list), 5);
	for (size_t i = 0; i < 5; i++) // oldest first
		assert_int_equal(
			json_integer_value(json_object_get(json_array_get(list, i), "n")), 15 + i);
	json_decref(list);
	// A crash left half a line: it costs that line and no other.
	text = folder_read(state, "policy/attempts.jsonl");
	text[strlen(text) - 5] = '\0';
	folder_write(state, "policy/attempts.jsonl", text);
	free(text);
	o = json_pack("{s:i}", "n", 20);
	assert_int_equal(policy_store_note(*state, o), 0);
	json_decref(o);
	list = policy_store_attempts(*state, 100);
	assert_int_equal(json_array_size(list), 20);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 19), "n")), 20);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 18), "n")), 18);
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(round_trip, setup, folder_remove),
		cmocka_unit_test_setup_teardown(a_version_again, setup, folder_remove),
		cmocka_unit_test_setup_teardown(crash_between_writes, setup, folder_remove),
		cmocka_unit_test_setup_teardown(damaged, setup, folder_remove),
		cmocka_unit_test_setup_teardown(back_through_the_history, setup, folder_remove),
		cmocka_unit_test_setup_teardown(the_candidate, setup, folder_remove),
		cmocka_unit_test_setup_teardown(the_last_hundred, setup, folder_remove),
		cmocka_unit_test_setup_teardown(
			a_folder_that_cannot_be_written, setup, folder_remove),
		cmocka_unit_test_setup_teardown(attempts, setup, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
