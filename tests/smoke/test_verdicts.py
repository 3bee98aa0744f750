#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Verdicts by tenant, country, application and host on real traffic, and what a blocked client notices.

tests/golden/demo-policy.json is in force.
"""
import errno
import socket
import struct
import time

import check
from frames import INSIDE, Captures, between_marks
from gateway import Gateway, books, make_config, records_fit, total
from lab import Lab, need_namespaces, need_programs
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports
from peers import PROGRAMS, Clients, Servers, add_sbin


def connect(ns, source, to, port, seconds=5.0):
    """Opens TCP: (socket or None, name of the error, seconds)."""
    begin = time.monotonic()
    with ns:
        s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET)
    s.settimeout(seconds)
    s.bind((source, 0))
    try:
        s.connect((to, port))
        return s, "", time.monotonic() - begin
    except OSError as e:
        s.close()
        return None, errno.errorcode.get(e.errno, type(e).__name__), time.monotonic() - begin


def ask_udp(ns, source, to, port, data, seconds=3.0):
    """Sends a datagram from a connected socket: (answer or None, name of the error, seconds)."""
    begin = time.monotonic()
    with ns:
        s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(seconds)
    # Errors of ICMP are reported by number only where asked for.
    s.setsockopt(*((socket.IPPROTO_IPV6, 25) if ":" in to else (socket.IPPROTO_IP, 11)), 1)
    s.bind((source, 0))
    s.connect((to, port))
    try:
        s.send(data)
        return s.recv(4096), "", time.monotonic() - begin
    except OSError as e:
        return None, errno.errorcode.get(e.errno, type(e).__name__), time.monotonic() - begin
    finally:
        s.close()


def blocked_at_once(t, wire):
    """A tenant whose data may not leave: before anything is known of the application."""
    for v, name in ((0, "IPv4"), (1, "IPv6")):
        me, us = TENANTS["core-zone"][v], SERVERS["US"][v]
        s, error, took = connect(wire.inside, me, us, 443)
        t.ok(s is None and error == "ECONNREFUSED" and took < 1,
             f"{name}: a blocked tenant's connection is refused at once", f"{error} after {took:.2f} s",
             f"{took * 1000:.0f} ms")
        answer, error, took = ask_udp(wire.inside, me, us, 53, b"\0" * 30)
        # ICMP 3/13 is EHOSTUNREACH, ICMPv6 1/1 is EACCES (Linux, icmp_err_convert and icmpv6_err_convert).
        t.ok(answer is None and error == ("EHOSTUNREACH", "EACCES")[v] and took < 1,
             f"{name}: its UDP is answered by ICMP administratively prohibited at once",
             f"{error} after {took:.2f} s, {answer}", f"{took * 1000:.0f} ms")
        s, error, _ = connect(wire.inside, me, SERVERS["CN"][v], 443)
        t.ok(s is not None, f"{name}: the same tenant reaches a server at home", error)
        if s:
            s.close()
        s, error, took = connect(wire.outside, us, me, 22)
        t.ok(s is None and took < 1, f"{name}: whoever opens the connection: refused from outside too", error, error)


def bittorrent(wire, source, to):
    """Two peers shake hands and exchange pieces: (error that ended it, messages that were sent)."""
    with wire.outside:
        listener = socket.create_server(("0.0.0.0", 6881))
    here, error, _ = connect(wire.inside, source, to, 6881)
    listener.settimeout(5)
    there = listener.accept()[0]
    for s in (here, there):
        s.settimeout(2)
    shake = b"\x13BitTorrent protocol" + bytes(8) + bytes(range(100, 120)) + b"-TR3000-abcdefghijkl"
    piece = struct.pack("!IBII", 9 + 200, 7, 0, 0) + bytes(200)
    sent = 0
    try:
        for message in [shake] + [piece] * 20:
            for a, b in ((here, there), (there, here)):
                a.sendall(message)
                sent += 1
                b.recv(4096)
    except OSError as e:
        error = errno.errorcode.get(e.errno, type(e).__name__)
    for s in (here, there, listener):
        s.close()
    return error, sent


# tenant, country, protocol -> how the record is to be, with what the client does.
def cases(c):
    return [
        ("auto-oem", "US", 443, lambda me, to: c.https(me, to, "diag.oem.example"), True,
         {"act": "allow", "rule": "gdl-auto", "reason": "GENERAL_DATA_LIST", "host": "diag.oem.example", "hsrc": "sni",
          "app": "TLS", "basis": ["GDL-AUTO-AFTERSALES"], "border": "cross", "cc": "US"}),
        ("auto-oem", "DE", 443, lambda me, to: c.openssl(me, to, "diag.oem.example"), True,
         {"act": "allow", "rule": "gdl-auto", "cc": "DE", "host": "diag.oem.example"}),
        ("cro-lab", "US", 443, lambda me, to: c.https(me, to, "diag.oem.example"), True,
         {"act": "flag", "reason": "NO_RULE", "rule": "_default", "sev": "medium", "tn": "cro-lab"}),
        ("fund-desk", "JP", 80, lambda me, to: c.http(me, to, "news.example"), True,
         {"act": "allow", "rule": "cptpp-business", "app": "HTTP", "hsrc": "http", "host": "news.example", "cc": "JP"}),
        ("fund-desk", "DE", 80, lambda me, to: c.http(me, to, "news.example"), True,
         {"act": "flag", "reason": "NO_RULE", "app": "HTTP", "cc": "DE"}),
        ("cro-lab", "US", 80, lambda me, to: c.http(me, to, "files.leak.example"), False,
         {"act": "block", "rule": "host-block", "reason": "PROHIBITED_HOST", "host": "files.leak.example"}),
        ("fund-desk", "JP", 443, lambda me, to: c.https(me, to, "www.leak.example"), False,
         {"act": "block", "rule": "host-block", "host": "www.leak.example", "hsrc": "sni"}),
        ("_unlisted", "SG", 22, lambda me, to: c.ssh(me, to), True,
         {"act": "flag", "rule": "bulk-flag", "reason": "BULK_TOOL", "app": "SSH", "sev": "high", "tn": "_unlisted"}),
        ("cro-lab", "CN", 22, lambda me, to: c.ssh(me, to), True,
         {"act": "allow", "rule": "domestic", "app": "SSH", "border": "home"}),
        ("important-zone", "SG", 443, lambda me, to: c.https(me, to, "db.partner.example"), True,
         {"act": "allow", "rule": "important-assessed", "reason": "ASSESSED_TRANSFER", "basis": ["ASSESS-EXAMPLE-7"]}),
        ("important-zone", "JP", 443, lambda me, to: c.https(me, to, "db.partner.example"), False,
         {"act": "block", "rule": "important-rest", "reason": "IMPORTANT_DATA_ZONE", "sev": "high"}),
        ("cro-lab", "XX", 53, lambda me, to: c.dig(me, to, "www.example"), True,
         {"act": "flag", "rule": "unknown-country", "reason": "COUNTRY_UNKNOWN", "app": "DNS", "ccs": "none",
          "border": "unknown", "cc": "XX", "proto": 17}),
        ("auto-oem", "CN", 443, lambda me, to: c.https(me, to, "home.example"), True,
         {"act": "allow", "rule": "domestic", "reason": "DOMESTIC", "border": "home", "cc": "CN"}),
    ]


def run_cases(t, wire, clients, at_once=True, versions=2):
    """Plays every case over one or both IP versions; [(endpoints, name, wanted record)].

    at_once: what is blocked is so before its client has an answer.
    """
    wanted = []
    for tenant, country, port, act, served, fields in cases(clients):
        for v, name in ((0, "IPv4"), (1, "IPv6"))[:versions]:
            me, to = TENANTS[tenant][v], SERVERS[country][v]
            what = f"{name}: {tenant} to {country} port {port}"
            begin = time.monotonic()
            done = act(me, to)
            took = time.monotonic() - begin
            if served:
                t.ok(done.returncode == 0, f"{what}: served", f"exit {done.returncode}: {done.stderr}")
            elif at_once:
                t.ok(done.returncode not in (0, 28) and took < 3,
                     f"{what}: ended at once, not by a timeout",
                     f"exit {done.returncode} after {took:.1f} s: {done.stderr}", f"{took * 1000:.0f} ms")
            wanted.append(((me, to, port), f"{what}: {fields['act']}", fields))
    return wanted


def check_records(t, gw, wanted, at_once=True):
    ended = gw.records("--ev", "end")
    decided = gw.records("--ev", "decision")
    for (me, to, port), name, fields in wanted:
        mine = [r for r in ended if (r["src"], r["dst"], r["dport"]) == (me, to, port)
                and all(r.get(k) == fields[k] for k in ("host",) if k in fields)]
        t.ok(len(mine) == 1 and all(mine[0].get(k) == v for k, v in fields.items()), f"record: {name}",
             f"wanted one end record with {fields}\ngot {mine}")
        if fields["act"] == "allow" or not mine:
            continue
        told = [r for r in decided if r["fid"] == mine[0]["fid"]]
        t.ok(told and told[-1]["act"] == fields["act"] and told[-1]["seq"] < mine[0]["seq"],
             f"record: {name}: the decision was written before the end", f"{told}")
        if fields["act"] == "block" and at_once:
            t.ok(mine[0]["dp"] > 0 and mine[0]["db"] > 0, f"record: {name}: counts what was stopped", f"{mine[0]}")


def test(t):
    add_sbin()
    need_programs(*PROGRAMS)
    need_namespaces()
    with Lab("verdicts") as lab:
        gateway_ns = lab.namespace("gw")
        wire = Wire(lab, gateway_ns)
        Servers(lab, wire.outside)
        clients = Clients(lab, wire.inside)
        with Gateway(lab, gateway_ns, make_config(lab.path("gw"), ports(wire), POLICY, COUNTRIES)) as gw:
            captures = Captures(lab, wire, "verdicts")
            blocked_at_once(t, wire)
            wanted = run_cases(t, wire, clients)
            error, sent = bittorrent(wire, TENANTS["cro-lab"][0], SERVERS["US"][0])
            t.ok(error in ("ECONNRESET", "EPIPE") and sent < 10, "BitTorrent: reset within ten messages", error,
                 f"{sent} messages")
            wanted.append(((TENANTS["cro-lab"][0], SERVERS["US"][0], 6881), "BitTorrent to US: block",
                           {"act": "block", "rule": "p2p-block", "reason": "PROHIBITED_APP", "app": "BitTorrent"}))
            dropped = captures.stop()
            stats = gw.settle()
        t.equal(dropped, 0, "tcpdump saw everything")
        core = [f for f in between_marks(captures.outside.path, INSIDE)
                if f[12:14] == b"\x08\x00" and f[26:30] == socket.inet_aton(TENANTS["core-zone"][0])
                and f[30:34] != socket.inet_aton(SERVERS["CN"][0]) and not (f[23] == 6 and f[47] & 4)]
        t.equal(core, [], "nothing of the blocked tenant reached a foreign server, but resets in its name")
        t.equal(books(stats), "", "received = sent + stopped, nothing lost")
        t.ok(total(stats, "decisions", "resets_sent") >= 10, "refusals are counted", stats["workers"][0]["decisions"])
        check_records(t, gw, wanted)
        for by, filters, least in (("tenant", ["--tenant", "core-zone", "--act", "block"], 6),
                                   ("country", ["--country", "JP", "--act", "block", "--ev", "end"], 4),
                                   ("application", ["--app", "ssh", "--act", "flag", "--ev", "end"], 2),
                                   ("host", ["--host", "*.leak.example", "--ev", "end"], 4),
                                   ("address", ["--addr", "2001:db8:51::/48", "--ev", "end"], 3)):
            found = gw.records(*filters)
            t.ok(len(found) >= least, f"bhlog finds by {by}", f"{filters}", f"{len(found)} records")
        records_fit(t, gw.log_dir, "records fit the schema")


if __name__ == "__main__":
    check.main(test)
