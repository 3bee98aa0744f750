#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Rules of the ports for elephant flows, with net_tap, whose rules are filters of the kernel.

Frames are put on the gateway's own interface: they leave the kernel through the queue that the filters stand
at. net_tap can drop UDP flows and nothing else that the gateway wants; counters are the kernel's.
"""
import json
import os
import socket
import struct
import threading
import time

import check
from check import Skip, poll
from control import bhctl, policy, push
from exposition import parse
from frames import INSIDE, OUTSIDE, Sender, checksum, ethernet, mac, udp4
from gateway import Gateway, books, eal_cpus, make_config, records_fit, total
from lab import Lab, need_namespaces, need_programs
from park import COUNTRIES, POLICY, SERVERS, TENANTS
from peers import add_sbin

IDLE_S = 3
DATA = bytes(80)
ME, ME6 = TENANTS["core-zone"]  # all of its foreign traffic is blocked
TO, TO6 = SERVERS["US"]


def udp6(src, sport, dst, dport, data):
    ends = socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
    size = 8 + len(data)
    head = struct.pack("!HHHH", sport, dport, size, 0)
    sum_ = checksum(ends + struct.pack("!II", size, 17) + head + data) or 0xffff
    return struct.pack("!IHBB", 6 << 28, size, 17, 64) + ends + head[:6] + struct.pack("!H", sum_) + data


class Elephant:
    """One flow's packets, some thousand a second, until it is told to stop."""

    def __init__(self, ns, sport, version=4):
        ip = udp4(ME, sport, TO, 4001, DATA) if version == 4 else udp6(ME6, sport, TO6, 4001, DATA)
        self.frame = ethernet(mac(OUTSIDE, 7), mac(INSIDE, 7), 0x0800 if version == 4 else 0x86dd, ip)
        self.ip_size = len(ip)
        self.sender = Sender(ns, "tz0")
        self.sent, self.going = 0, True
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while self.going:
            for _ in range(10):
                self.sender.send(self.frame)
                self.sent += 1
            time.sleep(0.005)

    def stop(self):
        self.going = False
        self.thread.join()
        self.sender.close()


def config_of(lab):
    parts = {"eal": eal_cpus(2) + ["--no-huge", "--no-shconf", "--no-pci", "-m", "192",
                                   f"--file-prefix=bh-{os.getpid()}-tap", "--log-level=lib.eal:4",
                                   "--vdev=net_tap0,iface=tz0", "--vdev=net_tap1,iface=tz1"],
             "wires": [{"name": "uplink", "inside": "net_tap0", "outside": "net_tap1"}],
             "offload": {"enabled": True, "min_packets": 200, "max_flows": 8, "idle_s": IDLE_S}}
    config = make_config(lab.path("gw"), [("tz0", "tz1")], POLICY, COUNTRIES, **parts)
    config["workers"]["mbufs"] = 8192
    return config


def filters(ns):
    """The kernel's filters on the inside port: their ports and packets."""
    found = []
    for f in json.loads(ns.run(["tc", "-j", "-s", "filter", "show", "dev", "tz0", "parent", "1:"]).stdout or "[]"):
        options = f.get("options", {})
        if "actions" in options:
            keys, action = options["keys"], options["actions"][0]
            found.append((keys["src_port"], keys["dst_port"], keys["eth_type"], action["control_action"]["type"],
                          action["stats"]["packets"]))
    return found


def link(ns, name, way, what):
    return json.loads(ns.run(["ip", "-j", "-s", "link", "show", name]).stdout)[0]["stats64"][way][what]


def arrived(ns):
    return link(ns, "tz1", "rx", "packets")


def live(gw):
    return total(gw.stats(), "offload", "live")


def idle(t, gw, ns):
    """An elephant comes, is given away, and goes: everything that it sent is counted once."""
    e = Elephant(ns, 5001)
    poll("a rule", lambda: filters(ns), 20)
    poll("packets that it takes", lambda: filters(ns)[0][4] > 200, 20)
    shown = filters(ns)
    t.equal([f[:4] for f in shown], [(5001, 4001, "ipv4", "drop")], "the kernel has a rule for the flow alone",
            f"{shown}")
    on_cpu = total(gw.stats(), "outcomes", "stop_block", "packets")
    time.sleep(1)
    stats = gw.stats()
    t.equal(total(stats, "outcomes", "stop_block", "packets"), on_cpu, "no packet of it comes to the CPU any more")
    t.equal(total(stats, "offload", "live"), 1, "it is counted as offloaded")
    poll("counters to be read", lambda: total(gw.stats(), "offload", "stopped_packets") > 200, 10)
    e.stop()
    poll("the rule to go", lambda: not filters(ns), IDLE_S + 10)
    poll("the flow's last word", lambda: live(gw) == 0)
    stats = gw.stats()
    t.equal(total(stats, "offload", "withdrawn"), 1, "a flow that is silent loses its rule")
    by_rule = total(stats, "offload", "stopped_packets")
    t.equal(by_rule + total(stats, "outcomes", "stop_block", "packets"), e.sent,
            "each packet was stopped by the worker or by the rule", f"{e.sent} sent, {by_rule} by the rule")
    return e


def publish(t, gw, ns):
    """Another policy: the flow's rules go before its packets go on under the old verdict."""
    e = Elephant(ns, 5002)
    six = Elephant(ns, 5003, version=6)
    poll("rules for both", lambda: len(filters(ns)) == 2, 20)
    t.equal(sorted(f[2] for f in filters(ns)), ["ipv4", "ipv6"], "rules for IPv4 and IPv6 stand side by side")
    before = arrived(ns)
    begin = time.monotonic()
    push(gw.config["control_socket"], policy(8))
    poll("the rules to go", lambda: not filters(ns), 10, 0.01)
    gone = time.monotonic() - begin
    poll("packets to pass", lambda: arrived(ns) - before > 200, 10)
    recall = gw.stats()["offload"]["recall_us_max"]
    t.ok(recall < 1000000, "another policy takes the rules away",
         saw=f"seen {gone * 1000:.0f} ms after the push began, the recall took {recall} us")
    time.sleep(2)
    t.equal(filters(ns), [], "what passes is left to the CPU: net_tap cannot pass it on")
    # And back: the flows are stopped again, by rules again.
    block = {"id": "all", "match": {"tenants": ["core-zone"]}, "action": "block", "reason": "TEST_BLOCK"}
    push(gw.config["control_socket"], policy(9, [block]))
    poll("rules again", lambda: len(filters(ns)) == 2, 20)
    e.stop()
    six.stop()
    return e, six


def words(t, gw):
    wires = gw.stats()["offload"]["wires"]
    t.equal(wires[0]["can"], ["stop UDP over IPv4", "stop UDP over IPv6"], "what net_tap can is said")
    t.equal(sorted(wires[0]["cannot"]), ["pass TCP over IPv4", "pass TCP over IPv6", "pass UDP over IPv4",
            "pass UDP over IPv6", "stop TCP over IPv4", "stop TCP over IPv6"], "and what it cannot", wires[0]["cannot"])
    status = bhctl(gw, "policy", "status").stdout
    t.ok("offload    wire uplink: stop UDP over IPv4, stop UDP over IPv6" in status, "so says bhctl", status)
    t.ok("OFFLOAD" in bhctl(gw, "stats").stdout, "bhctl stats shows it")
    metrics = parse(bhctl(gw, "metrics").stdout)
    t.ok("bridgehead_offload_live" in metrics and "bridgehead_offload_stopped_packets_total" in metrics,
         "and so does bhctl metrics", sorted(metrics))


def check_records(t, gw, dropped, *flows):
    ended = {r["sport"]: r for r in gw.records("--ev", "end") if r["proto"] == 17 and r["dport"] == 4001}
    first = flows[0]
    r = ended.get(5001, {})
    t.equal((r.get("dp"), r.get("db")), (first.sent, first.sent * first.ip_size), "record: all packets, all bytes")
    sent = sum(e.sent for e in flows[1:])
    seen = sum(r["op"] + r["dp"] for sport, r in ended.items() if sport != 5001)
    # What a rule takes between its last reading and its removal nobody counts.
    missing = sent - seen - dropped
    t.ok(0 <= missing <= sent // 100, "record: the packets of flows whose rules went while they ran", f"{ended}",
         f"{missing} of {sent} missing, {dropped} that the kernel had no room for")
    records_fit(t, gw.log_dir)


def test(t):
    add_sbin()
    need_programs("tc", "ip")
    need_namespaces()
    if not os.path.exists("/dev/net/tun"):
        raise Skip("no /dev/net/tun")
    with Lab("offload") as lab:
        ns = lab.namespace("gw")
        ns.run(["sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"], check=False)  # where it has IPv6
        with Gateway(lab, ns, config_of(lab)) as gw:
            wires = gw.stats()["offload"]["wires"]
            if not wires[0]["can"]:
                if "offload: wire uplink cannot stop UDP over IPv4: " in gw.said():
                    raise Skip(f"this kernel gives net_tap no rules: {wires[0]['cannot']['stop UDP over IPv4']}")
                t.ok(False, "a kernel without flower: the gateway says so and goes on", gw.said())
                return
            words(t, gw)
            first = idle(t, gw, ns)
            rest = publish(t, gw, ns)
            stats = gw.settle()
            dropped = link(ns, "tz0", "tx", "dropped")
            status, _ = gw.stop()
            t.equal(status, 0, "the gateway stops well")
            t.equal(books(stats), "", "what came to the workers is accounted for")
            check_records(t, gw, dropped, first, *rest)


if __name__ == "__main__":
    check.main(test)
