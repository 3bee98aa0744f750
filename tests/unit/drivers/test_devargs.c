// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Arguments of virtual devices, in the forms that DPDK's drivers document.
#include "drivers/eal/devargs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PACKET "net_af_packet0,iface=veth-in,qpairs=2,framesz=4096,blocksz=16384"

static void names_end_at_the_first_comma(void **state)
{
	assert_int_equal(devargs_name(PACKET), strlen("net_af_packet0"));
	assert_int_equal(devargs_name("net_null0"), strlen("net_null0"));
	assert_int_equal(devargs_name(",iface=x"), 0);
	assert_int_equal(devargs_name(""), 0);
}

static void expect(const char *text, const char *key, const char *want)
{
	size_t len = SIZE_MAX;
	const char *value = devargs_find(text, key, &len);

	if (want == NULL) {
		assert_null(value);
		return;
	}
	assert_non_null(value);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(value, want, len);
}

static void values_are_found_by_their_whole_key(void **state)
{
	expect(PACKET, "iface", "veth-in");
	expect(PACKET, "blocksz", "16384");
	expect(PACKET, "framecnt", NULL);
	expect(PACKET, "frames", NULL); // the beginning of a key is another key
	expect(PACKET, "sz", NULL);     // and so is its end
	expect(PACKET, "net_af_packet0", NULL);
	// Without a name, as rte_devargs has them.
	expect("iface=veth-in,qpairs=2", "iface", "veth-in");
	expect("net_pcap0,tx_iface=b,iface=a", "iface", "a");
	expect("net_pcap0,iface", "iface", NULL);
	expect("net_pcap0,iface=", "iface", "");
	expect("net_pcap0,rx_pcap=/a=b", "rx_pcap", "/a=b");
	expect("a,k=1,k=2", "k", "1");
	expect("a,,k=1,", "k", "1");
	expect("", "k", NULL);
	expect(NULL, "k", NULL);
}

static void values_are_copied_where_there_is_room(void **state)
{
	char out[8] = "as ever";

	assert_false(devargs_copy("a,iface=", "iface", out, sizeof(out)));
	assert_false(devargs_copy("a,iface=12345678", "iface", out, sizeof(out)));
	assert_false(devargs_copy("a,b=c", "iface", out, sizeof(out)));
	assert_false(devargs_copy(NULL, "iface", out, sizeof(out)));
	assert_string_equal(out, "as ever");
	assert_true(devargs_copy("a,iface=1234567,b=c", "iface", out, sizeof(out)));
	assert_string_equal(out, "1234567");
}

static void numbers_have_a_default(void **state)
{
	assert_int_equal(devargs_number(PACKET, "framesz", 2048), 4096);
	assert_int_equal(devargs_number(PACKET, "framecnt", 512), 512);
	assert_int_equal(devargs_number(NULL, "framesz", 2048), 2048);
	assert_int_equal(devargs_number("a,framesz=many", "framesz", 2048), 0);
}

static void expect_interface(const char *text, const char *want)
{
	size_t len = 0;
	const char *value = devargs_interface(text, &len);

	if (want == NULL) {
		assert_null(value);
		return;
	}
	assert_non_null(value);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(value, want, len);
}

static void the_receiving_interface_goes_first(void **state)
{
	expect_interface(PACKET, "veth-in");
	expect_interface("net_pcap0,tx_iface=b,rx_iface=a", "a");
	expect_interface("net_pcap0,tx_iface=b,rx_iface_in=a", "a");
	expect_interface("net_pcap0,rx_pcap=/f,tx_iface=b", "b");
	expect_interface("net_null0,size=64", NULL);
	expect_interface("net_null0", NULL);
}

static void expect_pci(const char *name, const char *want)
{
	char pci[DEVARGS_PCI_MAX] = "?";

	assert_int_equal(devargs_pci(name, pci), *want != '\0');
	assert_string_equal(pci, want);
}

static void pci_addresses_have_one_form(void **state)
{
	expect_pci("0000:01:00.0", "0000:01:00.0");
	expect_pci("01:00.0", "0000:01:00.0");
	expect_pci("a:1f.7", "0000:0a:1f.7");
	expect_pci("01:20.0", "");
	expect_pci("01:00.8", "");
	expect_pci("01:00.0x", "");
	expect_pci(PACKET, "");
	expect_pci("eth0", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_end_at_the_first_comma),
		cmocka_unit_test(values_are_found_by_their_whole_key),
		cmocka_unit_test(values_are_copied_where_there_is_room),
		cmocka_unit_test(numbers_have_a_default),
		cmocka_unit_test(the_receiving_interface_goes_first),
		cmocka_unit_test(pci_addresses_have_one_form),
	};

	return cmocka_run_group_tests_name("devargs", tests, NULL, NULL);
}
