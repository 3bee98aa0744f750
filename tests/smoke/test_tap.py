#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Tap mode: copies of the traffic come in, decisions are recorded, nothing is ever sent.

A SPAN port that carries both directions of the inside's interface (mirror.py), and an optical tap with a
fibre for each direction (the frames of the SPAN port's capture, put on two interfaces by their side).
"""
import json
import os

import check
from check import poll
from frames import INSIDE, OUTSIDE, Capture, Sender, mac_bytes, mac, read_pcap
from gateway import Gateway, books, make_config, records_fit, total
from lab import Lab, need_namespaces, need_programs, wait_for_output
from park import COUNTRIES, POLICY, SERVERS, TENANTS, direct
from peers import HERE, PROGRAMS, PYTHON, Clients, Servers, add_sbin

FIELDS = ("src", "sport", "dst", "dport", "proto", "init", "tn", "app", "cc", "host", "act", "rule", "ob", "rb", "op",
          "rp", "db", "dp")


def quiet_port(ns, name):
    """A port of the gateway whose kernel has nothing to say."""
    ns.run(["sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1"])


def sent(ns, name):
    return json.loads(ns.run(["ip", "-j", "-s", "link", "show", name]).stdout)[0]["stats64"]["tx"]["packets"]


def traffic(lab, inside):
    c = Clients(lab, inside)
    return [d.returncode for d in (
        c.https(TENANTS["auto-oem"][0], SERVERS["US"][0], "diag.oem.example"),
        c.https(TENANTS["auto-oem"][1], SERVERS["US"][1], "diag.oem.example"),
        c.http(TENANTS["fund-desk"][0], SERVERS["JP"][0], "news.example"),
        c.dig(TENANTS["cro-lab"][0], SERVERS["DE"][0], "www.example"),
        c.https(TENANTS["core-zone"][0], SERVERS["US"][0], "secret.example"),
        c.ssh(TENANTS["_unlisted"][1], SERVERS["SG"][1]))]


def flows(records):
    """What records say of TCP and UDP, without times and numbers."""
    return sorted(json.dumps({k: r[k] for k in FIELDS if k in r}) for r in records if r["proto"] in (6, 17))


def replay(gw, path, feeder):
    """Puts the frames of a capture on the fibre of their side. Two fibres are two queues: an answer is sent
    when the question before it has been decided, or it could be seen first."""
    out = {side: Sender(feeder, name) for side, name in ((INSIDE, "f0"), (OUTSIDE, "f1"))}
    sent_, last = 0, None
    for frame in read_pcap(path):
        if frame[6:10] != mac_bytes(mac(0, 0))[:4]:
            continue
        if last not in (None, frame[10]):
            poll("frames to be decided", lambda: decided(gw.stats()) == sent_, 10, 0.005)
        last = frame[10]
        out[last].send(frame)
        sent_ += 1
    for sender in out.values():
        sender.close()


def decided(stats):
    return sum(o["packets"] for w in stats["workers"] for o in w["outcomes"].values())


def span(t, lab, gateway_ns, inside):
    lab.veth(inside, "span", gateway_ns, "t0")
    quiet_port(gateway_ns, "t0")
    quiet_port(inside, "span")
    mirror = lab.spawn(inside, [PYTHON, os.path.join(HERE, "mirror.py"), "p0", "span"], "mirror")
    wait_for_output(mirror, "mirroring")
    config = make_config(lab.path("span"), ["t0"], POLICY, COUNTRIES, mode="tap", single=True)
    with Gateway(lab, gateway_ns, config, "span") as gw:
        capture = Capture(lab, gateway_ns, "t0", "span-capture")
        before = sent(gateway_ns, "t0")
        t.equal(traffic(lab, inside), [0] * 6, "span: all clients are served, whatever the verdict: a tap stops "
                "nothing")
        capture.quiet()
        stats = gw.settle()
        t.equal(sent(gateway_ns, "t0") - before, 0, "span: nothing is sent")
        t.equal(capture.stop(), 0, "span: tcpdump saw everything")
    t.equal(books(stats), "", "span: every frame is accounted for")
    t.equal(stats["ports"][0]["tx_packets"], 0, "span: no transmit counter moves")
    ended = gw.records("--ev", "end")
    lines = [(r["src"], r["dst"], r["dport"]) for r in ended]
    for what, line in (("TLS over IPv4", (TENANTS["auto-oem"][0], SERVERS["US"][0], 443)),
                       ("TLS over IPv6", (TENANTS["auto-oem"][1], SERVERS["US"][1], 443)),
                       ("HTTP", (TENANTS["fund-desk"][0], SERVERS["JP"][0], 80)),
                       ("DNS", (TENANTS["cro-lab"][0], SERVERS["DE"][0], 53)),
                       ("SSH", (TENANTS["_unlisted"][1], SERVERS["SG"][1], 22))):
        t.equal(lines.count(line), 1, f"span: one record of {what}, from its two directions")
    tcp = [r for r in ended if r["proto"] == 6]
    one_way = [r for r in tcp if r["act"] != "block" and not (r["ob"] and r["rb"])]
    t.equal(one_way, [], "span: TCP has bytes both ways")
    blocked = [r["tn"] for r in tcp if r["act"] == "block" and r["db"] and not r["ob"] + r["rb"]]
    t.equal(blocked, ["core-zone"], "span: what a verdict would have stopped is recorded")
    return capture, ended


def fibres(t, lab, gateway_ns, capture, expected):
    feeder = lab.namespace("feeder")
    for name in ("f0", "f1"):
        lab.veth(feeder, name, gateway_ns, name)
        quiet_port(gateway_ns, name)
        quiet_port(feeder, name)
    config = make_config(lab.path("fibres"), [("f0", "f1")], POLICY, COUNTRIES, mode="tap", workers=2)
    with Gateway(lab, gateway_ns, config, "fibres") as gw:
        before = sent(gateway_ns, "f0") + sent(gateway_ns, "f1")
        replay(gw, capture.path, feeder)
        stats = gw.settle()
        t.equal(sent(gateway_ns, "f0") + sent(gateway_ns, "f1") - before, 0, "fibres: nothing is sent")
    t.equal(books(stats), "", "fibres: every frame is accounted for")
    t.equal(flows(gw.records("--ev", "end")), flows(expected),
            "fibres: the same frames give the same records as on the SPAN port")
    t.ok(total(stats, "flows", "begun") >= 6, "fibres: flows were seen")
    records_fit(t, gw.log_dir, "fibres: records fit the schema")


def own(t, lab, inside):
    """A tap on an interface by which its host sends, as on the port of a bridge, hears both directions."""
    config = make_config(lab.path("own"), ["p0"], POLICY, COUNTRIES, mode="tap", single=True)
    with Gateway(lab, inside, config, "own") as gw:
        t.equal(Clients(lab, inside).ping(TENANTS["cro-lab"][0], SERVERS["US"][0], 3).returncode, 0, "own: a ping")
        gw.settle()
    counts = [(r["op"], r["rp"]) for r in gw.records("--ev", "end") if r["proto"] == 1]
    t.equal(counts, [(3, 3)], "own: what its host sends is seen, too")


def test(t):
    add_sbin()
    need_programs(*PROGRAMS)
    need_namespaces()
    with Lab("tap") as lab:
        gateway_ns = lab.namespace("gw")
        inside, outside = direct(lab)
        Servers(lab, outside)
        fibres(t, lab, gateway_ns, *span(t, lab, gateway_ns, inside))
        own(t, lab, inside)


if __name__ == "__main__":
    check.main(test)
