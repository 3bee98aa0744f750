// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the doctor says of IOMMU, VFIO, NICs and interfaces of good and bad hosts.
#include "tests/unit/doctor/fake.h"

#include <errno.h>

#define NIC0  "/sys/bus/pci/devices/0000:01:00.0"
#define PORT0 "port 0000:01:00.0"
#define IN0   "port net_af_packet0"

static void iommu_is_wanted_by_nics(void **state)
{
	struct fake *f = *state;

	fake_gone(f, "/sys/kernel/iommu_groups");
	fake_run(f);
	fake_expect(f, "iommu", DOCTOR_WARN, "off", "intel_iommu=on iommu=pt");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "iommu", DOCTOR_FAIL, "off", "VT-d");
	fake_put(f, "/proc/cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t\t: fpu\n");
	fake_run(f);
	fake_expect(f, "iommu", DOCTOR_FAIL, "off", "AMD-Vi");
	fake_put(f, "/proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
	fake_run(f);
	fake_expect(f, "iommu", DOCTOR_FAIL, "off", "on the hypervisor");
	fake_put(f, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
	fake_run(f);
	fake_expect(f, "iommu", DOCTOR_WARN, "enable_unsafe_noiommu_mode", NULL);
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "iommu", DOCTOR_NOTE, "off", NULL);
	fake_gone(f, "/sys/kernel");
	fake_run(f);
	fake_expect(f, "iommu", DOCTOR_UNKNOWN, NULL, NULL);
}

static void vfio_must_be_loaded(void **state)
{
	struct fake *f = *state;

	fake_gone(f, "/sys/bus/pci/drivers");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "vfio", DOCTOR_FAIL, "not loaded", "modprobe vfio-pci");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, "vfio", DOCTOR_NOTE, NULL, NULL);
	fake_put(f, "/sys/bus/pci/drivers/vfio-pci/new_id", "\n");
	fake_gone(f, "/dev/vfio/vfio");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, "vfio", DOCTOR_FAIL, "/dev/vfio/vfio is missing", NULL);
}

static void nics_are_listed_without_a_configuration(void **state)
{
	struct fake *f = *state;

	fake_run(f);
	fake_expect(f, "nic 0000:01:00.0", DOCTOR_NOTE,
		"0x8086:0x1572, driver vfio-pci, NUMA node 0", NULL);
	fake_gone(f, "/sys/bus/pci/devices");
	fake_run(f);
	fake_expect(f, "nics", DOCTOR_UNKNOWN, NULL, NULL);
	fake_put(f, "/sys/bus/pci/devices/0000:00:00.0/class", "0x060000\n");
	fake_run(f);
	fake_expect(f, "nics", DOCTOR_NOTE, "no PCI network controller", NULL);
}

static void nics_must_be_there_and_be_nics(void **state)
{
	struct fake *f = *state;

	fake_put(f, NIC0 "/class", "0x010802\n");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "class 0x010802", "dpdk-devbind.py");
	fake_gone(f, NIC0);
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "no PCI device is at 0000:01:00.0", "dpdk-devbind.py");
	fake_expect(f, "port 0000:01:00.1", DOCTOR_OK, "vfio-pci", NULL);
	fake_nics(f, "{\"wires\":[{\"name\":\"w\",\"inside\":\"01:00.1\",\"outside\":\"eth0\"}]}");
	fake_run(f);
	fake_expect(f, "port 01:00.1", DOCTOR_OK, "vfio-pci", NULL);
	fake_expect(f, "port eth0", DOCTOR_FAIL, "neither a PCI address", NULL);
	fake_gone(f, "/sys/bus/pci/devices");
	fake_run(f);
	fake_expect(f, "port 01:00.1", DOCTOR_UNKNOWN, NULL, NULL);
}

static void nics_must_be_out_of_the_kernels_hands(void **state)
{
	struct fake *f = *state;

	fake_link(f, NIC0 "/driver", "../../../bus/pci/drivers/i40e");
	fake_put(f, NIC0 "/net/ens1f0/mtu", "1500\n");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "driver i40e, interface ens1f0",
		"dpdk-devbind.py --bind=vfio-pci 0000:01:00.0");
	fake_put(f, "/proc/net/route", "Iface\tDestination\nens1f0\t00000000\n");
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "this host's way to its network", "choose another port");
	fake_link(f, NIC0 "/driver", "../../../bus/pci/drivers/uio_pci_generic");
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_WARN, "uio_pci_generic", "vfio-pci");
	fake_gone(f, NIC0 "/driver");
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "no driver has it", "vfio-pci");
	// virtio's interface stands one folder lower.
	fake_gone(f, NIC0 "/net");
	fake_put(f, NIC0 "/virtio3/net/ens5/mtu", "1500\n");
	fake_link(f, NIC0 "/driver", "../../../bus/pci/drivers/virtio-pci");
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "driver virtio-pci, interface ens5", "vfio-pci");
}

static void connectx_keeps_its_kernel_driver(void **state)
{
	struct fake *f = *state;

	fake_put(f, NIC0 "/vendor", "0x15b3\n");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "ConnectX with driver \"vfio-pci\"", "--bind=mlx5_core");
	fake_link(f, NIC0 "/driver", "../../../bus/pci/drivers/mlx5_core");
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_OK, "mlx5_core", NULL);
	fake_all_good(f);
}

static void iommu_groups_must_be_whole(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/sys/kernel/iommu_groups/11/devices/0000:01:00.3", "\n");
	fake_put(f, "/sys/kernel/iommu_groups/11/devices/0000:00:01.0",
		"\n"); // a bridge may be there
	fake_put(f, "/sys/bus/pci/devices/0000:00:01.0/class", "0x060400\n");
	fake_link(f, "/sys/bus/pci/devices/0000:00:01.0/driver", "../pcieport");
	fake_put(f, "/sys/bus/pci/devices/0000:01:00.3/class", "0x0c0330\n");
	fake_nics(f, NULL);
	fake_run(f);
	fake_all_good(f); // no driver holds the other device
	fake_link(f, "/sys/bus/pci/devices/0000:01:00.3/driver", "../../drivers/xhci_hcd");
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "group 11 also has 0000:01:00.3 (xhci_hcd)", "slot");
	fake_gone(f, "/dev/vfio/11");
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_FAIL, "/dev/vfio/11 is missing", NULL);
}

static void slots_and_nodes_are_told(void **state)
{
	struct fake *f = *state;

	fake_put(f, NIC0 "/current_link_width", "4\n");
	fake_put(f, NIC0 "/current_link_speed", "8.0 GT/s PCIe\n");
	fake_put(f, NIC0 "/numa_node", "1\n");
	fake_nics(f, NULL);
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_WARN, "x4 lanes at 8.0 GT/s PCIe of x8", "lspci");
	fake_expect(
		f, PORT0, DOCTOR_WARN, "NUMA node 1, workers on CPU 1-2 are not", "from CPU 4-7");
	fake_put(f, NIC0 "/numa_node", "-1\n");
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_UNKNOWN, "does not tell which NUMA node", NULL);
	fake_put(f, "/sys/devices/system/node/online", "0\n");
	fake_put(f, NIC0 "/current_link_width", "8\n");
	fake_run(f);
	fake_refute(f, PORT0, DOCTOR_NOTE);
}

static void interfaces_must_be_there_and_up(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/sys/class/net/in0/carrier", "0\n");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_FAIL, "in0 is up but has no carrier", "ip -s link show dev in0");
	fake_put(f, "/sys/class/net/in0/flags", "0x1002\n");
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_NOTE, "in0 is down", NULL); // the gateway will take it up
	f->reach = 0;                                          // it runs, and it is down
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_FAIL, "in0 is down", "ip link set dev in0 up");
	f->reach = -ENOENT;
	fake_gone(f, "/sys/class/net/in0/flags");
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_UNKNOWN, "in0", NULL);
	fake_iface(f, "in0")->error = -ENODEV;
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_FAIL, "no interface in0", "ip -br link show");
	fake_expect(
		f, "port net_af_packet1", DOCTOR_OK, "out0 is up with carrier, 10000 Mb/s", NULL);
}

// As after nsenter --net: the interface is there, and /sys does not know.
static void another_namespaces_sys_is_told(void **state)
{
	struct fake *f = *state;

	fake_vdevs(f, NULL);
	fake_iface(f, "in0")->is.index = 7; // /sys has another in0
	fake_iface(f, "in0")->is.offloads = DOCTOR_GRO;
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_UNKNOWN, "in0 is in this network namespace, but /sys",
		"mount -t sysfs");
	fake_expect(f, IN0, DOCTOR_FAIL, "GRO", "ethtool -K in0 gro off");
	fake_gone(f, "/sys/class/net/in0");
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_UNKNOWN, "but /sys is another one's", NULL);
}

static void mtus_must_fit(void **state)
{
	struct fake *f = *state;

	fake_vdevs(f, NULL);
	fake_put(f, "/sys/class/net/out0/mtu", "9000\n");
	fake_run(f);
	fake_expect(f, "wire w", DOCTOR_FAIL, "MTU 1500 on in0, 9000 on out0", "dev out0 mtu 1500");
	fake_refute(f, IN0, DOCTOR_WARN);
	fake_expect(f, "port net_af_packet1", DOCTOR_FAIL,
		"MTU 9000 needs 9088 bytes in a slot of af_packet's ring, which has 2048",
		"ip link set dev out0 mtu 1500");
	fake_expect(f, "port net_af_packet1", DOCTOR_FAIL, "MTU 9000",
		"add framesz=9216,blocksz=36864 to --vdev=net_af_packet1");
	// The gateway sets it itself.
	fake_vdevs(f, "{\"workers\":{\"lcores\":[1],\"mtu\":1400}}");
	fake_run(f);
	fake_refute(f, "port net_af_packet1", DOCTOR_WARN);
	fake_refute(f, "wire w", DOCTOR_WARN);
	fake_vdevs(f, "{\"workers\":{\"lcores\":[1],\"mtu\":1960}}");
	fake_run(f);
	fake_refute(f, IN0, DOCTOR_WARN);
	fake_vdevs(f, "{\"workers\":{\"lcores\":[1],\"mtu\":1961}}");
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_FAIL, "MTU 1961 needs 2049 bytes",
		"add framesz=3072,blocksz=12288 to --vdev=net_af_packet0");
	// The last MTU that goes into 2048 bytes.
	fake_vdevs(f, NULL);
	fake_put(f, "/sys/class/net/in0/mtu", "1960\n");
	fake_run(f);
	fake_refute(f, IN0, DOCTOR_WARN);
	fake_put(f, "/sys/class/net/in0/mtu", "1961\n");
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_FAIL, "2049 bytes", NULL);
	fake_put(f, "/sys/class/net/out0/speed", "1000\n");
	fake_run(f);
	fake_expect(f, "wire w", DOCTOR_NOTE, "10000 Mb/s on in0, 1000 Mb/s on out0", NULL);
}

static void rings_must_fit(void **state)
{
	static const struct {
		const char *arguments, *mtu; // mtu: of the workers
		const char *saw, *mend;      // NULL: nothing is wrong
	} cases[] = {
		{"framesz=2080", NULL, NULL, NULL},
		{"framesz=2096", NULL, "framesz=2096", "set framesz=3072"},
		{"framesz=2096", NULL, "framesz=2096", "set \"mtu\" in \"workers\""},
		{"framesz=9216,blocksz=36864", "9000", NULL, NULL},
		{"framesz=9248,blocksz=36992", "9000", NULL, NULL},
		{"framesz=9264,blocksz=37056", "9000", "framesz=9264", "set framesz=9216"},
		{"framesz=9216,blocksz=36864", NULL, "framesz=9216", "set \"mtu\" in"},
		{"framesz=9216", "9000", "block of af_packet's ring has: 4096", "blocksz=36864"},
	};
	struct fake *f = *state;
	char set[400];

	fake_put(f, "/sys/class/net/in0/mtu", "1992\n");
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(set, sizeof(set),
			"{\"eal\":[\"-l\",\"0-1\",\"--in-memory\",\"--no-pci\","
			"\"--vdev=net_af_packet0,iface=in0,%s\","
			"\"--vdev=net_af_packet1,iface=out0\"]%s%s%s}",
			cases[i].arguments,
			cases[i].mtu != NULL ? ",\"workers\":{\"lcores\":[1],\"mtu\":" : "",
			cases[i].mtu != NULL ? cases[i].mtu : "", cases[i].mtu != NULL ? "}" : "");
		fake_vdevs(f, set);
		fake_run(f);
		if (cases[i].saw == NULL)
			fake_refute(f, IN0, DOCTOR_WARN);
		else
			fake_expect(f, IN0, DOCTOR_FAIL, cases[i].saw, cases[i].mend);
	}
}

// A driver that leaves the interface's MTU alone.
static void other_interfaces_keep_their_mtu(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/plugins/librte_net_pcap.so.23", "\n");
	fake_vdevs(f, "{\"eal\":[\"-l\",\"0-1\",\"--in-memory\",\"--no-pci\",\"--vdev=net_pcap0,"
		      "iface=in0\",\"--vdev=net_pcap1,iface=out0\"],\"wires\":[{\"name\":\"w\","
		      "\"inside\":\"net_pcap0\",\"outside\":\"net_pcap1\"}],\"workers\":{"
		      "\"lcores\":[1],\"mtu\":1600}}");
	fake_run(f);
	fake_expect(f, "port net_pcap0", DOCTOR_WARN, "is 1500, workers.mtu is 1600",
		"ip link set dev in0 mtu 1600");
	// A port that is not to hear itself names its interface twice.
	fake_put(f, "/sys/class/net/out0/carrier", "0\n");
	fake_vdevs(f, "{\"eal\":[\"-l\",\"0-1\",\"--in-memory\",\"--no-pci\",\"--vdev=net_pcap0,"
		      "rx_iface_in=in0,tx_iface=in0\",\"--vdev=net_pcap1,rx_iface=out0,tx_iface="
		      "out0\"],\"wires\":[{\"name\":\"w\",\"inside\":\"net_pcap0\",\"outside\":"
		      "\"net_pcap1\"}]}");
	fake_run(f);
	fake_expect(f, "port net_pcap0", DOCTOR_OK, "in0 is up with carrier", NULL);
	fake_expect(f, "port net_pcap1", DOCTOR_FAIL, "out0 is up but has no carrier", NULL);
}

static void offloads_that_merge_break_a_wire(void **state)
{
	struct fake *f = *state;

	fake_iface(f, "in0")->is.offloads = DOCTOR_GRO | DOCTOR_LRO | DOCTOR_TSO;
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_FAIL, "merges received frames: GRO, LRO",
		"ethtool -K in0 gro off lro off");
	fake_expect(f, IN0, DOCTOR_NOTE, "in0 has TSO on", "ethtool -K in0 tso off");
	fake_vdevs(f, "{\"mode\":\"tap\",\"wires\":[{\"name\":\"w\",\"inside\":\"net_af_packet0\","
		      "\"outside\":\"net_af_packet1\"}]}");
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_WARN, "merges", NULL);
	fake_refute(f, IN0, DOCTOR_FAIL);
	fake_iface(f, "in0")->error = -EPERM;
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_UNKNOWN, "cannot be read", "ethtool -k in0");
}

// iflink is the other end's number; a pair whose other end is elsewhere cannot be judged from here.
static void both_ends_of_a_veth_count(void **state)
{
	struct fake *f = *state;

	fake_iface(f, "in0")->is.veth = true;
	fake_put(f, "/sys/class/net/in0/iflink", "9\n");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_NOTE, "in another network namespace", "tso off gso off tx off");
	fake_put(f, "/sys/class/net/server0/ifindex", "9\n");
	fake_put(f, "/sys/class/net/server0/iflink", "2\n");
	fake_iface(f, "server0")->is.offloads = DOCTOR_TSO | DOCTOR_TX_CSUM;
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_WARN, "server0, the other end of in0, leaves to its NIC: TSO",
		"ethtool -K server0 tso off tx off");
	fake_iface(f, "server0")->is.offloads = DOCTOR_GRO; // concerns what it receives only
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_OK, "leaves nothing undone", NULL);
	// Another namespace has numbers of its own, which may be those of a pair here.
	fake_iface(f, "in0")->is.away = true;
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_NOTE, "in another network namespace", "tso off gso off tx off");
	fake_iface(f, "in0")->is.away = false;
	fake_iface(f, "server0")->error = -EPERM;
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_UNKNOWN, "server0", NULL);
}

static void interfaces_must_be_the_gateways_alone(void **state)
{
	struct fake *f = *state;

	fake_link(f, "/sys/class/net/in0/master", "../br0");
	fake_iface(f, "in0")->is.has_ipv4 = true;
	fake_put(
		f, "/proc/net/if_inet6", "fe800000000000000000000000000001 02 40 20 80      in0\n");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_FAIL, "belongs to br0", "ip link set dev in0 nomaster");
	fake_expect(f, IN0, DOCTOR_WARN, "has an IPv4 address", "ip -4 address flush dev in0");
	fake_expect(f, IN0, DOCTOR_WARN, "has an IPv6 address", "net.ipv6.conf.in0.disable_ipv6=1");
	fake_refute(f, "port net_af_packet1", DOCTOR_WARN);
}

static void interfaces_have_nodes_where_they_are_real(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/sys/class/net/in0/device/numa_node", "1\n");
	fake_vdevs(f, NULL);
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_WARN, "the interface is on NUMA node 1", NULL);
	fake_put(f, "/sys/class/net/in0/device/numa_node", "-1\n");
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_UNKNOWN, "the interface", NULL);
	fake_gone(f, "/sys/class/net/in0/device");
	fake_run(f);
	fake_refute(f, IN0, DOCTOR_UNKNOWN);
}

static void other_virtual_devices_are_noted(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/plugins/librte_net_null.so.23", "\n");
	fake_vdevs(f, "{\"eal\":[\"-l\",\"0-1\",\"--in-memory\",\"--no-pci\",\"--vdev=net_null0\","
		      "\"--vdev=net_null1\"],\"wires\":[{\"name\":\"w\",\"inside\":\"net_null0\","
		      "\"outside\":\"net_null1\"}]}");
	fake_run(f);
	fake_expect(f, "port net_null0", DOCTOR_NOTE, NULL, NULL);
	fake_all_good(f);
}

#define OFFLOAD "\"offload\":{\"enabled\":true}"

static void offload_wants_ports_with_rules(void **state)
{
	struct fake *f = *state;

	fake_vdevs(f, "{" OFFLOAD "}");
	fake_run(f);
	fake_expect(f, IN0, DOCTOR_WARN, "the driver of net_af_packet0 takes no rules", NULL);
	fake_link(f, NIC0 "/driver", "../../../bus/pci/drivers/mlx5_core");
	fake_put(f, NIC0 "/vendor", "0x15b3\n");
	fake_nics(f, "{" OFFLOAD "}");
	fake_run(f);
	fake_expect(f, PORT0, DOCTOR_NOTE, "NIC with driver mlx5_core", "eswitch show");
	fake_all_good(f);
	fake_nics(f, NULL); // nobody asked
	fake_run(f);
	fake_refute(f, PORT0, DOCTOR_NOTE);
}

static void tap_wants_filters_of_the_kernel(void **state)
{
	struct fake *f = *state;

	fake_put(f, "/plugins/librte_net_tap.so.23", "\n");
	fake_put(f, "/proc/sys/kernel/osrelease", "6.1.0\n");
	fake_vdevs(f,
		"{\"eal\":[\"-l\",\"0-1\",\"--in-memory\",\"--no-pci\","
		"\"--vdev=net_tap0,iface=t0\",\"--vdev=net_tap1,iface=t1\"],\"wires\":"
		"[{\"name\":\"w\",\"inside\":\"net_tap0\",\"outside\":\"net_tap1\"}]," OFFLOAD "}");
	fake_run(f);
	fake_expect(
		f, "port net_tap0", DOCTOR_WARN, "no sch_multiq, cls_flower, act_gact", "modprobe");
	fake_put(f, "/lib/modules/6.1.0/modules.dep",
		"kernel/net/sched/sch_multiq.ko:\nkernel/net/sched/cls_flower.ko:\n");
	fake_put(f, "/lib/modules/6.1.0/modules.builtin", "kernel/net/sched/act_gact.ko\n");
	fake_run(f);
	fake_expect(f, "port net_tap0", DOCTOR_OK, "can stop UDP flows", NULL);
	fake_all_good(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(iommu_is_wanted_by_nics),
		TEST(vfio_must_be_loaded),
		TEST(nics_are_listed_without_a_configuration),
		TEST(nics_must_be_there_and_be_nics),
		TEST(nics_must_be_out_of_the_kernels_hands),
		TEST(connectx_keeps_its_kernel_driver),
		TEST(iommu_groups_must_be_whole),
		TEST(slots_and_nodes_are_told),
		TEST(interfaces_must_be_there_and_up),
		TEST(another_namespaces_sys_is_told),
		TEST(mtus_must_fit),
		TEST(rings_must_fit),
		TEST(other_interfaces_keep_their_mtu),
		TEST(offloads_that_merge_break_a_wire),
		TEST(both_ends_of_a_veth_count),
		TEST(interfaces_must_be_the_gateways_alone),
		TEST(interfaces_have_nodes_where_they_are_real),
		TEST(other_virtual_devices_are_noted),
		TEST(offload_wants_ports_with_rules),
		TEST(tap_wants_filters_of_the_kernel),
	};

	return cmocka_run_group_tests_name("doctor-ports", tests, NULL, NULL);
}
