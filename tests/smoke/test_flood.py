#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors

"""Floods that want all contexts of DPI: connections in earnest are classified all the same.

Half-open connections hold none; datagrams that nobody can name hold theirs until a connection needs one.
"""
import os
import struct
import time

import check
from control import bhctl
from frames import INSIDE, OUTSIDE, Sender, checksum, ethernet, ipv4, mac, udp4
from gateway import Gateway, books, make_config, total
from lab import Lab, need_namespaces, need_programs
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports
from peers import PROGRAMS, Clients, Servers, add_sbin

CONTEXTS, SYNS, DATAGRAMS, MORE = 64, 3000, 100, 10
NOBODY = "198.51.100.77"  # does not answer


def syn(src, sport, dst, dport):
    head = struct.pack("!HHIIBBHHH", sport, dport, sport * 7919, 0, 0x50, 2, 64240, 0, 0)
    pseudo = bytes(map(int, src.split("."))) + bytes(map(int, dst.split("."))) + struct.pack("!BBH", 0, 6, len(head))
    sum_ = struct.pack("!H", checksum(pseudo + head))
    return ipv4(src, dst, 6, head[:16] + sum_ + head[18:])


def send(sender, packets):
    for packet in packets:
        sender.send(ethernet(mac(OUTSIDE, 1), mac(INSIDE, 1), 0x0800, packet))
        time.sleep(0.0002)  # not for the queues of slow machines to lose any


def noise(me, first, n):
    return (udp4(me, first + i, NOBODY, 40000, os.urandom(64)) for i in range(n))


def classification(gw, name):
    return total(gw.settle(), "classification", name)


def test(t):
    add_sbin()
    need_programs(*PROGRAMS)
    need_namespaces()
    me, to = TENANTS["auto-oem"][0], SERVERS["US"][0]
    with Lab("flood") as lab:
        gateway_ns = lab.namespace("gw")
        wire = Wire(lab, gateway_ns)
        Servers(lab, wire.outside)
        clients = Clients(lab, wire.inside)
        sender = Sender(wire.inside, "p0")
        config = make_config(lab.path("gw"), ports(wire), POLICY, COUNTRIES)
        config.setdefault("dpi", {})["contexts"] = CONTEXTS
        config.setdefault("flows", {})["new_share"] = 0  # nothing is left out for want of time
        config.setdefault("exceptions", {})["dpi_full"] = "block"
        with Gateway(lab, gateway_ns, config) as gw:
            send(sender, (syn(me, 1024 + i, NOBODY, 443) for i in range(SYNS)))
            t.equal(classification(gw, "contexts_open"), 0, f"{SYNS:,} half-open connections hold no context")
            done = clients.https(me, to, "first.example")
            t.equal(done.returncode, 0, "a connection in earnest", done.stderr)
            send(sender, noise(me, 1024, DATAGRAMS))
            held = classification(gw, "contexts_open")
            t.ok(CONTEXTS <= held <= CONTEXTS + 1, "datagrams that nobody can name hold all", held)
            full, spared = (classification(gw, x) for x in ("contexts_full", "contexts_given_up"))
            t.ok(0 < full <= DATAGRAMS - CONTEXTS + 2, "those after them get none", full)
            time.sleep(1.2)
            send(sender, noise(me, 30000, MORE))
            done = clients.https(me, to, "second.example")
            t.equal(done.returncode, 0, "another connection", done.stderr)
            t.equal(classification(gw, "contexts_full"), full, "nobody is told that all are in use")
            more = classification(gw, "contexts_given_up") - spared
            t.ok(0 < more <= MORE + 1, "those that were idle gave theirs up", more)
            shown = bhctl(gw, "stats").stdout
            t.ok("contexts_given_up" in shown, "bhctl stats says so", shown)
            stats = gw.settle()
            t.equal(gw.stop()[0], 0, "the gateway stops well")
        sender.close()
        t.equal(books(stats), "", "received = sent + stopped, nothing lost")
        ends = gw.records("--ev", "end")
        for host in ("first.example", "second.example"):
            mine = [r for r in ends if r.get("host") == host]
            t.ok(len(mine) == 1 and mine[0]["conf"] == "dpi" and mine[0]["hsrc"] == "sni", f"record: {host} by its TLS",
                 mine)
        half = [r for r in ends if r["dst"] == NOBODY and r["proto"] == 6]
        named = [r for r in half if r.get("app") == "TLS" and r["conf"] == "port"]
        t.equal(len(half), SYNS, "records: every half-open connection")
        t.ok(len(named) >= held - 4, "the newest are named by their port", len(named))
        unnamed = [r for r in ends if r["dst"] == NOBODY and r["proto"] == 17]
        blocked = [r for r in unnamed if (r["act"], r["reason"]) == ("block", "DPI_CONTEXTS_FULL")]
        t.equal(len(unnamed), DATAGRAMS + MORE, "records: every datagram")
        t.ok(full <= len(blocked) <= full + spared + more, "blocked are those without a context",
             f"{len(blocked)}, {full} + {spared} + {more}")


if __name__ == "__main__":
    check.main(test)
