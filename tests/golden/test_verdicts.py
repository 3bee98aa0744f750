#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The verdicts that the example policy must give, on packets: the design's list, flow by flow. And what
rules with `capture` keep, what passes (--pcap-out), what limits do.

usage: test_verdicts.py BRIDGEHEAD
"""
import hashlib
import json
import os
import sys
import tempfile

import golden
from frames import ACK, FIN, PSH, SYN, TCP, UDP, client_hello, dns, eth, ip, tcp, udp

CN, US, DE, JP, SG = "192.0.2.10", "192.0.2.200", "198.51.100.10", "198.51.100.200", "203.0.113.70"
NOWHERE = "198.18.200.1"  # no range of the tests' country file that the policy knows
SSH = b"SSH-2.0-OpenSSH_9.2\r\n"
BITTORRENT = b"\x13BitTorrent protocol" + bytes(8) + b"0123456789abcdefghij" + b"-TR2940-abcdefghijkl"


def connection(src, dst, dport, out, back=b"", sport=40000):
    """Packets (frame, is it an answer) of one TCP connection."""
    seq, ack, packets = 1000, 9000, []

    def send(flags, payload=b"", answer=False):
        nonlocal seq, ack
        if answer:
            packets.append((ip(dst, src, TCP, tcp(dst, src, dport, sport, ack, seq, flags, payload)), True))
            ack += len(payload) + bool(flags & (SYN | FIN))
        else:
            packets.append((ip(src, dst, TCP, tcp(src, dst, sport, dport, seq, ack, flags, payload)), False))
            seq += len(payload) + bool(flags & (SYN | FIN))

    send(SYN)
    send(SYN | ACK, answer=True)
    send(ACK)
    if dport == 22 and back:
        send(PSH | ACK, back, answer=True)
    if out:
        send(PSH | ACK, out)
    if back and dport != 22:
        send(PSH | ACK, back, answer=True)
    for answer in (False, True):
        send(FIN | ACK, answer=answer)
    send(ACK)
    return packets


def datagram(src, dst, dport, payload, sport=50000):
    return [(ip(src, dst, UDP, udp(src, dst, sport, dport, payload)), False)]


def run(program, folder, packets, *options, policy=golden.POLICY):
    path = os.path.join(folder, "case.pcap")
    golden.write_pcap(path, [(1790000000 + i * 0.001, eth(p, back=back))
                             for i, (p, back) in enumerate(packets)])
    status, out, err = golden.replay(program, [path], "--records", "-", *options, policy=policy)
    return status, golden.records(out), err.decode(errors="replace"), path


CASES = [
    ("the registered host", connection("10.20.9.7", US, 443, client_hello("diag.oem.example"), b"x" * 80),
     {"tn": "auto-oem", "act": "allow", "rule": "gdl-auto", "reason": "GENERAL_DATA_LIST",
      "basis": ["GDL-AUTO-AFTERSALES"], "cc": "US", "border": "cross", "host": "diag.oem.example"}),
    ("another host", connection("10.20.9.7", US, 443, client_hello("www.oem.example"), b"x" * 80),
     {"act": "flag", "rule": "_default", "reason": "NO_RULE", "sh": "trial-gdpr", "app": "TLS"}),
    ("the important zone, blocked before classification", connection("10.20.200.5", JP, 443, b"anything"),
     {"tn": "important-zone", "act": "block", "rule": "important-rest",
      "reason": "IMPORTANT_DATA_ZONE", "sev": "high", "ob": 0, "pp": 0}),
    ("the assessed transfer", connection("10.20.200.5", SG, 443, client_hello("a.example")),
     {"act": "allow", "rule": "important-assessed", "reason": "ASSESSED_TRANSFER", "cc": "SG",
      "ccs": "override", "pp": 0}),
    ("a partner", connection("10.20.24.9", JP, 443, client_hello("shop.example"), b"x" * 80),
     {"tn": "fund-desk", "act": "allow", "rule": "cptpp-business", "reason": "PARTNER_PRESET"}),
    ("home, whatever it is", connection("10.20.17.1", CN, 6881, BITTORRENT),
     {"tn": "cro-lab", "act": "allow", "rule": "domestic", "reason": "DOMESTIC", "border": "home", "pp": 0}),
    ("a bulk tool", connection("10.99.0.1", DE, 22, SSH, SSH),
     {"tn": "_unlisted", "act": "flag", "rule": "bulk-flag", "reason": "BULK_TOOL", "app": "SSH"}),
    ("an unknown country", datagram("10.99.0.1", "2.0.0.1", 53, dns(7, "www.example.org")),
     {"act": "flag", "rule": "unknown-country", "reason": "COUNTRY_UNKNOWN", "cc": "XX",
      "border": "unknown", "app": "DNS"}),
    ("peer to peer abroad", connection("10.99.0.1", DE, 6881, BITTORRENT),
     {"act": "block", "rule": "p2p-block", "reason": "PROHIBITED_APP", "app": "BitTorrent"}),
]


def check_example(tap, program, folder):
    for name, packets, want in CASES:
        status, records, err, _ = run(program, folder, packets)
        end = [r for r in records if r["ev"] == "end"]
        got = {k: end[0].get(k) for k in want} if len(end) == 1 else len(end)
        tap.check(status == 0 and got == want, "example policy: " + name,
                  "want %s\ngot  %s\n%s" % (want, got, err))
        decisions = [r for r in records if r["ev"] == "decision"]
        told = len(decisions) == (want["act"] != "allow") and \
            all(d["act"] == want["act"] for d in decisions)
        tap.check(told, "example policy: " + name + ": told at once where not allowed", decisions)


def check_passed(tap, program, folder):
    passed = os.path.join(folder, "passed.pcap")
    mixed = connection("10.20.200.5", JP, 443, b"no") + connection("10.20.17.1", CN, 80, b"yes")
    status, records, err, path = run(program, folder, mixed, "--pcap-out", passed)
    want = [p for p, (frame, _) in zip(golden.read_pcap(path)[1], mixed)
            if b"\x0a\x14\xc8\x05" not in frame]  # 10.20.200.5
    tap.check(status == 0 and golden.read_pcap(passed)[1] == want,
              "--pcap-out has what passed, byte for byte", err)


def check_captures(tap, program, folder):
    with open(golden.POLICY, encoding="utf-8") as f:
        policy = json.load(f)
    for rule in policy["rules"]:
        if rule["id"] == "bulk-flag":
            rule["capture"] = {"packets": 6, "snap": 64}
    path, log = os.path.join(folder, "capture.json"), os.path.join(folder, "log")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(policy, f)
    ssh, tls = connection("10.99.0.1", DE, 22, SSH, SSH), connection("10.99.0.1", DE, 443, b"no tls")
    status, records, err, pcap = run(program, folder, ssh + tls, "--log-dir", log, policy=path)
    caps = [(r["rule"], r["cap"]) for r in records if "cap" in r]
    if not tap.check(status == 0 and len(caps) == 1 and caps[0][0] == "bulk-flag",
                     "one capture, of the flow that the rule decided", "%s %s" % (caps, err)):
        return
    name, _, sha = caps[0][1].partition(" sha256:")
    with open(os.path.join(log, name), "rb") as f:
        tap.check(hashlib.sha256(f.read()).hexdigest() == sha, "the capture has the record's hash")
    kept = golden.read_pcapng(os.path.join(log, name))
    sent = golden.read_pcap(pcap)[1][:6]
    tap.check([(us, data, wire) for us, data, wire in kept] ==
              [(round(t * 1e6), data[:64], len(data)) for t, data in sent],
              "it has the first packets from the first on, cut at snap")
    tap.check(os.listdir(os.path.join(log, "captures")) == [os.path.basename(name)],
              "nothing else is kept")


def limited(program, folder, limit, packets):
    with open(golden.POLICY, encoding="utf-8") as f:
        policy = json.load(f)
    policy["limits"] = [dict(limit, id="l", match={"border": ["cross"]}, reason="TOO_MUCH")]
    policy["rules"] = [{"id": "all", "match": {"border": ["cross"]}, "action": "allow", "reason": "ALL"}]
    path = os.path.join(folder, "limits.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(policy, f)
    return run(program, folder, packets, policy=path)[1]


def check_limits(tap, program, folder):
    many = [p for i in range(10) for p in connection("10.20.9.7", US, 80, b"z" * 400, sport=41000 + i)]
    one = sum(len(p) for p, back in connection("10.20.9.7", US, 80, b"z" * 400) if not back)
    for per in ("tenant", "country", "tenant+country"):
        records = limited(program, folder, {"per": per, "window": "day", "bytes_out": 3 * one,
                                            "then": "block"}, many)
        ends = [r for r in records if r["ev"] == "end"]
        out = sum(r["ob"] for r in ends)
        tap.check(3 * one - 40 <= out <= 3 * one, "per %s: no byte over the limit leaves" % per,
                  "%d of %d" % (out, 3 * one))
        over = [r for r in records if r["ev"] == "decision"]
        tap.check(over and all(r["act"] == "block" and r["limit"] == "l" and r["reason"] == "TOO_MUCH"
                               and r["rule"] == "all" for r in over), "per %s: told" % per, over)
    records = limited(program, folder, {"per": "flow", "bytes_out": 300, "then": "flag"},
                      connection("10.20.9.7", US, 80, b"z" * 400))
    got = [(r["ev"], r["act"], r.get("limit"), r["ob"]) for r in records if r["ev"] in ("decision", "end")]
    tap.check([g[:3] for g in got] == [("decision", "flag", "l"), ("end", "flag", "l")] and
              got[0][3] <= 300 < got[1][3] == one, "per flow: flagged when passed, and goes on", got)
    records = limited(program, folder, {"per": "country", "window": "hour", "flows": 4, "then": "flag"},
                      many)
    flagged = [r["act"] for r in records if r["ev"] == "end"].count("flag")
    tap.check(flagged == 6, "flows: those past the fourth are flagged", flagged)


def main():
    tap = golden.Tap()
    with tempfile.TemporaryDirectory() as folder:
        for part in (check_example, check_passed, check_captures, check_limits):
            part(tap, sys.argv[1], folder)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
