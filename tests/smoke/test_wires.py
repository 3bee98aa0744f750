#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
# alone: no packet may be lost, whatever the rate of clients that ask for as much as there is
"""Two wires and two workers.

Ports of net_af_packet with one queue give the worker that polls them everything; it hands flows over to
the other by their hash. Still every frame leaves on its own wire, unchanged and in order within its flow.
"""
import time

import check
from check import SECONDS
from frames import INSIDE, OUTSIDE, Captures, Sender, count, difference, ethernet, mac, udp4
from gateway import Gateway, books, make_config, total
from lab import Lab, need_namespaces, need_programs
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports
from peers import PROGRAMS, Clients, Servers, add_sbin

FLOWS = 200  # by hand, on each wire
ROUNDS = 30  # frames of each, each way
FLOWS_MAX = 32767  # no even number: one worker has one less


def frame(side, wire, flow, n):
    inside, outside = (TENANTS["auto-oem"][0], 20000 + flow), (SERVERS["US"][0], 30000 + wire)
    a, b = (inside, outside) if side == INSIDE else (outside, inside)
    return ethernet(mac(3 - side, 7), mac(side, 7), 0x0800, udp4(*a, *b, n.to_bytes(4, "big") * (8 + flow), ident=n))


def flood(wires):
    senders = [(w, side, Sender(ns, "p0")) for w in wires
               for ns, side in ((w.inside, INSIDE), (w.outside, OUTSIDE))]
    for n in range(ROUNDS):
        for flow in range(FLOWS):
            for w, side, sender in senders:
                sender.send(frame(side, w.number, flow, n))
            if flow % 16 == 0:
                time.sleep(0.003)  # some thousand frames a second, so that rings of any host hold them
    for _w, _side, sender in senders:
        sender.close()


def real_peers(lab, wires, seconds):
    failed, n, end = [], 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for w in wires:
            c, v = Clients(lab, w.inside), n & 1
            for what, done in (("https", c.https(TENANTS["auto-oem"][v], SERVERS["US"][v], "diag.oem.example")),
                               ("upload", c.upload(TENANTS["fund-desk"][v], SERVERS["JP"][v], "f.example", 200_000)),
                               ("dig", c.dig(TENANTS["cro-lab"][v], SERVERS["DE"][v], "www.example"))):
                if done.returncode != 0:
                    failed.append(f"wire {w.number}: {what}: exit {done.returncode}: {done.stderr.strip()}")
        n += 1
    return failed, n


def test(t):
    add_sbin()
    need_programs(*PROGRAMS)
    need_namespaces()
    with Lab("wires") as lab:
        gateway_ns = lab.namespace("gw")
        wires = [Wire(lab, gateway_ns, n) for n in range(2)]
        for w in wires:
            Servers(lab, w.outside)
        config = make_config(lab.path("two"), ports(*wires), POLICY, COUNTRIES, workers=2, flows={"max": FLOWS_MAX})
        with Gateway(lab, gateway_ns, config) as gw:
            captures = [Captures(lab, w, f"wire-{w.number}") for w in wires]
            flood(wires)
            failed, rounds = real_peers(lab, wires, SECONDS / 3)
            dropped = [c.stop() for c in captures]
            for w in wires:  # a neighbour solicitation after the statistics would be a flow more than they say
                for ns in (w.inside, w.outside):
                    ns.ip("link", "set", "p0", "down")
            stats = gw.settle()
        t.ok(not failed, "clients on both wires are all served", "\n".join(failed), f"{rounds} rounds")
        t.equal(dropped, [0, 0], "tcpdump saw everything")
        for w, c in zip(wires, captures):
            for side in (INSIDE, OUTSIDE):
                sent, arrived = c.flows(side)
                t.ok(count(sent) >= FLOWS * ROUNDS and sent == arrived,
                     f"wire {w.number}, {'outbound' if side == INSIDE else 'inbound'}: the same frames in order",
                     difference(sent, arrived) or f"{count(sent)} sent", f"{count(sent)} frames in {len(sent)} flows")
        t.equal(books(stats), "", "received = sent, nothing stopped or lost")
        t.equal(total(stats, "flows", "max"), FLOWS_MAX, "the workers' tables have what the configuration says")
        worked = [sum(o["packets"] for o in w["outcomes"].values()) for w in stats["workers"]]
        t.ok(min(worked) > sum(worked) / 5, "both workers decide", "by hash each should have about half",
             f"{worked[0]} and {worked[1]} packets")
        handed = total(stats, "handed_over")
        t.ok(handed > 0 and handed == total(stats, "taken_over"), "what is handed over is taken over",
             f"taken over: {total(stats, 'taken_over')}", f"{handed} packets")
        begun, ended = total(stats, "flows", "begun"), gw.records("--ev", "end")
        t.equal(len(ended), begun, "an end record for every flow of both workers")
        t.equal(len({r["fid"] for r in ended}), begun, "flow ids are unique across workers")


if __name__ == "__main__":
    check.main(test)
