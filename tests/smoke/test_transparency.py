#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
# alone: no packet may be lost, whatever the rate of clients that ask for as much as there is
"""What goes in comes out: every frame, unchanged, in order within its flow.

Frames of all kinds by hand, then SMOKE_SECONDS of real peers; tcpdump on both sides of the gateway, on the
gateway's own interfaces, and the two captures compared byte by byte.
"""
import os
import struct
import sys
import time

import check
from check import SECONDS, poll
from frames import (INSIDE, OUTSIDE, Captures, Sender, between_marks, count, difference, ethernet, fragments4, ipv4,
                    mac, tagged, udp4)
from gateway import Gateway, books, make_config, records_fit, total
from lab import Lab, need_namespaces, need_programs, stop
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports
from peers import PROGRAMS, Clients, Servers, add_sbin, iperf_result

BULK_BYTES = 1_500_000_000  # on disk in each capture at most


def hand_made(side):
    """(name, frame): what real networks carry beside IP, and what is odd."""
    me, other = mac(side, 7), mac(3 - side, 7)
    a, b = ("192.0.2.10", "198.51.100.10") if side == INSIDE else ("198.51.100.10", "192.0.2.10")
    datagram = ethernet(other, me, 0x0800, udp4(a, 4001, b, 4002, b"unchanged", ident=7))
    arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + bytes(20)
    llc = lambda to, body: bytes.fromhex(to) + datagram[6:12] + struct.pack("!H", len(body)) + body
    bpdu = bytes.fromhex("424203" + "0000" + "02" + "02" + "3c") + bytes(31)
    yield "ARP", ethernet("ff:ff:ff:ff:ff:ff", me, 0x0806, arp + bytes(18))
    yield "gratuitous ARP, padded", ethernet("ff:ff:ff:ff:ff:ff", me, 0x0806, arp + b"\xa5" * 18)
    yield "LLDP", ethernet("01:80:c2:00:00:0e", me, 0x88cc, bytes.fromhex("0207040102030405060403313233") + bytes(40))
    yield "LACP", ethernet("01:80:c2:00:00:02", me, 0x8809, b"\x01\x01\x01\x14" + bytes(106))
    yield "OAM, slow protocols", ethernet("01:80:c2:00:00:02", me, 0x8809, b"\x03\x00\x50\x00" + bytes(42))
    yield "STP", llc("0180c2000000", bpdu)
    yield "IS-IS", llc("0180c2000014", bytes.fromhex("fefe03831b0100") + bytes(60))
    yield "pause", ethernet("01:80:c2:00:00:01", me, 0x8808, b"\x00\x01\xff\xff" + bytes(42))
    yield "802.1X", ethernet("01:80:c2:00:00:03", me, 0x888e, b"\x02\x01\x00\x00" + bytes(42))
    yield "PTP", ethernet("01:1b:19:00:00:00", me, 0x88f7, b"\x00\x02\x00\x2c" + bytes(40))
    yield "unknown type", ethernet(other, me, 0x88b5, bytes(range(200)))
    yield "VLAN", tagged(datagram, (0x8100, 100))
    yield "VLAN with priority and DEI", tagged(datagram, (0x8100, 0xf064))
    yield "priority tag", tagged(datagram, (0x8100, 0xa000))
    yield "two 802.1Q tags", tagged(datagram, (0x8100, 200), (0x8100, 100))
    yield "three 802.1Q tags", tagged(datagram, (0x8100, 300), (0x8100, 200), (0x8100, 100))
    yield "tagged LLDP", tagged(ethernet("01:80:c2:00:00:0e", me, 0x88cc, bytes(50)), (0x8100, 5))
    yield "MPLS", ethernet(other, me, 0x8847, bytes.fromhex("003e8140") + datagram[14:])
    yield "PPPoE discovery", ethernet("ff:ff:ff:ff:ff:ff", me, 0x8863, b"\x11\x09\x00\x00\x00\x04" + bytes(40))
    yield "multicast", ethernet("01:00:5e:00:00:fb", me, 0x0800, udp4(a, 5353, "224.0.0.251", 5353, bytes(30), ttl=1))
    yield "OSPF", ethernet("01:00:5e:00:00:05", me, 0x0800, ipv4(a, "224.0.0.5", 89, bytes(44), ttl=1))
    yield "GRE", ethernet(other, me, 0x0800, ipv4(a, b, 47, bytes.fromhex("0000880b") + bytes(30)))
    yield "ESP", ethernet(other, me, 0x0800, ipv4(a, b, 50, os.urandom(64)))
    yield "padding that is not zero", datagram + b"\xee" * 9
    yield "wrong IPv4 checksum", datagram[:24] + b"\xde\xad" + datagram[26:]
    yield "wrong UDP checksum", datagram[:40] + b"\xde\xad" + datagram[42:]
    yield "TTL 1", ethernet(other, me, 0x0800, udp4(a, 4001, b, 4003, b"x", ttl=1))
    yield "IPv4 header cut", datagram[:24]
    yield "IPv4 of another version", datagram[:14] + b"\x65" + datagram[15:]
    yield "IPv4 longer than its frame", datagram[:16] + b"\x7f\xff" + datagram[18:]
    yield "IPv6 header cut", ethernet(other, me, 0x86dd, b"\x60" + bytes(20))
    yield "TCP offset beyond the end", ethernet(other, me, 0x0800, ipv4(a, b, 6, struct.pack(
        "!HHIIBBHHH", 5001, 80, 1, 0, 0xf0, 2, 1024, 0, 0)))
    yield "full size", ethernet(other, me, 0x0800, udp4(a, 4001, b, 4004, os.urandom(1472)))
    yield "full size with a tag", tagged(ethernet(other, me, 0x0800, udp4(a, 4001, b, 4005, os.urandom(1472))),
                                         (0x8100, 100))


def fragments(side):
    """A wire sends on what came, and puts nothing together."""
    me, other = mac(side, 7), mac(3 - side, 7)
    a, b = ("192.0.2.10", "198.51.100.10") if side == INSIDE else ("198.51.100.10", "192.0.2.10")
    for ident, (name, bytes_, size, pick) in enumerate((
            ("two fragments", 1000, 504, lambda f: f),
            ("three fragments longer than the MTU together", 3000, 1480, lambda f: f),
            ("the last fragment first", 1000, 504, lambda f: f[::-1]),
            ("the last fragment is missing", 1000, 504, lambda f: f[:-1]),
            ("a fragment twice", 1000, 504, lambda f: [f[0], *f]),
            ("tiny fragments", 64, 8, lambda f: f)), 100):
        datagram = udp4(a, 4001, b, 4002, os.urandom(bytes_))[20:]
        whole = list(fragments4(a, b, 17, datagram, size, ident))
        for n, packet in enumerate(pick(whole)):
            yield f"{name}, {n}", ethernet(other, me, 0x0800, packet)


# To itself, in the gateway's namespace, as fast as it can: a new packet socket hears it.
STRANGER = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + 30
while time.monotonic() < end:
    s.sendto(b"not of the wire", ("127.0.0.1", 9))
"""


def loopback_packets(ns):
    lines = ns.run(["cat", "/proc/net/dev"]).stdout.splitlines()
    return next(int(line.split()[2]) for line in lines if line.strip().startswith("lo:"))


def strangers(t, lab, wire, gateway_ns):
    gateway_ns.ip("link", "set", "lo", "up")
    noise = lab.spawn(gateway_ns, [sys.executable, "-c", STRANGER], "noise")
    try:
        poll("the noise", lambda: loopback_packets(gateway_ns) > 1000)
        with Gateway(lab, gateway_ns, make_config(lab.path("strangers"), ports(wire), POLICY, COUNTRIES),
                     "strangers") as gw:
            gw.settle()
            gw.stop()
    finally:
        stop(noise)
    seen = [r for r in gw.records() if 9 in (r.get("sport"), r.get("dport"))]
    t.equal(seen, [], "strangers: frames of other interfaces are no traffic of the wire")


def own_frames(t, lab, wire, gateway_ns):
    """What the gateway's host sends by an interface of a wire, as lldpd does, did not come in there."""
    lldp = ethernet("01:80:c2:00:00:0e", mac(INSIDE, 8), 0x88cc, b"own".ljust(60))
    with Gateway(lab, gateway_ns, make_config(lab.path("own"), ports(wire), POLICY, COUNTRIES), "own") as gw:
        captures = Captures(lab, wire, "own")
        sender = Sender(gateway_ns, wire.in_port)
        sender.send(lldp)
        sender.close()
        other = Sender(wire.inside, "p0")
        other.send(lldp.replace(b"own", b"its"))
        other.close()
        captures.stop()
        stats = gw.settle()
    crossed = list(between_marks(captures.outside.path, INSIDE))
    t.ok(lldp.replace(b"own", b"its") in crossed, "own frames: one of the inside crosses")
    t.ok(lldp not in crossed, "own frames: one of the gateway's host does not")
    t.equal(total(stats, "notes", "lldp"), 1, "own frames: nor is it counted")


def longer_than_the_ring(t, lab, wire, gateway_ns):
    """The interfaces' MTU rises under a gateway whose rings hold 1500: what came cut is not sent on as if it were whole."""
    config = make_config(lab.path("longer"), ports(wire), POLICY, COUNTRIES)
    with Gateway(lab, gateway_ns, config, "longer") as gw:
        for ns, interface in ((wire.inside, "p0"), (wire.outside, "p0"), (gateway_ns, wire.in_port),
                              (gateway_ns, wire.out_port)):
            ns.ip("link", "set", interface, "mtu", "9000")
        captures = Captures(lab, wire, "longer")
        sender = Sender(wire.inside, "p0")
        for n in range(20):
            for size in (100, 1472, 3000):
                sender.send(ethernet(mac(OUTSIDE, 7), mac(INSIDE, 7), 0x0800,
                                     udp4("192.0.2.10", 4001, "198.51.100.10", 4002, bytes(size), ident=n)))
            time.sleep(0.002)
        sender.close()
        captures.stop()
        stats = gw.settle()
    _sent, arrived = captures.flows(INSIDE)
    sizes = [size for flow in arrived.values() for size, _digest in flow if size > 100]  # less: IPv6 looks about
    t.equal(sorted(set(sizes)), [142, 1514], "longer: what arrives is whole")
    t.equal((len(sizes), total(stats, "outcomes", "lost_cut", "packets")), (40, 20), "longer: what was cut is counted")


def longer_than_the_mtu(t, lab, wire, gateway_ns):
    """Where the side that a frame leaves by has the smaller MTU, the kernel drops it without a word."""
    me, other = mac(INSIDE, 7), mac(OUTSIDE, 7)
    frame = lambda size: ethernet(other, me, 0x0800, udp4("192.0.2.10", 4001, "198.51.100.10", 4002, bytes(size)))
    for driver in ("af_packet", "pcap"):
        name = f"smaller MTU, {driver}"
        config = make_config(lab.path(f"smaller-{driver}"), ports(wire), POLICY, COUNTRIES, driver=driver)
        del config["workers"]["mtu"]
        gateway_ns.ip("link", "set", wire.out_port, "mtu", "1400")
        with Gateway(lab, gateway_ns, config, f"smaller-{driver}") as gw:
            said = [line for line in gw.said().splitlines() if "the MTU of o0 is 1400" in line and "1500" in line]
            t.equal(len(said), 1, f"{name}: it is said", gw.said())
            captures = Captures(lab, wire, f"smaller-{driver}")
            sender = Sender(wire.inside, "p0")
            for _ in range(10):
                for f in (frame(1372), frame(1373), tagged(frame(1372), (0x8100, 5)), frame(1472),
                          tagged(frame(1372), (0x8100, 5), (0x8100, 6)), frame(100)):
                    sender.send(f)
            sender.close()
            captures.stop()
            stats = gw.settle()
            gateway_ns.ip("link", "set", wire.out_port, "mtu", "1500")
            time.sleep(1.5)
            captures = Captures(lab, wire, f"again-{driver}")
            sender = Sender(wire.inside, "p0")
            sender.send(frame(1472))
            sender.close()
            captures.stop()
        arrived = sorted(len(f) for f in between_marks(lab.path(f"smaller-{driver}-outside.pcap"), INSIDE)
                         if f[6:12] == frame(1)[6:12])
        t.equal(arrived, [142] * 10 + [1414] * 10 + [1418] * 10, f"{name}: what fits arrives")
        t.equal(total(stats, "outcomes", "lost_mtu", "packets"), 30, f"{name}: what does not is counted")
        wrong = [line for line in books(stats).splitlines() if not line.startswith("lost_mtu")]
        t.equal(wrong, [], f"{name}: and nothing else is lost")
        sent, arrived = captures.flows(INSIDE)
        t.ok(sent and sent == arrived, f"{name}: when it is as large again, all goes on", difference(sent, arrived))


def send_all(wire, kinds):
    for ns, side in ((wire.inside, INSIDE), (wire.outside, OUTSIDE)):
        sender = Sender(ns, "p0")
        for _name, frame in kinds[side]:
            sender.send(frame)
            time.sleep(0.002)
        sender.close()


def compare(t, captures, name):
    """What was sent against what arrived, each way; returns the number of frames that crossed."""
    frames = 0
    for side in (INSIDE, OUTSIDE):
        sent, arrived = captures.flows(side)
        way = "outbound" if side == INSIDE else "inbound"
        t.ok(sent and sent == arrived, f"{name}: {way}: the same frames in order",
             difference(sent, arrived) or "nothing was captured", f"{count(sent)} frames in {len(sent)} flows")
        frames += count(sent)
    return frames


def by_hand(t, lab, wire, gateway_ns, name, config, frames_of):
    kinds = {side: list(frames_of(side)) for side in (INSIDE, OUTSIDE)}
    with Gateway(lab, gateway_ns, config, name) as gw:
        captures = Captures(lab, wire, name)
        send_all(wire, kinds)
        dropped = captures.stop()
        stats = gw.settle()
    t.equal(dropped, 0, f"{name}: tcpdump saw everything")
    for side, capture in ((INSIDE, captures.outside), (OUTSIDE, captures.inside)):
        crossed = set(between_marks(capture.path, side))
        missing = [n for n, f in kinds[side] if f not in crossed]
        t.ok(not missing, f"{name}: all kinds from the {'inside' if side == INSIDE else 'outside'} cross "
             "unchanged", f"did not: {missing}", f"{len(kinds[side])} kinds")
    compare(t, captures, name)
    t.equal(books(stats), "", f"{name}: received = sent, nothing stopped or lost")
    return stats


def jumbo(side):
    me, other = mac(side, 7), mac(3 - side, 7)
    a, b = ("192.0.2.10", "198.51.100.10") if side == INSIDE else ("198.51.100.10", "192.0.2.10")
    for size in (1, 1472, 1473, 2000, 4000, 8000, 8971, 8972):
        data = bytes((i * 7 + size) & 255 for i in range(size))
        yield f"{size} bytes", ethernet(other, me, 0x0800, udp4(a, 4001, b, 4002, data))
        yield f"{size} bytes, tagged", tagged(ethernet(other, me, 0x0800, udp4(a, 4001, b, 4002, data)), (0x8100, 9))


def service_tags(side):
    me, other = mac(side, 7), mac(3 - side, 7)
    a, b = ("192.0.2.10", "198.51.100.10") if side == INSIDE else ("198.51.100.10", "192.0.2.10")
    datagram = ethernet(other, me, 0x0800, udp4(a, 4001, b, 4002, b"unchanged"))
    yield "802.1ad", tagged(datagram, (0x88a8, 200))
    yield "QinQ, 802.1ad around 802.1Q", tagged(datagram, (0x88a8, 200), (0x8100, 100))
    yield "802.1ad in 802.1ad", tagged(datagram, (0x88a8, 200), (0x88a8, 100))
    yield "802.1ad with priority", tagged(datagram, (0x88a8, 0xe001), (0x8100, 100))
    yield "tagged ARP", tagged(ethernet("ff:ff:ff:ff:ff:ff", me, 0x0806, bytes(46)), (0x88a8, 200), (0x8100, 1))


def overrun(ns):
    """UDP datagrams that arrived and for which their socket had no room: a server that got no processor for a while."""
    six = dict(line.split() for line in ns.run(["cat", "/proc/net/snmp6"]).stdout.splitlines())
    names, values = (line.split() for line in ns.run(["cat", "/proc/net/snmp"]).stdout.splitlines()
                     if line.startswith("Udp:"))
    return int(six["Udp6RcvbufErrors"]) + int(values[names.index("RcvbufErrors")])


def real_peers(lab, wire, seconds):
    """Clients of all kinds for some seconds. (what failed, how many actions)."""
    servers, clients = SERVERS, Clients(lab, wire.inside)
    before = overrun(wire.outside)
    rate = max(500_000, min(16_000_000, int(BULK_BYTES * 8 / seconds / 2)))
    bulk = {
        "tcp": clients.iperf_argv(TENANTS["auto-oem"][0], servers["US"][0], 5201, int(seconds), rate),
        "udp": clients.iperf_argv(TENANTS["cro-lab"][1], servers["DE"][1], 5202, int(seconds), rate // 4, udp=True),
    }
    running = {k: lab.spawn(wire.inside, argv, f"bulk-{k}") for k, argv in bulk.items()}
    failed, n, end = [], 0, time.monotonic() + seconds
    while time.monotonic() < end:
        v = n & 1  # one round IPv4, one IPv6
        me, us, jp = TENANTS["auto-oem"][v], servers["US"][v], servers["JP"][v]
        for what, done in (
                ("https", clients.https(me, us, "diag.oem.example")),
                ("openssl", clients.openssl(me, jp, "www.partner.example")),
                ("http", clients.http(TENANTS["fund-desk"][v], jp, "news.example")),
                ("upload", clients.upload(TENANTS["fund-desk"][v], jp, "files.example", 300_000)),
                ("dig", clients.dig(TENANTS["cro-lab"][v], servers["DE"][v], "www.example")),
                ("dig tcp", clients.dig(TENANTS["cro-lab"][v], servers["DE"][v], "www.example", "+tcp", "AAAA")),
                ("ssh", clients.ssh(TENANTS["_unlisted"][v], servers["SG"][v])),
                ("ping", clients.ping(me, servers["CN"][v]))):
            if done.returncode != 0:
                failed.append(f"{what}, IPv{6 if v else 4}: exit {done.returncode}: {done.stderr.strip()[-300:]}")
            if what == "ping" and " 0% packet loss" not in done.stdout:
                failed.append(f"ping: {done.stdout}")
        n += 1
    for what, p in running.items():
        p.wait(30)
        sent, lost, error = iperf_result(p.output)
        # What the server's own socket dropped had crossed: the captures show it.
        if error or not sent or (lost or 0) > overrun(wire.outside) - before:
            failed.append(f"bulk {what}: {sent} bytes, {lost} packets lost {error}")
    return failed, n


def mixed(t, lab, wire, gateway_ns):
    Servers(lab, wire.outside, SERVERS["DE"][1])
    config = make_config(lab.path("mixed"), ports(wire), POLICY, COUNTRIES, idle="poll")
    with Gateway(lab, gateway_ns, config, "mixed") as gw:
        captures = Captures(lab, wire, "mixed")
        failed, rounds = real_peers(lab, wire, SECONDS)
        t.ok(not failed, "mixed: clients of ten kinds are all served", "\n".join(failed),
             f"{rounds} rounds over {SECONDS:g} s")
        dropped = captures.stop()
        stats = gw.settle()
        t.equal(dropped, 0, "mixed: tcpdump saw everything")
        frames = compare(t, captures, "mixed")
        t.equal(books(stats), "", "mixed: nothing lost, received = sent", f"{frames} frames")
        received = sum(p["rx_packets"] for p in stats["ports"])
        t.ok(frames + 4 <= received <= frames + 30, "mixed: counted as captured",
             f"{frames} frames and 4 marks in the captures, {received} received")
        t.ok(total(stats, "flows", "begun") >= rounds * 7, "mixed: a flow for each client")
        code, took = gw.stop()
        t.ok(code == 0 and took < 2, "mixed: SIGTERM ends it within 2 s", f"exit {code}\n{gw.said()}", f"{took:.2f} s")
    records_fit(t, gw.log_dir, "mixed: records fit the schema")


def test(t):
    add_sbin()
    need_programs(*PROGRAMS)
    need_namespaces()
    with Lab("transparency") as lab:
        gateway_ns = lab.namespace("gw")
        wire = Wire(lab, gateway_ns)
        by_hand(t, lab, wire, gateway_ns, "kinds", make_config(lab.path("kinds"), ports(wire), POLICY, COUNTRIES),
                hand_made)
        by_hand(t, lab, wire, gateway_ns, "fragments",
                make_config(lab.path("fragments"), ports(wire), POLICY, COUNTRIES), fragments)
        strangers(t, lab, wire, gateway_ns)
        own_frames(t, lab, wire, gateway_ns)
        # net_af_packet gives every outer tag back as 802.1Q (DPDK does not look at tp_vlan_tpid).
        by_hand(t, lab, wire, gateway_ns, "802.1ad",
                make_config(lab.path("ad"), ports(wire), POLICY, COUNTRIES, driver="pcap"), service_tags)
        mixed(t, lab, wire, gateway_ns)
        longer_than_the_mtu(t, lab, wire, gateway_ns)
        longer_than_the_ring(t, lab, wire, gateway_ns)
        big = Wire(lab, gateway_ns, 1, 9000)
        by_hand(t, lab, big, gateway_ns, "jumbo",
                make_config(lab.path("jumbo"), ports(big), POLICY, COUNTRIES, mtu=9000), jumbo)


if __name__ == "__main__":
    check.main(test)
