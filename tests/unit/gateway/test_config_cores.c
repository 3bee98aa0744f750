// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The lcores of -l, --lcores and -c: the examples of DPDK's EAL Parameters, and what the EAL of
// 22.11 refuses.
#include "app/gateway/config_cores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef const char *reader(const char *text, struct gateway_eal *out, const char **at);

// want: the lcores, as a mask of the first 64.
static void expect(reader *read, const char *text, uint64_t want, bool mapped)
{
	struct gateway_eal e = {0};
	const char *at, *wrong = read(text, &e, &at);
	uint64_t got = 0;

	if (wrong != NULL)
		fail_msg("\"%s\": %s at \"%s\"", text, wrong, at);
	assert_string_equal(at, "");
	assert_true(e.lcores_known);
	for (unsigned n = 0; n < 64; n++)
		got |= (uint64_t)(e.lcores[n / 8] >> n % 8 & 1) << n;
	if (got != want)
		fail_msg("\"%s\": %#lx, not %#lx", text, (unsigned long)got, (unsigned long)want);
	assert_int_equal(e.lcores_mapped, mapped);
}

static void refuse(reader *read, const char *text, const char *what, const char *where)
{
	struct gateway_eal e = {0};
	const char *at, *wrong = read(text, &e, &at);

	if (wrong == NULL)
		fail_msg("\"%s\" is taken", text);
	assert_false(e.lcores_known);
	assert_string_equal(wrong, what);
	assert_string_equal(at, where);
}

static void documented_maps_are_read(void **state)
{
	// eal_common_options.c and the guide's "Lcore-related options".
	expect(cfg_core_map, "1,2@(5-7),(3-5)@(0,2),(0,6),7-8", 0x1ff, true);
	// "Multiple threads per lcore": several lcores on one CPU, one of them on many.
	expect(cfg_core_map, "(0-3)@(4,5)", 0xf, true);
	expect(cfg_core_map, "0-3", 0xf, false);
	expect(cfg_core_map, "0,2,8", 0x105, false);
	expect(cfg_core_map, "5", 0x20, false);
	expect(cfg_core_map, "1@2", 2, true);
	expect(cfg_core_map, "1@2-3,4", 0x12, true);
	expect(cfg_core_map, "(0,6)", 0x41, true); // each on both
	expect(cfg_core_map, "(0,2-4,6)@9", 0x5d, true);
}

static void maps_have_room_for_blanks_and_order(void **state)
{
	expect(cfg_core_map, " 1 , ( 3 - 5 ) @ ( 0 , 2 ) ,\t7 ", 0xba, true);
	expect(cfg_core_map, "3-1", 0xe, false);
	expect(cfg_core_map, "(5-3)@1", 0x38, true);
	expect(cfg_core_map, "1,1,1-2", 6, false);
}

static void bad_maps_are_refused_where_they_are_bad(void **state)
{
	refuse(cfg_core_map, "", "a number is missing", "");
	refuse(cfg_core_map, "1,", "a number is missing", "");
	refuse(cfg_core_map, "1-", "a number is missing", "");
	refuse(cfg_core_map, "()", "a number is missing", ")");
	refuse(cfg_core_map, "(0-3)@", "a number is missing", "");
	refuse(cfg_core_map, "(0-3)@(1,x)", "a number is missing", "x)");
	refuse(cfg_core_map, "((0))", "a number is missing", "(0))");
	refuse(cfg_core_map, "-1", "a number is missing", "-1");
	refuse(cfg_core_map, "(0-3@1", "\")\" is missing", "@1");
	refuse(cfg_core_map, "(0-1-2)", "\")\" is missing", "-2)");
	refuse(cfg_core_map, "0-3@1", "a range before \"@\" stands in parentheses", "@1");
	refuse(cfg_core_map, "1@2@3", "a \",\" is missing", "@3");
	refuse(cfg_core_map, "(0-1)(2)", "a \",\" is missing", "(2)");
	refuse(cfg_core_map, "0x3", "a \",\" is missing", "x3");
	refuse(cfg_core_map, "0-1024", "numbers end at 1023", "1024");
	refuse(cfg_core_map, "1@99999999999999999999", "numbers end at 1023",
		"99999999999999999999");
}

static void lists_have_no_groups(void **state)
{
	expect(cfg_core_list, "0-3,5", 0x2f, false);
	expect(cfg_core_list, " 1, 4 - 6", 0x72, false);
	refuse(cfg_core_list, "1@2", "CPUs and groups are for --lcores", "@2");
	refuse(cfg_core_list, "(0-1)", "a number is missing", "(0-1)");
	refuse(cfg_core_list, "0,3-1", "the range runs backwards", "3-1");
	refuse(cfg_core_list, "0-1-2", "a \",\" or a \"-\" is missing", "-2");
	refuse(cfg_core_list, "0,", "a number is missing", "");
}

static void masks_are_hexadecimal(void **state)
{
	expect(cfg_core_mask, "1f", 0x1f, false);
	expect(cfg_core_mask, "0x1f", 0x1f, false);
	expect(cfg_core_mask, "0XA05", 0xa05, false);
	refuse(cfg_core_mask, "0x", "a mask is a hexadecimal number", "");
	refuse(cfg_core_mask, "3,4", "a mask is a hexadecimal number", "3,4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documented_maps_are_read),
		cmocka_unit_test(maps_have_room_for_blanks_and_order),
		cmocka_unit_test(bad_maps_are_refused_where_they_are_bad),
		cmocka_unit_test(lists_have_no_groups),
		cmocka_unit_test(masks_are_hexadecimal),
	};

	return cmocka_run_group_tests_name("config-cores", tests, NULL, NULL);
}
